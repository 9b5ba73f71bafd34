import { EarshotError } from "../../core/errors.ts";
import type { Outcome, SourceEvent } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeObject, guard, isJson } from "../json/decode.ts";
import { checkInstant, softCount } from "../json/fields.ts";
import { recordedAnswers } from "../json/recorded.ts";
import { complianceEvent, complianceIn, isJobLine, jobLineEvent } from "./compliance.ts";
import { idOf, nativeIdOf } from "./ids.ts";
import { isLegacyMessage, isLegacyStatus, isLegacyUser, messageOfStatus, userOf } from "./legacy.ts";
import { isTweet, messagesIn } from "./messages.ts";
import { problemError } from "./problem.ts";
import { readTweet, timeOf } from "./tweet.ts";
import { readUser } from "./user.ts";

/*
 * Raw forms: `{data: post, includes?, matching_rules?}` of API v2, one post a message with what belongs to it; a status of v1.1; `{data: user}`;
 * an event of the compliance streams; a line of a compliance job's result; `{count: {start, end, tweet_count}, query}`; `{failure: {status, body}}`.
 * `told.at` is when the answer came.
 */
export const xParser: Parse = guard("x", (bytes) => [outcomeOf(decodeObject(bytes, "message"))]);

function outcomeOf(message: Json): Outcome<SourceEvent> {
  if (isJson(message["failure"])) return { reject: problemError(message["failure"]) };
  if (isJson(message["count"])) return volume(message["count"], message["query"], message["granularity"]);
  const { data } = message;
  if (isJson(data) && isTweet(data)) return { keep: { type: "post", post: readTweet(message) } };
  if (isLegacyStatus(message)) return { keep: { type: "post", post: readTweet(messageOfStatus(message)) } };
  if (isJobLine(message)) return jobLineEvent(message);
  const compliance = complianceIn(message);
  if (compliance !== undefined) return complianceEvent(compliance[0], compliance[1], message["told"]);
  const user = isLegacyUser(message) ? userOf(message) : isJson(data) && typeof data["username"] === "string" ? data : undefined;
  if (user !== undefined) return identity(user, message["told"]);
  const rest = isJson(data) ? data : message;
  const inner = isJson(rest["event"]) ? rest["event"] : rest;
  if (
    rest["dm_conversation_id"] !== undefined ||
    rest["event_type"] === "MessageCreate" ||
    (Array.isArray(rest["events"]) && rest["events"].length > 0) ||
    isLegacyMessage(inner)
  ) {
    return { reject: new EarshotError("PRIVATE_REFUSED", "message: a direct message, and no right allows it") };
  }
  if (rest["text"] !== undefined || rest["full_text"] !== undefined) throw new EarshotError("FIELD_MISSING", "post.id: expected an id beside the text");
  return { drop: isSpace(rest) ? "audio-space" : "no-post" };
}

/** Spaces are live audio; their ids are no numbers. */
function isSpace(value: Json): boolean {
  return typeof value["state"] === "string" && typeof value["id"] === "string" && idOf(value["id"]) === undefined;
}

function identity(user: Json, told: unknown): Outcome<SourceEvent> {
  const id = idOf(user["id"]);
  if (id === undefined) throw new EarshotError("FIELD_INVALID", "user.id: expected digits");
  return { keep: { type: "identity", author: readUser(user, id), at: timeOf(told, user["created_at"]) } };
}

const spans: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Counts of v2; of the enterprise search, which names the start only, in minutes. */
function volume(count: Json, query: unknown, granularity: unknown): Outcome<SourceEvent> {
  const posts = softCount(count["tweet_count"] ?? count["count"]);
  if (posts === undefined) throw new EarshotError("FIELD_INVALID", "count.tweet_count: expected a count");
  const period = typeof count["timePeriod"] === "string" ? /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(count["timePeriod"]) : null;
  const fromMs = checkInstant(period === null ? count["start"] : `${period[1]}-${period[2]}-${period[3]}T${period[4]}:${period[5]}:00Z`, "count.start");
  const toMs = period === null ? checkInstant(count["end"], "count.end") : fromMs + (spans[String(granularity)] ?? 3_600_000);
  return { keep: { type: "volume", query: typeof query === "string" && query.isWellFormed() ? query.slice(0, 10_000) : "", fromMs, toMs, posts } };
}

/** Messages as raw ones with their keys. */
export function rawsOf(messages: readonly Json[], receivedAt: number): Raw[] {
  return messages.map((message) => ({ ...keyOf(message), bytes: Buffer.from(JSON.stringify(message)), receivedAt }));
}

function keyOf(message: Json): Pick<Raw, "key" | "actor"> {
  const { data } = message;
  const tweet = isJson(message["failure"]) || isJson(message["count"]) ? undefined : isJson(data) && isTweet(data) ? data : undefined;
  if (tweet !== undefined) {
    const id = nativeIdOf(tweet);
    return { key: id, ...(id !== undefined && { actor: idOf(tweet["author_id"]) ?? `unknown:${id}` }) };
  }
  let outcome: Outcome<SourceEvent>;
  try {
    outcome = outcomeOf(message);
  } catch {
    return { key: undefined };
  }
  if (!("keep" in outcome)) return { key: undefined };
  const event = outcome.keep;
  switch (event.type) {
    case "post":
      return { key: event.post.id, actor: event.post.author.id };
    case "identity":
      return { key: event.author.id, actor: event.author.id };
    case "erase":
      return { key: { all: true }, actor: event.author };
    case "delete":
      return { key: event.id };
    default:
      return { key: { all: true } };
  }
}

/** One message as recorded or received: an answer's body, a line of a stream, a raw message of ours. */
export function rawsOfMessage(bytes: Uint8Array, receivedAt: number): readonly Raw[] {
  try {
    const raws = rawsOf(messagesIn(decodeObject(bytes, "message")), receivedAt);
    if (raws.length > 0) return raws;
  } catch {
    // The parser rejects it with its code.
  }
  return [{ key: undefined, bytes, receivedAt }];
}

/** Recorded answers as raw messages; streams recorded as text are taken line by line. */
export function* splitRecorded(file: Uint8Array): Generator<Uint8Array> {
  for (const answer of recordedAnswers(file)) {
    const date = Date.parse(answer.headers["date"] ?? "");
    const known = {
      ...(answer.method !== undefined && { method: answer.method }),
      ...(answer.url !== undefined && { url: answer.url }),
      ...(answer.status !== undefined && { status: answer.status }),
      ...(Number.isFinite(date) && { at: date }),
    };
    const failed = answer.status !== undefined && answer.status >= 400;
    let found = 0;
    for (const body of failed ? [answer.body] : bodiesOf(answer.body)) {
      const messages = failed && !isJson(body) ? [{ failure: { status: answer.status, body: "text" } }] : messagesIn(body, known);
      for (const message of messages) {
        found++;
        yield Buffer.from(JSON.stringify(message));
      }
    }
    // What holds nothing is told, too.
    if (found === 0) yield Buffer.from("{}");
  }
}

function* bodiesOf(body: unknown): Generator {
  if (typeof body !== "string") {
    yield body;
    return;
  }
  const lines = body.split("\n").filter((line) => line.trim() !== "");
  const values = lines.map(parsed);
  if (values.some((value) => value !== undefined)) for (const [index, value] of values.entries()) yield value ?? lines[index];
  else yield body;
}

function parsed(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return value;
  } catch {
    return undefined;
  }
}
