import type { Labelled } from "./corpus.ts";
import { bucketCount, type Extractor } from "./features.ts";
import { figuresOf, headlineOf } from "./figures.ts";
import { type Head, judged, type LinearModel, logOf, outputsOf, standardise } from "./linear-model.ts";
import { type Example, softmax, type Trained, type TrainOptions, trainLinear } from "./linear-train.ts";
import { baseTasks, type Task } from "./tasks.ts";

export interface TrainingReport {
  (line: string): void;
}

interface Set {
  readonly task: Task;
  readonly train: { readonly examples: readonly Example[]; readonly labels: readonly number[] };
  readonly check: { readonly examples: readonly Example[]; readonly labels: readonly number[] };
}

const epochsOf = (texts: number): number => (texts > 20_000 ? 8 : texts > 5_000 ? 15 : 25);

const optionsOf = ({ balance, classes }: Task, texts: number): TrainOptions => ({
  classes: classes.length,
  epochs: epochsOf(texts),
  rate: texts > 20_000 ? 0.08 : 0.05,
  pull: texts > 20_000 ? 1e-5 : 5e-5,
  densePull: 1e-3,
  dropout: 0.5,
  balance,
  seed: 1,
});

export interface TaskData {
  readonly task: Task;
  readonly train: Labelled;
  /** Not trained on: temperatures and shifts are chosen by it. */
  readonly check: Labelled;
}

export interface ModelOptions {
  readonly version: string;
  /** N-grams that are kept: the others weigh least. */
  readonly rows: number;
  /** Word vectors and the like are looked at. */
  readonly dense: boolean;
}

/**
 * Trains on the training texts, chooses temperatures and cuts on the others and reports the figures there; then trains anew on all of them.
 * Nothing that these texts say of the model that is given back is a fair figure: the reported ones are.
 */
export function trainModel(raw: readonly TaskData[], extractor: Extractor, options: ModelOptions, report: TrainingReport): LinearModel {
  const { heads } = fit(raw, extractor, options, report);
  const all = raw.map(({ task, train, check }) => ({ task, train: joinedTexts(train, check), check }));
  return fit(all, extractor, options, report, heads);
}

function joinedTexts(a: Labelled, b: Labelled): Labelled {
  return { texts: [...a.texts, ...b.texts], labels: [...a.labels, ...b.labels], ...(a.hints && b.hints && { hints: [...a.hints, ...b.hints] }) };
}

/** The heads of all tasks; the stacked ones after the base ones. @param chosen temperatures and cuts of an earlier training; absent: they are chosen */
function fit(raw: readonly TaskData[], extractor: Extractor, options: ModelOptions, report: TrainingReport, chosen?: readonly Head[]): LinearModel {
  const headFor = (set: Set, trained: Trained, isBase: boolean): Head =>
    chosen?.find((head) => head.task === set.task.name && head.isBase === isBase) ?? headOf(set, trained, isBase, report);
  const { means, deviations } = momentsOf(
    raw.map(({ train }) => train),
    extractor,
  );
  const examplesOf = ({ texts, hints }: Labelled): readonly Example[] =>
    texts.map((text, i) => {
      const { count, buckets, values, dense } = extractor.extract(text, hints?.[i]);
      return {
        buckets: buckets.slice(0, count),
        values: values.slice(0, count),
        dense: dense.map((value, d) => (options.dense ? standardise(value, means[d] ?? 0, deviations[d] ?? 1) : 0)),
      };
    });
  const sets: readonly Set[] = raw.map(({ task, train, check }) => ({
    task,
    train: { examples: examplesOf(train), labels: train.labels },
    check: { examples: examplesOf(check), labels: check.labels },
  }));
  const heads: Head[] = [];
  const parts: Trained[] = [];
  const bases = sets.filter(({ task }) => !task.isStacked || baseTasks.includes(task.name));
  for (const set of bases) {
    const trained = trainLinear(set.train.examples, set.train.labels, optionsOf(set.task, set.train.labels.length));
    parts.push(trained);
    heads.push(headFor(set, trained, true));
  }
  const base = parts.slice();
  const told = (example: Example): Float32Array => Float32Array.from(base.flatMap((trained) => Array.from(probabilitiesOf(trained, example), logOf)));
  const moments = momentsOfNumbers(sets.flatMap(({ train }) => train.examples.filter((_, i) => i % 10 === 0).map(told)));
  for (const set of sets) {
    if (!set.task.isStacked) continue;
    let from = 0;
    const own = { from: -1, to: -1 };
    for (const [i, { task }] of bases.entries()) {
      const classes = base[i]?.classes ?? 0;
      if (task.name === set.task.name) [own.from, own.to] = [from, from + classes];
      from += classes;
    }
    const stacked = (examples: readonly Example[]): readonly Example[] =>
      examples.map((example) => {
        const more = told(example).map((value, k) => (k >= own.from && k < own.to ? 0 : standardise(value, moments.means[k] ?? 0, moments.deviations[k] ?? 1)));
        const dense = new Float32Array(example.dense.length + more.length);
        dense.set(example.dense);
        dense.set(more, example.dense.length);
        return { ...example, dense };
      });
    const whole: Set = { task: set.task, train: { ...set.train, examples: stacked(set.train.examples) }, check: { ...set.check, examples: stacked(set.check.examples) } };
    const trained = trainLinear(whole.train.examples, whole.train.labels, optionsOf(set.task, set.train.labels.length));
    parts.push(trained);
    heads.push(headFor(whole, trained, false));
  }
  return joined(heads, parts, options, { means: joinFloats(means, moments.means), deviations: joinFloats(deviations, moments.deviations) });
}

