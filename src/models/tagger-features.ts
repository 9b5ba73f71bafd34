import { bucketCount, finish, hashOf, hashOn, hashUnit, startOf } from "./features.ts";

/** Buckets that a word's features are hashed into. */
export const tagBuckets = bucketCount;
const mask = tagBuckets - 1;
/** The feature that each word has. */
export const always = hashOf("1", 11) & mask;

/** Clusters of a word, from coarse to fine; undefined: it is not a common word. */
export type ClustersOf = (word: string) => readonly number[] | undefined;

/** Letters as kinds: X a capital, x a small one, d a digit; runs cut to two. */
export function shapeOf(word: string): string {
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

export function bareOf(word: string): string {
  const lower = word.toLowerCase();
  if (lower.startsWith("#") && lower.length > 1) return lower.slice(1);
  return isDigit(lower.charCodeAt(0)) && /^\d+$/.test(lower) ? "0".repeat(Math.min(5, lower.length)) : lower;
}

export function startsCapital(word: string): boolean {
  const code = word.charCodeAt(0);
  return code < 128 ? isCapital(code) : /^\p{Lu}/u.test(word);
}

export function startsWithLetter(word: string): boolean {
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
export const neighbours = [-2, -1, 1, 2].map((by) => ({
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

type Neighbour = (typeof neighbours)[number];
type Loudness = (typeof louds)[number];
export const louds = ["", "loud", "quiet"] as const;
export const firstBuckets = louds.map((loud) => whole(`first${loud}`));

const bucketOf = (start: number, text: string, from = 0): number => finish(hashOn(start, text, from)) & mask;
export const bucketOfTwo = (start: number, first: string, then: string): number => bucketOf(hashOn(hashOn(start, first, 0), "|", 0), then);

/** Of a whole sentence: nearly all its words are capital, or none is. */
export function loudnessOf(capitals: number, spelled: number): Loudness {
  return spelled > 2 && capitals / spelled > 0.7 ? "loud" : spelled > 2 && capitals === 0 ? "quiet" : "";
}

/** A word's shape says less in a sentence of capitals. */
export const loudBucket = (shape: string, loud: Loudness): number => bucketOf(hashOn(own.loudShape, shape, 0), loud);

/** What a word says of its own tag, whatever stands around it. */
export function ownBuckets(word: string, lower: string, shape: string, clusters: readonly number[] | undefined): readonly number[] {
  const found = [always, bucketOf(own.word, lower), bucketOf(own.shape, shape)];
  if (word.startsWith("@")) found.push(own.at);
  if (word.startsWith("#")) found.push(own.hash);
  let front = own.front;
  for (let n = 1; n <= 4 && lower.length > n; n++) {
    front = hashUnit(front, lower.charCodeAt(n - 1));
    found.push(finish(front) & mask, bucketOf(own.back, lower, lower.length - n));
  }
  if (clusters === undefined) found.push(own.rare);
  else
    for (const [k, number] of clusters.entries()) {
      const [plain, shaped] = own.clusters[k] ?? [0, 0];
      const cluster = String(number);
      found.push(bucketOf(plain, cluster), bucketOf(hashOn(shaped, cluster, 0), shape));
    }
  return found;
}

/** What a word says of the tag of one beside it, whatever that is. */
export function neighbourBuckets(around: Neighbour, near: string, nearShape: string, nearClusters: readonly number[] | undefined): readonly number[] {
  const found = [bucketOf(around.word, near)];
  if (around.isNext) found.push(bucketOf(around.shape, nearShape), bucketOf(around.back, near, Math.max(0, near.length - 3)));
  for (const [k, number] of (nearClusters ?? []).entries()) found.push(bucketOf(around.clusters[k] ?? 0, String(number)));
  return found;
}

/**
 * Buckets of each word's features: itself, its letters, shape and clusters, and its neighbours'. A feature is a text (`n-1near`, what
 * kind and what of it), of which only the hash is made.
 */
export function featuresOf(words: readonly string[], clustersOf: ClustersOf): readonly (readonly number[])[] {
  const bare = words.map(bareOf);
  const shapes = words.map(shapeOf);
  const clusters = bare.map((word) => clustersOf(word));
  const loud = loudnessOf(words.filter(startsCapital).length, words.filter(startsWithLetter).length);
  return words.map((word, i) => {
    const lower = bare[i] ?? "";
    const shape = shapes[i] ?? "";
    const found = [...ownBuckets(word, lower, shape, clusters[i]), loudBucket(shape, loud)];
    if (i === 0) found.push(whole(`first${loud}`));
    for (const around of neighbours) {
      const near = bare[i + around.by];
      const nearShape = shapes[i + around.by] ?? "";
      if (near === undefined) found.push(around.none);
      else {
        found.push(...neighbourBuckets(around, near, nearShape, clusters[i + around.by]));
        if (around.isNext) found.push(bucketOfTwo(around.shapes, nearShape, shape), bucketOfTwo(around.words, near, lower), bucketOfTwo(around.mixed, near, shape));
      }
    }
    return found;
  });
}
