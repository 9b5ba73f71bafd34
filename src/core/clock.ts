/** The only way to the time. */
export interface Clock {
  /** Milliseconds UTC. */
  now(): number;
  /** Milliseconds that only rise, from any origin; for durations. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(signal.reason);
      return promise;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
    return promise;
  },
};

/** A clock for tests: time moves by `advance` alone, and wakes the sleepers that are due, in order. */
export interface FakeClock extends Clock {
  advance(ms: number): Promise<void>;
  /** When the first of those that sleep is due, milliseconds UTC; undefined: nobody sleeps. */
  nextAt(): number | undefined;
}

export function makeFakeClock(startMs: number): FakeClock {
  let nowMs = startMs;
  const sleepers: { at: number; wake: () => void }[] = [];
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    sleep(ms, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (signal?.aborted) {
        reject(signal.reason);
        return promise;
      }
      const sleeper = { at: nowMs + ms, wake: resolve };
      sleepers.push(sleeper);
      signal?.addEventListener("abort", () => {
        const index = sleepers.indexOf(sleeper);
        if (index >= 0) sleepers.splice(index, 1);
        reject(signal.reason);
      });
      return promise;
    },
    nextAt: () => (sleepers.length === 0 ? undefined : Math.min(...sleepers.map(({ at }) => at))),
    async advance(ms) {
      const end = nowMs + ms;
      for (;;) {
        for (let turn = 0; turn < 20; turn++) await Promise.resolve();
        sleepers.sort((a, b) => a.at - b.at);
        const next = sleepers[0];
        if (next === undefined || next.at > end) break;
        sleepers.shift();
        nowMs = Math.max(nowMs, next.at);
        next.wake();
      }
      nowMs = end;
    },
  };
}
