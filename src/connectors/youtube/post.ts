import { EarshotError } from "../../core/errors.ts";
import type { Counts, SourceAuthor, SourceMedia, SourcePost } from "../../core/event.ts";
import { type Json, isJson, nameOf } from "../json/decode.ts";
import { type Mutable, checkId, checkInstant, checkText, parseInstant, readId, softCount, softText, softUrl } from "../json/fields.ts";
import { linksInHtml, linksInText } from "../json/links.ts";

/*
 * Native ids are the platform's own: a video's has 11 characters, a comment's at least 20, a channel's 24 that begin with UC; none can be taken for another.
 */
const mostItems = 500;

export function videoIdOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value) ? value : undefined;
}

export function snippetOf(item: Json, where: string): Json {
  const snippet = item["snippet"];
  if (!isJson(snippet)) throw new EarshotError(snippet === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `${where}.snippet: expected an object, came ${nameOf(snippet)}`);
  return snippet;
}

/** Titles and descriptions of search results come with HTML entities, those of other resources do not (seen 2025-11; issuetracker.google.com/128673552). */
const entities: Readonly<Record<string, string>> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'" };

export function unescapeText(text: string): string {
  return text.includes("&") ? text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity) : text;
}

export interface VideoText {
  readonly id: string;
  readonly snippet: Json;
  readonly author: SourceAuthor;
  readonly createdAt: number;
  readonly escaped?: boolean;
  /** 0: as lists tell it, descriptions may be cut; 1: the whole resource. */
  readonly revision: number;
}

/** A video from any resource that shows one: text is title and description. */
export function makeVideo({ id, snippet, author, createdAt, escaped = false, revision }: VideoText): Mutable<SourcePost> {
  const decode = escaped ? unescapeText : (text: string) => text;
  const title = typeof snippet["title"] === "string" ? checkText(snippet["title"], "snippet.title") : "";
  const description = typeof snippet["description"] === "string" ? checkText(snippet["description"], "snippet.description") : "";
  if (title === "" && description === "") checkText(snippet["title"] ?? snippet["description"] ?? "", "snippet.title");
  const post: Mutable<SourcePost> = {
    id,
    author: escaped && author.name !== undefined ? { ...author, name: decode(author.name) } : author,
    createdAt,
    revision,
    text: decode(title && description ? `${title}\n\n${description}` : title || description),
    format: "text",
    visibility: "public",
    permalink: `https://www.youtube.com/watch?v=${id}`,
  };
  const links = linksInText(post.text);
  if (links.length > 0) post.links = links;
  const media = mediaOf(id, snippet["thumbnails"]);
  if (media.length > 0) post.media = media;
  return post;
}

function mediaOf(id: string, thumbnails: unknown): SourceMedia[] {
  const media: SourceMedia[] = [{ kind: "video", url: `https://www.youtube.com/watch?v=${id}` }];
  if (!isJson(thumbnails)) return media;
  for (const size of ["maxres", "standard", "high", "medium", "default"]) {
    const thumbnail = thumbnails[size];
    const url = isJson(thumbnail) ? softUrl(thumbnail["url"]) : undefined;
    if (url !== undefined) return [...media, { kind: "image", url }];
  }
  return media;
}

export function makeAuthor(id: unknown, name: unknown, where: string): SourceAuthor {
  const checked = checkId(id ?? undefined, where);
  const shown = softText(name);
  return { id: checked, profileUrl: `https://www.youtube.com/channel/${encodeURIComponent(checked)}`, ...(shown !== undefined && { name: shown }) };
}

const videoFields = new Set(["kind", "etag", "id", "at", "snippet", "statistics", "recordingDetails"]);
const videoSnippetFields = new Set(["publishedAt", "channelId", "channelTitle", "title", "description", "thumbnails", "localized", "defaultLanguage"]);

