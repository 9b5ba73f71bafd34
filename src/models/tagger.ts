import { z } from "zod";
import { bucketCount, hashOf } from "./features.ts";
import { rowsFrom } from "./linear-model.ts";
import { readSections, writeSections } from "./sections.ts";

/** Buckets that a word's features are hashed into. */
export const tagBuckets = bucketCount;
const mask = tagBuckets - 1;
/** The feature that each word has. */
export const always = hashOf("1", 11) & mask;

/** Clusters of a word, from coarse to fine; undefined: it is not a common word. */
export type ClustersOf = (word: string) => readonly number[] | undefined;

export interface TaggerModel {
  /** O, then B-x and I-x of each type. */
  readonly tags: readonly string[];
  /** For each bucket its row in `weights`; -1: it says nothing. */
  readonly rows: Int32Array;
  /** Row by row, a number for each tag. */
  readonly weights: Float32Array;
  /** From tag (row; the last row is the beginning) to tag. */
  readonly steps: Float32Array;
}

/** Letters as kinds: X a capital, x a small one, d a digit; runs cut to two. */
function shapeOf(word: string): string {
  let shape = "";
  for (const char of word.slice(0, 24)) {
    const kind = /\p{Lu}/u.test(char) ? "X" : /\p{L}/u.test(char) ? "x" : /\d/.test(char) ? "d" : char;
    if (!shape.endsWith(kind + kind)) shape += kind;
  }
  return shape;
}

const bareOf = (word: string): string => {
  const lower = word.toLowerCase();
  return lower.startsWith("#") && lower.length > 1 ? lower.slice(1) : /^\d+$/.test(lower) ? "0".repeat(Math.min(5, lower.length)) : lower;
};

/** Buckets of each word's features: itself, its letters, shape and clusters, and its neighbours'. */
export function featuresOf(words: readonly string[], clustersOf: ClustersOf): readonly Uint32Array[] {
  const bare = words.map(bareOf);
  const shapes = words.map(shapeOf);
  const clusters = bare.map((word) => clustersOf(word));
  const capitals = words.filter((word) => /^\p{Lu}/u.test(word)).length;
  const spelled = words.filter((word) => /^[\p{L}]/u.test(word)).length;
  const loud = spelled > 2 && capitals / spelled > 0.7 ? "loud" : spelled > 2 && capitals === 0 ? "quiet" : "";
  return words.map((word, i) => {
    const found: number[] = [];
    const add = (text: string) => found.push(hashOf(text, 11) & mask);
    const lower = bare[i] ?? "";
    add("1");
    add(`w${lower}`);
    add(`s${shapes[i] ?? ""}`);
    add(`S${shapes[i] ?? ""}${loud}`);
    if (word.startsWith("@")) add("at");
    if (word.startsWith("#")) add("hash");
    for (let n = 1; n <= 4; n++) {
      if (lower.length <= n) break;
      add(`p${lower.slice(0, n)}`);
      add(`e${lower.slice(-n)}`);
    }
    if (i === 0) add(`first${loud}`);
    for (const by of [-2, -1, 1, 2]) {
      const near = bare[i + by];
      if (near === undefined) {
        add(`none${by}`);
        continue;
      }
      add(`n${by}${near}`);
      if (Math.abs(by) === 1) {
        add(`t${by}${shapes[i + by] ?? ""}`);
        add(`T${by}${shapes[i + by] ?? ""}|${shapes[i] ?? ""}`);
        add(`N${by}${near}|${lower}`);
        add(`E${by}${near.slice(-3)}`);
        add(`M${by}${near}|${shapes[i] ?? ""}`);
      }
      for (const [k, cluster] of (clusters[i + by] ?? []).entries()) add(`c${k}${by}:${cluster}`);
    }
    const own = clusters[i];
    if (own === undefined) add("rare");
    else
      for (const [k, cluster] of own.entries()) {
        add(`C${k}:${cluster}`);
        add(`D${k}:${cluster}${shapes[i] ?? ""}`);
      }
    return Uint32Array.from(found);
  });
}

