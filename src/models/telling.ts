import type { GramTexts } from "./svm.ts";

const begun = 2;

/**
 * Of each n-gram, how much more often texts of the class have it than others do: the logarithm of the ratio of its shares, each begun at
 * `begun` texts. What a single text has tells nothing.
 */
export function tellingOf({ count, starts, buckets }: Pick<GramTexts, "count" | "starts" | "buckets">, isIn: Uint8Array, bucketCount: number): Float32Array {
  const [outside, inside] = [new Float64Array(bucketCount).fill(begun), new Float64Array(bucketCount).fill(begun)];
  for (let i = 0; i < count; i++) {
    const side = isIn[i] === 1 ? inside : outside;
    for (let k = starts[i] ?? 0; k < (starts[i + 1] ?? 0); k++) {
      const bucket = buckets[k] ?? 0;
      side[bucket] = (side[bucket] ?? 0) + 1;
    }
  }
  const sum = (list: Float64Array) => list.reduce((so, number) => so + number, 0);
  const lead = Math.log(sum(outside) / sum(inside));
  return Float32Array.from(inside, (number, bucket) => {
    const others = outside[bucket] ?? begun;
    return number + others < 2 * begun + 2 ? 0 : Math.log(number / others) + lead;
  });
}
