import path from "node:path";
import type { Clock } from "../core/clock.ts";
import type { EarshotError } from "../core/errors.ts";
import type { File, Files } from "../core/files.ts";
import type { Offset, Topic } from "../core/log.ts";
import {
  type BatchHeader,
  batchHeaderBytes,
  batchMagicBytes,
  decodeBatchHeader,
  decodeSegmentHeader,
  encodeSegmentHeader,
  makeNonce,
  type SegmentHeader,
  segmentHeaderBytes,
} from "./embedded-format.ts";
import type { Shared } from "./embedded-shared.ts";

/** Something found damaged, or cut away, with its place. */
export interface LogFinding {
  /** torn: bytes of appends that never resolved, cut away. corrupt: acknowledged frames that cannot be read any more. */
  readonly kind: "torn" | "corrupt";
  readonly topic: Topic;
  readonly partition: number;
  /** First offset concerned. */
  readonly from: Offset;
  /** corrupt: first offset that can be read again, where there is one. */
  readonly to?: Offset;
  readonly path: string;
  readonly atByte: number;
  readonly sizeBytes: number;
  readonly error?: EarshotError;
}

/** What the parts of the log share. */
export interface LogContext {
  readonly folder: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly shared: Shared;
  readonly segmentBytes: number;
  readonly segmentAgeMs: number;
  readonly found: (finding: LogFinding) => void;
}

const ending = ".seg";
export const temporaryEnding = ".tmp";

export function partitionFolder(context: LogContext, topic: Topic, partition: number): string {
  return path.join(context.folder, topic, String(partition));
}

export function segmentPath(context: LogContext, topic: Topic, partition: number, first: Offset): string {
  return path.join(partitionFolder(context, topic, partition), String(first).padStart(16, "0") + ending);
}

/** First offsets of the segments, ascending. */
export async function listSegments(context: LogContext, topic: Topic, partition: number): Promise<number[]> {
  const names = await context.files.list(partitionFolder(context, topic, partition));
  return names.filter((name) => /^\d{16}\.seg$/.test(name)).map((name) => Number(name.slice(0, 16)));
}

/** A new, empty segment whose name and header are durable. */
export async function createSegment(context: LogContext, topic: Topic, partition: number, first: Offset): Promise<{ readonly file: File; readonly header: SegmentHeader }> {
  const header: SegmentHeader = { topic, partition, first, madeAt: context.clock.now(), nonce: makeNonce(), compressed: false, generation: 0 };
  const target = segmentPath(context, topic, partition, first);
  // What stands there is left of a try that failed: no frame was acknowledged in it.
  if ((await context.files.sizeBytes(target)) !== undefined) await context.files.remove(target);
  const file = await context.files.open(target, "create");
  try {
    await file.append([encodeSegmentHeader(header)]);
    await file.sync();
    await context.files.syncFolder(partitionFolder(context, topic, partition));
  } catch (error) {
    await file[Symbol.asyncDispose]();
    await context.files.remove(target).catch(() => {});
    throw error;
  }
  return { file, header };
}

export async function readSegmentHeader(file: File, where: string): Promise<SegmentHeader> {
  const bytes = Buffer.alloc(segmentHeaderBytes);
  const filled = await file.read(bytes, 0);
  return decodeSegmentHeader(bytes.subarray(0, filled), where);
}

const resyncBytes = 1024 * 1024;

/** The next place from `atByte` on where a whole, right header of a batch stands: what follows a damaged one. */
export async function findBatch(file: File, atByte: number, sizeBytes: number, nonce: number): Promise<{ readonly atByte: number; readonly header: BatchHeader } | undefined> {
  const window = Buffer.allocUnsafe(Math.max(0, Math.min(resyncBytes, sizeBytes - atByte)));
  for (let base = Math.ceil(atByte / 8) * 8; base + batchHeaderBytes <= sizeBytes; base += resyncBytes - batchHeaderBytes) {
    const filled = await file.read(window, base);
    const bytes = window.subarray(0, filled);
    for (let at = bytes.indexOf(batchMagicBytes); at >= 0; at = bytes.indexOf(batchMagicBytes, at + 1)) {
      if (at % 8 !== 0) continue;
      const header = decodeBatchHeader(bytes, at, nonce);
      if (header !== undefined) return { atByte: base + at, header };
    }
  }
  return undefined;
}
