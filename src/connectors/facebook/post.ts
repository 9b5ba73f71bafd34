import type { Counts, SourceAuthor, SourcePost } from "../../core/event.ts";
import { graphId, readAccount, restOf, softId, textOf, totalOf, unknownAuthor, withExtra } from "../graph/fields.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, checkInstant, parseInstant, softText, softUrl } from "../json/fields.ts";
import { readAttached } from "./attachments.ts";
import { readTags } from "./tags.ts";

/** What the surroundings of an entity told. */
export interface Around {
  readonly object?: string;
  readonly edge?: string;
  readonly owner?: string;
  readonly root?: string;
}

const known = new Set(
  (
    "id message from created_time creation_time message_tags attachments attachment full_picture images source link " +
    "permalink_url shares sharedposts comments place owner is_hidden is_published parent_id parent like_count comment_count"
  ).split(" "),
);

/** A post, photo, video, live video or album: what an account shows on its page. */
export function readPost(value: Json, around: Around): SourcePost {
  const id = graphId(value["id"], "post.id");
  // Beside a story, description and name are those of the page that is linked.
  const message = textOf(value, ["message", "story", "description", "name", "title"], "post");
  const post: Mutable<SourcePost> = {
    id,
    author: readAccount(value["from"]) ?? readAccount(value["owner"]) ?? ownerOf(id, around),
    // Reels and posts of groups tell when they were changed alone, where no fields are asked for (Page Video Reels and Group Feed references, 2026-11).
    createdAt: checkInstant(value["created_time"] ?? value["creation_time"] ?? value["updated_time"], "post.created_time"),
    revision: 0,
    text: message ?? "",
    format: "text",
    visibility: visibilityOf(value),
  };
  const extra = restOf(value, known);
  for (const name of ["description", "name", "title", "story"]) if (extra[name] === post.text) delete extra[name];
  readChanged(post, value);
  if (value["message"] === undefined && value["story"] === post.text) readTags(post, value["story_tags"]);
  else readTags(post, value["message_tags"]);
  readAttached(value, post);
  if (extra["picture"] !== undefined && post.media?.some(({ url }) => url === extra["picture"]) === true) delete extra["picture"];
  readCounts(post, value, extra);
  post.permalink = permalinkOf(value, id);
  const parent = softId(value["parent_id"]) ?? (isJson(value["parent"]) ? softId(value["parent"]["id"]) : undefined) ?? (around.edge === "sharedposts" ? around.object : undefined);
  if (parent !== undefined && parent !== id) post.reshareOf = parent;
  readPlace(post, value["place"]);
  return withExtra(post, extra);
}

export function readComment(value: Json, around: Around): SourcePost {
  const linked = idsOfLink(value["permalink_url"]);
  const id = graphId(value["id"] ?? linked?.id, "comment.id");
  const post: Mutable<SourcePost> = {
    id,
    author: readAccount(value["from"]) ?? unknownAuthor(id),
    createdAt: checkInstant(value["created_time"], "comment.created_time"),
    revision: 0,
    text: textOf(value, ["message", "text"], "comment") ?? "",
    format: "text",
    visibility: visibilityOf(value),
  };
  const extra = restOf(value, known);
  delete extra["text"];
  readChanged(post, value);
  readTags(post, value["message_tags"]);
  readAttached(value, post);
  readCounts(post, value, extra);
  post.permalink = permalinkOf(value, id);
  const parent = (isJson(value["parent"]) ? softId(value["parent"]["id"]) : softId(value["parent_id"])) ?? linked?.parent;
  const { root, under } = threadOf(id, value, around);
  const replyTo = parent ?? under;
  if (replyTo !== undefined && replyTo !== id) post.replyTo = replyTo;
  if (root !== undefined && root !== id) post.root = root;
  return withExtra(post, extra);
}

