import { figuresOf, headlineOf } from "./figures.ts";
import { type Head, judged, softmaxOf } from "./linear-model.ts";
import type { Task } from "./tasks.ts";

export interface TrainingReport {
  (line: string): void;
}

export const bareHead = ({ name, classes }: Task): Head => ({ task: name, classes: classes.length, names: classes, temperature: 1, shifts: classes.map(() => 0) });

/** What a task's planes become a judge by. */
interface FittedHead {
  readonly head: Head;
  /** Added to each class's score, so that probabilities have the classes' shares; empty: nothing is. */
  readonly lifts: readonly number[];
}

/** In the wild the second class is rarer than in a corpus that was gathered for it: a cut is chosen as if so many texts were of it. */
const wildShare = 0.4;

/**
 * Probabilities by the likelihood, shifts by the task's figure, both on texts that were not trained on. What is reported of many numbers
 * (lifts) is cross-fitted: each half of the texts is judged by what the other half chose.
 * @param scores logarithms, by class
 */
export function headOf(task: Task, scores: readonly Float64Array[], labels: readonly number[], trained: readonly number[], report: TrainingReport): FittedHead {
  const classes = task.classes.length;
  const fitted = fit(task, scores, labels, trained);
  const none = bareHead(task);
  const plain = headlineOf(task, figuresOf(labels, said(scores, none, []), classes));
  const figure = headlineOf(task, figuresOf(labels, task.lifted === true ? saidAcross(task, scores, labels, trained) : said(scores, fitted.head, []), classes));
  report(`${task.name}: ${task.headline} ${figure.toFixed(4)} (without shift ${plain.toFixed(4)}), temperature ${fitted.head.temperature.toFixed(2)}, ${labels.length} texts`);
  const second = trained.filter((label) => label === 1).length / trained.length;
  return { ...fitted, head: { ...fitted.head, ...(task.shifts === true && { expectedShare: second }) } };
}

function said(scores: readonly Float64Array[], head: Head, lifts: readonly number[]): readonly number[] {
  return scores.map((one) => judged(lifted(one, lifts), 0, head).chosen);
}

function saidAcross(task: Task, scores: readonly Float64Array[], labels: readonly number[], trained: readonly number[]): readonly number[] {
  const guesses = labels.map(() => 0);
  for (const half of [0, 1]) {
    const of = <T>(list: readonly T[], isOwn: boolean): readonly T[] => list.filter((_, i) => (i % 2 === half) === isOwn);
    const { head, lifts } = fit(task, of(scores, false), of(labels, false), trained);
    for (const [k, guess] of said(of(scores, true), head, lifts).entries()) guesses[2 * k + half] = guess;
  }
  return guesses;
}

const lifted = (one: Float64Array, lifts: readonly number[]): Float64Array => (lifts.length === 0 ? one : one.map((score, c) => score + (lifts[c] ?? 0)));

function fit(task: Task, scores: readonly Float64Array[], labels: readonly number[], trained: readonly number[]): FittedHead {
  const classes = task.classes.length;
  const even: readonly number[] = task.classes.map(() => 0);
  const lifts = task.lifted === true ? liftsOf(scores, labels, classes) : [];
  const raised = scores.map((one) => lifted(one, lifts));
  const common = { task: task.name, classes, names: task.classes, temperature: temperatureOf(raised, labels, classes) };
  if (task.evens !== undefined) {
    const { evens } = task;
    const shares = sharesOf(trained, classes);
    return { lifts, head: { ...common, shifts: shares.map((share) => -evens * common.temperature * Math.log(share)) } };
  }
  // One cut alone is chosen, and only where the figure asks for it: many cuts on few texts would be chance.
  return { lifts, head: { ...common, shifts: task.headline === "f1OfSecond" ? cutOf(scores, labels, { ...common, shifts: even }) : even } };
}

function cutOf(scores: readonly Float64Array[], labels: readonly number[], head: Head): readonly number[] {
  const seconds = labels.filter((label) => label === 1).length;
  const cost = ((seconds / Math.max(1, labels.length - seconds)) * (1 - wildShare)) / wildShare;
  let shifts: readonly number[] = [0, 0];
  let best = 0;
  for (let by = -0.5; by <= 1; by += 0.05) {
    const chosen = said(scores, { ...head, shifts: [0, by] }, []);
    const hits = chosen.filter((guess, i) => guess === 1 && labels[i] === 1).length;
    const wrong = chosen.filter((guess, i) => guess === 1 && labels[i] === 0).length;
    const figure = hits / (hits + 0.5 * (wrong * cost + seconds - hits));
    if (figure > best + 1e-9) [best, shifts] = [figure, [0, by]];
  }
  return shifts;
}

function sharesOf(labels: readonly number[], classes: number): readonly number[] {
  return Array.from({ length: classes }, (_, c) => Math.max(1, labels.filter((label) => label === c).length) / Math.max(1, labels.length));
}

const liftPasses = 3;
const liftRounds = 10;

/** Of the best likelihood: the mean probability of each class becomes its share (vector scaling; Guo et al., On calibration, ICML 2017). */
function liftsOf(scores: readonly Float64Array[], labels: readonly number[], classes: number): readonly number[] {
  const shares = sharesOf(labels, classes);
  let lifts: readonly number[] = shares.map(() => 0);
  for (let pass = 0; pass < liftPasses; pass++) {
    const temperature = temperatureOf(
      scores.map((one) => lifted(one, lifts)),
      labels,
      classes,
    );
    for (let round = 0; round < liftRounds; round++) {
      const means = Array.from({ length: classes }, () => 0);
      for (const one of scores)
        for (const [c, probability] of softmaxOf(lifted(one, lifts), 0, classes, temperature).entries()) means[c] = (means[c] ?? 0) + probability / scores.length;
      lifts = lifts.map((lift, c) => lift + temperature * Math.log((shares[c] ?? 1) / Math.max(1e-9, means[c] ?? 0)));
    }
  }
  return lifts;
}

/** With the best likelihood (Guo et al., On calibration, ICML 2017): one number, so that what is likeliest is what is chosen. */
function temperatureOf(scores: readonly Float64Array[], labels: readonly number[], classes: number): number {
  let temperature = 1;
  let least = Infinity;
  for (let tried = 0.1; tried <= 8; tried *= 1.05) {
    const loss = scores.reduce((sum, one, i) => sum - Math.log(Math.max(1e-9, softmaxOf(one, 0, classes, tried)[labels[i] ?? 0] ?? 0)), 0);
    if (loss < least) [least, temperature] = [loss, tried];
  }
  return temperature;
}
