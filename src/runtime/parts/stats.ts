import type { Clock } from "../../core/clock.ts";
import type { Collector } from "../collect.ts";
import type { EngineStats } from "../engine.ts";
import type { Base, Threads } from "../boot.ts";
import type { Limits } from "./limits.ts";

/** Figures of the running system, gathered at most once a second, however many ask. */
export function makeStats(options: {
  readonly base: Base;
  readonly threads: Threads;
  readonly collector: Collector;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly rejectedOpen: () => Promise<number>;
}) {
  const { base, threads, collector, limits, clock } = options;
  const startedAt = clock.now();
  let last: { readonly at: number; readonly collected: number; readonly refined: number } = { at: clock.monotonicMs(), collected: 0, refined: 0 };
  let rates = { collectedPerSecond: 0, refinedPerSecond: 0 };
  let gathered: { readonly at: number; readonly stats: Promise<EngineStats> } | undefined;

  async function gather(): Promise<EngineStats> {
    const [events, posts, rejected, stores, refine, rejectedOpen] = await Promise.all([
      base.log.state("events"),
      base.log.state("posts"),
      base.log.state("rejected"),
      threads.stores.caller.call("state", undefined as never),
      Promise.all(threads.refine.map((thread) => thread.caller.call("state", undefined as never))),
      options.rejectedOpen(),
    ]);
    const parts = refine.flat();
    let collected = 0;
    for (const source of collector.running.values()) collected += source.counters.items;
    const refined = parts.reduce((sum, part) => sum + part.frames, 0);
    const at = clock.monotonicMs();
    const seconds = (at - last.at) / 1_000;
    if (seconds >= 0.5) {
      rates = { collectedPerSecond: (collected - last.collected) / seconds, refinedPerSecond: (refined - last.refined) / seconds };
      last = { at, collected, refined };
    }
    const nextOf = new Map(parts.map((part) => [part.partition, part.next]));
    const sum = (name: "changes" | "rejected" | "duplicate" | "dropped") => parts.reduce((total, part) => total + part[name], 0);
    const sizeOf = (name: string) => stores.find((store) => store.store === name)?.sizeBytes ?? 0;
    const log = [...events, ...posts, ...rejected];
    await limits.look({ logBytes: log.reduce((total, state) => total + state.sizeBytes, 0), lakeBytes: sizeOf("lake"), searchBytes: sizeOf("search") });
    return {
      startedAt,
      ...rates,
      posts: stores.find((store) => store.store === "search")?.posts ?? 0,
      rejected: rejectedOpen,
      lag: {
        refine: events.reduce((total, state) => total + Math.max(0, state.next - (nextOf.get(state.partition) ?? state.next)), 0),
        stores: Object.fromEntries(
          stores.map((store) => {
            const at = new Map(store.positions);
            return [store.store, posts.reduce((total, state) => total + Math.max(0, state.next - (at.get(state.partition) ?? 0)), 0)];
          }),
        ),
      },
      stores: stores.map(({ store, sizeBytes, posts: count, oldestAt, state, error }) => ({
        store,
        sizeBytes,
        posts: count,
        ...(oldestAt !== undefined && { oldestAt }),
        state,
        ...(error !== undefined && { error }),
      })),
      log,
      outcomes: { kept: sum("changes"), duplicate: sum("duplicate"), rejected: sum("rejected"), dropped: sum("dropped") },
      limits: limits.rows,
    };
  }

  return {
    stats(): Promise<EngineStats> {
      const now = clock.monotonicMs();
      if (gathered === undefined || now - gathered.at >= 900) {
        const stats = gather();
        stats.catch(() => {
          gathered = undefined;
        });
        gathered = { at: now, stats };
      }
      return gathered.stats;
    },
  };
}