function scoresOf({ classes, buckets, dense, bias }: Trained, example: Example): Float64Array {
  const scores = Float64Array.from(bias);
  for (const [k, bucket] of example.buckets.entries())
    for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + (example.values[k] ?? 0) * (buckets[bucket * classes + c] ?? 0);
  for (const [d, value] of example.dense.entries()) for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + value * (dense[d * classes + c] ?? 0);
  return scores;
}

function probabilitiesOf(trained: Trained, example: Example): Float64Array {
  const scores = scoresOf(trained, example);
  softmax(scores);
  return scores;
}

/** In the wild the second class is rarer than in a corpus that was gathered for it: a cut is chosen as if so many texts were of it. */
const wildShare = 0.4;

/** Temperature by the likelihood, shifts by the task's figure, both on texts that were not trained on. */
function headOf({ task, check, train }: Set, trained: Trained, isBase: boolean, report: TrainingReport): Head {
  const scores = check.examples.map((example) => scoresOf(trained, example));
  const classes = trained.classes;
  let temperature = 1;
  let least = Infinity;
  for (let tried = 0.5; tried <= 4; tried *= 1.1) {
    const loss = scores.reduce((sum, one, i) => {
      const scaled = one.map((score) => score / tried);
      softmax(scaled);
      return sum - Math.log(Math.max(1e-9, scaled[check.labels[i] ?? 0] ?? 0));
    }, 0);
    if (loss < least) [least, temperature] = [loss, tried];
  }
  const common = { task: task.name, isBase, classes, temperature, names: task.classes };
  const figureWith = (shifts: readonly number[]) => {
    const head: Head = { ...common, shifts };
    return headlineOf(
      task,
      figuresOf(
        check.labels,
        scores.map((one) => judged(one, 0, head).chosen),
        classes,
      ),
    );
  };
  const none = Array.from({ length: classes }, () => 0);
  let shifts: readonly number[] = none;
  const plain = figureWith(none);
  // One cut alone is chosen, and only where the figure asks for it: many cuts on few texts would be chance.
  if (task.headline === "f1OfSecond") {
    const seconds = check.labels.filter((label) => label === 1).length;
    const cost = ((seconds / Math.max(1, check.labels.length - seconds)) * (1 - wildShare)) / wildShare;
    let best = 0;
    for (let by = -0.2; by <= 1.5; by += 0.1) {
      const said = scores.map((one) => judged(one, 0, { ...common, shifts: [0, by] }).chosen);
      const hits = said.filter((guess, i) => guess === 1 && check.labels[i] === 1).length;
      const wrong = said.filter((guess, i) => guess === 1 && check.labels[i] === 0).length;
      const figure = hits / (hits + 0.5 * (wrong * cost + seconds - hits));
      if (figure > best + 1e-9) [best, shifts] = [figure, [0, by]];
    }
  }
  report(
    `${isBase ? "base " : ""}${task.name}: ${task.headline} ${figureWith(shifts).toFixed(4)} (without shift ${plain.toFixed(4)}), temperature ${temperature.toFixed(2)}, ${check.labels.length} texts`,
  );
  const second = train.labels.filter((label) => label === 1).length / train.labels.length;
  return { ...common, shifts, ...(task.shifts === true && { expectedShare: second }) };
}

