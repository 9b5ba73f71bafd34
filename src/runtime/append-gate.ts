import type { EmbeddedLog } from "../logs/embedded.ts";

export interface AppendGate {
  /** The same log; what is appended through it waits while the gate is closed. */
  readonly log: EmbeddedLog;
  /** Resolves when no append is under way any more. */
  close(): Promise<void>;
  open(): void;
}

/** Holds back what comes from outside (pages, imports, commands), so that everything behind it can come to rest. */
export function makeAppendGate(log: EmbeddedLog): AppendGate {
  let closed: PromiseWithResolvers<void> | undefined;
  const underWay = new Set<Promise<unknown>>();
  return {
    log: {
      ...log,
      async append(topic, partition, frames) {
        while (closed !== undefined) await closed.promise;
        const run = log.append(topic, partition, frames);
        underWay.add(run);
        try {
          return await run;
        } finally {
          underWay.delete(run);
        }
      },
    },
    async close() {
      closed ??= Promise.withResolvers<void>();
      await Promise.allSettled([...underWay]);
    },
    open() {
      closed?.resolve();
      closed = undefined;
    },
  };
}
