import { z } from "zod";
import { rowsFrom } from "./linear-model.ts";
import { readSections, writeSections } from "./sections.ts";
import {
  bareOf,
  bucketOfTwo,
  type ClustersOf,
  firstBuckets,
  loudBucket,
  loudnessOf,
  louds,
  neighbourBuckets,
  neighbours,
  ownBuckets,
  shapeOf,
  startsCapital,
  startsWithLetter,
  tagBuckets,
} from "./tagger-features.ts";

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

/** Adds to `scores`, a number for each tag, what speaks for each at a place. */
type AddScores = (at: number, scores: Float64Array) => void;

/** The likeliest tags together (Viterbi). I-x follows B-x or I-x alone. */
function makeViterbi({ tags, steps }: Pick<TaggerModel, "tags" | "steps">): (length: number, addScores: AddScores) => number[] {
  const count = tags.length;
  /** To tag (row) from tag; what is not allowed is never the best. */
  const turned = new Float64Array(count * count);
  const starts = new Float64Array(count);
  const isInside = tags.map((tag) => tag.startsWith("I-"));
  const isAllowed = tags.flatMap((tag, to) => tags.map((last) => isInside[to] !== true || last.slice(2) === tag.slice(2)));
  const readSteps = (): void => {
    for (let tag = 0; tag < count; tag++) {
      starts[tag] = isInside[tag] === true ? -Infinity : (steps[count * count + tag] ?? 0);
      for (let last = 0; last < count; last++) turned[tag * count + last] = isAllowed[tag * count + last] === true ? (steps[last * count + tag] ?? 0) : -Infinity;
    }
  };
  let before = new Float64Array(count);
  let now = new Float64Array(count);
  return (length, addScores) => {
    // Learning changes them from sentence to sentence.
    readSteps();
    const from = new Int16Array(length * count);
    before.fill(0);
    for (let i = 0; i < length; i++) {
      now.fill(0);
      addScores(i, now);
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

export function makeDecoder({ tags, rows, weights, steps }: TaggerModel): (features: readonly (readonly number[])[]) => number[] {
  const count = tags.length;
  const decode = makeViterbi({ tags, steps });
  return (features) =>
    decode(features.length, (i, scores) => {
      const buckets = features[i] ?? [];
      for (let k = 0; k < buckets.length; k++) {
        const at = (rows[buckets[k] ?? 0] ?? -1) * count;
        if (at >= 0) for (let tag = 0; tag < count; tag++) scores[tag] = (scores[tag] ?? 0) + (weights[at + tag] ?? 0);
      }
    });
}

/** Words whose scores are held at once; when one more comes, all are forgotten. */
const usualCapacity = 1 << 14;

/**
 * Tags words as `makeDecoder` does on `featuresOf`: most of a word's features are its own, or what it is to its neighbours, and what
 * they say together is added up but once for each word that is ever met.
 */
export function makeWordTagger({ tags, rows, weights, steps }: TaggerModel, clustersOf: ClustersOf, capacity: number = usualCapacity): (words: readonly string[]) => number[] {
  const count = tags.length;
  const decode = makeViterbi({ tags, steps });
  // Of each word, one after the other: itself; then to each neighbour.
  const parts = 1 + neighbours.length;
  const sums = new Float64Array(capacity * parts * count);
  const numbers = new Map<string, number>();
  const bare: string[] = [];
  const shapes: string[] = [];
  const kinds: number[] = [];
  /** Buckets of each word's shape in a sentence that is neither loud nor quiet, loud, quiet. */
  const loudBuckets = new Uint32Array(capacity * louds.length);
  const add = (scores: Float64Array, from: number, bucket: number): void => {
    const at = (rows[bucket] ?? -1) * count;
    if (at >= 0) for (let tag = 0; tag < count; tag++) scores[from + tag] = (scores[from + tag] ?? 0) + (weights[at + tag] ?? 0);
  };
  function learn(word: string): number {
    const number = bare.length;
    const lower = bareOf(word);
    const shape = shapeOf(word);
    const clusters = clustersOf(lower);
    bare.push(lower);
    shapes.push(shape);
    kinds.push((startsCapital(word) ? 1 : 0) + (startsWithLetter(word) ? 2 : 0));
    numbers.set(word, number);
    let from = number * parts * count;
    sums.fill(0, from, from + parts * count);
    for (const [k, loud] of louds.entries()) loudBuckets[number * louds.length + k] = loudBucket(shape, loud);
    for (const bucket of ownBuckets(word, lower, shape, clusters)) add(sums, from, bucket);
    from += count;
    for (const around of neighbours) {
      for (const bucket of neighbourBuckets(around, lower, shape, clusters)) add(sums, from, bucket);
      from += count;
    }
    return number;
  }
  let place = new Int32Array(64);
  return (words) => {
    const { length } = words;
    if (bare.length + length > capacity) {
      numbers.clear();
      bare.length = shapes.length = kinds.length = 0;
    }
    if (place.length < length) place = new Int32Array(length * 2);
    let [capitals, spelled] = [0, 0];
    for (let i = 0; i < length; i++) {
      const word = words[i] ?? "";
      const number = numbers.get(word) ?? learn(word);
      place[i] = number;
      const kind = kinds[number] ?? 0;
      capitals += kind & 1;
      spelled += kind >> 1;
    }
    const loud = loudnessOf(capitals, spelled);
    const loudness = louds.indexOf(loud);
    return decode(length, (i, scores) => {
      const number = place[i] ?? 0;
      const addPart = (of: number, part: number): void => {
        const from = (of * parts + part) * count;
        for (let tag = 0; tag < count; tag++) scores[tag] = (scores[tag] ?? 0) + (sums[from + tag] ?? 0);
      };
      addPart(number, 0);
      add(scores, 0, loudBuckets[number * louds.length + loudness] ?? 0);
      if (i === 0) add(scores, 0, firstBuckets[loudness] ?? 0);
      const shape = shapes[number] ?? "";
      const lower = bare[number] ?? "";
      for (let k = 0; k < neighbours.length; k++) {
        const around = neighbours[k];
        if (around === undefined) continue;
        const at = i + around.by;
        if (at < 0 || at >= length) {
          add(scores, 0, around.none);
          continue;
        }
        const near = place[at] ?? 0;
        addPart(near, 1 + k);
        if (!around.isNext) continue;
        add(scores, 0, bucketOfTwo(around.shapes, shapes[near] ?? "", shape));
        add(scores, 0, bucketOfTwo(around.words, bare[near] ?? "", lower));
        add(scores, 0, bucketOfTwo(around.mixed, bare[near] ?? "", shape));
      }
    });
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
