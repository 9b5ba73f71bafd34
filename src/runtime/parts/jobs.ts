import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import type { Config } from "../../core/config.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { Base, Threads } from "../boot.ts";
import type { EngineStats } from "../engine.ts";

const dayMs = 86_400_000;
const gb = 1_000_000_000;

export interface JobsOptions {
  readonly base: Base;
  readonly config: Config;
  readonly threads: Threads;
  readonly erasures: { payAll(): Promise<void>; sweep(): Promise<void>; hideTold(): Promise<void> };
  readonly labels: { sweep(): Promise<void> };
  readonly topics: { follow(): Promise<void>; sweep(): Promise<void> };
  readonly models: { flush(): Promise<void>; retrain(): Promise<void> };
  readonly activity: { flush(): Promise<void> };
  readonly failures: { flush(): Promise<void> };
  readonly drift: { flush(): Promise<void> };
  readonly modelDrift: { daily(): Promise<void> };
  readonly deprecations: { flush(): Promise<void>; readChangelogs(): Promise<void> };
  readonly quarantine: { index(signal: AbortSignal): Promise<void> };
  readonly stats: () => Promise<EngineStats>;
  readonly clock: Clock;
  readonly report: Report;
  /** What rewrites or removes files of the log takes its turn. */
  readonly inTurn: InTurn;
  readonly signal: AbortSignal;
}

export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** One piece of work after the other. */
export function makeTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work);
    last = run.catch(() => undefined);
    return run;
  };
}

export interface Jobs {
  readonly stopped: Promise<void>;
  /** Removes what is older or more than the limits allow, in log, search, lake and ledger. */
  retain(): Promise<void>;
}

/** What has to be done again and again: figures and limits, the quarantine's index, the log's compression and retention, the erasures' debts. */
export function startJobs(options: JobsOptions): Jobs {
  const { base, config, threads, clock, report, inTurn, signal } = options;
  const { limits } = config;

  async function every(name: string, everyMs: number, work: () => Promise<unknown>): Promise<void> {
    let told = "";
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
        await work();
        told = "";
      } catch (thrown) {
        if (signal.aborted) return;
        const { code, message } = toEarshotError(thrown, "STORE_UNAVAILABLE", name);
        // A debt that waits for something is said once, not every time that it is looked at.
        if (told !== message) report("warn", `${name}: ${message}`, { code });
        told = message;
      }
    }
  }

  async function retain(): Promise<void> {
    const maxAgeMs = limits.logMaxAgeDays * dayMs;
    const maxBytes = (limits.logMaxGb * gb) / 3;
    const refined = new Map((await Promise.all(threads.refine.map((thread) => thread.caller.call("flush", undefined)))).flat());
    const stores = await threads.stores.caller.call("state", undefined);
    const durable = Array.from({ length: base.partitions }, (_, partition) => Math.min(...stores.map((store) => new Map(store.durable).get(partition) ?? 0)));
    await base.log.retain("events", { maxAgeMs, maxBytes, keepFrom: (partition) => refined.get(partition) ?? 0 });
    await base.log.retain("posts", { maxAgeMs, maxBytes, keepFrom: (partition) => durable[partition] ?? 0 });
    await base.log.retain("rejected", { maxAgeMs, maxBytes, keepFrom: () => Number.MAX_SAFE_INTEGER });
    const now = clock.now();
    await threads.stores.caller.call("expire", { store: "search", beforeMs: now - limits.searchMaxAgeDays * dayMs });
    await threads.stores.caller.call("expire", { store: "duplicates", beforeMs: now - limits.searchMaxAgeDays * dayMs });
    await threads.stores.caller.call("expire", { store: "lake", beforeMs: now - limits.lakeMaxAgeDays * dayMs });
    const postsMs = now - Math.max(limits.lakeMaxAgeDays, limits.searchMaxAgeDays) * dayMs;
    for (const thread of threads.refine) await thread.caller.call("expire", { postsMs, tombstonesMs: postsMs - 365 * dayMs, pendingMs: now - 30 * dayMs });
  }

  async function compress(): Promise<void> {
    while (!signal.aborted) if ((await inTurn(() => base.log.maintain())).owed === 0) return;
  }

  let changelogsAt = -Infinity;
  const forgetEveryMs = Math.min(Math.max((config.forgetWithinHours * 3_600_000) / 8, 60_000), 3_600_000);
  const jobs = [
    every("figures", 2_000, options.stats),
    every("sources by the hour", 10_000, () => options.activity.flush()),
    every("models beside", 10_000, () => options.models.flush()),
    every("retraining", 60_000, () => options.models.retrain()),
    every("failed calls", 10_000, () => options.failures.flush()),
    every("drift", 15_000, () => options.drift.flush()),
    every("drift of texts", 10 * 60_000, () => options.modelDrift.daily()),
    every("topics", 60_000, () => options.topics.follow()),
    every("deprecations", 10_000, () => options.deprecations.flush()),
    every("changelogs", 10 * 60_000, async () => {
      if (clock.monotonicMs() - changelogsAt < dayMs) return;
      changelogsAt = clock.monotonicMs();
      await options.deprecations.readChangelogs();
    }),
    every("log", 5_000, compress),
    every("retention", 10 * 60_000, () => inTurn(retain)),
    every("hiding", 3_000, () => options.erasures.hideTold()),
    every("erasures", forgetEveryMs, async () => {
      await options.erasures.payAll();
      await inTurn(() => options.erasures.sweep());
      await options.labels.sweep();
      await options.topics.sweep();
    }),
    options.quarantine.index(signal).catch((thrown: unknown) => {
      if (!signal.aborted) report("error", `quarantine: ${toEarshotError(thrown, "STORE_UNAVAILABLE", "quarantine").message}`);
    }),
  ];
  return { stopped: Promise.all(jobs).then(() => undefined), retain: () => inTurn(retain) };
}
