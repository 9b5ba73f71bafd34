import { EarshotError } from "../core/errors.ts";
import type { File } from "../core/files.ts";
import type { FrameBatch, Offset, Topic } from "../core/log.ts";
import { batchHeaderBytes, batchLength, decodeBatch, decodeBatchHeader, padded, segmentHeaderBytes } from "./embedded-format.ts";
import { findBatch, listSegments, type LogContext, readSegmentHeader, segmentPath } from "./embedded-segments.ts";
import { joinFrames, sliceFrames } from "./frames.ts";

/** What is read at once; a larger batch is read whole. */
const chunkBytes = 2 * 1024 * 1024;
/** Batches of more payload are delivered as views, alone; smaller ones are joined, which copies them. */
const largeBytes = 256 * 1024;
/** One entry of the index for so many bytes. */
const indexEveryBytes = 64 * 1024;
const mostIndexes = 512;

export interface Piece {
  readonly first: Offset;
  readonly frames: FrameBatch;
}

/** Reads one partition forward; survives that segments are rewritten, compressed or removed meanwhile. */
export interface Cursor extends AsyncDisposable {
  /** Next offset to read. */
  readonly next: Offset;
  /** The next frames below `limit`, at most `maxBytes` of payload but at least one frame; undefined where there are none. Throws LOG_CORRUPT. */
  take(limit: Offset, maxBytes: number): Promise<Piece | undefined>;
}

/** Where batches stand in a segment, every 64 KB; of one content of it. */
interface SegmentIndex {
  readonly generation: number;
  readonly offsets: Offset[];
  readonly bytes: number[];
}

export type Indexes = Map<string, SegmentIndex>;

interface OpenSegment {
  readonly first: Offset;
  readonly end: Offset;
  readonly path: string;
  readonly file: File;
  readonly nonce: number;
  readonly index: SegmentIndex;
}

