import { toEarshotError, EarshotError } from "../core/errors.ts";
import type { File } from "../core/files.ts";
import type { FrameBatch, Offset, Topic } from "../core/log.ts";
import { batchHeaderBytes, bodyBytesOf, encodeBatch, maxBodyBytes, padded, segmentHeaderBytes } from "./embedded-format.ts";
import { createSegment, type LogContext, readSegmentHeader, segmentPath } from "./embedded-segments.ts";

interface Asked {
  readonly frames: FrameBatch;
  readonly sizeBytes: number;
  readonly resolve: (first: Offset) => void;
  readonly reject: (error: EarshotError) => void;
}

/** One sync carries no more than this, so that no append waits for a heap of others. */
const maxGroupBytes = 32 * 1024 * 1024;

export interface Appender extends AsyncDisposable {
  append(frames: FrameBatch): Promise<Offset>;
  /** Closes the segment that is appended to, unless it is empty; returns the first offset of the new one. */
  roll(): Promise<Offset>;
}

/** Appends that come while a sync runs share the next one (group commit). */
export function makeAppender(context: LogContext, topic: Topic, partition: number): Appender {
  const slot = context.shared.slot(topic, partition);
  const where = `log ${topic}/${partition}`;
  let queue: Asked[] = [];
  let running: Promise<void> | undefined;
  let closed = false;
  let mustStartSegment = false;
  let tail: { readonly file: File; readonly first: Offset; readonly nonce: number } | undefined;

  async function letGo(): Promise<void> {
    const open = tail;
    tail = undefined;
    await open?.file[Symbol.asyncDispose]();
  }

  /** The segment that is appended to, at its durable end; under the lock. */
  async function openTail() {
    if (tail !== undefined && tail.first === slot.tailFirst && tail.file.sizeBytes === slot.tailBytes) return tail;
    await letGo();
    const first = slot.tailFirst;
    const place = segmentPath(context, topic, partition, first);
    const file = await context.files.open(place, "append");
    try {
      if (file.sizeBytes < slot.tailBytes) throw new EarshotError("LOG_CORRUPT", `${where}: ${place}: expected ${slot.tailBytes} bytes, came ${file.sizeBytes}`);
      // What stands past the durable end was never acknowledged.
      if (file.sizeBytes > slot.tailBytes) await file.truncate(slot.tailBytes);
      const { nonce } = await readSegmentHeader(file, place);
      tail = { file, first, nonce };
      return tail;
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Under the lock. */
  async function startSegment() {
    await letGo();
    const first = slot.next;
    const { file, header } = await createSegment(context, topic, partition, first);
    tail = { file, first, nonce: header.nonce };
    mustStartSegment = false;
    slot.tailMadeAt = header.madeAt;
    slot.tailBytes = segmentHeaderBytes;
    slot.tailFirst = first;
    slot.addSizeBytes(segmentHeaderBytes);
    slot.listChanged();
    return tail;
  }

  function isBroken(): EarshotError {
    return new EarshotError("FOLDER_UNUSABLE", `${where}: the disk failed to make an append durable; nothing is appended until the log is opened anew`);
  }

  async function writeGroup(group: readonly Asked[]): Promise<void> {
    using _held = await slot.lockTail();
    if (slot.broken) throw isBroken();
    const sizeBytes = group.reduce((sum, asked) => sum + asked.sizeBytes, 0);
    let open = await openTail();
    const used = slot.tailBytes;
    const isFull = used + sizeBytes > context.segmentBytes;
    if (used > segmentHeaderBytes && (mustStartSegment || isFull || context.clock.now() - slot.tailMadeAt >= context.segmentAgeMs)) open = await startSegment();
    const start = slot.tailBytes;
    const first = slot.next;
    const parts: Uint8Array[] = [];
    const firsts: Offset[] = [];
    let next = first;
    for (const { frames } of group) {
      for (const part of encodeBatch(frames, next, first, open.nonce)) parts.push(part);
      firsts.push(next);
      next += frames.count;
    }
    try {
      await open.file.append(parts);
    } catch (error) {
      try {
        await open.file.truncate(start);
      } catch {
        // The next append opens the file anew and cuts it, or fails there.
        await letGo().catch(() => {});
      }
      throw error;
    }
    try {
      await open.file.sync();
    } catch (error) {
      // A page that failed to reach the disk may be marked clean: a second sync would lie. Nothing of it must be read again.
      let isCut = true;
      await open.file.truncate(start).catch(() => {
        isCut = false;
      });
      await letGo().catch(() => {});
      // File systems that find out late that they are full: go on in a new file, whose pages are new, when there is room.
      if (isCut && toEarshotError(error, "FOLDER_UNUSABLE", where).code === "DISK_FULL") mustStartSegment = true;
      else slot.broken = true;
      throw error;
    }
    if (slot.oldestAt < 0) slot.oldestAt = group[0]?.frames.times[0] ?? context.clock.now();
    slot.tailBytes = open.file.sizeBytes;
    slot.addSizeBytes(open.file.sizeBytes - start);
    slot.next = next;
    context.shared.wake(topic);
    for (const [i, asked] of group.entries()) asked.resolve(firsts[i] ?? first);
  }

  async function run(): Promise<void> {
    // Calls of the same turn share the first write.
    await Promise.resolve();
    while (queue.length > 0) {
      let sizeBytes = 0;
      let taken = 0;
      for (const asked of queue) {
        if (taken > 0 && sizeBytes + asked.sizeBytes > maxGroupBytes) break;
        sizeBytes += asked.sizeBytes;
        taken++;
      }
      const group = queue.slice(0, taken);
      queue = queue.slice(taken);
      try {
        await writeGroup(group);
      } catch (error) {
        const told = toEarshotError(error, "FOLDER_UNUSABLE", where);
        for (const asked of group) asked.reject(told);
      }
    }
    running = undefined;
  }

  return {
    append(frames) {
      const bodyBytes = bodyBytesOf(frames);
      if (closed) return Promise.reject(new EarshotError("CONFLICT", `${where}: the log is closed`));
      if (bodyBytes > maxBodyBytes) return Promise.reject(new EarshotError("ITEM_TOO_LARGE", `${where}: expected a batch of at most ${maxBodyBytes} bytes, came ${bodyBytes}`));
      if (frames.count === 0) return Promise.resolve(slot.next);
      const { promise, resolve, reject } = Promise.withResolvers<Offset>();
      queue.push({ frames, sizeBytes: batchHeaderBytes + padded(bodyBytes), resolve, reject });
      running ??= run();
      return promise;
    },
    async roll() {
      using _held = await slot.lockTail();
      if (slot.broken) throw isBroken();
      if (slot.tailBytes > segmentHeaderBytes) await startSegment();
      return slot.tailFirst;
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      while (running !== undefined) await running;
      using _held = await slot.lockTail();
      await letGo();
    },
  };
}