/** The likeliest tags together (Viterbi). I-x follows B-x or I-x alone. */
export function makeDecoder({ tags, rows, weights, steps }: TaggerModel): (features: readonly Uint32Array[]) => number[] {
  const count = tags.length;
  const allowed = tags.map((tag) => tags.map((before) => !tag.startsWith("I-") || before.slice(2) === tag.slice(2)));
  const starts = tags.map((tag) => !tag.startsWith("I-"));
  return (features) => {
    const length = features.length;
    const from = new Int16Array(length * count);
    let before = new Float64Array(count);
    let now = new Float64Array(count);
    for (let i = 0; i < length; i++) {
      now.fill(0);
      for (const bucket of features[i] ?? []) {
        const row = rows[bucket] ?? -1;
        if (row >= 0) for (let tag = 0; tag < count; tag++) now[tag] = (now[tag] ?? 0) + (weights[row * count + tag] ?? 0);
      }
      for (let tag = 0; tag < count; tag++) {
        let best = -Infinity;
        if (i === 0) best = starts[tag] === true ? (steps[count * count + tag] ?? 0) : -Infinity;
        else
          for (let last = 0; last < count; last++) {
            if (allowed[tag]?.[last] !== true) continue;
            const score = (before[last] ?? 0) + (steps[last * count + tag] ?? 0);
            if (score > best) [best, from[i * count + tag]] = [score, last];
          }
        now[tag] = best + (now[tag] ?? 0);
      }
      [before, now] = [now, before];
    }
    let tag = 0;
    for (let t = 1; t < count; t++) if ((before[t] ?? 0) > (before[tag] ?? 0)) tag = t;
    const said: number[] = Array.from({ length }, () => 0);
    for (let i = length - 1; i >= 0; i--) {
      said[i] = tag;
      tag = from[i * count + tag] ?? 0;
    }
    return said;
  };
}

const magic = "ETG1";
const headerSchema = z.object({ tags: z.array(z.string()) });

/** Buckets that weigh little are left out; weights are bytes, scaled by tag. */
export function writeTagger({ tags, rows, weights, steps }: TaggerModel, mostRows: number): Uint8Array {
  const count = tags.length;
  const norms = new Float32Array(tagBuckets);
  for (let bucket = 0; bucket < tagBuckets; bucket++) {
    const row = rows[bucket] ?? -1;
    for (let tag = 0; row >= 0 && tag < count; tag++) norms[bucket] = (norms[bucket] ?? 0) + Math.abs(weights[row * count + tag] ?? 0);
  }
  const order = [...norms.keys()].filter((bucket) => (norms[bucket] ?? 0) > 0).sort((a, b) => (norms[b] ?? 0) - (norms[a] ?? 0));
  const kept = Uint32Array.from(order.slice(0, mostRows).sort((a, b) => a - b));
  const scales = new Float32Array(count);
  for (const bucket of kept) for (let tag = 0; tag < count; tag++) scales[tag] = Math.max(scales[tag] ?? 0, Math.abs(weights[(rows[bucket] ?? 0) * count + tag] ?? 0) / 127);
  const matrix = new Int8Array(kept.length * count);
  for (const [at, bucket] of kept.entries())
    for (let tag = 0; tag < count; tag++) matrix[at * count + tag] = Math.round((weights[(rows[bucket] ?? 0) * count + tag] ?? 0) / (scales[tag] || 1));
  return writeSections(magic, { tags }, [kept, matrix, scales, steps]);
}

export function readTagger(bytes: Uint8Array): TaggerModel {
  const { header, words, bytes: numbers, floats } = readSections(magic, bytes);
  const { tags } = headerSchema.parse(header);
  const [matrix, scales] = [numbers(1), floats(2)];
  return { tags, rows: rowsFrom(words(0)), weights: Float32Array.from(matrix, (value, at) => value * (scales[at % tags.length] ?? 0)), steps: floats(3) };
}
