import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { type EarshotError, toEarshotError } from "../core/errors.ts";
import { makeFrameBatchBuilder, type FrameBatchBuilder, type Log } from "../core/log.ts";
import type { Raw, Source, SourcePage, SourceStatus } from "../core/source.ts";
import { encodeRaw } from "./raw-frame.ts";

/** The first 8 bytes of a keyed hash, as two 32-bit words. */
export interface HashWords {
  readonly high: number;
  readonly low: number;
}

export interface KeyHashes {
  post(platform: string, nativeId: string): HashWords;
  actor(platform: string, nativeId: string): HashWords;
}

export interface Cursors {
  load(source: string): Promise<string | undefined>;
  save(source: string, cursor: string): Promise<void>;
}

export interface IngestOptions {
  readonly id: string;
  readonly platform: string;
  readonly open: () => Promise<Source>;
  readonly log: Log;
  readonly hashes: KeyHashes;
  readonly cursors: Cursors;
  readonly clock: Clock;
  readonly report: Report;
  /** The platform no longer holds what lies between. */
  readonly onGap?: (gap: NonNullable<SourcePage["gap"]>) => Promise<void>;
  readonly onStatus: (status: SourceStatus & { readonly error?: EarshotError }) => void;
  /** Resolves when collection may go on (disk, limits). */
  readonly mayCollect: (signal: AbortSignal) => Promise<void>;
  /** A cursor is saved at most this often. */
  readonly saveEveryMs?: number;
  readonly random?: () => number;
}

export interface IngestCounters {
  items: number;
  bytes: number;
  pages: number;
  gaps: number;
  errors: number;
  /** Where the last appended page ends. */
  cursor?: string | undefined;
  /** When the last message came, milliseconds UTC. */
  lastItemAt?: number;
}

const firstBackoffMs = 1_000;
const longestBackoffMs = 5 * 60_000;

export function partitionOf(words: HashWords, partitions: number): number {
  return words.high % partitions;
}

/** Turns raw messages into frames, a builder a partition. */
export function makeFrameRouter(options: { readonly source: string; readonly platform: string; readonly partitions: number; readonly hashes: KeyHashes }) {
  const builders: FrameBatchBuilder[] = Array.from({ length: options.partitions }, () => makeFrameBatchBuilder());
  let nextAny = 0;
  const nobody: HashWords = { high: 0, low: 0 };
  return {
    builders,
    /** Returns the partitions that the item went to. */
    add(item: Raw): number | "all" {
      const actor = item.actor === undefined ? nobody : options.hashes.actor(options.platform, item.actor);
      const payload = encodeRaw("raw", options.source, item.bytes);
      const fields = { actorHigh: actor.high, actorLow: actor.low, time: item.receivedAt };
      if (item.key === undefined) {
        const partition = nextAny++ % options.partitions;
        builders[partition]?.add({ ...fields, keyHigh: 0, keyLow: 0 }, payload);
        return partition;
      }
      if (typeof item.key !== "string") {
        for (const builder of builders) builder.add({ ...fields, keyHigh: 0, keyLow: 0 }, payload);
        return "all";
      }
      const words = options.hashes.post(options.platform, item.key);
      const partition = partitionOf(words, options.partitions);
      builders[partition]?.add({ ...fields, keyHigh: words.high, keyLow: words.low }, payload);
      return partition;
    },
  };
}

/** Collects one source until the signal aborts or the source is read to its end. Append before cursor. */
export async function ingest(options: IngestOptions, counters: IngestCounters, signal: AbortSignal): Promise<"done" | "stopped"> {
  const { id, clock, report, log } = options;
  const random = options.random ?? Math.random;
  const saveEveryMs = options.saveEveryMs ?? 1_000;
  const router = makeFrameRouter({ source: id, platform: options.platform, partitions: log.partitions, hashes: options.hashes });
  let backoffMs = firstBackoffMs;
  let cursor = await options.cursors.load(id);
  counters.cursor = cursor;
  let savedCursor = cursor;
  let savedAt = clock.monotonicMs();

  const save = async () => {
    if (cursor === undefined || cursor === savedCursor) return;
    await options.cursors.save(id, cursor);
    savedCursor = cursor;
    savedAt = clock.monotonicMs();
  };

  const takePage = async (page: SourcePage) => {
    for (const item of page.items) router.add(item);
    await Promise.all(
      router.builders.map(async (builder, partition) => {
        if (builder.count > 0) await log.append("events", partition, builder.take());
      }),
    );
    counters.pages++;
    counters.items += page.items.length;
    if (page.items.length > 0) counters.lastItemAt = clock.now();
    for (const item of page.items) counters.bytes += item.bytes.length;
    if (page.gap !== undefined) {
      counters.gaps++;
      report("warn", `${id}: a gap that the platform made: ${page.gap.reason}`, { toMs: page.gap.toMs, fromMs: page.gap.fromMs ?? 0 });
      await options.onGap?.(page.gap);
    }
    cursor = page.cursor;
    counters.cursor = cursor;
    if (clock.monotonicMs() - savedAt >= saveEveryMs) await save();
  };

  for (;;) {
    if (signal.aborted) return "stopped";
    try {
      await options.mayCollect(signal);
      options.onStatus({ state: "connecting" });
      await using source = await options.open();
      for await (const page of source.read(cursor, signal)) {
        await takePage(page);
        backoffMs = firstBackoffMs;
        await options.mayCollect(signal);
      }
      await save();
      if (signal.aborted) return "stopped";
      options.onStatus({ state: "done" });
      return "done";
    } catch (thrown) {
      await save().catch((error: unknown) => report("warn", `${id}: the cursor could not be saved: ${String(error)}`));
      if (signal.aborted) return "stopped";
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", id);
      if (error.kind === "fault" || error.kind === "config") throw error;
      counters.errors++;
      const waitMs = Math.max(backoffMs * (0.5 + random()), (error.retryAt ?? 0) - clock.now());
      const retryAt = clock.now() + waitMs;
      options.onStatus({ state: "waiting", detail: error.message, retryAt, error });
      report("warn", `${error.message}; next try in ${Math.ceil(waitMs / 1_000)} s`, { source: id, code: error.code });
      backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
      try {
        await clock.sleep(waitMs, signal);
      } catch {
        return "stopped";
      }
    }
  }
}
