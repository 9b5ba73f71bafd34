import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { schnorr } from "@noble/curves/secp256k1.js";
import type { Outcome, SourceEvent, SourcePost } from "../core/event.ts";
import nostr from "./nostr.ts";
import { decodeEntity, encodeBech32 } from "./nostr/bech32.ts";
import { nostrParser } from "./nostr/parse.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";

const { parse, raws } = openWith(nostr, { relays: ["wss://relay.example"] });
const hex = (digit: string) => digit.repeat(64);

interface Unsigned {
  readonly kind: number;
  readonly tags?: readonly (readonly string[])[];
  readonly content?: string;
  readonly created_at?: number;
}

function sign({ kind, tags = [], content = "", created_at = 1_777_636_800 }: Unsigned, secret = 1) {
  const key = new Uint8Array(32).fill(secret);
  const pubkey = Buffer.from(schnorr.getPublicKey(key)).toString("hex");
  const id = createHash("sha256")
    .update(JSON.stringify([0, pubkey, created_at, kind, tags, content]))
    .digest("hex");
  return { id, pubkey, created_at, kind, tags, content, sig: Buffer.from(schnorr.sign(Buffer.from(id, "hex"), key, new Uint8Array(32))).toString("hex") };
}

const note = sign({ kind: 1, content: "Ham & eggs #breakfast", tags: [["t", "breakfast"]] });
const plain = { id: hex("a"), pubkey: hex("b"), created_at: 1_777_636_800, kind: 1, tags: [], content: "x", sig: "0".repeat(128) };

testSource({
  name: "nostr",
  parse: nostrParser("none"),
  raws,
  model: `{"id":"${hex("a")}","pubkey":"${hex("b")}","created_at":"DATE","kind":1,"tags":[],"content":"TEXT"}`,
  messages: [
    note,
    { ...plain, kind: 0, content: '{"name":"ann","nip05":"ann@eggs.example"}' },
    {
      ...plain,
      tags: [
        ["e", hex("c"), "", "root"],
        ["e", hex("d"), "", "reply"],
        ["p", hex("e")],
      ],
      content: "hi #[2]",
    },
    { ...plain, kind: 6, tags: [["e", note.id]], content: JSON.stringify(note) },
    { ...plain, kind: 16, tags: [["a", `30023:${hex("c")}:my article`]] },
    { ...plain, kind: 7, content: "+", tags: [["e", hex("c")]] },
    { ...plain, kind: 7, content: "-", tags: [["e", hex("c")]] },
    {
      ...plain,
      kind: 5,
      tags: [
        ["e", hex("c")],
        ["a", `30023:${hex("b")}:x`],
        ["k", "1"],
      ],
    },
    {
      ...plain,
      kind: 5,
      tags: [
        ["e", hex("c")],
        ["k", "7"],
      ],
    },
    { ...plain, kind: 5 },
    { ...plain, kind: 62, tags: [["relay", "ALL_RELAYS"]] },
    {
      ...plain,
      kind: 30_023,
      tags: [
        ["d", "x y"],
        ["title", "T"],
        ["published_at", "1700000000"],
      ],
    },
    {
      ...plain,
      kind: 1111,
      tags: [
        ["E", hex("c")],
        ["K", "20"],
        ["e", hex("d")],
        ["k", "1111"],
      ],
    },
    { ...plain, kind: 9735 },
  ].map((message) => JSON.stringify(message)),
});

function only(message: unknown, read = parse): Outcome<SourceEvent> {
  const [outcome] = read(Buffer.from(JSON.stringify(message)));
  assert.ok(outcome);
  return outcome;
}

function codeOf(outcome: Outcome<SourceEvent>): string {
  return "reject" in outcome ? outcome.reject.code : "drop" in outcome ? outcome.drop : outcome.keep.type;
}

function post(event: Unsigned): SourcePost {
  const outcome = only(sign(event));
  assert.ok("keep" in outcome && outcome.keep.type === "post", JSON.stringify(outcome));
  return outcome.keep.post;
}

