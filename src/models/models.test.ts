import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { EarshotError } from "../core/errors.ts";
import { readConll, spanFigures, spansOf } from "./conll.ts";
import { readLabelled } from "./corpus.ts";
import { evaluateTask } from "./evaluate.ts";
import { explain } from "./explain.ts";
import { makeReader } from "./reader.ts";
import { figuresOf, headlineOf } from "./figures.ts";
import { type ModelName, openLibrary } from "./library.ts";
import { makeAdditiveJudge, readAdditiveModel, writeAdditiveModel } from "./additive-model.ts";
import { makeRandom } from "./linear-train.ts";
import { always, featuresOf } from "./tagger-features.ts";
import { makeDecoder, readTagger, writeTagger } from "./tagger.ts";
import { trainTagger } from "./tagger-train.ts";
import type { Task } from "./tasks.ts";
import { trainModel } from "./train.ts";
import { readWordVectors, writeWordVectors } from "./word-vectors.ts";
import { wordsOf } from "./words.ts";

const vectors = readWordVectors(
  writeWordVectors(
    ["good", "bad", "day", "n't"],
    [
      [1, 0],
      [-1, 0],
      [0, 0.5],
      [-0.5, -0.5],
    ],
  ),
);

const task: Task = { name: "tone", classes: ["bad", "good"], headline: "macroF1", balance: 0, softBalance: 0, cost: 1, doc: "For this test." };
const random = makeRandom(3);
const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? "";
const sentence = (label: number): string =>
  `${pick(["the", "a", "this"])} ${pick(["train", "phone", "garden"])} ${pick(["was", "is"])} ${label === 1 ? pick(["lovely", "superb", "splendid"]) : pick(["awful", "horrid", "dreadful"])} ${pick(["today", "again", ""])}`;
const labels = Array.from({ length: 240 }, (_, i) => i % 2);
const data = { texts: labels.map(sentence), labels };
const model = trainModel(
  [{ task, train: { texts: data.texts.slice(0, 200), labels: labels.slice(0, 200) }, check: { texts: data.texts.slice(200), labels: labels.slice(200) } }],
  makeReader(vectors),
  { version: "7", rows: 5_000, dense: true },
  () => undefined,
);

test("words of social text: accounts and addresses are marks, runs are cut, faces and emoji stay whole", () => {
  assert.deepEqual(wordsOf("Sooooo GOOD @ann.example!!! https://x.example/a?b #Fun :-) 👩🏾‍💻 don’t 12345").words, [
    "sooo",
    "good",
    "@user",
    "!!!",
    "http",
    "#fun",
    ":-)",
    "👩🏾‍💻",
    "don't",
    "<number>",
  ]);
  const { shouted, elongated, spelled, starts, ends } = wordsOf("SO goooood day");
  assert.deepEqual([shouted, elongated, spelled, [...starts], [...ends]], [1, 1, 3, [0, 3, 11], [2, 10, 14]]);
});

test("figures are those of scikit-learn: classes that are never right count as 0", () => {
  const figures = figuresOf([0, 0, 1, 1, 2], [0, 1, 1, 1, 0], 3);
  assert.deepEqual(figures.f1PerClass, [0.5, 0.8, 0]);
  assert.equal(figures.accuracy, 0.6);
  assert.ok(Math.abs(figures.macroF1 - 1.3 / 3) < 1e-12 && Math.abs(figures.macroRecall - 0.5) < 1e-12);
  assert.equal(headlineOf({ headline: "f1OfSecond" }, figures), 0.8);
  assert.equal(headlineOf({ headline: "f1OfSecondAndThird" }, figures), 0.4);
});

test("spans begin at B, at another type's I, and at an I alone; they end with their type", () => {
  assert.deepEqual(spansOf(["B-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG"]), [
    { type: "PER", start: 0, end: 2 },
    { type: "LOC", start: 3, end: 4 },
    { type: "LOC", start: 4, end: 5 },
    { type: "ORG", start: 5, end: 6 },
  ]);
  const { all, byType } = spanFigures([spansOf(["B-PER", "O", "B-LOC"])], [spansOf(["B-PER", "O", "B-ORG"])]);
  assert.deepEqual([all.precision, all.recall, all.f1, byType["PER"]?.f1, byType["LOC"]?.f1], [0.5, 0.5, 0.5, 1, 0]);
});

