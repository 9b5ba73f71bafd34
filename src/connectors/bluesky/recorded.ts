import { type Json, isJson } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { splitAnswers } from "../json/split.ts";
import { collections } from "./parse.ts";

const deepest = 40;

/**
 * Splits a recorded file: messages of Jetstream as they came; of the application's answers (timelines, author feeds, searches, threads, notifications,
 * profiles, labels, lists of records) one message a post, repost, like, account and label. A failed answer is a message too.
 */
export function splitRecorded(file: Uint8Array): Iterable<Uint8Array> {
  return splitAnswers(
    file,
    ({ body, headers }) => {
      const found: Json[] = [];
      walk(body, found, Date.parse(headers["date"] ?? ""), 0);
      return found;
    },
    { kind: "none" },
  );
}

function walk(value: unknown, found: Json[], at: number, depth: number): void {
  if (depth > deepest) return;
  if (Array.isArray(value)) for (const item of value) walk(item, found, at, depth + 1);
  else if (isJson(value)) walkObject(value, found, at, depth);
}

function walkObject(value: Json, found: Json[], at: number, depth: number): void {
  if (typeof value["kind"] === "string" && "did" in value) {
    found.push(value);
    return;
  }
  if (value["notFound"] === true || value["blocked"] === true) return;
  const record = recordOf(value);
  if (record !== undefined) {
    const uri = String(value["uri"]);
    if (uri.includes(`/${collections.posts}/`)) found.push({ kind: "view", view: value });
    else if (uri.includes(`/${collections.likes}/`) || uri.includes(`/${collections.reposts}/`)) addMark(uri, record["subject"], record["createdAt"] ?? value["indexedAt"], found);
    // A quoted post is shown whole within the embed.
    for (const embed of [value["embed"], value["embeds"]]) walk(embed, found, at, depth + 1);
    return;
  }
  if (isJson(value["reason"]) && isJson(value["post"]) && typeof value["reason"]["uri"] === "string")
    addMark(value["reason"]["uri"], value["post"], value["reason"]["indexedAt"], found);
  if (typeof value["did"] === "string" && typeof value["handle"] === "string") {
    const told = parseInstant(value["indexedAt"]) ?? (Number.isNaN(at) ? parseInstant(value["createdAt"]) : at);
    found.push({ kind: "profile", did: value["did"], ...(told !== undefined && { time_us: told * 1_000 }), profile: value });
    return;
  }
  if (typeof value["val"] === "string" && typeof value["uri"] === "string" && typeof value["cts"] === "string") {
    found.push({ kind: "label", label: value });
    return;
  }
  for (const inside of Object.values(value)) walk(inside, found, at, depth + 1);
}

/** The record of a view, of a notification, or of com.atproto.repo.listRecords. */
function recordOf(value: Json): Json | undefined {
  if (typeof value["uri"] !== "string" || !value["uri"].startsWith("at://")) return undefined;
  const record = value["record"] ?? value["value"];
  return isJson(record) && ("text" in record || "subject" in record || typeof record["$type"] === "string") ? record : undefined;
}

/** A like or repost, in the form in which the stream tells it. */
function addMark(uri: string, subject: unknown, when: unknown, found: Json[]): void {
  const [, did, collection, rkey] = /^at:\/\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(uri) ?? [];
  const at = parseInstant(when);
  if (at === undefined || !isJson(subject)) return;
  found.push({ did, time_us: at * 1_000, kind: "commit", commit: { operation: "create", collection, rkey, record: { subject: { uri: subject["uri"] } } } });
}
