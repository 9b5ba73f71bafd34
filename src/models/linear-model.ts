import { bucketCount, type Extractor, type Features } from "./features.ts";
import { z } from "zod";
import { softmax } from "./linear-train.ts";
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
  return denseWeight * Math.max(-farthest, Math.min(farthest, (value - mean) / deviation));
}

export const logOf = (probability: number): number => Math.log(probability + leastProbability);

export interface Judged {
  /** Probabilities, calibrated. */
  readonly probabilities: Float64Array;
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

/** Scores of all heads, base first as they stand; before shifts and temperature. The array is reused. */
export function makeScorer(model: LinearModel, extractor: Extractor): (features: Features) => Float64Array {
  const outputs = outputsOf(model.heads);
  const baseOutputs = baseOutputsOf(model.heads);
  const { rows, matrix, scales, dense, bias, means, deviations } = model;
  const { denseSize } = extractor;
  const scores = new Float64Array(outputs);
  const addDense = (row: number, value: number, from: number): void => {
    const at = row * outputs;
    for (let o = from; o < outputs; o++) scores[o] = (scores[o] ?? 0) + value * (dense[at + o] ?? 0);
  };
  return ({ count, buckets, values, dense: numbers }) => {
    scores.fill(0);
    for (let k = 0; k < count; k++) {
      const row = rows[buckets[k] ?? 0] ?? -1;
      if (row < 0) continue;
      const value = values[k] ?? 0;
      const at = row * outputs;
      for (let o = 0; o < outputs; o++) scores[o] = (scores[o] ?? 0) + value * (matrix[at + o] ?? 0);
    }
    for (let o = 0; o < outputs; o++) scores[o] = (scores[o] ?? 0) * (scales[o] ?? 0) + (bias[o] ?? 0);
    for (let d = 0; d < denseSize; d++) addDense(d, standardise(numbers[d] ?? 0, means[d] ?? 0, deviations[d] ?? 1), 0);
    let from = 0;
    for (const head of model.heads) {
      if (!head.isBase) break;
      const part = scores.slice(from, from + head.classes);
      softmax(part);
      for (let c = 0; c < head.classes; c++) {
        const row = denseSize + from + c;
        addDense(row, standardise(logOf(part[c] ?? 0), means[row] ?? 0, deviations[row] ?? 1), baseOutputs);
      }
      from += head.classes;
    }
    return scores;
  };
}

/** Probabilities of one head, and the class that it chooses. */
export function judged(scores: Float64Array, from: number, { classes, temperature, shifts }: Head): Judged {
  const probabilities = scores.slice(from, from + classes).map((score) => score / temperature);
  let chosen = 0;
  let most = -Infinity;
  for (let c = 0; c < classes; c++) {
    const score = (scores[from + c] ?? 0) + (shifts[c] ?? 0);
    if (score > most) [most, chosen] = [score, c];
  }
  softmax(probabilities);
  return { probabilities, chosen };
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
      return new Map([...columns].map(([task, column]) => [task, judged(scores, column.from, column.head)]));
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
