import { type Json, isJson } from "../json/decode.ts";
import { idOf, objectsIn } from "./ids.ts";

/*
 * Forms before API v2, brought into its form: statuses and users of v1.1 (tweets of up to 280 characters in `full_text` or `extended_tweet`),
 * results of the enterprise searches, and of the search API of before 2012 (`from_user`). Field names: developer.x.com/en/docs/x-api/v1/data-dictionary.
 */

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** "Wed Aug 27 13:08:45 +0000 2008", or RFC 2822 as the old search had it, to ISO 8601; anything else as it is. */
export function legacyDate(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const parts = /^\w{3} (\w{3}) (\d{2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4}) (\d{4})$/.exec(value);
  const old = parts === null ? /^\w{3}, (\d{1,2}) (\w{3}) (\d{4}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4})$/.exec(value) : null;
  const [month, day, time, zone, year] = parts !== null ? parts.slice(1) : old !== null ? [old[2], old[1]?.padStart(2, "0"), old[4], old[5], old[3]] : [];
  const index = month === undefined ? -1 : months.indexOf(month);
  return index < 0 ? value : `${year}-${String(index + 1).padStart(2, "0")}-${day}T${time}${zone}`;
}

/** A status of v1.1 and its relatives: an id beside a text, and an author in its old form. */
export function isLegacyStatus(value: Json): boolean {
  const hasText = typeof value["text"] === "string" || typeof value["full_text"] === "string";
  if (isLegacyMessage(value)) return false;
  return (
    hasText &&
    (value["id_str"] !== undefined || value["id"] !== undefined) &&
    (value["id_str"] !== undefined || isJson(value["user"]) || typeof value["full_text"] === "string") &&
    value["edit_history_tweet_ids"] === undefined
  );
}

/** A direct message: from one person to another. */
export function isLegacyMessage(value: Json): boolean {
  return value["recipient_id"] !== undefined || value["recipient"] !== undefined || value["sender_id"] !== undefined || isJson(value["message_create"]);
}

export function isLegacyUser(value: Json): boolean {
  return typeof value["screen_name"] === "string" && (value["id_str"] !== undefined || value["id"] !== undefined) && !("text" in value) && !("full_text" in value);
}

/** Fields of a status that the new form holds elsewhere, or that only tell of who asked. */
const replaced = new Set(
  (
    "id id_str text full_text extended_tweet created_at user entities extended_entities display_text_range truncated in_reply_to_status_id in_reply_to_status_id_str " +
    "in_reply_to_user_id in_reply_to_user_id_str in_reply_to_screen_name quoted_status quoted_status_id quoted_status_id_str quoted_status_permalink is_quote_status " +
    "retweeted_status retweet_count favorite_count reply_count quote_count geo coordinates place favorited retweeted contributors lang possibly_sensitive " +
    "from_user from_user_id from_user_id_str from_user_name profile_image_url profile_image_url_https to_user to_user_id to_user_id_str metadata iso_language_code"
  ).split(" "),
);

/** A status as a message of API v2: `{data, includes}`. */
export function messageOfStatus(status: Json): Json {
  const includes: Includes = { users: [], media: [], places: [], tweets: [] };
  const data = tweetOf(status, includes, 0);
  return { data, includes };
}

interface Includes {
  readonly users: Json[];
  readonly media: Json[];
  readonly places: Json[];
  readonly tweets: Json[];
}

function tweetOf(status: Json, includes: Includes, depth: number): Json {
  const long = isJson(status["extended_tweet"]) ? status["extended_tweet"] : {};
  const text = long["full_text"] ?? status["full_text"] ?? status["text"];
  const told = isJson(long["entities"]) ? long["entities"] : isJson(status["entities"]) ? status["entities"] : undefined;
  const extended = isJson(long["extended_entities"]) ? long["extended_entities"] : isJson(status["extended_entities"]) ? status["extended_entities"] : {};
  const user = isJson(status["user"]) ? userOf(status["user"]) : oldAuthor(status);
  if (user !== undefined) includes.users.push(user);
  const data: Record<string, unknown> = { id: status["id_str"] ?? status["id"], text };
  if (user !== undefined) data["author_id"] = user["id"];
  if (status["created_at"] !== undefined) data["created_at"] = legacyDate(status["created_at"]);
  const language = status["lang"] ?? status["iso_language_code"];
  if (language !== undefined) data["lang"] = language;
  if (status["possibly_sensitive"] !== undefined) data["possibly_sensitive"] = status["possibly_sensitive"];
  if (told !== undefined) data["entities"] = entitiesOf(told);
  const media = objectsIn(extended["media"]).length > 0 ? objectsIn(extended["media"]) : objectsIn(told?.["media"]);
  if (media.length > 0) {
    data["attachments"] = { media_keys: media.map((one) => one["id_str"] ?? one["id"]) };
    includes.media.push(...media.map(mediaOf));
  }
  const metrics: Record<string, unknown> = {};
  for (const [name, from] of Object.entries({ retweet_count: "retweet_count", like_count: "favorite_count", reply_count: "reply_count", quote_count: "quote_count" })) {
    if (status[from] !== undefined && status[from] !== null) metrics[name] = status[from];
  }
  if (Object.keys(metrics).length > 0) data["public_metrics"] = metrics;
  relate(status, data, includes, depth);
  placeOf(status, data, includes);
  for (const name in status) if (!replaced.has(name)) data[name] = status[name];
  return data;
}

