import { EarshotError } from "../core/errors.ts";
import type { From, Post } from "../core/event.ts";
import { wordsHex } from "../core/ids.ts";
import type { Delivery, Log } from "../core/log.ts";
import type { Identities } from "../ledger/identities.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { parseChange } from "./change-frame.ts";
import type { DriftMeter } from "./drift-meter.ts";
import { type FrameFault, frameOutcomes, type FrameOutcome, type makeRefiner, type Refined } from "./refine.ts";

export interface RefineCounters {
  frames: number;
  changes: number;
  rejected: number;
  duplicate: number;
  dropped: number;
}

export interface OutcomeCounts {
  readonly kept: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly dropped: number;
}

export interface ReplayProgress extends OutcomeCounts {
  readonly read: number;
  /** Offset that is read next, and where it ends. */
  readonly at: number;
  readonly to: number;
}

/** Outcomes of the latest frames are remembered for as many. */
const ringSize = 1 << 18;
const mostFaults = 5_000;
const mostRefusedKeys = 100_000;
const maxBatchBytes = 2 * 1024 * 1024;

export interface PartitionOptions {
  readonly partition: number;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly identities: Identities;
  readonly refiner: ReturnType<typeof makeRefiner>;
  readonly drift?: DriftMeter;
}

/**
 * Drives one partition: catches the ledger up from `posts`, then refines what comes, one delivery at a time.
 * Frames are appended first, then the ledger commits: after a crash between the two, `posts` tells the ledger what it missed.
 */
