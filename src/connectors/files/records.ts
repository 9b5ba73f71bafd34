import type { File } from "../../core/files.ts";
import { maxItemBytes } from "../json/decode.ts";

/** A record of a file: its bytes without the line's end, and where the next one starts. */
export interface FileRecord {
  readonly bytes: Uint8Array;
  readonly end: number;
  /** No line end stands behind it: the file ends there, or is still being written. */
  readonly isOpen?: boolean;
  /** The record is longer than an item may be (its first bytes are given), or a quoted field never closes. */
  readonly fault?: "too-large" | "unclosed";
}

const chunkBytes = 256 * 1024;
const quotedExcerptBytes = 4_096;

/**
 * Splits a file at its line ends (LF, CRLF, CR before LF). With a delimiter: CSV, where a quoted field (RFC 4180) may hold line ends; a quote opens a field
 * only at the field's start, so that a stray one in the middle is a letter. Holds one record and one chunk in memory.
 */
export async function* readRecords(file: File, from: number, delimiter: number | undefined): AsyncGenerator<FileRecord> {
  let pending: Buffer = Buffer.alloc(0);
  let pendingStart = from;
  let readAt = from;
  let scanned = 0;
  let quoted = false;
  let fieldStart = true;
  let skipping = false;
  for (;;) {
    // A small file needs no large buffer; one byte more shows its end.
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1_024, file.sizeBytes - readAt + 1)));
    const count = await file.read(chunk, readAt);
    readAt += count;
    pending = pending.length === 0 ? chunk.subarray(0, count) : Buffer.concat([pending, chunk.subarray(0, count)]);
    let start = 0;
    let i = scanned;
    for (; i < pending.length; i++) {
      const byte = pending[i];
      if (byte === 0x0a && !quoted) {
        const end = i > start && pending[i - 1] === 0x0d ? i - 1 : i;
        if (skipping) skipping = false;
        else yield recordOf(pending.subarray(start, end), pendingStart + i + 1);
        start = i + 1;
        fieldStart = true;
      } else if (delimiter !== undefined) {
        if (byte === 0x22) {
          if (quoted) quoted = false;
          else if (fieldStart || pending[i - 1] === 0x22) quoted = true;
        }
        fieldStart = byte === delimiter && !quoted;
      }
    }
    pendingStart += start;
    pending = pending.subarray(start);
    scanned = pending.length;
    if (count < chunk.length) {
      if (pending.length > 0 && !skipping) yield { ...recordOf(stripReturn(pending), pendingStart + pending.length), isOpen: true, ...(quoted && { fault: "unclosed" }) };
      return;
    }
    if (pending.length > maxItemBytes) {
      if (!skipping) yield { bytes: pending.subarray(0, quotedExcerptBytes), end: pendingStart, fault: quoted ? "unclosed" : "too-large" };
      // What follows up to the next line end belongs to the same record.
      skipping = true;
      quoted = false;
      pendingStart += pending.length;
      pending = Buffer.alloc(0);
      scanned = 0;
    }
  }
}

function recordOf(bytes: Uint8Array, end: number): FileRecord {
  return bytes.length > maxItemBytes ? { bytes: bytes.subarray(0, quotedExcerptBytes), end, fault: "too-large" } : { bytes, end };
}

function stripReturn(bytes: Buffer): Buffer {
  return bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
}
