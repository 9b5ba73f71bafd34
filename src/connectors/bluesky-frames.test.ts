import assert from "node:assert/strict";
import { test } from "node:test";
import * as car from "@atcute/car";
import * as cbor from "@atcute/cbor";
import * as cid from "@atcute/cid";
import fc from "fast-check";
import bluesky from "./bluesky.ts";
import { readFrame } from "./bluesky/frames.ts";
import { openWith } from "./source.fixtures.ts";

const wanted = new Set(["app.bsky.feed.post", "app.bsky.feed.like"]);
const now = Date.UTC(2026, 4, 1, 12);
const { parse } = openWith(bluesky, {});

async function commitFrame(changes: { record?: Record<string, unknown>; tooBig?: boolean; spoil?: boolean; blocks?: Uint8Array; ops?: unknown[] } = {}): Promise<Uint8Array> {
  const block = cbor.encode(changes.record ?? { $type: "app.bsky.feed.post", createdAt: "2026-05-01T11:59:00.000Z", text: "hi", via: cbor.toBytes(new Uint8Array([1, 2])) });
  const id = await cid.create(0x71, block);
  const stored = Buffer.from(block);
  if (changes.spoil === true) stored[stored.length - 1] = (stored.at(-1) ?? 0) ^ 1;
  const chunks: Uint8Array[] = [];
  for await (const chunk of car.writeCarStream([cid.toCidLink(id)], [{ cid: id.bytes, data: stored }])) chunks.push(chunk);
  const body = {
    seq: 7,
    rebase: false,
    tooBig: changes.tooBig ?? false,
    repo: "did:plc:abcdefghijklmnopqrstuvwx",
    commit: cid.toCidLink(id),
    rev: "3mug4hocxt523",
    since: null,
    blocks: cbor.toBytes(changes.blocks ?? Buffer.concat(chunks)),
    blobs: [],
    time: "2026-05-01T12:00:00.000Z",
    ops: changes.ops ?? [
      { action: "create", path: "app.bsky.feed.post/3kxyz", cid: cid.toCidLink(id) },
      { action: "create", path: "app.bsky.graph.follow/3kxyz", cid: cid.toCidLink(id) },
      { action: "delete", path: "app.bsky.feed.like/3klike", cid: null },
    ],
  };
  return Buffer.concat([cbor.encode({ op: 1, t: "#commit" }), cbor.encode(body)]);
}

const codes = (frame: ReturnType<typeof readFrame>) =>
  frame.items.flatMap((item) => parse(item.bytes)).map((outcome) => ("reject" in outcome ? outcome.reject.code : "keep" in outcome ? outcome.keep.type : outcome.drop));

test("a commit becomes a message for each wanted record, links and bytes in their JSON form", async () => {
  const frame = readFrame(await commitFrame(), wanted, now);
  assert.equal(frame.seq, 7);
  assert.deepEqual(codes(frame), ["post", "unreaction"]);
  assert.deepEqual(
    frame.items.map((item) => item.key),
    ["at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3kxyz", { all: true }],
  );
  const [outcome] = parse(frame.items[0]?.bytes ?? new Uint8Array());
  assert.ok(outcome && "keep" in outcome && outcome.keep.type === "post");
  assert.deepEqual(outcome.keep.post.extra, { via: { $bytes: "AQI" } });
});

test("a record that does not match its content id, a broken CAR and a commit that is too big are rejected as CBOR_INVALID; deletions still come", async () => {
  assert.deepEqual(codes(readFrame(await commitFrame({ spoil: true }), wanted, now)), ["CBOR_INVALID", "unreaction"]);
  assert.deepEqual(codes(readFrame(await commitFrame({ blocks: new Uint8Array([1, 2, 3]) }), wanted, now)), ["CBOR_INVALID", "unreaction"]);
  const big = readFrame(await commitFrame({ tooBig: true, blocks: new Uint8Array() }), wanted, now);
  assert.deepEqual(codes(big), ["CBOR_INVALID", "unreaction"]);
  assert.equal(big.items[0]?.actor, "did:plc:abcdefghijklmnopqrstuvwx");
});

test("error and info frames are told by name", () => {
  assert.deepEqual(readFrame(Buffer.concat([cbor.encode({ op: -1 }), cbor.encode({ error: "FutureCursor", message: "no" })]), wanted, now), { items: [], error: "FutureCursor" });
  assert.deepEqual(readFrame(Buffer.concat([cbor.encode({ op: 1, t: "#info" }), cbor.encode({ name: "OutdatedCursor" })]), wanted, now), { items: [], info: "OutdatedCursor" });
});

test("no bytes break the reader: each frame gives messages that the parser takes", async () => {
  const good = await commitFrame();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), fc.nat(good.length), (changes, length) => {
      const bytes = Buffer.from(good.subarray(0, Math.max(1, length)));
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      for (const code of codes(readFrame(bytes, wanted, now))) assert.notEqual(code, "PARSER_FAILED");
    }),
    { numRuns: 500 },
  );
});