export async function openPartition(options: PartitionOptions) {
  const { partition, log, ledger, identities, refiner } = options;
  const ring = new Uint8Array(ringSize);
  const counters: RefineCounters = { frames: 0, changes: 0, rejected: 0, duplicate: 0, dropped: 0 };
  /** Keys of frames that an erasure refused; what a crash forgets of them goes with the log's retention. */
  let refusedKeys = new Set<string>();
  /** Why the latest frames were rejected, by offset. */
  const faults = new Map<number, FrameFault>();
  let waiters: { offset: number; resolve: () => void }[] = [];
  /** Of the replay that runs, or ran last. */
  let progress: ReplayProgress = { read: 0, kept: 0, duplicate: 0, rejected: 0, dropped: 0, at: 0, to: 0 };
  let isCancelled = false;
  let turn: Promise<unknown> = Promise.resolve();

  await catchUp();
  let { events, generation } = ledger.position();
  await catchUpIdentities();

  async function catchUp(): Promise<void> {
    for await (const delivery of log.read("posts", partition, ledger.position().postsOffset)) {
      const { frames, firstOffset } = delivery;
      ledger.begin();
      let from: From = ledger.position().events;
      let atGeneration = ledger.position().generation;
      for (let i = 0; i < frames.count; i++) {
        const start = frames.ends[i] ?? 0;
        const end = frames.ends[i + 1] ?? start;
        const place = { offset: frames.fromOffsets[i] ?? 0, index: frames.fromIndexes[i] ?? 0 };
        if (place.offset > from.offset) from = place;
        atGeneration = Math.max(atGeneration, frames.generations[i] ?? 0);
        if (end > start) ledger.rebuild(parseChange(Buffer.from(frames.bytes.buffer, frames.bytes.byteOffset + start, end - start).toString("utf8")));
      }
      ledger.commit({ postsOffset: firstOffset + frames.count, events: from, generation: atGeneration });
    }
  }

  /** Identities are written beside the log: what a power cut took of them is read from the raw again. */
  async function catchUpIdentities(): Promise<void> {
    const from = (identities.position()?.offset ?? -1) + 1;
    if (from > events.offset) return;
    for await (const delivery of log.read("events", partition, from, events.offset + 1)) {
      refiner.seeIdentities(delivery);
      identities.flush();
    }
    identities.flush(events);
  }

  /** One after the other: live deliveries and replays share the ledger. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work, work);
    turn = done.catch(() => undefined);
    return done;
  }

  async function take(delivery: Delivery, after: From, atGeneration: number, resumeAt: From | undefined, drift?: DriftMeter): Promise<Refined> {
    const refined = refiner.refine(delivery, after, atGeneration, drift);
    let postsOffset = ledger.position().postsOffset;
    try {
      // Rejected first: were only `posts` durable, the ledger's catch-up would pass the rejected by.
      if (refined.rejected !== undefined) await log.append("rejected", partition, refined.rejected);
      if (refined.posts !== undefined) postsOffset = (await log.append("posts", partition, refined.posts)) + refined.posts.count;
    } catch (error) {
      ledger.rollback();
      identities.rollback();
      throw error;
    }
    identities.flush(resumeAt ?? refined.last);
    ledger.commit({ postsOffset, events: resumeAt ?? refined.last, generation: atGeneration });
    for (const frame of refined.erased) {
      const { keys } = delivery.frames;
      if (refusedKeys.size < mostRefusedKeys) refusedKeys.add(wordsHex(keys[frame * 2] ?? 0, keys[frame * 2 + 1] ?? 0));
    }
    counters.changes += refined.posts?.count ?? 0;
    return refined;
  }

  return {
    partition,
    counters,
    ledger,
    position: () => events,
    /** A live delivery. */
    accept(delivery: Delivery): Promise<void> {
      return inTurn(async () => {
        const { outcomes, last, faults: fresh } = await take(delivery, events, generation, undefined, options.drift);
        for (const fault of fresh) faults.set(fault.offset, fault);
        if (faults.size > mostFaults) for (const offset of [...faults.keys()].slice(0, faults.size - mostFaults)) faults.delete(offset);
        for (const [i, outcome] of outcomes.entries()) {
          ring[(delivery.firstOffset + i) % ringSize] = outcome;
          counters.frames++;
          if (outcome === 2) counters.duplicate++;
          else if (outcome === 3) counters.rejected++;
          else if (outcome === 4) counters.dropped++;
        }
        events = last.offset > events.offset ? last : events;
        waiters = waiters.filter((waiter) => {
          if (waiter.offset > events.offset) return true;
          waiter.resolve();
          return false;
        });
      });
    },
    /** Reads raw again that is already refined, under a new generation: what a better parser makes of it replaces what was. */
    replay(from: number, to: number, wanted: (source: string, receivedAt: number) => boolean): Promise<OutcomeCounts & { readonly read: number }> {
      return inTurn(async () => {
        const counts = { read: 0, kept: 0, duplicate: 0, rejected: 0, dropped: 0 };
        const end = Math.min(to, events.offset + 1);
        isCancelled = false;
        progress = { ...counts, at: from, to: end };
        if (from >= end) return counts;
        generation += 1;
        for await (const delivery of log.read("events", partition, from, end)) {
          const chosen = onlyOf(delivery, wanted);
          const { outcomes } = await take(chosen, { offset: from - 1, index: 0 }, generation, events);
          for (const [i, outcome] of outcomes.entries()) {
            if (isEmpty(chosen, i)) continue;
            counts.read++;
            const name = frameOutcomes[outcome];
            if (name !== undefined && name !== "unknown") counts[name]++;
          }
          progress = { ...counts, at: delivery.firstOffset + delivery.frames.count, to: end };
          if (isCancelled) break;
        }
        return counts;
      });
    },
    watchForms: (watched: boolean) =>
      inTurn(() => {
        refiner.watchForms(watched);
        return Promise.resolve();
      }),
    /** Stored posts as today's stages make them; what was edited since, deleted or erased stays as it is. @returns how many changed */
    again(made: readonly Post[]): Promise<number> {
      return inTurn(async () => {
        const changes = refiner.again(made, events, generation);
        let { postsOffset } = ledger.position();
        try {
          if (changes !== undefined) postsOffset = (await log.append("posts", partition, changes)) + changes.count;
        } catch (error) {
          ledger.rollback();
          throw error;
        }
        ledger.commit({ postsOffset, events, generation });
        counters.changes += changes?.count ?? 0;
        return changes?.count ?? 0;
      });
    },
    replayProgress: (): ReplayProgress => progress,
    /** Ends a replay after the delivery that it is at. */
    cancelReplay(): void {
      isCancelled = true;
    },
    /** What became of the frames at these offsets, once they are refined. */
    async outcomes(offsets: readonly number[]): Promise<readonly FrameOutcome[]> {
      const last = Math.max(-1, ...offsets);
      if (last > events.offset) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiters.push({ offset: last, resolve });
        await promise;
      }
      return offsets.map((offset) => (events.offset - offset < ringSize ? (frameOutcomes[ring[offset % ringSize] ?? 0] ?? "unknown") : "unknown"));
    },
    reasons: (offsets: readonly number[]) => offsets.flatMap((offset) => faults.get(offset) ?? []),
    inTurn,
    /** First 8 bytes of the ids of posts that an erasure refused since the last call, as hex. */
    takeRefusedKeys(): readonly string[] {
      const taken = [...refusedKeys];
      refusedKeys = new Set();
      return taken;
    },
    /** Writes what is held: readers elsewhere see it, and the log need not keep what it came from. */
    flush: (what: "all" | "ledger" = "all") =>
      inTurn(async () => {
        ledger.flush();
        if (what === "all") identities.flush();
        return ledger.position().events.offset + 1;
      }),
    /** Resolves once everything is in files; nothing changes from then on until the promise resolves. */
    hold(until: Promise<void>): Promise<void> {
      return new Promise((ready, fail) => {
        inTurn(async () => {
          ledger.flush();
          identities.flush();
          ready();
          await until;
        }).catch(fail);
      });
    },
    async close(): Promise<void> {
      await inTurn(() => Promise.resolve());
      ledger.flush();
      identities.flush();
      ledger[Symbol.dispose]();
      identities[Symbol.dispose]();
    },
  };
}
export type Partition = Awaited<ReturnType<typeof openPartition>>;

