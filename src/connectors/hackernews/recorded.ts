import { type Json, isJson } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { splitAnswers } from "../json/split.ts";

const deepest = 60;

/**
 * Splits a recorded file: items of the official API as they came; items and search hits of Algolia's (hn.algolia.com/api, read 2026-11), each in the
 * official form; users. A failed answer is a message too, and so is an id without an item (null).
 */
export function splitRecorded(file: Uint8Array): Iterable<Uint8Array> {
  return splitAnswers(
    file,
    ({ body }) => {
      const found: Json[] = [];
      if (body === null) found.push({ failed: { code: "UPSTREAM_NOT_FOUND", text: "no item" } });
      walk(body, found, 0);
      return found;
    },
    { none: true },
  );
}

function walk(value: unknown, found: Json[], depth: number): void {
  if (depth > deepest) return;
  if (Array.isArray(value)) for (const item of value) walk(item, found, depth + 1);
  else if (isJson(value)) {
    if (isJson(value["item"]) || (typeof value["id"] === "number" && ("time" in value || "deleted" in value || "dead" in value))) found.push(value);
    else if (typeof value["karma"] === "number") found.push({ user: value });
    else if (typeof value["objectID"] === "string" || (typeof value["id"] === "number" && "created_at_i" in value)) {
      found.push(officialOf(value));
      walk(value["children"], found, depth + 1);
    } else for (const inside of Object.values(value)) walk(inside, found, depth + 1);
  }
}

const renamed = new Set(
  "id objectID type author created_at created_at_i updated_at text title url points num_comments parent_id story_id story_text comment_text children options _tags _highlightResult _snippetResult story_title story_url".split(
    " ",
  ),
);

/** Algolia's item or hit in the official form, with the story it stands under. */
function officialOf(hit: Json): Json {
  const tags: readonly unknown[] = Array.isArray(hit["_tags"]) ? hit["_tags"] : [];
  const type = hit["type"] ?? tags.find((tag) => tag === "story" || tag === "comment" || tag === "poll" || tag === "pollopt" || tag === "job");
  const id = Number(hit["objectID"] ?? hit["id"]);
  const item: Record<string, unknown> = { id, type, time: hit["created_at_i"] ?? seconds(hit["created_at"]) };
  const put = (name: string, value: unknown) => {
    if (value !== null && value !== undefined && value !== "") item[name] = value;
  };
  put("by", hit["author"]);
  put("title", hit["title"]);
  put("text", hit["text"] ?? hit["comment_text"] ?? hit["story_text"]);
  put("url", hit["url"]);
  put("score", hit["points"]);
  put("descendants", hit["num_comments"]);
  put("parent", hit["parent_id"]);
  // What was deleted keeps its place, without author and words.
  if (item["by"] === undefined && item["text"] === undefined && item["title"] === undefined) item["deleted"] = true;
  for (const name in hit) if (!renamed.has(name)) put(name, hit[name]);
  return typeof hit["story_id"] === "number" && hit["story_id"] !== id ? { root: hit["story_id"], item } : item;
}

function seconds(date: unknown): number | undefined {
  const at = parseInstant(date);
  return at === undefined ? undefined : at / 1_000;
}
