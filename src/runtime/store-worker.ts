import { rmSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { join } from "node:path";
import pg from "pg";
import { catalogTypes, makeSql } from "../catalog/postgres-sql.ts";
import { systemClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import type { AuthorId } from "../core/ids.ts";
import type { Store, StoreSize } from "../core/store.ts";
import { openEmbeddedLog } from "../logs/embedded.ts";
import type { LakeGrouping, LakeQuery } from "../stores/lake-query.ts";
import { openDuplicates } from "../stores/duplicates.ts";
import { openLake } from "../stores/lake.ts";
import { makeCatalogManifest } from "../stores/lake-manifest-catalog.ts";
import { openRollups } from "../stores/rollups.ts";
import { makeAuthorHash } from "../stores/rollups-authors.ts";
import { openSearchStore } from "../stores/search.ts";
import type { WantedBody as LakePost } from "../stores/lake-reader.ts";
import type { WantedBody } from "../stores/search-reader.ts";
import { openErasures } from "../registers/erasures.ts";
import { makeAuthorsOf } from "./authors-of.ts";
import { parseChange } from "./change-frame.ts";
import { deliver } from "./deliver.ts";
import { makeLiveGathering } from "./live-batch.ts";
import { serve } from "./rpc.ts";
import type { StoreWorkerData } from "./worker-data.ts";

/** The thread of the stores: reads `posts` once, hands it to lake, search and rollups, and keeps them small. */
const port = parentPort;
if (port === null) throw new TypeError("store-worker: a worker thread only");
const data: StoreWorkerData = workerData;
const files = makeDiskFiles();
const abort = new AbortController();
const releaseEveryMs = 10 * 60_000;
const report = (level: string, message: string, fields: Readonly<Record<string, unknown>> = {}) => port.postMessage({ report: { level, message, fields } });

const log = await openEmbeddedLog({ folder: join(data.folder, "log"), files, partitions: data.partitions, shared: data.shared });
const pool = new pg.Pool({ ...data.postgres, max: 4, application_name: "earshot-stores", types: catalogTypes });
pool.on("error", (error) => report("warn", `catalog: a resting connection broke: ${error.message}`));
const sql = makeSql(pool);
const search = await openSearchStore({ folder: join(data.folder, "search"), clock: systemClock, ...data.search });
const lake = await openLake({ folder: join(data.folder, "lake"), files, clock: systemClock, manifest: makeCatalogManifest(sql), ...data.lake });
const rollups = await openRollups({ sql, clock: systemClock, authorHash: makeAuthorHash(data.ring.rollupAuthor), authorsOf: makeAuthorsOf(lake) });
const duplicatesFolder = join(data.folder, "duplicates");
// What is not kept up must not lie there: no erasure would reach it.
if (!data.nearDuplicates) rmSync(duplicatesFolder, { recursive: true, force: true });
const stores: readonly Store[] = [search, lake, rollups, ...(data.nearDuplicates ? [await openDuplicates({ folder: duplicatesFolder })] : [])];

const live = makeLiveGathering();
const erasures = openErasures(sql, () => systemClock.now());
const delivering = await deliver(
  {
    log,
    /** A platform's word that an account is gone enters the register before any store has moved past it. */
    beforeApply: async (delivery) => {
      const { frames } = delivery;
      for (let i = 0; i < frames.count; i++) {
        if (frames.keys[i * 2] !== 0 || frames.keys[i * 2 + 1] !== 0 || frames.ends[i] === frames.ends[i + 1]) continue;
        const change = parseChange(
          Buffer.from(frames.bytes.buffer, frames.bytes.byteOffset + (frames.ends[i] ?? 0), (frames.ends[i + 1] ?? 0) - (frames.ends[i] ?? 0)).toString("utf8"),
        );
        if (change.erased === undefined || change.partition !== 0) continue;
        const { author, upToMs, reason } = change.erased;
        await erasures.note({ authors: [author], upToMs, reason, objection: false, dueAt: systemClock.now() + data.forgetWithinMs, actor: "platform" });
      }
    },
    stores,
    clock: systemClock,
    report,
    onApplied: (changes: readonly Change[]) => {
      for (const change of changes) {
        if (change.kind === "post" && change.post !== undefined && change.was === undefined) live.add(change.post);
      }
    },
  },
  abort.signal,
);
delivering.finished.catch((thrown: unknown) => {
  const error = toEarshotError(thrown, "INVARIANT", "stores");
  port.postMessage({ fault: { code: error.code, message: error.message } });
});

const liveTimer = setInterval(() => {
  const batch = live.take();
  if (batch !== undefined) port.postMessage({ live: batch });
}, 250);

/** More changes than this wait for a store. */
const manyChanges = 5_000;
async function isBehind(): Promise<boolean> {
  const ends = await log.state("posts");
  return delivering.lanes.some((lane) => ends.reduce((sum, { partition, next }) => sum + Math.max(0, next - (lane.next.get(partition)?.offset ?? 0)), 0) > manyChanges);
}

/** What changes a store's files waits while they are held. */
let barrier: Promise<void> | undefined;
let release: () => void = () => undefined;
const writing = new Set<Promise<unknown>>();
async function write<T>(work: () => Promise<T>): Promise<T> {
  while (barrier !== undefined) await barrier;
  const run = work();
  writing.add(run);
  try {
    return await run;
  } finally {
    writing.delete(run);
  }
}

/** Compaction in small steps, one store after the other. */
let maintaining: Promise<void> = Promise.resolve();
let idleSince = systemClock.monotonicMs();
function maintainAll(forget: boolean, isBusy: boolean): Promise<void> {
  maintaining = maintaining.then(async () => {
    for (const store of stores) {
      for (;;) {
        if (abort.signal.aborted) return;
        const { owed } = await store.maintain({ forget, isBusy });
        if (owed === 0) break;
      }
    }
  });
  return maintaining;
}
/** Bodies leave the index once the lake has had them for long. */
async function releaseBodies(beforeMs: number): Promise<number> {
  await lake.flush();
  return delivering.lanes.every((lane) => lane.state === "attached") ? search.releaseBodies(beforeMs) : 0;
}
let releasedAt = systemClock.monotonicMs();
const maintainTimer = setInterval(() => {
  const nowMs = systemClock.monotonicMs();
  if (nowMs - idleSince < data.maintainEveryMs) return;
  idleSince = nowMs;
  const isRelease = nowMs - releasedAt >= releaseEveryMs;
  if (isRelease) releasedAt = nowMs;
  write(async () => {
    if (isRelease) await releaseBodies(systemClock.now() - data.recentForMs);
    await maintainAll(false, await isBehind());
  }).catch((thrown: unknown) => report("error", toEarshotError(thrown, "STORE_UNAVAILABLE", "maintenance").message));
}, 1_000);

const storeNamed = (name: string): Store | undefined => stores.find((store) => store.name === name);

async function flushAll(): Promise<void> {
  await Promise.all(stores.map((store) => store.flush()));
}

const handlers = {
  async state() {
    return Promise.all(
      delivering.lanes.map(async (lane) => {
        const size: StoreSize = await lane.store.size();
        const positions = [...lane.next].map(([partition, position]) => [partition, position.offset] as const);
        const durable = [...(await lane.store.positions())].map(([partition, position]) => [partition, position.offset] as const);
        return { ...size, state: lane.state, error: lane.lastError, applied: lane.applied, repeats: lane.repeats, positions, durable };
      }),
    );
  },
  flush: () => write(flushAll),
  /** All of `posts` as it ends now is applied by every store that is well, and durable. */
  async drain() {
    const ends = await log.state("posts");
    while (!abort.signal.aborted) {
      const behind = delivering.lanes.some((lane) => lane.state !== "failed" && ends.some(({ partition, next }) => (lane.next.get(partition)?.offset ?? 0) < next));
      if (!behind) break;
      await systemClock.sleep(20, abort.signal);
    }
    await write(flushAll);
  },
  /** Everything durable, and nothing owed. */
  settle: (argument: { readonly forget: boolean }) =>
    write(async () => {
      await flushAll();
      await maintainAll(argument.forget, false);
    }),
  erase: (argument: { readonly author: AuthorId; readonly upToMs: number }) => write(() => Promise.all(stores.map((store) => store.erase(argument.author, argument.upToMs)))),
  /** Everything is in files when it resolves, and stays as it is until `release`. What comes meanwhile must be held before: nothing may be delivered. @throws STORE_UNAVAILABLE */
  async hold() {
    const held = Promise.withResolvers<void>();
    barrier = held.promise;
    release = () => {
      barrier = undefined;
      held.resolve();
    };
    await Promise.allSettled([...writing]);
    await flushAll();
    const lagging = delivering.lanes.filter((lane) => lane.state !== "attached");
    if (lagging.length > 0) throw new EarshotError("STORE_UNAVAILABLE", `${lagging.map((lane) => lane.store.name).join(", ")} lags; try again when all stores stand at one place`);
  },
  release() {
    release();
  },
  async find(argument: { readonly author: AuthorId }) {
    return Promise.all(stores.map((store) => store.find(argument.author)));
  },
  /** Posts made earlier leave a store; resolves at once for one that is not kept. */
  expire: (argument: { readonly store: string; readonly beforeMs: number }) => write(async () => storeNamed(argument.store)?.expire(argument.beforeMs)),
  async bodies(wanted: readonly WantedBody[]) {
    return (await lake.reader.bodies(wanted)).posts;
  },
  lakePlace: (wanted: LakePost) => lake.reader.place(wanted),
  groups: (asked: { readonly query: LakeQuery; readonly grouping: LakeGrouping }) => lake.reader.groups(asked.query, asked.grouping),
  /** Bodies that were written before a time (milliseconds UTC) come from the lake from now on; returns the blocks that went. */
  releaseBodies: (argument: { readonly beforeMs: number }) => write(() => releaseBodies(argument.beforeMs)),
  async stop() {
    release();
    abort.abort();
    clearInterval(liveTimer);
    clearInterval(maintainTimer);
    await maintaining.catch(() => undefined);
    // One store that fails must not end the thread under the others: DuckDB at work in a thread that ends takes the whole process along.
    const ends: PromiseSettledResult<unknown>[] = await Promise.allSettled([delivering.finished]);
    ends.push(...(await Promise.allSettled(stores.map((store) => store.flush()))));
    ends.push(...(await Promise.allSettled(stores.map((store) => store[Symbol.asyncDispose]()))));
    ends.push(...(await Promise.allSettled([log[Symbol.asyncDispose](), pool.end()])));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  },
};
export type StoreHandlers = typeof handlers;
serve(port, handlers);
port.postMessage({ ready: true });
