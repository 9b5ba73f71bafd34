import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { linesOf } from "./corpus.ts";
import { finish, hashOf, makeExtractor } from "./features.ts";
import { type AdditiveModel, makeAdditiveJudge, readAdditiveModel, writeAdditiveModel } from "./additive-model.ts";
import { makeRandom } from "./linear-train.ts";
import { makeReader } from "./reader.ts";
import { readWordVectors, writeWordVectors } from "./word-vectors.ts";
import { type WordsOfText, wordsOf } from "./words.ts";

// The weights were trained on words and features as these plain forms tell them.

const pattern =
  /https?:\/\/\S+|www\.\S+|@[\w.]+|#[\p{L}\p{N}\p{M}_]+|[<>]?[:;=8xX][-o^']?[)\](dDpP3/\\|@*]+|<3+|<\/3|[\p{L}\p{M}]+(?:['’][\p{L}]+)*|\d+(?:[.,:]\d+)*|\p{Extended_Pictographic}(?:\u200d\p{Extended_Pictographic}|[\u{1f3fb}-\u{1f3ff}\ufe0f])*|\p{Regional_Indicator}{2}|[!?]+|\.{2,}|[^\s\p{L}\p{N}]/gu;
const longRun = /(.)\1{2,}/gu;

function plainWords(text: string): WordsOfText {
  const all = [...text.matchAll(pattern)].map((match) => {
    const [raw] = match;
    const lower = raw.toLowerCase().replaceAll("’", "'");
    const place = { start: match.index, end: match.index + raw.length, shouted: 0, elongated: 0, spelled: 0 };
    if (raw.startsWith("@") && raw.length > 1) return { ...place, word: "@user" };
    if (/^(?:https?:|www\.)/.test(raw)) return { ...place, word: "http" };
    if (/^\d/.test(raw)) return { ...place, word: raw.length > 4 ? "<number>" : raw };
    const cut = lower.replace(longRun, "$1$1$1");
    if (!/\p{L}/u.test(raw)) return { ...place, word: lower.length > 3 ? cut : lower };
    const isShouted = raw.length > 1 && raw === raw.toUpperCase() && raw !== lower;
    return { ...place, word: cut, spelled: 1, shouted: isShouted ? 1 : 0, elongated: cut !== lower || /([a-z])\1\1/.test(lower) ? 1 : 0 };
  });
  const sum = (of: "shouted" | "elongated" | "spelled") => all.reduce((so, one) => so + one[of], 0);
  return {
    words: all.map(({ word }) => word),
    starts: all.map(({ start }) => start),
    ends: all.map(({ end }) => end),
    shouted: sum("shouted"),
    elongated: sum("elongated"),
    spelled: sum("spelled"),
  };
}