describe("a linear model", () => {
  test("learns, is the same from its file, and tells what it does not know by a probability near to even", () => {
    const judge = makeAdditiveJudge(model, makeReader(vectors));
    const again = makeAdditiveJudge(readAdditiveModel(writeAdditiveModel(model)), makeReader(vectors));
    assert.equal(evaluateTask(judge, "tone", { texts: data.texts.slice(200), labels: labels.slice(200) }, { adapts: false }).macroF1, 1);
    for (const text of [...data.texts.slice(200, 210), "", "zzz", "lovely"]) assert.deepEqual(again.one("tone", text), judge.one("tone", text));
    const [unknown = 0] = judge.one("tone", "qwq").probabilities;
    assert.ok(unknown > 0.2 && unknown < 0.8, String(unknown));
    assert.throws(() => readAdditiveModel(new Uint8Array(64)), TypeError);
    assert.throws(() => judge.one("mood", "x"), TypeError);
  });

  test("tells why: the word that decides adds most, and without it another class is chosen", () => {
    const why = explain(makeAdditiveJudge(model, makeReader(vectors)), "tone", "this garden is splendid today");
    assert.equal(why.chosen, "good");
    assert.equal(why.words.toSorted((a, b) => b.adds - a.adds)[0]?.word, "splendid");
    assert.ok(why.faithfulness.ranked > why.faithfulness.random);
    const mixed = explain(makeAdditiveJudge(model, makeReader(vectors)), "tone", "superb superb awful");
    assert.ok(mixed.counterfactual !== undefined && mixed.counterfactual.chosen === "bad" && mixed.counterfactual.without.includes("superb"));
  });

  test("takes any text, and gives probabilities that sum to one, the same each time", () => {
    const judge = makeAdditiveJudge(model, makeReader(vectors));
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 4_000 }), (text) => {
        const { probabilities } = judge.one("tone", text);
        assert.ok(Math.abs(probabilities.reduce((sum, value) => sum + value, 0) - 1) < 1e-9);
        assert.deepEqual(judge.one("tone", text).probabilities, probabilities);
      }),
      { numRuns: 200 },
    );
  });
});

test("a tagger learns spans from their neighbours, never gives an I without its B, and is nearly the same from its file", () => {
  const names = ["Marlow", "Quill", "Tarn", "Brisk", "Ondra", "Velt"];
  const tags = ["O", "B-PER", "I-PER"];
  const made = Array.from({ length: 120 }, () => {
    const words = ["we", pick(["met", "saw"]), pick(names), pick(names), "in", "town"];
    return { words, right: [0, 0, 1, 2, 0, 0] };
  });
  const clustersOf = () => undefined;
  const trained = trainTagger(
    made.map(({ words, right }) => ({ features: featuresOf(words, clustersOf), right })),
    tags,
    { epochs: 5, dropout: 0.2, bolder: 0, seed: 1 },
  );
  const small = readTagger(writeTagger(trained, 2_000));
  assert.ok(small.weights.length < trained.weights.length);
  for (const tagger of [trained, small]) {
    const decode = makeDecoder(tagger);
    assert.deepEqual(decode(featuresOf(["we", "saw", "Zorb", "Plim", "in", "town"], clustersOf)), [0, 0, 1, 2, 0, 0]);
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 12 }), { maxLength: 30 }), (words) => {
        const said = decode(featuresOf(words, clustersOf));
        assert.equal(said.length, words.length);
        for (const [i, tag] of said.entries()) if (tag === 2) assert.ok(said[i - 1] === 1 || said[i - 1] === 2);
      }),
      { numRuns: 100 },
    );
  }
  assert.ok(featuresOf(["x"], clustersOf)[0]?.includes(always));
});

