import { EarshotError, type ErrorCode } from "../../core/errors.ts";
import type { Outcome, SourceEvent } from "../../core/event.ts";
import type { Parse } from "../../core/source.ts";
import { type Json, decodeJson, guard, isJson, nameOf } from "../json/decode.ts";
import { type NostrEvent, type Proof, firstTag, hex64, idOfAddress, readEvent } from "./event.ts";
import { readPost, readProfile, readRepost } from "./post.ts";

/*
 * Raw forms: an event as a relay gave it; {"deletion": event of kind 5, "target": native id, "of": "post" | "reaction", "author": who wrote the target, where known};
 * a message of a relay (["EVENT", subscription, event], ["CLOSED", …] …).
 */
export function nostrParser(proof: Proof): Parse {
  return guard("nostr", (bytes) => {
    const value = decodeJson(bytes, "message");
    if (Array.isArray(value)) return relayMessage(value, proof);
    if (!isJson(value)) throw new EarshotError("FIELD_INVALID", `message: expected an object, came ${nameOf(value)}`);
    return eventsOf(value, proof);
  });
}

function relayMessage(message: readonly unknown[], proof: Proof): readonly Outcome<SourceEvent>[] {
  const [word, , third] = message;
  if (word === "EVENT") {
    const event = message.findLast(isJson);
    if (event !== undefined) return eventsOf(event, proof);
  }
  if (word === "CLOSED" || (word === "OK" && third === false)) return [{ reject: new EarshotError(codeOfRefusal(message.at(-1)), `relay: expected events, came ${word}`) }];
  if (word === "EOSE" || word === "NOTICE" || word === "OK" || word === "AUTH" || word === "COUNT") return [{ drop: "not-an-event" }];
  throw new EarshotError("FIELD_INVALID", "message: expected a message of a relay, came another array");
}

/** The prefixes of NIP-01 (2025-11) and NIP-42: what a relay says when it refuses. */
export function codeOfRefusal(reason: unknown): ErrorCode {
  const prefix = typeof reason === "string" ? reason.slice(0, reason.indexOf(":")).trim() : "";
  if (prefix === "auth-required") return "UPSTREAM_AUTH";
  if (prefix === "rate-limited") return "UPSTREAM_RATE_LIMITED";
  if (prefix === "error" || prefix === "") return "UPSTREAM_UNAVAILABLE";
  return "UPSTREAM_REFUSED";
}

/** Notes, threads, pictures, videos, voice, comments, polls, highlights, chat in public, articles, classifieds, wiki pages (github.com/nostr-protocol/nips, 2025-11). */
const textKinds = new Set([1, 11, 20, 21, 22, 42, 1063, 1068, 1111, 1222, 1244, 1311, 9802, 30_023, 30_402, 30_818, 34_235, 34_236]);
/** Direct messages, seals, gift wraps, files sent to one person, and messages of groups (NIP-04, 17, 29, 59). */
const privateKinds = new Set([4, 9, 10, 12, 13, 14, 15, 44, 1059, 1060, 21_059]);

export function eventsOf(message: Json, proof: Proof): readonly Outcome<SourceEvent>[] {
  if (isJson(message["deletion"])) return [deletion(message, readEvent(message["deletion"], proof))];
  const event = readEvent(message, proof);
  if (event.kind === 0) return [{ keep: { type: "identity", author: readProfile(event), at: event.createdAt } }];
  if (textKinds.has(event.kind)) return [{ keep: { type: "post", post: readPost(event) } }];
  if (privateKinds.has(event.kind)) return [{ reject: new EarshotError("PRIVATE_REFUSED", `event.kind: ${event.kind} is private, and no right allows it`) }];
  if (event.kind === 6 || event.kind === 16) return [{ keep: { type: "post", post: readRepost(event) } }];
  if (event.kind === 7) return [reaction(event)];
  if (event.kind === 5) {
    const targets = targetsOf(event);
    return targets.length === 0 ? [{ drop: "deletes-nothing" }] : targets.map((target) => deletion(target, event));
  }
  // NIP-62: the account wants to vanish, from all relays or from some.
  if (event.kind === 62 && event.tags.some((tag) => tag[0] === "relay" && tag[1] === "ALL_RELAYS"))
    return [{ keep: { type: "erase", author: event.pubkey, reason: "subject-request", at: event.createdAt } }];
  return [{ drop: "not-a-post" }];
}

/** NIP-25: "-" is a dislike; "+", nothing and any emoji are likes. The last e tag is what is liked. */
function reaction(event: NostrEvent): Outcome<SourceEvent> {
  if (event.content === "-") return { drop: "not-a-like" };
  const id = idOfAddress(firstTag(event, "a")) ?? event.tags.findLast((tag) => tag[0] === "e" && hex64.test(tag[1] ?? ""))?.[1];
  if (id === undefined) throw new EarshotError("FIELD_MISSING", "event.tags: expected an e or a tag, came none");
  return { keep: { type: "reaction", id, mark: event.id, actor: event.pubkey, at: event.createdAt, count: "likes" } };
}

export interface Target {
  readonly target: string;
  readonly of: "post" | "reaction";
}

/** What an event of kind 5 deletes (NIP-09): addressable events of its own author only; kinds are told by k tags, or not. */
export function targetsOf(event: NostrEvent): Target[] {
  const kinds = new Set(event.tags.filter((tag) => tag[0] === "k").map((tag) => tag[1]));
  const targets: Target[] = [];
  for (const tag of event.tags) {
    const id = tag[0] === "e" && hex64.test(tag[1] ?? "") ? tag[1] : tag[0] === "a" ? idOfAddress(tag[1]) : undefined;
    if (id === undefined || targets.some(({ target }) => target === id)) continue;
    const onlyReactions = kinds.size === 1 && kinds.has("7");
    if (!onlyReactions) targets.push({ target: id, of: "post" });
    if (kinds.has("7")) targets.push({ target: id, of: "reaction" });
  }
  return targets;
}

/** Only an event's own author can delete it: where the author of the target is known and another, nothing is deleted. */
function deletion(message: Json | Target, event: NostrEvent): Outcome<SourceEvent> {
  const told: Json = { ...message };
  const { target, author } = told;
  const known = targetsOf(event).find((one) => one.target === target && one.of === (told["of"] ?? "post"));
  if (event.kind !== 5 || known === undefined) throw new EarshotError("FIELD_INVALID", "message.target: expected an id that the deletion names, came another");
  const owner = /^\d{5}:([0-9a-f]{64}):/.exec(known.target)?.[1] ?? (typeof author === "string" ? author : event.pubkey);
  if (owner !== event.pubkey) return { reject: new EarshotError("FORBIDDEN", "event.tags: expected events of the deletion's own author, came another's") };
  return {
    keep: known.of === "reaction" ? { type: "unreaction", mark: known.target, at: event.createdAt } : { type: "delete", id: known.target, at: event.createdAt, by: event.pubkey },
  };
}