/** A recommendation, or a rating with stars before 2018; it has an id of its own only through its story. */
export function readRating(value: Json, around: Around): SourcePost {
  const story = isJson(value["open_graph_story"]) ? value["open_graph_story"] : {};
  const author = readAccount(value["reviewer"]) ?? readAccount(value["from"]) ?? readAccount(story["from"]) ?? webhookAuthor(value, "reviewer");
  const page = around.owner ?? around.object;
  const told = softId(story["id"]) ?? softId(value["open_graph_story_id"]) ?? softId(value["id"]);
  const createdAt = checkInstant(value["created_time"] ?? story["start_time"], "rating.created_time");
  const id = told ?? `rating_${page ?? "page"}_${author?.id ?? "unknown"}_${Math.floor(createdAt / 1_000)}`;
  const post: Mutable<SourcePost> = {
    id,
    author: author ?? unknownAuthor(id),
    createdAt,
    revision: 0,
    text: textOf(value, ["review_text", "message"], "rating") ?? textOf(story, ["message"], "rating") ?? "",
    format: "text",
    visibility: visibilityOf(value),
  };
  readCounts(post, value, {});
  return withExtra(post, restOf(value, new Set(["id", "created_time", "review_text", "message", "reviewer", "from", "reviewer_id", "reviewer_name"])));
}

/** Webhooks before 3.0 name people as `sender_id` and `sender_name`. */
export function webhookAuthor(value: Json, role: string): SourceAuthor | undefined {
  const id = softId(value[`${role}_id`]);
  const name = softText(value[`${role}_name`]);
  return id === undefined ? undefined : { id, ...(name !== undefined && { name }) };
}

/** The id of a page's post begins with the page's (`PAGE_POST`); a visitor's begins with it too, and is not the page's. */
function ownerOf(id: string, { owner, object, edge }: Around): SourceAuthor {
  if (edge === "visitor_posts") return unknownAuthor(id);
  const prefix = /^(\d+)_\d+/.exec(id)?.[1] ?? owner ?? (edge === undefined || edge === "sharedposts" || object?.includes("_") === true ? undefined : object);
  return prefix === undefined ? unknownAuthor(id) : { id: prefix };
}

function visibilityOf(value: Json): SourcePost["visibility"] {
  if (value["is_hidden"] === true || value["is_published"] === false || value["published"] === false || value["published"] === 0 || value["is_private"] === true) return "private";
  const { privacy } = value;
  const told = isJson(privacy) ? privacy["value"] : privacy;
  // An empty value is the page's usual audience, which is everyone.
  return typeof told === "string" && told !== "" && told !== "EVERYONE" && told !== "OPEN" ? "private" : "public";
}

/** `updated_time` rises with an edit, and with a new comment too: it orders what was seen, and proves no edit. */
function readChanged(post: Mutable<SourcePost>, value: Json): void {
  const updated = parseInstant(value["updated_time"]);
  if (updated !== undefined && updated > post.createdAt) post.revision = updated;
}

const countedEdges = new Set(["likes", "reactions", "comments", "sharedposts", "replies", "attachments", "shares"]);

/** Takes what it reads out of `extra`; reactions by kind stay there, under the aliases that they were asked for by. */
export function readCounts(post: { counts?: Partial<Counts> }, value: Json, extra: Record<string, unknown>): void {
  const reactions = totalOf(value["reactions"]);
  const likes = totalOf(value["likes"]) ?? totalOf(value["like_count"]) ?? reactions;
  const replies = totalOf(value["comments"]) ?? totalOf(value["comment_count"]);
  const shares = totalOf(value["shares"]) ?? totalOf(value["sharedposts"]);
  const views = totalOf(value["views"]) ?? totalOf(value["video_views"]) ?? totalOf(value["live_views"]);
  const counts: Partial<Mutable<Counts>> = {};
  if (likes !== undefined) counts.likes = likes;
  if (shares !== undefined) counts.shares = shares;
  if (replies !== undefined) counts.replies = replies;
  if (views !== undefined) counts.views = views;
  for (const _ in counts) {
    post.counts = counts;
    break;
  }
  const kinds: Record<string, number> = {};
  if (reactions !== undefined) kinds["total"] = reactions;
  for (const name of Object.keys(extra)) {
    const field = extra[name];
    if (name === "likes" || name === "reactions") delete extra[name];
    else if (!countedEdges.has(name) && isJson(field) && isJson(field["summary"])) {
      const total = totalOf(field);
      if (total === undefined) continue;
      kinds[name] = total;
      delete extra[name];
    }
  }
  for (const _ in kinds) {
    extra["reactions"] = kinds;
    break;
  }
}

