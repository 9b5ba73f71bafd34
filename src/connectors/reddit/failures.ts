import type { FailureKind } from "../../core/failure.ts";
import type { FailedAnswer, Reaction } from "../../core/http.ts";
import { type Json, isJson } from "../json/decode.ts";
import { hasErrors } from "./things.ts";

/*
 * Reddit says what failed in several ways: {message, error: status, reason}, {json: {errors: [[code, text, field]]}} with status 200,
 * {error: code} where tokens are given out, and pages of HTML before the API (reddit.com/dev/api and PRAW's exception tables, 2024).
 */
const table = {
  token: ["auth", "UPSTREAM_AUTH", true, "The access token ended, was revoked, or is none.", "It is renewed by itself; where that fails too, look at the app and its secret."],
  grant: [
    "auth",
    "UPSTREAM_AUTH",
    false,
    "Reddit gives out no token for this client, account or code.",
    "Check client id, secret, account and the app's type under reddit.com/prefs/apps.",
  ],
  scope: ["permission", "UPSTREAM_AUTH", false, "The token does not allow this.", "Grant access anew, with the scopes read and history."],
  private: ["permission", "UPSTREAM_REFUSED", false, "The subreddit is private.", "Leave it out: private content needs a right of its own."],
  quarantined: [
    "permission",
    "UPSTREAM_REFUSED",
    false,
    "The subreddit is quarantined; an account must opt in.",
    "Leave it out, or opt in with the account that the token belongs to.",
  ],
  restricted: ["permission", "UPSTREAM_REFUSED", false, "The subreddit is open to some accounts only.", "Leave it out."],
  banned: ["not-found", "UPSTREAM_NOT_FOUND", false, "Reddit has banned the subreddit.", "Leave it out."],
  "not-found": ["not-found", "UPSTREAM_NOT_FOUND", false, "There is no such subreddit, account, post or page.", "Check how it is written."],
  "rate-limited": [
    "rate-limit",
    "UPSTREAM_RATE_LIMITED",
    true,
    "More calls than Reddit allows the client in its window.",
    "Nothing: it goes on by itself. Fewer subreddits or a longer pause need fewer calls.",
  ],
  blocked: [
    "blocked",
    "UPSTREAM_REFUSED",
    false,
    "Reddit bars the address or the user agent.",
    "Set the account in the user agent (option account), and ask Reddit where it goes on.",
  ],
  request: ["request", "UPSTREAM_REFUSED", false, "Reddit does not accept what was asked.", "Check the query and the names of subreddits."],
  server: ["server", "UPSTREAM_UNAVAILABLE", true, "Reddit failed or is down.", "Nothing: it is tried again."],
  unreadable: ["content", "UPSTREAM_UNAVAILABLE", true, "The answer is no JSON.", "Nothing: it is tried again. Where it stays, look what stands between (a proxy's page)."],
} as const satisfies Record<string, readonly [FailureKind["class"], FailureKind["code"], boolean, string, string]>;

type FailureName = keyof typeof table;

export const failures: readonly FailureKind[] = Object.entries(table).map(([name, [kind, code, retryable, doc, todo]]) => ({
  id: `reddit.${name}`,
  class: kind,
  code,
  retryable,
  doc,
  todo,
}));

export interface Failure {
  readonly name: FailureName;
  readonly code: FailureKind["code"];
  /** Reddit's own word, short and free of people's words. */
  readonly word: string;
}

function made(name: FailureName, word: string): Failure {
  return { name, code: table[name][1], word };
}

const reasons: Readonly<Record<string, FailureName>> = {
  private: "private",
  employees_only: "private",
  quarantined: "quarantined",
  gated: "quarantined",
  gold_only: "restricted",
  gold_restricted: "restricted",
  banned: "banned",
};

/** What an answer's status and body say; undefined: no failure. A body of another type than an object: its text tells nothing but a page. */
export function failureOf(status: number | undefined, body: unknown): Failure | undefined {
  const told = isJson(body) ? body : {};
  const errors = isJson(told["json"]) && hasErrors(told["json"]) ? told["json"]["errors"] : undefined;
  if (Array.isArray(errors)) {
    const code = wordOf(Array.isArray(errors[0]) ? errors[0][0] : errors[0]);
    return made(code === "RATELIMIT" ? "rate-limited" : code === "USER_REQUIRED" ? "token" : /NOEXIST|NOT_FOUND/.test(code) ? "not-found" : "request", code);
  }
  if (status === undefined || (status >= 200 && status < 300)) {
    if (isThing(told)) return undefined;
    const error = typeof told["error"] === "string" && /^[45]\d\d$/.test(told["error"]) ? Number(told["error"]) : told["error"];
    if (typeof error === "number" && error >= 400) return byStatus(error, told);
    if (typeof error === "string" && error !== "") return made("grant", wordOf(error));
    // Where the status is not told, the reason of a closed subreddit is.
    if (typeof told["message"] === "string" && typeof told["reason"] === "string") return byStatus(/not ?found/i.test(told["message"]) ? 404 : 403, told);
    if (told["success"] === false && !Array.isArray(told["jquery"])) return made("request", "success: false");
    return undefined;
  }
  if (status < 400) return undefined;
  return byStatus(status, told, isJson(body));
}

function isThing(told: Json): boolean {
  return "kind" in told || "data" in told || "id" in told || "things" in told;
}

function byStatus(status: number, told: Json, isObject = true): Failure {
  const reason = wordOf(told["reason"]);
  const word = reason === "" ? `HTTP ${status}` : `HTTP ${status}, ${reason}`;
  const named = Object.hasOwn(reasons, reason) ? reasons[reason] : undefined;
  if (named !== undefined && status < 500) return made(named, word);
  if (status === 429) return made("rate-limited", word);
  if (status === 401) return made(typeof told["error"] === "string" ? "grant" : "token", word);
  if (status === 403) return made(isObject ? "scope" : "blocked", word);
  if (status === 404 || status === 410) return made("not-found", word);
  if (status >= 500 || status === 408 || status === 425) return made("server", word);
  return made(typeof told["error"] === "string" ? "grant" : "request", word);
}

function wordOf(value: unknown): string {
  return typeof value === "string" && /^[\w .:-]{1,60}$/.test(value) ? value : "";
}
/** For the client: what a failed call means, by Reddit's own word. */
export function react(answer: FailedAnswer): Reaction | undefined {
  const body = bodyOf(answer.bytes);
  const failure = failureOf(answer.status, body);
  if (failure !== undefined) {
    return { code: failure.code, failure: `reddit.${failure.name}`, message: `Reddit: ${failure.word}`, ...(failure.name === "token" && { renew: true }) };
  }
  if (answer.status >= 200 && answer.status < 300 && body === undefined) return { code: "UPSTREAM_UNAVAILABLE", failure: "reddit.unreadable", message: "Reddit: no JSON" };
  return undefined;
}

function bodyOf(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
    return value;
  } catch {
    return undefined;
  }
}
