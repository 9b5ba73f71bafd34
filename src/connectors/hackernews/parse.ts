import { EarshotError } from "../../core/errors.ts";
import type { Counts, SourcePost } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeObject, guard, isJson, nameOf } from "../json/decode.ts";
import { readFailure } from "../json/failed-answer.ts";
import { type Mutable, checkId, checkInstant, checkText, softCount, softText, softUrl } from "../json/fields.ts";

/*
 * Raw forms: an item as the API gave it, or {"root": id, "item": that item} where the conversation that a comment belongs to was known; {"user": a user}.
 * Fields: github.com/HackerNews/API (read 2026-11). Edits bear no time; the ledger finds them by their words. Scores come with the item.
 */
export const parseItem: Parse = guard("hackernews", (bytes) => {
  const message = decodeObject(bytes, "item");
  const failure = readFailure(message);
  if (failure !== undefined) return [{ reject: failure }];
  if (message["none"] === true) return [{ drop: "not-an-item" }];
  if (isJson(message["user"])) {
    const id = checkId(message["user"]["id"] ?? missing("user.id"), "user.id");
    return [{ keep: { type: "identity", author: authorOf(id), at: checkInstant(message["user"]["created"], "user.created") } }];
  }
  const item = isJson(message["item"]) ? message["item"] : message;
  const id = itemId(item["id"], "item.id");
  const createdAt = checkInstant(item["time"], "item.time");
  // Killed by readers or moderators: no visitor sees it.
  if (item["deleted"] === true || item["dead"] === true) return [{ keep: { type: "delete", id, at: createdAt } }];
  return [{ keep: { type: "post", post: readPost(item, id, createdAt, message["item"] === item ? message["root"] : undefined) } }];
});

const types = ["story", "comment", "job", "poll", "pollopt"];
const knownFields = new Set(["id", "type", "by", "time", "text", "title", "url", "score", "descendants", "kids", "parent", "poll", "deleted", "dead", "root"]);

function readPost(item: Json, id: string, createdAt: number, root: unknown): SourcePost {
  const type = item["type"];
  if (typeof type !== "string" || !types.includes(type)) throw new EarshotError("FIELD_INVALID", `item.type: expected ${types.join(", ")}, came ${nameOf(type)}`);
  const by = checkId(item["by"] ?? missing("item.by"), "item.by");
  const title = item["title"] === undefined ? undefined : checkText(item["title"], "item.title");
  const text = item["text"] === undefined ? undefined : checkText(item["text"], "item.text");
  if (title === undefined && text === undefined) throw new EarshotError("FIELD_MISSING", "item.text: expected a title or a text, came neither");
  const post: Mutable<SourcePost> = {
    id,
    author: authorOf(by),
    createdAt,
    revision: 0,
    // Titles have references, never markup.
    text: [...(title === undefined ? [] : [`<p>${title.replaceAll("<", "&lt;")}</p>`]), ...(text === undefined ? [] : [text])].join("\n"),
    format: "html",
    visibility: "public",
    languages: ["en"],
    permalink: `https://news.ycombinator.com/item?id=${id}`,
  };
  const parent = item["parent"] ?? item["poll"];
  if (parent !== undefined) post.replyTo = itemId(parent, "item.parent");
  if (root !== undefined) post.root = itemId(root, "root");
  else if (type === "pollopt" && post.replyTo !== undefined) post.root = post.replyTo;
  const url = softUrl(item["url"]);
  if (url !== undefined) post.links = [url];
  const counts = countsOf(item, type);
  if (Object.keys(counts).length > 0) post.counts = counts;
  const extra: Record<string, unknown> = {};
  if (type !== "comment") extra["type"] = type;
  for (const name in item) if (!knownFields.has(name) && item[name] !== null && name !== "__proto__") extra[name] = item[name];
  if (Object.keys(extra).length > 0) post.extra = extra;
  return post;
}

function authorOf(name: string): SourcePost["author"] {
  return { id: name, handle: name, profileUrl: `https://news.ycombinator.com/user?id=${encodeURIComponent(name)}` };
}

/** Answers to a comment are counted one level deep, as nothing else is told. */
function countsOf(item: Json, type: string): Partial<Counts> {
  const likes = softCount(item["score"]);
  const replies = softCount(item["descendants"]) ?? (type === "comment" && Array.isArray(item["kids"]) ? item["kids"].length : undefined);
  return { ...(likes !== undefined && { likes }), ...(replies !== undefined && { replies }) };
}

function missing(where: string): never {
  throw new EarshotError("FIELD_MISSING", `${where}: expected a name, came nothing`);
}

function itemId(value: unknown, where: string): string {
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `${where}: expected a number, came nothing`);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) throw new EarshotError("FIELD_INVALID", `${where}: expected a whole number, came ${nameOf(value)}`);
  return String(value);
}

/** What the reader needs to know of an item. */
export interface ItemHead {
  readonly id: number;
  readonly parent: number | undefined;
  readonly isGone: boolean;
  readonly by: string | undefined;
}

/** Undefined: no item (null, or not what the API gives). */
export function headOf(bytes: Uint8Array): ItemHead | undefined {
  try {
    const message = decodeObject(bytes, "item");
    const item = isJson(message["item"]) ? message["item"] : message;
    const { id, parent, poll } = item;
    if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 1) return undefined;
    const above = typeof parent === "number" ? parent : typeof poll === "number" ? poll : undefined;
    return { id, parent: above, isGone: item["deleted"] === true || item["dead"] === true, by: softText(item["by"]) };
  } catch {
    return undefined;
  }
}

export function rawOf(bytes: Uint8Array, receivedAt: number, root?: number): Raw {
  const head = headOf(bytes);
  if (head === undefined) {
    const [outcome] = parseItem(bytes);
    const user = outcome !== undefined && "keep" in outcome && outcome.keep.type === "identity" ? outcome.keep.author.id : undefined;
    return { key: user, ...(user !== undefined && { actor: user }), bytes, receivedAt };
  }
  const whole = root === undefined || root === head.id ? bytes : Buffer.concat([Buffer.from(`{"root":${root},"item":`), bytes, Buffer.from("}")]);
  return { key: String(head.id), ...(head.by !== undefined && { actor: head.by }), bytes: whole, receivedAt };
}
