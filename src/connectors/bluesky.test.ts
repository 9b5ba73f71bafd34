import assert from "node:assert/strict";
import { test } from "node:test";
import { EarshotError } from "../core/errors.ts";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import bluesky from "./bluesky.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";

const did = "did:plc:abcdefghijklmnopqrstuvwx";
const other = "did:plc:zyxwvutsrqponmlkjihgfedc";
const time_us = Date.UTC(2026, 4, 1, 12) * 1000;
const subject = { cid: "bafyreib", uri: `at://${other}/app.bsky.feed.post/3kabc` };

export function commit(collection: string, operation: string, record?: unknown, rkey = "3kxyz"): string {
  return JSON.stringify({ did, time_us, kind: "commit", commit: { rev: "3mug4hocxt523", operation, collection, rkey, ...(record !== undefined && { record }), cid: "bafyreia" } });
}

function post(record: Record<string, unknown>): SourcePost {
  const [outcome] = parse(Buffer.from(commit("app.bsky.feed.post", "create", { $type: "app.bsky.feed.post", createdAt: "2026-05-01T11:59:58.123Z", text: "", ...record })));
  assert.ok(outcome && "keep" in outcome && outcome.keep.type === "post", outcome && "reject" in outcome ? outcome.reject.message : "");
  return outcome.keep.post;
}

function event(message: string): SourceEvent | string {
  const [outcome] = parse(Buffer.from(message));
  assert.ok(outcome);
  return "keep" in outcome ? outcome.keep : "drop" in outcome ? outcome.drop : outcome.reject.code;
}

const { parse, raws } = openWith(bluesky, {});
const account = (body: Record<string, unknown>) => JSON.stringify({ did, time_us, kind: "account", account: { did, seq: 1, time: "2026-05-01T12:00:00Z", ...body } });
const identity = (body: Record<string, unknown>) => JSON.stringify({ did, time_us, kind: "identity", identity: { did, seq: 1, time: "2026-05-01T12:00:00Z", ...body } });

testSource({
  name: "bluesky",
  parse,
  raws,
  model: `{"did":"${did}","time_us":${time_us},"kind":"commit","commit":{"rev":"3mug4hocxt523","operation":"create","collection":"app.bsky.feed.post","rkey":"3kxyz","record":{"$type":"app.bsky.feed.post","createdAt":"DATE","text":"TEXT"},"cid":"bafyreia"}}`,
  messages: [
    commit("app.bsky.feed.post", "create", {
      $type: "app.bsky.feed.post",
      createdAt: "2026-05-01T11:59:58.123Z",
      text: "héllo 😀 @you #tag example.org",
      langs: ["en", "fr"],
      facets: [{ index: { byteStart: 12, byteEnd: 16 }, features: [{ $type: "app.bsky.richtext.facet#mention", did: other }] }],
      reply: { parent: subject, root: subject },
      embed: { $type: "app.bsky.embed.images", images: [{ alt: "a cup", image: { $type: "blob", ref: { $link: "bafkreiabcdefghij" }, mimeType: "image/jpeg", size: 5 } }] },
      tags: ["x"],
      labels: { $type: "com.atproto.label.defs#selfLabels", values: [{ val: "porn" }] },
      via: "an app",
    }),
    commit("app.bsky.feed.post", "update", { createdAt: "2026-05-01T11:00:00Z", text: "edited" }),
    commit("app.bsky.feed.post", "delete"),
    commit("app.bsky.feed.like", "create", { $type: "app.bsky.feed.like", createdAt: "2026-05-01T11:00:00Z", subject }),
    commit("app.bsky.feed.like", "delete"),
    commit("app.bsky.feed.repost", "create", { createdAt: "2026-05-01T11:00:00Z", subject, via: { uri: "at://x/y/z" } }),
    commit("app.bsky.feed.repost", "delete"),
    commit("app.bsky.actor.profile", "update", { displayName: "Ann" }, "self"),
    account({ active: false, status: "deleted" }),
    identity({ handle: "ann.example.org" }),
  ],
});

