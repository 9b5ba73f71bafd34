import { hash } from "node:crypto";
import * as car from "@atcute/car";
import * as cbor from "@atcute/cbor";
import { EarshotError } from "../../core/errors.ts";
import type { Raw } from "../../core/source.ts";
import { isJson, type Json } from "../json/decode.ts";
import { parseInstant } from "../json/fields.ts";
import { blueskyKey } from "./parse.ts";

/** What a frame of com.atproto.sync.subscribeRepos holds, as messages of Jetstream's form. */
export interface Frame {
  readonly items: readonly Raw[];
  readonly seq?: number;
  /** An #info frame's name, e.g. OutdatedCursor. */
  readonly info?: string;
  /** An error frame's name, e.g. FutureCursor, ConsumerTooSlow; the server closes after it. */
  readonly error?: string;
}

const longestQuoted = 256 * 1024;

/**
 * One message a record operation of a wanted collection. What cannot be read becomes a message of kind "invalid",
 * which holds the frame and which the parser rejects with its code.
 */
export function readFrame(bytes: Uint8Array, wanted: ReadonlySet<string>, receivedAt: number): Frame {
  let header: unknown;
  let body: unknown;
  try {
    const [first, rest]: [unknown, Uint8Array] = cbor.decodeFirst(bytes);
    header = first;
    body = cbor.decode(rest);
  } catch {
    return { items: [invalid(bytes, receivedAt, "the frame is no CBOR")] };
  }
  if (!isJson(header) || !isJson(body)) return { items: [invalid(bytes, receivedAt, "the frame has no header and body")] };
  if (header["op"] === -1) return { items: [], error: textOf(body["error"]) ?? "unknown" };
  const seq = typeof body["seq"] === "number" && Number.isSafeInteger(body["seq"]) ? body["seq"] : undefined;
  const base = { ...(seq !== undefined && { seq }) };
  try {
    switch (header["t"]) {
      case "#commit":
        return { ...base, items: readCommit(body, bytes, wanted, receivedAt) };
      case "#identity":
        return { ...base, items: [message(body, "did", receivedAt, { kind: "identity", identity: plain(body) })] };
      case "#account":
        return { ...base, items: [message(body, "did", receivedAt, { kind: "account", account: plain(body) })] };
      case "#info":
        return { items: [], info: textOf(body["name"]) ?? "unknown" };
      default:
        // #sync tells of a repository's state, not of records; #handle, #migrate and #tombstone are no longer sent.
        return { ...base, items: [] };
    }
  } catch (thrown) {
    const reason = thrown instanceof EarshotError ? thrown.message : "the frame cannot be read";
    return { ...base, items: [invalid(bytes, receivedAt, reason)] };
  }
}

function readCommit(body: Json, frame: Uint8Array, wanted: ReadonlySet<string>, receivedAt: number): Raw[] {
  const ops = body["ops"];
  if (!Array.isArray(ops)) throw new EarshotError("CBOR_INVALID", "commit.ops: expected an array");
  const items: Raw[] = [];
  let blocks: Map<string, Uint8Array> | undefined;
  for (const op of ops) {
    if (!isJson(op) || typeof op["path"] !== "string" || typeof op["action"] !== "string") throw new EarshotError("CBOR_INVALID", "commit.ops: expected action and path");
    const slash = op["path"].indexOf("/");
    const collection = op["path"].slice(0, slash);
    if (slash < 0 || !wanted.has(collection)) continue;
    const commit: Record<string, unknown> = { rev: body["rev"], operation: op["action"], collection, rkey: op["path"].slice(slash + 1) };
    if (op["action"] !== "delete") {
      try {
        blocks ??= blocksOf(body);
        Object.assign(commit, recordOf(op["cid"], blocks));
      } catch (thrown) {
        const reason = thrown instanceof EarshotError ? thrown.message : "the blocks are no CAR";
        items.push(invalid(frame, receivedAt, body["tooBig"] === true ? `commit too big, record left out: ${op["path"]}` : `${reason}: ${op["path"]}`, textOf(body["repo"])));
        continue;
      }
    }
    items.push(message(body, "repo", receivedAt, { kind: "commit", commit }));
  }
  return items;
}

function blocksOf(body: Json): Map<string, Uint8Array> {
  const bytes = bytesOf(body["blocks"]);
  if (!bytes) throw new EarshotError("CBOR_INVALID", "commit.blocks: expected bytes");
  const blocks = new Map<string, Uint8Array>();
  for (const entry of car.fromUint8Array(bytes)) blocks.set(keyOf(entry.cid.bytes), entry.bytes);
  return blocks;
}

/** The record behind a content id, its digest checked. */
function recordOf(cid: unknown, blocks: ReadonlyMap<string, Uint8Array>): { record: unknown; cid: string } {
  if (!cbor.isCidLink(cid)) throw new EarshotError("CBOR_INVALID", "op.cid: expected a content id");
  const link = cbor.fromCidLink(cid);
  const block = blocks.get(keyOf(link.bytes));
  if (!block) throw new EarshotError("CBOR_INVALID", "commit.blocks: the record's block is missing");
  if (!hash("sha256", block, "buffer").equals(link.digest.contents)) throw new EarshotError("CBOR_INVALID", "commit.blocks: a block does not match its content id");
  return { record: cbor.decode(block), cid: cid.$link };
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return cbor.isBytes(value) ? cbor.fromBytes(value) : undefined;
}

function keyOf(cid: Uint8Array): string {
  return Buffer.from(cid.buffer, cid.byteOffset, cid.byteLength).toString("latin1");
}

function plain(body: Json): Json {
  const { time: _time, ...rest } = body;
  return rest;
}

function message(body: Json, didField: string, receivedAt: number, rest: Json): Raw {
  const timeMs = parseInstant(body["time"]) ?? receivedAt;
  // Links and bytes write themselves as $link and $bytes (atproto.com/specs/data-model).
  const bytes = Buffer.from(JSON.stringify({ did: body[didField], time_us: timeMs * 1000, ...rest }));
  return { ...blueskyKey(bytes), bytes, receivedAt };
}

/** @param did the account, where it could be read: an erasure finds the frame by it */
export function invalid(frame: Uint8Array, receivedAt: number, reason: string, did?: string, code = "CBOR_INVALID"): Raw {
  const quoted = Buffer.from(frame.buffer, frame.byteOffset, Math.min(frame.byteLength, longestQuoted)).toString("base64");
  const message = { did: did ?? "did:unknown:frame", time_us: receivedAt * 1000, kind: "invalid", code, reason, frame: quoted };
  return { key: undefined, ...(did !== undefined && { actor: did }), bytes: Buffer.from(JSON.stringify(message)), receivedAt };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.slice(0, 200) : undefined;
}
