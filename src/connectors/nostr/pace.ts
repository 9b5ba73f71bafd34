import type { Clock } from "../../core/clock.ts";

/** When a relay that said "slow down" may be asked again: how long is not told, so each time in a row twice as long. It outlives a connection. */
export interface Pace {
  /** Resolves when the relay may be asked. Throws the signal's reason. */
  turn(signal: AbortSignal): Promise<void>;
  /** It said so. @returns how often in a row, this time included */
  slowDown(): number;
  /** It answered. */
  worked(): void;
  /** Milliseconds UTC; 0: at once. */
  readonly freeAt: number;
}

const firstPauseMs = 1_000;
const longestPauseMs = 300_000;
/** So often in a row is asked again on the same connection. */
export const mostTries = 7;

export function makePace(clock: Clock): Pace {
  let freeAt = 0;
  let tries = 0;
  return {
    async turn(signal) {
      while (freeAt > clock.now()) await clock.sleep(freeAt - clock.now(), signal);
    },
    slowDown() {
      // Several requests that were on their way are refused together: that is once.
      if (freeAt <= clock.now()) freeAt = clock.now() + Math.min(longestPauseMs, firstPauseMs * 2 ** tries++);
      return tries;
    },
    worked() {
      if (freeAt <= clock.now()) tries = 0;
    },
    get freeAt() {
      return freeAt;
    },
  };
}