test("a decoder goes by the steps as they stand: what is learned of them counts in the next sentence", () => {
  const tags = ["O", "B-PER", "I-PER"];
  const model = { tags, rows: Int32Array.from({ length: 1 << 18 }, () => -1), weights: new Float32Array(0), steps: new Float32Array(12) };
  const decode = makeDecoder(model);
  assert.deepEqual(decode([[], []]), [0, 0]);
  model.steps[9 + 1] = 2;
  model.steps[3 + 2] = 1;
  assert.deepEqual(decode([[], []]), [1, 2]);
});

test("a model is read from a part of a larger buffer, as small files come", () => {
  const file = writeAdditiveModel(model);
  const pool = Buffer.alloc(file.length + 64, 7);
  pool.set(file, 24);
  assert.deepEqual(readAdditiveModel(pool.subarray(24, 24 + file.length)), readAdditiveModel(file));
});

test("files of labels that do not fit are refused with the place", async () => {
  const folder = await mkdtemp(join(tmpdir(), "earshot-models-"));
  try {
    const [texts, few, odd] = ["texts", "few", "odd"].map((name) => join(folder, name));
    assert.ok(texts !== undefined && few !== undefined && odd !== undefined);
    await writeFile(texts, "one\ntwo\n");
    await writeFile(few, "0\n");
    await writeFile(odd, "0\n7\n");
    for (const path of [few, odd, join(folder, "none")]) assert.throws(() => readLabelled(texts, path, 2), EarshotError);
    await writeFile(join(folder, "c"), "a\tB-PER\nb\tI-PER\n\nc O\n");
    assert.deepEqual(readConll(join(folder, "c")), [
      { words: ["a", "b"], tags: ["B-PER", "I-PER"] },
      { words: ["c"], tags: ["O"] },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

describe("the embedded models", () => {
  const library = openLibrary();
  const chosen = (model: ModelName, name: string, text: string, hint?: string): string => {
    const judge = library.judge(model);
    return judge.heads.get(name)?.names[judge.one(name, text, hint).chosen] ?? "";
  };

  for (const [model, name, text, expected] of [
    ["social", "sentiment", "I love this new phone, it is the best I ever had", "positive"],
    ["social", "sentiment", "worst service ever, I am so disappointed and angry", "negative"],
    ["social", "sentiment", "The meeting is on Tuesday at the town hall", "neutral"],
    ["social", "emotion", "I am so furious right now, this is outrageous", "anger"],
    ["social", "emotion", "feeling so sad and lonely tonight, I can't stop crying", "sadness"],
    ["social", "offensive", "you are a stupid idiot, shut up", "yes"],
    ["social", "offensive", "thank you all for the lovely evening", "no"],
    ["spam", "spam", "WINNER!! You have been selected to receive a £900 prize reward! Call 09061701461 now", "spam"],
    ["spam", "spam", "are you coming home for dinner tonight", "ham"],
    ["language", "language", "grazas a todos pola axuda, mañá imos ao concello coa xente da asociación", "gl"],
    ["language", "language", "bon dia, avui no puc anar a treballar perquè estic malalt", "ca"],
  ] as const)
    test(`judge ${name} of "${text.slice(0, 30)}…" as ${expected}`, () => assert.equal(chosen(model, name, text), expected));

  test("judge the sentiment of other languages", () => {
    assert.equal(chosen("multilingual", "multilingual-sentiment", "Ich bin so glücklich, das ist wunderbar! 😍", "german"), "positive");
    assert.equal(chosen("multilingual", "multilingual-sentiment", "qué asco de día, todo me sale mal y estoy harto", "spanish"), "negative");
  });

  test("find persons, organisations and places", () => {
    const tags = library.entities().coarse("Yesterday Barack Obama met the new director of Microsoft in London".split(" "));
    assert.deepEqual(
      spansOf(tags).map(({ type, start, end }) => [type, start, end]),
      [
        ["PER", 1, 3],
        ["ORG", 8, 9],
        ["LOC", 10, 11],
      ],
    );
  });

  test("are small together", () => {
    const folder = fileURLToPath(new URL("./weights/", import.meta.url));
    const bytes = readdirSync(folder).reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
    assert.ok(bytes <= 12_000_000, `${bytes} bytes`);
  });
});
