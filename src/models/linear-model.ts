import { bucketCount, type Extractor, type Features } from "./features.ts";
import { z } from "zod";
import { readSections, writeSections } from "./sections.ts";

/** One judgement of the model: a task, on n-grams alone (base) or also on what the base heads say. */
export interface Head {
  readonly task: string;
  readonly isBase: boolean;
  readonly classes: number;
  /** Divides the scores, so that probabilities mean what they say. */
  readonly temperature: number;
  /** Added to each class's score where a class is chosen: set on validation data for the task's figure. */
  readonly shifts: readonly number[];
  readonly names: readonly string[];
  /** Share of the second class in training. Where a task's topics shift, the cut on many texts at once is set so that as many are chosen. */
  readonly expectedShare?: number | undefined;
}

/** All heads in one matrix: a text's n-grams are walked once. */
export interface LinearModel {
  readonly version: string;
  readonly heads: readonly Head[];
  /** For each bucket its row in `matrix`; -1: it says nothing. */
  readonly rows: Int32Array;
  /** Row by row, a number for each class of each head. */
  readonly matrix: Int8Array;
  /** A number of the matrix times its column's scale is the weight. */
  readonly scales: Float32Array;
  /** Standardised numbers of the text, then of the base heads; a row each. */
  readonly dense: Float32Array;
  readonly bias: Float32Array;
  /** Of the text's dense numbers, and of the base heads' log probabilities: value minus mean, over deviation, times `denseWeight`. */
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/** Standardised numbers weigh so much beside n-grams, and reach so far. */
export const denseWeight = 0.3;
const farthest = 4;
const leastProbability = 1e-4;

export function standardise(value: number, mean: number, deviation: number): number {
  const off = (value - mean) / deviation;
  return denseWeight * (off > farthest ? farthest : off < -farthest ? -farthest : off);
}

export const logOf = (probability: number): number => Math.log(probability + leastProbability);

export interface Judged {
  /** Probabilities, calibrated. */
  readonly probabilities: readonly number[];
  /** The class that is chosen. */
  readonly chosen: number;
}

export interface Judge {
  /** By task. Final heads answer where there are both. @param hint see Extractor.extract */
  judge(text: string, hint?: string): ReadonlyMap<string, Judged>;
  /** One head alone. @throws TypeError for a task that the model has not */
  one(task: string, text: string, hint?: string): Judged;
  readonly heads: ReadonlyMap<string, Head>;
}

export function outputsOf(heads: readonly Head[]): number {
  return heads.reduce((sum, head) => sum + head.classes, 0);
}

/** Columns of the base heads together. */
export function baseOutputsOf(heads: readonly Head[]): number {
  return outputsOf(heads.filter((head) => head.isBase));
}

/** Bytes of a word that are summed side by side. */
const abreast = 4;
/** So many bytes of at most 255 fit the 16 bits that their sum has. */
const mostSummed = 257;
const unsignedBy = 128;

/**
 * Sums of rows of the matrix. A word of four bytes is added as two numbers of two 16-bit lanes each, four words at a time, so that a row
 * of sixty numbers costs sixteen loads. Byte order is little-endian, as in the files.
 */
function makeRowSums(matrix: Int8Array, outputs: number): (picked: Int32Array, count: number, sums: Float64Array) => void {
  const block = 4 * abreast;
  const width = Math.ceil(outputs / block) * abreast;
  const rowCount = matrix.length / outputs;
  const bytes = new Uint8Array(rowCount * width * abreast);
  for (let row = 0; row < rowCount; row++) for (let o = 0; o < outputs; o++) bytes[row * width * abreast + o] = (matrix[row * outputs + o] ?? 0) + unsignedBy;
  const words = new Int32Array(bytes.buffer);
  const even = 0x00ff00ff;
  const unpack = (sums: Float64Array, o: number, evens: number, odds: number, count: number): void => {
    const less = unsignedBy * count;
    if (o < outputs) sums[o] = (sums[o] ?? 0) + (evens & 0xffff) - less;
    if (o + 1 < outputs) sums[o + 1] = (sums[o + 1] ?? 0) + (odds & 0xffff) - less;
    if (o + 2 < outputs) sums[o + 2] = (sums[o + 2] ?? 0) + (evens >>> 16) - less;
    if (o + 3 < outputs) sums[o + 3] = (sums[o + 3] ?? 0) + (odds >>> 16) - less;
  };
  return (picked, count, sums) => {
    for (let from = 0; from < count; from += mostSummed) {
      const to = Math.min(count, from + mostSummed);
      for (let w = 0; w < width; w += abreast) {
        let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
        for (let k = from; k < to; k++) {
          const at = (picked[k] ?? 0) * width + w;
          const first = words[at] ?? 0;
          const second = words[at + 1] ?? 0;
          const third = words[at + 2] ?? 0;
          const fourth = words[at + 3] ?? 0;
          a = (a + (first & even)) | 0;
          b = (b + ((first >>> 8) & even)) | 0;
          c = (c + (second & even)) | 0;
          d = (d + ((second >>> 8) & even)) | 0;
          e = (e + (third & even)) | 0;
          f = (f + ((third >>> 8) & even)) | 0;
          g = (g + (fourth & even)) | 0;
          h = (h + ((fourth >>> 8) & even)) | 0;
        }
        const o = w * abreast;
        unpack(sums, o, a, b, to - from);
        unpack(sums, o + 4, c, d, to - from);
        unpack(sums, o + 8, e, f, to - from);
        unpack(sums, o + 12, g, h, to - from);
      }
    }
  };
}

/** Columns that are summed side by side. */
const columnsAbreast = 8;

/** Adds to each score its column's weights of the dense numbers. Doubles: reading them costs no conversion. */
function makeDenseSums(dense: Float32Array, denseSize: number, outputs: number): (numbers: Float64Array, scores: Float64Array) => void {
  const blocks = Math.ceil(outputs / columnsAbreast);
  const weights = new Float64Array(blocks * denseSize * columnsAbreast);
  for (let o = 0; o < outputs; o++)
    for (let d = 0; d < denseSize; d++) weights[(Math.floor(o / columnsAbreast) * denseSize + d) * columnsAbreast + (o % columnsAbreast)] = dense[d * outputs + o] ?? 0;
  if (weights.every((weight) => weight === 0)) return () => {};
  return (numbers, scores) => {
    for (let block = 0; block < blocks; block++) {
      let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0];
      let at = block * denseSize * columnsAbreast;
      for (let i = 0; i < denseSize; i++) {
        const value = numbers[i] ?? 0;
        a += value * (weights[at] ?? 0);
        b += value * (weights[at + 1] ?? 0);
        c += value * (weights[at + 2] ?? 0);
        d += value * (weights[at + 3] ?? 0);
        e += value * (weights[at + 4] ?? 0);
        f += value * (weights[at + 5] ?? 0);
        g += value * (weights[at + 6] ?? 0);
        h += value * (weights[at + 7] ?? 0);
        at += columnsAbreast;
      }
      const o = block * columnsAbreast;
      scores[o] = (scores[o] ?? 0) + a;
      scores[o + 1] = (scores[o + 1] ?? 0) + b;
      scores[o + 2] = (scores[o + 2] ?? 0) + c;
      scores[o + 3] = (scores[o + 3] ?? 0) + d;
      scores[o + 4] = (scores[o + 4] ?? 0) + e;
      scores[o + 5] = (scores[o + 5] ?? 0) + f;
      scores[o + 6] = (scores[o + 6] ?? 0) + g;
      scores[o + 7] = (scores[o + 7] ?? 0) + h;
    }
  };
}