test("an event is kept if its hash and signature are its own, and rejected if not", () => {
  assert.equal(codeOf(only(note)), "post");
  assert.equal(codeOf(only({ ...note, content: "Ham & spam" })), "SIGNATURE_INVALID");
  assert.equal(codeOf(only({ ...note, pubkey: sign({ kind: 1 }, 2).pubkey })), "SIGNATURE_INVALID");
  const other = sign({ kind: 1, content: "other" });
  assert.equal(codeOf(only({ ...note, sig: other.sig })), "SIGNATURE_INVALID");
  assert.equal(codeOf(only({ ...note, sig: "f".repeat(128) })), "SIGNATURE_INVALID");
  assert.equal(codeOf(only({ ...note, sig: undefined })), "FIELD_MISSING");
  assert.equal(codeOf(only({ ...note, sig: other.sig }, openWith(nostr, { relays: ["wss://relay.example"], proof: "ids" }).parse)), "post");
});

test("the hash is that of NIP-01's own form or of JSON's where control characters are in it", () => {
  const content = 'a\u0001b\n"\\ü😀';
  const tags: string[][] = [];
  const verbatim = `[0,"${note.pubkey}",1777636800,1,[],"a\u0001b\\n\\"\\\\ü😀"]`;
  const id = createHash("sha256").update(verbatim).digest("hex");
  const event = {
    id,
    pubkey: note.pubkey,
    created_at: 1_777_636_800,
    kind: 1,
    tags,
    content,
    sig: Buffer.from(schnorr.sign(Buffer.from(id, "hex"), new Uint8Array(32).fill(1))).toString("hex"),
  };
  assert.equal(codeOf(only(event)), "post");
  assert.equal(codeOf(only(sign({ kind: 1, content }))), "post");
});

test("the examples of BIP-340 are told apart: a right signature, and one whose nonce point has an odd y", () => {
  const key = Buffer.from("F9308A019258C31049344F85F89D5229B531C845836F99B08601F113BCE036F9", "hex");
  const signature = Buffer.from("E907831F80848D1069A5371B402410364BDF1C5F8307B0084C55F1CE2DCA821525F66A4A85EA8B71E482A74F382D2CE5EBEEE8FDB2172F477DF4900D310536C0", "hex");
  assert.equal(schnorr.verify(signature, new Uint8Array(32), key), true);
  const oddKey = Buffer.from("DFF1D77F2A671C5F36183726DB2341BE58FEAE1DA2DECED843240F7B502BA659", "hex");
  const odd = Buffer.from("FFF97BD5755EEEA420453A14355235D382F6472F8568A18B2F057A14602975563CC27944640AC607CD107AE10923D9EF7A73C643E166BE5EBEAFA34B1AC553E2", "hex");
  assert.equal(schnorr.verify(odd, Buffer.from("243F6A8885A308D313198A2E03707344A4093822299F31D0082EFA98EC4E6C89", "hex"), oddKey), false);
});

test("replies are read by markers, and by position where there are none", () => {
  const refs = (tags: string[][]) => {
    const { replyTo, root } = post({ kind: 1, tags });
    return [replyTo?.[0], root?.[0]];
  };
  assert.deepEqual(refs([["e", hex("c"), "", "root"]]), ["c", "c"]);
  assert.deepEqual(
    refs([
      ["e", hex("c"), "", "root"],
      ["e", hex("d"), "", "reply"],
    ]),
    ["d", "c"],
  );
  assert.deepEqual(refs([["e", hex("c"), "", "mention"]]), [undefined, undefined]);
  assert.deepEqual(refs([["e", hex("c")]]), ["c", "c"]);
  assert.deepEqual(
    refs([
      ["e", hex("c")],
      ["e", hex("d")],
      ["e", hex("e")],
    ]),
    ["e", "c"],
  );
  const comment = post({
    kind: 1111,
    tags: [
      ["A", `30023:${hex("c")}:x`],
      ["K", "30023"],
      ["e", hex("d")],
      ["k", "1111"],
    ],
  });
  assert.deepEqual([comment.replyTo, comment.root], [hex("d"), `30023:${hex("c")}:x`]);
});

test("accounts and quotes in the text are found by their addresses (examples of NIP-19)", () => {
  const npub = "npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6";
  const nprofile = "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p";
  const key = "3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d";
  assert.deepEqual(decodeEntity(npub), { account: key });
  assert.deepEqual(decodeEntity(nprofile), { account: key });
  assert.equal(decodeEntity(`${npub.slice(0, -1)}7`), undefined);
  assert.equal(encodeBech32("npub", key), npub);
  const quoted = encodeBech32("note", hex("c"));
  const mentioning = post({ kind: 1, content: `Hello nostr:${npub}, see nostr:${quoted}` });
  assert.deepEqual(mentioning.spans, [{ start: 6, end: 6 + 6 + npub.length, kind: "mention", value: key }]);
  assert.equal(mentioning.quoteOf, hex("c"));
  assert.equal(post({ kind: 1, content: "x", tags: [["q", hex("d"), ""]] }).quoteOf, hex("d"));
});

