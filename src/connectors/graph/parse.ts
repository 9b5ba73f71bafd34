import { EarshotError } from "../../core/errors.ts";
import type { Counts, Outcome, SourceEvent } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeObject, guard, isJson } from "../json/decode.ts";
import { checkInstant, softCount } from "../json/fields.ts";
import { recordedAnswers } from "../json/recorded.ts";
import { type Message, type Shapes, messagesOf } from "./answers.ts";
import { failureKind, failureOf, failureOfStatus } from "./failures.ts";
import { graphId, readAccount } from "./fields.ts";

/** Makes the outcome of one message whose kind is the platform's own; undefined: it knows no such kind. */
export type ReadMessage = (message: Message, value: Json) => Outcome<SourceEvent> | undefined;

/** Messages as `messagesOf` makes them, and bare answers, which are split first. */
export function graphParser(connector: string, shapes: Shapes, read: ReadMessage): Parse {
  return guard(connector, (bytes) => {
    const message = decodeObject(bytes, "message");
    if (isMessage(message)) return [one(message)];
    const outcomes: Outcome<SourceEvent>[] = [];
    for (const inner of messagesOf({ headers: {}, body: message }, shapes, Date.UTC(2_000, 0, 1))) outcomes.push(safely(inner));
    return outcomes.length === 0 ? [{ drop: "no-post" }] : outcomes;
  });

  function safely(message: Message): Outcome<SourceEvent> {
    try {
      return one(message);
    } catch (thrown) {
      if (thrown instanceof EarshotError) return { reject: thrown };
      throw thrown;
    }
  }

  function one(message: Message): Outcome<SourceEvent> {
    const value = isJson(message.value) ? message.value : {};
    switch (message.graph) {
      case "failure":
        return { reject: rejection(connector, message) };
      case "nothing":
        return { drop: "no-post" };
      case "unreadable":
        return { reject: new EarshotError("JSON_INVALID", "answer: expected JSON, came a text that is none") };
      case "private":
        return { reject: new EarshotError("PRIVATE_REFUSED", "message: a private conversation, and no right allows it") };
      case "account": {
        const author = readAccount(value);
        if (author === undefined) throw new EarshotError("FIELD_MISSING", "account.id: expected an id, came nothing");
        return { keep: { type: "identity", author, at: checkInstant(message["at"], "message.at") } };
      }
      case "insights":
        return insights(message, value);
      default: {
        const outcome = read(message, value);
        if (outcome === undefined) throw new EarshotError("FIELD_INVALID", "message.graph: expected a kind of entity that is known, came another");
        return outcome;
      }
    }
  }
}

function isMessage(value: Json): value is Message {
  return typeof value["graph"] === "string";
}

/** The metrics that are counts of one post, all-time, by what they count (Insights references of pages and of Instagram, 2026-11). */
const metrics: Readonly<Record<string, keyof Counts>> = {
  post_impressions: "views",
  post_media_view: "views",
  post_video_views: "views",
  total_video_views: "views",
  views: "views",
  impressions: "views",
  plays: "views",
  video_views: "views",
  ig_reels_aggregated_all_plays_count: "views",
  likes: "likes",
  comments: "replies",
  replies: "replies",
  shares: "shares",
};

function insights(message: Message, value: Json): Outcome<SourceEvent> {
  const figures = isJson(value["metrics"]) ? value["metrics"] : {};
  const counts: { -readonly [K in keyof Counts]?: number } = {};
  for (const [name, figure] of Object.entries(figures)) {
    const [told = "", period] = name.split("/");
    // Those of albums had names of their own before 18.0.
    const metric = told.replace(/^carousel_album_/, "");
    if (period !== "lifetime") continue;
    const count = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
    const number = softCount(figure);
    if (count !== undefined && number !== undefined) counts[count] = Math.max(counts[count] ?? 0, number);
    if ((metric === "post_activity_by_action_type" || metric === "post_reactions_by_type_total") && isJson(figure)) byAction(counts, metric, figure);
  }
  for (const _ in counts) return engagement(message, graphId(value["id"], "insights.id"), counts);
  // Of an Instagram account `follower_count` tells the new ones of a day alone.
  const followers = ["page_follows", "page_fans"].map((name) => softCount(figures[`${name}/day`] ?? figures[`${name}/lifetime`])).find((one) => one !== undefined);
  const id = followers === undefined ? undefined : graphId(value["id"], "insights.id");
  if (followers !== undefined && id !== undefined && !id.includes("_"))
    return { keep: { type: "identity", author: { id, followers }, at: checkInstant(message["at"], "message.at") } };
  return { drop: "no-count" };
}

