import { type Json, isJson } from "../json/decode.ts";

/** Something that an answer holds: a thing of Reddit's (kind and data), or another object, as it came. */
export interface Found {
  readonly kind: string | undefined;
  readonly data: Json;
}

/*
 * A listing's children, a page of comments (a pair of listings), what /api/morechildren answers, and whatever hangs below: a comment tree is walked
 * with a list of what is left, not by recursion, since threads go hundreds of replies deep.
 */
export function* thingsIn(answer: unknown): Generator<Found> {
  const left: unknown[] = [answer];
  while (left.length > 0) {
    const value = left.pop();
    if (Array.isArray(value)) {
      for (let i = value.length - 1; i >= 0; i--) left.push(value[i]);
      continue;
    }
    if (!isJson(value)) continue;
    const inner = holderOf(value);
    if (inner !== undefined) {
      left.push(inner);
      continue;
    }
    const { data } = value;
    // What only names a post, as the answer to one that was sent, tells nothing of it.
    const kind = value["kind"] ?? (isJson(data) && ("title" in data || "body" in data) ? kindOfBare(data) : undefined);
    if (typeof kind !== "string" || !isJson(data)) {
      const bare = kindOfBare(value);
      const inside = bare === undefined && kind === undefined ? listingsIn(value) : [];
      if (inside.length > 0) {
        left.push(...inside);
        continue;
      }
      if (bare === "t3") left.push(value["crosspost_parent_list"]);
      else if (bare === "t1") left.push(value["replies"]);
      yield { kind: bare, data: bare === undefined ? value : without(value) };
      continue;
    }
    left.push(data["crosspost_parent_list"], data["replies"]);
    yield { kind, data: without(data) };
  }
}

/** What an object holds that is a list of things; undefined: it is one itself, or none. */
function holderOf(value: Json): unknown {
  const { data } = value;
  const kind = value["kind"] ?? undefined;
  if (isJson(data) && (kind === "Listing" || kind === undefined) && Array.isArray(data["children"])) return data["children"];
  if (kind !== undefined) return undefined;
  // Archives of Reddit answer with the bare objects in a list.
  if (Array.isArray(data)) return data;
  if (isJson(data) && Array.isArray(data["things"])) return data["things"];
  if (isJson(value["json"]) && !hasErrors(value["json"])) return isJson(value["json"]["data"]) ? { data: value["json"]["data"] } : undefined;
  if (Array.isArray(value["things"])) return value["things"];
  if (Array.isArray(value["jquery"])) return value["jquery"];
  return undefined;
}

/** Listings in the fields of an object that is no thing, as a collection's `sorted_links` (reddit.com/dev/api, api/v1/collections, 2026-11). */
function listingsIn(value: Json): readonly Json[] {
  return Object.values(value)
    .filter(isJson)
    .filter((inner) => inner["kind"] === "Listing" && isJson(inner["data"]));
}

export function hasErrors(json: Json): boolean {
  return Array.isArray(json["errors"]) && json["errors"].length > 0;
}

function without(data: Json): Json {
  if (data["replies"] === undefined && data["crosspost_parent_list"] === undefined) return data;
  const { replies: _, crosspost_parent_list: original, ...rest } = data;
  const [first]: unknown[] = Array.isArray(original) ? original : [];
  if (rest["crosspost_parent"] === undefined && isJson(first) && first["name"] !== undefined) return { ...rest, crosspost_parent: first["name"] };
  return rest;
}

/** Objects without their kind: the original of a crosspost, lines of an archive, the account that a token belongs to. */
function kindOfBare(value: Json): string | undefined {
  const { name, id } = value;
  for (const kind of ["t1", "t3"]) if (typeof name === "string" && name.startsWith(`${kind}_`)) return kind;
  if ((typeof id !== "string" && typeof name !== "string") || (value["kind"] ?? undefined) !== undefined) return undefined;
  if (typeof value["title"] === "string" && ("selftext" in value || "num_comments" in value || "is_self" in value)) return "t3";
  if (typeof value["body"] === "string" && ("link_id" in value || "parent_id" in value || ("author" in value && "subreddit" in value))) return "t1";
  if (typeof name === "string" && ("link_karma" in value || "comment_karma" in value || "is_suspended" in value)) return "t2";
  return undefined;
}
