import { EarshotError } from "../../core/errors.ts";
import type { Counts, SourceAuthor, SourcePost } from "../../core/event.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, checkId, checkInstant, checkText, parseInstant, softCount, softText, softUrl } from "../json/fields.ts";
import { linksInHtml } from "../json/links.ts";
import { gatherExtra } from "./fields.ts";
import { accountId, findSpans, looksEscaped, unescapeAll } from "./markdown.ts";
import { galleryLinks, readMedia } from "./media.ts";

export const site = "https://www.reddit.com";

/** t3: a link or self post; t1: a comment; LiveUpdate: a post in a live thread. */
export type PostKind = "t1" | "t3" | "LiveUpdate";

/** The native id: the fullname (`t3_…`, `t1_…`, `LiveUpdate_…`), which every shape and every reference bears. */
export function fullnameOf(kind: PostKind, data: Json): string {
  const name = data["name"];
  if (typeof name === "string" && name.startsWith(`${kind}_`)) return checkId(name, `${kind}.name`);
  const id = data["id"];
  if (id === undefined || id === null) throw new EarshotError("FIELD_MISSING", `${kind}.id: expected an id, came nothing`);
  const checked = checkId(typeof id === "number" && Number.isSafeInteger(id) ? String(id) : id, `${kind}.id`);
  return checked.startsWith(`${kind}_`) ? checked : `${kind}_${checked}`;
}

/** Entities undone where the answer came escaped: as the request tells, else as the HTML beside the text, else the texts themselves. */
export function plainData(data: Json, escaped: boolean | undefined): Json {
  const html = data["body_html"] ?? data["selftext_html"];
  const shown = typeof html === "string" && html !== "" ? html.startsWith("&lt;") : (escaped ?? looksEscaped(textsOf(data)));
  const undone = shown ? unescapeAll(data) : data;
  return isJson(undone) ? undone : data;
}

function textsOf(data: Json): string[] {
  return [data["title"], data["selftext"], data["body"], data["url"]].filter((value) => typeof value === "string");
}

const gone = new Set(["[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]", "[removed by reddit]"]);

function isGone(text: unknown): boolean {
  return typeof text === "string" && text.length <= 30 && gone.has(text.trim().toLowerCase());
}

/**
 * Whether the content is deleted by its author or removed from view by moderators or Reddit: either way nothing of it may be kept
 * (Reddit Data API wiki, "Rules", 2024: what is deleted there is deleted here). Author "[deleted]" with its content still there is the end of an
 * account, not of the post.
 */
export function isWithdrawn(kind: PostKind, data: Json): boolean {
  if (isGone(kind === "t3" ? data["selftext"] : data["body"])) return true;
  if (data["removed"] === true || data["spam"] === true) return true;
  if (kind !== "t3") return isNamed(data["banned_by"]);
  if (isGone(data["title"])) return true;
  const by = data["removed_by_category"];
  return (typeof by === "string" && by !== "") || isNamed(data["banned_by"]);
}

/** Who removed it: a moderator's name, or true where Reddit's filter did. */
function isNamed(by: unknown): boolean {
  return by === true || (typeof by === "string" && by !== "");
}

const noAuthor = "[deleted]";

/** The author; of posts whose account is gone or not told: `u/[deleted]`. */
export function readAuthor(name: unknown): SourceAuthor {
  const text = softText(isJson(name) ? name["name"] : name);
  if (text === undefined || isGone(text) || !/^[^\s/]{1,100}$/u.test(text)) return { id: `u/${noAuthor}` };
  const author: Mutable<SourceAuthor> = { id: accountId(text), handle: text, profileUrl: `${site}/user/${encodeURIComponent(text)}` };
  if (text === "AutoModerator") author.bot = true;
  return author;
}

