import type { ErrorCode } from "../../core/errors.ts";
import type { FailureKind } from "../../core/failure.ts";
import { type Json, isJson } from "../json/decode.ts";

interface Kind extends FailureKind {
  /** Words of the answer that mean it (errors[].reason, details[].reason, status, an OAuth error). */
  readonly reasons: readonly string[];
}

/** Reasons from developers.google.com/youtube/v3/docs/errors (2025-09) and cloud.google.com/apis/design/errors (google.rpc.ErrorInfo, 2025-06). */
const kinds = [
  kind("key-invalid", "auth", "UPSTREAM_AUTH", false, "The API key is wrong or expired.", "Make a key for YouTube Data API v3 in the Google Cloud console and set it.", [
    "keyInvalid",
    "keyExpired",
    "API_KEY_INVALID",
    "API_KEY_EXPIRED",
  ]),
  kind("auth", "auth", "UPSTREAM_AUTH", false, "The access token is missing, expired or revoked, or its account is closed.", "Grant access again.", [
    "authError",
    "required",
    "expired",
    "invalidCredentials",
    "authorizationRequired",
    "youtubeSignupRequired",
    "authenticatedUserAccountClosed",
    "authenticatedUserAccountSuspended",
    "CREDENTIALS_MISSING",
    "ACCESS_TOKEN_EXPIRED",
    "UNAUTHENTICATED",
    "invalid_grant",
    "invalid_client",
    "invalid_token",
    "unauthorized_client",
  ]),
  kind(
    "not-enabled",
    "permission",
    "UPSTREAM_REFUSED",
    false,
    "The key's project may not use the API from here.",
    "Enable YouTube Data API v3 for the project; look at the key's restrictions.",
    ["accessNotConfigured", "ipRefererBlocked", "SERVICE_DISABLED", "API_KEY_SERVICE_BLOCKED", "API_KEY_HTTP_REFERRER_BLOCKED", "API_KEY_IP_ADDRESS_BLOCKED", "CONSUMER_INVALID"],
  ),
  kind("quota-exceeded", "quota", "UPSTREAM_QUOTA", true, "The units of the day are used up.", "Collection goes on at midnight in Los Angeles; ask Google for more units.", [
    "quotaExceeded",
    "dailyLimitExceeded",
    "dailyLimitExceededUnreg",
  ]),
  kind("rate-limited", "rate-limit", "UPSTREAM_RATE_LIMITED", true, "Too many calls at once.", "Nothing: calls are made more slowly.", [
    "rateLimitExceeded",
    "userRateLimitExceeded",
    "concurrentLimitExceeded",
    "RATE_LIMIT_EXCEEDED",
    "RESOURCE_EXHAUSTED",
  ]),
  kind("comments-disabled", "permission", "UPSTREAM_REFUSED", false, "The video's owner has turned comments off.", "Nothing: the video has no comments to read.", [
    "commentsDisabled",
  ]),
  kind("not-found", "not-found", "UPSTREAM_NOT_FOUND", false, "The video, channel, playlist or comment is not there, or not public.", "Look whether the id is right.", [
    "notFound",
    "videoNotFound",
    "channelNotFound",
    "commentNotFound",
    "commentThreadNotFound",
    "playlistNotFound",
    "playlistItemNotFound",
    "parentCommentNotFound",
    "liveChatNotFound",
    "NOT_FOUND",
  ]),
  kind("processing", "server", "UPSTREAM_UNAVAILABLE", true, "The platform could not process the call, which it answers with 400.", "Nothing: it is tried again.", [
    "processingFailure",
  ]),
  kind("server", "server", "UPSTREAM_UNAVAILABLE", true, "The platform failed.", "Nothing: it is tried again.", [
    "backendError",
    "internalError",
    "serviceUnavailable",
    "SERVICE_UNAVAILABLE",
    "INTERNAL",
    "UNAVAILABLE",
    "DEADLINE_EXCEEDED",
  ]),
  kind("forbidden", "permission", "UPSTREAM_REFUSED", false, "The credential lives, and does not allow this.", "Look what the account may see and which scopes it granted.", [
    "forbidden",
    "insufficientPermissions",
    "channelClosed",
    "channelSuspended",
    "playlistItemsNotAccessible",
    "channelForbidden",
    "accountDelegationForbidden",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    "PERMISSION_DENIED",
  ]),
  kind("retired", "version", "UPSTREAM_VERSION", false, "The method or version is retired.", "Update Earshot.", ["deprecated", "gone"]),
  kind("bad-request", "request", "UPSTREAM_REFUSED", false, "A parameter is not accepted.", "Look at the source's options.", [
    "badRequest",
    "invalidParameter",
    "invalidPageToken",
    "invalidSearchFilter",
    "INVALID_ARGUMENT",
  ]),
] as const satisfies readonly Kind[];

