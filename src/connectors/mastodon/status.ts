import { EarshotError } from "../../core/errors.ts";
import type { Counts, SourceAuthor, SourceMedia, SourcePost } from "../../core/event.ts";
import { type Json, isJson, nameOf } from "../json/decode.ts";
import { type Mutable, checkInstant, checkText, parseInstant, readId, softCount, softText, softUrl } from "../json/fields.ts";
import { linksInHtml } from "../json/links.ts";

/** Fields that become common ones, and those that only tell of the token's owner or of how the server shows the status. */
const knownFields = new Set(
  (
    "id created_at edited_at in_reply_to_id in_reply_to_account_id sensitive spoiler_text visibility language uri url replies_count reblogs_count favourites_count " +
    "content text reblog account media_attachments mentions tags emojis card quote favourited reblogged muted bookmarked pinned filtered"
  ).split(" "),
);
const mostItems = 500;

/** `<server>/<local id>`, lower-case host. */
export function statusId(server: string, localId: string): string {
  return `${server}/${localId}`;
}

/** A local id is a string of digits on Mastodon, of letters and digits on its relatives; a number before Mastodon 2.0 (2017). */
export function readLocalId(object: Json, name: string, where: string): string {
  const value = object[name];
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `${where}.${name}: expected an id, came nothing`);
  const id = localIdOf(value);
  if (id === undefined) throw new EarshotError("FIELD_INVALID", `${where}.${name}: expected a local id`);
  return id;
}

export function localIdOf(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
  return typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined;
}

export interface StatusContext {
  readonly server: string;
  readonly simulated: boolean;
}

export function readStatus(status: Json, context: StatusContext): SourcePost {
  const localId = readLocalId(status, "id", "status");
  const reblog = isJson(status["reblog"]) ? status["reblog"] : undefined;
  const content = status["content"];
  if (content === undefined && reblog === undefined) throw new EarshotError("FIELD_MISSING", "status.content: expected HTML, came nothing");
  const extra: Record<string, unknown> = {};
  const post: Mutable<SourcePost> = {
    id: statusId(context.server, localId),
    author: readAccount(status["account"], context),
    createdAt: madeAt(status["created_at"], localId, extra),
    revision: 0,
    // Relatives give null for a status without words.
    text: reblog || content === null ? plainWords(status["content_text"]) : checkText(content, "status.content"),
    format: "html",
    visibility: readVisibility(status["visibility"]),
  };
  const editedAt = parseInstant(status["edited_at"]);
  if (editedAt !== undefined && editedAt > Date.UTC(1990, 0, 1) && editedAt < Date.UTC(2100, 0, 1)) {
    post.editedAt = editedAt;
    post.revision = editedAt;
  } else if (status["edited_at"] !== null && status["edited_at"] !== undefined) extra["edited_at"] = status["edited_at"];
  if (reblog) post.reshareOf = statusId(context.server, readLocalId(reblog, "id", "status.reblog"));
  const warning = softText(status["spoiler_text"]);
  // The warning is what readers see first; it is part of what the author says.
  if (warning && !reblog) post.text = `<p>${escapeHtml(warning)}</p>\n${post.text}`;
  const language = softText(status["language"]);
  if (language && language.length <= 35) post.languages = [language];
  const parent = localIdOf(status["in_reply_to_id"]);
  if (parent !== undefined) post.replyTo = statusId(context.server, parent);
  const inside = isJson(status["pleroma"]) ? status["pleroma"] : {};
  const relative = localIdOf(status["quote_id"] ?? inside["quote_id"] ?? (isJson(inside["quote"]) ? inside["quote"]["id"] : undefined));
  if (relative !== undefined) post.quoteOf = statusId(context.server, relative);
  if (isJson(status["quote"])) readQuote(post, status["quote"], context.server, extra);
  else if (status["quote"] !== null && status["quote"] !== undefined) extra["quote"] = status["quote"];
  const counts = readCounts(status);
  if (counts) post.counts = counts;
  if (status["sensitive"] === true || warning) post.sensitive = true;
  if (!context.simulated || status["url"] !== undefined) {
    const permalink = softUrl(status["url"]) ?? softUrl(status["uri"]);
    if (permalink) post.permalink = permalink;
  }
  readMentions(post, status["mentions"]);
  readTags(post, status["tags"]);
  readMedia(post, status["media_attachments"], status["card"]);
  if (!reblog && post.text.includes("<a ")) readLinks(post, status["tags"]);
  if (Array.isArray(status["emojis"]) && status["emojis"].length > 0)
    extra["emojis"] = status["emojis"].map((emoji: unknown) => (isJson(emoji) ? emoji["shortcode"] : undefined)).filter((code) => typeof code === "string");
  // The canonical id is the same on every server that shows the status; the local one is not.
  if (typeof status["uri"] === "string") extra["uri"] = status["uri"];
  for (const name in status) {
    if (knownFields.has(name)) continue;
    const value = status[name];
    if (value === null || (Array.isArray(value) && value.length === 0)) continue;
    extra[name] = name === "pleroma" && isJson(value) ? withoutPeople(value) : value;
  }
  for (const _ in extra) {
    post.extra = extra;
    break;
  }
  return post;
}

