import { z } from "zod";
import type { Extractor } from "./features.ts";
import { type Head, type Judge, judged, logOf, standardise } from "./linear-model.ts";
import { rowsFrom } from "./linear-model.ts";
import { readSections, writeSections } from "./sections.ts";

/** A model of one task, trained on a label set: weights of n-grams, of the text's dense numbers, and of what embedded models say. */
export interface Classifier {
  readonly head: Head;
  /** Versions of the embedded models whose probabilities it looks at; empty: none. Other versions say other things, so that it cannot be asked beside them. */
  readonly stacked: readonly string[];
  /** Languages of the posts that it judges; empty: all. */
  readonly languages: readonly string[];
  readonly ngrams: number;
  /** For each row of `matrix` its bucket. */
  readonly kept: Uint32Array;
  readonly matrix: Int8Array;
  /** A number of the matrix times its column's scale is the weight. */
  readonly scales: Float32Array;
  readonly dense: Float32Array;
  readonly bias: Float32Array;
  /** Of the dense numbers: the text's, then the logarithms of the stacked probabilities. */
  readonly means: Float32Array;
  readonly deviations: Float32Array;
}

/** What embedded models say of a text: their probabilities, one after the other. */
export interface Stack {
  readonly versions: readonly string[];
  probabilities(text: string): readonly number[];
}

const magic = "ECL1";
const headerSchema = z.object({
  head: z.object({
    task: z.string(),
    classes: z.int().min(2),
    temperature: z.number().positive(),
    shifts: z.array(z.number()),
    names: z.array(z.string()).min(2),
  }),
  stacked: z.array(z.string()),
  languages: z.array(z.string()),
  ngrams: z.number(),
});

export function writeClassifier({ head, stacked, languages, ngrams, kept, matrix, scales, dense, bias, means, deviations }: Classifier): Uint8Array {
  return writeSections(magic, { head, stacked, languages, ngrams }, [kept, matrix, scales, dense, bias, means, deviations]);
}

/** @param file of `writeClassifier` @throws TypeError for another file */
export function readClassifier(file: Uint8Array): Classifier {
  const { header, words, bytes, floats } = readSections(magic, file);
  return { ...headerSchema.parse(header), kept: words(0), matrix: bytes(1), scales: floats(2), dense: floats(3), bias: floats(4), means: floats(5), deviations: floats(6) };
}

/** Dense numbers as the model sees them: standardised, those of the text first. */
export function denseOf(numbers: Float32Array, probabilities: readonly number[], { means, deviations }: Pick<Classifier, "means" | "deviations">): Float32Array {
  const all = new Float32Array(numbers.length + probabilities.length);
  for (let d = 0; d < all.length; d++) {
    const value = d < numbers.length ? (numbers[d] ?? 0) : logOf(probabilities[d - numbers.length] ?? 0);
    all[d] = standardise(value, means[d] ?? 0, deviations[d] ?? 1);
  }
  return all;
}

/** @param stack of the versions that the model names; absent where it names none */
export function makeClassifierJudge(model: Classifier, extractor: Extractor, stack?: Stack): Judge {
  const { head, matrix, scales, dense, bias, ngrams } = model;
  const { classes } = head;
  const rows = rowsFrom(model.kept);
  const one = (text: string) => {
    const probabilities = model.stacked.length === 0 ? [] : (stack?.probabilities(text) ?? []);
    const { count, buckets, values, dense: numbers } = extractor.extract(text);
    const scores = new Float64Array(classes);
    for (let k = 0; k < count; k++) {
      const row = rows[buckets[k] ?? 0] ?? -1;
      if (row < 0) continue;
      const value = (values[k] ?? 0) * ngrams;
      for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + value * (matrix[row * classes + c] ?? 0);
    }
    for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) * (scales[c] ?? 0) + (bias[c] ?? 0);
    const standard = denseOf(numbers, probabilities, model);
    for (let d = 0; d < standard.length; d++) {
      const value = standard[d] ?? 0;
      for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + value * (dense[d * classes + c] ?? 0);
    }
    return judged(scores, 0, head);
  };
  return {
    heads: new Map([[head.task, head]]),
    judge: (text) => new Map([[head.task, one(text)]]),
    one(task, text) {
      if (task !== head.task) throw new TypeError(`task: expected ${head.task}, came ${task}`);
      return one(text);
    },
  };
}

/** A class is chosen where its probability is largest measured by its threshold: of two classes, where it is reached. In scores, see `Head.shifts`. */
export function shiftsOf(thresholds: readonly number[], temperature: number): readonly number[] {
  return thresholds.map((threshold) => -temperature * Math.log(threshold));
}
