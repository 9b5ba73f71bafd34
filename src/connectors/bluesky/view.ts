import { EarshotError } from "../../core/errors.ts";
import type { Counts, Outcome, SourceAuthor, SourceEvent, SourcePost } from "../../core/event.ts";
import { type Json, isJson } from "../json/decode.ts";
import { type Mutable, checkInstant, checkText, parseInstant, softCount, softText, softUrl } from "../json/fields.ts";
import { postUri, readRecord } from "./record.ts";

const postAddress = /^at:\/\/(did:[a-z]+:[A-Za-z0-9._:%-]{1,2000})\/app\.bsky\.feed\.post\/([A-Za-z0-9._:~-]{1,512})$/;
const labelsThatHide = new Set(["!takedown", "!hide"]);

/**
 * A post as the application's API shows it (lexicons app.bsky.feed.defs#postView and app.bsky.embed.record#viewRecord), with its author and counts.
 * A moderation label that takes it down deletes it (lexicon com.atproto.label.defs).
 */
export function readView(view: Json, simulated: boolean): Outcome<SourceEvent> {
  const [uri, did, rkey] = postAddress.exec(typeof view["uri"] === "string" ? view["uri"] : "") ?? [];
  if (uri === undefined || did === undefined) throw new EarshotError(view["uri"] === undefined ? "FIELD_MISSING" : "FIELD_INVALID", "view.uri: expected the at:// uri of a post");
  const record = isJson(view["record"]) ? view["record"] : view["value"];
  if (!isJson(record)) throw new EarshotError("FIELD_MISSING", "view.record: expected an object");
  const indexedAt = parseInstant(view["indexedAt"]);
  const labels = labelsOf(view["labels"]);
  const createdAt = checkInstant(record["createdAt"] ?? view["indexedAt"], "record.createdAt", indexedAt);
  if (labels.includes("!takedown")) return { keep: { type: "delete", id: uri, at: indexedAt ?? createdAt } };
  const post: Mutable<SourcePost> = {
    id: uri,
    author: readProfileView(isJson(view["author"]) ? { ...view["author"], did } : { did }, simulated),
    createdAt,
    revision: 0,
    text: checkText(record["text"] ?? "", "record.text"),
    format: "text",
    visibility: "public",
  };
  if (!simulated) post.permalink = `https://bsky.app/profile/${did}/post/${rkey}`;
  readRecord(post, record, did);
  const counts = countsOf(view);
  if (Object.keys(counts).length > 0) post.counts = counts;
  if (labels.some((label) => !label.startsWith("!") || labelsThatHide.has(label) || label === "!warn")) post.sensitive = true;
  const extra: Record<string, unknown> = { ...post.extra };
  for (const name of ["quoteCount", "bookmarkCount"]) if (softCount(view[name]) !== undefined) extra[name] = view[name];
  if (labels.length > 0) extra["labels"] = [...new Set([...(Array.isArray(extra["labels"]) ? extra["labels"] : []), ...labels])];
  for (const name in view) if (!knownFields.has(name) && view[name] !== null && !isEmpty(view[name])) extra[name] = view[name];
  if (Object.keys(extra).length > 0) post.extra = extra;
  return { keep: { type: "post", post } };
}

/** What becomes a field of the post, and what tells of who asked (viewer, threadgate) or shows the embedded record again (embed, embeds). */
const knownFields = new Set(
  "$type uri cid author record value indexedAt labels likeCount repostCount replyCount quoteCount bookmarkCount embed embeds viewer threadgate debug".split(" "),
);

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function countsOf(view: Json): Partial<Counts> {
  const [likes, shares, replies] = [softCount(view["likeCount"]), softCount(view["repostCount"]), softCount(view["replyCount"])];
  return { ...(likes !== undefined && { likes }), ...(shares !== undefined && { shares }), ...(replies !== undefined && { replies }) };
}

function labelsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  return value
    .flatMap((label: unknown) => (isJson(label) && label["neg"] !== true && typeof label["val"] === "string" && label["val"].isWellFormed() ? [label["val"]] : []))
    .slice(0, 100);
}

/** An account as the API shows it (lexicon app.bsky.actor.defs); `did` was checked. */
export function readProfileView(profile: Json & { readonly did: string }, simulated: boolean): SourceAuthor {
  const { did } = profile;
  const author: Mutable<SourceAuthor> = simulated ? { id: did } : { id: did, profileUrl: `https://bsky.app/profile/${did}` };
  const handle = softText(profile["handle"]);
  // The handle of an account whose domain no longer names it.
  if (handle !== undefined && handle.length <= 253 && handle !== "handle.invalid") author.handle = handle;
  const name = softText(profile["displayName"]);
  if (name !== undefined) author.name = name;
  const avatar = softUrl(profile["avatar"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  const followers = softCount(profile["followersCount"]);
  if (followers !== undefined) author.followers = followers;
  if (labelsOf(profile["labels"]).includes("bot")) author.bot = true;
  return author;
}

/** A label of a moderation service: a takedown is followed (a post's, or an account's whole), any other is a service's opinion. */
export function readLabel(label: Json): Outcome<SourceEvent> {
  const at = checkInstant(label["cts"], "label.cts");
  if (label["val"] !== "!takedown") return { drop: "label" };
  if (label["neg"] === true) return { drop: "label-withdrawn" };
  const id = postUri(label);
  if (id !== undefined) return { keep: { type: "delete", id, at } };
  const { uri } = label;
  if (typeof uri === "string" && /^did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}$/.test(uri)) return { keep: { type: "erase", author: uri, reason: "platform-takedown", at } };
  return { drop: "label-of-no-post" };
}
