import type { WordSpace } from "../core/linking.ts";
import type { WordVectors } from "./word-vectors.ts";

/** Words whose mean stands for what all texts share. */
const meanOf = 20_000;

/** Vectors less the mean of common words: what is left tells words apart (Mu, Viswanath: All-but-the-Top, ICLR 2018). */
export function makeWordSpace(vectors: WordVectors): WordSpace {
  const { dimensions, values, scale } = vectors;
  const mean = new Float32Array(dimensions);
  const count = Math.min(meanOf, values.length / dimensions);
  for (let row = 0; row < count; row++) for (let d = 0; d < dimensions; d++) mean[d] = (mean[d] ?? 0) + ((values[row * dimensions + d] ?? 0) * scale) / count;
  return {
    dimensions,
    rankOf: (word) => vectors.rowOf(word),
    add(word, weight, into) {
      const row = vectors.rowOf(word);
      if (row === undefined) return false;
      for (let d = 0, at = row * dimensions; d < dimensions; d++, at++) into[d] = (into[d] ?? 0) + ((values[at] ?? 0) * scale - (mean[d] ?? 0)) * weight;
      return true;
    },
  };
}