function kind<N extends string>(
  name: N,
  failureClass: FailureKind["class"],
  code: ErrorCode,
  retryable: boolean,
  doc: string,
  todo: string,
  reasons: readonly string[],
): Kind & { readonly name: N } {
  return { name, id: `youtube.${name}`, class: failureClass, code, retryable, doc, todo, reasons };
}

type KindName = (typeof kinds)[number]["name"];

export const failures: readonly FailureKind[] = kinds.map(({ id, class: failureClass, code, retryable, doc, todo }) => ({ id, class: failureClass, code, retryable, doc, todo }));

export interface ApiFailure {
  readonly name: KindName;
  readonly id: string;
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** The platform's own word, safe to show. */
  readonly reason: string;
  readonly status?: number;
}

/** What a body with an error in it says; undefined where there is none. `status`: the answer's own, where known. */
export function failureOf(body: Json, status?: number): ApiFailure | undefined {
  const error = body["error"];
  if (error === undefined || error === null) return undefined;
  const code = isJson(error) && typeof error["code"] === "number" ? error["code"] : status;
  const words = wordsOf(error);
  const limits = isJson(error) ? quotaLimits(error) : "";
  const found =
    // A quota of the day may be told as a rate limit, named in the details only (ErrorInfo.metadata.quota_limit).
    /per_?day/i.test(limits)
      ? byName("quota-exceeded")
      : (words
          .map((word) => kinds.find((one) => one.reasons.includes(word) && !(one.class === "server" && one.name === "server" && isClientError(code))))
          .find((one) => one !== undefined) ?? (words.some((word) => word.endsWith("NotFound")) ? byName("not-found") : byStatus(code)));
  return { name: found.name, id: found.id, code: found.code, retryable: found.retryable, reason: words[0] ?? "unknown", ...(code !== undefined && { status: code }) };
}

function isClientError(code: number | undefined): boolean {
  return code !== undefined && code >= 400 && code < 500;
}

function byName(name: KindName): (typeof kinds)[number] {
  return kinds.find((one) => one.name === name) ?? kinds[0];
}

function byStatus(code: number | undefined): (typeof kinds)[number] {
  if (code === 401) return byName("auth");
  if (code === 403) return byName("forbidden");
  if (code === 404) return byName("not-found");
  if (code === 410) return byName("retired");
  if (code === 429) return byName("rate-limited");
  return byName(code !== undefined && code >= 500 ? "server" : "bad-request");
}

/** The most telling word first: details, errors, then the status. */
function wordsOf(error: unknown): string[] {
  const words: unknown[] = [];
  if (typeof error === "string") words.push(error);
  if (isJson(error)) {
    for (const name of ["details", "errors"]) {
      const list = error[name];
      if (Array.isArray(list)) for (const item of list) if (isJson(item)) words.push(item["reason"]);
    }
    words.push(error["reason"], error["status"]);
  }
  return words.filter((word): word is string => typeof word === "string" && /^[A-Za-z_]{1,60}$/.test(word));
}

function quotaLimits(error: Json): string {
  const { details } = error;
  if (!Array.isArray(details)) return "";
  return details.map((item: unknown) => (isJson(item) && isJson(item["metadata"]) ? String(item["metadata"]["quota_limit"]) : "")).join(" ");
}
