import { EarshotError, isErrorCode } from "../../core/errors.ts";
import type { Counts, Outcome, SourceAuthor, SourceEvent, SourcePost } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeObject, guard, isJson, nameOf } from "../json/decode.ts";
import { type Mutable, checkId, checkInstant, checkText, softText, softUrl } from "../json/fields.ts";

/** Common fields that a line may carry, and the names they are looked for under, in this order. */
export const fieldNames = {
  id: ["id", "id_str", "post_id", "postId", "tweet_id", "status_id", "message_id", "uri"],
  platform: ["platform", "network"],
  text: ["text", "full_text", "content", "body", "message", "tweet", "selftext"],
  author: ["author", "user", "account", "author_id", "authorId", "user_id", "username", "screen_name", "handle"],
  createdAt: ["createdAt", "created_at", "date", "datetime", "timestamp", "time", "created_utc", "published_at", "publishedAt"],
  editedAt: ["editedAt", "edited_at"],
  language: ["language", "lang"],
  url: ["url", "permalink", "link"],
  replyTo: ["replyTo", "reply_to", "in_reply_to_id", "in_reply_to_status_id_str", "in_reply_to_status_id", "parent_id"],
  root: ["root", "conversation_id", "thread_id"],
  reshareOf: ["reshareOf", "repost_of", "retweet_of"],
  quoteOf: ["quoteOf", "quote_of", "quoted_status_id_str"],
  likes: ["likes", "like_count", "favorite_count", "favourites_count", "favorites"],
  shares: ["shares", "share_count", "retweet_count", "repost_count", "reblogs_count", "retweets", "reposts"],
  replies: ["replies", "reply_count", "replies_count", "num_comments", "comments"],
  views: ["views", "view_count", "impression_count"],
  format: ["format"],
  visibility: ["visibility"],
  sensitive: ["sensitive", "possibly_sensitive"],
  hashtags: ["hashtags", "tags"],
  country: ["country", "countryCode", "country_code"],
} as const;

export type FieldName = keyof typeof fieldNames;

export interface ImportShape {
  /** Names of the lines' own, by common field; a field that is not given is looked for under its usual names. */
  readonly fields: Readonly<Partial<Record<FieldName, string>>>;
  /** Milliseconds UTC for lines without a date; absent: such lines are rejected. */
  readonly createdAt?: number;
  readonly language?: string;
}

export const plainShape: ImportShape = { fields: {} };

/** Parses lines of `POST /import` and of imported files: one JSON object a line. */
export function importLineParser(shape: ImportShape = plainShape): Parse {
  const names = namesOf(shape);
  return guard("import", (bytes) => [readLine(decodeObject(bytes, "line"), names, shape)]);
}

/** Where a line belongs: its key and actor as a raw message's, and the platform that it names; empty for an unreadable line. */
export function importLineKey(shape: ImportShape = plainShape): (bytes: Uint8Array) => Pick<Raw, "key" | "actor"> & { readonly platform?: string } {
  const names = namesOf(shape);
  return (bytes) => {
    try {
      const line = decodeObject(bytes, "line");
      const id = readLineId(line, names);
      const actor = readAuthor(find(line, names.author), id).id;
      const platform = find(line, names.platform);
      return { key: id, actor, ...(typeof platform === "string" && /^[a-z0-9][a-z0-9-]{0,62}$/.test(platform) && { platform }) };
    } catch {
      return { key: undefined };
    }
  };
}

type Names = Readonly<Record<FieldName, readonly string[]>>;

function namesOf(shape: ImportShape): Names {
  const given = (name: FieldName): readonly string[] => {
    const own = shape.fields[name];
    return own === undefined ? fieldNames[name] : [own];
  };
  return {
    id: given("id"),
    platform: given("platform"),
    text: given("text"),
    author: given("author"),
    createdAt: given("createdAt"),
    editedAt: given("editedAt"),
    language: given("language"),
    url: given("url"),
    replyTo: given("replyTo"),
    root: given("root"),
    reshareOf: given("reshareOf"),
    quoteOf: given("quoteOf"),
    likes: given("likes"),
    shares: given("shares"),
    replies: given("replies"),
    views: given("views"),
    format: given("format"),
    visibility: given("visibility"),
    sensitive: given("sensitive"),
    hashtags: given("hashtags"),
    country: given("country"),
  };
}

function find(line: Json, names: readonly string[]): unknown {
  for (const name of names) if (Object.hasOwn(line, name) && line[name] !== null && line[name] !== "") return line[name];
  return undefined;
}

