import type { KillRounds } from "./kill-rounds.ts";
import type { PowerCuts } from "./power-cuts.ts";

export interface DrillFigures {
  readonly rounds: number;
  readonly cuts: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly revived: number;
  readonly recoveryP95Ms: number | null;
  readonly rollupsWrong: number;
  /** Errors that a life ended with or told of. */
  readonly problems: number;
}

export function summarise(kills: KillRounds | undefined, cuts: PowerCuts | undefined): DrillFigures {
  const compared = [...(kills?.stores ?? []), ...(cuts?.comparisons ?? [])];
  const sum = (figure: "lost" | "duplicated" | "reordered" | "revived" | "invented") => compared.reduce((total, store) => total + store[figure], 0);
  const seen = cuts?.violations ?? { lost: 0, duplicated: 0, reordered: 0 };
  const recoveries = (kills?.recoveriesMs ?? []).toSorted((a, b) => a - b);
  const p95 = recoveries[Math.min(recoveries.length - 1, Math.floor(recoveries.length * 0.95))];
  return {
    rounds: kills?.rounds ?? 0,
    cuts: cuts?.cuts ?? 0,
    lost: sum("lost") + seen.lost,
    duplicated: sum("duplicated") + sum("invented") + seen.duplicated,
    reordered: sum("reordered") + seen.reordered,
    revived: sum("revived") + (kills?.survivors ?? 0),
    recoveryP95Ms: p95 === undefined ? null : Math.round(p95),
    rollupsWrong: (kills?.rollupsWrong ?? 0) + (cuts?.rollupsWrong ?? 0),
    problems: (kills?.problems.length ?? 0) + (cuts?.problems.length ?? 0),
  };
}

/** True where nothing went wrong. */
export function isClean(figures: DrillFigures): boolean {
  return figures.lost + figures.duplicated + figures.reordered + figures.revived + figures.rollupsWrong + figures.problems === 0;
}
