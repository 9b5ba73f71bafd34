import type { Raw } from "../../core/source.ts";
import { decodeFeed } from "./encoding.ts";
import { parseFeedDate, isRelative } from "./dates.ts";
import { type Feed, type FeedEntry, type FeedItem, type FeedSite, readXmlFeed } from "./feed.ts";
import { authorOf, digest, itemId, resolve, scoped } from "./identity.ts";
import { readJsonFeed } from "./json-feed.ts";

/** The feed as it was fetched, and what was known of its items. */
export interface Fetched {
  /** `feedKey` of the configured address. */
  readonly feed: string;
  /** The address that answered: what relative ones stand on. */
  readonly url: string;
  /** Milliseconds UTC; NaN: not known (a recorded document), and what has no date of its own is rejected. */
  readonly seenAt: number;
  /** Of an item that was seen before. */
  readonly known?: (id: string) => Known | undefined;
}

export interface Known {
  /** Of its words and counts: what changes without a word from the feed is sent again, and the ledger finds the edit. */
  readonly hash: string;
  /** When it was made, where the feed does not say it. Milliseconds UTC. */
  readonly createdAt?: number;
}

/** An item on its way into the log. */
export interface Entry {
  readonly raw: Raw;
  readonly id: string | undefined;
  readonly known: Known;
  /** It says something that it did not say before. */
  readonly isNew: boolean;
}

/** Letters of a hash of an item's words, 6 bits each. */
export const hashLength = 8;
/** 1990-01-01: what claims to be older has no date. */
const earliestMs = Date.UTC(1990, 0, 1);
const latestMs = Date.UTC(2100, 0, 1);

/**
 * @param isWhole nothing more will come: an item that was cut off is given as it is
 * @throws FIELD_INVALID, JSON_INVALID, ITEM_TOO_DEEP where the bytes are no feed
 */
export function readFeed(bytes: Uint8Array, contentType?: string | null, isWhole = false): Feed {
  const text = decodeFeed(bytes, contentType);
  return /^\s*\{/.test(text.slice(0, 200)) ? readJsonFeed(text) : readXmlFeed(text, isWhole);
}

/** What stands beside every item of a feed. */
interface About {
  readonly feed: string;
  readonly base: string;
  readonly site: Pick<FeedSite, "title" | "link" | "language" | "author">;
  readonly prefixes?: Readonly<Record<string, string>>;
}

/** The items of a feed as raw messages: each with what a parser needs beside it, and its dates resolved, as only the first reading can. */
export function entriesOf(feed: Feed, fetched: Fetched): Entry[] {
  const { site, prefixes } = feed;
  const base = (site.base === undefined ? undefined : resolve(site.base, fetched.url)) ?? fetched.url;
  const link = site.link === undefined ? undefined : resolve(site.link, base);
  const about: About = {
    feed: fetched.feed,
    base,
    site: {
      ...(site.title !== undefined && { title: site.title.slice(0, 1_000).toWellFormed() }),
      ...(link !== undefined && { link }),
      ...(site.language !== undefined && { language: site.language.slice(0, 100) }),
      ...(site.author !== undefined && { author: site.author }),
    },
    ...(prefixes.size > 0 && { prefixes: Object.fromEntries(prefixes) }),
  };
  const seen = new Set<string>();
  const entries: Entry[] = [];
  for (const entry of feed.entries) {
    const made = entry.deletedAt === undefined ? entryOf(entry, fetched, about) : deletionOf(entry, entry.deletedAt, fetched, about);
    if (made.id !== undefined && seen.has(made.id)) continue;
    if (made.id !== undefined) seen.add(made.id);
    entries.push(made);
  }
  return entries;
}

function entryOf(entry: FeedEntry, fetched: Fetched, about: About): Entry {
  const { item } = entry;
  const { feed, seenAt } = fetched;
  const base = item.base === undefined ? about.base : (resolve(item.base, about.base) ?? about.base);
  const id = saysNothing(item) ? undefined : itemId(feed, item, base);
  const before = id === undefined ? undefined : fetched.known?.(id);
  const hash = digest([item.title?.text, item.content?.text, item.replies, item.views, item.likes].join("\u0000")).slice(0, hashLength);
  const published = dateOf(item.published, seenAt);
  const updated = dateOf(item.updated, seenAt);
  const exact = published !== undefined && item.published !== undefined && !isRelative(item.published);
  const createdAt = exact ? published : (before?.createdAt ?? published ?? updated ?? seenAt);
  const bytes = Buffer.from(
    JSON.stringify({
      ...about,
      base,
      id,
      createdAt: isoOf(createdAt),
      ...(updated !== undefined && updated > createdAt && { updatedAt: isoOf(updated) }),
      ...(!exact && { dated: published !== undefined ? "relative" : updated !== undefined ? "updated" : "seen" }),
      ...contentOf(entry),
    }),
  );
  return {
    raw: { key: id, ...(id !== undefined && { actor: authorOf(feed, item, about.site).id }), bytes, receivedAt: seenAt },
    id,
    known: { hash, ...(!exact && { createdAt }) },
    isNew: before?.hash !== hash,
  };
}

function deletionOf(entry: FeedEntry, when: string, fetched: Fetched, about: About): Entry {
  const { feed, seenAt } = fetched;
  const id = entry.item.id === undefined ? undefined : scoped(feed, entry.item.id);
  const deletedAt = isoOf(dateOf(when, seenAt) ?? seenAt);
  const known = { hash: "deleted-" };
  const bytes = Buffer.from(JSON.stringify({ ...about, id, deletedAt, ...contentOf(entry) }));
  return { raw: { key: id, bytes, receivedAt: seenAt }, id, known, isNew: id === undefined || fetched.known?.(id)?.hash !== known.hash };
}

function contentOf(entry: FeedEntry): { xml?: string; item?: unknown } {
  return { ...(entry.xml !== undefined && { xml: entry.xml }), ...(entry.json !== undefined && { item: entry.json }) };
}

export function saysNothing(item: FeedItem): boolean {
  return item.title === undefined && item.content === undefined && item.link === undefined && item.media.length === 0;
}

/** A date that can be: not before 1990, and not later than now, which planned posts and wrong clocks have. */
function dateOf(text: string | undefined, nowMs: number): number | undefined {
  const at = text === undefined ? undefined : parseFeedDate(text, nowMs);
  return at === undefined || at < earliestMs || at > nowMs ? undefined : at;
}

function isoOf(ms: number): string | undefined {
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}

/** The latest time that a document tells of itself: about when it was recorded. NaN: it tells none. */
export function newestDate({ site, entries }: Feed): number {
  let newest = Number.NaN;
  for (const text of [site.updated, ...entries.flatMap(({ item }) => [item.published, item.updated])]) {
    const at = text === undefined ? undefined : parseFeedDate(text, Number.NaN);
    if (at !== undefined && at >= earliestMs && at < latestMs && !(at <= newest)) newest = at;
  }
  return newest;
}