function readLine(line: Json, names: Names, shape: ImportShape): Outcome<SourceEvent> {
  if (line["$rejected"] !== undefined) {
    const code = isErrorCode(line["$rejected"]) ? line["$rejected"] : "FIELD_INVALID";
    return { reject: new EarshotError(code, `line: ${softText(line["reason"]) ?? "unreadable"}`) };
  }
  const id = readLineId(line, names);
  if (line["deleted"] === true) {
    const author = find(line, names.author);
    const at = checkInstant(find(line, names.createdAt) ?? shape.createdAt, "line.createdAt");
    return { keep: { type: "delete", id, at, ...(author !== undefined && { by: readAuthor(author, id).id }) } };
  }
  const platform = find(line, names.platform);
  if (platform !== undefined && (typeof platform !== "string" || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(platform))) {
    throw new EarshotError("FIELD_INVALID", "line.platform: expected small letters, digits and hyphens");
  }
  const format = find(line, names.format);
  if (format !== undefined && format !== "text" && format !== "html") throw new EarshotError("FIELD_INVALID", "line.format: expected text or html");
  const post: Mutable<SourcePost> = {
    id,
    author: readAuthor(find(line, names.author), id),
    createdAt: checkInstant(find(line, names.createdAt) ?? shape.createdAt, "line.createdAt"),
    revision: 0,
    text: checkText(textOf(line, names), "line.text"),
    format: format ?? "text",
    visibility: readVisibility(find(line, names.visibility)),
  };
  const edited = find(line, names.editedAt);
  if (edited !== undefined) {
    post.editedAt = checkInstant(edited, "line.editedAt");
    post.revision = post.editedAt;
  }
  const language = find(line, names.language) ?? shape.language;
  if (typeof language === "string" && /^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*$/.test(language)) post.languages = [language.replaceAll("_", "-")];
  const url = softUrl(find(line, names.url));
  if (url !== undefined) post.permalink = url;
  for (const reference of ["replyTo", "root", "reshareOf", "quoteOf"] as const) {
    const value = find(line, names[reference]);
    if (value !== undefined) post[reference] = idOf(value, `line.${reference}`);
  }
  const counts = readCounts(line, names);
  if (counts) post.counts = counts;
  const sensitive = find(line, names.sensitive);
  if (sensitive === true || sensitive === "true") post.sensitive = true;
  const hashtags = find(line, names.hashtags);
  if (Array.isArray(hashtags)) {
    const tags = hashtags.map((tag: unknown) => softText(isJson(tag) ? (tag["name"] ?? tag["text"]) : tag)).filter((tag) => tag !== undefined);
    if (tags.length > 0) post.hashtags = tags.slice(0, 500).map((tag) => tag.replace(/^#/, ""));
  }
  const country = find(line, names.country);
  if (typeof country === "string" && /^[A-Za-z]{2}$/.test(country)) post.place = { countryCode: country.toLowerCase() };
  const extra = readExtra(line, names);
  if (extra) post.extra = extra;
  return { keep: { type: "post", post } };
}

/** An empty text is a text (a reshare, a picture); a missing one is a fault. */
function textOf(line: Json, names: Names): unknown {
  const found = find(line, names.text);
  return found ?? names.text.map((name) => line[name]).find((value) => value === "");
}

function readLineId(line: Json, names: Names): string {
  const id = find(line, names.id);
  if (id === undefined) throw new EarshotError("FIELD_MISSING", "line.id: expected an id, came nothing");
  return idOf(id, "line.id");
}

function idOf(value: unknown, where: string): string {
  if (typeof value !== "number") return checkId(value, where);
  if (!Number.isSafeInteger(value)) throw new EarshotError("FIELD_INVALID", `${where}: expected a string, came a number too large to be kept exactly`);
  return String(value);
}

/** A name, a number, or an object. Without an author each post has one of its own: nothing joins what nobody joined. */
function readAuthor(value: unknown, postId: string): SourceAuthor {
  if (value === undefined) return { id: `unknown:${postId}` };
  if (typeof value === "string") {
    const name = value.trim().replace(/^@/, "");
    if (name === "" || name.length > 512 || !name.isWellFormed()) throw new EarshotError("FIELD_INVALID", "line.author: expected a name of 1 to 512 characters");
    return { id: checkText(name, "line.author"), handle: checkText(name, "line.author") };
  }
  if (typeof value === "number") return { id: idOf(value, "line.author") };
  if (!isJson(value)) throw new EarshotError("FIELD_INVALID", `line.author: expected a name or an object, came ${nameOf(value)}`);
  const handle = softText(value["handle"] ?? value["username"] ?? value["screen_name"] ?? value["acct"])?.replace(/^@/, "");
  const id = value["id"] ?? value["id_str"] ?? value["did"] ?? handle ?? value["name"];
  if (id === undefined || id === null) throw new EarshotError("FIELD_MISSING", "line.author.id: expected an id, came nothing");
  const author: Mutable<SourceAuthor> = { id: typeof id === "string" && id === handle ? handle : idOf(id, "line.author.id") };
  if (handle) author.handle = handle;
  const name = softText(value["name"] ?? value["display_name"]);
  if (name) author.name = name;
  const profileUrl = softUrl(value["url"] ?? value["profileUrl"]);
  if (profileUrl) author.profileUrl = profileUrl;
  const followers = value["followers"] ?? value["followers_count"];
  if (typeof followers === "number" && Number.isSafeInteger(followers) && followers >= 0) author.followers = followers;
  return author;
}

function readVisibility(value: unknown): SourcePost["visibility"] {
  if (value === undefined || value === "public") return "public";
  return value === "unlisted" ? "unlisted" : "private";
}

/** Whoever imports gets an answer, so a count that is none is refused, not left out. */
function readCounts(line: Json, names: Names): Partial<Counts> | undefined {
  const counts: Partial<Mutable<Counts>> = {};
  let any = false;
  for (const name of ["likes", "shares", "replies", "views"] as const) {
    const value = find(line, names[name]);
    if (value === undefined || Array.isArray(value)) continue;
    const count = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
    if (typeof count !== "number" || !Number.isSafeInteger(count) || count < 0) throw new EarshotError("FIELD_INVALID", `line.${name}: expected a whole number from 0 to 2^53 - 1`);
    counts[name] = count;
    any = true;
  }
  return any ? counts : undefined;
}

function readExtra(line: Json, names: Names): Record<string, unknown> | undefined {
  let extra: Record<string, unknown> | undefined;
  const lists = Object.values(names);
  for (const name in line) {
    if (line[name] === null || line[name] === "") continue;
    if (lists.some((list) => list.includes(name) && find(line, list) === line[name])) continue;
    (extra ??= {})[name] = line[name];
  }
  return extra;
}
