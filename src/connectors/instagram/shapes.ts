import { type Message, type Shapes, withoutTokens } from "../graph/answers.ts";
import { hasAny, softId } from "../graph/fields.ts";
import { type Place, isPrivateEdge } from "../graph/place.ts";
import { type Json, isJson } from "../json/decode.ts";
import { softText } from "../json/fields.ts";
import { shortcodeOf } from "./shortcode.ts";

const ownEdges = new Set(["media", "stories", "live_media"]);
const edges: ReadonlySet<string> = new Set([
  ...ownEdges,
  "comments",
  "replies",
  "tags",
  "recent_media",
  "top_media",
  "business_discovery",
  "mentioned_media",
  "mentioned_comment",
  "insights",
  "conversations",
  "messages",
  "threads",
]);
const mediaFields = ["media_type", "media_product_type", "media_url", "permalink", "caption", "shortcode", "thumbnail_url", "images", "carousel_media", "user_has_liked"];
const accountFields = [
  "followers_count",
  "follows_count",
  "media_count",
  "biography",
  "profile_picture_url",
  "profile_picture",
  "account_type",
  "full_name",
  "website",
  "ig_id",
  "counts",
  "bio",
];
const countFields = ["like_count", "comments_count", "view_count", "likes", "comments"];
const privateFields = ["participants", "is_unsupported"];

function kindOf(value: Json, place: Place): string | undefined {
  if (isPrivateEdge(place.edge) || hasAny(value, privateFields) || (value["message"] !== undefined && value["to"] !== undefined)) return "private";
  const isDated = hasAny(value, ["timestamp", "created_time"]);
  if (hasAny(value, mediaFields) && !(place.edge === "comments" || place.edge === "replies")) {
    if (isDated || shortcodeOf(value) !== undefined) return "media";
    if (isCounted(value)) return "counts";
    return hasAny(value, ["caption"]) ? "media" : undefined;
  }
  if (value["id"] !== undefined && (place.edge === "comments" || place.edge === "replies" || typeof value["text"] === "string"))
    return isDated || hasAny(value, ["text"]) ? "comment" : undefined;
  if (hasAny(value, ["username"]) && (hasAny(value, accountFields) || (value["id"] !== undefined && !isDated))) return "account";
  if (value["id"] !== undefined && hasAny(value, accountFields) && hasAny(value, ["name", "followers_count", "full_name"])) return "account";
  if (isDated && value["id"] !== undefined) return "media";
  return value["id"] !== undefined && isCounted(value) ? "counts" : undefined;
}

function isCounted(value: Json): boolean {
  return countFields.some((name) => typeof value[name] === "number" || (isJson(value[name]) && typeof value[name]["count"] === "number"));
}

function inside(value: Json, kind: string | undefined, edge: string, place: Place): Place {
  const { at } = place;
  const id = softId(value["id"]);
  const name = softText(value["username"]);
  if (edge === "business_discovery" || edge === "mentioned_media" || edge === "mentioned_comment") return { at, edge };
  // What a comment is about is nobody's list.
  if (edge === "media" && kind === "comment") return { at };
  const isThread = edge === "comments" || edge === "replies";
  const root = isThread ? (kind === "comment" ? (place.root ?? mediaOf(value)) : id) : undefined;
  const isOwn = ownEdges.has(edge) && kind !== "comment";
  return {
    at,
    edge,
    ...(id !== undefined && { object: id }),
    ...(isOwn && id !== undefined && { owner: id }),
    ...(isOwn && name !== undefined && { ownerName: name }),
    ...(root !== undefined && { root }),
  };
}

export function mediaOf(value: Json): string | undefined {
  return isJson(value["media"]) ? softId(value["media"]["id"]) : undefined;
}

/** Whose posts a list is of, when its address alone tells. */
export function ownerOf({ owner, edge, object }: Json): string | undefined {
  if (typeof owner === "string") return owner;
  return typeof edge === "string" && ownEdges.has(edge) && typeof object === "string" ? object : undefined;
}

/** Entries of Instagram's webhook (Webhooks reference for Instagram, 2026-11). A mention tells ids only: it is fetched. */
function* webhook(body: Json, at: number): Generator<Message> {
  const entries: unknown[] = Array.isArray(body["entry"]) ? body["entry"] : [];
  for (const entry of entries) {
    if (!isJson(entry)) continue;
    const told = entry["time"];
    const time = typeof told === "number" && told > 0 ? (told < 1e11 ? told * 1_000 : told) : at;
    for (const name of ["messaging", "standby"]) if (Array.isArray(entry[name])) yield { graph: "private" };
    const changes: unknown[] = Array.isArray(entry["changes"]) ? entry["changes"] : typeof entry["field"] === "string" ? [entry] : [];
    for (const change of changes) {
      const value = isJson(change) && isJson(change["value"]) ? change["value"] : undefined;
      if (!isJson(change) || value === undefined) continue;
      const { field } = change;
      if (field === "comments" || field === "live_comments") yield { graph: "comment", at: time, value: { timestamp: Math.floor(time / 1_000), ...commentOf(value) } };
      else if (field === "mentions") yield { graph: "mention", at: time, ...(typeof entry["id"] === "string" && { owner: entry["id"] }), value: withoutTokens(value) };
      else if (field === "story_insights") {
        const { media_id: id, ...figures } = value;
        yield { graph: "insights", at: time, value: { id, metrics: Object.fromEntries(Object.entries(figures).map(([name, figure]) => [`${name}/lifetime`, figure])) } };
      } else if (field === "messages") yield { graph: "private" };
      else yield { graph: "other" };
    }
  }
}

/** Before 12.0 the id stood in `comment_id`. */
function commentOf(value: Json): Json {
  const kept = withoutTokens(value);
  if (!isJson(kept) || kept["id"] !== undefined) return isJson(kept) ? kept : {};
  const { comment_id: id, ...rest } = kept;
  return { id, ...rest };
}

export const instagramShapes: Shapes = { kindOf, edges, inside, webhook };
