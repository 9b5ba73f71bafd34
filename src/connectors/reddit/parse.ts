import { EarshotError } from "../../core/errors.ts";
import type { Outcome, SourceAuthor, SourceEvent } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeJson, guard, isJson, nameOf } from "../json/decode.ts";
import { type Mutable, checkInstant, parseInstant, readId, softText, softUrl } from "../json/fields.ts";
import { type RecordedAnswer, recordedAnswers } from "../json/recorded.ts";
import { failureOf } from "./failures.ts";
import { accountId } from "./markdown.ts";
import { type PostKind, fullnameOf, isWithdrawn, plainData, readAuthor, readPost } from "./post.ts";
import { type Found, thingsIn } from "./things.ts";

/*
 * Raw forms: a thing as Reddit gave it, `{kind, data}`, without the replies and originals that were in it (they are messages of their own), with
 * `escaped` (the request did not ask for raw_json=1) and `at` (when it was read, ms) where known;
 * {"event": "delete", "id": fullname, "at": ms}; {"event": "erase", "author": name, "at": ms};
 * {"answer": {"status", "body"}}: an answer that failed or holds no things. Any other answer of the API is read for the things in it.
 */
export const redditParser: Parse = guard("reddit", (bytes) => {
  const message = decodeJson(bytes, "message");
  if (!isJson(message) && !(Array.isArray(message) && message.length > 0)) throw new EarshotError("FIELD_INVALID", `message: expected an object, came ${nameOf(message)}`);
  if (isJson(message)) {
    if (message["event"] === "delete" && message["kind"] === undefined)
      return [{ keep: { type: "delete", id: readId(message, "id", "message"), at: checkInstant(message["at"], "message.at") } }];
    if (message["event"] === "erase" && message["kind"] === undefined) return [erasure(message)];
    if (isJson(message["answer"]) && message["kind"] === undefined) return [judge(message["answer"])];
  }
  const outcomes: Outcome<SourceEvent>[] = [];
  for (const found of thingsIn(message)) outcomes.push(outcomeOf(found, isJson(message) ? message : {}));
  return outcomes.length > 0 ? outcomes : [{ drop: "empty" }];
});

function erasure(message: Json): Outcome<SourceEvent> {
  return { keep: { type: "erase", author: accountId(readId(message, "author", "message")), reason: "account-deleted", at: checkInstant(message["at"], "message.at") } };
}

const notPosts: Readonly<Record<string, string>> = {
  // What it stands for is counted in the post's replies; the source fetches it.
  more: "more-comments",
  t5: "subreddit",
  t6: "award",
  LabeledMulti: "multireddit",
  LiveUpdateEvent: "live-thread",
  wikipage: "wiki-page",
  modaction: "moderation-log",
};

function outcomeOf({ kind, data }: Found, envelope: Json): Outcome<SourceEvent> {
  try {
    switch (kind) {
      case "t1":
      case "t3":
      case "LiveUpdate":
        return post(kind, data, envelope);
      case "t2":
        return account(data, envelope);
      case "t4":
        return { reject: new EarshotError("PRIVATE_REFUSED", "t4: a private message, and no right allows it") };
      case undefined:
        return noThing(data);
      default:
        return { drop: (Object.hasOwn(notPosts, kind) ? notPosts[kind] : undefined) ?? "not-a-post" };
    }
  } catch (thrown) {
    if (thrown instanceof EarshotError) return { reject: thrown };
    throw thrown;
  }
}

function post(kind: PostKind, told: Json, envelope: Json): Outcome<SourceEvent> {
  const { escaped } = envelope;
  // Answers to a comment just written, before 2018, tell author and time within the rendered comment alone.
  const rendered = told["body"] === undefined && typeof told["content"] === "string" ? { ...told, ...renderedParts(told["content"]) } : told;
  const data = plainData(rendered, typeof escaped === "boolean" ? escaped : undefined);
  if (!isWithdrawn(kind, data)) return { keep: { type: "post", post: readPost(kind, data) } };
  const at = parseInstant(envelope["at"]) ?? parseInstant(data["edited"]) ?? data["created_utc"] ?? data["created"];
  return { keep: { type: "delete", id: fullnameOf(kind, data), at: checkInstant(at, `${kind}.created_utc`) } };
}