function relate(status: Json, data: Record<string, unknown>, includes: Includes, depth: number): void {
  const references: Json[] = [];
  const parent = status["in_reply_to_status_id_str"] ?? status["in_reply_to_status_id"];
  if (idOf(parent) !== undefined) references.push({ type: "replied_to", id: parent });
  const recipient = status["in_reply_to_user_id_str"] ?? status["in_reply_to_user_id"] ?? status["to_user_id_str"];
  if (idOf(recipient) !== undefined) data["in_reply_to_user_id"] = String(recipient);
  for (const [type, name] of [
    ["retweeted", "retweeted_status"],
    ["quoted", "quoted_status"],
  ] as const) {
    const inner = status[name];
    // A reshare of a quote bears the quote's own reference beside; it belongs to the shared status.
    const id = isJson(inner) ? (inner["id_str"] ?? inner["id"]) : name === "quoted_status" ? (status["quoted_status_id_str"] ?? status["quoted_status_id"]) : undefined;
    if (idOf(id) === undefined || (type === "quoted" && isJson(status["retweeted_status"]))) continue;
    references.push({ type, id });
    if (isJson(inner) && depth < 2) includes.tweets.push(tweetOf(inner, includes, depth + 1));
  }
  if (references.length > 0) data["referenced_tweets"] = references;
}

function placeOf(status: Json, data: Record<string, unknown>, includes: Includes): void {
  const place = isJson(status["place"]) ? status["place"] : undefined;
  const geo: Record<string, unknown> = {};
  if (isJson(status["coordinates"])) geo["coordinates"] = status["coordinates"];
  if (place !== undefined && place["id"] !== undefined) {
    geo["place_id"] = place["id"];
    const box = isJson(place["bounding_box"]) && Array.isArray(place["bounding_box"]["coordinates"]) ? place["bounding_box"]["coordinates"][0] : undefined;
    const points = Array.isArray(box) ? box.filter((point): point is [number, number] => Array.isArray(point) && typeof point[0] === "number" && typeof point[1] === "number") : [];
    const bbox = points.length === 0 ? undefined : [minOf(points, 0), minOf(points, 1), -minOf(points, 0, -1), -minOf(points, 1, -1)];
    includes.places.push({ id: place["id"], full_name: place["full_name"], country_code: place["country_code"], ...(bbox && { geo: { bbox } }) });
  }
  if (Object.keys(geo).length > 0) data["geo"] = geo;
}

function minOf(points: readonly (readonly [number, number])[], index: 0 | 1, sign = 1): number {
  return points.reduce((least, point) => Math.min(least, point[index] * sign), Number.POSITIVE_INFINITY);
}

function entitiesOf(entities: Json): Json {
  const put = (list: unknown, names: Readonly<Record<string, string>>): Json[] =>
    objectsIn(list).map((one) => {
      const indices: unknown[] = Array.isArray(one["indices"]) ? one["indices"] : [];
      const made: Record<string, unknown> = { start: indices[0], end: indices[1] };
      for (const name in one) if (name !== "indices" && names[name] !== "") made[names[name] ?? name] = one[name];
      return made;
    });
  const urls = put(entities["urls"], { unwound: "" }).map((url, index) => {
    const unwound = objectsIn(entities["urls"])[index]?.["unwound"];
    return isJson(unwound) ? { ...url, unwound_url: unwound["url"], title: unwound["title"], description: unwound["description"] } : url;
  });
  const media = put(entities["media"], {}).map(({ start, end, url, expanded_url, display_url }) => ({ start, end, url, expanded_url, display_url }));
  return {
    ...(entities["symbols"] !== undefined && objectsIn(entities["symbols"]).length > 0 && { cashtags: put(entities["symbols"], { text: "tag" }) }),
    urls: [...urls, ...media],
    hashtags: put(entities["hashtags"], { text: "tag" }),
    mentions: put(entities["user_mentions"], { screen_name: "username", id_str: "id" }),
  };
}

function mediaOf(media: Json): Json {
  const info = isJson(media["video_info"]) ? media["video_info"] : {};
  const photo = media["media_url_https"] ?? media["media_url"];
  return {
    media_key: media["id_str"] ?? media["id"],
    type: media["type"],
    ...(media["type"] === "photo" ? { url: photo } : { preview_image_url: photo }),
    alt_text: media["ext_alt_text"],
    variants: objectsIn(info["variants"]).map((variant) => ({ url: variant["url"], content_type: variant["content_type"], bit_rate: variant["bitrate"] })),
  };
}

export function userOf(user: Json): Json {
  return {
    id: user["id_str"] ?? user["id"],
    username: user["screen_name"],
    name: user["name"],
    profile_image_url: user["profile_image_url_https"] ?? user["profile_image_url"],
    protected: user["protected"],
    verified: user["verified"],
    created_at: legacyDate(user["created_at"]),
    public_metrics: { followers_count: user["followers_count"], following_count: user["friends_count"], tweet_count: user["statuses_count"], listed_count: user["listed_count"] },
  };
}

function oldAuthor(status: Json): Json | undefined {
  const id = status["from_user_id_str"] ?? status["from_user_id"];
  if (idOf(id) === undefined) return undefined;
  return { id, username: status["from_user"], name: status["from_user_name"], profile_image_url: status["profile_image_url_https"] ?? status["profile_image_url"] };
}
