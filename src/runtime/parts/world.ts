import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { type Config, type ConfigFault, refuseFaults } from "../../core/config.ts";
import { type EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";
import type { Query } from "../../core/query.ts";
import type { Threads } from "../boot.ts";
import { type Collector, defineSource } from "../collect.ts";
import type { WorldView } from "../world-view.ts";
import type { openRegisters } from "../registers.ts";
import { startWorldProcess, type WorldHistory, type WorldProcess, worldSources } from "../world-process.ts";
import type { SourcesPart } from "./sources.ts";
import { forgetSources } from "./world-forget.ts";

export interface WorldPartOptions {
  readonly root: string;
  readonly registers: Pick<ReturnType<typeof openRegisters>, "settings" | "quarantine">;
  readonly log: Log;
  readonly sources: SourcesPart;
  readonly collector: Collector;
  readonly threads: () => Threads;
  readonly clock: Clock;
  readonly report: Report;
  /** Runs while no erasure is being paid: both rewrite the log. */
  readonly inTurn: (run: () => Promise<void>) => Promise<void>;
}

const removedSetting = "world.removed";
/** Where the history ends, milliseconds UTC: the same at each start, so that a start in the middle of loading goes on. */
const beginsSetting = "world.begins";
const loadedSetting = "world.loaded";
/** Until the world tells where it listens. */
const nowhere = { jetstream: "ws://127.0.0.1:9", mastodon: "http://127.0.0.1:9" };
const lookEveryMs = 500;
const countEveryMs = 5_000;

const cursorSchema = z.object({ last: z.record(z.string(), z.string()) });

/** Whether a source has read its share of the history, by where it stands. */
function hasRead(history: WorldHistory, cursor: string | undefined, platform: string): boolean {
  if (platform === "bluesky") return history.lastUs === undefined || Number(cursor ?? 0) >= history.lastUs;
  if (history.lastStatusId === undefined) return true;
  if (cursor === undefined || cursor === "") return false;
  const read = Object.values(cursorSchema.safeParse(JSON.parse(cursor)).data?.last ?? {});
  return read.some((id) => BigInt(id) >= BigInt(history.lastStatusId ?? 0));
}

/** The simulated world: started beside the system, loaded through its connectors, removed from everywhere. */
export function makeWorldPart(options: WorldPartOptions) {
  const { sources, collector, threads, clock } = options;
  const { settings, quarantine } = options.registers;
  const ending = new AbortController();
  const { signal } = ending;
  let process: WorldProcess | undefined;
  let state: WorldView["state"] | undefined;
  let endMs = 0;
  /** Posts to load, or to remove. */
  let whole = 0;
  let first: { readonly atMs: number; readonly posts: number } | undefined;
  let begun: Promise<void> = Promise.resolve();
  let removing: Promise<{ readonly removedPosts: number }> | undefined;
  let counted: { readonly atMs: number; readonly state: WorldView["state"] | undefined; readonly stored: Promise<number>; readonly history: Promise<number> } | undefined;

  function simulatedIds(): string[] {
    return [...sources.definitions.values()].filter((definition) => definition.simulated).map((definition) => definition.id);
  }

  /** Searchable posts of the given sources; of the history only, where told. */
  async function count(ids: readonly string[], isHistory: boolean): Promise<number> {
    if (ids.length === 0) return 0;
    const any: Query = { kind: "or", parts: ids.map((value) => ({ kind: "field", field: "source", value })) };
    const query: Query = isHistory ? { kind: "and", parts: [any, { kind: "range", field: "created", toMs: endMs }] } : any;
    return (await threads().read.caller.call("count", { query, filter: {} })).posts;
  }

  async function enrol(addresses: Pick<WorldProcess, "jetstream" | "mastodon">): Promise<void> {
    const faults: ConfigFault[] = [];
    for (const [id, source] of Object.entries(worldSources(addresses))) {
      const definition = await defineSource(id, source, "built-in", faults, true);
      if (definition !== undefined) await sources.enrol(definition);
    }
    refuseFaults("world", faults);
  }

  async function watch(history: WorldHistory): Promise<void> {
    const isRead = () =>
      simulatedIds().every((id) => {
        const source = collector.running.get(id);
        return source !== undefined && hasRead(history, source.counters.cursor, source.definition.platform);
      });
    while (!isRead()) await clock.sleep(lookEveryMs, signal);
    // What is read is refined and in every store: from now on a start need not tell it again.
    for (const { partition, next } of await options.log.state("events")) {
      if (next > 0)
        await threads()
          .refineOf(partition)
          .caller.call("outcomes", { partition, offsets: [next - 1] });
    }
    await threads().stores.caller.call("drain", undefined);
    await settings.set(loadedSetting, true);
    if (state === "loading") state = "running";
  }

  async function open(config: Exclude<Config["world"], false>): Promise<void> {
    endMs = z.number().parse(await settings.setOnce(beginsSetting, clock.now()));
    const isLoaded = (await settings.get(loadedSetting)) === true;
    process = await startWorldProcess({ root: options.root, ...config, historyPosts: isLoaded ? 0 : config.historyPosts, historyEndMs: endMs, signal });
    signal.throwIfAborted();
    const { history } = process;
    whole = history?.posts ?? 0;
    if (history !== undefined) first = { atMs: clock.monotonicMs(), posts: await count(Object.keys(worldSources(process)), true) };
    state = history === undefined ? "running" : "loading";
    await enrol(process);
    await sources.tellThreads();
    await sources.startAll({ builtIn: true });
    if (history !== undefined) await watch(history);
  }

  /** What `begin` started ends; the world goes on. */
  async function end(): Promise<void> {
    ending.abort();
    await begun;
  }

  async function stop(): Promise<void> {
    await process?.[Symbol.asyncDispose]();
    process = undefined;
  }

  async function removeAll(): Promise<{ readonly removedPosts: number }> {
    await settings.set(removedSetting, true);
    await end();
    const rows = await sources.simulated();
    whole = await count(rows, false);
    state = "removing";
    let removedPosts = 0;
    for (const id of rows) removedPosts += await sources.drop(id);
    await stop();
    await options.inTurn(() => forgetSources(new Set(rows), { log: options.log, threads: threads() }));
    for (const id of rows) await quarantine.removeSource(id);
    state = undefined;
    return { removedPosts };
  }

  return {
    /** Names its sources, so that what an earlier start collected is refined. False: the world was removed. */
    async prepare(): Promise<boolean> {
      if ((await settings.get(removedSetting)) === true) return false;
      state = "preparing";
      await enrol(nowhere);
      return true;
    },
    /** In the background: a start does not wait for the world. */
    begin(config: Exclude<Config["world"], false>): void {
      begun = open(config).catch((thrown: unknown) => {
        if (signal.aborted) return;
        const error: EarshotError = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "the simulated world");
        state = "failed";
        options.report("error", error.message, { code: error.code });
      });
    },
    /** Of its Mastodon server. */
    token: () => process?.token ?? "",
    remove(): Promise<{ readonly removedPosts: number }> {
      removing ??= removeAll().finally(() => {
        removing = undefined;
      });
      return removing;
    },
    async view(): Promise<WorldView | undefined> {
      const nowMs = clock.monotonicMs();
      const isMoving = state === "loading" || state === "removing";
      if (counted === undefined || counted.state !== state || nowMs - counted.atMs > (isMoving ? lookEveryMs : countEveryMs)) {
        const ids = await sources.simulated();
        counted = { atMs: nowMs, state, stored: count(ids, false), history: state === "loading" ? count(ids, true) : Promise.resolve(0) };
      }
      const stored = await counted.stored;
      if (state === undefined) return stored === 0 ? undefined : { state: "stopped", stored, posts: 0, of: 0 };
      if (state === "removing") return { state, stored, posts: Math.max(0, whole - stored), of: whole };
      if (state !== "loading") return { state, stored, posts: state === "running" ? whole : 0, of: whole };
      const posts = Math.min(await counted.history, whole);
      const perMs = (posts - (first?.posts ?? 0)) / Math.max(1, nowMs - (first?.atMs ?? nowMs));
      return { state, stored, posts, of: whole, ...(perMs > 0 && { secondsLeft: Math.ceil((whole - posts) / perMs / 1_000) }) };
    },
    end,
    stop,
  };
}
