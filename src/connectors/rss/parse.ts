import { EarshotError } from "../../core/errors.ts";
import type { Counts, SourceMedia, SourcePost } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeObject, guard, isJson } from "../json/decode.ts";
import { readFailure } from "../json/failed-answer.ts";
import { type Mutable, checkInstant, checkText, readId, softText } from "../json/fields.ts";
import { linksInHtml, linksInText } from "../json/links.ts";
import { escapeHtml } from "./entities.ts";
import { entriesOf, newestDate, readFeed, saysNothing } from "./entry.ts";
import { type FeedItem, type FeedMedia, type FeedSite, type FeedText, readXmlItem } from "./feed.ts";
import { authorOf, resolve, scoped } from "./identity.ts";
import { readJsonItem } from "./json-feed.ts";

/*
 * Raw form: {"feed", "base", "site": {title, link, language, author}, "id", "createdAt", "updatedAt", "dated", "prefixes"} beside
 * "xml": the item as it stood in its document, or "item": its JSON object; with "deletedAt" instead of the dates for an Atom tombstone.
 * Dates and id are resolved when the feed is read, since "2 hours ago" and "no date" mean something only then.
 */
export const parseRss: Parse = guard("rss", (bytes) => {
  const message = decodeObject(bytes, "item");
  const failure = readFailure(message);
  if (failure !== undefined) return [{ reject: failure }];
  if (message["nothing"] === true) return [{ drop: "empty" }];
  const feed = readId(message, "feed", "item");
  const id = readId(message, "id", "item");
  if (message["deletedAt"] !== undefined) return [{ keep: { type: "delete", id, at: checkInstant(message["deletedAt"], "item.deletedAt") } }];
  return [{ keep: { type: "post", post: readPost(message, feed, id) } }];
});

/** UTF-16 units that a post may have; what an article has beyond is cut off, and the post says so. */
const longestText = 95_000;

