import { z } from "zod";
import { bucketCount } from "./features.ts";

/** What a model judges of one task. */
export interface Head {
  readonly task: string;
  readonly classes: number;
  /** Divides the scores, so that probabilities mean what they say. */
  readonly temperature: number;
  /** Added to each class's score where a class is chosen: set on validation data for the task's figure. */
  readonly shifts: readonly number[];
  readonly names: readonly string[];
  /** Share of the second class in training. Where a task's topics shift, the cut on many texts at once is set so that as many are chosen. */
  readonly expectedShare?: number | undefined;
}

export const headSchema = z.object({
  task: z.string(),
  classes: z.int().positive(),
  temperature: z.number().positive(),
  shifts: z.array(z.number()),
  names: z.array(z.string()),
  expectedShare: z.number().optional(),
});

/** Standardised numbers weigh so much beside n-grams, and reach so far. */
const denseWeight = 0.3;
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
  /** By task. @param hint see Extractor.extract */
  judge(text: string, hint?: string): ReadonlyMap<string, Judged>;
  /** One head alone. @throws TypeError for a task that the model has not */
  one(task: string, text: string, hint?: string): Judged;
  readonly heads: ReadonlyMap<string, Head>;
}

/** Plain arrays: a typed one of so few numbers costs more to make than to fill. */
export function softmaxOf(scores: Float64Array, from: number, classes: number, temperature: number): number[] {
  const probabilities: number[] = [];
  let most = -Infinity;
  for (let c = 0; c < classes; c++) {
    const score = (scores[from + c] ?? 0) / temperature;
    if (score > most) most = score;
    probabilities.push(score);
  }
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += probabilities[c] = Math.exp((probabilities[c] ?? 0) - most);
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

/** For each bucket its row; -1: none. */
export function rowsFrom(kept: Uint32Array): Int32Array {
  const rows = new Int32Array(bucketCount).fill(-1);
  for (const [row, bucket] of kept.entries()) rows[bucket] = row;
  return rows;
}