const turns = /^(?:not|no|never|n't|cannot|cant|dont|doesnt|didnt|isnt|wasnt|wont|wouldnt|shouldnt|couldnt|aint|without|hardly|neither|nor|nothing|nobody)$|n't$/;

/** Buckets in the order in which they are met: of words, then of letters. */
function plainBuckets(text: string): { readonly words: readonly number[]; readonly letters: readonly number[] } {
  const seen = new Set<number>();
  const words = plainWords(text).words.slice(0, 400);
  const fresh = (hashes: readonly number[]) => [...new Set(hashes.map((hash) => hash & 0x3ffff))].filter((bucket) => !seen.has(bucket) && seen.add(bucket));
  let left = 0;
  const ofWords = fresh(
    words.flatMap((word, i) => {
      const hashes = [hashOf(word, 1)];
      if (/^#./su.test(word)) hashes.push(hashOf(word.slice(1), 1));
      if (i > 0) hashes.push(hashOf(`${words[i - 1] ?? ""} ${word}`, 2));
      if (turns.test(word)) left = 4;
      else if (left > 0) {
        hashes.push(hashOf(word, 3));
        left--;
      }
      if (/^[.,!?;:]/.test(word)) left = 0;
      return hashes;
    }),
  );
  const ofLetters = fresh(
    words
      .filter((word) => word !== "@user" && word !== "http")
      .flatMap((word) => {
        const padded = ` ${word} `;
        return Array.from({ length: padded.length - 2 }, (_, start) =>
          [3, 4, 5].filter((n) => start + n <= padded.length).map((n) => hashOf(padded.slice(start, start + n), 4)),
        ).flat();
      }),
  );
  return { words: ofWords, letters: ofLetters };
}

const vectors = readWordVectors(
  writeWordVectors(
    ["good", "bad", "day", "n't", "the", "love"],
    [
      [1, 0.2, -0.4],
      [-1, 0.1, 0.3],
      [0, 0.5, 0.25],
      [-0.5, -0.5, 0.9],
      [0.125, -0.75, 0],
      [0.6, 0.6, -0.1],
    ],
  ),
);
const extractor = makeExtractor(vectors);

function assertSame(text: string): void {
  const words = plainWords(text);
  assert.deepEqual(wordsOf(text), words, text);
  const plain = plainBuckets(text);
  const features = extractor.extract(text);
  assert.deepEqual([...features.buckets.subarray(0, features.count)], [...plain.words, ...plain.letters], text);
  const values = [plain.words, plain.letters].flatMap((list) => list.map(() => Math.fround(1 / Math.sqrt(list.length))));
  assert.deepEqual([...features.values.subarray(0, features.count)], values, text);
  // Sums of floats, in the order of the words.
  const rows = words.words.flatMap((word) => {
    const row = /^(?:@user|http)$/.test(word) ? undefined : (vectors.rowOf(word.replace(/^#/, "")) ?? (word.endsWith("n't") ? vectors.rowOf("n't") : undefined));
    return row === undefined ? [] : [[0, 1, 2].map((d) => (vectors.values[row * 3 + d] ?? 0) * vectors.scale)];
  });
  if (words.words.length > 400 || words.words.some((word) => /(.)\1\1|'s$/u.test(word))) return;
  for (const d of [0, 1, 2]) {
    const column = rows.map((row) => row[d] ?? 0);
    const mean = column.reduce((sum, value) => Math.fround(sum + value), 0) / Math.max(1, column.length);
    const pooled = [mean, column.length === 0 ? 0 : Math.max(...column), column.length === 0 ? 0 : Math.min(...column)].map(Math.fround);
    assert.deepEqual(
      [0, 1, 2].map((pool) => features.dense[pool * 3 + d]),
      // -0 and 0 are one number here.
      pooled.map((value) => value + 0),
      text,
    );
  }
}

const piece = fc.oneof(
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.constantFrom(..."<>:;=8xX-o^')](dDpP3/\\|@*!?.#_, \n\u00a0\u2028’ééA9½٣ℹ️©Ⓐ\u0301ǅİß\u200d".split("")),
  fc.constantFrom(
    "http://",
    "https://",
    "www.",
    "@ann.b",
    "#Fun",
    "👩",
    "🏽",
    "💻",
    "🇩🇪",
    "🇩",
    "ooo",
    "LLL",
    "ééé",
    "~~~~",
    "<3",
    "</3",
    "n't",
    "\ud800",
    "10.5,3:2.",
    " not ",
    " good ",
    " the ",
  ),
);

test("words and features are those of the plain form, whatever the text", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
      assertSame(pieces.join(""));
    }),
    { numRuns: 3_000 },
  );
  assertSame("not good ".repeat(500));
});

const data = fileURLToPath(new URL("../../../shared/data/nlp/", import.meta.url));
const files = existsSync(data) ? readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => /(?:val_text\.txt|\.tsv)$/.test(name)) : [];

describe("of recorded posts", { skip: files.length === 0 && `${data} is not there` }, () => {
  for (const name of files) test(`words and features are those of the plain form: ${name}`, () => linesOf(join(data, name)).slice(0, 400).forEach(assertSame));
});

/** What `reader.ts` makes of a text: buckets of words, pairs and turned words; of letters; and the rows of its words. */
function plainReading(text: string): {
  readonly words: readonly number[];
  readonly letters: readonly number[];
  readonly known: readonly string[];
  readonly sides: readonly number[];
} {
  const all = plainWords(text);
  const words = all.words.slice(0, 400);
  const different = [...new Set(words)];
  const turned = new Set<string>();
  let left = 0;
  for (const word of words) {
    if (turns.test(word)) left = 4;
    else if (left > 0) {
      turned.add(word);
      left--;
    }
    if (/^[.,!?;:]/.test(word)) left = 0;
  }
  const pairs = words.slice(1).map((word, i) => finish(Math.imul(hashOf(words[i] ?? "", 22), 31) ^ hashOf(word, 23)));
  const letters = different
    .filter((word) => word !== "@user" && word !== "http")
    .flatMap((word) => {
      const padded = ` ${word} `;
      return Array.from({ length: padded.length }, (_, start) => [3, 4, 5].filter((n) => start + n <= padded.length).map((n) => hashOf(padded.slice(start, start + n), 25))).flat();
    });
  const often = (pattern: RegExp, many: number) => Math.min(1, words.filter((word) => pattern.test(word)).length / many);
  return {
    words: [
      ...different.flatMap((word) => [hashOf(word, 21), ...(/^#./su.test(word) ? [hashOf(word.slice(1), 21)] : [])]),
      ...pairs,
      ...[...turned].map((word) => hashOf(word, 24)),
    ],
    letters,
    known: different,
    sides: [
      Math.min(1, all.shouted / 5),
      Math.min(1, all.elongated / 3),
      Math.min(1, all.spelled / 40),
      often(/^@user$/, 5),
      often(/^http$/, 2),
      often(/^#/, 5),
      often(/^!/, 3),
      often(/^\?/, 3),
    ],
  };
}

test("scores are the sums over words, pairs, letters, vectors and counts, also when words were forgotten and met again", () => {
  const random = makeRandom(7);
  const number = () => random() * 2 - 1;
  const heads = [
    { task: "a", classes: 7 },
    { task: "b", classes: 2 },
    { task: "c", classes: 3 },
  ].map((head) => ({ ...head, temperature: 1, shifts: [], names: [] }));
  const columns = 11;
  const kept = Uint32Array.from({ length: 60_000 }, (_, row) => row * 4 + (row % 3));
  const model: AdditiveModel = {
    version: "1",
    heads,
    kept,
    matrix: Int8Array.from({ length: kept.length * columns }, () => Math.round(number() * 127)),
    scales: Float32Array.from({ length: columns }, () => random() / 100),
    vectors: Float32Array.from({ length: 3 * columns }, number),
    sides: Float32Array.from({ length: 8 * columns }, number),
    bias: Float32Array.from({ length: columns }, number),
  };
  const rows = new Map([...kept].map((bucket, row) => [bucket, row]));
  const weight = (hash: number, c: number): number => {
    const row = rows.get(hash & 0x3ffff);
    return row === undefined ? 0 : (model.matrix[row * columns + c] ?? 0) * (model.scales[c] ?? 0);
  };
  const plain = (text: string, hint?: string): readonly number[] => {
    const { words, letters, known, sides } = plainReading(text);
    const vectorRows = known.flatMap((word) => (/^(?:@user|http)$/.test(word) ? [] : [vectors.rowOf(word.replace(/^#/, "")) ?? []].flat()));
    return Array.from({ length: columns }, (_, c) => {
      const sum = (hashes: readonly number[]) => (hashes.length === 0 ? 0 : hashes.reduce((so, hash) => so + weight(hash, c), 0) / Math.sqrt(hashes.length));
      const mean = [0, 1, 2].map((d) => vectorRows.reduce((so, row) => so + (vectors.values[row * 3 + d] ?? 0) * vectors.scale, 0) / Math.max(1, vectorRows.length));
      return (
        (model.bias[c] ?? 0) +
        sum(words) +
        sum(letters) +
        (hint === undefined ? 0 : weight(hashOf(hint, 26), c)) +
        mean.reduce((so, value, d) => so + value * (model.vectors[d * columns + c] ?? 0), 0) +
        sides.reduce((so, value, k) => so + value * (model.sides[k * columns + c] ?? 0), 0)
      );
    });
  };
  const softmaxed = (scores: readonly number[]) => {
    const powers = scores.map(Math.exp);
    return powers.map((power) => power / powers.reduce((a, b) => a + b, 0));
  };
  const texts = [
    "",
    "good day",
    "not good at all, the love of a BAD day!!! 😍 #love",
    Array.from({ length: 399 }, (_, i) => `word${i * 7}`).join(" "),
    "a@b ".repeat(200),
    "the good love",
  ];
  const judge = makeAdditiveJudge(readAdditiveModel(writeAdditiveModel(model)), makeReader(vectors, 450));
  for (const [i, text] of [...texts, ...texts].entries()) {
    const hint = i % 2 === 0 ? undefined : "german";
    const scores = plain(text, hint);
    const half = (scores[7] ?? 0) / 2;
    const expected = [softmaxed(scores.slice(0, 7)), softmaxed([-half, half]), softmaxed(scores.slice(8))];
    for (const [h, { probabilities }] of [...judge.judge(text, hint).values()].entries())
      for (const [c, value] of probabilities.entries())
        assert.ok(Math.abs(value - (expected[h]?.[c] ?? 0)) < 1e-5, `${text.slice(0, 20)} ${h} ${c}: ${value}, expected ${expected[h]?.[c]}`);
  }
});