/** What Pleroma and Akkoma tell beside (docs-develop.pleroma.social, Differences in Mastodon API, 2026-11), but for the quoted status, which is a post of its own, and names of people. */
function withoutPeople(told: Json): Json {
  const { quote: _, in_reply_to_account_acct: __, emoji_reactions: reactions, ...rest } = told;
  const counted = Array.isArray(reactions) ? reactions.filter(isJson).map(({ name, count }) => ({ name, count })) : [];
  return counted.length === 0 ? rest : { ...rest, emoji_reactions: counted };
}

/** Pixelfed tells a caption in plain words where it has rendered none. */
function plainWords(text: unknown): string {
  const words = softText(text);
  return words === undefined ? "" : `<p>${escapeHtml(words)}</p>`;
}

/** A date that is none is in the id too, where the server makes ids as Mastodon does. */
function madeAt(told: unknown, localId: string, extra: Record<string, unknown>): number {
  const read = parseInstant(told);
  const made = read === undefined || read < Date.UTC(1990, 0, 1) || read >= Date.UTC(2100, 0, 1) ? idInstant(localId) : undefined;
  if (made === undefined) return checkInstant(told, "status.created_at");
  if (told !== undefined && told !== null) extra["created_at"] = told;
  return made;
}

/**
 * The author's native id is the account's `url`: the only address that accounts and mentions both carry, the same on every server and in every version
 * (`uri` came with 4.2 and mentions lack it; `acct` depends on the server that tells it; the local id on the server).
 */
export function readAccount(account: unknown, context: StatusContext): SourceAuthor {
  if (!isJson(account)) throw new EarshotError(account === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `status.account: expected an object, came ${nameOf(account)}`);
  const id = softUrl(account["url"]) ?? softUrl(account["uri"]) ?? readId(account, "url", "status.account");
  const author: Mutable<SourceAuthor> = { id };
  const acct = softText(account["acct"]) ?? softText(account["username"]);
  if (acct) author.handle = acct.includes("@") ? acct : `${acct}@${context.server}`;
  const name = softText(account["display_name"]);
  if (name) author.name = name;
  const avatar = softUrl(account["avatar"]);
  if (avatar) author.avatarUrl = avatar;
  if (/^https?:/.test(id)) author.profileUrl = id;
  if (typeof account["bot"] === "boolean") author.bot = account["bot"];
  const followers = softCount(account["followers_count"]);
  if (followers !== undefined) author.followers = followers;
  return author;
}

function readVisibility(value: unknown): SourcePost["visibility"] {
  if (value === "public") return "public";
  if (value === "unlisted") return "unlisted";
  // What is not known to be open is treated as closed.
  return "private";
}

