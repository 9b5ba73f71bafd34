import type { Raw } from "../../core/source.ts";
import { type Json, decodeJson, isJson } from "../json/decode.ts";
import { type RecordedAnswer, recordedAnswers } from "../json/recorded.ts";
import { readEvent } from "./event.ts";
import { eventsOf, targetsOf } from "./parse.ts";

/** Who wrote an event, where known: a deletion of another's is refused. */
export type AuthorOf = (id: string) => string | undefined;
const nobody: AuthorOf = () => undefined;

/** An event as raw messages: a deletion gives one for each of its targets, a repost brings along what it holds. */
export function rawsOfEvent(event: Json, receivedAt: number, authorOf: AuthorOf = nobody): Raw[] {
  const raw = rawOf(event, receivedAt);
  try {
    if (event["kind"] === 5) {
      const targets = targetsOf(readEvent(event, "none"));
      if (targets.length === 0) return [raw];
      return targets.map(({ target, of }) => {
        const author = authorOf(target);
        return rawOf({ deletion: event, target, of, ...(author !== undefined && { author }) }, receivedAt);
      });
    }
    const { kind, content } = event;
    if ((kind === 6 || kind === 16) && typeof content === "string" && content.startsWith("{")) {
      const inner = decodeJson(Buffer.from(content), "event.content");
      if (isJson(inner) && "sig" in inner) return [raw, ...rawsOfEvent(inner, receivedAt, authorOf).filter(() => inner["kind"] !== 6 && inner["kind"] !== 16)];
    }
  } catch {
    // The parser rejects it with its code.
  }
  return [raw];
}

function rawOf(message: Json, receivedAt: number): Raw {
  return { ...keyOf(message), bytes: Buffer.from(JSON.stringify(message)), receivedAt };
}

function keyOf(message: Json): Pick<Raw, "key" | "actor"> {
  try {
    const [outcome] = eventsOf(message, "none");
    if (outcome === undefined || !("keep" in outcome)) return { key: undefined };
    const event = outcome.keep;
    if (event.type === "post") return { key: event.post.id, actor: event.post.author.id };
    if (event.type === "delete") return { key: event.id };
    if (event.type === "reaction") return { key: event.id, actor: event.actor };
    if (event.type === "identity") return { key: event.author.id, actor: event.author.id };
    return { key: { all: true }, ...(event.type === "erase" && { actor: event.author }) };
  } catch {
    return { key: undefined };
  }
}

export function rawsOfMessage(message: Uint8Array, receivedAt: number): Raw[] {
  let value: unknown;
  try {
    value = decodeJson(message, "message");
  } catch {
    return [{ key: undefined, bytes: message, receivedAt }];
  }
  if (isJson(value) && isJson(value["deletion"])) return [rawOf(value, receivedAt)];
  const event = eventIn(value);
  return event === undefined ? [{ key: undefined, bytes: message, receivedAt }] : rawsOfEvent(event, receivedAt);
}

function eventIn(value: unknown): Json | undefined {
  if (isJson(value)) return isJson(value["deletion"]) ? undefined : value;
  return Array.isArray(value) && value[0] === "EVENT" ? value.findLast(isJson) : undefined;
}

/** Recorded files: events, lists of them, or messages of relays; one a line, one file, or in `{request, response}` records. */
export function* splitRecorded(file: Uint8Array): Generator<Uint8Array> {
  const authors = new Map<string, string>();
  for (const answer of recordedAnswers(file)) for (const value of valuesIn(answer.body)) noteAuthor(eventIn(value), authors);
  for (const answer of recordedAnswers(file)) yield* messagesOf(answer, authors);
}

function noteAuthor(event: Json | undefined, authors: Map<string, string>): void {
  if (event !== undefined && typeof event["id"] === "string" && typeof event["pubkey"] === "string") authors.set(event["id"], event["pubkey"]);
}

function* valuesIn(body: unknown): Generator {
  if (Array.isArray(body) && typeof body[0] !== "string") for (const one of body) yield* valuesIn(one);
  else if (isJson(body) && Array.isArray(body["events"])) yield* valuesIn(body["events"]);
  else yield body;
}

function* messagesOf({ body, status }: RecordedAnswer, authors: ReadonlyMap<string, string>): Generator<Uint8Array> {
  if (status !== undefined && status >= 400) {
    yield Buffer.from(
      JSON.stringify([
        "CLOSED",
        "",
        `${status === 401 || status === 403 ? "auth-required" : status === 429 ? "rate-limited" : status < 500 ? "invalid" : "error"}: HTTP ${status}`,
      ]),
    );
    return;
  }
  for (const value of valuesIn(body)) {
    const event = eventIn(value);
    if (event === undefined) yield Buffer.from(typeof value === "string" ? value : (JSON.stringify(value) ?? ""));
    else for (const raw of rawsOfEvent(event, 0, (id) => authors.get(id))) yield raw.bytes;
  }
}
