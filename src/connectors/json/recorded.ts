import { isUtf8 } from "node:buffer";
import { brotliDecompressSync, constants, gunzipSync, inflateSync } from "node:zlib";
import { EarshotError } from "../../core/errors.ts";
import { type Json, isJson, isTooDeep } from "./decode.ts";

/** Threads of comments nest; what looks for posts walks down them, and a stack ends. What is deeper is left as text. */
const deepest = 2_000;

/** One answer of a platform, as a recording holds it. */
export interface RecordedAnswer {
  readonly method?: string;
  readonly url?: string;
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON; else its text. */
  readonly body: unknown;
}

/**
 * The answers in a recorded file: a list of `{request: {method, url}, response: {status, headers, body}}`, one such record, one a line,
 * or bodies alone (the whole file, or one a line); cassettes (`interactions`) and what browsers export (HAR 1.2, `log.entries`) hold the same.
 * What is no JSON comes as one answer whose body is its text. A file may be compressed (gzip) and in UTF-8 or, with its mark, in UTF-16.
 * @throws ITEM_TOO_LARGE for what is more than 64 MiB when unpacked
 */
export function* recordedAnswers(file: Uint8Array): Generator<RecordedAnswer> {
  const text = decoded(unpacked(Buffer.from(file.buffer, file.byteOffset, file.byteLength)));
  const whole = parsed(text);
  if (whole !== undefined) {
    yield* answersIn(whole);
    return;
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const values = lines.map(parsed);
  if (lines.length > 1 && values.filter((value) => value !== undefined).length * 2 >= lines.length) {
    for (const [index, value] of values.entries()) {
      if (value === undefined) yield { headers: {}, body: lines[index] };
      else yield* answersIn(value);
    }
  } else yield { headers: {}, body: text };
}

function decoded(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString("utf16le");
  if (bytes[0] === 0xfe && bytes[1] === 0xff)
    return Buffer.from(bytes.subarray(2, bytes.length & ~1))
      .swap16()
      .toString("utf16le");
  return isUtf8(bytes) ? withoutMark(bytes.toString("utf8")) : bytes.toString("latin1");
}

function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

function* answersIn(value: unknown): Generator<RecordedAnswer> {
  const list = Array.isArray(value)
    ? value
    : isJson(value)
      ? [value["http_interactions"], value["interactions"], entriesOf(value["log"])].find((one) => Array.isArray(one))
      : undefined;
  if (list?.some(isRecord) === true) for (const item of list) yield answerOf(item);
  else yield answerOf(value);
}

function entriesOf(log: unknown): unknown {
  return isJson(log) ? log["entries"] : undefined;
}

function isRecord(value: unknown): value is Json {
  return isJson(value) && isJson(value["response"]) && ("request" in value || "body" in value["response"]);
}

function answerOf(value: unknown): RecordedAnswer {
  if (!isRecord(value)) return { headers: {}, body: value };
  const request = isJson(value["request"]) ? value["request"] : {};
  const response = isJson(value["response"]) ? value["response"] : {};
  const status = statusOf(response["status"] ?? response["status_code"]);
  const headers = headersOf(response["headers"]);
  const url = request["url"] ?? request["uri"];
  return {
    ...(typeof request["method"] === "string" && { method: request["method"].toUpperCase() }),
    ...(typeof url === "string" && { url }),
    ...(status !== undefined && { status }),
    headers,
    body: bodyOf(response["body"] ?? response["content"], headers["content-encoding"] ?? ""),
  };
}

/** 200, "200 OK", or `{code: 200}`. */
function statusOf(told: unknown): number | undefined {
  const status = isJson(told) ? told["code"] : told;
  if (typeof status === "number") return status;
  const digits = typeof status === "string" ? /^(?:HTTP\/[\d.]+ )?([1-5]\d\d)\b/.exec(status)?.[1] : undefined;
  return digits === undefined ? undefined : Number(digits);
}

/** By name, or a list of pairs or of `{name, value}`. */
function headersOf(told: unknown): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  const pairs: readonly (readonly [unknown, unknown])[] = Array.isArray(told)
    ? told.map((one: unknown): [unknown, unknown] => (Array.isArray(one) ? [one[0], one[1]] : isJson(one) ? [one["name"], one["value"]] : [undefined, undefined]))
    : isJson(told)
      ? Object.entries(told)
      : [];
  for (const [name, held] of pairs) if (typeof name === "string") headers[name.toLowerCase()] = Array.isArray(held) ? held.join(", ") : String(held);
  return headers;
}

/** Some cassettes keep bodies as they were sent, in base64 or as a text of one letter a byte; HAR says which. */
function bodyOf(body: unknown, encoding: string): unknown {
  let text = body;
  if (isJson(body)) {
    const base64 = body["base64_string"] ?? (body["encoding"] === "base64" ? body["text"] : undefined);
    if (typeof base64 === "string") text = decoded(unpacked(Buffer.from(base64, "base64"), encoding));
    else if (typeof body["string"] === "string") text = body["string"];
    else if (typeof body["mimeType"] === "string") text = body["text"] ?? "";
  }
  if (typeof text !== "string") return text;
  if (text.startsWith("H4sI") && /^[A-Za-z0-9+/=\s]+$/.test(text)) text = decoded(unpacked(Buffer.from(text, "base64")));
  else if (text.startsWith("\u001f\u008b")) text = decoded(unpacked(Buffer.from(text, "latin1")));
  const plain = withoutMark(String(text));
  return parsed(plain) ?? plain;
}

const mostTextBytes = 64 << 20;

/** Bytes as they were sent, without their compression (RFC 9110, 8.4.1). What says that it is compressed and is not stays as it is. */
function unpacked(bytes: Buffer, encoding = ""): Buffer {
  // A stream that was cut, or flushed and never ended, still gives what is there.
  const most = { maxOutputLength: mostTextBytes };
  try {
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, { ...most, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (thrown) {
    throwTooLarge(thrown);
    return Buffer.alloc(0);
  }
  try {
    if (encoding === "br") return brotliDecompressSync(bytes, { ...most, finishFlush: constants.BROTLI_OPERATION_FLUSH });
    if (encoding === "deflate") return inflateSync(bytes, { ...most, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (thrown) {
    throwTooLarge(thrown);
    return bytes;
  }
  return bytes;
}

/** More than we unpack is told, and not taken for nothing. @throws ITEM_TOO_LARGE */
function throwTooLarge(thrown: unknown): void {
  if (thrown instanceof Error && "code" in thrown && thrown.code === "ERR_BUFFER_TOO_LARGE")
    throw new EarshotError("ITEM_TOO_LARGE", `file: expected at most ${mostTextBytes >> 20} MiB when unpacked, came more`);
}

function parsed(text: string): unknown {
  if (isTooDeep(Buffer.from(text), deepest)) return undefined;
  try {
    // A number that a double cannot hold is an id: its digits are kept as they stand.
    const value: unknown = /[:[,]\s*\d{16,}/.test(text) ? JSON.parse(text, exactly) : JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function exactly(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === "number" && !Number.isSafeInteger(value) && source !== undefined && /^\d{16,}$/.test(source) ? source : value;
}
