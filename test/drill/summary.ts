import type { KillRounds } from "./kill-rounds.ts";

export interface DrillFigures {
  readonly rounds: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly revived: number;
  readonly recoveryP95Ms: number | null;
  readonly rollupsWrong: number;
  /** Errors that a life ended with or told of. */
  readonly problems: number;
}

export function summarise(kills: KillRounds | undefined): DrillFigures {
  const sum = (figure: "lost" | "duplicated" | "reordered" | "revived" | "invented") => (kills?.stores ?? []).reduce((total, store) => total + store[figure], 0);
  const recoveries = (kills?.recoveriesMs ?? []).toSorted((a, b) => a - b);
  const p95 = recoveries[Math.min(recoveries.length - 1, Math.floor(recoveries.length * 0.95))];
  return {
    rounds: kills?.rounds ?? 0,
    lost: sum("lost"),
    duplicated: sum("duplicated") + sum("invented"),
    reordered: sum("reordered"),
    revived: sum("revived"),
    recoveryP95Ms: p95 === undefined ? null : Math.round(p95),
    rollupsWrong: kills?.rollupsWrong ?? 0,
    problems: kills?.problems.length ?? 0,
  };
}
