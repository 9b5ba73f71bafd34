import type { Clock } from "../core/clock.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";

export interface CanaryOptions {
  /** Of the source. */
  readonly id: string;
  readonly clock: Clock;
  /** One cheap call that fails when the credential is dead. */
  readonly ask: () => Promise<void>;
  /** Monotonic milliseconds of the source's last call that went well. */
  readonly answeredAt: () => number;
  readonly onRefused: (error: EarshotError) => void;
  /** A call went well after one that was refused. */
  readonly onWell: () => void;
}

/** With the time of an answer a credential that dies is noticed within five minutes. */
const everyMs = 4 * 60_000;
const patienceMs = 30_000;

/** Asks the platform now and then whether the credential still lives, where the source itself had no answer meanwhile. Ends with the signal. */
export async function watchCredential(options: CanaryOptions, signal: AbortSignal): Promise<void> {
  const { id, clock, ask } = options;
  let askedAt = clock.monotonicMs();
  let isRefused = false;
  while (!signal.aborted) {
    const waitMs = Math.max(options.answeredAt(), askedAt) + everyMs - clock.monotonicMs();
    try {
      if (waitMs > 0) {
        await clock.sleep(waitMs, signal);
        continue;
      }
      askedAt = clock.monotonicMs();
      const asked = ask();
      // After an answer that came too late nobody listens.
      asked.catch(() => undefined);
      const late = new AbortController();
      const timer = clock.sleep(patienceMs, AbortSignal.any([signal, late.signal])).then(() => Promise.reject(new EarshotError("UPSTREAM_UNAVAILABLE", "no answer")));
      timer.catch(() => undefined);
      await Promise.race([asked, timer]).finally(() => late.abort());
      if (isRefused) options.onWell();
      isRefused = false;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", id);
      // What else fails says nothing about the credential, and the source itself meets it.
      if (error.code !== "UPSTREAM_AUTH") continue;
      isRefused = true;
      options.onRefused(error);
    }
  }
}
