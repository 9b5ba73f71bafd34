import type { Extractor } from "./features.ts";
import { type Example, makeRandom, softmax, trainLinear } from "./linear-train.ts";
import { standardise } from "./linear-model.ts";

/** A text that may be labelled next. */
export interface Candidate {
  /** As `vectorOf` gives it. */
  readonly vector: Float32Array;
  /** By class; absent: no model can say. */
  readonly probabilities?: readonly number[];
}

export interface Choice {
  /** Which candidate. */
  readonly index: number;
  readonly by: "uncertain" | "diverse" | "random";
  /** Entropy over its largest: 0 is sure, 1 is all classes alike. Absent without probabilities. */
  readonly doubt?: number;
}

/** Candidates of most doubt that are looked at for each that is chosen: enough for them to differ. */
const shortlistFactor = 5;
/** Share that is chosen for being unlike all others, whatever the model thinks: it finds what the model is wrongly sure of. */
const exploreShare = 0.2;
const projected = 64;

/** Entropy of a distribution over the logarithm of its classes (Settles, "Active Learning Literature Survey", 2009, 3.1). */
export function doubtOf(probabilities: readonly number[]): number {
  if (probabilities.length < 2) return 0;
  const entropy = probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
  return Math.min(1, Math.max(0, entropy / Math.log(probabilities.length)));
}

/**
 * Which texts to label next. uncertain: of those that the model doubts most, some that lie far from each other and from what is
 * labelled (greedy k-center; Gonzalez, 1985; Sener and Savarese, 2018), and a fifth that only lie far. diverse: that alone.
 * random: an even sample. No candidate twice; fewer where there are fewer. @param labelled vectors of texts that have a label
 */
export function choose(
  candidates: readonly Candidate[],
  labelled: readonly Float32Array[],
  options: { readonly count: number; readonly how: Choice["by"]; readonly seed: number },
): readonly Choice[] {
  const { count, how, seed } = options;
  const all = candidates.map((_, index) => index);
  const doubts = candidates.map(({ probabilities }) => (probabilities === undefined ? undefined : doubtOf(probabilities)));
  const choiceOf = (index: number, by: Choice["by"]): Choice => ({ index, by, ...(doubts[index] !== undefined && { doubt: doubts[index] }) });
  if (how === "random") {
    const random = makeRandom(seed);
    return all
      .map((index) => ({ index, key: random() }))
      .toSorted((a, b) => a.key - b.key)
      .slice(0, count)
      .map(({ index }) => choiceOf(index, "random"));
  }
  const centres = [...labelled];
  const spread = (from: readonly number[], most: number, by: Choice["by"]): readonly Choice[] => {
    const picked = farthest(from, candidates, centres, most);
    for (const index of picked) {
      const vector = candidates[index]?.vector;
      if (vector !== undefined) centres.push(vector);
    }
    return picked.map((index) => choiceOf(index, by));
  };
  const doubted = how === "uncertain" ? all.filter((index) => doubts[index] !== undefined).toSorted((a, b) => (doubts[b] ?? 0) - (doubts[a] ?? 0)) : [];
  const unsure = Math.min(doubted.length, Math.ceil(count * (1 - exploreShare)));
  const first = spread(doubted.slice(0, unsure * shortlistFactor), unsure, "uncertain").toSorted((a, b) => (b.doubt ?? 0) - (a.doubt ?? 0));
  const taken = new Set(first.map(({ index }) => index));
  return [
    ...first,
    ...spread(
      all.filter((index) => !taken.has(index)),
      count - first.length,
      "diverse",
    ),
  ];
}

/** Each time the one whose nearest centre is farthest. The first is the first of the list where there is no centre. */
function farthest(from: readonly number[], candidates: readonly Candidate[], centres: readonly Float32Array[], most: number): readonly number[] {
  const empty = new Float32Array(0);
  const vectorOf = (index: number) => candidates[index]?.vector ?? empty;
  const near = from.map((index) => centres.reduce((least, centre) => Math.min(least, distance(vectorOf(index), centre)), Infinity));
  const picked: number[] = [];
  while (picked.length < Math.min(most, from.length)) {
    let best = -1;
    for (let i = 0; i < from.length; i++) if ((near[i] ?? -1) >= 0 && (best < 0 || (near[i] ?? 0) > (near[best] ?? 0))) best = i;
    const index = from[best];
    if (index === undefined) break;
    picked.push(index);
    near[best] = -1;
    for (let i = 0; i < from.length; i++) if ((near[i] ?? -1) >= 0) near[i] = Math.min(near[i] ?? 0, distance(vectorOf(from[i] ?? 0), vectorOf(index)));
  }
  return picked;
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) {
    const off = (a[d] ?? 0) - (b[d] ?? 0);
    sum += off * off;
  }
  return sum;
}

