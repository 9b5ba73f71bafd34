import type { FailedAnswer, Reaction } from "../../core/http.ts";
import { decodeJson, isJson } from "../json/decode.ts";
import { makeFailureTable } from "../json/failure-table.ts";
import { softText } from "../json/fields.ts";

/** By status and by the words of `{"error": …}` (docs.joinmastodon.org/entities/Error and the controllers' rescue_from, read 2026-11); relatives word theirs otherwise. */
const table = makeFailureTable("mastodon", {
  token: [
    "auth",
    "UPSTREAM_AUTH",
    false,
    "The server does not accept the access token: revoked, or its account is gone.",
    "Make a new token (Preferences, Development) and set it.",
  ],
  "account-needed": ["auth", "UPSTREAM_AUTH", false, "The server shows this to accounts only.", "Make an access token with the scope read and set it as the source's token."],
  scope: ["permission", "UPSTREAM_AUTH", false, "The token's scopes do not allow this.", "Make a token with the scope read."],
  suspended: ["permission", "UPSTREAM_AUTH", false, "The token's account is suspended, not confirmed or not approved.", "Ask the server's moderators, or use another account."],
  refused: ["blocked", "UPSTREAM_REFUSED", false, "The server bars our address or this call.", "Ask the server's operator; many of them want to know who reads."],
  "not-found": [
    "not-found",
    "UPSTREAM_NOT_FOUND",
    false,
    "There is no such status, list or timeline, or not for us.",
    "Check the source's timelines; a status that is gone is a deletion.",
  ],
  "rate-limited": [
    "rate-limit",
    "UPSTREAM_RATE_LIMITED",
    true,
    "More calls than the server allows in five minutes.",
    "Nothing: it goes on by itself. A longer pause or fewer timelines need fewer calls.",
  ],
  request: ["request", "UPSTREAM_REFUSED", false, "The server does not accept what was asked.", "Check the source's timelines."],
  maintenance: ["server", "UPSTREAM_UNAVAILABLE", true, "The server is down for maintenance or overloaded.", "Nothing: it is tried again."],
  server: ["server", "UPSTREAM_UNAVAILABLE", true, "The server failed.", "Nothing: it is tried again."],
});

type FailureName = Parameters<typeof table.reaction>[0];

export const mastodonFailures = table.kinds;

/** What a failed call to a Mastodon server is about. */
export function reactMastodon(answer: FailedAnswer): Reaction | undefined {
  if (answer.status < 400) return undefined;
  const word = wordOf(answer.bytes);
  return table.reaction(nameOf(answer.status, word ?? ""), word === undefined ? {} : { message: word });
}

function nameOf(status: number, word: string): FailureName {
  if (status === 429) return "rate-limited";
  if (status === 404 || status === 410) return "not-found";
  if (status === 503) return "maintenance";
  if (status >= 500) return "server";
  if (/outside the authorized scopes/i.test(word)) return "scope";
  if (/suspended|disabled|confirmed|pending approval|not approved/i.test(word)) return "suspended";
  if (/requires an authenticated user|not allowed|login|unauthenticated/i.test(word) && status !== 400) return "account-needed";
  if (status === 401) return "token";
  return status === 403 ? "refused" : "request";
}

const longestWord = 200;

/** Errors of validations quote what was sent, which holds nothing of people: we send no words of theirs. */
function wordOf(bytes: Uint8Array): string | undefined {
  try {
    const value = decodeJson(bytes, "error");
    return isJson(value) ? softText(value["error"])?.slice(0, longestWord) : undefined;
  } catch {
    return undefined;
  }
}