function momentsOf(sets: readonly Labelled[], extractor: Extractor) {
  const numbers = sets.flatMap(({ texts }) => texts.filter((_, i) => i % 7 === 0).map((text) => extractor.extract(text).dense.slice()));
  return momentsOfNumbers(numbers);
}

function momentsOfNumbers(rows: readonly Float32Array[]): { readonly means: Float32Array; readonly deviations: Float32Array } {
  const size = rows[0]?.length ?? 0;
  const [sums, squares] = [new Float64Array(size), new Float64Array(size)];
  for (const row of rows)
    for (let d = 0; d < size; d++) {
      const value = row[d] ?? 0;
      sums[d] = (sums[d] ?? 0) + value;
      squares[d] = (squares[d] ?? 0) + value * value;
    }
  const means = Float32Array.from(sums, (sum) => sum / rows.length);
  return { means, deviations: Float32Array.from(squares, (square, d) => Math.sqrt(Math.max(0, square / rows.length - (means[d] ?? 0) ** 2) + 1e-6)) };
}

function joinFloats(a: Float32Array, b: Float32Array): Float32Array {
  const all = new Float32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** All heads in one matrix of bytes; buckets that weigh little in every head are left out. */
function joined(heads: readonly Head[], parts: readonly Trained[], { version, rows: keptRows }: ModelOptions, moments: Pick<LinearModel, "means" | "deviations">): LinearModel {
  const outputs = outputsOf(heads);
  const scales = new Float32Array(outputs);
  const weights = new Float32Array(bucketCount);
  let column = 0;
  for (const { classes, buckets } of parts) {
    let squares = 0;
    for (const weight of buckets) squares += weight * weight;
    const typical = Math.sqrt(squares / buckets.length) || 1;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      let norm = 0;
      for (let c = 0; c < classes; c++) {
        const weight = (buckets[bucket * classes + c] ?? 0) / typical;
        norm += weight * weight;
        const size = Math.abs(buckets[bucket * classes + c] ?? 0);
        if (size > (scales[column + c] ?? 0)) scales[column + c] = size;
      }
      weights[bucket] = (weights[bucket] ?? 0) + norm / classes;
    }
    column += classes;
  }
  for (let o = 0; o < outputs; o++) scales[o] = (scales[o] ?? 0) / 127 || 1;
  const order = Array.from(weights.keys()).sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0));
  const kept = order.slice(0, keptRows).sort((a, b) => a - b);
  const rows = new Int32Array(bucketCount).fill(-1);
  const matrix = new Int8Array(kept.length * outputs);
  const denseRows = moments.means.length;
  const dense = new Float32Array(denseRows * outputs);
  const bias = new Float32Array(outputs);
  for (const [row, bucket] of kept.entries()) rows[bucket] = row;
  column = 0;
  for (const trained of parts) {
    const { classes } = trained;
    for (let c = 0; c < classes; c++) {
      const o = column + c;
      bias[o] = trained.bias[c] ?? 0;
      for (const [row, bucket] of kept.entries()) matrix[row * outputs + o] = Math.round((trained.buckets[bucket * classes + c] ?? 0) / (scales[o] ?? 1));
      for (let d = 0; d < denseRows; d++) dense[d * outputs + o] = trained.dense[d * classes + c] ?? 0;
    }
    column += classes;
  }
  return { version, heads, rows, matrix, scales, dense, bias, ...moments };
}
