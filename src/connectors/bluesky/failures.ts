import type { FailedAnswer, Reaction } from "../../core/http.ts";
import { makeFailureTable } from "../json/failure-table.ts";

/** Handshakes of Jetstream (its server's handlers, read 2026-11), and error frames of lexicon com.atproto.sync.subscribeRepos. */
export const table = makeFailureTable("bluesky", {
  request: [
    "request",
    "UPSTREAM_REFUSED",
    false,
    "The server does not accept what was asked: a collection, an account, more accounts than it takes (10,000), or the cursor.",
    "Check collections and dids of the source.",
  ],
  "not-found": [
    "not-found",
    "UPSTREAM_NOT_FOUND",
    false,
    "There is no stream under the address.",
    "Check the endpoints: /subscribe of a Jetstream, com.atproto.sync.subscribeRepos of a PDS or relay.",
  ],
  refused: ["blocked", "UPSTREAM_REFUSED", false, "The server bars our address.", "Ask its operator, or take another endpoint."],
  "rate-limited": [
    "rate-limit",
    "UPSTREAM_RATE_LIMITED",
    true,
    "Too many connections from our address.",
    "Nothing: another endpoint is taken until the server may be asked again. Let fewer sources read the same server.",
  ],
  server: ["server", "UPSTREAM_UNAVAILABLE", true, "The server failed, or is being restarted.", "Nothing: the next endpoint is taken."],
  "future-cursor": [
    "request",
    "UPSTREAM_CUT",
    true,
    "The cursor lies after all that the server knows: it was set up anew (FutureCursor).",
    "Nothing: reading begins anew, and the gap is told.",
  ],
  "too-slow": [
    "network",
    "UPSTREAM_CUT",
    true,
    "We took the stream more slowly than it came (ConsumerTooSlow).",
    "Nothing: it goes on from the cursor. When it lasts, read fewer collections, or give the machine more cores.",
  ],
  "stream-error": ["server", "UPSTREAM_CUT", true, "The server ended the stream with an error of its own.", "Nothing: it is opened again from the cursor."],
});

type FailureName = Parameters<typeof table.error>[0];

/** What an answer to the handshake that is no upgrade is about. */
export function reactBluesky({ status }: Pick<FailedAnswer, "status">): Reaction | undefined {
  const name = status >= 400 ? nameOf(status) : undefined;
  return name && table.reaction(name);
}

function nameOf(status: number): FailureName {
  if (status === 404 || status === 410) return "not-found";
  if (status === 429) return "rate-limited";
  if (status === 401 || status === 403) return "refused";
  return status >= 500 || status === 408 ? "server" : "request";
}

/** Of an error frame, by its name. */
export function failureOfFrame(error: string): FailureName {
  if (error === "FutureCursor") return "future-cursor";
  return error === "ConsumerTooSlow" ? "too-slow" : "stream-error";
}
