import type { ForgetReport, ForgetRequest, FrameBatch, Offset, Topic } from "../core/log.ts";
import { segmentHeaderBytes } from "./embedded-format.ts";
import { oldestTime } from "./embedded-recover.ts";
import { changeSegment, compressSegment, wouldChange } from "./embedded-rewrite.ts";
import { listSegments, type LogContext, partitionFolder, readSegmentHeader, segmentPath } from "./embedded-segments.ts";
import { type FindNeedles, makeNeedleFinder } from "./needles.ts";

const filler = 0x78;

/** Closes the segment that is appended to; returns the first offset of the new one. */
export type Roll = (topic: Topic, partition: number) => Promise<Offset>;

export async function forget(context: LogContext, topic: Topic, partition: number, request: ForgetRequest, roll: Roll): Promise<ForgetReport> {
  const slot = context.shared.slot(topic, partition);
  using _held = await slot.lockRewrites();
  const find = makeNeedleFinder(request.needles);
  const upTo = slot.next;
  const count = { removedFrames: 0, redactedFrames: 0 };
  const change = (frames: FrameBatch) => forgetIn(frames, request.remove, find, count);
  let damage: unknown;
  let segments = await listSegments(context, topic, partition);
  for (const first of segments) {
    if (first >= upTo) break;
    if (slot.tailFirst === first) {
      // An erasure that finds nothing here must not leave a trail of tiny segments.
      const before = { ...count };
      const isHere = await wouldChange(context, topic, partition, first, upTo, change);
      Object.assign(count, before);
      if (!isHere) continue;
      await roll(topic, partition);
    }
    segments = await listSegments(context, topic, partition);
    const end = segments[segments.indexOf(first) + 1] ?? upTo;
    const unread = await changeSegment(context, topic, partition, first, end, change);
    damage ??= unread;
  }
  if (damage !== undefined) throw damage;
  return count;
}

/** Empties what `remove` names and overwrites the needles in what remains; undefined where nothing is to be done. */
export function forgetIn(frames: FrameBatch, remove: ForgetRequest["remove"], find: FindNeedles, count: { removedFrames: number; redactedFrames: number }): FrameBatch | undefined {
  const { keys, actors, times } = frames;
  let { ends, bytes } = frames;
  const gone: number[] = [];
  let i = 0;
  const payload = () => frames.bytes.subarray(frames.ends[i], frames.ends[i + 1]);
  for (; i < frames.count; i++) {
    const keyHigh = keys[i * 2] ?? 0;
    const keyLow = keys[i * 2 + 1] ?? 0;
    const actorHigh = actors[i * 2] ?? 0;
    const actorLow = actors[i * 2 + 1] ?? 0;
    const isForgotten = ends[i] === ends[i + 1] && (keyHigh | keyLow | actorHigh | actorLow) === 0;
    if (!isForgotten && remove(keyHigh, keyLow, actorHigh, actorLow, times[i] ?? 0, payload)) gone.push(i);
  }
  if (gone.length > 0) {
    const shorter = Buffer.allocUnsafe(ends[frames.count] ?? 0);
    const newEnds = new Uint32Array(frames.count + 1);
    let used = 0;
    let at = 0;
    for (i = 0; i < frames.count; i++) {
      if (gone[at] === i) {
        at++;
        keys.fill(0, i * 2, i * 2 + 2);
        actors.fill(0, i * 2, i * 2 + 2);
      } else {
        shorter.set(bytes.subarray(ends[i], ends[i + 1]), used);
        used += (ends[i + 1] ?? 0) - (ends[i] ?? 0);
      }
      newEnds[i + 1] = used;
    }
    ends = newEnds;
    bytes = shorter.subarray(0, used);
  }
  const places = find(bytes);
  const redacted = new Set<number>();
  for (let p = 0; p < places.length; p += 2) {
    const start = places[p] ?? 0;
    const end = places[p + 1] ?? 0;
    const frame = frameAt(ends, frames.count, start);
    // Two payloads that only touch each other are no place.
    if (end > (ends[frame + 1] ?? 0)) continue;
    redacted.add(frame);
    bytes.fill(filler, start, end);
  }
  if (gone.length === 0 && redacted.size === 0) return undefined;
  count.removedFrames += gone.length;
  count.redactedFrames += redacted.size;
  return { ...frames, ends, bytes };
}

/** The frame whose payload holds the byte. */
function frameAt(ends: Uint32Array, count: number, byte: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle + 1] ?? 0) <= byte) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface RetainLimits {
  readonly maxAgeMs: number;
  readonly maxBytes: number;
  readonly keepFrom: (partition: number) => Offset;
}

