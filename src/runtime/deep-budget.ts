/** Seconds that may be spent: `share` of each second that passes, four seconds' worth at most. Spending beyond leaves a debt. */
export interface DeepBudget {
  left(): number;
  spend(seconds: number): void;
}

const heldSeconds = 4;

export function makeDeepBudget(share: number, nowMs: () => number): DeepBudget {
  const most = share * heldSeconds;
  let held = most;
  let at = nowMs();
  return {
    left() {
      const now = nowMs();
      held = Math.min(most, held + ((now - at) / 1_000) * share);
      at = now;
      return held;
    },
    spend(seconds) {
      held -= seconds;
    },
  };
}
