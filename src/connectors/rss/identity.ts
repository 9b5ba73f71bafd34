import { createHash } from "node:crypto";
import type { SourceAuthor } from "../../core/event.ts";
import type { Mutable } from "../json/fields.ts";
import type { FeedItem, FeedPerson, FeedSite } from "./feed.ts";

const longestId = 1_500;

/** The name of a feed in ids: its configured address without what does not tell feeds apart. A feed that moves keeps it. */
export function feedKey(address: string): string {
  const url = new URL(address);
  url.hash = "";
  url.username = url.password = "";
  return `${url.host}${url.pathname}${url.search}`;
}

/**
 * The native id of an item: its guid or Atom id, else its link, else a hash of link, title and date. An id that is an address of the feed's
 * own host is unique by itself, and one post in all feeds of that host; any other (`17`, `tag:…`, an address elsewhere) is the feed's own,
 * so that no feed can speak for another's posts.
 */
export function itemId(feed: string, item: FeedItem, base: string): string | undefined {
  const told = item.id ?? (item.link === undefined ? undefined : resolve(item.link, base));
  if (told !== undefined) return scoped(feed, told);
  const { title, content, published } = item;
  if (title === undefined && content === undefined) return undefined;
  // Without an address the first words tell items apart where there is no title.
  return `${feed}#${digest(`${title?.text ?? content?.text.slice(0, 500) ?? ""}\u0000${published ?? ""}`)}`;
}

export function scoped(feed: string, told: string): string {
  const id = clean(told);
  const host = /^https?:\/\/(?:www\.)?([^/?#]+)/i.exec(id)?.[1]?.toLowerCase();
  const own = feed.slice(0, feed.indexOf("/")).replace(/^www\./, "");
  return host === own ? id : `${feed}#${id}`;
}

/** Printable and of bounded length, as ids must be. */
function clean(told: string): string {
  const id = told
    .trim()
    .toWellFormed()
    // oxlint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0020\u007f-\u00a0]+/g, "%20");
  return id.length <= longestId ? id : `${id.slice(0, 200)}#${digest(id)}`;
}

export function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/** An author is a name within a feed: nothing says that two feeds mean one person. Without a name the feed itself speaks. */
export function authorOf(feed: string, item: FeedItem, site: FeedSite): SourceAuthor {
  const person = item.author ?? site.author;
  const name = nameOf(person);
  const author: Mutable<SourceAuthor> = { id: name === undefined ? feed : `${feed}#${clean(name.toLowerCase())}` };
  const shown = name ?? site.title;
  if (shown !== undefined) {
    author.handle = name ?? feed;
    author.name = shown.slice(0, 500).toWellFormed();
  }
  const profile = person?.url ?? (name === undefined ? site.link : undefined);
  if (profile !== undefined && /^https?:\/\/\S+$/i.test(profile) && profile.length <= 2_000 && profile.isWellFormed()) author.profileUrl = profile;
  return author;
}

function nameOf(person: FeedPerson | undefined): string | undefined {
  const name = (person?.name ?? person?.email ?? person?.url)?.replace(/\s+/g, " ").trim().slice(0, 300).toWellFormed();
  return name === "" ? undefined : name;
}

/** An address made absolute; undefined: it is none for the web. */
export function resolve(address: string, base: string): string | undefined {
  const text = address.trim();
  if (/^https?:\/\/[^\s/]/i.test(text) && !/\s/.test(text)) return text;
  if (/^(?:javascript|data|mailto|tel|file|about|blob):/i.test(text)) return undefined;
  try {
    const url = new URL(text, base);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}
