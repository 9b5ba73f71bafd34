/** Hands batches from several writers to one reader; a writer waits while `most` are held. */
export interface Queue<T> {
  put(item: T): Promise<void>;
  take(): Promise<T>;
  /** The reader's next `take` throws it. */
  fail(error: unknown): void;
}

export function makeQueue<T>(most: number): Queue<T> {
  const held: T[] = [];
  let failure: { readonly error: unknown } | undefined;
  let arrived = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  return {
    async put(item) {
      while (held.length >= most) await room.promise;
      held.push(item);
      arrived.resolve();
    },
    async take() {
      for (;;) {
        const item = held.shift();
        if (item !== undefined) {
          room.resolve();
          room = Promise.withResolvers<void>();
          return item;
        }
        if (failure) throw failure.error;
        await arrived.promise;
        arrived = Promise.withResolvers<void>();
      }
    },
    fail(error) {
      failure ??= { error };
      arrived.resolve();
    },
  };
}