/** A segment's frames are as old as the segment after it: they were appended before that was made. */
export async function retain(context: LogContext, topic: Topic, limits: RetainLimits, roll: Roll): Promise<number> {
  const { shared, clock } = context;
  const numbers = Array.from({ length: shared.partitions }, (_, partition) => partition);
  let freedBytes = 0;
  for (const partition of numbers) {
    const slot = shared.slot(topic, partition);
    if (slot.tailBytes > segmentHeaderBytes && clock.now() - slot.tailMadeAt >= Math.min(context.segmentAgeMs, limits.maxAgeMs)) await roll(topic, partition);
    while (true) {
      const closed = await oldestClosed(context, topic, partition);
      if (closed === undefined || closed.end > limits.keepFrom(partition) || clock.now() - closed.closedAt < limits.maxAgeMs) break;
      freedBytes += await removeOldest(context, topic, partition, closed);
    }
  }
  const total = () => numbers.reduce((sum, partition) => sum + shared.slot(topic, partition).sizeBytes, 0);
  while (total() > limits.maxBytes) {
    const candidates = [];
    for (const partition of numbers) {
      const closed = await oldestClosed(context, topic, partition);
      if (closed !== undefined && closed.end <= limits.keepFrom(partition)) candidates.push({ partition, closed });
    }
    const oldest = candidates.toSorted((a, b) => a.closed.closedAt - b.closed.closedAt)[0];
    if (oldest === undefined) break;
    freedBytes += await removeOldest(context, topic, oldest.partition, oldest.closed);
  }
  return freedBytes;
}

interface Closed {
  readonly first: Offset;
  readonly end: Offset;
  /** Milliseconds UTC. */
  readonly closedAt: number;
}

async function oldestClosed(context: LogContext, topic: Topic, partition: number): Promise<Closed | undefined> {
  const [first, end] = await listSegments(context, topic, partition);
  if (first === undefined || end === undefined) return undefined;
  const place = segmentPath(context, topic, partition, end);
  await using file = await context.files.open(place, "read");
  return { first, end, closedAt: (await readSegmentHeader(file, place)).madeAt };
}

async function removeOldest(context: LogContext, topic: Topic, partition: number, closed: Closed): Promise<number> {
  const slot = context.shared.slot(topic, partition);
  using _held = await slot.lockRewrites();
  if (slot.oldest !== closed.first) return 0;
  const place = segmentPath(context, topic, partition, closed.first);
  const sizeBytes = (await context.files.sizeBytes(place)) ?? 0;
  // Readers that stand in it go on behind it.
  slot.oldest = closed.end;
  await context.files.remove(place);
  // One at a time, oldest first: a power cut must not leave a hole between segments.
  await context.files.syncFolder(partitionFolder(context, topic, partition));
  slot.addSizeBytes(-sizeBytes);
  slot.listChanged();
  slot.oldestAt = await oldestTime(context, topic, partition, closed.end);
  return sizeBytes;
}

export interface Maintained {
  /** Segments that wait for compression after this step. */
  readonly owed: number;
  readonly gainedBytes: number;
}

/** Closed segments are compressed one a step, oldest first. */
export function makeMaintain(context: LogContext, topics: readonly Topic[], roll: Roll): () => Promise<Maintained> {
  const done = new Set<string>();
  return async () => {
    const { shared, clock } = context;
    const there = new Set<string>();
    const owed: { topic: Topic; partition: number; first: Offset; end: Offset }[] = [];
    for (const topic of topics) {
      for (let partition = 0; partition < shared.partitions; partition++) {
        const slot = shared.slot(topic, partition);
        if (slot.tailBytes > segmentHeaderBytes && clock.now() - slot.tailMadeAt >= context.segmentAgeMs) await roll(topic, partition);
        const segments = await listSegments(context, topic, partition);
        for (const [i, first] of segments.slice(0, -1).entries()) {
          const key = `${topic}/${partition}/${first}`;
          there.add(key);
          if (done.has(key)) continue;
          owed.push({ topic, partition, first, end: segments[i + 1] ?? first });
        }
      }
    }
    for (const key of done) if (!there.has(key)) done.delete(key);
    let gainedBytes = 0;
    for (const [i, { topic, partition, first, end }] of owed.entries()) {
      const slot = shared.slot(topic, partition);
      using _held = await slot.lockRewrites();
      done.add(`${topic}/${partition}/${first}`);
      if (first < slot.oldest) continue;
      const place = segmentPath(context, topic, partition, first);
      if (await isCompressed(context, place)) continue;
      try {
        gainedBytes = await compressSegment(context, topic, partition, first, end);
      } catch (error) {
        done.delete(`${topic}/${partition}/${first}`);
        throw error;
      }
      return { owed: owed.length - i - 1, gainedBytes };
    }
    return { owed: 0, gainedBytes };
  };
}

async function isCompressed(context: LogContext, place: string): Promise<boolean> {
  await using file = await context.files.open(place, "read");
  return (await readSegmentHeader(file, place)).compressed;
}
