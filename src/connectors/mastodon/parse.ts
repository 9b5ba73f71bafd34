import { EarshotError } from "../../core/errors.ts";
import type { Outcome, SourceEvent } from "../../core/event.ts";
import type { Parse, Raw } from "../../core/source.ts";
import { type Json, decodeJson, decodeObject, guard, isJson, nameOf } from "../json/decode.ts";
import { readFailure } from "../json/failed-answer.ts";
import { checkInstant, parseInstant, softCount, softText } from "../json/fields.ts";
import { makePick } from "../json/pick.ts";
import { type StatusContext, idInstant, localIdOf, readAccount, readLocalId, readStatus, statusId } from "./status.ts";

/*
 * A post's native id is `<server>/<local id>`, not the status' `uri`, though that is the same on every server: a deletion from the streaming API
 * names the local id alone, and may come before its status (seen on real servers), so that no table of seen ids could resolve it. The uri is kept
 * in `extra.uri`, the page in `permalink`. Two sources on one server share ids; the same status seen by two servers is two posts of one canonical link.
 *
 * Raw forms: a status as the server gave it; {"event": "update" | "status.update", "payload": status or its JSON text};
 * {"event": "delete", "payload": local id, "at": ms}; {"event": "account", "payload": account, "at": ms}. An event may name its "server", where that is
 * another than the source's.
 */
export function mastodonParser(context: StatusContext): Parse {
  return guard("mastodon", (bytes) => {
    const message = decodeObject(bytes, "message");
    const failure = readFailure(message);
    if (failure !== undefined) return [{ reject: failure }];
    const event = message["event"];
    if (event === undefined) return [status(message, context)];
    const there = { ...context, server: serverNamed(message) ?? context.server };
    switch (event) {
      case "update":
      case "status.update":
        return [status(payloadOf(message), there)];
      case "delete":
        return [deletion(message, there)];
      case "account":
        return [account(message, there)];
      case "tag":
        return usesOf(payloadOf(message));
      case "scheduled":
        return [{ drop: "not-posted-yet" }];
      case "private":
        throw new EarshotError("PRIVATE_REFUSED", "message: between named people, and no right allows it");
      case "none":
      case "filters_changed":
      case "announcement":
      case "announcement.reaction":
      case "announcement.delete":
      case "notification":
      case "notifications_merged":
      case "conversation":
      case "encrypted_message":
        return [{ drop: "not-a-status" }];
      default:
        throw new EarshotError("FIELD_INVALID", "message.event: expected update, status.update or delete, came something else");
    }
  });
}

function status(value: Json, context: StatusContext): Outcome<SourceEvent> {
  return { keep: { type: "post", post: readStatus(value, context) } };
}

/** Of an account told alone: who it is, and how many follow it. Its own dates stand for the time where the answer bears none. */
function account(message: Json, context: StatusContext): Outcome<SourceEvent> {
  const payload = payloadOf(message);
  const told = message["at"] ?? payload["last_status_at"] ?? payload["created_at"];
  if (told === undefined || parseInstant(told) === undefined) return { drop: "account-without-date" };
  return { keep: { type: "identity", author: readAccount(payload, context), at: checkInstant(told, "message.at") } };
}

function serverNamed(message: Json): string | undefined {
  const server = message["server"];
  return typeof server === "string" && /^[a-z0-9.:[\]-]{1,253}$/.test(server) ? server : undefined;
}

/** A day each: how often the hashtag was used on the server. */
function usesOf(tag: Json): readonly Outcome<SourceEvent>[] {
  const name = softText(tag["name"]);
  const days: readonly unknown[] = Array.isArray(tag["history"]) ? tag["history"].slice(0, 100) : [];
  const events = days.flatMap((day): Outcome<SourceEvent>[] => {
    const fromMs = isJson(day) ? parseInstant(day["day"]) : undefined;
    const posts = isJson(day) ? softCount(day["uses"]) : undefined;
    return fromMs === undefined || posts === undefined ? [] : [{ keep: { type: "volume", query: `#${name ?? ""}`.slice(0, 10_000), fromMs, toMs: fromMs + 86_400_000, posts } }];
  });
  return events.length > 0 ? events : [{ drop: "no-count" }];
}

/** An event of another server than the source's, or of one that is not told (undefined). */
export function withServer(server: string | undefined, event: string, payload: unknown, at: number | undefined): Uint8Array {
  return Buffer.from(JSON.stringify({ ...(server !== undefined && { server }), event, payload, ...(at !== undefined && (event === "delete" || event === "account") && { at }) }));
}

function payloadOf(message: Json): Json {
  const payload = message["payload"];
  if (typeof payload === "string") {
    const value = decodeJson(Buffer.from(payload), "message.payload");
    if (isJson(value)) return value;
  } else if (isJson(payload)) return payload;
  throw new EarshotError(payload === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `message.payload: expected a status, came ${nameOf(payload)}`);
}

