import path from "node:path";
import { type Clock, systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { type Delivery, type Log, type LogPartitionState, type Offset, type Topic, topics } from "../core/log.ts";
import { type Appender, makeAppender } from "./embedded-append.ts";
import { forget, type Maintained, makeMaintain, retain } from "./embedded-keep.ts";
import { makeGroups, loadGroups } from "./embedded-groups.ts";
import { type Cursor, type Indexes, makeCursor } from "./embedded-read.ts";
import { recoverPartition } from "./embedded-recover.ts";
import type { LogContext, LogFinding } from "./embedded-segments.ts";
import { isFilled, makeSharedLogState, markFilled, viewShared } from "./embedded-shared.ts";

export interface EmbeddedLogOptions {
  /** Absolute; made where it is missing. One process at a time (see folder-lock.ts). */
  readonly folder: string;
  readonly files: Files;
  /** 1 to 1,024; fixed when the folder is made. */
  readonly partitions: number;
  /** From makeSharedLogState; the first open fills it (and recovers), the other threads are given the same. */
  readonly shared?: SharedArrayBuffer;
  readonly clock?: Clock;
  /** A segment is closed when the next append would pass it; 64 MB where absent. */
  readonly segmentBytes?: number;
  /** A segment is closed when it is older; an hour where absent. */
  readonly segmentAgeMs?: number;
  /** Told of what recovery finds. */
  readonly found?: (finding: LogFinding) => void;
}

export interface EmbeddedLog extends Log {
  readonly shared: SharedArrayBuffer;
  /** One bounded step: closes segments that are old, compresses one closed segment; `owed` steps are left. Any thread, one at a time is enough. */
  maintain(): Promise<Maintained>;
}

export const defaultMaxBatchBytes = 4 * 1024 * 1024;

/** Throws FORMAT_UNKNOWN, CONFIG_INVALID (another count of partitions), FOLDER_UNUSABLE, LOG_CORRUPT. */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const { folder, files, partitions } = options;
  const shared = viewShared(options.shared ?? makeSharedLogState(partitions));
  if (shared.partitions !== partitions) throw new TypeError(`shared: expected ${partitions} partitions, came ${shared.partitions}`);
  const context: LogContext = {
    folder,
    files,
    clock: options.clock ?? systemClock,
    shared,
    segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
    segmentAgeMs: options.segmentAgeMs ?? 3_600_000,
    found: options.found ?? (() => {}),
  };
  if (!isFilled(shared.buffer)) {
    await checkFolder(context);
    await loadGroups(context);
    for (const topic of topics) for (let partition = 0; partition < partitions; partition++) await recoverPartition(context, topic, partition);
    markFilled(shared.buffer);
  }
  return makeLog(context);
}

async function checkFolder(context: LogContext): Promise<void> {
  const { files, folder, shared } = context;
  await files.makeFolder(folder);
  const place = path.join(folder, "log.json");
  if ((await files.sizeBytes(place)) === undefined) {
    await files.replace(place, Buffer.from(`${JSON.stringify({ format: "earshot-log", version: 1, partitions: shared.partitions })}\n`));
    return;
  }
  const text = (await files.read(place)).toString("utf8");
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new EarshotError("FORMAT_UNKNOWN", `${place}: expected JSON`, { cause: error });
  }
  if (typeof found !== "object" || found === null || !("version" in found) || found.version !== 1 || !("partitions" in found))
    throw new EarshotError("FORMAT_UNKNOWN", `${place}: expected version 1 of the log, came ${text.trim().slice(0, 100)}`);
  if (found.partitions !== shared.partitions)
    throw new EarshotError(
      "CONFIG_INVALID",
      `${place}: the log has ${String(found.partitions)} partitions, the configuration ${shared.partitions}; another count needs a migration`,
    );
}

