import type { Example } from "./linear-train.ts";
import { makeRandom, shuffle, softmax } from "./linear-train.ts";

export interface ClassifierOptions {
  readonly classes: number;
  /** What a mistake on a text of each class costs. */
  readonly costs: readonly number[];
  /** N-grams weigh so much beside the dense numbers: 0 leaves them out, which few texts ask for. */
  readonly ngrams: number;
  /** Pull of weights towards 0, a step. */
  readonly pull: number;
  readonly epochs: number;
  /** Epochs without a lower loss on the texts that are held back, after which training ends. */
  readonly patience: number;
  readonly seed: number;
}

/** Weights by column, then by class. A column is a bucket of n-grams that training met, or a dense number. */
export interface ClassifierWeights {
  readonly columns: ReadonlyMap<number, number>;
  readonly buckets: Float32Array;
  readonly dense: Float32Array;
  readonly bias: Float32Array;
  readonly ngrams: number;
}

export interface TextSet {
  readonly examples: readonly Example[];
  /** Class numbers. */
  readonly labels: readonly number[];
}

export interface Epoch {
  readonly epoch: number;
  /** Mean log loss on the texts that are trained on, as they were met, in nats. */
  readonly loss: number;
  /** On those held back; absent: none are. */
  readonly heldBackLoss?: number;
}

export interface Fitted {
  readonly weights: ClassifierWeights;
  /** The epoch whose weights these are. */
  readonly epoch: number;
}

const rate = 0.08;
const denseRate = 0.03;
const biasRate = 0.05;
/** Share of a text's n-grams that a step does not see. */
const dropout = 0.3;
const firstSquare = 1e-3;
/** Of texts more than this, n-grams that only one has are left out. */
const manyTexts = 20;

/**
 * Softmax regression by AdaGrad (Duchi et al., 2011) with an L2 pull and dropout, in an order by the seed. With texts held back, training
 * ends when their loss falls no longer, and the weights of the best epoch are given back (early stopping; Prechelt, 1998).
 */
export function fitClassifier(train: TextSet, heldBack: TextSet | undefined, options: ClassifierOptions, onEpoch?: (epoch: Epoch) => void): Fitted {
  const { classes, costs, ngrams, pull, epochs, patience } = options;
  const columns = ngrams === 0 ? new Map<number, number>() : columnsOf(train.examples);
  const denseSize = train.examples[0]?.dense.length ?? 0;
  const buckets = new Float32Array(columns.size * classes);
  const bucketSquares = new Float32Array(buckets.length).fill(firstSquare);
  const dense = new Float32Array(denseSize * classes);
  const denseSquares = new Float32Array(dense.length).fill(firstSquare);
  const bias = new Float32Array(classes);
  const weights: ClassifierWeights = { columns, buckets, dense, bias, ngrams };
  const places = train.examples.map(({ buckets: ids }) => Int32Array.from(ids, (id) => columns.get(id) ?? -1));
  const random = makeRandom(options.seed);
  const order = train.examples.map((_, i) => i);
  const errors = new Float64Array(classes);
  let best: Fitted | undefined;
  let least = Infinity;

  const step = (list: Float32Array, squares: Float32Array, at: number, value: number, by: number) => {
    for (let c = 0; c < classes; c++) {
      const weight = list[at + c] ?? 0;
      const slope = (errors[c] ?? 0) * value + pull * weight;
      const square = (squares[at + c] ?? 0) + slope * slope;
      squares[at + c] = square;
      list[at + c] = weight - (by * slope) / Math.sqrt(square);
    }
  };

  for (let epoch = 1; epoch <= epochs; epoch++) {
    shuffle(order, random);
    let loss = 0;
    for (const i of order) {
      const example = train.examples[i];
      const place = places[i];
      const truth = train.labels[i] ?? 0;
      if (example === undefined || place === undefined) continue;
      const { values, dense: numbers } = example;
      const seen = new Float32Array(place.length);
      errors.set(bias);
      for (let k = 0; k < place.length; k++) {
        const at = place[k] ?? -1;
        if (at < 0 || random() < dropout) continue;
        const value = ((values[k] ?? 0) * ngrams) / (1 - dropout);
        seen[k] = value;
        for (let c = 0; c < classes; c++) errors[c] = (errors[c] ?? 0) + value * (buckets[at * classes + c] ?? 0);
      }
      addDense(errors, numbers, dense, classes);
      softmax(errors);
      loss -= Math.log(Math.max(1e-9, errors[truth] ?? 0));
      errors[truth] = (errors[truth] ?? 0) - 1;
      const cost = costs[truth] ?? 1;
      for (let c = 0; c < classes; c++) errors[c] = (errors[c] ?? 0) * cost;
      for (let k = 0; k < place.length; k++) {
        const value = seen[k] ?? 0;
        if (value !== 0) step(buckets, bucketSquares, (place[k] ?? 0) * classes, value, rate);
      }
      for (let d = 0; d < denseSize; d++) {
        const value = numbers[d] ?? 0;
        if (value !== 0) step(dense, denseSquares, d * classes, value, denseRate);
      }
      for (let c = 0; c < classes; c++) bias[c] = (bias[c] ?? 0) - biasRate * (errors[c] ?? 0);
    }
    const told = { epoch, loss: loss / Math.max(1, order.length) };
    if (heldBack === undefined) {
      onEpoch?.(told);
      continue;
    }
    const heldBackLoss = lossOf(
      heldBack.examples.map((example) => scoresOf(weights, example, classes)),
      heldBack.labels,
      1,
    );
    onEpoch?.({ ...told, heldBackLoss });
    if (heldBackLoss < least) {
      least = heldBackLoss;
      best = { weights: { columns, buckets: buckets.slice(), dense: dense.slice(), bias: bias.slice(), ngrams }, epoch };
    } else if (epoch - (best?.epoch ?? 0) >= patience) break;
  }
  return best ?? { weights, epoch: epochs };
}

function columnsOf(examples: readonly Example[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { buckets } of examples) for (const bucket of buckets) counts.set(bucket, (counts.get(bucket) ?? 0) + 1);
  const least = examples.length > manyTexts ? 2 : 1;
  const columns = new Map<number, number>();
  for (const [bucket, count] of counts) if (count >= least) columns.set(bucket, columns.size);
  return columns;
}

function addDense(scores: Float64Array, numbers: Float32Array, dense: Float32Array, classes: number): void {
  for (let d = 0; d < numbers.length; d++) {
    const value = numbers[d] ?? 0;
    if (value === 0) continue;
    for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + value * (dense[d * classes + c] ?? 0);
  }
}

/** Before temperature and thresholds. */
export function scoresOf({ columns, buckets, dense, bias, ngrams }: ClassifierWeights, example: Example, classes: number): Float64Array {
  const scores = Float64Array.from(bias);
  for (const [k, bucket] of example.buckets.entries()) {
    const at = columns.get(bucket);
    if (at === undefined) continue;
    const value = (example.values[k] ?? 0) * ngrams;
    for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + value * (buckets[at * classes + c] ?? 0);
  }
  addDense(scores, example.dense, dense, classes);
  return scores;
}

/** Mean log loss in nats, the scores divided by the temperature. */
export function lossOf(scores: readonly Float64Array[], labels: readonly number[], temperature: number): number {
  let sum = 0;
  for (const [i, one] of scores.entries()) {
    const scaled = one.map((score) => score / temperature);
    softmax(scaled);
    sum -= Math.log(Math.max(1e-9, scaled[labels[i] ?? 0] ?? 0));
  }
  return sum / Math.max(1, scores.length);
}
