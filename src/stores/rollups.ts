import type { Clock } from "../core/clock.ts";
import { toEarshotError, type EarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import type { AuthorId } from "../core/ids.ts";
import { numberIn, type Sql } from "../core/sql.ts";
import type { Store, StorePosition, StorePositions } from "../core/store.ts";
import { makeKeyTable, makeRollupBatch, type KeyTable, type RollupBatch } from "./rollups-batch.ts";
import { lockState, readPositions, resolveKeys, writeBatch } from "./rollups-flush.ts";
import { foldJournal, rebuildDirty, uniteDays, type AuthorsOf } from "./rollups-fold.ts";
import { grainMs, grains, type Grain } from "./rollups-schema.ts";

export { rollupsMigrations } from "./rollups-schema.ts";

export interface RollupsOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  /** See `makeAuthorHash`; its key lies outside the database. */
  readonly authorHash: (author: AuthorId) => bigint;
  /** Reads the authors of a bucket from the lake; absent: a large bucket that lost a post keeps its upper bound. */
  readonly authorsOf?: AuthorsOf<AuthorId>;
  /** Longer ago than this, only hours and days are kept. */
  readonly keepMinutesMs?: number;
  readonly keepHoursMs?: number;
}

export interface Rollups extends Store {
  /** A source under the name of a removed one is counted from now on. */
  admitSource(source: string): Promise<void>;
}

const flushAtChanges = 20_000;
const flushEveryMs = 1_000;
const foldAtDeltas = 60_000;
const maxKeysInMemory = 200_000;
const dayMs = grainMs.day;

interface Pending {
  readonly batch: RollupBatch;
  readonly positions: Map<number, StorePosition>;
}

/**
 * Counts and sums by minute, hour and day. Holds no body, no id, no author: `erase` has nothing to look up here, and what an
 * erasure takes away comes as changes.
 */