function isEmpty(delivery: Delivery, index: number): boolean {
  return delivery.frames.ends[index] === delivery.frames.ends[index + 1];
}

/** The delivery with the frames of other sources, and our own commands, emptied. */
function onlyOf(delivery: Delivery, wanted: (source: string, receivedAt: number) => boolean): Delivery {
  const { frames } = delivery;
  const ends = new Uint32Array(frames.count + 1);
  const bytes = Buffer.allocUnsafe(frames.bytes.length);
  let used = 0;
  for (let i = 0; i < frames.count; i++) {
    const start = frames.ends[i] ?? 0;
    const end = frames.ends[i + 1] ?? start;
    const idLength = frames.bytes[start + 2] ?? 0;
    const isRaw = end > start && frames.bytes[start + 1] === 0;
    if (isRaw && wanted(Buffer.from(frames.bytes.buffer, frames.bytes.byteOffset + start + 3, idLength).toString("utf8"), frames.times[i] ?? 0)) {
      bytes.set(frames.bytes.subarray(start, end), used);
      used += end - start;
    }
    ends[i + 1] = used;
  }
  if (ends[0] !== 0) throw new EarshotError("INVARIANT", "replay: ends start at 0");
  return { ...delivery, frames: { ...frames, ends, bytes: bytes.subarray(0, used) } };
}

/** Feeds a partition from the log until the signal aborts. */
export async function runPartition(partition: Partition, log: Log, signal: AbortSignal): Promise<void> {
  const from = () => Promise.resolve(partition.position().offset + 1);
  for await (const delivery of log.subscribe("events", "refine", { partitions: [partition.partition], from, maxBatchBytes }, signal)) {
    await partition.accept(delivery);
    await delivery.commit();
  }
}
