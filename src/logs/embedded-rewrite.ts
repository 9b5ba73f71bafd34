import { promisify } from "node:util";
import { constants, zstdCompress } from "node:zlib";
import { EarshotError } from "../core/errors.ts";
import type { File } from "../core/files.ts";
import type { FrameBatch, Offset, Topic } from "../core/log.ts";
import {
  type BatchHeader,
  batchHeaderBytes,
  batchLength,
  bodyBytesOf,
  bodyIsRight,
  bodyParts,
  codecZstd,
  decodeBatch,
  decodeBatchHeader,
  encodeBatch,
  encodeSegmentHeader,
  type SegmentHeader,
  segmentHeaderBytes,
} from "./embedded-format.ts";
import { findBatch, type LogContext, partitionFolder, readSegmentHeader, segmentPath, temporaryEnding } from "./embedded-segments.ts";
import { joinFrames } from "./frames.ts";

const chunkBytes = 4 * 1024 * 1024;
/** Batches are joined up to it before compression. */
const blockBytes = 1024 * 1024;
const compress = promisify(zstdCompress);

interface Stored {
  readonly atByte: number;
  /** Whole, with its filling. */
  readonly bytes: Buffer;
  /** Undefined: damaged, bytes of which no batch can be made. */
  readonly header: BatchHeader | undefined;
}

/** The batches of a segment below `end`, in order. Their bytes are the caller's to change, and its own while `isHeld` says so, else until the next one. */
async function* storedBatches(file: File, sizeBytes: number, first: Offset, end: Offset, nonce: number, isHeld: () => boolean = () => false): AsyncGenerator<Stored> {
  let at = segmentHeaderBytes;
  let next = first;
  let room = Buffer.alloc(0);
  let chunk = room;
  let chunkAt = 0;
  const fill = async (length: number): Promise<void> => {
    if (at >= chunkAt && at + length <= chunkAt + chunk.length) return;
    const size = Math.min(Math.max(chunkBytes, length), sizeBytes - at);
    // Memory of this size is costly to get and to collect.
    if (room.length < size || isHeld()) room = Buffer.allocUnsafeSlow(size);
    chunk = room.subarray(0, await file.read(room.subarray(0, size), at));
    chunkAt = at;
  };
  while (next < end && at < sizeBytes) {
    await fill(batchHeaderBytes);
    const header = decodeBatchHeader(chunk, at - chunkAt, nonce);
    if (header !== undefined && header.first === next && at + batchLength(header) <= sizeBytes) {
      await fill(batchLength(header));
      if (bodyIsRight(chunk, at - chunkAt, header, nonce)) {
        yield { atByte: at, bytes: chunk.subarray(at - chunkAt, at - chunkAt + batchLength(header)), header };
        at += batchLength(header);
        next += header.count;
        continue;
      }
    }
    let later = await findBatch(file, at + 8, sizeBytes, nonce);
    while (later !== undefined && later.header.first <= next) later = await findBatch(file, later.atByte + 8, sizeBytes, nonce);
    const to = later?.atByte ?? sizeBytes;
    await fill(to - at);
    yield { atByte: at, bytes: chunk.subarray(at - chunkAt, to - chunkAt), header: undefined };
    at = to;
    next = later?.header.first ?? end;
  }
}

/** New frames in place of those of a batch; undefined: it stays as it is. May change the batch that it is given. */
export type ChangeBatch = (frames: FrameBatch) => FrameBatch | undefined;

/** True where `change` would change a batch of the frames `first` to `end`. */
export async function wouldChange(context: LogContext, topic: Topic, partition: number, first: Offset, end: Offset, change: ChangeBatch): Promise<boolean> {
  const place = segmentPath(context, topic, partition, first);
  await using file = await context.files.open(place, "read");
  const { nonce } = await readSegmentHeader(file, place);
  for await (const { bytes, header } of storedBatches(file, file.sizeBytes, first, end, nonce)) {
    if (header === undefined) return true;
    if (change(decodeBatch(bytes, 0, header, nonce, place)) !== undefined) return true;
  }
  return false;
}

/**
 * Rewrites a closed segment where `change` changes a batch; positions stay. Durable when it resolves. Under the lock of rewrites.
 * Returns the error of what could not be read (which stays as it is).
 */
