import { randomBytes } from "node:crypto";
import { endianness } from "node:os";
import { crc32, zstdDecompressSync } from "node:zlib";
import { EarshotError } from "../core/errors.ts";
import { type FrameBatch, type Topic, topics } from "../core/log.ts";

/*
 * A segment file: a header of 40 bytes, then batches. A batch: a header of 64 bytes, then its body, filled up to 8 bytes.
 * All numbers little-endian; the columns are read in place.
 *
 * segment   0 "EARSHLOG" · 8 u16 version · 10 u16 1: compressed, generation × 2 · 12 u16 topic · 14 u16 partition · 16 f64 first offset · 24 f64 made at
 *           32 u32 nonce (start value of every checksum of a batch: bytes of a post can never pass for a batch) · 36 u32 crc
 * batch     0 u32 "EBAT" · 4 u32 crc of the header from 8 · 8 u32 crc of the stored body · 12 u32 stored bytes
 *           16 f64 first offset · 24 f64 durable offset · 32 u32 count · 36 u32 payload bytes · 40 u8 codec, 3 zero bytes
 *           44 u32 body bytes before the codec · 48 f64 least time · 56 f64 most time
 * body      f64 times · f64 from offsets · u32 keys (2) · u32 actors (2) · u32 from indexes · u32 generations · u32 ends (count + 1) · payload
 */
export const formatVersion = 1;
export const segmentHeaderBytes = 40;
export const batchHeaderBytes = 64;
/** Columns' bytes of one frame. */
export const frameHeaderBytes = 44;
/** A batch's body is no larger. */
export const maxBodyBytes = 256 * 1024 * 1024;

const segmentMagic = Buffer.from("EARSHLOG", "latin1");
const batchMagic = 0x54414245;
export const batchMagicBytes = Buffer.from("EBAT", "latin1");

if (endianness() !== "LE") throw new TypeError("the embedded log: expected a little-endian machine");

export interface SegmentHeader {
  readonly topic: Topic;
  readonly partition: number;
  readonly first: number;
  /** Milliseconds UTC. */
  readonly madeAt: number;
  readonly nonce: number;
  /** Its batches went through compression; what is new in it, too. */
  readonly compressed: boolean;
  /** Rises with each rewrite, modulo 32,768: what a reader knows about the places in the old file is void. */
  readonly generation: number;
}

export function makeNonce(): number {
  return randomBytes(4).readUInt32LE();
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(bytes);
  bytes.writeUInt16LE(formatVersion, 8);
  bytes.writeUInt16LE((header.generation % 32_768) * 2 + (header.compressed ? 1 : 0), 10);
  bytes.writeUInt16LE(topics.indexOf(header.topic), 12);
  bytes.writeUInt16LE(header.partition, 14);
  bytes.writeDoubleLE(header.first, 16);
  bytes.writeDoubleLE(header.madeAt, 24);
  bytes.writeUInt32LE(header.nonce, 32);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 36)), 36);
  return bytes;
}

/** Throws FORMAT_UNKNOWN, LOG_CORRUPT. */
export function decodeSegmentHeader(bytes: Buffer, where: string): SegmentHeader {
  if (bytes.length < 12 || !bytes.subarray(0, 8).equals(segmentMagic)) throw new EarshotError("FORMAT_UNKNOWN", `${where}: expected a log segment, came another file`);
  const version = bytes.readUInt16LE(8);
  if (version !== formatVersion) throw new EarshotError("FORMAT_UNKNOWN", `${where}: expected version ${formatVersion} of the log, came ${version}`);
  if (bytes.length < segmentHeaderBytes || bytes.readUInt32LE(36) !== crc32(bytes.subarray(0, 36)))
    throw new EarshotError("LOG_CORRUPT", `${where}: the header of the segment fails its checksum`);
  const topic = topics[bytes.readUInt16LE(12)];
  if (topic === undefined) throw new EarshotError("FORMAT_UNKNOWN", `${where}: a topic that is not known`);
  return {
    topic,
    partition: bytes.readUInt16LE(14),
    first: bytes.readDoubleLE(16),
    madeAt: bytes.readDoubleLE(24),
    nonce: bytes.readUInt32LE(32),
    compressed: (bytes.readUInt16LE(10) & 1) === 1,
    generation: bytes.readUInt16LE(10) >>> 1,
  };
}

