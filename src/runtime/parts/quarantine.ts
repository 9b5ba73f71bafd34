import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { FrameBatch, Log } from "../../core/log.ts";
import type { Raw } from "../../core/source.ts";
import type { Quarantine, QuarantineFilter, QuarantineRecord } from "../../registers/quarantine.ts";
import type { Threads } from "../boot.ts";
import type { Engine, QuarantineChoice, QuarantineItem, QuarantinePreview } from "../engine.ts";
import type { ReplayAnswer, ReplayRequest, ReplayRun } from "../replay.ts";
import { importPlatformOf, importSource } from "../import.ts";
import { type KeyHashes, makeFrameRouter } from "../ingest.ts";
import { decodeRaw } from "../raw-frame.ts";
import { type Rejected, rejectedSchema } from "../rejected.ts";

export interface QuarantineOptions {
  readonly log: Log;
  readonly register: Quarantine;
  readonly threads: Threads;
  readonly hashes: KeyHashes;
  readonly clock: Clock;
  readonly report: Report;
  /** What a message of the source is keyed by; undefined: the source is gone. */
  readonly rawsOf: (source: string, bytes: Uint8Array, receivedAt: number) => { readonly platform: string; readonly raws: readonly Raw[] } | undefined;
}

const replayBite = 500;
/** Of one reading: frames between two that are wanted. */
const nearFrames = 200;
const mostPreviewed = 20;

function isNear(a: QuarantineRecord | undefined, b: QuarantineRecord | undefined): boolean {
  return a !== undefined && b !== undefined && a.partition === b.partition && b.offset - a.offset <= nearFrames;
}

