import type { SourceMedia, SourcePost, SourceSpan } from "../../core/event.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, checkText, softText, softUrl } from "../json/fields.ts";

const postPath = "/app.bsky.feed.post/";
const knownFields = new Set(["$type", "text", "createdAt", "langs", "facets", "reply", "embed", "tags", "labels"]);
const mostLanguages = 8;
const mostSpans = 500;
const mostMedia = 32;

/** Fills in what the record of a post (lexicon app.bsky.feed.post) says beyond its text and date. */
export function readRecord(post: Mutable<SourcePost>, record: Json, did: string): void {
  const links: string[] = [];
  const extra: Record<string, unknown> = {};
  readLanguages(post, record["langs"]);
  if (record["facets"] !== undefined) {
    const spans = readFacets(post.text, record["facets"]);
    if (spans.length > 0) post.spans = spans;
  }
  if (isJson(record["reply"])) {
    const parent = postUri(record["reply"]["parent"]);
    const root = postUri(record["reply"]["root"]);
    if (parent) post.replyTo = parent;
    if (root) post.root = root;
  }
  if (record["embed"] !== undefined) readEmbed(post, record["embed"], did, links, extra);
  if (Array.isArray(record["tags"])) {
    const tags = record["tags"].map(softText).filter((tag) => tag !== undefined);
    if (tags.length > 0) post.hashtags = tags.slice(0, mostSpans);
  }
  if (isJson(record["labels"]) && Array.isArray(record["labels"]["values"])) {
    const values = record["labels"]["values"].map((label: unknown) => (isJson(label) ? softText(label["val"]) : undefined)).filter((label) => label !== undefined);
    // "!…" labels steer the service ("!no-unauthenticated"), the others warn of content.
    if (values.some((label) => !label.startsWith("!"))) post.sensitive = true;
    if (values.length > 0) extra["labels"] = values;
  }
  if (links.length > 0) post.links = links;
  for (const name in record) {
    if (knownFields.has(name)) continue;
    extra[name] = record[name];
  }
  for (const _ in extra) {
    post.extra = extra;
    break;
  }
}

function readLanguages(post: Mutable<SourcePost>, langs: unknown): void {
  if (!Array.isArray(langs) || langs.length === 0) return;
  const tags: string[] = [];
  for (const tag of langs) if (typeof tag === "string" && tag.length <= 35 && /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*$/.test(tag) && tags.length < mostLanguages) tags.push(tag);
  if (tags.length > 0) post.languages = tags;
}

/** The at:// uri of a strong reference, where it is a post's. */
export function postUri(reference: unknown): string | undefined {
  if (!isJson(reference)) return undefined;
  const uri = reference["uri"];
  return typeof uri === "string" && uri.length <= 2_048 && uri.startsWith("at://") && uri.includes(postPath) && /^[\x21-\x7e]+$/.test(uri) ? uri : undefined;
}

/** Facets count UTF-8 bytes (lexicon app.bsky.richtext.facet); ours count UTF-16 units. Those off a character's edge, empty or beyond the text are left out. */
function readFacets(text: string, facets: unknown): SourceSpan[] {
  const spans: SourceSpan[] = [];
  if (!Array.isArray(facets)) return spans;
  let unitAt: Int32Array | undefined | null;
  for (const facet of facets) {
    if (spans.length >= mostSpans || !isJson(facet) || !isJson(facet["index"]) || !Array.isArray(facet["features"])) continue;
    const byteStart = facet["index"]["byteStart"];
    const byteEnd = facet["index"]["byteEnd"];
    if (typeof byteStart !== "number" || typeof byteEnd !== "number" || !Number.isInteger(byteStart) || !Number.isInteger(byteEnd)) continue;
    if (unitAt === undefined) unitAt = unitsOfBytes(text);
    const lastByte = unitAt === null ? text.length : unitAt.length - 1;
    if (byteStart < 0 || byteEnd <= byteStart || byteEnd > lastByte) continue;
    const start = unitAt === null ? byteStart : (unitAt[byteStart] ?? -1);
    const end = unitAt === null ? byteEnd : (unitAt[byteEnd] ?? -1);
    if (start < 0 || end < 0) continue;
    for (const feature of facet["features"]) {
      const span = isJson(feature) ? readFeature(feature, start, end) : undefined;
      if (span) spans.push(span);
    }
  }
  return spans;
}