export function readVideo(item: Json): SourcePost {
  const id = readId(item, "id", "video");
  const snippet = snippetOf(item, "video");
  const post = makeVideo({
    id,
    snippet,
    author: ownerOf(snippet, id, "video.snippet.channelId"),
    createdAt: checkInstant(snippet["publishedAt"], "video.snippet.publishedAt"),
    revision: 1,
  });
  const extra: Record<string, unknown> = {};
  keepUnknown(extra, snippet, videoSnippetFields);
  const { localized } = snippet;
  if (isJson(localized) && (localized["title"] !== snippet["title"] || localized["description"] !== snippet["description"])) extra["localized"] = localized;
  const languages = [softText(snippet["defaultLanguage"]), softText(snippet["defaultAudioLanguage"])].filter((tag) => tag !== undefined && tag.length <= 35);
  if (languages.length > 0) post.languages = [...new Set(languages)].filter((tag) => tag !== undefined);
  const counts = readStatistics(item["statistics"], extra);
  if (counts) post.counts = counts;
  const { status, contentDetails, recordingDetails } = item;
  const privacy = isJson(status) ? status["privacyStatus"] : undefined;
  if (privacy === "private" || privacy === "unlisted") post.visibility = privacy;
  if (isJson(contentDetails) && isJson(contentDetails["contentRating"]) && contentDetails["contentRating"]["ytRating"] === "ytAgeRestricted") post.sensitive = true;
  if (recordingDetails !== undefined) {
    const place = placeOf(recordingDetails);
    if (place) post.place = place;
    extra["recordingDetails"] = recordingDetails;
  }
  keepUnknown(extra, item, videoFields);
  return withExtra(post, extra);
}

function placeOf(details: unknown): SourcePost["place"] {
  if (!isJson(details)) return undefined;
  const place: Mutable<NonNullable<SourcePost["place"]>> = {};
  const name = softText(details["locationDescription"]);
  if (name) place.name = name;
  const { location } = details;
  if (isJson(location)) {
    const { latitude, longitude } = location;
    if (typeof latitude === "number" && typeof longitude === "number" && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180) {
      place.latitude = latitude;
      place.longitude = longitude;
    }
  }
  return Object.keys(place).length > 0 ? place : undefined;
}

const statisticsFields: Readonly<Record<string, keyof Counts>> = { likeCount: "likes", viewCount: "views", commentCount: "replies" };

/** Numbers come as texts. Dislikes are told to the owner only since 2021-12-13; favourites are always 0 since 2015 (revision history). */
export function readStatistics(statistics: unknown, extra: Record<string, unknown>): Partial<Counts> | undefined {
  if (!isJson(statistics)) return undefined;
  const counts: Partial<Mutable<Counts>> = {};
  for (const [name, value] of Object.entries(statistics)) {
    const count = softCount(value);
    const to = Object.hasOwn(statisticsFields, name) ? statisticsFields[name] : undefined;
    if (to !== undefined && count !== undefined) counts[to] = count;
    else if (value !== null) extra[name] = count ?? value;
  }
  return Object.keys(counts).length > 0 ? counts : undefined;
}

const commentFields = new Set(["kind", "etag", "id", "at", "snippet", "totalReplyCount"]);
/** channelId names an account (the video's or, in old answers, the discussed channel's), and what is kept with a post identifies nobody. */
const commentSnippetFields = new Set(
  "authorDisplayName authorProfileImageUrl authorChannelUrl authorChannelId videoId textDisplay textOriginal parentId canRate viewerRating likeCount publishedAt updatedAt channelId".split(
    " ",
  ),
);

/** A comment, top-level (about a video, in old answers about a channel) or a reply; `totalReplyCount` is its thread's. */
export function readComment(item: Json): SourcePost {
  const id = readId(item, "id", "comment");
  const snippet = snippetOf(item, "comment");
  const createdAt = checkInstant(snippet["publishedAt"], "comment.snippet.publishedAt");
  const text = textOf(snippet);
  const post: Mutable<SourcePost> = { id, author: commenter(snippet, id), createdAt, revision: 0, ...text, visibility: "public" };
  const editedAt = parseInstant(snippet["updatedAt"]);
  if (editedAt !== undefined && editedAt > createdAt && editedAt < Date.UTC(2100, 0, 1)) Object.assign(post, { editedAt, revision: editedAt });
  const videoId = videoIdOf(snippet["videoId"]);
  // A reply's id is its parent's, a dot and its own part.
  const parent = snippet["parentId"] ?? (id.includes(".") ? id.slice(0, id.indexOf(".")) : undefined);
  const parentId = typeof parent === "string" && parent !== "" && parent !== id ? checkId(parent, "comment.snippet.parentId") : undefined;
  const replyTo = parentId ?? videoId;
  if (replyTo !== undefined) post.replyTo = replyTo;
  const root = videoId ?? parentId;
  if (root !== undefined) post.root = root;
  if (videoId !== undefined) post.permalink = `https://www.youtube.com/watch?v=${videoId}&lc=${encodeURIComponent(id)}`;
  const links = text.format === "html" ? linksInHtml(text.text) : linksInText(text.text);
  if (links.length > 0) post.links = links;
  const likes = softCount(snippet["likeCount"]);
  const replies = softCount(item["totalReplyCount"]);
  if (likes !== undefined || replies !== undefined) post.counts = { ...(likes !== undefined && { likes }), ...(replies !== undefined && { replies }) };
  // Not yet, or never, shown to the public: only the owner's token sees it.
  const { moderationStatus } = snippet;
  if (item["isPublic"] === false || moderationStatus === "heldForReview" || moderationStatus === "likelySpam" || moderationStatus === "rejected") post.visibility = "private";
  const extra: Record<string, unknown> = {};
  keepUnknown(extra, snippet, commentSnippetFields);
  keepUnknown(extra, item, commentFields);
  return withExtra(post, extra);
}

