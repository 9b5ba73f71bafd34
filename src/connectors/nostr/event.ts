import { createHash } from "node:crypto";
import { schnorr } from "@noble/curves/secp256k1.js";
import { EarshotError } from "../../core/errors.ts";
import { type Json, nameOf } from "../json/decode.ts";
import { checkInstant, checkText } from "../json/fields.ts";
import { addressOf } from "./bech32.ts";

export type Tag = readonly string[];

/** An event of NIP-01 (2025-11), its fields of the right types; `createdAt` in milliseconds UTC. */
export interface NostrEvent {
  readonly id: string;
  readonly pubkey: string;
  readonly createdAt: number;
  readonly kind: number;
  readonly tags: readonly Tag[];
  readonly content: string;
}

/** What is proved of an event: its hash and signature (about 1.7 ms of CPU), its hash alone, or nothing. */
export type Proof = "signatures" | "ids" | "none";

export const hex64 = /^[0-9a-f]{64}$/;
const mostTags = 5_000;

/** Throws FIELD_MISSING, FIELD_INVALID, DATE_INVALID, UTF8_INVALID; SIGNATURE_INVALID where id or signature are not the event's own. */
export function readEvent(event: Json, proof: Proof): NostrEvent {
  const id = hexField(event, "id", hex64);
  const pubkey = hexField(event, "pubkey", hex64);
  const kind = event["kind"];
  if (typeof kind !== "number" || !Number.isInteger(kind) || kind < 0 || kind > 65_535)
    throw new EarshotError(kind === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `event.kind: expected 0 to 65535, came ${nameOf(kind)}`);
  const tags = readTags(event["tags"]);
  const content = checkText(event["content"], "event.content");
  if (proof !== "none") {
    if (!hasOwnId(event)) throw new EarshotError("SIGNATURE_INVALID", "event.id: expected the hash of the event, came another");
    if (proof === "signatures" && !isSigned(id, pubkey, hexField(event, "sig", /^[0-9a-f]{128}$/)))
      throw new EarshotError("SIGNATURE_INVALID", "event.sig: expected the signature of the event's key, came another");
  }
  return { id, pubkey, createdAt: checkInstant(event["created_at"], "event.created_at"), kind, tags, content };
}

function hexField(event: Json, name: string, pattern: RegExp): string {
  const value = event[name];
  if (value === undefined || value === null) throw new EarshotError("FIELD_MISSING", `event.${name}: expected hex digits, came nothing`);
  if (typeof value !== "string" || !pattern.test(value)) throw new EarshotError("FIELD_INVALID", `event.${name}: expected lower-case hex digits, came ${nameOf(value)}`);
  return value;
}

function readTags(value: unknown): Tag[] {
  if (!Array.isArray(value)) throw new EarshotError(value === undefined ? "FIELD_MISSING" : "FIELD_INVALID", `event.tags: expected an array, came ${nameOf(value)}`);
  if (value.length > mostTags) throw new EarshotError("ITEM_TOO_LARGE", `event.tags: expected at most ${mostTags}, came ${value.length}`);
  return value.map((tag: unknown): Tag => {
    if (!Array.isArray(tag)) throw new EarshotError("FIELD_INVALID", `event.tags: expected arrays of strings, came ${nameOf(tag)}`);
    return tag.map((part: unknown) => checkText(part, "event.tags"));
  });
}

/** Whether the id is the event's hash: then it tells the author, the time and the words, whoever brought it. */
export function hasOwnId(event: Json): boolean {
  const { id } = event;
  return typeof id === "string" && id !== "" && (id === hashOf(event, "json") || id === hashOf(event, "verbatim"));
}

/** NIP-01 escapes seven characters and leaves all others as they are; most programs write what JSON.stringify does, which escapes other control characters too. */
function hashOf(event: Json, form: "json" | "verbatim"): string {
  let text = JSON.stringify([0, event["pubkey"], event["created_at"], event["kind"], event["tags"], event["content"]]);
  if (form === "verbatim") {
    if (!text.includes("\\u00")) return "";
    text = text.replace(/\\(?:u(00[01][0-9a-f])|.)/g, (whole, code: string | undefined) => (code === undefined ? whole : String.fromCharCode(Number.parseInt(code, 16))));
  }
  return createHash("sha256").update(text).digest("hex");
}

/** BIP-340. */
function isSigned(id: string, pubkey: string, signature: string): boolean {
  try {
    return schnorr.verify(Buffer.from(signature, "hex"), Buffer.from(id, "hex"), Buffer.from(pubkey, "hex"));
  } catch {
    return false;
  }
}

/** Kinds of which an author has one by each d tag: what comes later replaces it. */
export function isAddressable(kind: number): boolean {
  return kind >= 30_000 && kind < 40_000;
}

export function nativeId(event: NostrEvent): string {
  return isAddressable(event.kind) ? addressOf(event.kind, event.pubkey, firstTag(event, "d") ?? "") : event.id;
}

export function firstTag(event: NostrEvent, name: string): string | undefined {
  return event.tags.find((tag) => tag[0] === name)?.[1];
}

/** `kind:pubkey:d` of an a tag, as a native id. */
export function idOfAddress(address: string | undefined): string | undefined {
  const parts = address === undefined ? null : /^(\d{5}):([0-9a-f]{64}):(.*)$/s.exec(address);
  const [, kind, pubkey, d] = parts ?? [];
  return kind === undefined || pubkey === undefined || d === undefined || d.length > 500 ? undefined : addressOf(Number(kind), pubkey, d);
}
