import { EarshotError } from "../../core/errors.ts";
import type { Counts, SourceMedia, SourcePost } from "../../core/event.ts";
import { type Json, isJson, nameOf } from "../json/decode.ts";
import { type Mutable, checkInstant, checkText, parseInstant, softCount, softText, softUrl } from "../json/fields.ts";
import { historyOf, idInstant, idOf, nativeIdOf, objectsIn } from "./ids.ts";
import { type ReadText, readText } from "./text.ts";
import { extraOfUser, readUser } from "./user.ts";

/** Fields that become common ones; the rest goes to `extra` as it is. */
const knownFields = new Set(
  (
    "id text author_id created_at lang conversation_id referenced_tweets public_metrics entities attachments geo possibly_sensitive note_tweet " +
    "edit_history_tweet_ids display_text_range username author in_reply_to_user"
  ).split(" "),
);
const mostItems = 100;
/** X's own language tags: art, qam … say that a text has no words (docs.x.com/x-api/fundamentals/rules-and-filtering, lang:, 2026-11). */
const noLanguages = new Set(["und", "zxx", "art", "qam", "qct", "qht", "qme", "qst"]);
const earliestMs = Date.UTC(2006, 2, 1);

/** The objects that come beside a post, by id. */
interface Beside {
  readonly users: readonly Json[];
  readonly media: readonly Json[];
  readonly places: readonly Json[];
  readonly polls: readonly Json[];
  readonly tweets: readonly Json[];
}

/**
 * A post of API v2 with what its expansions brought along. Its id is that of the first version, so that edits are revisions of one post.
 * Where no author is told (a request without author_id), the author is one of its own, `unknown:<post id>`: a common placeholder would make strangers
 * one person, and an erasure of one would take all.
 */
export function readTweet(message: Json): SourcePost {
  const tweet = isJson(message["data"]) ? message["data"] : {};
  const id = nativeIdOf(tweet);
  const own = idOf(tweet["id"]);
  if (id === undefined || own === undefined)
    throw new EarshotError(tweet["id"] === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `post.id: expected digits, came ${nameOf(tweet["id"])}`);
  const beside = besideOf(message["includes"]);
  const extra: Record<string, unknown> = {};
  const authorId = idOf(tweet["author_id"]);
  const user = authorId === undefined ? undefined : beside.users.find((one) => idOf(one["id"]) === authorId);
  const username = softText(tweet["username"]);
  const shownHandle = username !== undefined && username.length <= 100 ? username : undefined;
  const times = timesOf(tweet, id, own, extra);
  const read = textOf(tweet, beside);
  const post: Mutable<SourcePost> = {
    id,
    author:
      user !== undefined && authorId !== undefined ? readUser(user, authorId) : { id: authorId ?? `unknown:${id}`, ...(shownHandle !== undefined && { handle: shownHandle }) },
    createdAt: times.createdAt,
    revision: Math.max(0, historyOf(tweet).indexOf(own)),
    text: read.text,
    format: "text",
    visibility: user?.["protected"] === true ? "private" : "public",
  };
  if (times.editedAt !== undefined) post.editedAt = times.editedAt;
  const { handle } = post.author;
  post.permalink = `https://x.com/${handle === undefined ? "i/web" : encodeURIComponent(handle)}/status/${own}`;
  if (read.spans.length > 0) post.spans = read.spans;
  if (read.links.length > 0) post.links = read.links;
  if (read.hashtags.length > 0) post.hashtags = read.hashtags;
  const language = softText(tweet["lang"]);
  if (language !== undefined && language.length <= 35) {
    if (noLanguages.has(language)) extra["lang"] = language;
    else post.languages = [language];
  }
  relate(post, tweet, own, beside);
  readCounts(post, tweet["public_metrics"], extra);
  readMedia(post, tweet, beside, extra);
  readPlace(post, tweet["geo"], beside.places, extra);
  if (typeof tweet["possibly_sensitive"] === "boolean" && tweet["possibly_sensitive"]) post.sensitive = true;
  if (own !== id) extra["id"] = own;
  if (historyOf(tweet).length > 1) extra["edit_history_tweet_ids"] = tweet["edit_history_tweet_ids"];
  const author = user === undefined ? undefined : extraOfUser(user);
  if (author !== undefined) extra["author"] = author;
  if (isJson(tweet["entities"])) keepEntities(tweet["entities"], extra);
  for (const name in tweet) if (!knownFields.has(name) && tweet[name] !== null) extra[name] = tweet[name];
  for (const name in message) if (name !== "data" && name !== "includes" && name !== "told" && message[name] !== null) extra[name] = message[name];
  for (const _ in extra) {
    post.extra = extra;
    break;
  }
  return post;
}

function besideOf(includes: unknown): Beside {
  const all = isJson(includes) ? includes : {};
  return { users: objectsIn(all["users"]), media: objectsIn(all["media"]), places: objectsIn(all["places"]), polls: objectsIn(all["polls"]), tweets: objectsIn(all["tweets"]) };
}