/** Indexes the `rejected` log for people, and sends raw through the parsers again. */
export function makeQuarantine(options: QuarantineOptions) {
  const { log, register, threads, hashes } = options;
  let run: ReplayRun | undefined;
  let isCancelled = false;

  async function index(signal: AbortSignal): Promise<void> {
    for await (const delivery of log.subscribe("rejected", "quarantine", {}, signal)) {
      const { frames, firstOffset, partition } = delivery;
      const records: Omit<QuarantineRecord, "state">[] = [];
      for (let i = 0; i < frames.count; i++) {
        const rejected = rejectedAt(frames.bytes, frames.ends[i] ?? 0, frames.ends[i + 1] ?? 0);
        if (rejected === undefined) continue;
        // Named by where it came from: what a crash made the refiner reject twice is one item.
        const id = `${partition}-${frames.fromOffsets[i] ?? 0}-${frames.fromIndexes[i] ?? 0}-${frames.generations[i] ?? 0}`;
        records.push({
          id,
          source: importPlatformOf(rejected.source) === undefined ? rejected.source : importSource,
          code: rejected.code,
          message: rejected.message,
          at: rejected.at,
          partition,
          offset: firstOffset + i,
        });
      }
      if (records.length > 0) await register.add(records);
      await delivery.commit();
    }
  }

  interface Found {
    readonly rejected: Rejected;
    readonly bytes: Buffer;
  }

  async function foundAt(frames: FrameBatch, at: number, partition: number): Promise<Found | undefined> {
    const rejected = rejectedAt(frames.bytes, frames.ends[at] ?? 0, frames.ends[at + 1] ?? 0);
    if (rejected === undefined) return undefined;
    const kept = Buffer.from(rejected.raw, rejected.encoding);
    if (kept.length >= rejected.rawBytes) return { rejected, bytes: kept };
    // Longer than the quarantine keeps: the whole of it is in `events` as long as that lasts.
    const offset = frames.fromOffsets[at] ?? 0;
    for await (const events of log.read("events", partition, offset, offset + 1)) {
      const raw = decodeRaw(events.frames, 0, new Map());
      if (raw !== undefined) return { rejected, bytes: Buffer.from(raw.bytes) };
    }
    return { rejected, bytes: kept };
  }

  async function rawOf(record: QuarantineRecord): Promise<Found | undefined> {
    return (await rawsOf([record])).get(record.id);
  }

  /** By the records' ids. What stands near each other is read at once: each read unpacks a whole batch of the log. */
  async function rawsOf(records: readonly QuarantineRecord[]): Promise<ReadonlyMap<string, Found>> {
    const found = new Map<string, Found>();
    const sorted = records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
    for (let start = 0; start < sorted.length;) {
      let end = start + 1;
      while (end < sorted.length && isNear(sorted[end - 1], sorted[end])) end++;
      const near = sorted.slice(start, end);
      start = end;
      const [first, last] = [near[0], near.at(-1)];
      if (first === undefined || last === undefined) continue;
      let next = 0;
      for await (const { frames, firstOffset } of log.read("rejected", first.partition, first.offset, last.offset + 1)) {
        for (let record = near[next]; record !== undefined && record.offset < firstOffset + frames.count; record = near[++next]) {
          const one = record.offset < firstOffset ? undefined : await foundAt(frames, record.offset - firstOffset, record.partition);
          if (one !== undefined) found.set(record.id, one);
        }
      }
    }
    return found;
  }

  async function sendAgain(records: readonly QuarantineRecord[], answer: { read: number; kept: number; unchanged: number; rejected: number }): Promise<void> {
    const bySource = new Map<string, { platform: string; raws: Raw[] }>();
    const sentIds: string[] = [];
    const all = await rawsOf(records);
    for (const record of records) {
      const found = all.get(record.id);
      const sent = found && options.rawsOf(found.rejected.source, found.bytes, found.rejected.at);
      if (found === undefined || sent === undefined) continue;
      answer.read++;
      sentIds.push(record.id);
      const group = bySource.get(found.rejected.source) ?? { platform: sent.platform, raws: [] };
      group.raws.push(...sent.raws);
      bySource.set(found.rejected.source, group);
    }
    for (const [source, { platform, raws }] of bySource) {
      const router = makeFrameRouter({ source, platform, partitions: log.partitions, hashes });
      for (const raw of raws) router.add(raw);
      for (const [partition, builder] of router.builders.entries()) {
        if (builder.count === 0) continue;
        const { count } = builder;
        const first = await log.append("events", partition, builder.take());
        const outcomes = await threads.refineOf(partition).caller.call("outcomes", { partition, offsets: Array.from({ length: count }, (_, i) => first + i) });
        for (const outcome of outcomes) {
          if (outcome === "kept") answer.kept++;
          else if (outcome === "rejected") answer.rejected++;
          else answer.unchanged++;
        }
      }
    }
    await register.setState(sentIds, "replayed");
  }

  async function replayQuarantine(request: Extract<ReplayRequest, { kind: "quarantine" }>): Promise<ReplayAnswer> {
    if (run?.state === "running") throw new EarshotError("CONFLICT", "a replay is running; wait for it, or cancel it");
    const chosen: QuarantineFilter = { state: "open", ...(request.code !== undefined && { code: request.code }), ...(request.source !== undefined && { source: request.source }) };
    const answer = { read: 0, kept: 0, unchanged: 0, rejected: 0 };
    const startedAt = options.clock.now();
    let of = request.ids?.length ?? 0;
    isCancelled = false;
    const tell = (state: ReplayRun["state"]) => {
      run = { ...answer, of, state, startedAt, ...(state !== "running" && { endedAt: options.clock.now() }) };
    };
    tell("running");
    try {
      of = request.ids?.length ?? (await register.count(chosen));
      if (request.ids !== undefined) {
        for (let at = 0; at < request.ids.length && !isCancelled; at += replayBite) {
          const bite = request.ids.slice(at, at + replayBite);
          await sendAgain(
            (await Promise.all(bite.map((id) => register.get(id)))).filter((record) => record !== undefined),
            answer,
          );
          tell("running");
        }
      } else {
        // What is rejected again comes back as a new item: only those from before the start are taken.
        const ends = await endsOfRejected();
        let cursor: string | undefined;
        do {
          const page = await register.list(chosen, { limit: replayBite, ...(cursor !== undefined && { cursor }) });
          await sendAgain(
            page.items.filter((record) => record.offset < (ends.get(record.partition) ?? 0)),
            answer,
          );
          tell("running");
          cursor = page.next;
        } while (cursor !== undefined && !isCancelled);
      }
      tell(isCancelled ? "cancelled" : "done");
      return answer;
    } catch (thrown) {
      tell("failed");
      throw thrown;
    }
  }

  async function recordsOf(which: QuarantineChoice, most: number): Promise<readonly QuarantineRecord[]> {
    if ("ids" in which) return (await Promise.all(which.ids.slice(0, most).map((id) => register.get(id)))).filter((record) => record !== undefined);
    return (await register.list({ ...which, state: "open" }, { limit: most })).items;
  }

  async function endsOfRejected(): Promise<ReadonlyMap<number, number>> {
    return new Map((await log.state("rejected")).map(({ partition, next }) => [partition, next]));
  }

  async function replayRaw(request: Extract<ReplayRequest, { kind: "raw" }>): Promise<ReplayAnswer> {
    if (run?.state === "running") throw new EarshotError("CONFLICT", "a replay is running; wait for it, or cancel it");
    const ends = await endsOfRejected();
    const states = await log.state("events");
    const startedAt = options.clock.now();
    const total = { read: 0, kept: 0, unchanged: 0, rejected: 0 };
    const of = states.reduce((sum, { oldest, next }) => sum + next - oldest, 0);
    isCancelled = false;
    run = { ...total, of, state: "running", startedAt };
    const ended = new AbortController();
    const watching = watchRaw(ended.signal, { of, startedAt });
    try {
      const answers = await Promise.all(
        states.map(({ partition, oldest, next }) =>
          threads.refineOf(partition).caller.call("replay", { partition, from: oldest, to: next, source: request.source, fromMs: request.fromMs, toMs: request.toMs }),
        ),
      );
      for (const answer of answers) {
        total.read += answer.read;
        total.kept += answer.kept;
        total.unchanged += answer.duplicate + answer.dropped;
        total.rejected += answer.rejected;
      }
      // What is rejected again comes as a new item in the place of the old one.
      const { source, fromMs, toMs } = request;
      if (!isCancelled) await register.supersede({ fromMs, toMs, ends, ...(source !== undefined && { source }) });
      run = { ...total, of: total.read, state: isCancelled ? "cancelled" : "done", startedAt, endedAt: options.clock.now() };
      return total;
    } catch (thrown) {
      run = { ...total, of, state: "failed", startedAt, endedAt: options.clock.now() };
      throw thrown;
    } finally {
      ended.abort();
      await watching;
    }
  }

  /** Tells how far the partitions are, until it is over. `read` and `of` are messages of all sources. */
  async function watchRaw(signal: AbortSignal, { of, startedAt }: { readonly of: number; readonly startedAt: number }): Promise<void> {
    while (!signal.aborted) {
      try {
        await options.clock.sleep(500, signal);
        if (isCancelled) for (const thread of threads.refine) await thread.caller.call("cancelReplay", undefined);
        const parts = (await Promise.all(threads.refine.map((thread) => thread.caller.call("replayProgress", undefined)))).flat();
        if (signal.aborted) return;
        const left = parts.reduce((sum, part) => sum + part.to - part.at, 0);
        const sum = (name: "kept" | "duplicate" | "dropped" | "rejected") => parts.reduce((all, part) => all + part[name], 0);
        run = { read: Math.max(0, of - left), kept: sum("kept"), unchanged: sum("duplicate") + sum("dropped"), rejected: sum("rejected"), of, state: "running", startedAt };
      } catch {
        // Over, or the threads are busy: the answer tells all the same.
      }
    }
  }

  return {
    index,
    openCount: () => register.count({ state: "open" }),
    quarantine: async ({ limit, cursor, ...filter }: Parameters<Engine["quarantine"]>[0]) => {
      const page = await register.list(filter, { limit, ...(cursor !== undefined && { cursor }) });
      return {
        items: page.items.map(viewOf),
        ...(page.next !== undefined && { next: page.next }),
        reasons: await register.reasons(filter.state ?? "open"),
        counts: await register.counts(),
      };
    },
    async quarantineItem(id: string): Promise<QuarantineItem | undefined> {
      const record = await register.get(id);
      if (record === undefined) return undefined;
      const found = await rawOf(record);
      return { ...viewOf(record), ...(found !== undefined && { raw: found.rejected.raw, encoding: found.rejected.encoding, sizeBytes: found.rejected.rawBytes }) };
    },
    async previewQuarantine(which: QuarantineChoice): Promise<QuarantinePreview> {
      const items: QuarantinePreview["items"][number][] = [];
      for (const record of await recordsOf(which, mostPreviewed)) {
        const found = await rawOf(record);
        const made =
          found &&
          (await threads.refineOf(record.partition).caller.call("preview", { source: found.rejected.source, bytes: Uint8Array.from(found.bytes), receivedAt: found.rejected.at }));
        items.push({ item: viewOf(record), ...(made && { made }) });
      }
      return { of: "ids" in which ? which.ids.length : await register.count({ ...which, state: "open" }), items };
    },
    dismiss: (which: QuarantineChoice) => ("ids" in which ? register.setState(which.ids, "dismissed") : register.moveAll({ ...which, state: "open" }, "dismissed")),
    async reopen(which: QuarantineChoice): Promise<number> {
      if (!("ids" in which)) return register.moveAll({ ...which, state: "dismissed" }, "open");
      const dismissed = (await recordsOf(which, which.ids.length)).filter((record) => record.state === "dismissed");
      return register.setState(
        dismissed.map((record) => record.id),
        "open",
      );
    },
    replayRun: () => run,
    cancelReplay(): void {
      isCancelled = true;
    },
    replay: (request: ReplayRequest) => (request.kind === "raw" ? replayRaw(request) : replayQuarantine(request)),
  };
}

function viewOf({ id, source, code, message, at, state }: QuarantineRecord): QuarantineItem {
  return { id, source, code, message, at, state };
}

function rejectedAt(bytes: Uint8Array, start: number, end: number): Rejected | undefined {
  if (start === end) return undefined;
  try {
    const parsed = rejectedSchema.safeParse(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("utf8")));
    return parsed.success ? parsed.data : undefined;
  } catch (thrown) {
    // Bytes that an erasure overwrote may be no JSON any more.
    void toEarshotError(thrown, "JSON_INVALID", "rejected");
    return undefined;
  }
}
