import { makeRandom } from "./linear-train.ts";
import { always, tagBuckets } from "./tagger-features.ts";
import { makeDecoder, type TaggerModel } from "./tagger.ts";

export interface TaggedSentence {
  readonly features: readonly (readonly number[])[];
  /** Numbers of tags. */
  readonly right: readonly number[];
}

export interface TaggerOptions {
  readonly epochs: number;
  /** Share of a word's features that a pass does not see. */
  readonly dropout: number;
  /** Taken from the score of O: more spans are found, and more of them wrongly. */
  readonly bolder: number;
  readonly seed: number;
}

/**
 * Structured perceptron with averaged weights (Collins, 2002). Features of a sentence are dropped at random while it is learned,
 * so that context and shape are learned beside the words themselves.
 */
export function trainTagger(sentences: readonly TaggedSentence[], tags: readonly string[], options: TaggerOptions): TaggerModel {
  const count = tags.length;
  const model: TaggerModel = {
    tags,
    rows: Int32Array.from({ length: tagBuckets }, (_, bucket) => bucket),
    weights: new Float32Array(tagBuckets * count),
    steps: new Float32Array((count + 1) * count),
  };
  const sums = { weights: new Float64Array(tagBuckets * count), steps: new Float64Array((count + 1) * count) };
  const decode = makeDecoder(model);
  const random = makeRandom(options.seed);
  const order = sentences.map((_, i) => i);
  let turn = 1;
  const change = (kind: "weights" | "steps", at: number, by: number): void => {
    model[kind][at] = (model[kind][at] ?? 0) + by;
    sums[kind][at] = (sums[kind][at] ?? 0) + by * turn;
  };
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
    }
    for (const i of order) {
      const sentence = sentences[i];
      if (sentence === undefined) continue;
      const features = options.dropout === 0 ? sentence.features : sentence.features.map((list) => list.filter(() => random() >= options.dropout));
      const said = decode(features);
      for (const [at, right] of sentence.right.entries()) {
        const wrong = said[at] ?? 0;
        const [rightBefore, wrongBefore] = at === 0 ? [count, count] : [sentence.right[at - 1] ?? 0, said[at - 1] ?? 0];
        if (right !== wrong) {
          for (const bucket of features[at] ?? []) {
            change("weights", bucket * count + right, 1);
            change("weights", bucket * count + wrong, -1);
          }
        }
        if (right !== wrong || rightBefore !== wrongBefore) {
          change("steps", rightBefore * count + right, 1);
          change("steps", wrongBefore * count + wrong, -1);
        }
      }
      turn++;
    }
  }
  for (const kind of ["weights", "steps"] as const) for (let at = 0; at < model[kind].length; at++) model[kind][at] = (model[kind][at] ?? 0) - (sums[kind][at] ?? 0) / turn;
  model.weights[always * count] = (model.weights[always * count] ?? 0) - options.bolder;
  return model;
}

/** The mean of several taggers that were learned in other orders: its errors are fewer, its cost the same. */
export function trainTaggers(sentences: readonly TaggedSentence[], tags: readonly string[], options: TaggerOptions, seeds: number): TaggerModel {
  const mean = trainTagger(sentences, tags, options);
  for (let seed = 1; seed < seeds; seed++) {
    const one = trainTagger(sentences, tags, { ...options, seed: options.seed + seed });
    for (const kind of ["weights", "steps"] as const) for (let at = 0; at < mean[kind].length; at++) mean[kind][at] = (mean[kind][at] ?? 0) + (one[kind][at] ?? 0);
  }
  for (const kind of ["weights", "steps"] as const) for (let at = 0; at < mean[kind].length; at++) mean[kind][at] = (mean[kind][at] ?? 0) / seeds;
  return mean;
}
