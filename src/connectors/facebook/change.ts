import { EarshotError } from "../../core/errors.ts";
import type { Outcome, SourceEvent, SourcePost } from "../../core/event.ts";
import { graphId, softId } from "../graph/fields.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Around, readComment, readPost, readRating, webhookAuthor } from "./post.ts";

/** Items of the feed that are posts (Webhooks reference for pages, field `feed`, 2026-11). */
const postItems = new Set(["post", "status", "photo", "video", "share", "link", "album", "note", "event", "milestone", "offer", "story", "checkin", "question", "profile_photo"]);

/** One change of a page's feed: added and edited ones are posts, removed and hidden ones deletions, reactions marks. */
export function readChange(value: Json, field: unknown, at: number, around: Around): Outcome<SourceEvent> {
  const { verb, item } = value;
  const kind =
    item === "comment" || item === "reaction" || item === "like" || item === "rating"
      ? item
      : typeof item === "string" && postItems.has(item)
        ? "post"
        : field === "ratings"
          ? "rating"
          : undefined;
  if (kind === undefined) return { drop: "not-a-post" };
  if (kind === "reaction" || kind === "like") return reaction(value, at);
  const id =
    kind === "comment"
      ? value["comment_id"]
      : kind === "rating"
        ? (value["open_graph_story_id"] ?? value["comment_id"])
        : (value["post_id"] ?? value["photo_id"] ?? value["video_id"]);
  if (verb === "remove" || verb === "hide" || verb === "delete" || verb === "block") return { keep: { type: "delete", id: graphId(id, "change.id"), at } };
  if (verb === "mute" || verb === "unmute" || verb === "follow" || verb === "unblock") return { drop: "not-a-post" };
  return { keep: { type: "post", post: written(value, kind, id, at, around) } };
}

function written(value: Json, kind: string, id: unknown, at: number, around: Around): SourcePost {
  const edited = value["verb"] === "edit" || value["verb"] === "edited" || value["verb"] === "update";
  const sender = webhookAuthor(value, "sender");
  const inner = isJson(value["post"]) ? value["post"] : {};
  const flags = value["published"] === undefined && inner["is_published"] === false ? { is_published: false } : {};
  const entity: Record<string, unknown> = { ...value, ...flags, id, created_time: value["created_time"] ?? Math.floor(at / 1_000), from: value["from"] ?? sender };
  for (const name of ["verb", "item", "comment_id", "sender_id", "sender_name", "published"]) delete entity[name];
  if (value["published"] === 0 || value["published"] === false) entity["is_published"] = false;
  if (entity["permalink_url"] === undefined && typeof inner["permalink_url"] === "string" && kind === "post") entity["permalink_url"] = inner["permalink_url"];
  let post: SourcePost;
  if (kind === "rating") post = readRating(entity, around);
  else if (kind === "comment") {
    const root = softId(value["post_id"]) ?? softId(inner["id"]);
    delete entity["post_id"];
    post = readComment(entity, { ...around, ...(root !== undefined && { root, object: root }) });
  } else {
    delete entity["post_id"];
    post = readPost(entity, around);
  }
  return edited && at > post.createdAt ? { ...post, editedAt: at, revision: Math.max(post.revision, at) } : post;
}

/** One account's reaction to a post or comment: another kind of it is the same mark. */
function reaction(value: Json, at: number): Outcome<SourceEvent> {
  const about = softId(value["comment_id"]) ?? softId(value["post_id"]);
  const from = isJson(value["from"]) ? softId(value["from"]["id"]) : softId(value["sender_id"]);
  if (about === undefined || from === undefined) throw new EarshotError("FIELD_MISSING", "change: expected post_id and from of a reaction, came none");
  const mark = `reaction/${about}/${from}`;
  if (value["verb"] === "remove") return { keep: { type: "unreaction", mark, at } };
  return { keep: { type: "reaction", id: about, mark, actor: from, at, count: "likes" } };
}