function readPost(message: Json, feed: string, id: string): SourcePost {
  const base = softText(message["base"]);
  if (base === undefined || !/^https?:/i.test(base) || !URL.canParse(base)) throw new EarshotError("FIELD_INVALID", "item.base: expected an address");
  const item = readItem(message);
  if (item === undefined || saysNothing(item)) throw new EarshotError("FIELD_MISSING", "item: expected a title, a text, a link or media, came none");
  const site = readSite(message["site"]);
  const createdAt = checkInstant(message["createdAt"], "item.createdAt");
  const { text, format, isCut } = textOf(item, base);
  const post: Mutable<SourcePost> = { id, author: authorOf(feed, item, site), createdAt, revision: 0, text: checkText(text, "item.text"), format, visibility: "public" };
  if (message["updatedAt"] !== undefined) {
    const at = checkInstant(message["updatedAt"], "item.updatedAt");
    if (at > createdAt) post.revision = post.editedAt = at;
  }
  const language = languageOf(item.language) ?? languageOf(site.language);
  if (language !== undefined) post.languages = [language];
  const link = item.link === undefined ? undefined : softUrl(resolve(item.link, base));
  if (link !== undefined) post.permalink = link;
  const told = linksOf(item, link, base);
  const links = format === "html" ? linksInHtml(post.text, told) : linksInText(post.text, told);
  if (links.length > 0) post.links = links;
  const counts = countsOf(item);
  if (counts !== undefined) post.counts = counts;
  const media = mediaOf(item.media, base);
  if (media.length > 0) post.media = media;
  if (item.replyTo !== undefined) post.replyTo = scoped(feed, item.replyTo);
  if (item.sensitive === true) post.sensitive = true;
  const categories = item.categories.map((name) => softText(name.replace(/\s+/g, " ").trim())).filter((name) => name !== undefined);
  const hashtags = categories.map((name) => name.replace(/^#/, "")).filter((name) => /^[\p{L}\p{N}_·.-]{1,100}$/u.test(name));
  if (hashtags.length > 0) post.hashtags = hashtags;
  const dated = softText(message["dated"]);
  if (categories.length > 0 || isCut || dated !== undefined) {
    post.extra = { ...(categories.length > 0 && { categories }), ...(isCut && { cut: true }), ...(dated !== undefined && { dated }) };
  }
  return post;
}

function readItem(message: Json): FeedItem | undefined {
  const { xml, item } = message;
  if (typeof xml === "string") return readXmlItem(xml, prefixesOf(message["prefixes"]));
  return isJson(item) ? readJsonItem(item) : undefined;
}

function prefixesOf(value: unknown): ReadonlyMap<string, string> {
  const prefixes = new Map<string, string>();
  if (isJson(value)) for (const [name, usual] of Object.entries(value)) if (typeof usual === "string") prefixes.set(name, usual);
  return prefixes;
}

function readSite(value: unknown): FeedSite {
  if (!isJson(value)) return {};
  const [title, link, language] = [softText(value["title"]), softText(value["link"]), softText(value["language"])];
  const author = isJson(value["author"]) ? value["author"] : {};
  const [name, email, url] = [softText(author["name"]), softText(author["email"]), softText(author["url"])];
  return {
    ...(title !== undefined && { title }),
    ...(link !== undefined && { link }),
    ...(language !== undefined && { language }),
    author: { ...(name !== undefined && { name }), ...(email !== undefined && { email }), ...(url !== undefined && { url }) },
  };
}

/** Title, then content, unless the content begins with the title. Plain where both are. */
function textOf(item: FeedItem, base: string): { text: string; format: SourcePost["format"]; isCut: boolean } {
  const { title, content } = item;
  const repeats = title !== undefined && content !== undefined && beginsWith(content, title);
  const head = repeats ? undefined : title;
  if (head?.html !== true && content?.html !== true) {
    const text = [head?.text, content?.text].filter((part) => part !== undefined).join("\n\n");
    return { ...cut(text, " "), format: "text" };
  }
  const parts: string[] = [];
  if (head !== undefined) parts.push(`<p>${head.html ? head.text : escapeHtml(head.text)}</p>`);
  if (content !== undefined) parts.push(content.html ? absolute(withoutData(content.text), base) : `<p>${escapeHtml(content.text).replace(/\r?\n/g, "<br>")}</p>`);
  return { ...cut(parts.join("\n"), "<"), format: "html" };
}

function cut(text: string, before: string): { text: string; isCut: boolean } {
  if (text.length <= longestText) return { text, isCut: false };
  const at = text.lastIndexOf(before, longestText);
  return { text: text.slice(0, at > longestText / 2 ? at : longestText).toWellFormed(), isCut: true };
}

/** Microblogs repeat the text, or its beginning with dots, as title. */
function beginsWith(content: FeedText, title: FeedText): boolean {
  const begin = (part: FeedText, length: number): string =>
    (part.html
      ? part.text
          .slice(0, length)
          .replace(/<[^<>]*>/g, "")
          .replaceAll("&amp;", "&")
      : part.text.slice(0, length)
    )
      .replace(/\s+/g, " ")
      .trim();
  const wanted = begin(title, 2_000).replace(/\s*(?:…|\.\.\.)$/, "");
  return wanted !== "" && begin(content, title.text.length * 2 + 200).startsWith(wanted);
}

/** Pictures inside the markup itself say nothing as text and may be megabytes. */
function withoutData(html: string): string {
  return html.includes("data:") ? html.replace(/=\s*(?:"data:[^"]*"|'data:[^']*')/gi, '=""') : html;
}

const relativeLink = /(\shref\s*=\s*)(?:"(?!https?:\/\/|#|mailto:)([^"<>]{1,2000})"|'(?!https?:\/\/|#|mailto:)([^'<>]{1,2000})')/gi;

function absolute(html: string, base: string): string {
  if (!/href/i.test(html)) return html;
  return html.replace(relativeLink, (whole: string, name: string, double: string | undefined, single: string | undefined) => {
    const found = resolve((double ?? single ?? "").replaceAll("&amp;", "&"), base);
    return found === undefined ? whole : `${name}"${escapeHtml(found).replaceAll('"', "&quot;")}"`;
  });
}

function linksOf(item: FeedItem, link: string | undefined, base: string): string[] {
  const host = new URL(base).host.replace(/^www\./, "");
  const found = new Set<string>();
  // A link blog's item points elsewhere; its own page is the permalink.
  if (link !== undefined && URL.canParse(link) && new URL(link).host.replace(/^www\./, "") !== host) found.add(link);
  for (const one of item.links) {
    const url = softUrl(resolve(one, base));
    if (url !== undefined) found.add(url);
  }
  return [...found];
}

function softUrl(url: string | undefined): string | undefined {
  return url !== undefined && url.length <= 8_192 && url.isWellFormed() && !/\s/.test(url) ? url : undefined;
}

function countsOf({ likes, replies, views }: FeedItem): Partial<Counts> | undefined {
  if (likes === undefined && replies === undefined && views === undefined) return undefined;
  return { ...(likes !== undefined && { likes }), ...(replies !== undefined && { replies }), ...(views !== undefined && { views }) };
}

function mediaOf(media: readonly FeedMedia[], base: string): SourceMedia[] {
  const found = new Map<string, SourceMedia>();
  for (const one of media) {
    const url = softUrl(resolve(one.url, base));
    if (url === undefined || found.has(url)) continue;
    const alt = softText(one.alt);
    const type = softText(one.type);
    found.set(url, {
      kind: kindOf(one, url),
      url,
      ...(alt !== undefined && { alt: alt.slice(0, 10_000).toWellFormed() }),
      ...(type !== undefined && type.length <= 200 && { mimeType: type }),
      ...(one.sizeBytes !== undefined && { sizeBytes: one.sizeBytes }),
    });
  }
  return [...found.values()];
}

function kindOf({ kind, type = "" }: FeedMedia, url: string): SourceMedia["kind"] {
  for (const known of ["image", "video", "audio"] as const) if (kind === known || type.toLowerCase().startsWith(`${known}/`)) return known;
  if (/\.(?:jpe?g|png|gif|webp|avif|svg)(?:$|[?#])/i.test(url)) return "image";
  if (/\.(?:mp3|m4a|ogg|opus|flac|wav)(?:$|[?#])/i.test(url)) return "audio";
  return /\.(?:mp4|m4v|mov|webm)(?:$|[?#])/i.test(url) ? "video" : "other";
}

function languageOf(told: string | undefined): string | undefined {
  const tag = told?.trim().replaceAll("_", "-");
  return tag !== undefined && /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$/.test(tag) ? tag : undefined;
}

/**
 * One of our raw messages, or a whole feed document, as the raw messages that its source would yield.
 * @param receivedAt absent: not known; the newest date of the document stands for it
 */
export function rawsOfFeed(message: Uint8Array, feed: string, url: string, receivedAt?: number): Raw[] {
  const at = receivedAt ?? Number.NaN;
  if (isRaw(message)) {
    const [outcome] = parseRss(message);
    const event = outcome !== undefined && "keep" in outcome ? outcome.keep : undefined;
    if (event?.type === "post") return [{ key: event.post.id, actor: event.post.author.id, bytes: message, receivedAt: at }];
    return [{ key: event?.type === "delete" ? event.id : undefined, bytes: message, receivedAt: at }];
  }
  try {
    const document = readFeed(message);
    const seenAt = receivedAt ?? newestDate(document);
    const raws = entriesOf(document, { feed, url, seenAt }).map((entry) => entry.raw);
    if (raws.length > 0) return raws;
  } catch {
    // The parser rejects it with its code.
  }
  return [{ key: undefined, bytes: message, receivedAt: at }];
}

function isRaw(message: Uint8Array): boolean {
  return Buffer.from(message.buffer, message.byteOffset, Math.min(message.byteLength, 16)).toString("latin1").startsWith('{"feed":');
}
