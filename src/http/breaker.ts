const failuresToOpen = 5;
const firstOpenMs = 5_000;
const longestOpenMs = 120_000;
/** Others look again so often whether the probe is back. */
const probeLookMs = 1_000;

/** Stops calling a host that keeps failing: after 5 failures in a row none goes out for 5 s, then one probe; each failed probe doubles the pause, up to 2 minutes. */
export interface Breaker {
  /** Milliseconds until a call may try; 0: it may. Takes nothing. */
  waitMs(nowMs: number): number;
  /** As `waitMs`; a call that goes must end in `succeeded`, `failed` or `abandoned`. */
  take(nowMs: number): number;
  succeeded(): void;
  failed(nowMs: number): void;
  /** The call ended without a word on the host's health (it was aborted here). */
  abandoned(): void;
  state(nowMs: number): BreakerState;
}

export interface BreakerState {
  /** half-open: the next call, or one on its way, decides. */
  readonly state: "closed" | "open" | "half-open";
  /** Milliseconds UTC; only while open. */
  readonly openUntil?: number;
  /** How often it opened. */
  readonly opened: number;
}

export function makeBreaker(): Breaker {
  let failures = 0;
  let openUntil = 0;
  let openMs = firstOpenMs;
  let probing = false;
  let opened = 0;
  const waitMs = (nowMs: number) => {
    if (failures < failuresToOpen) return 0;
    if (nowMs < openUntil) return openUntil - nowMs;
    return probing ? probeLookMs : 0;
  };
  return {
    waitMs,
    take(nowMs) {
      const ms = waitMs(nowMs);
      if (ms === 0 && failures >= failuresToOpen) probing = true;
      return ms;
    },
    succeeded() {
      failures = 0;
      openMs = firstOpenMs;
      probing = false;
    },
    failed(nowMs) {
      failures++;
      if (probing) openMs = Math.min(openMs * 2, longestOpenMs);
      // Calls that were on their way when it opened do not prolong the pause.
      if (failures === failuresToOpen || probing) {
        openUntil = nowMs + openMs;
        opened++;
      }
      probing = false;
    },
    abandoned() {
      probing = false;
    },
    state(nowMs) {
      if (failures < failuresToOpen) return { state: "closed", opened };
      return nowMs < openUntil ? { state: "open", openUntil, opened } : { state: "half-open", opened };
    },
  };
}