/** Where a text lies: its words' mean vector, and its n-grams thrown onto 64 axes, since not every language has vectors. Each half has length 1 or is 0. */
export function vectorOf(extractor: Extractor, dimensions: number, text: string): Float32Array {
  const { count, buckets, values, dense } = extractor.extract(text);
  const vector = new Float32Array(dimensions + projected);
  for (let d = 0; d < dimensions; d++) vector[d] = dense[d] ?? 0;
  for (let k = 0; k < count; k++) {
    const bucket = Math.imul(buckets[k] ?? 0, 0x9e3779b1) >>> 0;
    const axis = dimensions + (bucket >>> 26);
    vector[axis] = (vector[axis] ?? 0) + ((bucket & 1) === 0 ? 1 : -1) * (values[k] ?? 0);
  }
  scaleTo1(vector.subarray(0, dimensions));
  scaleTo1(vector.subarray(dimensions));
  return vector;
}

function scaleTo1(part: Float32Array): void {
  const length = Math.sqrt(part.reduce((sum, value) => sum + value * value, 0));
  if (length > 0) for (let d = 0; d < part.length; d++) part[d] = (part[d] ?? 0) / length;
}

/** Labels of a class below this, and a model of it says nothing. */
const fewestOfClass = 2;
const fewestLabels = 10;

/**
 * A first model of what is labelled so far, to doubt by: softmax regression over the models' features. Undefined: there is too little to
 * learn from. @param labels by class number, -1: none of the classes
 */
export function learn(extractor: Extractor, texts: readonly string[], labels: readonly number[], classes: number): ((text: string) => readonly number[]) | undefined {
  const counts = Array.from({ length: classes }, (_, c) => labels.filter((label) => label === c).length);
  if (labels.length < fewestLabels || counts.filter((count) => count >= fewestOfClass).length < 2) return undefined;
  const moments = momentsOf(texts.map((text) => extractor.extract(text).dense.slice()));
  const exampleOf = (text: string): Example => {
    const { count, buckets, values, dense } = extractor.extract(text);
    return {
      buckets: buckets.slice(0, count),
      values: values.slice(0, count),
      dense: dense.map((value, d) => standardise(value, moments.means[d] ?? 0, moments.deviations[d] ?? 1)),
    };
  };
  const trained = trainLinear(texts.map(exampleOf), labels, { classes, epochs: 8, rate: 0.3, pull: 1e-4, densePull: 1e-3, dropout: 0.1, balance: 0.5, seed: 1 });
  return (text) => {
    const { buckets, values, dense } = exampleOf(text);
    const scores = Float64Array.from(trained.bias);
    for (let k = 0; k < buckets.length; k++)
      for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + (values[k] ?? 0) * (trained.buckets[(buckets[k] ?? 0) * classes + c] ?? 0);
    for (let d = 0; d < dense.length; d++) for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + (dense[d] ?? 0) * (trained.dense[d * classes + c] ?? 0);
    softmax(scores);
    return [...scores];
  };
}

function momentsOf(rows: readonly Float32Array[]): { readonly means: Float32Array; readonly deviations: Float32Array } {
  const size = rows[0]?.length ?? 0;
  const means = new Float32Array(size);
  const deviations = new Float32Array(size);
  for (let d = 0; d < size; d++) {
    const mean = rows.reduce((sum, row) => sum + (row[d] ?? 0), 0) / rows.length;
    means[d] = mean;
    deviations[d] = Math.max(1e-3, Math.sqrt(rows.reduce((sum, row) => sum + ((row[d] ?? 0) - mean) ** 2, 0) / rows.length));
  }
  return { means, deviations };
}
