import { EarshotError, type ErrorCode, isErrorCode } from "../../core/errors.ts";
import { type Json, isJson } from "./decode.ts";
import { softText } from "./fields.ts";
import type { RecordedAnswer } from "./recorded.ts";

/** What an HTTP status alone says (RFC 9110, RFC 6585); undefined: the answer did not fail. */
export function codeOfStatus(status: number): ErrorCode | undefined {
  if (status < 400) return undefined;
  if (status === 401) return "UPSTREAM_AUTH";
  if (status === 404 || status === 410) return "UPSTREAM_NOT_FOUND";
  if (status === 429) return "UPSTREAM_RATE_LIMITED";
  return status >= 500 || status === 408 ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_REFUSED";
}

/** Words of an error where no status is told, in the order in which they decide. */
const words: readonly (readonly [RegExp, ErrorCode])[] = [
  [/too many requests|rate.?limit|throttled/i, "UPSTREAM_RATE_LIMITED"],
  [/access token|invalid_(?:grant|client|token)|unauthori[sz]ed|authenticat|auth_?required|authmissing|expiredtoken|log ?in/i, "UPSTREAM_AUTH"],
  [/not ?found|doesn'?t exist|does not exist|can'?t find|no longer (?:here|available)|\bgone\b/i, "UPSTREAM_NOT_FOUND"],
  [/internal ?server|bad gateway|service unavailable|timed? ?out|upstream|temporar|went wrong|could not be verified|remote data/i, "UPSTREAM_UNAVAILABLE"],
];

export function codeOfWords(text: string): ErrorCode {
  return words.find(([pattern]) => pattern.test(text))?.[1] ?? "UPSTREAM_REFUSED";
}

const longestText = 300;

/** A failed answer as a raw message, which `readFailure` reads: `{"failed": {code, status, text}}`. Undefined: it did not fail. */
export function failureMessage(answer: RecordedAnswer): Uint8Array | undefined {
  const { body, status } = answer;
  const text = textOf(body);
  const code = status === undefined ? undefined : codeOfStatus(status);
  if (code === undefined && (text === undefined || !isFailure(body))) return undefined;
  const failed = { code: code ?? codeOfWords(text ?? ""), ...(status !== undefined && { status }), ...(text !== undefined && { text: text.slice(0, longestText).toWellFormed() }) };
  return Buffer.from(JSON.stringify({ failed }));
}

/** `{"error": …}` and what stands beside an error, and nothing else; or a page in place of an answer. */
function isFailure(body: unknown): boolean {
  if (typeof body === "string") return /^\s*(?:<!doctype html|<html)/i.test(body);
  return isJson(body) && (typeof body["error"] === "string" || isJson(body["error"])) && !("id" in body);
}

function textOf(body: unknown): string | undefined {
  if (typeof body === "string") {
    const title = /<title[^<>]*>([^<]*)</i.exec(body)?.[1]?.trim();
    return title ?? (/</.test(body) ? "a page" : softText(body.trim()));
  }
  if (!isJson(body)) return undefined;
  const error = isJson(body["error"]) ? softText(body["error"]["message"]) : softText(body["error"]);
  const more = softText(body["error_description"]) ?? softText(body["message"]);
  return error === undefined ? more : more === undefined ? error : `${error}: ${more}`;
}

/** The error in a message that `failureMessage` made; undefined: another message. */
export function readFailure(message: Json): EarshotError | undefined {
  const failed = message["failed"];
  if (!isJson(failed)) return undefined;
  const code = isErrorCode(failed["code"]) ? failed["code"] : "UPSTREAM_REFUSED";
  const status = typeof failed["status"] === "number" ? `HTTP ${failed["status"]}` : "an error";
  const text = softText(failed["text"]);
  return new EarshotError(code, text === undefined ? `answer: ${status}` : `answer: ${status}: ${text}`);
}
