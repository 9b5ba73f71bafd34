import { readdirSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import { toEarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import type { PostId } from "../core/ids.ts";
import type { Store, StorePosition } from "../core/store.ts";
import { batchByMonth, isAbove } from "./search-batch.ts";
import { openSearchMonth, type SearchMonth } from "./search-month.ts";
import { type MonthName, monthOf, monthOfFile, numberIn, openSearchFile, positionsSchema } from "./search-schema.ts";

export interface SearchStoreOptions {
  /** Its own; made when missing. */
  readonly folder: string;
  readonly clock: Clock;
  /** A change is searchable so long after `apply` at the latest. 0: within `apply`. */
  readonly flushEveryMs?: number;
  readonly maxBufferedChanges?: number;
  readonly maxBufferedBytes?: number;
  /** Bodies are kept so long after they were written; absent: until `releaseBodies`. */
  readonly recentForMs?: number;
  /** Files open at a time. */
  readonly maxOpenMonths?: number;
  /** Named points where a crash is tried. */
  readonly onStep?: (step: "month-committed" | "positions-committed") => void;
}

export interface SearchStore extends Store {
  /** Removes the bodies in full blocks written before a time, once another store serves them; returns blocks removed. */
  releaseBodies(writtenBeforeMs: number): Promise<number>;
}

const rowsPerStep = 5_000;

/**
 * The full-text index with the bodies of recent posts: a file for each month of createdAt, and `positions.sqlite`.
 *
 * SQLite commits one WAL file at a time. So each month's file keeps, in the transaction of its data, the last change that it
 * took from each partition, and skips what is not above it; positions are committed last, and each commit is synced. A crash
 * between files leaves positions behind the data, never before it, and what is handed over again changes nothing.
 */
export async function openSearchStore(options: SearchStoreOptions): Promise<SearchStore> {
  const { folder, clock, flushEveryMs = 500, maxBufferedChanges = 8_000, maxBufferedBytes = 32 * 1024 * 1024, maxOpenMonths = 6 } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const positionsFile = openSearchFile(path.join(folder, "positions.sqlite"), positionsSchema);
  const setPosition = positionsFile.prepare("INSERT OR REPLACE INTO positions (partition, next_offset, generation, from_offset, from_index) VALUES (?, ?, ?, ?, ?)");
  const durable = new Map<number, StorePosition>();
  for (const row of positionsFile.prepare("SELECT * FROM positions").all()) {
    durable.set(numberIn(row, "partition"), {
      offset: numberIn(row, "next_offset"),
      generation: numberIn(row, "generation"),
      from: { offset: numberIn(row, "from_offset"), index: numberIn(row, "from_index") },
    });
  }
  /** What `apply` has taken, durable or not. */
  const taken = new Map(durable);
  const open = new Map<string, SearchMonth>();
  let buffer: Change[] = [];
  let bufferedBytes = 0;
  let turn: Promise<unknown> = Promise.resolve();
  let timer: AbortController | undefined;
  let failure: unknown;

  /** One at a time: all connections are shared. */
  const inTurn = <T>(run: () => Promise<T>): Promise<T> => {
    const result = turn.then(run).catch((thrown: unknown) => {
      throw toEarshotError(thrown, "STORE_UNAVAILABLE", "search");
    });
    turn = result.catch(() => {});
    return result;
  };
  const breathe = () => setImmediate();

  const monthFiles = (): MonthName[] =>
    readdirSync(folder)
      .map(monthOfFile)
      .filter((month) => month !== undefined)
      .sort((a, b) => a.startMs - b.startMs);
  const fileOf = (month: MonthName) => path.join(folder, `${month.name}.sqlite`);

  const monthFile = (month: MonthName): SearchMonth => {
    let file = open.get(month.name);
    if (file === undefined) {
      const oldest = open.values().next();
      if (open.size >= maxOpenMonths && !oldest.done) closeMonth(oldest.value);
      file = openSearchMonth(fileOf(month), month);
    } else open.delete(month.name);
    open.set(month.name, file);
    return file;
  };
  const closeMonth = (file: SearchMonth) => {
    open.delete(file.month.name);
    file.close();
  };
  const removeMonth = async (month: MonthName) => {
    const file = open.get(month.name);
    if (file) closeMonth(file);
    for (const suffix of ["", "-wal", "-shm"]) await rm(fileOf(month) + suffix, { force: true });
  };

  const flushInTurn = async (): Promise<void> => {
    timer?.abort();
    timer = undefined;
    const changes = buffer;
    const upTo = new Map(taken);
    const bytes = bufferedBytes;
    buffer = [];
    bufferedBytes = 0;
    try {
      for (const batch of batchByMonth(changes, (month) => monthFile(month).marks)) {
        await monthFile(batch.month).apply(batch, clock.now(), breathe);
        options.onStep?.("month-committed");
      }
      const moved = [...upTo].filter(([partition, position]) => durable.get(partition) !== position);
      if (moved.length === 0) return;
      positionsFile.exec("BEGIN IMMEDIATE");
      try {
        for (const [partition, { offset, generation, from }] of moved) setPosition.run(partition, offset, generation, from.offset, from.index);
        positionsFile.exec("COMMIT");
      } catch (thrown) {
        if (positionsFile.isTransaction) positionsFile.exec("ROLLBACK");
        throw thrown;
      }
      for (const [partition, position] of moved) durable.set(partition, position);
      options.onStep?.("positions-committed");
    } catch (thrown) {
      buffer = [...changes, ...buffer];
      bufferedBytes += bytes;
      throw thrown;
    }
  };

  const flushLater = () => {
    if (timer !== undefined) return;
    const controller = new AbortController();
    timer = controller;
    clock.sleep(flushEveryMs, controller.signal).then(
      () => inTurn(flushInTurn).catch((thrown: unknown) => void (failure = thrown)),
      () => {},
    );
  };

  const throwFailure = () => {
    const thrown = failure;
    failure = undefined;
    if (thrown !== undefined) throw thrown;
  };

  /** Runs `step` on every file until each says 0; returns the sum. */
  const removeEverywhere = async (months: readonly MonthName[], step: (file: SearchMonth) => number): Promise<number> => {
    let removed = 0;
    for (const month of months) {
      for (;;) {
        const count = step(monthFile(month));
        if (count === 0) break;
        removed += count;
        await breathe();
      }
      if (monthFile(month).posts() === 0) await removeMonth(month);
    }
    return removed;
  };

  return {
    name: "search",
    async positions() {
      return new Map(durable);
    },
    async apply(changes, upTo) {
      throwFailure();
      const hidden: { id: PostId; createdAt: number }[] = [];
      for (const change of changes) {
        if (!isAbove(change, taken.get(change.partition))) continue;
        buffer.push(change);
        bufferedBytes += 600 + (change.post?.text.length ?? 0) * 2;
        if (change.was && change.is === undefined && change.post === undefined) hidden.push({ id: change.id, createdAt: change.was.createdAt });
      }
      for (const [partition, position] of upTo) if (position.offset >= (taken.get(partition)?.offset ?? 0)) taken.set(partition, position);
      if (flushEveryMs === 0 || buffer.length >= maxBufferedChanges || bufferedBytes >= maxBufferedBytes) return inTurn(flushInTurn);
      flushLater();
      if (hidden.length > 0) {
        await inTurn(async () => {
          for (const posts of Map.groupBy(hidden, ({ createdAt }) => monthOf(createdAt).name).values()) {
            const month = monthOf(posts[0]?.createdAt ?? 0);
            if (open.has(month.name) || monthFiles().some(({ name }) => name === month.name)) monthFile(month).hide(posts);
          }
        });
      }
    },
    async flush() {
      throwFailure();
      await inTurn(flushInTurn);
    },
    maintain: ({ forget }) =>
      inTurn(async () => {
        let owed = 0;
        let worked = false;
        if (options.recentForMs !== undefined) for (const month of monthFiles()) monthFile(month).releaseBodies(clock.now() - options.recentForMs);
        for (const month of monthFiles()) {
          const file = monthFile(month);
          const owes = forget && file.owesForget();
          if (worked) owed += owes ? 1 : 0;
          else if (owes) {
            worked = true;
            if (!file.forget()) owed++;
          } else if (file.tidy()) {
            worked = true;
            owed++;
          }
        }
        return { owed };
      }),
    erase: (author, upToMs) =>
      inTurn(async () => {
        await flushInTurn();
        const removedPosts = await removeEverywhere(monthFiles(), (file) => file.removeAuthor(author, upToMs, rowsPerStep));
        return { store: "search", removedPosts, physical: removedPosts === 0 && !monthFiles().some((month) => monthFile(month).owesForget()) };
      }),
    find: (author) =>
      inTurn(async () => {
        await flushInTurn();
        const posts: PostId[] = [];
        for (const month of monthFiles()) {
          posts.push(...monthFile(month).find(author));
          await breathe();
        }
        return { store: "search", posts };
      }),
    size: () =>
      inTurn(async () => {
        let posts = 0;
        let oldestAt: number | undefined;
        for (const month of monthFiles()) {
          posts += monthFile(month).posts();
          oldestAt ??= monthFile(month).oldestAt();
        }
        const sizeBytes = readdirSync(folder).reduce((sum, name) => sum + (statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);
        return { store: "search", sizeBytes, posts, ...(oldestAt !== undefined && { oldestAt }) };
      }),
    removeSource: (source) =>
      inTurn(async () => {
        await flushInTurn();
        let removedPosts = 0;
        for (const month of monthFiles()) {
          if (!monthFile(month).holdsOnly(source)) continue;
          removedPosts += monthFile(month).posts();
          await removeMonth(month);
        }
        return { removedPosts: removedPosts + (await removeEverywhere(monthFiles(), (file) => file.removeSource(source, rowsPerStep))) };
      }),
    expire: (beforeMs) =>
      inTurn(async () => {
        await flushInTurn();
        let removedPosts = 0;
        const [whole, part] = [monthFiles().filter((month) => month.endMs <= beforeMs), monthFiles().filter((month) => month.startMs < beforeMs && month.endMs > beforeMs)];
        for (const month of whole) {
          removedPosts += monthFile(month).posts();
          await removeMonth(month);
        }
        return { removedPosts: removedPosts + (await removeEverywhere(part, (file) => file.removeBefore(beforeMs, rowsPerStep))) };
      }),
    releaseBodies: (writtenBeforeMs) => inTurn(async () => monthFiles().reduce((sum, month) => sum + monthFile(month).releaseBodies(writtenBeforeMs), 0)),
    async [Symbol.asyncDispose]() {
      try {
        await inTurn(flushInTurn);
      } finally {
        timer?.abort();
        for (const file of [...open.values()]) closeMonth(file);
        positionsFile.close();
      }
    },
  };
}
