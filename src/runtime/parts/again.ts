import { EarshotError } from "../../core/errors.ts";
import type { Post } from "../../core/event.ts";
import { idWords } from "../../core/ids.ts";
import type { Query } from "../../core/query.ts";
import type { AgainWhat } from "../../stages/again.ts";
import type { Threads } from "../boot.ts";
import { partitionOf } from "../ingest.ts";

export interface AgainPartOptions {
  readonly threads: () => Threads;
  readonly partitions: number;
  readonly signal: AbortSignal;
}

export interface AgainProgress {
  /** Posts that the search holds and the query finds, looked at so far. */
  readonly looked: number;
  readonly of: number;
  readonly changed: number;
}

/** Fewer at once: what comes meanwhile waits so long. */
const postsAtOnce = 100;

/** Lets today's stages look at stored posts again, in the background, one way through them after the other. */
export function makeAgainPart({ threads, partitions, signal }: AgainPartOptions) {
  let jobs: Promise<unknown> = Promise.resolve();
  const watch = (watched: boolean) => Promise.all(threads().refine.map((thread) => thread.caller.call("watchForms", watched)));

  async function look(posts: readonly Post[], what: AgainWhat): Promise<number> {
    const byPartition = Map.groupBy(posts, ({ id }) => partitionOf(idWords(id), partitions));
    const changed = await Promise.all(
      [...byPartition].map(async ([partition, own]) => {
        let sum = 0;
        for (let at = 0; at < own.length; at += postsAtOnce)
          sum += await threads()
            .refineOf(partition)
            .caller.call("again", { partition, posts: own.slice(at, at + postsAtOnce), what });
        return sum;
      }),
    );
    return changed.reduce((sum, count) => sum + count, 0);
  }

  async function way(query: Query, what: AgainWhat, onProgress: (progress: AgainProgress) => Promise<boolean>): Promise<AgainProgress> {
    const { read, stores } = threads();
    // Edits from here on are remembered; those before are found once the stores have them.
    await watch(true);
    try {
      await stores.caller.call("drain", undefined);
      const progress = { looked: 0, of: (await read.caller.call("count", { query, filter: {} })).posts, changed: 0 };
      // What has lost its body would be made of an empty text, and lose its words and terms too.
      const job = await read.caller.call("openExport", { query, filter: {}, onlyWhole: true });
      try {
        while (await onProgress(progress)) {
          if (signal.aborted) throw new EarshotError("STORE_UNAVAILABLE", "stored posts: stopping; it begins anew at the next start");
          const page = await read.caller.call("nextExport", job);
          if (page === undefined) break;
          progress.changed += await look(page, what);
          progress.looked += page.length;
        }
      } finally {
        await read.caller.call("closeExport", job);
      }
      // Who is told that it is over finds what it made.
      if (progress.changed > 0) await stores.caller.call("drain", undefined);
      return progress;
    } finally {
      if (!signal.aborted) await watch(false);
    }
  }

  return {
    /** @param onProgress false: it is to end there */
    run(query: Query, what: AgainWhat, onProgress: (progress: AgainProgress) => Promise<boolean>): Promise<AgainProgress> {
      const done = jobs.then(() => way(query, what, onProgress));
      jobs = done.catch(() => undefined);
      return done;
    },
    isStopping: () => signal.aborted,
    settled: () => jobs,
  };
}
export type AgainPart = ReturnType<typeof makeAgainPart>;