export function makeCursor(context: LogContext, indexes: Indexes, topic: Topic, partition: number, from: Offset): Cursor {
  const slot = context.shared.slot(topic, partition);
  let next = from;
  let listsSeen = -1;
  let rewritesSeen = -1;
  let segments: number[] = [];
  let segment: OpenSegment | undefined;
  /** Where the batch that holds `next` stands. */
  let at = 0;
  let chunk = Buffer.alloc(0);
  let chunkAt = 0;
  /** The batch that was decoded last, while frames of it are left. */
  let held: Piece | undefined;

  async function letGo(): Promise<void> {
    const open = segment;
    segment = undefined;
    held = undefined;
    chunk = Buffer.alloc(0);
    chunkAt = 0;
    await open?.file[Symbol.asyncDispose]();
  }

  async function refresh(): Promise<void> {
    const rewrites = slot.rewrites;
    if (rewrites !== rewritesSeen) {
      await letGo();
      rewritesSeen = rewrites;
    }
    const lists = slot.lists;
    if (lists !== listsSeen) {
      segments = await listSegments(context, topic, partition);
      listsSeen = lists;
      const end = segment === undefined ? undefined : endOf(segment.first);
      if (segment !== undefined && end !== undefined && end !== segment.end) segment = { ...segment, end };
    }
    const { oldest } = slot;
    if (next < oldest) {
      next = oldest;
      await letGo();
    }
  }

  function endOf(first: Offset): Offset {
    return segments[segments.indexOf(first) + 1] ?? Infinity;
  }

  function corrupt(to: Offset | undefined, place: string, atByte: number): EarshotError {
    const upTo = to === undefined ? "on" : `to ${to - 1}`;
    return new EarshotError("LOG_CORRUPT", `log ${topic}/${partition}: offsets ${next} ${upTo} cannot be read: ${place}, byte ${atByte}`);
  }

  /** Opens the segment that holds `next`; false where it went meanwhile. */
  async function openSegment(): Promise<boolean> {
    const first = segments.findLast((some) => some <= next);
    if (first === undefined) throw corrupt(segments[0], segmentPath(context, topic, partition, next), 0);
    const place = segmentPath(context, topic, partition, first);
    let file: File;
    try {
      file = await context.files.open(place, "read");
    } catch (error) {
      if (error instanceof EarshotError && error.code === "NOT_FOUND" && slot.oldest > next) return false;
      throw error;
    }
    try {
      const { nonce, generation } = await readSegmentHeader(file, place);
      const key = `${topic}/${partition}/${first}`;
      let index = indexes.get(key);
      if (index === undefined || index.generation !== generation) index = { generation, offsets: [first], bytes: [segmentHeaderBytes] };
      // The least recently used stands first.
      indexes.delete(key);
      indexes.set(key, index);
      const oldestKey = indexes.size > mostIndexes ? indexes.keys().next().value : undefined;
      if (oldestKey !== undefined) indexes.delete(oldestKey);
      segment = { first, end: endOf(first), path: place, file, nonce, index };
      const near = index.offsets.findLastIndex((offset) => offset <= next);
      at = index.bytes[near] ?? segmentHeaderBytes;
      await walk(index.offsets[near] ?? first);
      return true;
    } catch (error) {
      if (segment === undefined) await file[Symbol.asyncDispose]();
      else await letGo();
      throw error;
    }
  }

  /** Bytes from `at` on in the chunk, `length` of them or all that the file has. */
  async function fill(open: OpenSegment, length: number, size: number): Promise<number> {
    if (at < chunkAt || at + length > chunkAt + chunk.length) {
      // The chunk is handed out as views: each read has its own.
      const into = Buffer.allocUnsafeSlow(Math.max(size, length));
      chunk = into.subarray(0, await open.file.read(into, at));
      chunkAt = at;
    }
    return chunk.length - (at - chunkAt);
  }

  /** Moves `at` from the batch at `offset` to the one that holds `next`, by headers alone. */
  async function walk(from: Offset): Promise<void> {
    let offset = from;
    let windowBytes = indexEveryBytes;
    for (;;) {
      const open = segment;
      if (open === undefined || offset >= next) return;
      await fill(open, batchHeaderBytes, windowBytes);
      const header = decodeBatchHeader(chunk, at - chunkAt, open.nonce);
      if (header === undefined || header.first !== offset) {
        const size = (await context.files.sizeBytes(open.path)) ?? 0;
        const later = await findBatch(open.file, at + 8, size, open.nonce);
        if (later === undefined || later.header.first > next) throw corrupt(later?.header.first ?? (open.end === Infinity ? undefined : open.end), open.path, at);
        at = later.atByte;
        offset = later.header.first;
        continue;
      }
      note(open.index, offset, at);
      if (offset + header.count > next) return;
      offset += header.count;
      at += batchLength(header);
      // Large batches are hopped over; small ones are read through.
      windowBytes = batchLength(header) > indexEveryBytes ? 4_096 : 4 * indexEveryBytes;
    }
  }

  async function takeOnce(limit: Offset, maxBytes: number): Promise<Piece | undefined | "again"> {
    await refresh();
    if (next >= limit) return undefined;
    const start = next;
    const pieces: FrameBatch[] = [];
    let sizeBytes = 0;
    while (next < limit) {
      if (held === undefined) {
        if (segment !== undefined && next >= segment.end) {
          if (pieces.length > 0) break;
          await letGo();
        }
        if (segment === undefined) {
          if (!(await openSegment())) return "again";
          // What the search has read is small; reading goes on in large chunks.
          chunk = Buffer.alloc(0);
          chunkAt = 0;
        }
        const open = segment;
        if (open === undefined) return "again";
        const isInChunk = at >= chunkAt && at + batchHeaderBytes <= chunkAt + chunk.length;
        if (!isInChunk && pieces.length > 0) break;
        const there = isInChunk ? chunk.length - (at - chunkAt) : await fill(open, batchHeaderBytes, await readSize(open));
        const header = decodeBatchHeader(chunk, at - chunkAt, open.nonce);
        if (header === undefined || header.first > next || header.first + header.count <= next) {
          if (pieces.length > 0) break;
          throw await damage(open);
        }
        const needed = batchHeaderBytes + header.storedBytes;
        if (there < needed) {
          if (pieces.length > 0) break;
          await fill(open, needed, await readSize(open));
        }
        const where = `log ${topic}/${partition}, offsets ${header.first} to ${header.first + header.count - 1}, ${open.path}, byte ${at}`;
        if (pieces.length > 0 && (sizeBytes + header.payloadBytes > maxBytes || header.payloadBytes > largeBytes || sizeBytes > largeBytes)) break;
        held = { first: header.first, frames: decodeBatch(chunk, at - chunkAt, header, open.nonce, where) };
        note(open.index, header.first, at);
        at += batchHeaderBytes + padded(header.storedBytes);
      }
      const piece = cut(held, next, limit, maxBytes - sizeBytes, pieces.length === 0);
      if (piece === undefined) break;
      pieces.push(piece);
      sizeBytes += piece.ends[piece.count] ?? 0;
      next += piece.count;
      if (next >= held.first + held.frames.count) held = undefined;
    }
    return { first: start, frames: joinFrames(pieces) };
  }

  async function readSize(open: OpenSegment): Promise<number> {
    const size = open.end === Infinity ? ((await context.files.sizeBytes(open.path)) ?? 0) : Math.max(open.file.sizeBytes, at);
    return Math.min(chunkBytes, Math.max(size - at, batchHeaderBytes));
  }

  async function damage(open: OpenSegment): Promise<EarshotError> {
    const size = (await context.files.sizeBytes(open.path)) ?? 0;
    let later = await findBatch(open.file, at + 8, size, open.nonce);
    while (later !== undefined && later.header.first <= next) later = await findBatch(open.file, later.atByte + 8, size, open.nonce);
    return corrupt(later?.header.first ?? (open.end === Infinity ? undefined : open.end), open.path, at);
  }

  return {
    get next() {
      return next;
    },
    async take(limit, maxBytes) {
      for (;;) {
        const before = next;
        const { lists, rewrites, oldest } = slot;
        try {
          const piece = await takeOnce(limit, maxBytes);
          if (piece === undefined) return undefined;
          // What was read of a segment that was rewritten meanwhile may hold what is forgotten now.
          if (piece !== "again" && slot.rewrites === rewrites) return piece;
        } catch (error) {
          await letGo();
          // What was looked for may have gone, or been replaced, between two looks.
          const isStale = slot.rewrites !== rewrites || slot.lists !== lists || slot.oldest !== oldest;
          const mayBeStale = error instanceof EarshotError && (error.code === "NOT_FOUND" || error.code === "LOG_CORRUPT");
          if (!isStale || !mayBeStale) {
            next = before;
            listsSeen = -1;
            throw error;
          }
        }
        next = before;
        await letGo();
        listsSeen = -1;
      }
    },
    [Symbol.asyncDispose]: letGo,
  };
}

function note(index: SegmentIndex, offset: Offset, atByte: number): void {
  if (atByte >= (index.bytes.at(-1) ?? 0) + indexEveryBytes) {
    index.offsets.push(offset);
    index.bytes.push(atByte);
  }
}

/** The frames of `held` from `from` on that fit; at least one where `always`. */
function cut(held: Piece, from: Offset, limit: Offset, maxBytes: number, always: boolean): FrameBatch | undefined {
  const { frames } = held;
  const start = from - held.first;
  let end = Math.min(frames.count, limit - held.first);
  const startByte = frames.ends[start] ?? 0;
  if ((frames.ends[end] ?? 0) - startByte > maxBytes) {
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((frames.ends[middle] ?? 0) - startByte <= maxBytes) low = middle;
      else high = middle - 1;
    }
    end = low;
  }
  if (end === start) {
    if (!always) return undefined;
    end = start + 1;
  }
  return sliceFrames(frames, start, end);
}