export type Codec = 0 | 1;
export const codecRaw = 0;
export const codecZstd = 1;

export interface BatchHeader {
  readonly first: number;
  readonly count: number;
  /** What was durable when the batch was written: a damaged batch below it was acknowledged, one at or above it is a torn write. */
  readonly durable: number;
  /** Of the body as it stands in the file, without the filling. */
  readonly storedBytes: number;
  readonly bodyBytes: number;
  readonly payloadBytes: number;
  readonly codec: number;
  readonly leastTime: number;
  readonly mostTime: number;
  readonly bodyCrc: number;
}

/** Header, body and filling. */
export function batchLength(header: BatchHeader): number {
  return batchHeaderBytes + padded(header.storedBytes);
}

export function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/** The columns and the payload in the order of the file; nothing is copied. */
export function bodyParts(frames: FrameBatch): Uint8Array[] {
  const { count } = frames;
  return [
    bytesOf(frames.times, count),
    bytesOf(frames.fromOffsets, count),
    bytesOf(frames.keys, count * 2),
    bytesOf(frames.actors, count * 2),
    bytesOf(frames.fromIndexes, count),
    bytesOf(frames.generations, count),
    bytesOf(frames.ends, count + 1),
    frames.bytes.subarray(0, payloadBytesOf(frames)),
  ];
}

export function payloadBytesOf(frames: FrameBatch): number {
  return frames.ends[frames.count] ?? 0;
}

export function bodyBytesOf(frames: FrameBatch): number {
  return frames.count * frameHeaderBytes + 4 + payloadBytesOf(frames);
}

function bytesOf(column: Uint32Array | Float64Array, length: number): Uint8Array {
  if (column.length < length) throw new TypeError(`frames: expected ${length} items in a column, came ${column.length}`);
  return new Uint8Array(column.buffer, column.byteOffset, length * column.BYTES_PER_ELEMENT);
}

const filling = Buffer.alloc(8);

/** A batch as parts to write, one after another. `stored`: the body under another codec than raw. */
export function encodeBatch(frames: FrameBatch, first: number, durable: number, nonce: number, stored?: { readonly codec: Codec; readonly bytes: Uint8Array }): Uint8Array[] {
  const body = stored === undefined ? bodyParts(frames) : [stored.bytes];
  const bodyBytes = bodyBytesOf(frames);
  const storedBytes = stored === undefined ? bodyBytes : stored.bytes.length;
  let bodyCrc = nonce;
  for (const part of body) bodyCrc = crc32(part, bodyCrc);
  let leastTime = Infinity;
  let mostTime = -Infinity;
  for (let i = 0; i < frames.count; i++) {
    const time = frames.times[i] ?? 0;
    if (time < leastTime) leastTime = time;
    if (time > mostTime) mostTime = time;
  }
  const header = Buffer.allocUnsafe(batchHeaderBytes);
  header.writeUInt32LE(batchMagic, 0);
  header.writeUInt32LE(bodyCrc, 8);
  header.writeUInt32LE(storedBytes, 12);
  header.writeDoubleLE(first, 16);
  header.writeDoubleLE(durable, 24);
  header.writeUInt32LE(frames.count, 32);
  header.writeUInt32LE(payloadBytesOf(frames), 36);
  header.writeUInt32LE(stored?.codec ?? codecRaw, 40);
  header.writeUInt32LE(bodyBytes, 44);
  header.writeDoubleLE(leastTime, 48);
  header.writeDoubleLE(mostTime, 56);
  header.writeUInt32LE(crc32(header.subarray(8), nonce), 4);
  const fill = padded(storedBytes) - storedBytes;
  return fill === 0 ? [header, ...body] : [header, ...body, filling.subarray(0, fill)];
}