function readFeature(feature: Json, start: number, end: number): SourceSpan | undefined {
  switch (feature["$type"]) {
    case "app.bsky.richtext.facet#mention": {
      const did = feature["did"];
      return typeof did === "string" && /^did:[a-z]+:[\x21-\x7e]{1,2000}$/.test(did) ? { start, end, kind: "mention", value: did } : undefined;
    }
    case "app.bsky.richtext.facet#link": {
      const url = softUrl(feature["uri"]);
      return url ? { start, end, kind: "link", value: url } : undefined;
    }
    case "app.bsky.richtext.facet#tag": {
      const tag = softText(feature["tag"]);
      return tag ? { start, end, kind: "hashtag", value: tag } : undefined;
    }
    default:
      return undefined;
  }
}

/** For each byte offset the UTF-16 offset, -1 inside a character; null where both are the same (ASCII). */
function unitsOfBytes(text: string): Int32Array | null {
  const bytes = Buffer.byteLength(text);
  if (bytes === text.length) return null;
  const units = new Int32Array(bytes + 1).fill(-1);
  let byte = 0;
  for (let unit = 0; unit < text.length;) {
    units[byte] = unit;
    const point = text.codePointAt(unit) ?? 0;
    byte += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    unit += point < 0x10000 ? 1 : 2;
  }
  units[byte] = text.length;
  return units;
}

function readEmbed(post: Mutable<SourcePost>, embed: unknown, did: string, links: string[], extra: Record<string, unknown>): void {
  if (!isJson(embed)) {
    extra["embed"] = embed;
    return;
  }
  const media: SourceMedia[] = [];
  switch (embed["$type"]) {
    case "app.bsky.embed.images":
      if (Array.isArray(embed["images"]))
        for (const image of embed["images"].slice(0, mostMedia)) if (isJson(image)) media.push(mediaOf("image", image["image"], image["alt"], did));
      break;
    case "app.bsky.embed.video":
      media.push(mediaOf("video", embed["video"], embed["alt"], did));
      break;
    case "app.bsky.embed.external": {
      const external = isJson(embed["external"]) ? embed["external"] : {};
      const url = softUrl(external["uri"]);
      if (url) {
        links.push(url);
        const title = softText(external["title"]) ?? softText(external["description"]);
        media.push({ kind: "link", url, ...(title && { alt: title }) });
      }
      break;
    }
    case "app.bsky.embed.record": {
      const quoted = postUri(embed["record"]);
      if (quoted) post.quoteOf = quoted;
      else extra["embed"] = embed;
      break;
    }
    case "app.bsky.embed.recordWithMedia": {
      const quoted = isJson(embed["record"]) ? postUri(embed["record"]["record"]) : undefined;
      if (quoted) post.quoteOf = quoted;
      // One level: the media of a recordWithMedia is never one itself.
      if (isJson(embed["media"]) && embed["media"]["$type"] !== "app.bsky.embed.recordWithMedia") readEmbed(post, embed["media"], did, links, extra);
      return;
    }
    default:
      extra["embed"] = embed;
  }
  if (media.length > 0) post.media = media;
}

function mediaOf(kind: "image" | "video", blob: unknown, alt: unknown, did: string): SourceMedia {
  const media: Mutable<SourceMedia> = { kind };
  const altText = softText(alt);
  if (altText) media.alt = checkText(altText, "alt");
  if (!isJson(blob)) return media;
  const type = softText(blob["mimeType"]);
  if (type) media.mimeType = type;
  if (typeof blob["size"] === "number" && Number.isSafeInteger(blob["size"]) && blob["size"] >= 0) media.sizeBytes = blob["size"];
  const cid = isJson(blob["ref"]) ? blob["ref"]["$link"] : undefined;
  if (typeof cid === "string" && /^[a-z2-7]{10,120}$/.test(cid)) {
    media.url =
      kind === "image" ? `https://cdn.bsky.app/img/feed_fullsize/plain/${did}/${cid}@jpeg` : `https://video.bsky.app/watch/${encodeURIComponent(did)}/${cid}/playlist.m3u8`;
  }
  return media;
}
