/** Calls that ask for the same at the same time share one. */
export interface SingleFlight<T> {
  /** `lead` runs for the first who asks; its signal aborts when nobody waits any more. Rejects with the caller's own reason when the caller gives up. */
  share(key: string, signal: AbortSignal | undefined, lead: (signal: AbortSignal) => Promise<T>): Promise<{ readonly value: T; readonly isShared: boolean }>;
}

interface Flight<T> {
  readonly value: Promise<T>;
  readonly abort: AbortController;
  waiting: number;
}

export function makeSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();
  return {
    async share(key, signal, lead) {
      signal?.throwIfAborted();
      let flight = flights.get(key);
      const isShared = flight !== undefined;
      if (flight === undefined) {
        const abort = new AbortController();
        const begun: Flight<T> = { abort, waiting: 0, value: lead(abort.signal).finally(() => (flights.get(key) === begun ? flights.delete(key) : undefined)) };
        begun.value.catch(() => undefined);
        flights.set(key, begun);
        flight = begun;
      }
      const mine = flight;
      mine.waiting++;
      const gaveUp = Promise.withResolvers<never>();
      const onAbort = () => gaveUp.reject(signal?.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      try {
        return { value: await (signal === undefined ? mine.value : Promise.race([mine.value, gaveUp.promise])), isShared };
      } finally {
        signal?.removeEventListener("abort", onAbort);
        if (--mine.waiting === 0 && flights.get(key) === mine) {
          // Nobody waits any more; who asks from now on begins anew.
          flights.delete(key);
          mine.abort.abort(signal?.reason);
        }
      }
    },
  };
}
