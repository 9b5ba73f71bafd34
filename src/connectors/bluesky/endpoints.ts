import type { Clock } from "../../core/clock.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";

const stableAfterMs = 10_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;

/**
 * Goes round a list of servers of one stream: a cut connection is opened again at once, on the next server where there is one.
 * Gives up (throws the last error) after every server failed in a row without having said anything new.
 */
export interface Rotation {
  readonly endpoint: string;
  /** Tells that the connection yields messages. */
  worked(): void;
  /** To be called with what ended the connection; resolves when the next try may start. */
  failed(thrown: unknown, signal: AbortSignal): Promise<void>;
  started(): void;
}

export function makeRotation(endpoints: readonly string[], clock: Clock): Rotation {
  let index = 0;
  let failures = 0;
  let startedAt = 0;
  let pauseMs = firstPauseMs;
  return {
    get endpoint() {
      return endpoints[index % endpoints.length] ?? "";
    },
    started() {
      startedAt = clock.monotonicMs();
    },
    worked() {
      failures = 0;
      pauseMs = firstPauseMs;
    },
    async failed(thrown, signal) {
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "stream");
      failures++;
      index++;
      if (failures >= endpoints.length + 1) throw error;
      if (error.kind !== "transient") throw new EarshotError("UPSTREAM_UNAVAILABLE", error.message, { cause: error });
      if (clock.monotonicMs() - startedAt >= stableAfterMs) {
        pauseMs = firstPauseMs;
        return;
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    },
  };
}
