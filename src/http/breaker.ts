const failuresToOpen = 5;
const firstOpenMs = 5_000;
const longestOpenMs = 120_000;

/** Stops calling a host that keeps failing: after 5 failures in a row none goes out for 5 s, then one probe; each failed probe doubles the pause, up to 2 minutes. */
export interface Breaker {
  /** Milliseconds until the next call may try; 0: go. A call that goes must end in `succeeded`, `failed` or `abandoned`. */
  take(nowMs: number): number;
  succeeded(): void;
  failed(nowMs: number): void;
  /** The call ended without a word on the host's health (it was aborted here). */
  abandoned(): void;
}

export function makeBreaker(): Breaker {
  let failures = 0;
  let openUntil = 0;
  let openMs = firstOpenMs;
  let probing = false;
  return {
    take(nowMs) {
      if (failures < failuresToOpen) return 0;
      if (nowMs < openUntil) return openUntil - nowMs;
      if (probing) return 1_000;
      probing = true;
      return 0;
    },
    succeeded() {
      failures = 0;
      openMs = firstOpenMs;
      probing = false;
    },
    failed(nowMs) {
      failures++;
      if (probing) openMs = Math.min(openMs * 2, longestOpenMs);
      probing = false;
      if (failures >= failuresToOpen) openUntil = nowMs + openMs;
    },
    abandoned() {
      probing = false;
    },
  };
}