/** textDisplay is HTML unless plain text was asked for (comments.list, textFormat). */
function textOf(snippet: Json): Pick<SourcePost, "text" | "format"> {
  const original = snippet["textOriginal"];
  if (typeof original === "string") return { text: checkText(original, "comment.snippet.textOriginal"), format: "text" };
  const text = checkText(snippet["textDisplay"], "comment.snippet.textDisplay");
  return { text, format: /<\/?(?:a|b|br|i|s|u|span|img)\b[^<>]*>|&(?:amp|lt|gt|quot|nbsp|#\d+);/i.test(text) ? "html" : "text" };
}

/** An account without a channel, or one that is gone, has a name alone: it is somebody of this comment only. */
function commenter(snippet: Json, commentId: string): SourceAuthor {
  const channel = snippet["authorChannelId"];
  const told = isJson(channel) ? channel["value"] : channel;
  const address = softUrl(snippet["authorChannelUrl"]);
  const fromAddress = address === undefined ? undefined : /\/channel\/([^/?#\s]+)/.exec(address)?.[1];
  const id = softId(told) ?? fromAddress ?? `unknown/${commentId}`;
  const author: Mutable<SourceAuthor> = { id };
  const name = softText(snippet["authorDisplayName"]);
  if (name !== undefined) {
    author.name = name;
    if (/^@\S+$/.test(name)) author.handle = name.slice(1);
  }
  const avatar = softUrl(snippet["authorProfileImageUrl"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  if (address !== undefined) author.profileUrl = address;
  return author;
}

/** @returns undefined: no id that can be used */
function softId(value: unknown): string | undefined {
  return typeof value === "string" && /^[\x21-\x7e]{1,256}$/.test(value) ? value : undefined;
}

/** Who made a video; where no channel is told (a request without it), somebody of this video only. */
export function ownerOf(snippet: Json, videoId: string, where: string): SourceAuthor {
  const id = softId(snippet["channelId"]);
  return id === undefined ? { id: `unknown/${videoId}` } : makeAuthor(id, snippet["channelTitle"], where);
}

export function readChannel(item: Json): SourceAuthor {
  const id = readId(item, "id", "channel");
  const snippet = isJson(item["snippet"]) ? item["snippet"] : {};
  const statistics = isJson(item["statistics"]) ? item["statistics"] : {};
  const author: Mutable<SourceAuthor> = { ...makeAuthor(id, snippet["title"], "channel.id") };
  const handle = softText(snippet["customUrl"]);
  if (handle !== undefined) author.handle = handle.replace(/^@/, "");
  const thumbnails = isJson(snippet["thumbnails"]) ? snippet["thumbnails"] : {};
  const avatar = isJson(thumbnails["default"]) ? softUrl(thumbnails["default"]["url"]) : undefined;
  if (avatar !== undefined) author.avatarUrl = avatar;
  const followers = softCount(statistics["subscriberCount"]);
  if (followers !== undefined && statistics["hiddenSubscriberCount"] !== true) author.followers = followers;
  return author;
}

export function need(object: Json, name: string, where: string): unknown {
  const value = object[name];
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `${where}.${name}: expected a value, came nothing`);
  return value;
}

export function keepUnknown(extra: Record<string, unknown>, from: Json, known: ReadonlySet<string>): void {
  let kept = 0;
  for (const [name, value] of Object.entries(from)) {
    if (known.has(name) || value === null || (Array.isArray(value) && value.length === 0) || name in extra) continue;
    if (kept++ >= mostItems) return;
    extra[name] = value;
  }
}

export function withExtra(post: Mutable<SourcePost>, extra: Record<string, unknown>): SourcePost {
  if (Object.keys(extra).length > 0) post.extra = extra;
  return post;
}
