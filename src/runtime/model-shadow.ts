import type { Judgement } from "../core/judgement.ts";
import type { PostId } from "../core/ids.ts";

/** A post that the candidate judges otherwise. */
export interface ShadowDifference {
  readonly post: PostId;
  readonly at: number;
  /** "": not sure, or nobody judges. */
  readonly said: string;
  readonly candidate: string;
  /** Of the candidate's class. */
  readonly probability: number;
}

export interface ShadowTaken {
  readonly model: string;
  /** See `ModelShadow.pairs`. */
  readonly pairs: Readonly<Record<string, number>>;
  /** The newest; posts by their ids alone, so that what is erased is shown no more. */
  readonly differences: readonly ShadowDifference[];
}

export interface ShadowMeter {
  see(model: string, said: Judgement | undefined, candidate: Judgement, post: () => PostId): void;
  /** What came since it was last taken. */
  take(): readonly ShadowTaken[];
}

const mostDifferences = 50;
export const pairOf = (said: string, candidate: string): string => `${said}\t${candidate}`;

export function makeShadowMeter(now: () => number): ShadowMeter {
  let held = new Map<string, { pairs: Record<string, number>; differences: ShadowDifference[] }>();
  return {
    see(model, said, candidate, post) {
      const one = held.get(model) ?? { pairs: {}, differences: [] };
      held.set(model, one);
      const [before, after] = [said?.label ?? "", candidate.label ?? ""];
      const pair = pairOf(before, after);
      one.pairs[pair] = (one.pairs[pair] ?? 0) + 1;
      if (before === after) return;
      one.differences.push({ post: post(), at: now(), said: before, candidate: after, probability: candidate.probabilities[after] ?? 0 });
      if (one.differences.length > mostDifferences) one.differences.shift();
    },
    take() {
      const taken = [...held].map(([model, { pairs, differences }]) => ({ model, pairs, differences }));
      held = new Map();
      return taken;
    },
  };
}