/** @param data as `plainData` gives it. */
export function readPost(kind: PostKind, data: Json): SourcePost {
  const created = data["created_utc"] ?? data["created"];
  const title = kind === "t3" ? checkText(data["title"] ?? "", "t3.title") : "";
  // A link has its title to stand for it, whatever its text is.
  const html = htmlOf(kind, data);
  const words = html ?? (kind === "t3" ? (typeof data["selftext"] === "string" || title === "" ? data["selftext"] : "") : bodyOf(data));
  const body = checkText(words ?? "", kind === "t3" ? "t3.selftext" : `${kind}.body`);
  if (kind === "t3" && data["title"] === undefined && body === "") throw new EarshotError("FIELD_MISSING", "t3.title: expected a title, came nothing");
  const post: Mutable<SourcePost> = {
    id: fullnameOf(kind, data),
    author: readAuthor(data["author"]),
    createdAt: checkInstant(created, `${kind}.created_utc`),
    revision: 0,
    text: html !== undefined && title !== "" ? `<p>${escapeHtml(title)}</p>\n${body}` : title !== "" && body !== "" ? `${title}\n\n${body}` : title || body,
    format: html === undefined ? "text" : "html",
    visibility: visibilityOf(data["subreddit_type"]),
  };
  readEdit(post, data["edited"]);
  const counts = readCounts(data);
  if (counts) post.counts = counts;
  if (data["over_18"] === true || data["over18"] === true) post.sensitive = true;
  const permalink = permalinkOf(kind, data);
  if (permalink !== undefined) post.permalink = permalink;
  const extra: Record<string, unknown> = {};
  const links: string[] = [];
  if (kind === "t3") readLink(post, data, links, extra);
  else if (kind === "t1") readRelations(post, data);
  const { spans, subreddits } = html === undefined ? findSpans(post.text) : { spans: [], subreddits: [] };
  if (spans.length > 0) post.spans = spans;
  for (const span of spans) if (span.kind === "link" && !links.includes(span.value)) links.push(span.value);
  if (html !== undefined) links.push(...linksInHtml(html, links).filter((link) => !links.includes(link)));
  if (links.length > 0) post.links = links;
  if (subreddits.length > 0) extra["subreddits"] = subreddits;
  gatherExtra(data, extra);
  if (kind === "t3" && typeof data["selftext"] !== "string" && data["selftext"] !== undefined && data["selftext"] !== null) extra["selftext"] = data["selftext"];
  const { score } = data;
  if (typeof score === "number") extra["score"] = score;
  // The net of votes is told twice; where it differs, old answers tell the votes of each kind.
  if (extra["ups"] === score) delete extra["ups"];
  for (const _ in extra) {
    post.extra = extra;
    break;
  }
  return post;
}

