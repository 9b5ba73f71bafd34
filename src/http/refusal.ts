import { EarshotError, type ErrorCode } from "../core/errors.ts";
import type { FailureClass, FailureDetail } from "../core/failure-class.ts";
import type { Reaction } from "../core/http.ts";
import type { RateLimit } from "./rate-limit.ts";
import { redactExcerpt, redactText } from "./redact.ts";
import { UpstreamStatus } from "./upstream-status.ts";

/** An answer that may stand for a failure. */
export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** Method and address without secrets. */
  readonly where: string;
  /** What the request kept secret. */
  readonly secrets: readonly string[];
}

const excerptChars = 500;
const longestId = 120;

/** X: x-transaction-id; Graph: x-fb-trace-id, x-fb-request-id; Zipkin (Google and others): x-b3-traceid; Amazon: x-amzn-requestid; Cloudflare: cf-ray. */
const requestIdHeaders = [
  "x-request-id",
  "request-id",
  "x-transaction-id",
  "x-fb-request-id",
  "x-fb-trace-id",
  "x-correlation-id",
  "x-amzn-requestid",
  "x-goog-request-id",
  "x-b3-traceid",
  "x-trace-id",
  "cf-ray",
];

export function isSuccess(status: number): boolean {
  return (status >= 200 && status < 300) || status === 304;
}

/** The error that an answer stands for: by the platform's own word where there is one, else by its status; undefined: none. */
export function refusalOf(answered: Answered, reaction: Reaction | undefined, told: RateLimit, nowMs: number): EarshotError | undefined {
  const { status, where } = answered;
  if (reaction === undefined && isSuccess(status)) return undefined;
  const code = reaction?.code ?? codeOf(status, told.retryAt !== undefined || told.remaining === 0);
  const windowEnds = told.remaining === 0 ? told.resetAt : undefined;
  const implied = code === "UPSTREAM_RATE_LIMITED" ? (windowEnds ?? nowMs + 60_000) : undefined;
  const retryAt = reaction?.retryAt ?? told.retryAt ?? implied;
  const message =
    reaction?.message === undefined ? `${sayings[code] ?? "the call failed"} (HTTP ${status})` : `${redactText(reaction.message.slice(0, 500), answered.secrets)} (HTTP ${status})`;
  return new EarshotError(code, `${where}: ${message}`, {
    cause: new UpstreamStatus(status, textOf(answered.bytes, 2_000)),
    ...(retryAt !== undefined && { retryAt }),
    failure: detailOf(answered, code, reaction),
  });
}

/** The same error, bearing what is known of the call where it bore nothing. */
export function withFailure(error: EarshotError, detail: { readonly request: string; readonly status?: number; readonly headers?: Headers }): EarshotError {
  if (error.failure !== undefined) return error;
  const requestId = detail.headers && requestIdOf(detail.headers);
  const failure: FailureDetail = {
    class: detail.status === undefined ? "network" : "content",
    request: detail.request,
    ...(detail.status !== undefined && { status: detail.status }),
    ...(requestId !== undefined && { requestId }),
  };
  return new EarshotError(error.code, error.message, { cause: error.cause ?? error, failure, ...(error.retryAt !== undefined && { retryAt: error.retryAt }) });
}

function codeOf(status: number, isLimited: boolean): ErrorCode {
  if (status === 429 || (status === 403 && isLimited)) return "UPSTREAM_RATE_LIMITED";
  if (status === 401 || status === 403) return "UPSTREAM_AUTH";
  // X answers 402 when the credits of a pay-per-use plan are gone (docs.x.com, "Response codes").
  if (status === 402) return "UPSTREAM_QUOTA";
  if (status === 404 || status === 410) return "UPSTREAM_NOT_FOUND";
  return status >= 500 || status === 408 || status === 425 ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_REFUSED";
}

const sayings: Partial<Record<ErrorCode, string>> = {
  UPSTREAM_RATE_LIMITED: "too many requests",
  UPSTREAM_AUTH: "the credential was refused",
  UPSTREAM_QUOTA: "the allowance is used up",
  UPSTREAM_NOT_FOUND: "there is nothing",
  UPSTREAM_VERSION: "this version of the API is retired",
  UPSTREAM_REFUSED: "the request was refused",
  UPSTREAM_UNAVAILABLE: "the platform failed",
};

function classOf(code: ErrorCode, status: number): FailureClass {
  switch (code) {
    case "UPSTREAM_AUTH":
      return status === 403 ? "permission" : "auth";
    case "UPSTREAM_RATE_LIMITED":
      return "rate-limit";
    case "UPSTREAM_QUOTA":
      return "quota";
    case "UPSTREAM_NOT_FOUND":
      return "not-found";
    case "UPSTREAM_VERSION":
      return "version";
    case "UPSTREAM_REFUSED":
      return status === 451 ? "blocked" : status === 403 ? "permission" : "request";
    case "UPSTREAM_UNAVAILABLE":
      return "server";
    case "UPSTREAM_CUT":
      return "network";
    case "CURSOR_TOO_OLD":
      return "request";
    default:
      return "content";
  }
}

function detailOf(answered: Answered, code: ErrorCode, reaction: Reaction | undefined): FailureDetail {
  const requestId = reaction?.requestId?.slice(0, longestId) ?? requestIdOf(answered.headers);
  // A long answer that succeeded in part carries posts.
  const excerpt = isSuccess(answered.status) && answered.bytes.length > 2_000 ? "" : redactExcerpt(textOf(answered.bytes, 4_000), answered.secrets, excerptChars);
  return {
    class: classOf(code, answered.status),
    status: answered.status,
    request: answered.where,
    ...(reaction?.failure !== undefined && { id: reaction.failure }),
    ...(requestId !== undefined && { requestId }),
    ...(excerpt !== "" && { excerpt }),
  };
}

function requestIdOf(headers: Headers): string | undefined {
  for (const name of requestIdHeaders) {
    const value = headers.get(name)?.trim();
    if (value !== undefined && /^[\x21-\x7e][\x20-\x7e]*$/.test(value)) return value.slice(0, longestId);
  }
  return undefined;
}

function textOf(bytes: Uint8Array, most: number): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, most));
  return head.includes(0) ? "" : head.toString("utf8");
}