function byAction(counts: { -readonly [K in keyof Counts]?: number }, metric: string, figure: Json): void {
  if (metric === "post_reactions_by_type_total") {
    const all = Object.values(figure).map((one) => softCount(one) ?? 0);
    if (all.length > 0) counts.likes = all.reduce((sum, one) => sum + one, 0);
    return;
  }
  const shares = softCount(figure["share"]);
  const replies = softCount(figure["comment"]);
  if (shares !== undefined) counts.shares = shares;
  if (replies !== undefined) counts.replies = replies;
}

export function engagement(message: Message, id: string, counts: Partial<Counts>): Outcome<SourceEvent> {
  return { keep: { type: "engagement", id, at: checkInstant(message["at"], "message.at"), counts } };
}

function rejection(connector: string, message: Message): EarshotError {
  const status = typeof message["status"] === "number" ? message["status"] : undefined;
  const { error } = message;
  const name = isJson(error) ? failureOf(error, status) : (failureOfStatus(status) ?? "request");
  const kind = failureKind(name);
  const parts = [
    `${connector}.${name}`,
    ...(status === undefined ? [] : [`HTTP ${status}`]),
    ...(isJson(error) ? [`code ${plain(error["code"])}${error["error_subcode"] === undefined ? "" : `, subcode ${plain(error["error_subcode"])}`}`, plain(error["message"])] : []),
    ...(isJson(error) && error["fbtrace_id"] !== undefined ? [`request ${plain(error["fbtrace_id"])}`] : []),
  ];
  return new EarshotError(kind.code, parts.join(": "));
}

/** Messages of the platform may quote the token that was sent. */
function plain(value: unknown): string {
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : "none";
  return text
    .toWellFormed()
    .slice(0, 300)
    .replace(/\b(?:EA|IG)[A-Za-z0-9]{20,}/g, "…");
}

/** Raw messages with the keys that their events will have. */
export function rawOf(bytes: Uint8Array, parse: Parse, receivedAt: number): Raw {
  const [outcome] = parse(bytes);
  if (outcome === undefined || !("keep" in outcome)) return { key: undefined, bytes, receivedAt };
  const event = outcome.keep;
  switch (event.type) {
    case "post":
      return { key: event.post.id, actor: event.post.author.id, bytes, receivedAt };
    case "identity":
      return { key: event.author.id, actor: event.author.id, bytes, receivedAt };
    case "reaction":
      return { key: event.id, actor: event.actor, bytes, receivedAt };
    case "engagement":
    case "delete":
      return { key: event.id, bytes, receivedAt };
    case "unreaction":
    case "erase":
    case "volume":
      return { key: { all: true }, bytes, receivedAt };
  }
}

/** A message as it is kept, or an answer or webhook payload as it came, as raw messages. */
export function rawsOf(bytes: Uint8Array, shapes: Shapes, parse: Parse, receivedAt: number): readonly Raw[] {
  const raws: Raw[] = [];
  for (const answer of recordedAnswers(bytes)) {
    if (isJson(answer.body) && isMessage(answer.body)) return [rawOf(bytes, parse, receivedAt)];
    for (const message of messagesOf(answer, shapes, receivedAt)) raws.push(rawOf(Buffer.from(JSON.stringify(message)), parse, receivedAt));
  }
  return raws.length > 0 ? raws : [{ key: undefined, bytes, receivedAt }];
}
