import type { SourceContext } from "../../core/component.ts";
import { type EarshotError, toEarshotError } from "../../core/errors.ts";
import type { HttpResponse } from "../../core/http.ts";
import { statusOf } from "../../http/upstream-status.ts";
import { type FeedState, idDigest } from "./cursor.ts";
import { decodeFeed } from "./encoding.ts";
import { type Entry, entriesOf, readFeed } from "./entry.ts";
import { reactRss, table } from "./failures.ts";
import type { Feed } from "./feed.ts";
import { digest, resolve } from "./identity.ts";
import { type XmlNode, readXml } from "./xml.ts";

export interface FeedAddress {
  readonly key: string;
  readonly address: string;
}

/** What asking a feed gave; `state` is how it stands once the entries are safe. */
export interface Fetch {
  readonly of: FeedAddress;
  readonly entries: readonly Entry[];
  readonly state: FeedState;
  readonly error?: EarshotError;
}

const maxFeedBytes = 8 << 20;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A feed's own wish for a pause is followed so far. */
const longestWishMs = 6 * hourMs;
/** Caches are told to keep a feed for a year by mistake; asking with validators costs the server little. */
const longestCacheMs = hourMs;
const longestBackoffMs = 6 * hourMs;

const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, text/html;q=0.5, */*;q=0.1";

/** Asks one feed, with what is known of its last answer. Throws only when the signal aborts. */
export async function fetchFeed(of: FeedAddress, before: FeedState, pollMs: number, context: SourceContext, signal: AbortSignal): Promise<Fetch> {
  const { clock } = context;
  const state: FeedState = { ...before };
  try {
    let response = await get(state.address ?? of.address);
    if (response.status !== 304) {
      const page = pageLink(response);
      if (page !== undefined) {
        state.address = page;
        response = await get(page);
      }
    }
    if (response.movedTo !== undefined && response.movedTo !== of.address) state.address = response.movedTo;
    state.failures = 0;
    if (response.status === 304) {
      waitAfter(response);
      return { of, entries: [], state };
    }
    setOrDelete("etag", response.headers.get("etag"));
    setOrDelete("modified", response.headers.get("last-modified"));
    const body = digest(Buffer.from(response.bytes).toString("latin1"));
    const same = state.body === body;
    state.body = body;
    const feed: Feed | undefined = same ? undefined : readFeed(response.bytes, response.headers.get("content-type"));
    if (feed !== undefined) {
      delete state.wishMs;
      if (feed.site.pauseMs !== undefined) state.wishMs = Math.min(longestWishMs, Math.ceil(feed.site.pauseMs));
    }
    waitAfter(response);
    if (feed === undefined) return { of, entries: [], state };
    const entries = entriesOf(feed, { feed: of.key, url: response.url, seenAt: clock.now(), known: (id) => before.seen.get(idDigest(id)) });
    return { of, entries, state };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", of.key);
    // A document that is no feed at all is the address's fault, not an item's.
    if (error.kind !== "reject") return failed(error);
    const unreadable = table.error(error.code === "FIELD_INVALID" ? "no-feed" : "unreadable", `${of.key}: ${error.message}`, `GET ${of.key}`, error);
    context.failed(unreadable);
    return failed(unreadable);
  }

  function get(address: string): Promise<HttpResponse> {
    const headers: Record<string, string> = { accept };
    if (state.etag !== undefined) headers["if-none-match"] = state.etag;
    if (state.modified !== undefined) headers["if-modified-since"] = state.modified;
    return context.http.request(address, {
      headers,
      signal,
      maxBytes: maxFeedBytes,
      robots: true,
      react: reactRss,
      budgets: [{ name: `rss ${new URL(address).host}`, limit: { requests: 60, perMs: minuteMs } }],
    });
  }

  /** What the document asked for holds until another one comes, also where an answer brings none. */
  function waitAfter({ headers }: HttpResponse): void {
    const now = clock.now();
    const toldMs = Math.max(freshMs(headers, now), state.wishMs ?? 0);
    delete state.freeAt;
    if (toldMs > 0) state.freeAt = now + toldMs;
    state.nextAt = now + Math.max(pollMs, toldMs);
  }

  function setOrDelete(name: "etag" | "modified", value: string | null): void {
    if (value === null || value === "" || value.length > 1_000) delete state[name];
    else state[name] = value;
  }

  function failed(error: EarshotError): Fetch {
    // The validators of an answer that could not be read must not make it look known.
    const next: FeedState = { ...before, failures: before.failures + 1 };
    const status = statusOf(error);
    if ((status === 404 || status === 410) && next.address !== undefined) {
      // The configured address may say where it is now.
      delete next.address;
      next.nextAt = clock.now() + minuteMs;
      return { of, entries: [], state: next, error };
    }
    if (status === 410) next.gone = true;
    const isPassing = status === undefined || status >= 500 || status === 429 || status === 408;
    const firstMs = isPassing ? Math.min(minuteMs, pollMs) : pollMs;
    const backoffMs = Math.min(longestBackoffMs, firstMs * 2 ** Math.min(20, before.failures));
    next.nextAt = Math.max(clock.now() + backoffMs, error.retryAt ?? 0);
    return { of, entries: [], state: next, error };
  }
}

/** For how long an answer is still fresh (RFC 9111, 4.2): by max-age, or else by Expires; less what it spent in caches on its way. */
function freshMs(headers: Headers, nowMs: number): number {
  const control = headers.get("cache-control") ?? "";
  const told = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,10})/i.exec(control)?.[1];
  const ageMs = Number(/^\d{1,10}$/.exec(headers.get("age") ?? "")?.[0] ?? 0) * 1_000;
  if (told !== undefined) return Math.min(longestCacheMs, Math.max(0, Number(told) * 1_000 - ageMs));
  const expires = Date.parse(headers.get("expires") ?? "");
  const made = Date.parse(headers.get("date") ?? "");
  if (Number.isNaN(expires) || /\bno-(?:cache|store)\b/i.test(control)) return 0;
  return Math.min(longestCacheMs, Math.max(0, expires - (Number.isNaN(made) ? nowMs : made) - ageMs));
}

/** A web page was given in place of its feed: the feed that the page names (RSS Autodiscovery). */
function pageLink(response: HttpResponse): string | undefined {
  const head = Buffer.from(response.bytes.subarray(0, 2_000)).toString("latin1");
  if (!/<html|<!doctype html/i.test(head) || /<rss|<feed|<rdf:/i.test(head)) return undefined;
  const { root } = readXml(decodeFeed(response.bytes.subarray(0, 256 << 10), response.headers.get("content-type")));
  const found = namedFeed(root);
  return found === undefined ? undefined : resolve(found, response.url);
}

function namedFeed(node: XmlNode): string | undefined {
  for (const one of node.children) {
    const type = one.attributes.get("type")?.toLowerCase() ?? "";
    const isFeed = one.name === "link" && /^application\/(?:rss\+xml|atom\+xml|rdf\+xml|feed\+json)/.test(type);
    const href = one.attributes.get("href");
    if (isFeed && href !== undefined && (one.attributes.get("rel") ?? "").toLowerCase().includes("alternate")) return href;
    const inside = namedFeed(one);
    if (inside !== undefined) return inside;
  }
  return undefined;
}
