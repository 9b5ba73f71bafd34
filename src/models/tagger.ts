import { z } from "zod";
import { bucketCount, finish, hashOf, hashOn, hashUnit, startOf } from "./features.ts";
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
  let [last, run] = ["", 0];
  for (const char of word.slice(0, 24)) {
    const kind = kindOf(char);
    run = kind === last ? run + 1 : 1;
    last = kind;
    if (run <= 2) shape += kind;
  }
  return shape;
}

function kindOf(char: string): string {
  const code = char.charCodeAt(0);
  if (code < 128) return isCapital(code) ? "X" : isSmall(code) ? "x" : isDigit(code) ? "d" : char;
  return /\p{Lu}/u.test(char) ? "X" : /\p{L}/u.test(char) ? "x" : char;
}

const isCapital = (code: number): boolean => code >= 65 && code <= 90;
const isSmall = (code: number): boolean => code >= 97 && code <= 122;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

function bareOf(word: string): string {
  const lower = word.toLowerCase();
  if (lower.startsWith("#") && lower.length > 1) return lower.slice(1);
  return isDigit(lower.charCodeAt(0)) && /^\d+$/.test(lower) ? "0".repeat(Math.min(5, lower.length)) : lower;
}

function startsCapital(word: string): boolean {
  const code = word.charCodeAt(0);
  return code < 128 ? isCapital(code) : /^\p{Lu}/u.test(word);
}

function startsWithLetter(word: string): boolean {
  const code = word.charCodeAt(0);
  return code < 128 ? isCapital(code) || isSmall(code) : /^\p{L}/u.test(word);
}

/** Of a feature's text, the hash of how it begins. */
const begun = (text: string): number => hashOn(startOf(11), text, 0);
const whole = (text: string): number => finish(begun(text)) & mask;
const clusterCounts = 3;
const own = {
  word: begun("w"),
  shape: begun("s"),
  loudShape: begun("S"),
  front: begun("p"),
  back: begun("e"),
  at: whole("at"),
  hash: whole("hash"),
  rare: whole("rare"),
  clusters: Array.from({ length: clusterCounts }, (_, k) => [begun(`C${k}:`), begun(`D${k}:`)] as const),
};
const neighbours = [-2, -1, 1, 2].map((by) => ({
  by,
  isNext: Math.abs(by) === 1,
  none: whole(`none${by}`),
  word: begun(`n${by}`),
  shape: begun(`t${by}`),
  shapes: begun(`T${by}`),
  words: begun(`N${by}`),
  back: begun(`E${by}`),
  mixed: begun(`M${by}`),
  clusters: Array.from({ length: clusterCounts }, (_, k) => begun(`c${k}${by}:`)),
}));

/**
 * Buckets of each word's features: itself, its letters, shape and clusters, and its neighbours'. A feature is a text (`n-1near`, what
 * kind and what of it), of which only the hash is made.
 */
export function featuresOf(words: readonly string[], clustersOf: ClustersOf): readonly (readonly number[])[] {
  const bare = words.map(bareOf);
  const shapes = words.map(shapeOf);
  const clusters = bare.map((word) => clustersOf(word));
  const capitals = words.filter(startsCapital).length;
  const spelled = words.filter(startsWithLetter).length;
  const loud = spelled > 2 && capitals / spelled > 0.7 ? "loud" : spelled > 2 && capitals === 0 ? "quiet" : "";
  const found: number[] = [];
  const add = (start: number, text: string, from = 0): void => void found.push(finish(hashOn(start, text, from)) & mask);
  const addTwo = (start: number, first: string, then: string): void => add(hashOn(hashOn(start, first, 0), "|", 0), then);
  return words.map((word, i) => {
    found.length = 0;
    const lower = bare[i] ?? "";
    const shape = shapes[i] ?? "";
    found.push(always);
    add(own.word, lower);
    add(own.shape, shape);
    add(hashOn(own.loudShape, shape, 0), loud);
    if (word.startsWith("@")) found.push(own.at);
    if (word.startsWith("#")) found.push(own.hash);
    let front = own.front;
    for (let n = 1; n <= 4 && lower.length > n; n++) {
      front = hashUnit(front, lower.charCodeAt(n - 1));
      found.push(finish(front) & mask);
      add(own.back, lower, lower.length - n);
    }
    if (i === 0) found.push(whole(`first${loud}`));
    for (const around of neighbours) {
      const near = bare[i + around.by];
      if (near === undefined) {
        found.push(around.none);
        continue;
      }
      add(around.word, near);
      if (around.isNext) {
        const nearShape = shapes[i + around.by] ?? "";
        add(around.shape, nearShape);
        addTwo(around.shapes, nearShape, shape);
        addTwo(around.words, near, lower);
        add(around.back, near, Math.max(0, near.length - 3));
        addTwo(around.mixed, near, shape);
      }
      const nearClusters = clusters[i + around.by];
      if (nearClusters !== undefined) for (let k = 0; k < nearClusters.length; k++) add(around.clusters[k] ?? 0, String(nearClusters[k]));
    }
    const known = clusters[i];
    if (known === undefined) found.push(own.rare);
    else
      for (let k = 0; k < known.length; k++) {
        const [plain, shaped] = own.clusters[k] ?? [0, 0];
        const cluster = String(known[k]);
        add(plain, cluster);
        add(hashOn(shaped, cluster, 0), shape);
      }
    return found.slice();
  });
}

/** The likeliest tags together (Viterbi). I-x follows B-x or I-x alone. */
export function makeDecoder({ tags, rows, weights, steps }: TaggerModel): (features: readonly (readonly number[])[]) => number[] {
  const count = tags.length;
  /** To tag (row) from tag; what is not allowed is never the best. */
  const turned = new Float64Array(count * count);
  const starts = new Float64Array(count);
  for (let tag = 0; tag < count; tag++) {
    const isInside = tags[tag]?.startsWith("I-") === true;
    starts[tag] = isInside ? -Infinity : (steps[count * count + tag] ?? 0);
    for (let last = 0; last < count; last++) turned[tag * count + last] = isInside && tags[last]?.slice(2) !== tags[tag]?.slice(2) ? -Infinity : (steps[last * count + tag] ?? 0);
  }
  let before = new Float64Array(count);
  let now = new Float64Array(count);
  return (features) => {
    const length = features.length;
    const from = new Int16Array(length * count);
    before.fill(0);
    for (let i = 0; i < length; i++) {
      now.fill(0);
      const buckets = features[i] ?? [];
      for (let k = 0; k < buckets.length; k++) {
        const row = rows[buckets[k] ?? 0] ?? -1;
        if (row < 0) continue;
        const at = row * count;
        for (let tag = 0; tag < count; tag++) now[tag] = (now[tag] ?? 0) + (weights[at + tag] ?? 0);
      }
      for (let tag = 0; tag < count; tag++) {
        let best = i === 0 ? (starts[tag] ?? 0) : -Infinity;
        if (i > 0)
          for (let last = 0; last < count; last++) {
            const score = (before[last] ?? 0) + (turned[tag * count + last] ?? 0);
            if (score > best) {
              best = score;
              from[i * count + tag] = last;
            }
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