test("an article is one post however often it is written anew; pictures, warnings and languages are read", () => {
  const write = (created_at: number, content: string) =>
    post({
      kind: 30_023,
      created_at,
      content,
      tags: [
        ["d", "my eggs"],
        ["title", "Eggs"],
        ["published_at", "1700000000"],
      ],
    });
  const [first, second] = [write(1_777_636_800, "one"), write(1_777_636_900, "two")];
  assert.equal(first.id, `30023:${note.pubkey}:my%20eggs`);
  assert.equal(second.id, first.id);
  assert.ok(second.revision > first.revision);
  assert.deepEqual([second.createdAt, second.editedAt, second.text], [1_700_000_000_000, 1_777_636_900_000, "Eggs\n\ntwo"]);
  const picture = post({
    kind: 20,
    tags: [
      ["title", "Egg"],
      ["imeta", "url https://eggs.example/1.jpg", "m image/jpeg", "alt An egg"],
      ["content-warning", "spice"],
      ["l", "en", "ISO-639-1"],
      ["t", "egg"],
      ["odd", "1"],
      ["zap", hex("e")],
    ],
  });
  assert.deepEqual(picture.media, [{ kind: "image", url: "https://eggs.example/1.jpg", alt: "An egg", mimeType: "image/jpeg" }]);
  assert.deepEqual(
    [picture.sensitive, picture.languages, picture.hashtags, picture.extra],
    [
      true,
      ["en"],
      ["egg"],
      {
        kind: 20,
        tags: [
          ["content-warning", "spice"],
          ["odd", "1"],
        ],
      },
    ],
  );
});

test("what is private is refused, what is no post dropped, a wish to vanish erases", () => {
  for (const kind of [4, 13, 14, 1059]) assert.equal(codeOf(only(sign({ kind }))), "PRIVATE_REFUSED");
  assert.equal(post({ kind: 1, tags: [["h", "group"]] }).visibility, "private");
  assert.equal(codeOf(only(sign({ kind: 10_002 }))), "not-a-post");
  assert.equal(codeOf(only(sign({ kind: 62, tags: [["relay", "ALL_RELAYS"]] }))), "erase");
  assert.equal(codeOf(only(sign({ kind: 62, tags: [["relay", "wss://one.example"]] }))), "not-a-post");
});

function eventsIn(file: string): string[] {
  return [...(nostr.split?.(Buffer.from(file)) ?? [])].flatMap((message) =>
    parse(message).map((outcome) => ("keep" in outcome && outcome.keep.type === "post" ? `post ${outcome.keep.post.id}` : codeOf(outcome))),
  );
}

test("a deletion deletes its author's events only, a repost brings along what it shares, relays' messages are read", () => {
  const lines = (...values: unknown[]) => values.map((value) => JSON.stringify(value)).join("\n");
  const own = sign({ kind: 5, tags: [["e", note.id]] });
  const forged = sign(
    {
      kind: 5,
      tags: [
        ["e", note.id],
        ["a", `30023:${note.pubkey}:x`],
      ],
    },
    2,
  );
  assert.deepEqual(eventsIn(lines(own, note)), ["delete", `post ${note.id}`]);
  assert.deepEqual(eventsIn(lines(forged, note)), ["FORBIDDEN", "FORBIDDEN", `post ${note.id}`]);
  const repost = sign({ kind: 6, tags: [["e", note.id]], content: JSON.stringify(note) }, 2);
  assert.deepEqual(eventsIn(JSON.stringify([repost])), [`post ${repost.id}`, `post ${note.id}`]);
  const messages = [
    ["EVENT", "sub", note],
    ["EOSE", "sub"],
    ["NOTICE", "hello"],
    ["CLOSED", "sub", "auth-required: sign in"],
    ["CLOSED", "sub", "rate-limited: slow"],
    ["CLOSED", "sub", "error: x"],
  ];
  const codes = [`post ${note.id}`, "not-an-event", "not-an-event", "UPSTREAM_AUTH", "UPSTREAM_RATE_LIMITED", "UPSTREAM_UNAVAILABLE"];
  assert.deepEqual(eventsIn(lines(...messages)), codes);
  assert.deepEqual(eventsIn(JSON.stringify(messages)), codes);
});
