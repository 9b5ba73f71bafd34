import type { FailedAnswer, Reaction } from "../../core/http.ts";
import { makeFailureTable } from "../json/failure-table.ts";

/** What sites answer in place of a feed: by status (RFC 9110, 6585, 7725), and by what stands in the body. */
export const table = makeFailureTable("rss", {
  gone: ["not-found", "UPSTREAM_NOT_FOUND", false, "The feed is gone for good (410); it is not asked again.", "Take its address out, or give its new one."],
  "not-found": ["not-found", "UPSTREAM_NOT_FOUND", false, "There is no feed under the address.", "Check the address; the site's pages name its feeds."],
  "account-needed": ["auth", "UPSTREAM_AUTH", false, "The site shows the feed to its subscribers only.", "Leave it out, or ask the site for an address that needs no account."],
  challenge: [
    "blocked",
    "UPSTREAM_REFUSED",
    false,
    "The site asks for a browser (a challenge of its bot protection) before it gives the feed.",
    "Ask the site to let feed readers through; nothing is done to get round it.",
  ],
  refused: ["blocked", "UPSTREAM_REFUSED", false, "The site bars our address, program or country.", "Ask the site to allow the user agent Earshot."],
  "legal-bar": ["blocked", "UPSTREAM_REFUSED", false, "The feed is withheld for legal reasons (451).", "Leave it out."],
  "rate-limited": ["rate-limit", "UPSTREAM_RATE_LIMITED", true, "The site asks for fewer readings.", "Nothing: the feed waits. Raise pollSeconds when it lasts."],
  request: ["request", "UPSTREAM_REFUSED", false, "The site does not accept the request.", "Check the address."],
  server: ["server", "UPSTREAM_UNAVAILABLE", true, "The site failed.", "Nothing: it is tried again, more slowly each time."],
  "no-feed": ["content", "UPSTREAM_REFUSED", false, "A page or document came that is no feed and names none.", "Give the feed's own address."],
  unreadable: ["content", "UPSTREAM_REFUSED", false, "The feed is broken beyond reading: its encoding, its JSON, or its nesting.", "Tell the site; it is tried again."],
});

export function reactRss({ status, headers, bytes }: FailedAnswer): Reaction | undefined {
  if (status < 400) return undefined;
  if (status === 404) return table.reaction("not-found");
  if (status === 410) return table.reaction("gone");
  if (status === 451) return table.reaction("legal-bar");
  if (status === 429) return table.reaction("rate-limited");
  // Cloudflare names it in a header (developers.cloudflare.com/cloudflare-challenges, 2026-11), others in words.
  if (
    headers.has("cf-mitigated") ||
    ((status === 403 || status === 503) && /challenge-platform|captcha|just a moment/i.test(Buffer.from(bytes.subarray(0, 4_000)).toString("latin1")))
  )
    return table.reaction("challenge");
  if (status === 401 || status === 402 || status === 407) return table.reaction("account-needed");
  if (status === 403) return table.reaction("refused");
  return table.reaction(status >= 500 || status === 408 || status === 425 ? "server" : "request");
}
