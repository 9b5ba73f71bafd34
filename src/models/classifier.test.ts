import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assess } from "./assess.ts";
import { makeClassifierJudge, readClassifier, type Stack, writeClassifier } from "./classifier.ts";
import { makeExtractor } from "./features.ts";
import type { Judge } from "./linear-model.ts";
import { makeRandom } from "./linear-train.ts";
import { type ClassifierText, trainClassifier, type TrainingStep } from "./train-classifier.ts";
import { readWordVectors, writeWordVectors } from "./word-vectors.ts";

const words = ["splendid", "superb", "lovely", "awful", "dreadful", "nasty", "garden", "train", "letter", "river", "today", "soon", "again", "there"];
const random = makeRandom(7);
// Words of one tone have vectors near to each other, so that a word that no text had is known by its neighbours.
const vectors = readWordVectors(
  writeWordVectors(
    words,
    words.map((_, i) => Array.from({ length: 8 }, (__, d) => (random() - 0.5) * 0.3 + (d === 0 ? (i < 3 ? 1 : i < 6 ? -1 : 0) : 0))),
  ),
);
const extractor = makeExtractor(vectors);
const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] ?? "";
const made = (count: number, good: readonly string[], bad: readonly string[]): readonly ClassifierText[] =>
  Array.from({ length: count }, (_, i) => ({
    text: `the ${pick(words.slice(6, 10))} is ${pick(i % 2 === 0 ? good : bad)} ${pick(words.slice(10))}`,
    label: i % 2,
    language: "en",
  }));
const classes = ["good", "bad"];
const few = { task: "tone", classes, train: made(30, ["splendid", "superb"], ["awful", "dreadful"]), validation: made(10, ["splendid"], ["awful"]) };
const quiet = () => undefined;

describe("a classifier of a label set", () => {
  test("learns from forty texts, and knows a word that none of them had by its vector", () => {
    const { model, parameters } = trainClassifier(few, extractor, { seed: 1 }, quiet);
    const judge = makeClassifierJudge(model, extractor);
    const unseen = made(60, ["lovely"], ["nasty"]);
    const { figure, n, calibrationError } = assess(judge, "tone", classes, unseen);
    assert.equal(n, 60);
    assert.ok(figure.value >= 0.9, JSON.stringify(figure));
    assert.ok(figure.low <= figure.value && figure.value <= figure.high);
    assert.ok(calibrationError < 0.5, String(calibrationError));
    assert.equal(parameters.chosenBy, "cross-validation");
    assert.deepEqual(parameters.perClass, { good: 20, bad: 20 });
  });

  test("is the same from the same seed, and from its file", () => {
    const bytes = () => writeClassifier(trainClassifier(few, extractor, { seed: 3 }, quiet).model);
    const first = bytes();
    assert.deepEqual(bytes(), first);
    const { model } = trainClassifier(few, extractor, { seed: 3 }, quiet);
    const [judge, again] = [makeClassifierJudge(model, extractor), makeClassifierJudge(readClassifier(first), extractor)];
    for (const { text } of [...few.train, { text: "" }, { text: "qwq" }]) assert.deepEqual(again.one("tone", text), judge.one("tone", text));
    assert.throws(() => readClassifier(new Uint8Array(64)), TypeError);
  });

  test("with many texts ends when those held back say so, and reports each epoch", () => {
    const steps: TrainingStep[] = [];
    const data = { task: "tone", classes, train: made(500, ["splendid", "superb"], ["awful", "dreadful"]), validation: made(100, ["lovely"], ["nasty"]) };
    // A third of the labels is wrong: training on would learn them by heart.
    const train = data.train.map((text, i) => (i % 3 === 0 ? { ...text, label: 1 - text.label } : text));
    const { parameters } = trainClassifier({ ...data, train }, extractor, { seed: 1 }, (step) => steps.push(step));
    assert.equal(parameters.chosenBy, "validation");
    assert.ok(steps.length < 40, `${steps.length} epochs`);
    assert.ok(parameters.epochs < steps.length);
    assert.deepEqual(
      steps.map(({ epoch }) => epoch),
      steps.map((_, i) => i + 1),
    );
    const least = Math.min(...steps.map(({ heldBackLoss }) => heldBackLoss ?? Infinity));
    assert.equal(steps[parameters.epochs - 1]?.heldBackLoss, least);
  });

  test("asks for a higher probability where a threshold says so", () => {
    const judgeWith = (thresholds?: Readonly<Record<string, number>>): Judge =>
      makeClassifierJudge(trainClassifier(few, extractor, { seed: 1, ...(thresholds && { thresholds }) }, quiet).model, extractor);
    const strict = judgeWith({ good: 0.1, bad: 0.9 });
    for (const { text } of made(40, ["splendid", "garden"], ["awful", "river"])) {
      const { probabilities, chosen } = strict.one("tone", text);
      assert.equal(chosen === 1, (probabilities[1] ?? 0) >= 0.9, `${text} ${probabilities.join(" ")}`);
    }
  });

  test("learns from what an embedded model says, and says which one", () => {
    // The vectors say nothing here, the embedded model all.
    const texts = Array.from({ length: 60 }, (_, i): ClassifierText => ({ text: `number ${i * 7919}`, label: i % 2 }));
    const stack: Stack = { versions: ["oracle@1"], probabilities: (text) => ((Number(text.slice(7)) / 7919) % 2 === 0 ? [0.9, 0.1] : [0.1, 0.9]) };
    const { model } = trainClassifier({ task: "parity", classes, train: texts.slice(0, 40), validation: [] }, extractor, { seed: 1, stack }, quiet);
    assert.deepEqual(model.stacked, ["oracle@1"]);
    const judge = makeClassifierJudge(readClassifier(writeClassifier(model)), extractor, stack);
    assert.equal(texts.slice(40).filter(({ text, label }) => judge.one("parity", text).chosen === label).length, 20);
  });

  test("refuses a class of which there is nothing to learn", () => {
    assert.throws(() => trainClassifier({ ...few, classes: [...classes, "odd"] }, extractor, { seed: 1 }, quiet), /fewer of odd/);
  });
});

test("slices have their own figures, from eight texts on", () => {
  const { model } = trainClassifier(few, extractor, { seed: 1 }, quiet);
  const texts = made(40, ["splendid"], ["awful"]).map((text, i) => ({ ...text, platform: i < 30 ? "forum" : i < 35 ? "board" : "feed", brands: i < 10 ? ["acme"] : [] }));
  const { slices } = assess(makeClassifierJudge(model, extractor), "tone", classes, texts);
  const told = slices.map(({ by, value, n, figure }) => [by, value, n, figure !== undefined]);
  assert.deepEqual(told, [
    ["platform", "forum", 30, true],
    ["platform", "board", 5, false],
    ["platform", "feed", 5, false],
    ["brand", "acme", 10, true],
  ]);
});