/** Scores of all heads, base first as they stand; before shifts and temperature. The array is reused, and may be longer than the heads are. */
export function makeScorer(model: LinearModel, extractor: Extractor): (features: Features) => Float64Array {
  const outputs = outputsOf(model.heads);
  const baseOutputs = baseOutputsOf(model.heads);
  const { rows, matrix, scales, dense, bias, means, deviations } = model;
  const { denseSize } = extractor;
  const bases = model.heads.filter((head) => head.isBase);
  const scores = new Float64Array(Math.ceil(outputs / columnsAbreast) * columnsAbreast);
  const sums = new Float64Array(outputs);
  const standard = new Float64Array(denseSize);
  const picked = new Int32Array(extractor.mostBuckets);
  const addRows = makeRowSums(matrix, outputs);
  const addDense = makeDenseSums(dense, denseSize, outputs);
  return ({ count, buckets, values, dense: numbers }) => {
    scores.fill(0);
    // n-grams of one kind weigh the same: their bytes are summed first.
    for (let k = 0; k < count;) {
      const value = values[k] ?? 0;
      let found = 0;
      for (; k < count && values[k] === value; k++) {
        const row = rows[buckets[k] ?? 0] ?? -1;
        if (row >= 0) picked[found++] = row;
      }
      sums.fill(0);
      addRows(picked, found, sums);
      for (let o = 0; o < outputs; o++) scores[o] = (scores[o] ?? 0) + value * (sums[o] ?? 0);
    }
    for (let o = 0; o < outputs; o++) scores[o] = (scores[o] ?? 0) * (scales[o] ?? 0) + (bias[o] ?? 0);
    for (let d = 0; d < denseSize; d++) standard[d] = standardise(numbers[d] ?? 0, means[d] ?? 0, deviations[d] ?? 1);
    addDense(standard, scores);
    let from = 0;
    for (const { classes } of baseOutputs === outputs ? [] : bases) {
      const part = softmaxOf(scores, from, classes, 1);
      for (let c = 0; c < classes; c++) {
        const row = denseSize + from + c;
        const value = standardise(logOf(part[c] ?? 0), means[row] ?? 0, deviations[row] ?? 1);
        for (let o = baseOutputs; o < outputs; o++) scores[o] = (scores[o] ?? 0) + value * (dense[row * outputs + o] ?? 0);
      }
      from += classes;
    }
    return scores;
  };
}