/** `created_at` is that of the version; the first one's time stands in its id. Absent or no date: the id's. */
function timesOf(tweet: Json, id: string, own: string, extra: Record<string, unknown>): { readonly createdAt: number; readonly editedAt?: number } {
  const told = tweet["created_at"];
  const read = parseInstant(told);
  const believed = read !== undefined && read >= earliestMs && read < Date.UTC(2100, 0, 1) ? read : undefined;
  const at = believed ?? idInstant(own);
  if (at === undefined) {
    checkInstant(told, "post.created_at");
    throw new EarshotError("DATE_INVALID", "post.created_at: expected a date from 2006 to tomorrow");
  }
  if (believed === undefined && told !== undefined && told !== null) extra["created_at"] = told;
  if (own === id) return { createdAt: at };
  return { createdAt: idInstant(id) ?? at, editedAt: at };
}

/** The whole text: of a long post its note, of a reshare that of the shared post where it came along. */
function textOf(tweet: Json, beside: Beside): ReadText {
  const userId = (username: string) =>
    beside.users.map((user) => (softText(user["username"])?.toLowerCase() === username ? idOf(user["id"]) : undefined)).find((one) => one !== undefined);
  const note = isJson(tweet["note_tweet"]) && typeof tweet["note_tweet"]["text"] === "string" ? tweet["note_tweet"] : undefined;
  const entities = note ? note["entities"] : tweet["entities"];
  const own = readText(checkText(note?.["text"] ?? tweet["text"], "post.text"), isJson(entities) ? entities : {}, userId);
  const prefix = /^RT @\w{1,50}: /u.exec(own.text)?.[0];
  const shared = prefix === undefined ? undefined : referred(tweet, "retweeted", beside.tweets);
  if (prefix === undefined || shared === undefined || typeof shared["text"] !== "string") return own;
  const whole = textOf({ ...shared, referenced_tweets: null }, beside);
  if (whole.text.length <= own.text.length - prefix.length - 1) return own;
  const before = own.spans.filter((span) => span.end <= prefix.length);
  const after = whole.spans.map((span) => ({ ...span, start: span.start + prefix.length, end: span.end + prefix.length }));
  return { text: prefix + whole.text, spans: [...before, ...after], links: whole.links, hashtags: whole.hashtags };
}

function referred(tweet: Json, type: string, tweets: readonly Json[]): Json | undefined {
  const id = idOf(objectsIn(tweet["referenced_tweets"]).find((one) => one["type"] === type)?.["id"]);
  return id === undefined ? undefined : tweets.find((one) => idOf(one["id"]) === id);
}

function relate(post: Mutable<SourcePost>, tweet: Json, own: string, beside: Beside): void {
  for (const reference of objectsIn(tweet["referenced_tweets"]).slice(0, mostItems)) {
    const told = idOf(reference["id"]);
    if (told === undefined) continue;
    const included = beside.tweets.find((one) => idOf(one["id"]) === told);
    const id = (included && nativeIdOf(included)) ?? told;
    if (reference["type"] === "replied_to") post.replyTo = id;
    else if (reference["type"] === "retweeted") post.reshareOf = id;
    else if (reference["type"] === "quoted") post.quoteOf = id;
  }
  const root = idOf(tweet["conversation_id"]);
  if (root !== undefined && root !== own && root !== post.id) post.root = root;
}

/** A reshare repeats the figure of shares of the post that it shares: counted there, kept in `extra` here. */
function readCounts(post: Mutable<SourcePost>, metrics: unknown, extra: Record<string, unknown>): void {
  if (!isJson(metrics)) return;
  const counts: Partial<Mutable<Counts>> = {};
  const rest: Record<string, unknown> = {};
  let some = false;
  for (const name in metrics) {
    const field = countFields[name];
    const count = softCount(metrics[name]);
    if (field !== undefined && count !== undefined && !(field === "shares" && post.reshareOf !== undefined)) {
      counts[field] = count;
      some = true;
    } else rest[name] = metrics[name];
  }
  if (some) post.counts = counts;
  for (const _ in rest) {
    extra["public_metrics"] = rest;
    break;
  }
}

const countFields: Readonly<Record<string, keyof Counts>> = { like_count: "likes", retweet_count: "shares", reply_count: "replies", impression_count: "views" };