function makeLog(context: LogContext): EmbeddedLog {
  const { shared } = context;
  const { partitions } = shared;
  const appenders = new Map<string, Appender>();
  const indexes: Indexes = new Map();
  const groups = makeGroups(context);
  const closed = new AbortController();

  function appender(topic: Topic, partition: number): Appender {
    const key = `${topic}/${partition}`;
    let found = appenders.get(key);
    if (found === undefined) {
      found = makeAppender(context, topic, partition);
      appenders.set(key, found);
    }
    return found;
  }

  const roll = (topic: Topic, partition: number): Promise<Offset> => appender(topic, partition).roll();

  async function* read(topic: Topic, partition: number, from: Offset, to?: Offset): AsyncGenerator<Delivery> {
    await using cursor = makeCursor(context, indexes, topic, partition, from);
    const limit = Math.min(to ?? Infinity, shared.slot(topic, partition).next);
    for (;;) {
      const piece = await cursor.take(limit, defaultMaxBatchBytes);
      if (piece === undefined) return;
      yield { topic, partition, firstOffset: piece.first, frames: piece.frames, commit: async () => {} };
    }
  }

  return {
    partitions,
    shared: shared.buffer,
    capabilities: { forgets: "rewrites", shared: false },
    async append(topic, partition, frames) {
      return appender(topic, partition).append(frames);
    },
    read,
    async *subscribe(topic, groupName, options, signal) {
      const group = await shared.group(topic, groupName);
      const maxBytes = options.maxBatchBytes ?? defaultMaxBatchBytes;
      const mine = options.partitions ?? Array.from({ length: partitions }, (_, partition) => partition);
      const cursors: { partition: number; cursor: Cursor }[] = [];
      const ended = AbortSignal.any([signal, closed.signal]);
      // A waiter on shared memory knows no signal: it is woken and looks.
      const wake = () => shared.wake(topic);
      ended.addEventListener("abort", wake, { once: true });
      try {
        for (const partition of mine) {
          const slot = shared.slot(topic, partition);
          await options.assigned?.(partition);
          const committed = group.position(partition);
          const from = (await options.from?.(partition)) ?? (committed >= 0 ? committed : slot.oldest);
          cursors.push({ partition, cursor: makeCursor(context, indexes, topic, partition, from) });
        }
        while (!ended.aborted) {
          const seen = shared.signal(topic);
          let idle = true;
          // Round robin: no partition starves another.
          for (const { partition, cursor } of cursors) {
            const piece = await cursor.take(shared.slot(topic, partition).next, maxBytes);
            if (piece === undefined) continue;
            if (ended.aborted) return;
            idle = false;
            const next = piece.first + piece.frames.count;
            yield { topic, partition, firstOffset: piece.first, frames: piece.frames, commit: async () => groups.commit(group, partition, next) };
            if (ended.aborted) return;
          }
          if (idle && !ended.aborted) await shared.wait(topic, seen);
        }
      } finally {
        ended.removeEventListener("abort", wake);
        for (const { cursor } of cursors) await cursor[Symbol.asyncDispose]();
        for (const { partition } of cursors) await options.revoked?.(partition);
      }
    },
    async state(topic) {
      return Array.from({ length: partitions }, (_, partition): LogPartitionState => {
        const { oldest, next, sizeBytes, oldestAt } = shared.slot(topic, partition);
        return { topic, partition, oldest, next, sizeBytes, ...(oldestAt >= 0 ? { oldestAt } : {}) };
      });
    },
    async committed(topic, groupName) {
      const group = await shared.group(topic, groupName);
      const positions = new Map<number, Offset>();
      for (let partition = 0; partition < partitions; partition++) if (group.position(partition) >= 0) positions.set(partition, group.position(partition));
      return positions;
    },
    forget: (topic, partition, request) => forget(context, topic, partition, request, roll),
    retain: (topic, limits) => retain(context, topic, limits, roll),
    maintain: makeMaintain(context, topics, roll),
    async [Symbol.asyncDispose]() {
      closed.abort();
      for (const some of appenders.values()) await some[Symbol.asyncDispose]();
      await groups[Symbol.asyncDispose]();
    },
  };
}