/** Plain arrays: a typed one of so few numbers costs more to make than to fill. */
function softmaxOf(scores: Float64Array, from: number, classes: number, temperature: number): number[] {
  let most = -Infinity;
  for (let c = 0; c < classes; c++) most = Math.max(most, (scores[from + c] ?? 0) / temperature);
  const probabilities: number[] = [];
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const value = Math.exp((scores[from + c] ?? 0) / temperature - most);
    probabilities.push(value);
    sum += value;
  }
  for (let c = 0; c < classes; c++) probabilities[c] = (probabilities[c] ?? 0) / sum;
  return probabilities;
}

/** Probabilities of one head, and the class that it chooses. */
export function judged(scores: Float64Array, from: number, { classes, temperature, shifts }: Head): Judged {
  let chosen = 0;
  let most = -Infinity;
  for (let c = 0; c < classes; c++) {
    const score = (scores[from + c] ?? 0) + (shifts[c] ?? 0);
    if (score > most) [most, chosen] = [score, c];
  }
  return { probabilities: softmaxOf(scores, from, classes, temperature), chosen };
}

export function makeJudge(model: LinearModel, extractor: Extractor): Judge {
  const score = makeScorer(model, extractor);
  const columns = new Map<string, { from: number; head: Head }>();
  let from = 0;
  for (const head of model.heads) {
    columns.set(head.task, { from, head });
    from += head.classes;
  }
  return {
    heads: new Map([...columns].map(([task, { head }]) => [task, head])),
    judge(text, hint) {
      const scores = score(extractor.extract(text, hint));
      const all = new Map<string, Judged>();
      for (const [task, column] of columns) all.set(task, judged(scores, column.from, column.head));
      return all;
    },
    one(task, text, hint) {
      const column = columns.get(task);
      if (column === undefined) throw new TypeError(`task: expected one of ${[...columns.keys()].join(", ")}, came ${task}`);
      return judged(score(extractor.extract(text, hint)), column.from, column.head);
    },
  };
}

const magic = "ELM1";

const headSchema = z.object({
  task: z.string(),
  isBase: z.boolean(),
  classes: z.int().positive(),
  temperature: z.number().positive(),
  shifts: z.array(z.number()),
  names: z.array(z.string()),
  expectedShare: z.number().optional(),
});
const headerSchema = z.object({ version: z.string(), heads: z.array(headSchema) });

export function writeLinearModel({ version, heads, rows, matrix, scales, dense, bias, means, deviations }: LinearModel): Uint8Array {
  return writeSections(magic, { version, heads }, [keptOf(rows), matrix, scales, dense, bias, means, deviations]);
}

/** Buckets that have a row, in the order of the rows. */
export function keptOf(rows: Int32Array): Uint32Array {
  const kept = new Uint32Array(rows.reduce((sum, row) => sum + (row >= 0 ? 1 : 0), 0));
  for (const [bucket, row] of rows.entries()) if (row >= 0) kept[row] = bucket;
  return kept;
}

/** For each bucket its row; -1: none. */
export function rowsFrom(kept: Uint32Array): Int32Array {
  const rows = new Int32Array(bucketCount).fill(-1);
  for (const [row, bucket] of kept.entries()) rows[bucket] = row;
  return rows;
}

/** @param bytes a file of `writeLinearModel` */
export function readLinearModel(bytes: Uint8Array): LinearModel {
  const { header, words, bytes: numbers, floats } = readSections(magic, bytes);
  const { version, heads } = headerSchema.parse(header);
  return { version, heads, rows: rowsFrom(words(0)), matrix: numbers(1), scales: floats(2), dense: floats(3), bias: floats(4), means: floats(5), deviations: floats(6) };
}
