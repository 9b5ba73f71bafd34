import { type Message, type Shapes, withoutTokens } from "../graph/answers.ts";
import { hasAny, softId } from "../graph/fields.ts";
import type { Place } from "../graph/place.ts";
import { type Json, isJson } from "../json/decode.ts";

const postEdges = new Set(["feed", "posts", "published_posts", "tagged", "visitor_posts", "promotable_posts", "ads_posts", "sharedposts", "statuses", "links", "home"]);
const edges: ReadonlySet<string> = new Set([
  ...postEdges,
  "comments",
  "replies",
  "photos",
  "videos",
  "video_reels",
  "live_videos",
  "albums",
  "ratings",
  "insights",
  "conversations",
  "threads",
  "messages",
]);

const plainFields = new Set(["id", "created_time", "from", "message", "message_tags"]);
const commentFields = ["comment_count", "can_reply_privately", "can_hide", "private_reply_conversation", "user_likes"];
const accountFields = [
  "category",
  "category_list",
  "fan_count",
  "followers_count",
  "username",
  "about",
  "first_name",
  "last_name",
  "is_verified",
  "verification_status",
  "talking_about_count",
  "were_here_count",
  "global_brand_page_name",
  "cover",
  "picture",
  "link",
];
/** Groups, events, applications and businesses have names too, and are no accounts. */
const otherFields = ["start_time", "member_count", "namespace", "app_type", "end_time", "app_name", "primary_page", "member_request_count"];
const privateFields = ["participants", "senders", "former_participants", "snippet", "message_count", "unread_count", "can_reply"];
const ratingFields = ["recommendation_type", "has_review", "has_rating", "review_text", "reviewer", "open_graph_story"];
const countFields = ["likes", "reactions", "comments", "shares", "sharedposts", "like_count", "comment_count"];
const writtenFields = ["message", "story", "description", "permalink_url"];

function kindOf(value: Json, place: Place): string | undefined {
  if (hasAny(value, privateFields) || (isJson(value["to"]) && isJson(value["from"]) && typeof value["from"]["email"] === "string")) return "private";
  if (place.edge === "ratings" || hasAny(value, ratingFields)) return "rating";
  if (hasAny(value, ["created_time", "creation_time"])) return isComment(value, place) ? "comment" : "post";
  const isNamed = typeof value["name"] === "string" && value["id"] !== undefined && !hasAny(value, otherFields);
  if (isNamed && (hasAny(value, accountFields) || (place.edge === undefined && Object.keys(value).length === 2)) && !hasAny(value, ["message", "story"])) return "account";
  if (value["id"] !== undefined && !hasAny(value, otherFields) && hasAny(value, writtenFields)) return isComment(value, place) ? "comment" : "post";
  return value["id"] !== undefined && !hasAny(value, otherFields) && countFields.some((name) => isCount(value[name])) ? "counts" : undefined;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" || (isJson(value) && (isJson(value["summary"]) || typeof value["count"] === "number"));
}

function isComment(value: Json, place: Place): boolean {
  if (place.edge === "comments" || place.edge === "replies") return true;
  if (place.edge !== undefined && edges.has(place.edge)) return false;
  if (hasAny(value, commentFields)) return true;
  const link = value["permalink_url"];
  if (typeof link === "string" && /[?&](?:reply_)?comment_id=/.test(link)) return true;
  // Asked for without fields, a comment tells who wrote and a post does not; a page's own post begins with its writer's id.
  const { from } = value;
  if (isJson(from) && Object.keys(value).every((name) => plainFields.has(name)) && !String(value["id"]).startsWith(`${String(from["id"])}_`)) return true;
  return (isJson(value["attachment"]) || isJson(value["parent"]) || isJson(value["object"])) && !hasAny(value, ["status_type", "type", "updated_time"]);
}

function inside(value: Json, kind: string | undefined, edge: string, place: Place): Place {
  const { at } = place;
  const id = softId(value["id"]) ?? place.object;
  const isReply = kind === "comment" && (edge === "comments" || edge === "replies");
  const ofAccount = kind === "account" || kind === undefined;
  const owner = ofAccount ? id : place.owner;
  const root = isReply ? (place.root ?? place.object) : undefined;
  return { at, edge, ...(id !== undefined && { object: id }), ...(owner !== undefined && { owner }), ...(root !== undefined && { root }) };
}

/** Entries of a page's webhook (Webhooks reference for pages, 2026-11): `changes` of the feed; `messaging` is private. */
function* webhook(body: Json, at: number): Generator<Message> {
  const entries: unknown[] = Array.isArray(body["entry"]) ? body["entry"] : [];
  for (const entry of entries) {
    if (!isJson(entry)) continue;
    const page = softId(entry["id"]);
    const told = entry["time"];
    const time = typeof told === "number" && told > 0 ? (told < 1e11 ? told * 1_000 : told) : at;
    for (const name of ["messaging", "standby"]) if (Array.isArray(entry[name])) yield { graph: "private" };
    const changes: unknown[] = Array.isArray(entry["changes"]) ? entry["changes"] : typeof entry["field"] === "string" ? [entry] : [];
    for (const change of changes) {
      if (!isJson(change)) continue;
      const field = change["field"];
      if (field === "conversations" || field === "messages") yield { graph: "private" };
      else yield { graph: "change", field, ...(page !== undefined && { owner: page }), at: time, value: withoutTokens(change["value"]) };
    }
  }
}

export const facebookShapes: Shapes = { kindOf, edges, inside, webhook };
