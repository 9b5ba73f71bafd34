import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashOf } from "./features.ts";
import { makeRandom } from "./linear-train.ts";
import { featuresOf, tagBuckets } from "./tagger-features.ts";
import { makeDecoder, makeWordTagger } from "./tagger.ts";

// The weights were trained on features as this plain form tells them.

const shapeOf = (word: string): string => {
  let shape = "";
  for (const char of word.slice(0, 24)) {
    const kind = /\p{Lu}/u.test(char) ? "X" : /\p{L}/u.test(char) ? "x" : /\d/.test(char) ? "d" : char;
    if (!shape.endsWith(kind + kind)) shape += kind;
  }
  return shape;
};

const bareOf = (word: string): string => {
  const lower = word.toLowerCase();
  return lower.startsWith("#") && lower.length > 1 ? lower.slice(1) : /^\d+$/.test(lower) ? "0".repeat(Math.min(5, lower.length)) : lower;
};

function plainFeatures(words: readonly string[], clustersOf: (word: string) => readonly number[] | undefined): readonly (readonly number[])[] {
  const bare = words.map(bareOf);
  const shapes = words.map(shapeOf);
  const capitals = words.filter((word) => /^\p{Lu}/u.test(word)).length;
  const spelled = words.filter((word) => /^\p{L}/u.test(word)).length;
  const loud = spelled > 2 && capitals / spelled > 0.7 ? "loud" : spelled > 2 && capitals === 0 ? "quiet" : "";
  return words.map((word, i) => {
    const lower = bare[i] ?? "";
    const shape = shapes[i] ?? "";
    const texts = ["1", `w${lower}`, `s${shape}`, `S${shape}${loud}`];
    if (word.startsWith("@")) texts.push("at");
    if (word.startsWith("#")) texts.push("hash");
    for (let n = 1; n <= 4 && lower.length > n; n++) texts.push(`p${lower.slice(0, n)}`, `e${lower.slice(-n)}`);
    if (i === 0) texts.push(`first${loud}`);
    for (const by of [-2, -1, 1, 2]) {
      const near = bare[i + by];
      if (near === undefined) {
        texts.push(`none${by}`);
        continue;
      }
      texts.push(`n${by}${near}`);
      const nearShape = shapes[i + by] ?? "";
      if (Math.abs(by) === 1) texts.push(`t${by}${nearShape}`, `T${by}${nearShape}|${shape}`, `N${by}${near}|${lower}`, `E${by}${near.slice(-3)}`, `M${by}${near}|${shape}`);
      for (const [k, cluster] of (clustersOf(near) ?? []).entries()) texts.push(`c${k}${by}:${cluster}`);
    }
    const own = clustersOf(lower);
    if (own === undefined) texts.push("rare");
    else for (const [k, cluster] of own.entries()) texts.push(`C${k}:${cluster}`, `D${k}:${cluster}${shape}`);
    return texts.map((text) => hashOf(text, 11) & (tagBuckets - 1));
  });
}

const clustersOf = (word: string): readonly number[] | undefined =>
  word.length % 3 === 0 ? undefined : [word.length % 64, (word.charCodeAt(0) * 7) % 256, (word.length * 97) % 1_024];
const word = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 6 }),
  fc.constantFrom("London", "the", "BBC", "@ann", "#Fun", "#", "2024", "7", "Zoë", "東京", "aaaXXX111", "ǅ", "İstanbul", "a".repeat(40), "😀", "don't"),
);

test("features are those of the plain form, whatever the words", () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const sorted = (lists: readonly (readonly number[])[]) => lists.map((list) => list.toSorted((a, b) => a - b));
      assert.deepEqual(sorted(featuresOf(words, clustersOf)), sorted(plainFeatures(words, clustersOf)));
    }),
    { numRuns: 2_000 },
  );
});

test("the decoder finds the best of all sequences that are allowed", () => {
  const tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
  const isAllowed = (list: readonly number[]) =>
    list.every((tag, i) => tags[tag]?.startsWith("I-") !== true || (i > 0 && tags[list[i - 1] ?? 0]?.slice(2) === tags[tag]?.slice(2)));
  const sequences = (length: number): number[][] => (length === 0 ? [[]] : sequences(length - 1).flatMap((list) => tags.map((_, tag) => [...list, tag])));
  for (let seed = 1; seed <= 30; seed++) {
    const random = makeRandom(seed);
    const weights = Float32Array.from({ length: 10 * tags.length }, () => random() * 2 - 1);
    const steps = Float32Array.from({ length: (tags.length + 1) * tags.length }, () => random() * 2 - 1);
    const rows = new Int32Array(tagBuckets).fill(-1);
    for (let row = 0; row < 10; row++) rows[row] = row;
    const sentence = Array.from({ length: 1 + (seed % 5) }, () => [Math.floor(random() * 12), Math.floor(random() * 12)]);
    const scoreOf = (list: readonly number[]) =>
      list.reduce((sum, tag, i) => {
        const own = (sentence[i] ?? []).reduce((so, bucket) => so + (bucket < 10 ? (weights[bucket * tags.length + tag] ?? 0) : 0), 0);
        return sum + own + (steps[(i === 0 ? tags.length : (list[i - 1] ?? 0)) * tags.length + tag] ?? 0);
      }, 0);
    const best = sequences(sentence.length)
      .filter(isAllowed)
      .toSorted((a, b) => scoreOf(b) - scoreOf(a))[0];
    const decode = makeDecoder({ tags, rows, weights, steps });
    decode([[1], [2], [3]]);
    assert.deepEqual(decode(sentence), best, String(seed));
  }
});

test("words are tagged as their features say, also when what was held of them was forgotten", () => {
  const random = makeRandom(5);
  const tags = ["O", "B-PER", "I-PER"];
  const weights = Float32Array.from({ length: tagBuckets * tags.length }, () => random() * 2 - 1);
  const model = {
    tags,
    rows: Int32Array.from({ length: tagBuckets }, (_, bucket) => (bucket % 5 === 0 ? -1 : bucket)),
    weights,
    steps: Float32Array.from({ length: 12 }, () => random() * 2 - 1),
  };
  const decode = makeDecoder(model);
  const tagWords = makeWordTagger(model, clustersOf, 24);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 20 }), (words) => {
      assert.deepEqual(tagWords(words), decode(featuresOf(words, clustersOf)));
    }),
    { numRuns: 1_000 },
  );
});
