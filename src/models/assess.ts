import { type Headline, type Interval, intervalOf } from "./bootstrap.ts";
import { calibrationErrorOf } from "./evaluate.ts";
import { contributionsOf } from "./explain.ts";
import { faithfulnessOf } from "./faithfulness.ts";
import { figuresOf } from "./figures.ts";
import type { Judge } from "./linear-model.ts";
import { type Slice, slicesOf, type SlicedText } from "./slices.ts";
import { spamTask, taskNamed } from "./tasks.ts";

export interface AssessedText extends SlicedText {
  /** Class number. */
  readonly label: number;
  readonly author?: string;
}

/** What a model came to on texts that it was not trained on; plain data, kept with the model. */
export interface Assessment {
  readonly n: number;
  readonly headline: Headline;
  readonly figure: Interval;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly macroRecall: number;
  readonly f1PerClass: Readonly<Record<string, number>>;
  /** See `Evaluated.calibrationError`. */
  readonly calibrationError: number;
  readonly slices: readonly AssessedSlice[];
  /** Means over the first texts. */
  readonly faithfulness: { readonly ranked: number; readonly random: number; readonly texts: number };
  readonly postsPerCpuSecond: number;
}

export interface AssessedSlice extends Slice {
  readonly n: number;
  /** Absent: too few texts for a figure. */
  readonly figure?: Interval;
}

/** A slice of fewer texts has no figure. */
const leastInSlice = 8;
/** Explanations are costly: the first texts stand for all. */
const mostExplained = 50;

/** The figure that a task is compared by: its own where its classes are those of an embedded task, macro-F1 else. */
export function headlineFor(task: string, classes: readonly string[]): Headline {
  const known = task === spamTask.name ? spamTask : taskNamed(task);
  return known !== undefined && known.classes.length === classes.length && known.classes.every((name, c) => name === classes[c]) ? known.headline : "macroF1";
}

/** @param judge asked for `task`, whose classes have the numbers of the labels */
export function assess(judge: Judge, task: string, classes: readonly string[], texts: readonly AssessedText[]): Assessment {
  const headline = headlineFor(task, classes);
  const before = process.cpuUsage();
  const judgements = texts.map(({ text }) => judge.one(task, text));
  const used = process.cpuUsage(before);
  const right = texts.map(({ label }) => label);
  const said = judgements.map(({ chosen }) => chosen);
  const { macroF1, macroRecall, accuracy, f1PerClass } = figuresOf(right, said, classes.length);
  const figureOf = (places: readonly number[]) =>
    intervalOf({ right: places.map((i) => right[i] ?? 0), said: places.map((i) => said[i] ?? 0), classes: classes.length, authors: places.map((i) => texts[i]?.author) }, headline);
  const explained = texts.slice(0, mostExplained).map(({ text }) => {
    const { order, full, probabilityWithout } = contributionsOf(judge, task, text);
    return faithfulnessOf(order, full, probabilityWithout);
  });
  const mean = (pick: (one: (typeof explained)[number]) => number) => explained.reduce((sum, one) => sum + pick(one), 0) / Math.max(1, explained.length);
  return {
    n: texts.length,
    headline,
    figure: figureOf([...texts.keys()]),
    accuracy,
    macroF1,
    macroRecall,
    f1PerClass: Object.fromEntries(classes.map((name, c) => [name, f1PerClass[c] ?? 0])),
    calibrationError: calibrationErrorOf(
      judgements.map(({ probabilities }, i) => {
        const sureness = Math.max(...probabilities);
        return { sureness, isRight: probabilities.indexOf(sureness) === right[i] };
      }),
    ),
    slices: slicesOf(texts).map(({ by, value, places }) => ({ by, value, n: places.length, ...(places.length >= leastInSlice && { figure: figureOf(places) }) })),
    faithfulness: { ranked: mean(({ ranked }) => ranked), random: mean(({ random }) => random), texts: explained.length },
    postsPerCpuSecond: Math.round(texts.length / Math.max(1e-6, (used.user + used.system) / 1e6)),
  };
}