function readMedia(post: Mutable<SourcePost>, tweet: Json, beside: Beside, extra: Record<string, unknown>): void {
  const attachments = isJson(tweet["attachments"]) ? tweet["attachments"] : {};
  const media: SourceMedia[] = [];
  const missing: unknown[] = [];
  const keys = Array.isArray(attachments["media_keys"]) ? attachments["media_keys"].slice(0, mostItems) : [];
  for (const key of keys) {
    const one = beside.media.find((candidate) => candidate["media_key"] === key);
    if (one === undefined) missing.push(key);
    else media.push(mediaOf(one));
  }
  const polls = beside.polls.filter((poll) => Array.isArray(attachments["poll_ids"]) && attachments["poll_ids"].includes(poll["id"]));
  if (polls.length > 0) extra["polls"] = polls;
  const rest: Record<string, unknown> = missing.length > 0 ? { media_keys: missing } : {};
  for (const name in attachments) if (name !== "media_keys" && !(name === "poll_ids" && polls.length > 0)) rest[name] = attachments[name];
  for (const _ in rest) {
    extra["attachments"] = rest;
    break;
  }
  for (const url of objectsIn(isJson(tweet["entities"]) ? tweet["entities"]["urls"] : undefined).slice(0, mostItems)) {
    const title = softText(url["title"]);
    const target = softUrl(url["unwound_url"]) ?? softUrl(url["expanded_url"]);
    if (title !== undefined && target !== undefined) media.push({ kind: "link", url: target, alt: title });
  }
  if (media.length > 0) post.media = media;
}

function mediaOf(media: Json): SourceMedia {
  const type = media["type"];
  const item: Mutable<SourceMedia> = { kind: type === "photo" ? "image" : type === "video" || type === "animated_gif" ? "video" : "other" };
  const variants = objectsIn(media["variants"]).filter((variant) => softUrl(variant["url"]) !== undefined);
  const best = variants.toSorted((a, b) => (softCount(b["bit_rate"]) ?? -1) - (softCount(a["bit_rate"]) ?? -1))[0];
  const url = softUrl(media["url"]) ?? softUrl(best?.["url"]) ?? softUrl(media["preview_image_url"]);
  if (url !== undefined) item.url = url;
  const alt = softText(media["alt_text"]);
  if (alt !== undefined) item.alt = alt;
  const mime = softText(best?.["content_type"]);
  if (mime !== undefined && mime.length <= 100 && url === best?.["url"]) item.mimeType = mime;
  return item;
}

function readPlace(post: Mutable<SourcePost>, geo: unknown, places: readonly Json[], extra: Record<string, unknown>): void {
  if (!isJson(geo)) return;
  const place = places.find((one) => one["id"] === geo["place_id"] && one["id"] !== undefined);
  const read: { name?: string; countryCode?: string; latitude?: number; longitude?: number } = {};
  const name = softText(place?.["full_name"]) ?? softText(place?.["name"]);
  if (name !== undefined && name.length <= 1_000) read.name = name;
  const country = place?.["country_code"];
  if (typeof country === "string" && /^[A-Za-z]{2}$/.test(country)) read.countryCode = country;
  const point = pointOf(geo["coordinates"]) ?? middleOf(place?.["geo"]);
  if (point !== undefined) [read.longitude, read.latitude] = point;
  if (Object.keys(read).length > 0) post.place = read;
  if (place === undefined) extra["geo"] = geo;
}

/** GeoJSON: longitude first. */
function pointOf(value: unknown): [number, number] | undefined {
  const list: unknown = isJson(value) ? value["coordinates"] : undefined;
  if (!Array.isArray(list)) return undefined;
  const [longitude, latitude]: unknown[] = list;
  return typeof longitude === "number" && typeof latitude === "number" && Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90 ? [longitude, latitude] : undefined;
}

function middleOf(geo: unknown): [number, number] | undefined {
  const box: unknown = isJson(geo) ? geo["bbox"] : undefined;
  if (!Array.isArray(box) || box.length !== 4) return undefined;
  const [west, south, east, north]: unknown[] = box;
  if (typeof west !== "number" || typeof south !== "number" || typeof east !== "number" || typeof north !== "number") return undefined;
  return pointOf({ coordinates: [(west + east) / 2, (south + north) / 2] });
}

/** What entities say beyond the common fields: cashtags, annotations, what X read of linked pages. */
function keepEntities(entities: Json, extra: Record<string, unknown>): void {
  const rest: Record<string, unknown> = {};
  for (const name in entities) if (name !== "urls" && name !== "hashtags" && name !== "mentions") rest[name] = entities[name];
  const told = objectsIn(entities["urls"]).filter((url) => url["title"] !== undefined || url["unwound_url"] !== undefined || url["description"] !== undefined);
  if (told.length > 0) rest["urls"] = told;
  for (const _ in rest) {
    extra["entities"] = rest;
    break;
  }
}

/** The time of a message that has none: that of its answer, of the ids in it, or the platform's first day. */
export function timeOf(told: unknown, ...others: readonly unknown[]): number {
  for (const value of [isJson(told) ? told["at"] : undefined, ...others]) {
    const at = parseInstant(value);
    if (at !== undefined && at >= earliestMs && at < Date.UTC(2100, 0, 1)) return at;
  }
  return earliestMs;
}
