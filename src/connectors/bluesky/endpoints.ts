import type { Clock } from "../../core/clock.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";

const stableAfterMs = 10_000;
const firstPauseMs = 500;
const longestPauseMs = 15_000;
/** Whoever waits longer is told so from outside. */
const longestHoldMs = 120_000;

/**
 * Goes round a list of servers of one stream: a cut connection is opened again at once, on the next server where there is one.
 * One that says when it may be asked again is passed over until then; when all did, the earliest is waited for.
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
  /** By host: not before, milliseconds UTC. */
  const heldUntil = new Map<string, number>();
  const freeAt = (at: number): number => heldUntil.get(hostOf(endpoints[at % endpoints.length] ?? "")) ?? 0;
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
      if (error.retryAt !== undefined) heldUntil.set(hostOf(endpoints[index % endpoints.length] ?? ""), error.retryAt);
      index++;
      for (let passed = 1; passed < endpoints.length && freeAt(index) > clock.now(); passed++) index++;
      const heldMs = Math.max(0, Math.min(...endpoints.map((_, at) => freeAt(at))) - clock.now());
      if (failures >= endpoints.length + 1) throw error;
      if (error.kind !== "transient") throw new EarshotError("UPSTREAM_UNAVAILABLE", error.message, { cause: error });
      if (heldMs > longestHoldMs) throw new EarshotError(error.code, error.message, { cause: error, retryAt: clock.now() + heldMs });
      if (heldMs > 0) {
        // The one that is free first is taken then.
        for (let passed = 1; passed < endpoints.length && freeAt(index) > clock.now() + heldMs; passed++) index++;
        await clock.sleep(heldMs, signal).catch(() => undefined);
        return;
      }
      if (clock.monotonicMs() - startedAt >= stableAfterMs) {
        pauseMs = firstPauseMs;
        return;
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    },
  };
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : endpoint;
}
