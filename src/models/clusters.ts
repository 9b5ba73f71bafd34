import { makeRandom } from "./linear-train.ts";
import type { WordVectors } from "./word-vectors.ts";

/** Words of one meaning share a number. k-means over vectors of length one, `rounds` times. @returns a number from 0 for each row */
export function clusterWords(vectors: WordVectors, count: number, clusters: number, rounds: number, seed: number): Uint16Array {
  const { dimensions, values } = vectors;
  const units = new Float32Array(count * dimensions);
  for (let row = 0; row < count; row++) {
    let squares = 0;
    for (let d = 0; d < dimensions; d++) squares += (values[row * dimensions + d] ?? 0) ** 2;
    const length = Math.sqrt(squares) || 1;
    for (let d = 0; d < dimensions; d++) units[row * dimensions + d] = (values[row * dimensions + d] ?? 0) / length;
  }
  const random = makeRandom(seed);
  const centres = new Float32Array(clusters * dimensions);
  for (let c = 0; c < clusters; c++) {
    const row = Math.floor(random() * count);
    centres.set(units.subarray(row * dimensions, (row + 1) * dimensions), c * dimensions);
  }
  const nearest = new Uint16Array(count);
  for (let round = 0; round < rounds; round++) {
    for (let row = 0; row < count; row++) {
      let best = -Infinity;
      for (let c = 0; c < clusters; c++) {
        let product = 0;
        for (let d = 0; d < dimensions; d++) product += (units[row * dimensions + d] ?? 0) * (centres[c * dimensions + d] ?? 0);
        if (product > best) [best, nearest[row]] = [product, c];
      }
    }
    const sums = new Float32Array(clusters * dimensions);
    for (let row = 0; row < count; row++) {
      const at = (nearest[row] ?? 0) * dimensions;
      for (let d = 0; d < dimensions; d++) sums[at + d] = (sums[at + d] ?? 0) + (units[row * dimensions + d] ?? 0);
    }
    for (let c = 0; c < clusters; c++) {
      let squares = 0;
      for (let d = 0; d < dimensions; d++) squares += (sums[c * dimensions + d] ?? 0) ** 2;
      const length = Math.sqrt(squares);
      if (length > 0) for (let d = 0; d < dimensions; d++) centres[c * dimensions + d] = (sums[c * dimensions + d] ?? 0) / length;
    }
  }
  return nearest;
}
