import { setImmediate } from "node:timers/promises";
import { normalise, type TopicVectors } from "./topic-vectors.ts";

const seeds = 48;
const rounds = 5;
/** Two clusters are joined while the cosine of their centres is above. */
const joinAbove = 0.5;
const refineRounds = 8;
/** How much a text's place in the space weighs beside its words. */
const concentration = 10;
/** Counts of a word that each topic has before any text. */
const smoothing = 0.3;

interface Rows {
  readonly values: Float32Array;
  readonly dimensions: number;
  /** Texts that can be compared. */
  readonly list: readonly number[];
}

function dot(a: Float32Array, aFrom: number, b: Float32Array, bFrom: number, length: number): number {
  let [even, odd] = [0, 0];
  let d = 0;
  for (; d + 1 < length; d += 2) {
    even += (a[aFrom + d] ?? 0) * (b[bFrom + d] ?? 0);
    odd += (a[aFrom + d + 1] ?? 0) * (b[bFrom + d + 1] ?? 0);
  }
  return d < length ? even + odd + (a[aFrom + d] ?? 0) * (b[bFrom + d] ?? 0) : even + odd;
}

/**
 * Spherical k-means from many evenly spaced seeds (Dhillon, Modha 2001), joined bottom-up by their centres; then rounds of
 * hard EM over a mixture of von Mises-Fisher and multinomial distributions, so that words and space decide together.
 * The same input gives the same clusters. Lets others run between rounds.
 * @returns of each text its cluster, from 0; -1: nothing of it can be compared
 */
export async function clusterTexts(vectors: TopicVectors, leastTexts: number): Promise<{ readonly of: Int32Array; readonly centres: Float32Array }> {
  const { values, dimensions } = vectors;
  const count = values.length / dimensions;
  const list = Array.from({ length: count }, (_, row) => row).filter((row) => values.subarray(row * dimensions, (row + 1) * dimensions).some((value) => value !== 0));
  const rows: Rows = { values, dimensions, list };
  const of = new Int32Array(count).fill(-1);
  if (list.length < leastTexts) return { of, centres: new Float32Array(0) };
  const first = Math.min(seeds, Math.max(1, Math.floor(list.length / leastTexts)));
  let centres = spread(rows, first);
  for (let round = 0; round < rounds; round++) {
    assign(rows, centres, of);
    centres = means(rows, of, first);
    await setImmediate();
  }
  assign(rows, centres, of);
  centres = join(rows, centres, of, first);
  assign(rows, centres, of);
  await refine(rows, vectors, of, centres.length / dimensions);
  return { of, centres: means(rows, of, centres.length / dimensions) };
}

/** Texts, evenly spaced. */
function spread({ values, dimensions, list }: Rows, count: number): Float32Array {
  const centres = new Float32Array(count * dimensions);
  for (let seed = 0; seed < count; seed++) {
    const row = list[Math.floor(((seed + 0.5) * list.length) / count)] ?? 0;
    centres.set(values.subarray(row * dimensions, (row + 1) * dimensions), seed * dimensions);
  }
  return centres;
}

function assign({ values, dimensions, list }: Rows, centres: Float32Array, of: Int32Array): void {
  const count = centres.length / dimensions;
  for (const row of list) {
    let [best, most] = [-1, -2];
    for (let c = 0; c < count; c++) {
      const cosine = dot(values, row * dimensions, centres, c * dimensions, dimensions);
      if (cosine > most) [best, most] = [c, cosine];
    }
    of[row] = best;
  }
}

function means({ values, dimensions, list }: Rows, of: Int32Array, count: number): Float32Array {
  const centres = new Float32Array(count * dimensions);
  for (const row of list) {
    const at = (of[row] ?? -1) * dimensions;
    if (at < 0) continue;
    for (let d = 0; d < dimensions; d++) centres[at + d] = (centres[at + d] ?? 0) + (values[row * dimensions + d] ?? 0);
  }
  for (let c = 0; c < count; c++) normalise(centres.subarray(c * dimensions, (c + 1) * dimensions));
  return centres;
}

/** Joins the two nearest while they are near enough; a centre weighs as many texts as it has. */
function join({ dimensions, list }: Rows, centres: Float32Array, of: Int32Array, count: number): Float32Array {
  const sizes = Array.from({ length: count }, () => 0);
  for (const row of list) sizes[of[row] ?? 0] = (sizes[of[row] ?? 0] ?? 0) + 1;
  let live = sizes.flatMap((size, c) => (size > 0 ? [c] : []));
  for (;;) {
    let [a, b, most] = [-1, -1, joinAbove];
    for (const [i, one] of live.entries())
      for (let j = i + 1; j < live.length; j++) {
        const other = live[j] ?? 0;
        const cosine = dot(centres, one * dimensions, centres, other * dimensions, dimensions);
        if (cosine > most) [a, b, most] = [one, other, cosine];
      }
    if (a < 0) break;
    const [inA, inB] = [sizes[a] ?? 0, sizes[b] ?? 0];
    for (let d = 0; d < dimensions; d++) centres[a * dimensions + d] = (centres[a * dimensions + d] ?? 0) * inA + (centres[b * dimensions + d] ?? 0) * inB;
    normalise(centres.subarray(a * dimensions, (a + 1) * dimensions));
    sizes[a] = inA + inB;
    live = live.filter((c) => c !== b);
  }
  const joined = new Float32Array(live.length * dimensions);
  for (const [i, c] of live.entries()) joined.set(centres.subarray(c * dimensions, (c + 1) * dimensions), i * dimensions);
  return joined;
}

async function refine(rows: Rows, { words, vocabulary }: TopicVectors, of: Int32Array, count: number): Promise<void> {
  const { values, dimensions, list } = rows;
  const size = vocabulary.length;
  for (let round = 0; round < refineRounds; round++) {
    const [texts, tokens, met] = [new Float64Array(count), new Float64Array(count), new Float32Array(count * size)];
    for (const row of list) {
      const c = of[row] ?? 0;
      texts[c] = (texts[c] ?? 0) + 1;
      tokens[c] = (tokens[c] ?? 0) + (words[row]?.length ?? 0);
      for (const word of words[row] ?? []) met[c * size + word] = (met[c * size + word] ?? 0) + 1;
    }
    const centres = means(rows, of, count);
    let moved = 0;
    for (const row of list) {
      const told = words[row] ?? [];
      const was = of[row] ?? 0;
      let [best, most] = [was, -Infinity];
      for (let c = 0; c < count; c++) {
        // A text says nothing for the topic that it is in merely by being in it.
        const own = c === was ? 1 : 0;
        if ((texts[c] ?? 0) <= own) continue;
        let score = Math.log((texts[c] ?? 0) - own + 1) + concentration * dot(values, row * dimensions, centres, c * dimensions, dimensions);
        const total = (tokens[c] ?? 0) - own * told.length + size * smoothing;
        for (const word of told) score += Math.log(((met[c * size + word] ?? 0) - own + smoothing) / total);
        if (score > most) [best, most] = [c, score];
      }
      if (best !== was) moved++;
      of[row] = best;
    }
    await setImmediate();
    if (moved < list.length / 200) return;
  }
}
