import type { FailedAnswer, Reaction } from "../../core/http.ts";
import { makeFailureTable } from "../json/failure-table.ts";

/** Firebase's answers by status (firebase.google.com/docs/reference/rest/database, "Error conditions", read 2026-11). */
export const table = makeFailureTable("hackernews", {
  denied: ["permission", "UPSTREAM_AUTH", false, "The database does not give out what was asked (Permission denied).", "Check the source's address; the public API ends in /v0."],
  quota: ["quota", "UPSTREAM_QUOTA", true, "The database has used up its plan (402).", "Nothing: it is the platform's plan, and is tried again."],
  "not-found": ["not-found", "UPSTREAM_NOT_FOUND", false, "There is nothing under the address.", "Check the source's address; the public API ends in /v0."],
  locked: ["blocked", "UPSTREAM_REFUSED", false, "The database is locked (423).", "Wait for the platform; other mirrors have other addresses."],
  "rate-limited": ["rate-limit", "UPSTREAM_RATE_LIMITED", true, "More calls than the server takes.", "Nothing: it goes on by itself. Lower requestsPerMinute when it lasts."],
  request: ["request", "UPSTREAM_REFUSED", false, "The server does not accept what was asked.", "Check the source's address."],
  server: ["server", "UPSTREAM_UNAVAILABLE", true, "The server failed.", "Nothing: it is tried again."],
  unreadable: ["content", "UPSTREAM_UNAVAILABLE", true, "An answer came that is no JSON of the API.", "Look at the network between: proxies answer in HTML."],
});

export function reactHackerNews({ status }: FailedAnswer): Reaction | undefined {
  if (status < 400) return undefined;
  if (status === 401 || status === 403) return table.reaction("denied");
  if (status === 402) return table.reaction("quota");
  if (status === 404 || status === 410) return table.reaction("not-found");
  if (status === 423) return table.reaction("locked");
  if (status === 429) return table.reaction("rate-limited");
  return table.reaction(status >= 500 || status === 408 ? "server" : "request");
}