test("a post keeps its text, dates, languages, thread, labels and unknown fields", () => {
  assert.deepEqual(
    post({
      text: "hi",
      langs: ["en", "xx!"],
      reply: { parent: subject, root: { ...subject, uri: `at://${other}/app.bsky.feed.post/3kroot` } },
      tags: ["Ham"],
      labels: { values: [{ val: "nudity" }] },
      threadgateHint: { a: 1 },
    }),
    {
      id: `at://${did}/app.bsky.feed.post/3kxyz`,
      author: { id: did, profileUrl: `https://bsky.app/profile/${did}` },
      createdAt: Date.UTC(2026, 4, 1, 11, 59, 58, 123),
      revision: 0,
      text: "hi",
      format: "text",
      visibility: "public",
      permalink: `https://bsky.app/profile/${did}/post/3kxyz`,
      languages: ["en"],
      replyTo: subject.uri,
      root: `at://${other}/app.bsky.feed.post/3kroot`,
      hashtags: ["Ham"],
      sensitive: true,
      extra: { labels: ["nudity"], threadgateHint: { a: 1 } },
    },
  );
});

test("facets become UTF-16 spans; those off a character's edge, reversed, empty or beyond the end are left out", () => {
  const text = "é😀 #ham @bob";
  const at = (piece: string) => ({
    byteStart: Buffer.byteLength(text.slice(0, text.indexOf(piece))),
    byteEnd: Buffer.byteLength(text.slice(0, text.indexOf(piece) + piece.length)),
  });
  const link = { $type: "app.bsky.richtext.facet#link", uri: "https://example.org/" };
  const made = post({
    text,
    facets: [
      { index: at("#ham"), features: [{ $type: "app.bsky.richtext.facet#tag", tag: "ham" }] },
      { index: at("@bob"), features: [{ $type: "app.bsky.richtext.facet#mention", did: other }, link] },
      { index: { byteStart: 1, byteEnd: 4 }, features: [link] },
      { index: { byteStart: 4, byteEnd: 2 }, features: [link] },
      { index: { byteStart: 2, byteEnd: 2 }, features: [link] },
      { index: { byteStart: 0, byteEnd: 500 }, features: [link] },
      { index: { byteStart: 0.5, byteEnd: 2 }, features: [link] },
      "nonsense",
    ],
  });
  assert.deepEqual(
    made.spans?.map(({ start, end, kind, value }) => [text.slice(start, end), kind, value]),
    [
      ["#ham", "hashtag", "ham"],
      ["@bob", "mention", other],
      ["@bob", "link", "https://example.org/"],
    ],
  );
});

test("embeds give media with alt texts, links, and the quoted post", () => {
  const image = { alt: "a cup", image: { $type: "blob", ref: { $link: "bafkreiabcdefghij" }, mimeType: "image/png", size: 7 } };
  const cup = { kind: "image", alt: "a cup", mimeType: "image/png", sizeBytes: 7, url: `https://cdn.bsky.app/img/feed_fullsize/plain/${did}/bafkreiabcdefghij@jpeg` };
  assert.deepEqual(post({ embed: { $type: "app.bsky.embed.images", images: [image] } }).media, [cup]);
  const linked = post({ embed: { $type: "app.bsky.embed.external", external: { uri: "https://example.org/a", title: "A page", description: "" } } });
  assert.deepEqual([linked.links, linked.media], [["https://example.org/a"], [{ kind: "link", url: "https://example.org/a", alt: "A page" }]]);
  assert.equal(post({ embed: { $type: "app.bsky.embed.record", record: subject } }).quoteOf, subject.uri);
  const both = post({ embed: { $type: "app.bsky.embed.recordWithMedia", record: { record: subject }, media: { $type: "app.bsky.embed.images", images: [image] } } });
  assert.deepEqual([both.quoteOf, both.media], [subject.uri, [cup]]);
  assert.equal(
    post({ embed: { $type: "app.bsky.embed.video", alt: "rain", video: { ref: { $link: "bafkreivideo2345" }, mimeType: "video/mp4", size: 9 } } }).media?.[0]?.alt,
    "rain",
  );
  assert.deepEqual(post({ embed: { $type: "app.bsky.embed.hologram", frames: 3 } }).extra, { embed: { $type: "app.bsky.embed.hologram", frames: 3 } });
});