export function readCounts(status: Json): Partial<Counts> | undefined {
  const likes = softCount(status["favourites_count"]);
  const shares = softCount(status["reblogs_count"]);
  const replies = softCount(status["replies_count"]);
  if (likes === undefined && shares === undefined && replies === undefined) return undefined;
  const counts: Partial<Mutable<Counts>> = {};
  if (likes !== undefined) counts.likes = likes;
  if (shares !== undefined) counts.shares = shares;
  if (replies !== undefined) counts.replies = replies;
  return counts;
}

/** Since 4.4 (Quote entity: state and quoted_status or quoted_status_id); relatives give the quoted status itself. */
function readQuote(post: Mutable<SourcePost>, quote: Json, server: string, extra: Record<string, unknown>): void {
  const quoted = localIdOf(isJson(quote["quoted_status"]) ? quote["quoted_status"]["id"] : (quote["quoted_status_id"] ?? quote["id"]));
  if (quoted !== undefined) post.quoteOf = statusId(server, quoted);
  if (typeof quote["state"] === "string") extra["quoteState"] = quote["state"];
}

function readMentions(post: Mutable<SourcePost>, mentions: unknown): void {
  if (!Array.isArray(mentions) || mentions.length === 0) return;
  const list: { id: string; handle: string; url?: string }[] = [];
  for (const mention of mentions.slice(0, mostItems)) {
    if (!isJson(mention)) continue;
    const url = softUrl(mention["url"]);
    const handle = softText(mention["acct"]) ?? softText(mention["username"]);
    if (url && handle) list.push({ id: url, handle, url });
  }
  if (list.length > 0) post.mentions = list;
}

/** Relatives give accounts and hashtags no class of their own: their addresses stand beside. */
function readLinks(post: Mutable<SourcePost>, tags: unknown): void {
  const others = new Set<unknown>(post.mentions?.map(({ url }) => url));
  if (Array.isArray(tags)) for (const tag of tags) if (isJson(tag)) others.add(tag["url"]);
  const links = linksInHtml(post.text, post.links).filter((link) => !others.has(link));
  if (links.length > 0) post.links = links;
}

function readTags(post: Mutable<SourcePost>, tags: unknown): void {
  if (!Array.isArray(tags) || tags.length === 0) return;
  const names: string[] = [];
  for (const tag of tags.slice(0, mostItems)) {
    const name = isJson(tag) ? softText(tag["name"]) : undefined;
    if (name) names.push(name);
  }
  if (names.length > 0) post.hashtags = names;
}

function readMedia(post: Mutable<SourcePost>, attachments: unknown, card: unknown): void {
  const media: SourceMedia[] = [];
  if (Array.isArray(attachments)) {
    for (const attachment of attachments.slice(0, mostItems)) {
      if (!isJson(attachment)) continue;
      const type = attachment["type"];
      const item: Mutable<SourceMedia> = { kind: type === "image" || type === "video" || type === "audio" ? type : type === "gifv" ? "video" : "other" };
      const url = softUrl(attachment["url"]) ?? softUrl(attachment["remote_url"]);
      if (url) item.url = url;
      const alt = softText(attachment["description"]);
      if (alt) item.alt = alt;
      media.push(item);
    }
  }
  if (isJson(card)) {
    const url = softUrl(card["url"]);
    const title = softText(card["title"]);
    if (url) {
      media.push({ kind: "link", url, ...(title && { alt: title }) });
      post.links = [url];
    }
  }
  if (media.length > 0) post.media = media;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** When a status was made, by its id: the upper bits are milliseconds since 1970 (lib/mastodon/snowflake.rb); undefined on relatives. */
export function idInstant(localId: string): number | undefined {
  if (!/^\d{15,20}$/.test(localId)) return undefined;
  const at = Number(BigInt(localId) >> 16n);
  return parseInstant(at) === at ? at : undefined;
}