function renderedParts(html: string): Json {
  const author = /data-author=(?:"|&quot;)([\w-]{3,20})/.exec(html)?.[1] ?? /\/user\/([\w-]{3,20})/.exec(html)?.[1];
  const time = /datetime=(?:"|&quot;)([0-9T:.+Z-]{10,35})/.exec(html)?.[1];
  return { ...(author !== undefined && { author }), ...(time !== undefined && { created_utc: time }) };
}

function account(data: Json, envelope: Json): Outcome<SourceEvent> {
  const author: Mutable<SourceAuthor> = { ...readAuthor(data["name"]) };
  if (author.handle === undefined) return { drop: "deleted-account" };
  const avatar = softUrl(data["icon_img"] ?? data["profile_img"]);
  if (avatar !== undefined) author.avatarUrl = avatar;
  const profile = isJson(data["subreddit"]) ? data["subreddit"] : {};
  const title = softText(profile["title"]);
  if (title !== undefined) author.name = title;
  const { subscribers } = profile;
  if (typeof subscribers === "number" && Number.isSafeInteger(subscribers) && subscribers >= 0) author.followers = subscribers;
  const at = parseInstant(envelope["at"]) ?? data["created_utc"];
  if (at === undefined && data["is_suspended"] === true) return { drop: "suspended-account" };
  return { keep: { type: "identity", author, at: checkInstant(at, "t2.created_utc") } };
}

/** An object that is no thing: an error, messages between moderators and users, or one of the many other answers of the API. */
function noThing(data: Json): Outcome<SourceEvent> {
  // Other kinds, as widgets, hold lists of their own.
  if (typeof data["kind"] === "string" && /^(?:t\d|Listing|LiveUpdate)$/.test(data["kind"]) && "data" in data)
    throw new EarshotError("FIELD_INVALID", `message.data: expected an object, came ${nameOf(data["data"])}`);
  if (isJson(data["conversations"]) || isJson(data["conversation"])) throw new EarshotError("PRIVATE_REFUSED", "conversations: messages to moderators, and no right allows them");
  return judge({ body: data });
}

function judge(answer: Json): Outcome<SourceEvent> {
  const { status, body } = answer;
  const failure = failureOf(typeof status === "number" ? status : undefined, body);
  if (failure !== undefined) return { reject: new EarshotError(failure.code, `Reddit: ${failure.word}`) };
  if (typeof status === "number" && status >= 300 && status < 400) {
    // A subreddit that does not exist leads to the search for subreddits.
    if (typeof answer["location"] === "string" && answer["location"].includes("/subreddits/search"))
      return { reject: new EarshotError("UPSTREAM_NOT_FOUND", "Reddit: no such subreddit") };
    return { drop: "redirect" };
  }
  // Pictures are sent to a store of files, which answers in XML.
  if (typeof body === "string" && body.startsWith("<?xml") && /<PostResponse>/.test(body)) return { drop: "upload" };
  if (typeof body === "string" && body !== "") return { reject: new EarshotError("JSON_INVALID", "answer.body: expected JSON, came another text") };
  return { drop: answer["token"] === true ? "access-token" : body === undefined || body === "" ? "empty" : "not-a-post" };
}

/** How an answer came: needed to read its texts, and to date what it no longer shows. */
export interface Circumstances {
  readonly escaped?: boolean;
  /** Milliseconds UTC. */
  readonly at?: number;
}

/** The things of an answer, each as its own message with its key. */
export function rawsOfAnswer(answer: unknown, circumstances: Circumstances, receivedAt: number): Raw[] {
  return [...thingsIn(answer)].map((found) => rawOf(found, circumstances, receivedAt));
}

function rawOf({ kind, data }: Found, { escaped, at }: Circumstances, receivedAt: number): Raw {
  const message = kind === undefined ? data : { kind, ...(escaped !== undefined && { escaped }), ...(at !== undefined && { at }), data };
  return { ...keyOf(kind, data), bytes: Buffer.from(JSON.stringify(message)), receivedAt };
}

function keyOf(kind: string | undefined, data: Json): Pick<Raw, "key" | "actor"> {
  try {
    if (kind === "t1" || kind === "t3" || kind === "LiveUpdate") return { key: fullnameOf(kind, data), actor: readAuthor(data["author"]).id };
    if (kind === "t2") return { key: readAuthor(data["name"]).id };
  } catch {
    // The parser rejects it with its code.
  }
  return { key: undefined };
}

/** A post or comment that is there no more. */
export function deletionRaw(fullname: string, at: number): Raw {
  return { key: fullname, bytes: Buffer.from(JSON.stringify({ event: "delete", id: fullname, at })), receivedAt: at };
}

/** An account that ended. */
export function erasureRaw(author: string, at: number): Raw {
  return { key: { all: true }, actor: accountId(author), bytes: Buffer.from(JSON.stringify({ event: "erase", author, at })), receivedAt: at };
}

const largestAnswerBytes = 64 << 20;

/** A message as recorded or received, as raw messages with their keys. Answers hold trees deeper than a message may be. */
export function rawsOfMessage(bytes: Uint8Array, receivedAt: number): readonly Raw[] {
  const asItCame: Raw = { key: undefined, bytes, receivedAt };
  try {
    if (bytes.length > largestAnswerBytes) return [asItCame];
    const message: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isJson(message) && message["kind"] === undefined) {
      if (message["event"] === "delete") return [{ ...asItCame, key: readId(message, "id", "message") }];
      if (message["event"] === "erase") return [{ ...asItCame, key: { all: true }, actor: accountId(readId(message, "author", "message")) }];
      if (isJson(message["answer"])) return [asItCame];
    }
    const found = [...thingsIn(message)];
    const [only] = found;
    if (only === undefined) return [asItCame];
    // One thing alone, with nothing taken out of it, stays as it came.
    if (found.length === 1 && isJson(message) && (message["data"] === only.data || message === only.data)) return [{ ...asItCame, ...keyOf(only.kind, only.data) }];
    return found.map((one) => rawOf(one, circumstancesOf(message), receivedAt));
  } catch {
    return [asItCame];
  }
}

function circumstancesOf(message: unknown): Circumstances {
  if (!isJson(message)) return {};
  const { escaped, at } = message;
  return { ...(typeof escaped === "boolean" && { escaped }), ...(typeof at === "number" && { at }) };
}

/** Recorded answers, or bodies alone, as one message a thing. */
export function* splitRecorded(file: Uint8Array): Generator<Uint8Array> {
  for (const answer of recordedAnswers(file)) yield* splitAnswer(answer);
}

function* splitAnswer(answer: RecordedAnswer): Generator<Uint8Array> {
  const { status, body, url, headers } = answer;
  const token = isJson(body) && typeof body["access_token"] === "string";
  const failed = failureOf(status, body) !== undefined || (status !== undefined && status >= 300 && status < 400);
  if (token || failed || typeof body !== "object" || body === null) {
    const location = headers["location"];
    const told = { ...(status !== undefined && { status }), ...(location !== undefined && { location }), ...(token && !failed ? { token } : { body: excerptOf(body) }) };
    yield Buffer.from(JSON.stringify({ answer: told }));
    return;
  }
  const date = headers["date"] === undefined ? Number.NaN : Date.parse(headers["date"]);
  const circumstances: Circumstances = { ...(url !== undefined && { escaped: !/[?&]raw_json=1/.test(url) }), ...(Number.isFinite(date) && { at: date }) };
  let count = 0;
  for (const found of thingsIn(body)) {
    count++;
    try {
      yield rawOf(found, circumstances, 0).bytes;
    } catch {
      // Deeper than the engine can write: not what Reddit gives.
      yield Buffer.from(JSON.stringify({ kind: found.kind ?? "t3", data: null }));
    }
  }
  if (count === 0) yield Buffer.from('{"answer":{"status":200,"body":{}}}');
}

/** What an error says, without the long pages that come with some. */
function excerptOf(body: unknown): unknown {
  return typeof body === "string" ? body.trim().slice(0, 500) : body;
}