test("likes and reposts are reactions marked by their own uri, and their deletions withdraw the mark", () => {
  const at = time_us / 1000;
  assert.deepEqual(event(commit("app.bsky.feed.like", "create", { createdAt: "2026-05-01T11:00:00Z", subject })), {
    type: "reaction",
    id: subject.uri,
    mark: `at://${did}/app.bsky.feed.like/3kxyz`,
    actor: did,
    at,
    count: "likes",
  });
  assert.deepEqual(event(commit("app.bsky.feed.repost", "create", { subject })), {
    type: "reaction",
    id: subject.uri,
    mark: `at://${did}/app.bsky.feed.repost/3kxyz`,
    actor: did,
    at,
    count: "shares",
  });
  assert.deepEqual(event(commit("app.bsky.feed.like", "delete")), { type: "unreaction", mark: `at://${did}/app.bsky.feed.like/3kxyz`, at });
  assert.equal(event(commit("app.bsky.feed.like", "create", { subject: { cid: "b", uri: `at://${other}/app.bsky.feed.generator/x` } })), "not-a-post");
});

test("an edit has a revision that rises with the repository's own", () => {
  const edited = event(commit("app.bsky.feed.post", "update", { createdAt: "2026-05-01T11:00:00Z", text: "b" }));
  assert.ok(typeof edited === "object" && edited.type === "post");
  // The revision's upper bits are microseconds (2026-09-01T00:00:28.579619Z).
  assert.equal(edited.post.revision, 1788220828579619);
  assert.equal(edited.post.editedAt, time_us / 1000);
});

test("accounts that end are erased as the protocol asks for, and only deletions where the operator keeps the rest", () => {
  const keeps = openWith(bluesky, { inactiveAccounts: "keep" }).parse;
  const reason = (body: Record<string, unknown>, by = parse) => {
    const [outcome] = by(Buffer.from(account(body)));
    return outcome && "keep" in outcome && outcome.keep.type === "erase" ? outcome.keep.reason : outcome && "drop" in outcome ? outcome.drop : "?";
  };
  assert.equal(reason({ active: false, status: "deleted" }), "account-deleted");
  assert.equal(reason({ active: false, status: "deactivated" }), "account-deleted");
  assert.equal(reason({ active: false, status: "takendown" }), "platform-takedown");
  assert.equal(reason({ active: false, status: "suspended" }), "platform-takedown");
  assert.equal(reason({ active: false, status: "throttled" }), "account-throttled");
  assert.equal(reason({ active: true }), "account-active");
  assert.equal(reason({ active: false, status: "deleted" }, keeps), "account-deleted");
  assert.equal(reason({ active: false, status: "deactivated" }, keeps), "account-inactive");
});

test("a field inside the record that looks like the envelope's never becomes the key", () => {
  const message = `{"kind":"commit","commit":{"record":{"rkey":"evil","did":"did:plc:evil","collection":"app.bsky.feed.like","text":"\\"rkey\\":\\"evil\\"","createdAt":"2026-05-01T11:00:00Z"},"rkey":"3kxyz","collection":"app.bsky.feed.post","operation":"create"},"time_us":${time_us},"did":"${did}"}`;
  const [raw] = raws(Buffer.from(message));
  assert.equal(raw?.key, `at://${did}/app.bsky.feed.post/3kxyz`);
  const escaped = message.replace('"rkey":"3kxyz"', '"\\u0072key":"3kxyz"');
  assert.equal(raws(Buffer.from(escaped))[0]?.key, `at://${did}/app.bsky.feed.post/3kxyz`);
  const [outcome] = parse(Buffer.from(escaped));
  assert.ok(outcome && "keep" in outcome && outcome.keep.type === "post" && outcome.keep.post.id === raw?.key);
});

test("a date far after the message's own time is no date", () => {
  const [outcome] = parse(Buffer.from(commit("app.bsky.feed.post", "create", { createdAt: "2026-05-03T12:00:00Z", text: "from the future" })));
  assert.ok(outcome && "reject" in outcome && outcome.reject instanceof EarshotError && outcome.reject.code === "DATE_INVALID");
});
