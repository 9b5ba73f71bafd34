import { EarshotError } from "../core/errors.ts";
import type { FrameBatch } from "../core/log.ts";

/**
 * Payload of a frame in `events`: version (1 byte), kind (1 byte), length of the source's id (1 byte), the id, the bytes.
 * raw: as the platform sent it. command: one of ours, JSON.
 */
export type RawKind = "raw" | "command";

const version = 1;
const decoder = new TextDecoder();

export function encodeRaw(kind: RawKind, source: string, bytes: Uint8Array): Uint8Array {
  const id = Buffer.from(source, "utf8");
  const payload = Buffer.allocUnsafe(3 + id.length + bytes.length);
  payload[0] = version;
  payload[1] = kind === "raw" ? 0 : 1;
  payload[2] = id.length;
  payload.set(id, 3);
  payload.set(bytes, 3 + id.length);
  return payload;
}

/** The source of a raw message's payload; undefined: it is a command's, or was forgotten. */
export function sourceOfRaw(payload: Uint8Array): string | undefined {
  return payload[0] === version && payload[1] === 0 ? decoder.decode(payload.subarray(3, 3 + (payload[2] ?? 0))) : undefined;
}

export interface DecodedRaw {
  readonly kind: RawKind;
  readonly source: string;
  readonly bytes: Uint8Array;
}

/** Undefined: the frame was forgotten. */
export function decodeRaw(frames: FrameBatch, index: number, sourceNames: Map<string, string>): DecodedRaw | undefined {
  const start = frames.ends[index] ?? 0;
  const end = frames.ends[index + 1] ?? start;
  if (end === start) return undefined;
  const { bytes } = frames;
  if (bytes[start] !== version) throw new EarshotError("FORMAT_UNKNOWN", `events frame: expected version ${version}, came ${bytes[start]}`);
  const idLength = bytes[start + 2] ?? 0;
  const idEnd = start + 3 + idLength;
  // latin1 of the id's bytes is a cheap key; the decoded name is made once a source.
  const key = Buffer.from(bytes.buffer, bytes.byteOffset + start + 3, idLength).toString("latin1");
  let source = sourceNames.get(key);
  if (source === undefined) {
    source = decoder.decode(bytes.subarray(start + 3, idEnd));
    sourceNames.set(key, source);
  }
  return { kind: bytes[start + 1] === 1 ? "command" : "raw", source, bytes: bytes.subarray(idEnd, end) };
}