/** The rendered text, where it stands alone: what is written in markdown is not told. */
function htmlOf(kind: PostKind, data: Json): string | undefined {
  const [plain, rendered] = kind === "t3" ? [data["selftext"], data["selftext_html"]] : [data["body"] ?? data["contentText"], data["body_html"]];
  return (plain === undefined || plain === null) && typeof rendered === "string" && rendered !== "" ? rendered : undefined;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A comment's text; a body of another type is none to be read. `contentText`: answers to a comment just written, before 2018. */
function bodyOf(data: Json): unknown {
  const body = data["body"] ?? data["contentText"];
  if (body === undefined) throw new EarshotError("FIELD_MISSING", "t1.body: expected a text, came nothing");
  return body;
}

/** "public", "restricted" (anyone reads), "user" (a profile), "archived"; "private", "employees_only", "gold_restricted" and what is not known are closed; not told: open. */
function visibilityOf(type: unknown): SourcePost["visibility"] {
  if (type === undefined || type === null || type === "") return "public";
  return type === "public" || type === "restricted" || type === "user" || type === "archived" ? "public" : "private";
}

/** `edited`: false, the time in seconds, or true on comments of the first years, whose time nobody kept. */
function readEdit(post: Mutable<SourcePost>, edited: unknown): void {
  if (edited === true) post.revision = 1;
  const at = edited === true ? undefined : parseInstant(edited);
  if (at === undefined || at < post.createdAt || at > Date.UTC(2100, 0, 1)) return;
  post.editedAt = at;
  post.revision = at;
}

/** likes: the score, which is the net of votes and never told below zero here (`extra.score` has it as it is). */
function readCounts(data: Json): Partial<Counts> | undefined {
  const counts: Partial<Mutable<Counts>> = {};
  const { score } = data;
  const likes = typeof score === "number" && score < 0 ? 0 : (softCount(score) ?? softCount(data["ups"]));
  const replies = softCount(data["num_comments"]);
  const shares = softCount(data["num_crossposts"]);
  const views = softCount(data["view_count"]);
  if (likes !== undefined) counts.likes = likes;
  if (shares !== undefined) counts.shares = shares;
  if (replies !== undefined) counts.replies = replies;
  if (views !== undefined) counts.views = views;
  for (const _ in counts) return counts;
  return undefined;
}

function absolute(address: unknown): string | undefined {
  if (typeof address !== "string") return undefined;
  // Addresses of the first years bear spaces.
  const whole = (address.startsWith("/") ? site + address : address).trim().replaceAll(" ", "%20");
  return softUrl(whole);
}

function permalinkOf(kind: PostKind, data: Json): string | undefined {
  const told = absolute(data["permalink"]);
  if (told !== undefined || kind === "LiveUpdate") return told;
  const id = fullnameOf(kind, data).slice(3);
  const subreddit = softText(data["subreddit"]);
  const place = subreddit !== undefined && /^\w{1,60}$/.test(subreddit) ? `${site}/r/${subreddit}` : site;
  if (!/^\w{1,20}$/.test(id)) return undefined;
  if (kind === "t3") return `${place}/comments/${id}/`;
  const link = linkOf(data);
  return link === undefined ? undefined : `${place}/comments/${link.slice(3)}/_/${id}/`;
}

const linkPattern = /^t3_[0-9a-z]{1,20}$/;

/** The post that a comment stands under; an inbox tells it within the comment's address alone. */
function linkOf(data: Json): string | undefined {
  const told = data["link_id"] ?? data["link"];
  if (typeof told === "string" && linkPattern.test(told)) return told;
  for (const address of [data["permalink"], data["context"]]) {
    const id = typeof address === "string" ? /\/comments\/([0-9a-z]{1,20})(?:\/|$)/.exec(address)?.[1] : undefined;
    if (id !== undefined) return `t3_${id}`;
  }
  return undefined;
}

function readRelations(post: Mutable<SourcePost>, data: Json): void {
  const link = linkOf(data);
  const parent = data["parent_id"] ?? data["parent"];
  if (typeof parent === "string" && /^t[13]_[0-9a-z]{1,20}$/.test(parent)) post.replyTo = parent;
  else if (link !== undefined) post.replyTo = link;
  if (link !== undefined) post.root = link;
}

function readLink(post: Mutable<SourcePost>, data: Json, links: string[], extra: Record<string, unknown>): void {
  const [original]: unknown[] = Array.isArray(data["crosspost_parent_list"]) ? data["crosspost_parent_list"] : [];
  const parent = data["crosspost_parent"] ?? (isJson(original) ? original["name"] : undefined);
  if (typeof parent === "string" && linkPattern.test(parent)) post.reshareOf = parent;
  const url = absolute(data["url_overridden_by_dest"]) ?? absolute(data["url"]);
  const isOwn = data["is_self"] === true || url === undefined || url.includes(`/comments/${post.id.slice(3)}`);
  if (!isOwn && post.reshareOf === undefined) {
    links.push(url);
    const quoted = redditPostOf(url);
    if (quoted !== undefined && quoted !== post.id) post.quoteOf = quoted;
  }
  const media = readMedia(data, isOwn || post.reshareOf !== undefined ? undefined : url);
  if (media.length > 0) post.media = media;
  if (data["is_gallery"] === true) {
    extra["is_gallery"] = true;
    links.push(...galleryLinks(data));
  }
}

/** A link to a post or comment of Reddit itself speaks of it, as a quote does. */
function redditPostOf(url: string): string | undefined {
  const found = /^https?:\/\/(?:[a-z.]{1,10}\.)?reddit\.com\/(?:r\/\w+\/)?comments\/([0-9a-z]{1,20})(?:\/[^/?#]*(?:\/([0-9a-z]{1,20}))?)?\/?(?:[?#]|$)/i.exec(url);
  if (!found?.[1]) return undefined;
  return found[2] === undefined ? `t3_${found[1].toLowerCase()}` : `t1_${found[2].toLowerCase()}`;
}
