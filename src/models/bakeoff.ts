import { differenceOf, type Interval, intervalOf } from "./bootstrap.ts";

export interface BakeoffText {
  readonly text: string;
  /** One of the classes. */
  readonly label: string;
  readonly author?: string;
  readonly language?: string;
}

/** What one model said of all texts, and what that cost. */
export interface BakeoffRun {
  /** A label a text; null: it gave none. */
  readonly labels: readonly (string | null)[];
  /** Of this process, over all texts. */
  readonly cpuSeconds: number;
  readonly seconds: number;
  /** Resident memory that the model added. */
  readonly memoryBytes: number;
}

export interface BakeoffFigures {
  readonly n: number;
  /** A text without an answer counts as wrong. */
  readonly macroF1: Interval;
  readonly accuracy: number;
  /** Share of texts with an answer. */
  readonly answered: number;
  readonly cpuMicrosPerPost: number;
  readonly microsPerPost: number;
  /** What it is compared by: CPU, or the time that passed where the model computes elsewhere. */
  readonly costMicros: number;
  readonly memoryMb: number;
}

/** No answer is a class that is never right: its F1 of 0 is in the mean over one class more, and is taken out of it again. */
const overClasses = ({ value, low, high }: Interval, classes: number): Interval => {
  const scale = (classes + 1) / classes;
  return { value: value * scale, low: low * scale, high: high * scale };
};

function numbered(texts: readonly BakeoffText[], classes: readonly string[], labels: BakeoffRun["labels"]) {
  const places = new Map(classes.map((name, c) => [name.toLowerCase(), c]));
  const placeOf = (label: string | null | undefined): number => (label === null || label === undefined ? classes.length : (places.get(label.toLowerCase()) ?? classes.length));
  return {
    right: texts.map(({ label }) => placeOf(label)),
    said: texts.map((_, i) => placeOf(labels[i])),
    classes: classes.length + 1,
    authors: texts.map(({ author }) => author),
  };
}

/** How much better the second is than the first, in macro-F1 on the same texts (paired bootstrap). */
export function bakeoffDifference(texts: readonly BakeoffText[], classes: readonly string[], first: BakeoffRun["labels"], second: BakeoffRun["labels"]): Interval {
  return overClasses(differenceOf({ ...numbered(texts, classes, first), other: numbered(texts, classes, second).said }, "macroF1"), classes.length);
}

export function bakeoffFigures(texts: readonly BakeoffText[], classes: readonly string[], run: BakeoffRun, isElsewhere: boolean): BakeoffFigures {
  const judgements = numbered(texts, classes, run.labels);
  const { right, said } = judgements;
  const count = Math.max(1, texts.length);
  return {
    n: texts.length,
    macroF1: overClasses(intervalOf(judgements, "macroF1"), classes.length),
    accuracy: right.filter((truth, i) => truth === said[i]).length / count,
    answered: said.filter((one) => one < classes.length).length / count,
    cpuMicrosPerPost: (run.cpuSeconds / count) * 1e6,
    microsPerPost: (run.seconds / count) * 1e6,
    costMicros: ((isElsewhere ? run.seconds : run.cpuSeconds) / count) * 1e6,
    memoryMb: run.memoryBytes / 2 ** 20,
  };
}

/** Those that no other is both better and cheaper than. */
export function frontierOf(figures: readonly (BakeoffFigures | undefined)[]): readonly boolean[] {
  return figures.map(
    (one) =>
      one !== undefined &&
      !figures.some(
        (other) =>
          other !== undefined &&
          other !== one &&
          other.macroF1.value >= one.macroF1.value &&
          other.costMicros <= one.costMicros &&
          (other.macroF1.value > one.macroF1.value || other.costMicros < one.costMicros),
      ),
  );
}
