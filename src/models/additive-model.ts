import { z } from "zod";
import { type Head, headSchema, type Judge, judged, type Judged, rowsFrom } from "./linear-model.ts";
import type { Reader, ReadText } from "./reader.ts";
import { readSections, writeSections } from "./sections.ts";

/** Weights of words, their letters and pairs, of the mean of their vectors, and of counts: what a text is judged by is the sum over its words. */
export interface AdditiveModel {
  readonly version: string;
  readonly heads: readonly Head[];
  /** Buckets that have a row, rising. */
  readonly kept: Uint32Array;
  /** Row by row, a number for each column. */
  readonly matrix: Int8Array;
  /** A number of the matrix times its column's scale is the weight. */
  readonly scales: Float32Array;
  /** Number by number of a word's vector, a weight for each column; empty: vectors are not looked at. */
  readonly vectors: Float32Array;
  /** Count by count, a weight for each column. */
  readonly sides: Float32Array;
  readonly bias: Float32Array;
}

/** Columns of a head: two classes share one, whose sign tells. */
export const columnsOf = ({ classes }: Pick<Head, "classes">): number => (classes === 2 ? 1 : classes);

/** Scores of all columns for a text; the array is reused. */
function makeScorer(model: AdditiveModel, reader: Reader): (text: ReadText) => Float64Array {
  const { matrix, scales, vectors, sides, bias } = model;
  const columns = bias.length;
  const rows = rowsFrom(model.kept);
  const { dimensions, values, scale } = reader.vectors;
  const parts = 3;
  /** Of each word that was met: the sums of itself, of its letters and of its vector, by column. */
  const sums = new Float32Array(reader.capacity * parts * columns);
  const isSummed = new Uint8Array(reader.capacity);
  const sizes = new Uint16Array(reader.capacity * parts);
  let generation = reader.generation;
  const scores = new Float64Array(columns);
  const totals = new Float64Array(parts * columns);
  const pairs = new Int32Array(columns);

  const addRow = (bucket: number, at: number): void => {
    const row = (rows[bucket] ?? -1) * columns;
    if (row >= 0) for (let c = 0; c < columns; c++) sums[at + c] = (sums[at + c] ?? 0) + (matrix[row + c] ?? 0) * (scales[c] ?? 0);
  };
  function sum(number: number): void {
    const { itself, letters, row } = reader.word(number);
    const at = number * parts * columns;
    sums.fill(0, at, at + parts * columns);
    for (const bucket of itself) addRow(bucket, at);
    for (let k = 0; k < letters.length; k++) addRow(letters[k] ?? 0, at + columns);
    const hasVector = row >= 0 && vectors.length > 0;
    if (hasVector)
      for (let d = 0; d < dimensions; d++) {
        const value = (values[row * dimensions + d] ?? 0) * scale;
        for (let c = 0; c < columns; c++) sums[at + 2 * columns + c] = (sums[at + 2 * columns + c] ?? 0) + value * (vectors[d * columns + c] ?? 0);
      }
    sizes[number * parts] = itself.length;
    sizes[number * parts + 1] = letters.length;
    sizes[number * parts + 2] = hasVector ? 1 : 0;
    isSummed[number] = 1;
  }

  return (text) => {
    if (generation !== reader.generation) {
      generation = reader.generation;
      isSummed.fill(0);
    }
    totals.fill(0);
    let [words, letters, known] = [0, 0, 0];
    for (let i = 0; i < text.count; i++) {
      const number = text.words[i] ?? 0;
      if (isSummed[number] === 0) sum(number);
      const at = number * parts * columns;
      for (let c = 0; c < parts * columns; c++) totals[c] = (totals[c] ?? 0) + (sums[at + c] ?? 0);
      const size = number * parts;
      words += sizes[size] ?? 0;
      letters += sizes[size + 1] ?? 0;
      known += sizes[size + 2] ?? 0;
    }
    pairs.fill(0);
    const addPair = (bucket: number): void => {
      const row = (rows[bucket] ?? -1) * columns;
      if (row >= 0) for (let c = 0; c < columns; c++) pairs[c] = (pairs[c] ?? 0) + (matrix[row + c] ?? 0);
    };
    for (let i = 0; i < text.pairCount; i++) addPair(text.pairs[i] ?? 0);
    for (let i = 0; i < text.turnedCount; i++) addPair(reader.word(text.turned[i] ?? 0).turned);
    words += text.pairCount + text.turnedCount;
    const hint = text.hint < 0 ? -1 : (rows[text.hint] ?? -1) * columns;
    const [byWords, byLetters, byKnown] = [weightOf(words), weightOf(letters), known === 0 ? 0 : 1 / known];
    for (let c = 0; c < columns; c++) {
      let score = (bias[c] ?? 0) + (totals[columns + c] ?? 0) * byLetters + (totals[2 * columns + c] ?? 0) * byKnown;
      score += ((totals[c] ?? 0) + (pairs[c] ?? 0) * (scales[c] ?? 0)) * byWords;
      if (hint >= 0) score += (matrix[hint + c] ?? 0) * (scales[c] ?? 0);
      for (let k = 0; k < text.sides.length; k++) score += (text.sides[k] ?? 0) * (sides[k * columns + c] ?? 0);
      scores[c] = score;
    }
    return scores;
  };
}

