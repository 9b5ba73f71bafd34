import { bucketCount } from "./features.ts";

/** A text as training holds it. */
export interface Example {
  readonly buckets: Uint32Array;
  readonly values: Float32Array;
  /** Standardised, and what else is known of the text. */
  readonly dense: Float32Array;
}

export interface TrainOptions {
  readonly classes: number;
  readonly epochs: number;
  readonly rate: number;
  /** Pull towards 0 on weights of n-grams, and of dense numbers. */
  readonly pull: number;
  readonly densePull: number;
  /** Share of a text's n-grams that a step does not see: no single one is relied on. */
  readonly dropout: number;
  /** 0 to 1, see Task.balance. */
  readonly balance: number;
  readonly seed: number;
}

/** Weights by bucket, then by class. */
export interface Trained {
  readonly classes: number;
  readonly buckets: Float32Array;
  readonly dense: Float32Array;
  readonly bias: Float32Array;
}

/** Softmax regression by AdaGrad (Duchi et al., 2011), the order and the dropped n-grams by the seed. @param labels class numbers */
export function trainLinear(examples: readonly Example[], labels: readonly number[], options: TrainOptions, onEpoch?: (epoch: number, loss: number) => void): Trained {
  const { classes, epochs, rate, pull, densePull, dropout, balance } = options;
  const denseSize = examples[0]?.dense.length ?? 0;
  const buckets = new Float32Array(bucketCount * classes);
  const bucketSquares = new Float32Array(bucketCount * classes).fill(1e-3);
  const dense = new Float32Array(denseSize * classes);
  const denseSquares = new Float32Array(denseSize * classes).fill(1e-3);
  const bias = new Float32Array(classes);
  const counts = Array.from({ length: classes }, (_, c) => Math.max(1, labels.filter((label) => label === c).length));
  const costs = counts.map((count) => (labels.length / classes / count) ** balance);
  const random = makeRandom(options.seed);
  const order = examples.map((_, i) => i);
  const errors = new Float64Array(classes);
  const kept = new Float32Array(1 << 16);
  const boost = 1 / (1 - dropout);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    let loss = 0;
    for (const i of order) {
      const example = examples[i];
      const truth = labels[i] ?? 0;
      if (example === undefined) continue;
      const { buckets: ids, values, dense: numbers } = example;
      errors.set(bias);
      for (let k = 0; k < ids.length; k++) {
        const value = random() < dropout ? 0 : (values[k] ?? 0) * boost;
        kept[k] = value;
        if (value === 0) continue;
        const at = (ids[k] ?? 0) * classes;
        for (let c = 0; c < classes; c++) errors[c] = (errors[c] ?? 0) + value * (buckets[at + c] ?? 0);
      }
      for (let d = 0; d < denseSize; d++) {
        const value = numbers[d] ?? 0;
        for (let c = 0; c < classes; c++) errors[c] = (errors[c] ?? 0) + value * (dense[d * classes + c] ?? 0);
      }
      softmax(errors);
      loss -= Math.log(Math.max(1e-9, errors[truth] ?? 0));
      errors[truth] = (errors[truth] ?? 0) - 1;
      const cost = costs[truth] ?? 1;
      for (let c = 0; c < classes; c++) errors[c] = (errors[c] ?? 0) * cost;
      for (let k = 0; k < ids.length; k++) {
        const value = kept[k] ?? 0;
        if (value !== 0) step(buckets, bucketSquares, (ids[k] ?? 0) * classes, value, pull, rate);
      }
      for (let d = 0; d < denseSize; d++) {
        const value = numbers[d] ?? 0;
        if (value !== 0) step(dense, denseSquares, d * classes, value, densePull, rate * 0.2);
      }
      for (let c = 0; c < classes; c++) bias[c] = (bias[c] ?? 0) - rate * 0.05 * (errors[c] ?? 0);
    }
    onEpoch?.(epoch + 1, loss / Math.max(1, examples.length));
  }
  return { classes, buckets, dense, bias };

  function step(weights: Float32Array, squares: Float32Array, at: number, value: number, towardsZero: number, by: number): void {
    for (let c = 0; c < classes; c++) {
      const weight = weights[at + c] ?? 0;
      const slope = (errors[c] ?? 0) * value + towardsZero * weight;
      const square = (squares[at + c] ?? 0) + slope * slope;
      squares[at + c] = square;
      weights[at + c] = weight - (by * slope) / Math.sqrt(square);
    }
  }
}

export function softmax(scores: Float64Array): void {
  let most = -Infinity;
  for (const score of scores) if (score > most) most = score;
  let sum = 0;
  for (let c = 0; c < scores.length; c++) {
    const value = Math.exp((scores[c] ?? 0) - most);
    scores[c] = value;
    sum += value;
  }
  for (let c = 0; c < scores.length; c++) scores[c] = (scores[c] ?? 0) / sum;
}

/** In place. */
export function shuffle(list: number[], random: () => number): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const held = list[i] ?? 0;
    list[i] = list[j] ?? 0;
    list[j] = held;
  }
}

/** Seeded, 0 ≤ x < 1 (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
