import { type Json, isJson } from "../json/decode.ts";
import { bundleIn } from "./bundles.ts";
import { complianceIn, isJobLine } from "./compliance.ts";
import { idOf, objectsIn } from "./ids.ts";
import { isLegacyMessage, isLegacyStatus, isLegacyUser } from "./legacy.ts";
import { isProblem, problemsIn } from "./problem.ts";

/** What is known of the answer that a body came in. */
export interface Answer {
  readonly method?: string;
  readonly url?: string;
  readonly status?: number;
  /** When it came, milliseconds UTC. */
  readonly at?: number;
}

const deepest = 12;

/**
 * A body of any endpoint as messages that stand for themselves, each for one post, account, count, deletion or failure: a post of v2 with those of the
 * objects beside it that belong to it, the posts that came along as messages of their own, statuses of v1.1 as they are.
 */
export function messagesIn(body: unknown, answer: Answer = {}): readonly Json[] {
  const messages: Json[] = [];
  collect(body, answer, messages, 0);
  return messages;
}

function collect(value: unknown, answer: Answer, out: Json[], depth: number): void {
  if (Array.isArray(value)) {
    if (depth < deepest) for (const item of value) collect(item, answer, out, depth + 1);
    return;
  }
  if (!isJson(value)) {
    if (typeof value === "string" && value.trim() !== "") out.push({ failure: { ...statusOf(answer), body: "text" } });
    return;
  }
  if (answer.status !== undefined && answer.status >= 400) {
    for (const problem of problemsIn(value)) out.push(failure(problem, answer));
    return;
  }
  if ("data" in value || "includes" in value) collectV2(value, answer, out);
  else collectOther(value, answer, out, depth);
}