export async function openRollups(options: RollupsOptions): Promise<Rollups> {
  const { sql, clock, authorHash, authorsOf } = options;
  const keepMs = { minute: options.keepMinutesMs ?? 35 * dayMs, hour: options.keepHoursMs ?? 730 * dayMs };
  let table = makeKeyTable();
  let ids: number[] = [];
  let durable: Map<number, StorePosition> = await readPositions(sql, false);
  let pending = makePending();
  /** Durable, or on its way there. */
  let reached = new Map(durable);
  /** What was dropped leaves a gap, so nothing more is taken until the caller has read where to begin again. */
  let failed: EarshotError | undefined;
  let writing: Promise<void> = Promise.resolve();
  let timer: AbortController | undefined;
  let deltasSinceFold = 0;

  function makePending(): Pending {
    return { batch: makeRollupBatch(table, authorHash), positions: new Map() };
  }

  /** One after another; a failure drops all that is not durable, and the caller hands it over again. */
  function flush(): Promise<void> {
    const next = writing.then(async () => {
      if (failed !== undefined) throw failed;
      if (pending.positions.size === 0) return;
      const taken = pending;
      const { keys } = table;
      pending = makePending();
      timer?.abort();
      timer = undefined;
      try {
        await write(taken, table);
        if (keys.length > maxKeysInMemory) forgetKeys();
      } catch (thrown) {
        failed = toEarshotError(thrown, "STORE_UNAVAILABLE", "rollups");
        await reset();
        throw failed;
      }
    });
    writing = next.catch(() => undefined);
    return next;
  }

  async function write({ batch, positions }: Pending, { keys }: KeyTable): Promise<void> {
    if (ids.length < keys.length) ids.push(...(await resolveKeys(sql, keys.slice(ids.length))));
    await writeBatch(sql, { batch, keys, ids, positions, expected: durable });
    for (const [partition, position] of positions) durable.set(partition, position);
    deltasSinceFold += batch.authors.count;
    if (deltasSinceFold >= foldAtDeltas) await foldAll();
  }

  async function foldAll(): Promise<void> {
    while ((await foldJournal(sql)) > 0);
    deltasSinceFold = 0;
  }

  function forgetKeys(): void {
    // What was applied meanwhile bears the numbers of the old table.
    if (pending.positions.size > 0) return;
    table = makeKeyTable();
    ids = [];
    pending = makePending();
  }

  async function reset(): Promise<void> {
    table = makeKeyTable();
    ids = [];
    pending = makePending();
    durable = await readPositions(sql, false).catch(() => durable);
    reached = new Map(durable);
  }

  function flushSoon(): void {
    if (timer !== undefined) return;
    const { signal } = (timer = new AbortController());
    // A failure is told at the next call.
    clock
      .sleep(flushEveryMs, signal)
      .then(flush)
      .catch(() => undefined);
  }

  /** Behind all writes that were asked for, and alone. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    await flush();
    const next = writing.then(work);
    writing = next.then(
      () => undefined,
      () => undefined,
    );
    return next;
  }

  async function expireGrain(grain: Grain, beforeMs: number): Promise<number> {
    const from = Math.max(-(2 ** 31), Math.min(Math.floor(beforeMs / grainMs[grain]), 2 ** 31 - 1));
    return sql.transaction(async (inside) => {
      const state = await lockState(inside);
      if (from <= state.from[grain]) return 0;
      await inside.query(`update rollup_state set ${grain}_from = $1`, [from]);
      const { rows } = await inside.query(
        `with gone as (delete from rollup_${grain} where start < $1 returning key, posts)
         select coalesce(sum(posts), 0)::bigint as posts from gone join rollup_key k on k.id = gone.key where k.term = ''`,
        [from],
      );
      if (grain !== "minute") await inside.query(`delete from rollup_author_${grain} where start < $1`, [from]);
      return rows[0] ? numberIn(rows[0], "posts") : 0;
    });
  }

  return {
    name: "rollups",
    async positions() {
      if (failed !== undefined) {
        durable = await readPositions(sql, false);
        await reset();
        failed = undefined;
      }
      return new Map(durable);
    },
    async apply(changes, upTo) {
      if (failed !== undefined) throw failed;
      for (const change of changes) if (isFresh(change, reached)) pending.batch.add(change);
      for (const [partition, position] of upTo) {
        if ((reached.get(partition)?.offset ?? -1) > position.offset) continue;
        reached.set(partition, position);
        pending.positions.set(partition, position);
      }
      if (pending.batch.changes >= flushAtChanges) await flush();
      else if (pending.positions.size > 0) flushSoon();
    },
    flush,
    maintain: ({ isBusy = false }) =>
      alone(async () => {
        const nowMs = clock.now();
        await expireGrain("minute", nowMs - keepMs.minute);
        await expireGrain("hour", nowMs - keepMs.hour);
        await foldAll();
        const days = await uniteDays(sql, nowMs);
        const dirty = authorsOf && !isBusy ? await rebuildDirty(sql, authorsOf, authorHash) : 0;
        return { owed: days + dirty };
      }),
    async erase() {
      return { store: "rollups", removedPosts: 0, physical: true };
    },
    async find() {
      return { store: "rollups", posts: [] };
    },
    async size() {
      const tables = ["rollup_key", ...grains.map((grain) => `rollup_${grain}`), "rollup_author_journal", "rollup_author_hour", "rollup_author_day", "rollup_position"];
      const { rows } = await sql.query(
        `select (select sum(pg_total_relation_size(name::regclass))::bigint from unnest($1::text[]) as t(name)) as size,
           coalesce(sum(d.posts), 0)::bigint as posts, min(d.start) as oldest from rollup_day d join rollup_key k on k.id = d.key where k.term = ''`,
        [tables],
      );
      const row = rows[0] ?? {};
      const oldest = row["oldest"];
      return { store: "rollups", sizeBytes: numberIn(row, "size"), posts: numberIn(row, "posts"), ...(typeof oldest === "number" && { oldestAt: oldest * dayMs }) };
    },
    removeSource: (source) =>
      alone(async () => {
        await foldAll();
        return removeSource(sql, source);
      }),
    expire: (beforeMs) =>
      alone(async () => {
        await expireGrain("minute", beforeMs);
        await expireGrain("hour", beforeMs);
        return { removedPosts: await expireGrain("day", beforeMs) };
      }),
    async admitSource(source) {
      await sql.query("delete from rollup_removed_source where source = $1", [source]);
    },
    async [Symbol.asyncDispose]() {
      timer?.abort();
      // After a failure nothing is held that is not handed over again.
      if (failed === undefined) await flush();
      await writing;
    },
  };
}

/** Whether the change lies above what its partition has reached: a repeat is counted once. */
function isFresh(change: Change, reached: StorePositions): boolean {
  const position = reached.get(change.partition);
  if (position === undefined) return true;
  if (change.generation !== position.generation) return change.generation > position.generation;
  if (change.from.offset !== position.from.offset) return change.from.offset > position.from.offset;
  return change.from.index > position.from.index;
}

/** Its sums go at once; changes of it that are still on their way through the log are left out from then on. */
async function removeSource(sql: Sql, source: string): Promise<{ readonly removedPosts: number }> {
  return sql.transaction(async (inside) => {
    await lockState(inside);
    await inside.query("insert into rollup_removed_source values ($1) on conflict do nothing", [source]);
    const { rows } = await inside.query(
      "select coalesce(sum(d.posts), 0)::bigint as posts from rollup_day d join rollup_key k on k.id = d.key where k.source = $1 and k.term = ''",
      [source],
    );
    const ofSource = "using rollup_key k where k.id = t.key and k.source = $1";
    for (const grain of grains) await inside.query(`delete from rollup_${grain} t ${ofSource}`, [source]);
    for (const grain of ["hour", "day"]) await inside.query(`delete from rollup_author_${grain} t ${ofSource}`, [source]);
    return { removedPosts: rows[0] ? numberIn(rows[0], "posts") : 0 };
  });
}
