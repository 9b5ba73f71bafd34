import type { Counts, SourceAuthor, SourceMedia, SourcePost } from "../../core/event.ts";
import type { Message } from "../graph/answers.ts";
import { graphId, readAccount, restOf, softId, textOf, totalOf, unknownAuthor, withExtra } from "../graph/fields.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, checkInstant, softText, softUrl } from "../json/fields.ts";
import { linksInText } from "../json/links.ts";
import { mediaOf, ownerOf } from "./shapes.ts";
import { shortcodeInstant, shortcodeOf } from "./shortcode.ts";

const knownMedia = new Set(
  (
    "id caption timestamp created_time media_type media_url thumbnail_url permalink link like_count comments_count view_count likes comments username owner user from children " +
    "images videos carousel_media location tags type"
  ).split(" "),
);
const knownComment = new Set("id text timestamp created_time username from user parent_id parent media hidden like_count replies".split(" "));
const mostMedia = 200;

/** A post, reel or story: of the Graph API, of the Basic Display API, or of the API before them (created_time, images, caption.text). */
export function readMedia(value: Json, message: Message): SourcePost {
  const code = shortcodeOf(value);
  const caption = value["caption"];
  const id = graphId(value["id"], "media.id");
  const post: Mutable<SourcePost> = {
    id,
    author: authorOf(value, ownerOf(message), message["ownerName"]) ?? unknownAuthor(id),
    createdAt: checkInstant(value["timestamp"] ?? value["created_time"] ?? (code === undefined ? undefined : shortcodeInstant(code)), "media.timestamp"),
    revision: 0,
    text: (isJson(caption) ? textOf(caption, ["text"], "media.caption") : textOf(value, ["caption"], "media")) ?? "",
    format: "text",
    visibility: "public",
  };
  const media: SourceMedia[] = [];
  addMedia(value, media);
  for (const list of [isJson(value["children"]) ? value["children"]["data"] : value["children"], value["carousel_media"]])
    if (Array.isArray(list)) for (const one of list) if (isJson(one)) addMedia(one, media);
  if (media.length > 0) post.media = media;
  readLinks(post);
  const permalink = softUrl(value["permalink"]) ?? softUrl(value["link"]) ?? (code === undefined ? undefined : `https://www.instagram.com/p/${code}/`);
  if (permalink !== undefined) post.permalink = permalink;
  if (Array.isArray(value["tags"])) {
    const tags = value["tags"].filter((tag) => typeof tag === "string" && tag !== "" && tag.isWellFormed());
    if (tags.length > 0) post.hashtags = tags.slice(0, 500);
  }
  readCounts(post, value);
  readLocation(post, value["location"]);
  const extra = restOf(value, knownMedia);
  const type = value["media_type"] ?? value["type"];
  if (typeof type === "string") extra["media_type"] = type;
  return withExtra(post, extra);
}

export function readComment(value: Json, message: Message): SourcePost {
  const id = graphId(value["id"], "comment.id");
  const { object, edge, root } = message;
  const post: Mutable<SourcePost> = {
    id,
    author: authorOf(value) ?? unknownAuthor(id),
    createdAt: checkInstant(value["timestamp"] ?? value["created_time"], "comment.timestamp"),
    revision: 0,
    text: textOf(value, ["text", "message"], "comment") ?? "",
    format: "text",
    // Hidden ones are seen by who wrote them alone (IG Comment reference, 2026-11).
    visibility: value["hidden"] === true ? "private" : "public",
  };
  const holder = typeof object === "string" ? object : undefined;
  const media = mediaOf(value) ?? softId(value["media_id"]) ?? (typeof root === "string" ? root : edge === "comments" ? holder : undefined);
  const parent = softId(value["parent_id"]) ?? (isJson(value["parent"]) ? softId(value["parent"]["id"]) : undefined) ?? (edge === "replies" ? holder : undefined) ?? media;
  if (parent !== undefined && parent !== id) post.replyTo = parent;
  if (media !== undefined && media !== id) post.root = media;
  readLinks(post);
  readCounts(post, value);
  return withExtra(post, restOf(value, knownComment));
}

function readLinks(post: Mutable<SourcePost>): void {
  const links = linksInText(post.text);
  if (links.length > 0) post.links = links;
}

/** Owner, writer, or the bare user name; the id is the one to know the account by, where it is told. */
function authorOf(value: Json, owner?: string, ownerName?: unknown): SourceAuthor | undefined {
  const told = readAccount(value["owner"]) ?? readAccount(value["from"]) ?? readAccount(value["user"]);
  const handle = softText(value["username"]) ?? told?.handle ?? (typeof ownerName === "string" ? ownerName : undefined);
  const id = told?.id ?? owner ?? (handle === undefined ? undefined : softId(handle));
  if (id === undefined) return undefined;
  return {
    ...told,
    id,
    ...(handle !== undefined && { handle, ...(/^[\w.]{1,60}$/.test(handle) && { profileUrl: `https://www.instagram.com/${handle}/` }) }),
  };
}

function addMedia(value: Json, media: SourceMedia[]): void {
  const type = typeof value["media_type"] === "string" ? value["media_type"] : typeof value["type"] === "string" ? value["type"].toUpperCase() : "";
  const alt = softText(value["alt_text"]);
  const url = softUrl(value["media_url"]) ?? old(value["videos"]) ?? old(value["images"]);
  const poster = softUrl(value["thumbnail_url"]) ?? (value["videos"] === undefined ? undefined : old(value["images"]));
  const isVideo = type === "VIDEO" || type === "REELS";
  if (url !== undefined) add(media, { kind: isVideo ? "video" : "image", url, ...(alt !== undefined && { alt }) });
  else if (isVideo) add(media, { kind: "video" });
  if (poster !== undefined && poster !== url) add(media, { kind: "image", url: poster });
}

function add(media: SourceMedia[], one: SourceMedia): void {
  if (media.length < mostMedia && !media.some(({ kind, url }) => kind === one.kind && url === one.url)) media.push(one);
}

/** `{standard_resolution: {url}, low_resolution …}` */
function old(sizes: unknown): string | undefined {
  if (!isJson(sizes)) return undefined;
  for (const name of ["standard_resolution", "low_resolution", "low_bandwidth", "thumbnail"]) {
    const size = sizes[name];
    const url = isJson(size) ? softUrl(size["url"]) : undefined;
    if (url !== undefined) return url;
  }
  return undefined;
}

export function readCounts(post: { counts?: Partial<Counts> }, value: Json): void {
  const counts: Partial<Mutable<Counts>> = {};
  const likes = totalOf(value["like_count"]) ?? totalOf(value["likes"]);
  const replies = totalOf(value["comments_count"]) ?? totalOf(value["comments"]) ?? totalOf(value["replies"]);
  const views = totalOf(value["view_count"]) ?? totalOf(value["video_view_count"]);
  if (likes !== undefined) counts.likes = likes;
  if (replies !== undefined) counts.replies = replies;
  if (views !== undefined) counts.views = views;
  for (const _ in counts) {
    post.counts = counts;
    break;
  }
}

function readLocation(post: Mutable<SourcePost>, location: unknown): void {
  if (!isJson(location)) return;
  const { latitude, longitude } = location;
  const name = softText(location["name"]);
  const isPoint = typeof latitude === "number" && typeof longitude === "number" && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  if (name !== undefined || isPoint) post.place = { ...(name !== undefined && { name }), ...(isPoint && { latitude, longitude }) };
}
