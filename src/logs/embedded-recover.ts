import path from "node:path";
import { EarshotError } from "../core/errors.ts";
import type { File } from "../core/files.ts";
import type { Offset, Topic } from "../core/log.ts";
import { type BatchHeader, batchHeaderBytes, batchLength, bodyIsRight, decodeBatchHeader, formatVersion, segmentHeaderBytes } from "./embedded-format.ts";
import { createSegment, findBatch, listSegments, type LogContext, partitionFolder, readSegmentHeader, segmentPath, temporaryEnding } from "./embedded-segments.ts";

/** Reads a file forward, batch by batch. */
const windowBytes = 4 * 1024 * 1024;

interface Scan {
  readonly next: Offset;
  /** Where the last right batch ends. */
  readonly endByte: number;
  readonly leastTime: number | undefined;
}

/**
 * Makes the partition right after a crash and fills its shared state: a torn tail is cut (and told), acknowledged bytes that
 * are damaged are told and stay. Throws FORMAT_UNKNOWN; LOG_CORRUPT where the header of the tail is damaged.
 */
export async function recoverPartition(context: LogContext, topic: Topic, partition: number): Promise<void> {
  const { files, shared } = context;
  const slot = shared.slot(topic, partition);
  const folder = partitionFolder(context, topic, partition);
  await files.makeFolder(folder);
  for (const name of await files.list(folder)) if (name.endsWith(temporaryEnding)) await files.remove(path.join(folder, name));
  const segments = await listSegments(context, topic, partition);
  const tailFirst = segments.at(-1) ?? 0;
  const place = segmentPath(context, topic, partition, tailFirst);
  const tailSize = await files.sizeBytes(place);
  slot.broken = false;
  slot.oldest = segments[0] ?? 0;
  slot.tailFirst = tailFirst;
  slot.oldestAt = -1;

  if (tailSize === undefined || tailSize < segmentHeaderBytes) {
    const { file, header } = await createSegment(context, topic, partition, tailFirst);
    await file[Symbol.asyncDispose]();
    slot.next = tailFirst;
    slot.tailBytes = segmentHeaderBytes;
    slot.tailMadeAt = header.madeAt;
  } else {
    await using file = await files.open(place, "append");
    const header = await readTailHeader(file, place, tailSize);
    if (header === undefined) {
      const made = await createSegment(context, topic, partition, tailFirst);
      await made.file[Symbol.asyncDispose]();
      slot.next = tailFirst;
      slot.tailBytes = segmentHeaderBytes;
      slot.tailMadeAt = made.header.madeAt;
    } else {
      const scan = await scanTail(context, topic, partition, tailFirst, file, header.nonce);
      if (scan.endByte < tailSize) {
        context.found({ kind: "torn", topic, partition, from: scan.next, path: place, atByte: scan.endByte, sizeBytes: tailSize - scan.endByte });
        await file.truncate(scan.endByte);
      }
      // What is told to be durable from here on may have been in the memory of the system only.
      await file.sync();
      await files.syncFolder(folder);
      slot.next = scan.next;
      slot.tailBytes = scan.endByte;
      slot.tailMadeAt = header.madeAt;
    }
  }
  const read = Math.max(0, ...shared.groups().map((group) => (group.topic === topic ? group.position(partition) : 0)));
  if (read > slot.next) await skipTo(context, topic, partition, read);
  let sizeBytes = slot.tailBytes;
  for (const first of segments.filter((some) => some !== slot.tailFirst)) sizeBytes += (await files.sizeBytes(segmentPath(context, topic, partition, first))) ?? 0;
  slot.sizeBytes = sizeBytes;
  slot.oldestAt = await oldestTime(context, topic, partition, segments[0] ?? tailFirst);
}

