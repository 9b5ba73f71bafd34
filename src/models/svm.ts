import { makeRandom } from "./linear-train.ts";

/** Texts as training holds them: n-grams by bucket, and dense numbers, text after text. */
export interface GramTexts {
  readonly count: number;
  /** Where each text's n-grams begin, and where the last ones end. */
  readonly starts: Uint32Array;
  readonly buckets: Uint32Array;
  readonly values: Float32Array;
  readonly denseSize: number;
  readonly dense: Float32Array;
}

export interface Plane {
  readonly buckets: Float32Array;
  readonly dense: Float32Array;
  readonly bias: number;
}

const mostRounds = 25;
/** Ends where no text asks for a larger change of the plane. */
const tolerance = 0.1;

/**
 * The plane that parts two classes with the widest margin: support vectors with squared hinge loss, solved in the dual by coordinates
 * (Hsieh et al., A dual coordinate descent method for large-scale linear SVM, ICML 2008).
 * @param isIn of each text whether it is of the class
 * @param costs of each text what a mistake costs; 0: it is not looked at
 * @param bucketCount buckets are below
 */
export function trainSvm(set: GramTexts, isIn: Uint8Array, costs: Float32Array, bucketCount: number, seed: number): Plane {
  const { starts, buckets, values, denseSize, dense } = set;
  const weights = new Float32Array(bucketCount);
  const denseWeights = new Float64Array(denseSize);
  let bias = 0;
  const order: number[] = [];
  for (let i = 0; i < set.count; i++) if ((costs[i] ?? 0) > 0) order.push(i);
  const alphas = new Float64Array(set.count);
  const norms = new Float64Array(set.count);
  for (const i of order) {
    let sum = 1 + 0.5 / (costs[i] ?? 1);
    for (let k = starts[i] ?? 0; k < (starts[i + 1] ?? 0); k++) sum += (values[k] ?? 0) ** 2;
    for (let d = 0, at = i * denseSize; d < denseSize; d++, at++) sum += (dense[at] ?? 0) ** 2;
    norms[i] = sum;
  }
  const random = makeRandom(seed);
  let active = order.length;
  let cut = Infinity;
  for (let round = 0; round < mostRounds; round++) {
    let most = 0;
    for (let s = active - 1; s > 0; s--) {
      const j = Math.floor(random() * (s + 1));
      [order[s], order[j]] = [order[j] ?? 0, order[s] ?? 0];
    }
    for (let s = 0; s < active; s++) {
      const i = order[s] ?? 0;
      const sign = isIn[i] === 1 ? 1 : -1;
      const from = starts[i] ?? 0;
      const to = starts[i + 1] ?? 0;
      let score = bias;
      for (let k = from; k < to; k++) score += (values[k] ?? 0) * (weights[buckets[k] ?? 0] ?? 0);
      for (let d = 0, at = i * denseSize; d < denseSize; d++, at++) score += (dense[at] ?? 0) * (denseWeights[d] ?? 0);
      const alpha = alphas[i] ?? 0;
      const slope = sign * score - 1 + (alpha * 0.5) / (costs[i] ?? 1);
      if (alpha === 0) {
        // A text far on its side is looked at no more until the last rounds.
        if (slope > cut) {
          order[s--] = order[--active] ?? 0;
          order[active] = i;
          continue;
        }
        if (slope >= 0) continue;
      }
      most = Math.max(most, Math.abs(slope));
      const next = Math.max(0, alpha - slope / (norms[i] ?? 1));
      const step = (next - alpha) * sign;
      alphas[i] = next;
      if (step === 0) continue;
      bias += step;
      for (let k = from; k < to; k++) {
        const bucket = buckets[k] ?? 0;
        weights[bucket] = (weights[bucket] ?? 0) + step * (values[k] ?? 0);
      }
      for (let d = 0, at = i * denseSize; d < denseSize; d++, at++) denseWeights[d] = (denseWeights[d] ?? 0) + step * (dense[at] ?? 0);
    }
    if (most < tolerance) {
      if (active === order.length) break;
      active = order.length;
      cut = Infinity;
    } else cut = most;
  }
  return { buckets: weights, dense: Float32Array.from(denseWeights), bias };
}