function deletion(message: Json, context: StatusContext): Outcome<SourceEvent> {
  const payload = message["payload"];
  const localId = readLocalId({ payload: typeof payload === "string" ? payload.trim() : payload }, "payload", "message");
  const at = message["at"] === undefined ? idInstant(localId) : checkInstant(message["at"], "message.at");
  if (at === undefined) throw new EarshotError("FIELD_MISSING", "message.at: expected a time, as the id tells none");
  return { keep: { type: "delete", id: statusId(context.server, localId), at } };
}

const pickStatus = makePick({ id: 0, account: { url: 1, uri: 2 }, event: 3 }, 4);
const pickEvent = makePick({ event: 0 }, 1);

/** Key and actor of a status' bytes: equal to what its parse says, without a parse. */
export function statusKey(bytes: Uint8Array, server: string): Pick<Raw, "key" | "actor"> {
  const picked = pickStatus(bytes);
  // A number is no text: such an id is found by a full parse.
  const [id, url, uri, event] = picked?.[0] === undefined ? pickSlowly(bytes) : picked;
  if (id === undefined || event !== undefined) return { key: undefined };
  const actor = url ?? uri;
  return { key: statusId(server, id), ...(actor !== undefined && { actor }) };
}

function pickSlowly(bytes: Uint8Array): (string | undefined)[] {
  try {
    const message = decodeJson(bytes, "status");
    if (!isJson(message)) return [];
    const account = isJson(message["account"]) ? message["account"] : {};
    return [localIdOf(message["id"]), account["url"], account["uri"], message["event"]].map((value) => (typeof value === "string" ? value : undefined));
  } catch {
    return [];
  }
}

/** A status as a raw message; a reshare brings the status that it shares along, as its own message with its own key. */
export function rawsOf(bytes: Uint8Array, server: string, receivedAt: number): Raw[] {
  const raws: Raw[] = [{ ...statusKey(bytes, server), bytes, receivedAt }];
  if (!mayReshare(bytes)) return raws;
  try {
    const value = decodeJson(bytes, "status");
    if (isJson(value) && isJson(value["reblog"])) {
      const inner = Buffer.from(JSON.stringify(value["reblog"]));
      raws.push({ ...statusKey(inner, server), bytes: inner, receivedAt });
    }
  } catch {
    // The parser rejects it with its code.
  }
  return raws;
}

function mayReshare(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = buffer.indexOf('"reblog":');
  return at >= 0 && buffer[at + 9] !== 0x6e;
}

/** A message of the streaming API, as recorded or received, as raw messages with their keys. */
export function rawsOfMessage(bytes: Uint8Array, server: string, receivedAt: number): Raw[] {
  // The streaming API's envelope begins with its stream; a status with its id.
  const [event] = bytes[2] === 0x73 ? ["?"] : (pickEvent(bytes) ?? ["?"]);
  if (event === undefined) return rawsOf(bytes, server, receivedAt);
  try {
    const value = decodeJson(bytes, "message");
    if (isJson(value) && (serverNamed(value) !== undefined || value["event"] === "account")) return [{ ...keyOfEvent(bytes, server), bytes, receivedAt }];
    if (isJson(value) && typeof value["event"] === "string") return rawsOfEvent(value["event"], value["payload"], server, receivedAt) ?? [{ key: undefined, bytes, receivedAt }];
  } catch {
    // The parser rejects it with its code.
  }
  return [{ key: undefined, bytes, receivedAt }];
}

/** Key and actor of an event that stays as it is. */
function keyOfEvent(bytes: Uint8Array, server: string): Pick<Raw, "key" | "actor"> {
  const [outcome] = mastodonParser({ server, simulated: false })(bytes);
  const event = outcome !== undefined && "keep" in outcome ? outcome.keep : undefined;
  if (event?.type === "post") return { key: event.post.id, actor: event.post.author.id };
  if (event?.type === "identity") return { key: event.author.id, actor: event.author.id };
  return { key: event?.type === "delete" ? event.id : undefined };
}

/** Raw messages of an event; undefined: it is to be kept as it came, for the parser to judge. */
export function rawsOfEvent(event: string, payload: unknown, server: string, receivedAt: number): Raw[] | undefined {
  if (event === "delete") {
    const id = typeof payload === "number" ? String(payload) : typeof payload === "string" ? payload.trim() : "";
    return /^[A-Za-z0-9_-]{1,64}$/.test(id) ? [deletionRaw(server, id, receivedAt)] : undefined;
  }
  if (event !== "update" && event !== "status.update") return undefined;
  const raws = rawsOf(Buffer.from(typeof payload === "string" ? payload : (JSON.stringify(payload) ?? "")), server, receivedAt);
  return raws[0]?.key === undefined ? undefined : raws;
}

export function deletionRaw(server: string, localId: string, at: number): Raw {
  return { key: statusId(server, localId), bytes: Buffer.from(JSON.stringify({ event: "delete", payload: localId, at })), receivedAt: at };
}
