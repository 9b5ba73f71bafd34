import { figuresOf, type Figures } from "./figures.ts";
import type { Judge } from "./linear-model.ts";
import type { Labelled } from "./corpus.ts";

export interface Evaluated extends Figures {
  readonly postsPerCpuSecond: number;
  /** Expected calibration error of the probability of the likeliest class, 15 bins of equal width. */
  readonly calibrationError: number;
  /** Accuracy on the share of texts that the model is surest of. */
  readonly selective: readonly { readonly coverage: number; readonly accuracy: number; readonly macroRecall: number }[];
}

const bins = 15;
const coverages = [0.2, 0.4, 0.6, 0.8, 1] as const;

/**
 * Judges all texts and compares. `adapts`: where a task's topics shift, the cut between its two classes is set on these very texts,
 * without a look at their labels, so that the second class gets the share that it had in training.
 */
export function evaluateTask(judge: Judge, task: string, { texts, labels, hints }: Labelled, options: { readonly adapts: boolean }): Evaluated {
  const head = judge.heads.get(task);
  const classes = head?.classes ?? 0;
  const before = process.cpuUsage();
  const judgements = texts.map((text, i) => judge.one(task, text, hints?.[i]));
  const used = process.cpuUsage(before);
  const share = head?.expectedShare;
  const said =
    options.adapts && share !== undefined && texts.length >= 100
      ? cutByShare(
          judgements.map(({ probabilities }) => probabilities[1] ?? 0),
          share,
        )
      : judgements.map(({ chosen }) => chosen);
  const sure = judgements.map(({ probabilities }, i) => ({ i, likeliest: argmax(probabilities), sureness: Math.max(...probabilities) }));
  const bySureness = sure.toSorted((a, b) => b.sureness - a.sureness);
  return {
    ...figuresOf(labels, said, classes),
    postsPerCpuSecond: Math.round(texts.length / Math.max(1e-6, (used.user + used.system) / 1e6)),
    calibrationError: calibrationErrorOf(sure.map(({ i, likeliest, sureness }) => ({ sureness, isRight: likeliest === labels[i] }))),
    selective: coverages.map((coverage) => {
      const part = bySureness.slice(0, Math.ceil(bySureness.length * coverage));
      const figures = figuresOf(
        part.map(({ i }) => labels[i] ?? 0),
        part.map(({ i }) => said[i] ?? 0),
        classes,
      );
      return { coverage, accuracy: figures.accuracy, macroRecall: figures.macroRecall };
    }),
  };
}

function cutByShare(probabilities: readonly number[], share: number): readonly number[] {
  const sorted = probabilities.toSorted((a, b) => b - a);
  const cut = sorted[Math.max(0, Math.round(sorted.length * share) - 1)] ?? 0.5;
  return probabilities.map((probability) => (probability >= cut ? 1 : 0));
}

function argmax(list: readonly number[]): number {
  let best = 0;
  for (let c = 1; c < list.length; c++) if ((list[c] ?? 0) > (list[best] ?? 0)) best = c;
  return best;
}

/** Expected calibration error, see `Evaluated`. */
export function calibrationErrorOf(judgements: readonly { readonly sureness: number; readonly isRight: boolean }[]): number {
  const sums = Array.from({ length: bins }, () => ({ count: 0, sureness: 0, right: 0 }));
  for (const { sureness, isRight } of judgements) {
    const bin = sums[Math.min(bins - 1, Math.floor(sureness * bins))];
    if (bin === undefined) continue;
    bin.count++;
    bin.sureness += sureness;
    bin.right += isRight ? 1 : 0;
  }
  return sums.reduce((sum, { sureness, right }) => sum + Math.abs(sureness - right), 0) / Math.max(1, judgements.length);
}