/** The header at `at`; undefined where none stands whole, or it fails its checksum. */
export function decodeBatchHeader(bytes: Buffer, at: number, nonce: number): BatchHeader | undefined {
  if (at + batchHeaderBytes > bytes.length) return undefined;
  if (bytes.readUInt32LE(at) !== batchMagic) return undefined;
  if (bytes.readUInt32LE(at + 4) !== crc32(bytes.subarray(at + 8, at + batchHeaderBytes), nonce)) return undefined;
  return {
    bodyCrc: bytes.readUInt32LE(at + 8),
    storedBytes: bytes.readUInt32LE(at + 12),
    first: bytes.readDoubleLE(at + 16),
    durable: bytes.readDoubleLE(at + 24),
    count: bytes.readUInt32LE(at + 32),
    payloadBytes: bytes.readUInt32LE(at + 36),
    codec: bytes.readUInt32LE(at + 40),
    bodyBytes: bytes.readUInt32LE(at + 44),
    leastTime: bytes.readDoubleLE(at + 48),
    mostTime: bytes.readDoubleLE(at + 56),
  };
}

/** True where the whole body stands behind the header at `at` and its checksum is right. */
export function bodyIsRight(bytes: Buffer, at: number, header: BatchHeader, nonce: number): boolean {
  const start = at + batchHeaderBytes;
  if (start + header.storedBytes > bytes.length) return false;
  return crc32(bytes.subarray(start, start + header.storedBytes), nonce) === header.bodyCrc;
}

/**
 * The frames of the batch whose header stands at `at`, as views where the body is raw and aligned.
 * Throws LOG_CORRUPT where the body fails its checksum or contradicts its header.
 */
export function decodeBatch(bytes: Buffer, at: number, header: BatchHeader, nonce: number, where: string): FrameBatch {
  if (!bodyIsRight(bytes, at, header, nonce)) throw new EarshotError("LOG_CORRUPT", `${where}: the batch fails its checksum`);
  const start = at + batchHeaderBytes;
  const stored = bytes.subarray(start, start + header.storedBytes);
  const { count } = header;
  if (header.bodyBytes !== count * frameHeaderBytes + 4 + header.payloadBytes) throw new EarshotError("LOG_CORRUPT", `${where}: the sizes of the batch contradict each other`);
  let body: Uint8Array;
  if (header.codec === codecRaw) body = stored;
  else if (header.codec === codecZstd) body = zstdDecompressSync(stored, { maxOutputLength: header.bodyBytes });
  else throw new EarshotError("FORMAT_UNKNOWN", `${where}: codec ${header.codec} is not known`);
  if (body.length !== header.bodyBytes) throw new EarshotError("LOG_CORRUPT", `${where}: expected a body of ${header.bodyBytes} bytes, came ${body.length}`);
  if (body.byteOffset % 8 !== 0) {
    const aligned = Buffer.allocUnsafeSlow(body.length);
    aligned.set(body);
    body = aligned;
  }
  const { buffer } = body;
  let position = body.byteOffset;
  const take = (size: number): number => {
    const from = position;
    position += size;
    return from;
  };
  const times = new Float64Array(buffer, take(count * 8), count);
  const fromOffsets = new Float64Array(buffer, take(count * 8), count);
  const keys = new Uint32Array(buffer, take(count * 8), count * 2);
  const actors = new Uint32Array(buffer, take(count * 8), count * 2);
  const fromIndexes = new Uint32Array(buffer, take(count * 4), count);
  const generations = new Uint32Array(buffer, take(count * 4), count);
  const ends = new Uint32Array(buffer, take(count * 4 + 4), count + 1);
  return { count, times, fromOffsets, keys, actors, fromIndexes, generations, ends, bytes: body.subarray(position - body.byteOffset) };
}