export async function changeSegment(context: LogContext, topic: Topic, partition: number, first: Offset, end: Offset, change: ChangeBatch): Promise<EarshotError | undefined> {
  const place = segmentPath(context, topic, partition, first);
  await using file = await context.files.open(place, "read");
  const header = await readSegmentHeader(file, place);
  let damage: EarshotError | undefined;
  let into: File | undefined;
  try {
    for await (const stored of storedBatches(file, file.sizeBytes, first, end, header.nonce)) {
      if (stored.header === undefined)
        damage ??= new EarshotError(
          "LOG_CORRUPT",
          `log ${topic}/${partition}: ${place}, byte ${stored.atByte}: what stands here cannot be read, so nothing of it can be forgotten`,
        );
      const changed = stored.header === undefined ? undefined : change(decodeBatch(stored.bytes, 0, stored.header, header.nonce, place));
      if (changed === undefined || stored.header === undefined) {
        await into?.append([stored.bytes]);
        continue;
      }
      into ??= await copyHead(context, file, place, { ...header, generation: header.generation + 1 }, stored.atByte);
      const parts =
        stored.header.codec === codecZstd
          ? await compressed(changed, stored.header.first, header.nonce)
          : encodeBatch(changed, stored.header.first, stored.header.first, header.nonce);
      await into.append(parts);
    }
    if (into !== undefined) await putInPlace(context, topic, partition, first, file, into);
  } catch (error) {
    if (into !== undefined) await dropTemporary(context, place, into);
    throw error;
  }
  return damage;
}

/** Joins and compresses the batches of a closed segment. Under the lock of rewrites. Returns the bytes gained. */
export async function compressSegment(context: LogContext, topic: Topic, partition: number, first: Offset, end: Offset): Promise<number> {
  const place = segmentPath(context, topic, partition, first);
  await using file = await context.files.open(place, "read");
  const old = await readSegmentHeader(file, place);
  const header: SegmentHeader = { ...old, generation: old.generation + 1, compressed: true };
  const into = await openTemporary(context, place);
  try {
    await into.append([encodeSegmentHeader(header)]);
    let block: FrameBatch[] = [];
    let size = 0;
    let blockFirst = first;
    const flush = async (): Promise<void> => {
      if (block.length === 0) return;
      await into.append(await compressed(joinFrames(block), blockFirst, header.nonce));
      block = [];
      size = 0;
    };
    for await (const stored of storedBatches(file, file.sizeBytes, first, end, header.nonce, () => block.length > 0)) {
      if (stored.header === undefined) {
        await flush();
        await into.append([stored.bytes]);
        continue;
      }
      if (block.length === 0) blockFirst = stored.header.first;
      block.push(decodeBatch(stored.bytes, 0, stored.header, header.nonce, place));
      size += stored.header.bodyBytes;
      if (size >= blockBytes) await flush();
    }
    await flush();
    const gained = file.sizeBytes - into.sizeBytes;
    await putInPlace(context, topic, partition, first, file, into);
    return gained;
  } catch (error) {
    await dropTemporary(context, place, into);
    throw error;
  }
}

/** Compression runs on the thread pool: it holds no thread of ours. */
async function compressed(frames: FrameBatch, first: Offset, nonce: number): Promise<Uint8Array[]> {
  const body = Buffer.concat(bodyParts(frames), bodyBytesOf(frames));
  const bytes = await compress(body, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  if (bytes.length >= body.length) return encodeBatch(frames, first, first, nonce);
  return encodeBatch(frames, first, first, nonce, { codec: codecZstd, bytes });
}

async function openTemporary(context: LogContext, place: string): Promise<File> {
  const temporary = place + temporaryEnding;
  if ((await context.files.sizeBytes(temporary)) !== undefined) await context.files.remove(temporary);
  return context.files.open(temporary, "create");
}

/** A new file with the given header and what stands in the old one before `toByte`. */
async function copyHead(context: LogContext, file: File, place: string, header: SegmentHeader, toByte: number): Promise<File> {
  const into = await openTemporary(context, place);
  await into.append([encodeSegmentHeader(header)]);
  const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, toByte));
  for (let at = segmentHeaderBytes; at < toByte;) {
    const filled = await file.read(chunk.subarray(0, Math.min(chunk.length, toByte - at)), at);
    if (filled === 0) throw new EarshotError("LOG_CORRUPT", `${place}: expected ${toByte} bytes, came ${at}`);
    await into.append([chunk.subarray(0, filled)]);
    at += filled;
  }
  return into;
}

async function putInPlace(context: LogContext, topic: Topic, partition: number, first: Offset, old: File, into: File): Promise<void> {
  const place = segmentPath(context, topic, partition, first);
  const slot = context.shared.slot(topic, partition);
  const change = into.sizeBytes - old.sizeBytes;
  await into.sync();
  await into[Symbol.asyncDispose]();
  await context.files.rename(place + temporaryEnding, place);
  // Readers let go of the old file as soon as the new one has its name; who asked waits until the name is durable.
  slot.rewritten();
  slot.addSizeBytes(change);
  await context.files.syncFolder(partitionFolder(context, topic, partition));
}

async function dropTemporary(context: LogContext, place: string, into: File): Promise<void> {
  try {
    await into[Symbol.asyncDispose]();
    await context.files.remove(place + temporaryEnding);
  } catch {
    // The next open of the log removes it.
  }
}
