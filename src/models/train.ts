import { type AdditiveModel, columnsOf, makeAdditiveJudge, weightOf } from "./additive-model.ts";
import type { Labelled } from "./corpus.ts";
import { bucketCount } from "./features.ts";
import type { Head } from "./linear-model.ts";
import { type Example, trainLinear, type TrainOptions } from "./linear-train.ts";
import type { Reader } from "./reader.ts";
import { type GramTexts, type Plane, trainSvm } from "./svm.ts";
import type { Task } from "./tasks.ts";
import { tellingOf } from "./telling.ts";
import { bareHead, headOf, type TrainingReport } from "./train-head.ts";

export interface TaskData {
  readonly task: Task;
  readonly train: Labelled;
  /** Not trained on: probabilities and cuts are chosen by it. */
  readonly check: Labelled;
}

export interface ModelOptions {
  readonly version: string;
  /** N-grams that are kept: the others weigh least. */
  readonly rows: number;
  /** Word vectors are looked at. */
  readonly dense: boolean;
  /** Stop after the training texts, so that figures on the others are fair. */
  readonly heldOut?: boolean;
}

/** How rare each n-gram is, and how the mean vectors of texts spread. */
interface Spread {
  readonly rarity: Float32Array;
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

interface Trained {
  readonly head: Head;
  /** Added to each class's score; empty: nothing is. */
  readonly lifts: readonly number[];
  readonly planes: readonly Plane[];
}

/** Standardised means of vectors weigh so much beside n-grams. */
const denseWeight = 0.09;

/**
 * Trains on the training texts, chooses probabilities and cuts on the others and reports the figures there; then trains anew on all of them.
 * Nothing that these texts say of the model that is given back is a fair figure: the reported ones are.
 */
export function trainModel(raw: readonly TaskData[], reader: Reader, options: ModelOptions, report: TrainingReport): AdditiveModel {
  const spread = spreadOf(raw, reader, options.dense);
  const bare = raw.map(({ task, train }): Trained => ({ planes: planesOf(task, setOf(train, reader, spread), train.labels, spread), head: bareHead(task), lifts: [] }));
  // As it will judge: from bytes, and without the n-grams that weigh little.
  const judge = makeAdditiveJudge(joined(bare, spread, options), reader);
  const first = raw.map(({ task, train, check }, i): Trained => {
    const scores = check.texts.map((text, at) =>
      Float64Array.from(judge.one(task.name, text, check.hints?.[at]).probabilities, (probability) => Math.log(Math.max(1e-12, probability))),
    );
    return { planes: bare[i]?.planes ?? [], ...headOf(task, scores, check.labels, train.labels, report) };
  });
  if (options.heldOut === true) return joined(first, spread, options);
  const all = raw.map(({ task, train, check }, i): Trained => {
    const both = joinedTexts(train, check);
    return { ...(first[i] ?? never(task)), planes: planesOf(task, setOf(both, reader, spread), both.labels, spread) };
  });
  return joined(all, spread, options);
}

function never(task: Task): never {
  throw new TypeError(`task ${task.name}: has no head`);
}

function joinedTexts(a: Labelled, b: Labelled): Labelled {
  return { texts: [...a.texts, ...b.texts], labels: [...a.labels, ...b.labels], ...(a.hints && b.hints && { hints: [...a.hints, ...b.hints] }) };
}

/** Calls back for each n-gram of the text, with its kind: 0 a word, a pair, a word turned; 1 letters; 2 what else is known. */
function eachGram(reader: Reader, text: string, hint: string | undefined, take: (bucket: number, kind: number) => void): void {
  const { count, words, pairCount, pairs, turnedCount, turned, hint: known } = reader.read(text, hint);
  for (let i = 0; i < count; i++) {
    const { itself, letters } = reader.word(words[i] ?? 0);
    for (const bucket of itself) take(bucket, 0);
    for (const bucket of letters) take(bucket, 1);
  }
  for (let i = 0; i < pairCount; i++) take(pairs[i] ?? 0, 0);
  for (let i = 0; i < turnedCount; i++) take(reader.word(turned[i] ?? 0).turned, 0);
  if (known >= 0) take(known, 2);
}

/** Writes the mean of the vectors of the words that have one. */
function meanVector(reader: Reader, text: string, hint: string | undefined, into: Float32Array, from: number): void {
  const { dimensions, values, scale } = reader.vectors;
  const { count, words } = reader.read(text, hint);
  let known = 0;
  for (let i = 0; i < count; i++) {
    const { row } = reader.word(words[i] ?? 0);
    if (row < 0) continue;
    known++;
    for (let d = 0; d < dimensions; d++) into[from + d] = (into[from + d] ?? 0) + (values[row * dimensions + d] ?? 0) * scale;
  }
  for (let d = 0; d < dimensions && known > 0; d++) into[from + d] = (into[from + d] ?? 0) / known;
}

function spreadOf(raw: readonly TaskData[], reader: Reader, dense: boolean): Spread {
  const size = dense ? reader.vectors.dimensions : 0;
  const holders = new Uint32Array(bucketCount);
  const lastHolder = new Int32Array(bucketCount).fill(-1);
  const [sums, squares] = [new Float64Array(size), new Float64Array(size)];
  const mean = new Float32Array(size);
  let texts = 0;
  for (const { train } of raw)
    for (let i = 0; i < train.texts.length; i++) {
      const text = train.texts[i] ?? "";
      const hint = train.hints?.[i];
      eachGram(reader, text, hint, (bucket) => {
        if (lastHolder[bucket] === texts) return;
        lastHolder[bucket] = texts;
        holders[bucket] = (holders[bucket] ?? 0) + 1;
      });
      texts++;
      if (size === 0) continue;
      mean.fill(0);
      meanVector(reader, text, hint, mean, 0);
      for (let d = 0; d < size; d++) {
        sums[d] = (sums[d] ?? 0) + (mean[d] ?? 0);
        squares[d] = (squares[d] ?? 0) + (mean[d] ?? 0) ** 2;
      }
    }
  const means = Float32Array.from(sums, (sum) => sum / texts);
  return {
    rarity: Float32Array.from(holders, (count) => Math.sqrt(Math.log((1 + texts) / (1 + count)) + 1) * rarityScale),
    means,
    deviations: Float32Array.from(squares, (square, d) => Math.sqrt(Math.max(0, square / texts - (means[d] ?? 0) ** 2) + 1e-6)),
  };
}

/** Brings a text's n-grams together to a length of about one. */
const rarityScale = 0.3;

/** Texts as training holds them: n-grams, standardised means of vectors, counts. */
function setOf({ texts, hints }: Labelled, reader: Reader, { means, deviations }: Spread): GramTexts {
  const starts = new Uint32Array(texts.length + 1);
  const buckets: number[] = [];
  const values: number[] = [];
  const dimensions = means.length;
  const sidesCount = reader.read("").sides.length;
  const denseSize = dimensions + sidesCount;
  const dense = new Float32Array(texts.length * denseSize);
  const counts = new Map<number, number>();
  for (const [i, text] of texts.entries()) {
    const hint = hints?.[i];
    const sizes = [0, 0, 1];
    eachGram(reader, text, hint, (_, kind) => void (sizes[kind] = kind === 2 ? 1 : (sizes[kind] ?? 0) + 1));
    const weights = sizes.map(weightOf);
    counts.clear();
    eachGram(reader, text, hint, (bucket, kind) => counts.set(bucket, (counts.get(bucket) ?? 0) + (weights[kind] ?? 0)));
    for (const [bucket, value] of counts) {
      buckets.push(bucket);
      values.push(value);
    }
    starts[i + 1] = buckets.length;
    const at = i * denseSize;
    if (dimensions > 0) meanVector(reader, text, hint, dense, at);
    for (let d = 0; d < dimensions; d++) dense[at + d] = (((dense[at + d] ?? 0) - (means[d] ?? 0)) / (deviations[d] ?? 1)) * denseWeight;
    dense.set(reader.read(text, hint).sides, at + dimensions);
  }
  return { count: texts.length, starts, buckets: Uint32Array.from(buckets), values: Float32Array.from(values), denseSize, dense };
}

/** What a mistake on a text of each class costs: rare classes more, see Task.balance. */
function costsOf(classes: number, labels: readonly number[], balance: number): readonly number[] {
  const counts = Array.from({ length: classes }, (_, c) => Math.max(1, labels.filter((label) => label === c).length));
  return counts.map((count) => (labels.length / classes / count) ** balance);
}

/**
 * One plane for two classes, else one for each: half of them of support vectors, with n-grams weighed by how rare and (see Task.telling)
 * how telling they are, half of a softmax regression, which err on other texts. Sums of planes are planes: what is judged by costs no more for it.
 */
function planesOf({ classes, balance, cost, softBalance, telling }: Task, set: GramTexts, labels: readonly number[], { rarity }: Spread): readonly Plane[] {
  const count = classes.length;
  const rarer = costsOf(count, labels, balance);
  const wide = Array.from(count === 2 ? [1] : classes.keys(), (c): Plane => {
    const isIn = Uint8Array.from(labels, (label) => (label === c ? 1 : 0));
    const costs = Float32Array.from(labels, (label) => cost * (label === c || count === 2 ? (rarer[label] ?? 1) : 1));
    const scales = telling === true ? tellingOf(set, isIn, bucketCount).map((ratio, bucket) => ratio * (rarity[bucket] ?? 0)) : rarity;
    const plane = trainSvm({ ...set, values: set.values.map((value, k) => value * (scales[set.buckets[k] ?? 0] ?? 0)) }, isIn, costs, bucketCount, c + 1);
    return { ...plane, buckets: plane.buckets.map((weight, bucket) => weight * (scales[bucket] ?? 0)) };
  });
  const texts = labels.length;
  const soft = softPlanes(set, labels, {
    classes: count,
    epochs: texts > 20_000 ? 8 : texts > 5_000 ? 15 : 25,
    rate: texts > 20_000 ? 0.08 : 0.05,
    pull: texts > 20_000 ? 1e-5 : 5e-5,
    densePull: 1e-3,
    dropout: 0.5,
    balance: softBalance,
    seed: 1,
  });
  const [no, yes] = soft;
  const softer = count === 2 && no !== undefined && yes !== undefined ? [summed(yes, 1, no, -1)] : soft;
  const [byWide, byEven] = [spanOf(wide, set), spanOf(softer, set)];
  return wide.map((plane, c) => summed(plane, 1 / byWide, softer[c] ?? plane, 1 / byEven));
}

/** A plane for each class. */
function softPlanes({ count, starts, buckets, values, denseSize, dense }: GramTexts, labels: readonly number[], options: TrainOptions): readonly Plane[] {
  const examples = Array.from({ length: count }, (_, i): Example => {
    const [from, to] = [starts[i], starts[i + 1]];
    return { buckets: buckets.subarray(from, to), values: values.subarray(from, to), dense: dense.subarray(i * denseSize, (i + 1) * denseSize) };
  });
  const { classes, ...trained } = trainLinear(examples, labels, options);
  const column = (weights: Float32Array, c: number) => Float32Array.from({ length: weights.length / classes }, (_, at) => weights[at * classes + c] ?? 0);
  return Array.from({ length: classes }, (_, c) => ({ buckets: column(trained.buckets, c), dense: column(trained.dense, c), bias: trained.bias[c] ?? 0 }));
}

function summed(a: Plane, times: number, b: Plane, timesB: number): Plane {
  const sum = (x: Float32Array, y: Float32Array) => x.map((value, at) => value * times + (y[at] ?? 0) * timesB);
  return { buckets: sum(a.buckets, b.buckets), dense: sum(a.dense, b.dense), bias: a.bias * times + b.bias * timesB };
}

const spanTexts = 2_000;

/** How far scores of classes are apart: the root of their mean square, about each text's mean. */
function spanOf(planes: readonly Plane[], set: GramTexts): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < Math.min(set.count, spanTexts); i++) {
    const scores = scoresOf(planes, set, i);
    const mean = planes.length === 1 ? 0 : scores.reduce((so, score) => so + score, 0) / planes.length;
    for (const score of scores) sum += (score - mean) ** 2;
    count += planes.length;
  }
  return Math.sqrt(sum / Math.max(1, count)) || 1;
}

