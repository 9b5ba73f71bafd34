import { isUtf8 } from "node:buffer";
import { constants, gunzipSync } from "node:zlib";
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
 * or bodies alone (the whole file, or one a line). What is no JSON comes as one answer whose body is its text.
 */
export function* recordedAnswers(file: Uint8Array): Generator<RecordedAnswer> {
  const text = isUtf8(file)
    ? Buffer.from(file.buffer, file.byteOffset, file.byteLength)
        .toString("utf8")
        .replace(/^\ufeff/, "")
    : Buffer.from(file).toString("latin1");
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

function* answersIn(value: unknown): Generator<RecordedAnswer> {
  const list = Array.isArray(value) ? value : isJson(value) ? [value["http_interactions"], value["interactions"]].find((one) => Array.isArray(one)) : undefined;
  if (list?.some(isRecord) === true) for (const item of list) yield answerOf(item);
  else yield answerOf(value);
}

function isRecord(value: unknown): value is Json {
  return isJson(value) && isJson(value["response"]) && ("request" in value || "body" in value["response"]);
}

function answerOf(value: unknown): RecordedAnswer {
  if (!isRecord(value)) return { headers: {}, body: value };
  const request = isJson(value["request"]) ? value["request"] : {};
  const response = isJson(value["response"]) ? value["response"] : {};
  const status = isJson(response["status"]) ? response["status"]["code"] : response["status"];
  const headers: Record<string, string> = {};
  if (isJson(response["headers"])) {
    for (const [name, held] of Object.entries(response["headers"])) headers[name.toLowerCase()] = Array.isArray(held) ? held.join(", ") : String(held);
  }
  const url = request["url"] ?? request["uri"];
  return {
    ...(typeof request["method"] === "string" && { method: request["method"].toUpperCase() }),
    ...(typeof url === "string" && { url }),
    ...(typeof status === "number" && { status }),
    headers,
    body: bodyOf(response["body"]),
  };
}

function bodyOf(body: unknown): unknown {
  const held = isJson(body) ? (body["string"] ?? (typeof body["base64_string"] === "string" ? textOf(Buffer.from(body["base64_string"], "base64")) : undefined)) : undefined;
  const text = typeof held === "string" ? held : body;
  return typeof text === "string" ? (parsed(text) ?? text) : text;
}

const mostTextBytes = 64 << 20;

/** Some cassettes keep bodies as they were sent: compressed (RFC 1952). */
function textOf(bytes: Buffer): string {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString("utf8");
  try {
    // A stream that was cut, or flushed and never ended, still gives what is there.
    return gunzipSync(bytes, { maxOutputLength: mostTextBytes, finishFlush: constants.Z_SYNC_FLUSH }).toString("utf8");
  } catch {
    return "";
  }
}

function parsed(text: string): unknown {
  if (isTooDeep(Buffer.from(text), deepest)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