/** So much weighs each of so many n-grams: all of one kind together weigh the same, however many. */
export const weightOf = (count: number): number => (count === 0 ? 0 : 1 / Math.sqrt(count));

/** Scores of one head's classes, from the columns on; two classes stand half the column's score away from 0. */
function classScores(scores: Float64Array, from: number, classes: number): Float64Array {
  if (classes > 2) return scores.subarray(from, from + classes);
  const half = (scores[from] ?? 0) / 2;
  return Float64Array.of(-half, half);
}

export function makeAdditiveJudge(model: AdditiveModel, reader: Reader): Judge {
  const score = makeScorer(model, reader);
  const places = new Map<string, { readonly from: number; readonly head: Head }>();
  let next = 0;
  for (const head of model.heads) {
    places.set(head.task, { from: next, head });
    next += columnsOf(head);
  }
  const of = (scores: Float64Array, { from, head }: { readonly from: number; readonly head: Head }): Judged => judged(classScores(scores, from, head.classes), 0, head);
  return {
    heads: new Map(model.heads.map((head) => [head.task, head])),
    judge(text, hint) {
      const scores = score(reader.read(text, hint));
      return new Map([...places].map(([task, place]) => [task, of(scores, place)]));
    },
    one(task, text, hint) {
      const place = places.get(task);
      if (place === undefined) throw new TypeError(`task: expected one of ${[...places.keys()].join(", ")}, came ${task}`);
      return of(score(reader.read(text, hint)), place);
    },
  };
}

const magic = "EAM1";
const headerSchema = z.object({ version: z.string(), rows: z.int().min(0), heads: z.array(headSchema) });

export function writeAdditiveModel({ version, heads, kept, matrix, scales, vectors, sides, bias }: AdditiveModel): Uint8Array {
  return writeSections(magic, { version, heads, rows: kept.length }, [gapsOf(kept), matrix, scales, vectors, sides, bias]);
}

/** @param bytes a file of `writeAdditiveModel` @throws TypeError for another file */
export function readAdditiveModel(bytes: Uint8Array): AdditiveModel {
  const { header, bytes: numbers, floats } = readSections(magic, bytes);
  const { version, heads, rows } = headerSchema.parse(header);
  return { version, heads, kept: fromGaps(numbers(0), rows), matrix: numbers(1), scales: floats(2), vectors: floats(3), sides: floats(4), bias: floats(5) };
}

/** Rising numbers as their differences, seven bits a byte, the low ones first; the eighth tells that more follow (LEB128). */
function gapsOf(rising: Uint32Array): Int8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const number of rising) {
    let gap = number - last;
    last = number;
    for (; gap > 127; gap >>>= 7) bytes.push((gap & 127) | 128);
    bytes.push(gap);
  }
  return Int8Array.from(bytes);
}

function fromGaps(bytes: Int8Array, count: number): Uint32Array {
  const rising = new Uint32Array(count);
  let at = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    let shift = 0;
    let byte = bytes[at++] ?? 0;
    for (; byte < 0; byte = bytes[at++] ?? 0, shift += 7) last += (byte & 127) << shift;
    last += byte << shift;
    rising[i] = last;
  }
  return rising;
}