/** A group has read past the end, so acknowledged frames were cut with what looked torn: it is told, and their offsets are not given again. */
async function skipTo(context: LogContext, topic: Topic, partition: number, next: Offset): Promise<void> {
  const slot = context.shared.slot(topic, partition);
  const place = segmentPath(context, topic, partition, slot.tailFirst);
  const error = new EarshotError(
    "LOG_CORRUPT",
    `log ${topic}/${partition}: offsets ${slot.next} to ${next - 1} are gone, which a group has read: ${place}, byte ${slot.tailBytes}`,
  );
  context.found({ kind: "corrupt", topic, partition, from: slot.next, to: next, path: place, atByte: slot.tailBytes, sizeBytes: 0, error });
  const { file, header } = await createSegment(context, topic, partition, next);
  await file[Symbol.asyncDispose]();
  slot.next = next;
  slot.tailFirst = next;
  slot.tailBytes = segmentHeaderBytes;
  slot.tailMadeAt = header.madeAt;
}

/** Undefined where the header was torn: nothing was acknowledged behind it. */
async function readTailHeader(file: File, place: string, sizeBytes: number) {
  try {
    return await readSegmentHeader(file, place);
  } catch (error) {
    if (sizeBytes <= segmentHeaderBytes && !(await isOfNewerVersion(file))) return undefined;
    throw error;
  }
}

async function isOfNewerVersion(file: File): Promise<boolean> {
  const bytes = Buffer.alloc(12);
  await file.read(bytes, 0);
  return bytes.toString("latin1", 0, 8) === "EARSHLOG" && bytes.readUInt16LE(8) > formatVersion;
}

async function scanTail(context: LogContext, topic: Topic, partition: number, first: Offset, file: File, nonce: number): Promise<Scan> {
  const { sizeBytes } = file;
  const place = segmentPath(context, topic, partition, first);
  let window = Buffer.alloc(0);
  let base = 0;
  let at = segmentHeaderBytes;
  let next = first;
  let leastTime: number | undefined;

  async function fill(length: number): Promise<void> {
    if (at >= base && at + length <= base + window.length) return;
    const size = Math.min(Math.max(windowBytes, length), sizeBytes - at);
    if (window.length < size) window = Buffer.allocUnsafeSlow(size);
    base = at;
    window = window.subarray(0, await file.read(window.subarray(0, size), at));
  }

  async function rightBatch(): Promise<BatchHeader | undefined> {
    await fill(batchHeaderBytes);
    const header = decodeBatchHeader(window, at - base, nonce);
    if (header === undefined || header.first !== next) return undefined;
    await fill(Math.min(batchLength(header), sizeBytes - at));
    return bodyIsRight(window, at - base, header, nonce) && at + batchLength(header) <= sizeBytes ? header : undefined;
  }

  while (at < sizeBytes) {
    const header = await rightBatch();
    if (header !== undefined) {
      at += batchLength(header);
      next += header.count;
      leastTime ??= header.leastTime;
      continue;
    }
    // Acknowledged bytes are damaged if a later batch was written when they were durable already; else they are a torn write.
    let later = await findBatch(file, at + 8, sizeBytes, nonce);
    while (later !== undefined && later.header.durable <= next) later = await findBatch(file, later.atByte + 8, sizeBytes, nonce);
    if (later === undefined) break;
    const to = later.header.first;
    const error = new EarshotError("LOG_CORRUPT", `log ${topic}/${partition}: offsets ${next} to ${to - 1} cannot be read: ${place}, byte ${at}`);
    context.found({ kind: "corrupt", topic, partition, from: next, to, path: place, atByte: at, sizeBytes: later.atByte - at, error });
    at = later.atByte;
    next = to;
  }
  return { next, endByte: at, leastTime };
}

/** Milliseconds UTC of the first frames of a segment; -1 where it is empty or unreadable. */
export async function oldestTime(context: LogContext, topic: Topic, partition: number, first: Offset): Promise<number> {
  const place = segmentPath(context, topic, partition, first);
  try {
    await using file = await context.files.open(place, "read");
    const { nonce } = await readSegmentHeader(file, place);
    const bytes = Buffer.alloc(batchHeaderBytes);
    const filled = await file.read(bytes, segmentHeaderBytes);
    return decodeBatchHeader(bytes.subarray(0, filled), 0, nonce)?.leastTime ?? -1;
  } catch (error) {
    if (error instanceof EarshotError && (error.code === "LOG_CORRUPT" || error.code === "NOT_FOUND")) return -1;
    throw error;
  }
}