function permalinkOf(value: Json, id: string): string {
  const told = value["permalink_url"];
  if (typeof told === "string" && /^\/[^/\s]/.test(told) && told.length < 2_000) return `https://www.facebook.com${told}`;
  return softUrl(told) ?? `https://www.facebook.com/${encodeURIComponent(id)}`;
}

/** A comment's address names its post and itself, a reply's its parent too: `/PAGE/posts/POST/?comment_id=…&reply_comment_id=…`. */
function idsOfLink(link: unknown): { readonly id: string; readonly parent?: string } | undefined {
  const post = typeof link === "string" && link.length <= 2_000 ? /\/(?:posts|videos|photos)\/(?:[^?#]*\/)?(\d{1,25})\/?(?:\?|$)/.exec(link)?.[1] : undefined;
  if (post === undefined || typeof link !== "string") return undefined;
  const comment = /[?&]comment_id=(\d{1,25})\b/.exec(link)?.[1];
  if (comment === undefined) return undefined;
  const reply = /[?&]reply_comment_id=(\d{1,25})\b/.exec(link)?.[1];
  return reply === undefined ? { id: `${post}_${comment}` } : { id: `${post}_${reply}`, parent: `${post}_${comment}` };
}

/** Comment ids are `POST_COMMENT` (`PAGE_POST_COMMENT` before 2.1), without the page that a post's own id begins with. */
function threadOf(id: string, value: Json, { object, owner, root }: Around): { readonly root: string | undefined; readonly under: string | undefined } {
  const parts = id.split("_");
  const holder = isJson(value["object"]) ? softId(value["object"]["id"]) : undefined;
  if (root !== undefined) return { root, under: object ?? root };
  if (object !== undefined) {
    const asked = object.split("_");
    const isSibling = asked.length >= 2 && parts.length >= 2 && asked.at(-2) === parts.at(-2) && asked.at(-1) !== parts.at(-2);
    return isSibling ? { root: postOf(parts, value, owner), under: object } : { root: object, under: object };
  }
  const found = holder ?? postOf(parts, value, owner);
  return { root: found, under: found };
}

function postOf(parts: readonly string[], value: Json, owner: string | undefined): string | undefined {
  if (parts.length >= 3) return parts.slice(0, -1).join("_");
  if (parts.length < 2) return undefined;
  const link = typeof value["permalink_url"] === "string" ? /facebook\.com\/(\d+)\/posts\/(\d+)/.exec(value["permalink_url"]) : null;
  if (link !== null && link[2] === parts[0]) return `${link[1]}_${link[2]}`;
  return owner === undefined ? parts[0] : `${owner}_${parts[0]}`;
}

function readPlace(post: Mutable<SourcePost>, place: unknown): void {
  if (!isJson(place)) return;
  const location = isJson(place["location"]) ? place["location"] : {};
  const { latitude, longitude } = location;
  const name = softText(place["name"]) ?? softText(location["city"]);
  const country = softText(location["country_code"]) ?? softText(location["country"]);
  const isPoint = typeof latitude === "number" && typeof longitude === "number" && Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180;
  const found = {
    ...(name !== undefined && { name }),
    ...(country !== undefined && /^[A-Za-z]{2}$/.test(country) && { countryCode: country.toUpperCase() }),
    ...(isPoint && { latitude, longitude }),
  };
  for (const _ in found) {
    post.place = found;
    break;
  }
}
