import { isUtf8 } from "node:buffer";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Outcome, SourceEvent } from "../../core/event.ts";
import type { Parse } from "../../core/source.ts";

export const maxItemBytes = 1 << 20;
export const maxDepth = 64;

export type Json = Readonly<Record<string, unknown>>;

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Bytes to a JSON value; throws ITEM_TOO_LARGE, UTF8_INVALID, ITEM_TOO_DEEP, JSON_INVALID. */
export function decodeJson(bytes: Uint8Array, where: string): unknown {
  if (bytes.length > maxItemBytes) throw new EarshotError("ITEM_TOO_LARGE", `${where}: expected at most ${maxItemBytes} bytes, came ${bytes.length}`);
  if (!isUtf8(bytes)) throw new EarshotError("UTF8_INVALID", `${where}: expected UTF-8`);
  if (isTooDeep(bytes)) throw new EarshotError("ITEM_TOO_DEEP", `${where}: expected at most ${maxDepth} levels`);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch (cause) {
    // The engine's own message quotes the text, which may be personal.
    throw new EarshotError("JSON_INVALID", `${where}: expected JSON, came ${bytes.length} bytes that are none`, { cause: cause instanceof Error ? cause.name : cause });
  }
}

export function decodeObject(bytes: Uint8Array, where: string): Json {
  const value = decodeJson(bytes, where);
  if (!isJson(value)) throw new EarshotError("FIELD_INVALID", `${where}: expected an object, came ${nameOf(value)}`);
  return value;
}

/** What kind of value it is, for messages that must not quote it. */
export function nameOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  return Array.isArray(value) ? "an array" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** True where the bytes, read as JSON, nest deeper than `most` levels. */
export function isTooDeep(bytes: Uint8Array, most = maxDepth): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > most) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/** Makes a Parse of a function that may throw: what it throws becomes the one outcome. */
export function guard(where: string, parse: (bytes: Uint8Array) => readonly Outcome<SourceEvent>[]): Parse {
  return (bytes) => {
    try {
      return parse(bytes);
    } catch (thrown) {
      return [{ reject: toEarshotError(thrown, "PARSER_FAILED", where) }];
    }
  };
}
