import type { Task } from "./tasks.ts";

export interface Figures {
  readonly macroF1: number;
  readonly macroRecall: number;
  readonly f1PerClass: readonly number[];
  readonly accuracy: number;
  readonly n: number;
}

/** Of two lists of class numbers, as long as each other. A class that neither holds has an F1 of 0, as in scikit-learn. */
export function figuresOf(right: readonly number[], said: readonly number[], classes: number): Figures {
  const hits = new Float64Array(classes);
  const wrong = new Float64Array(classes);
  const missed = new Float64Array(classes);
  let correct = 0;
  for (const [i, truth] of right.entries()) {
    const guess = said[i] ?? -1;
    if (guess === truth) {
      correct++;
      hits[truth] = (hits[truth] ?? 0) + 1;
    } else {
      missed[truth] = (missed[truth] ?? 0) + 1;
      if (guess >= 0) wrong[guess] = (wrong[guess] ?? 0) + 1;
    }
  }
  const f1PerClass = Array.from(hits, (hit, c) => (hit === 0 ? 0 : (2 * hit) / (2 * hit + (wrong[c] ?? 0) + (missed[c] ?? 0))));
  const recalls = Array.from(hits, (hit, c) => (hit === 0 ? 0 : hit / (hit + (missed[c] ?? 0))));
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
  return { macroF1: mean(f1PerClass), macroRecall: mean(recalls), f1PerClass, accuracy: right.length === 0 ? 0 : correct / right.length, n: right.length };
}

export function headlineOf(task: Pick<Task, "headline">, figures: Figures): number {
  const [, second = 0, third = 0] = figures.f1PerClass;
  switch (task.headline) {
    case "macroF1":
      return figures.macroF1;
    case "macroRecall":
      return figures.macroRecall;
    case "f1OfSecond":
      return second;
    case "f1OfSecondAndThird":
      return (second + third) / 2;
  }
}