function collectOther(value: Json, answer: Answer, out: Json[], depth: number): void {
  const told = toldBy(answer);
  if (isLegacyStatus(value)) {
    collectStatus(value, out, 0);
    if (/\/statuses\/destroy\//.test(answer.url ?? "")) out.push({ delete: { status: { id: value["id_str"] ?? value["id"] } }, ...told });
    return;
  }
  // Notices of the user streams of v1.1 (favorite, quoted_tweet, …) hold the post that they speak of.
  if (typeof value["event"] === "string" && isJson(value["target_object"]) && depth < deepest) {
    collect(value["target_object"], answer, out, depth + 1);
    return;
  }
  const bundle = bundleIn(value);
  if (bundle !== undefined && depth < deepest) {
    for (const item of bundle) collect(item, answer, out, depth + 1);
    return;
  }
  const lists = ["statuses", "results", "users", "modules"].filter((name) => Array.isArray(value[name]));
  if (lists.length > 0 && depth < deepest) {
    for (const name of lists) collect(value[name], answer, out, depth + 1);
    return;
  }
  if (isLegacyUser(value)) {
    out.push({ ...value, ...told });
    const last = value["status"];
    if (isJson(last)) collectStatus({ ...last, user: Object.fromEntries(Object.entries(value).filter(([name]) => name !== "status")) }, out, 0);
    return;
  }
  // Lines of an account's own archive hold each status under its name.
  if (isJson(value["tweet"]) && isLegacyStatus(value["tweet"]) && complianceIn(value) === undefined) {
    collectStatus(value["tweet"], out, 0);
    return;
  }
  if (Array.isArray(value["errors"]) || typeof value["errors"] === "string" || isProblem(value)) {
    for (const problem of problemsIn(value)) out.push(failure(problem, answer));
    return;
  }
  if (isCount(value)) out.push(countOf(value, answer));
  else if (isJobLine(value) || complianceIn(value) !== undefined || "failure" in value || "count" in value) out.push(value);
  else if (isTweet(value) || typeof value["username"] === "string") collectV2({ data: value }, answer, out);
  else if (depth > 0 || Object.keys(value).length > 0) out.push(value);
}

/** A status with the ones inside it as messages of their own. */
function collectStatus(status: Json, out: Json[], depth: number): void {
  out.push(status);
  for (const name of ["retweeted_status", "quoted_status"]) {
    const inner = status[name];
    if (isJson(inner) && isLegacyStatus(inner) && depth < 3) collectStatus(inner, out, depth + 1);
  }
}

function collectV2(body: Json, answer: Answer, out: Json[]): void {
  const { data } = body;
  const includes = isJson(body["includes"]) ? body["includes"] : {};
  const rest: Record<string, unknown> = {};
  for (const name in body) if (name !== "data" && name !== "includes" && name !== "errors" && name !== "meta") rest[name] = body[name];
  const index = indexOf(includes);
  const seen = new Set<string>();
  const list: readonly unknown[] = Array.isArray(data) ? data : data === undefined || data === null ? [] : [data];
  for (const item of list) {
    if (!isJson(item)) out.push({ data: item });
    else if (isTweet(item)) {
      const id = idOf(item["id"]);
      if (id !== undefined) seen.add(id);
      const tweet = completed(item, answer);
      out.push({ data: tweet, ...besideOf(tweet, index), ...rest });
    } else if (isCount(item)) out.push(countOf(item, answer));
    else if (isJobLine(item)) out.push(item);
    else if (isTrend(item) && answer.at !== undefined) out.push(countOfTrend(item, answer.at));
    else if (isDeleted(item, answer)) out.push({ delete: { status: { id: deletedId(answer) } }, ...toldBy(answer) });
    else out.push({ data: item, ...rest, ...toldBy(answer) });
  }
  for (const tweet of index.tweets.values()) {
    const id = idOf(tweet["id"]);
    if (id === undefined || seen.has(id) || !isTweet(tweet)) continue;
    seen.add(id);
    out.push({ data: tweet, ...besideOf(tweet, index) });
  }
  for (const problem of Array.isArray(body["errors"]) ? body["errors"] : []) out.push(failure(problem, answer));
}

export function isTweet(value: Json): boolean {
  // A post without a text is one still, to be refused by name.
  const isWritten = value["text"] !== undefined || value["edit_history_tweet_ids"] !== undefined || value["author_id"] !== undefined;
  return isWritten && value["id"] !== undefined && value["event_type"] === undefined && value["dm_conversation_id"] === undefined && !isLegacyMessage(value);
}

function isCount(value: Json): boolean {
  return (value["tweet_count"] !== undefined && value["start"] !== undefined) || (typeof value["timePeriod"] === "string" && value["count"] !== undefined);
}

function countOf(value: Json, answer: Answer): Json {
  const params = answer.url !== undefined && URL.canParse(answer.url) ? new URL(answer.url).searchParams : undefined;
  return { count: value, query: params?.get("query") ?? "", granularity: params?.get("granularity") ?? params?.get("bucket") ?? "hour" };
}

/** Of GET /2/trends/by/woeid/:id: posts of the last day, as those of v1.1 are (docs.x.com/x-api/trends, 2026-11). */
function isTrend(value: Json): boolean {
  return typeof value["trend_name"] === "string" && value["tweet_count"] !== undefined;
}

function countOfTrend(trend: Json, at: number): Json {
  const span = { start: new Date(at - 86_400_000).toISOString(), end: new Date(at).toISOString() };
  return { count: { ...span, tweet_count: trend["tweet_count"] }, query: trend["trend_name"], granularity: "day" };
}

function isDeleted(item: Json, answer: Answer): boolean {
  return item["deleted"] === true && answer.method === "DELETE" && deletedId(answer) !== undefined;
}

function deletedId(answer: Answer): string | undefined {
  return /\/2\/tweets\/(\d{1,20})(?:\?|$)/.exec(answer.url ?? "")?.[1];
}

/** What the request tells of the posts in its answer: whose timeline, and which post they quote. */
function completed(tweet: Json, { url = "" }: Answer): Json {
  const timeline = tweet["author_id"] === undefined ? /\/2\/users\/(\d{1,20})\/tweets(?:\?|$)/.exec(url)?.[1] : undefined;
  const quoted = tweet["referenced_tweets"] === undefined ? /\/2\/tweets\/(\d{1,20})\/quote_tweets(?:\?|$)/.exec(url)?.[1] : undefined;
  // Reshares of quotes come in the same list; what they share is not told.
  const quotes = quoted !== undefined && typeof tweet["text"] === "string" && !tweet["text"].startsWith("RT @");
  if (timeline === undefined && !quotes) return tweet;
  return { ...tweet, ...(timeline !== undefined && { author_id: timeline }), ...(quotes && { referenced_tweets: [{ type: "quoted", id: quoted }] }) };
}

interface Index {
  readonly users: ReadonlyMap<unknown, Json>;
  readonly handles: ReadonlyMap<string, Json>;
  readonly tweets: ReadonlyMap<unknown, Json>;
  readonly media: ReadonlyMap<unknown, Json>;
  readonly places: ReadonlyMap<unknown, Json>;
  readonly polls: ReadonlyMap<unknown, Json>;
}

function indexOf(includes: Json): Index {
  const by = (list: unknown, name: string) => new Map(objectsIn(list).map((one) => [one[name], one]));
  const users = by(includes["users"], "id");
  return {
    users,
    handles: new Map([...users.values()].flatMap((user) => (typeof user["username"] === "string" ? [[user["username"].toLowerCase(), user] as const] : []))),
    tweets: by(includes["tweets"], "id"),
    media: by(includes["media"], "media_key"),
    places: by(includes["places"], "id"),
    polls: by(includes["polls"], "id"),
  };
}

/** The objects beside a post that it speaks of. */
function besideOf(tweet: Json, index: Index): { readonly includes?: Json } {
  const tweets: readonly Json[] = objectsIn(tweet["referenced_tweets"])
    .map((reference) => index.tweets.get(reference["id"]))
    .filter((one) => one !== undefined);
  const users = new Set<Json>();
  const media = new Set<Json>();
  const add = <T>(set: Set<T>, one: T | undefined) => one !== undefined && set.add(one);
  // Collections made of whole posts carry the author inside.
  if (isJson(tweet["author"]) && idOf(tweet["author"]["id"]) !== undefined) users.add(tweet["author"]);
  for (const one of [tweet, ...tweets]) {
    add(users, index.users.get(one["author_id"]));
    for (const mention of mentionsOf(one)) {
      const username = mention["username"];
      if (mention["id"] === undefined && typeof username === "string") add(users, index.handles.get(username.toLowerCase()));
    }
  }
  const attachments = isJson(tweet["attachments"]) ? tweet["attachments"] : {};
  for (const key of Array.isArray(attachments["media_keys"]) ? attachments["media_keys"] : []) add(media, index.media.get(key));
  const polls = (Array.isArray(attachments["poll_ids"]) ? attachments["poll_ids"] : []).flatMap((id) => index.polls.get(id) ?? []);
  const place = isJson(tweet["geo"]) ? index.places.get(tweet["geo"]["place_id"]) : undefined;
  const includes = {
    ...(users.size > 0 && { users: [...users] }),
    ...(media.size > 0 && { media: [...media] }),
    ...(polls.length > 0 && { polls }),
    ...(place !== undefined && { places: [place] }),
    ...(tweets.length > 0 && { tweets }),
  };
  for (const _ in includes) return { includes };
  return {};
}

function mentionsOf(tweet: Json): readonly Json[] {
  const note = isJson(tweet["note_tweet"]) ? tweet["note_tweet"] : {};
  return [tweet["entities"], note["entities"]].flatMap((entities) => (isJson(entities) ? objectsIn(entities["mentions"]) : []));
}

function failure(problem: unknown, answer: Answer): Json {
  return { failure: { ...statusOf(answer), body: isJson(problem) ? problem : typeof problem === "string" ? "text" : {} } };
}

function statusOf({ status }: Answer): { readonly status?: number } {
  return status !== undefined && status >= 400 ? { status } : {};
}

function toldBy({ at }: Answer): { readonly told?: Json } {
  return at === undefined ? {} : { told: { at } };
}