function scoresOf(planes: readonly Plane[], set: GramTexts, i: number): Float64Array {
  const { starts, buckets, values, denseSize, dense } = set;
  return Float64Array.from(planes, (plane) => {
    let score = plane.bias;
    for (let k = starts[i] ?? 0; k < (starts[i + 1] ?? 0); k++) score += (values[k] ?? 0) * (plane.buckets[buckets[k] ?? 0] ?? 0);
    for (let d = 0; d < denseSize; d++) score += (dense[i * denseSize + d] ?? 0) * (plane.dense[d] ?? 0);
    return score;
  });
}

/** All planes in one matrix of bytes; buckets that weigh little in all of them are left out. */
function joined(parts: readonly Trained[], { means, deviations }: Spread, { version, rows }: ModelOptions): AdditiveModel {
  const heads = parts.map(({ head }) => head);
  const planes = parts.flatMap((part) => part.planes);
  const lifts = parts.flatMap((part) => part.planes.map((_, c) => part.lifts[c] ?? 0));
  const columns = heads.reduce((sum, head) => sum + columnsOf(head), 0);
  const dimensions = means.length;
  const sidesCount = (planes[0]?.dense.length ?? 0) - dimensions;
  const weights = new Float32Array(bucketCount);
  for (const { buckets } of planes) {
    let squares = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) squares += (buckets[bucket] ?? 0) ** 2;
    const typical = squares / bucketCount || 1;
    for (let bucket = 0; bucket < bucketCount; bucket++) weights[bucket] = (weights[bucket] ?? 0) + (buckets[bucket] ?? 0) ** 2 / typical;
  }
  const order = Array.from(weights.keys()).filter((bucket) => (weights[bucket] ?? 0) > 0);
  const kept = Uint32Array.from(order.sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0)).slice(0, rows)).sort();
  const matrix = new Int8Array(kept.length * columns);
  const scales = new Float32Array(columns);
  const vectors = new Float32Array(dimensions * columns);
  const sides = new Float32Array(sidesCount * columns);
  const bias = new Float32Array(columns);
  for (const [c, { buckets, dense, bias: own }] of planes.entries()) {
    const weight = (bucket: number): number => buckets[bucket] ?? 0;
    const scale = kept.reduce((most, bucket) => Math.max(most, Math.abs(weight(bucket))), 0) / 127 || 1;
    scales[c] = scale;
    for (const [row, bucket] of kept.entries()) matrix[row * columns + c] = Math.round(weight(bucket) / scale);
    let lead = own;
    for (let d = 0; d < dimensions; d++) {
      const slope = ((dense[d] ?? 0) * denseWeight) / (deviations[d] ?? 1);
      vectors[d * columns + c] = slope;
      lead -= slope * (means[d] ?? 0);
    }
    for (let k = 0; k < sidesCount; k++) sides[k * columns + c] = dense[dimensions + k] ?? 0;
    bias[c] = Math.fround(lead) + (lifts[c] ?? 0);
  }
  return { version, heads, kept, matrix, scales, vectors, sides, bias };
}
