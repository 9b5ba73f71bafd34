import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import mastodon from "./mastodon.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";

const account = {
  id: "9",
  username: "ann",
  acct: "ann@far.example",
  display_name: "Ann",
  bot: false,
  url: "https://far.example/@ann",
  uri: "https://far.example/users/ann",
  avatar: "https://far.example/a.png",
  followers_count: 12,
};
const base = {
  id: "116000000000000001",
  created_at: "2026-05-01T11:59:58.123Z",
  in_reply_to_id: null,
  in_reply_to_account_id: null,
  sensitive: false,
  spoiler_text: "",
  visibility: "public",
  language: "en",
  uri: "https://far.example/users/ann/statuses/1",
  url: "https://far.example/@ann/1",
  replies_count: 1,
  reblogs_count: 2,
  favourites_count: 3,
  edited_at: null,
  content: "<p>hello</p>",
  reblog: null,
  account,
  media_attachments: [],
  mentions: [],
  tags: [],
  emojis: [],
  card: null,
  poll: null,
  filtered: [],
};
const status = (changes: Record<string, unknown> = {}) => JSON.stringify({ ...base, ...changes });
const envelope = (event: string, payload: unknown) => JSON.stringify({ stream: ["public"], event, payload });

const { parse, raws } = openWith(mastodon, { server: "https://here.example" });

function event(message: string): SourceEvent | string {
  const [outcome] = parse(Buffer.from(message));
  assert.ok(outcome);
  return "keep" in outcome ? outcome.keep : "drop" in outcome ? outcome.drop : outcome.reject.code;
}

function post(changes: Record<string, unknown> = {}): SourcePost {
  const made = event(status(changes));
  assert.ok(typeof made === "object" && made.type === "post", String(made));
  return made.post;
}

testSource({
  name: "mastodon",
  parse,
  raws,
  // An id that tells no time.
  model: `{"id":"103","created_at":"DATE","visibility":"public","content":"<p>TEXT</p>","account":{"id":"9","acct":"ann","url":"https://far.example/@ann"}}`,
  messages: [
    status(),
    status({
      edited_at: "2026-05-01T12:30:00Z",
      in_reply_to_id: "115",
      spoiler_text: "ham",
      mentions: [{ id: "1", username: "bob", acct: "bob@b.example", url: "https://b.example/@bob" }],
      tags: [{ name: "ham", url: "https://x.example" }],
    }),
    status({ content: "", reblog: { ...base, id: "115999" } }),
    status({
      quote: { state: "accepted", quoted_status: { ...base, id: "114" } },
      poll: { id: "1", options: [{ title: "yes" }] },
      media_attachments: [{ id: "1", type: "image", url: "https://here.example/1.png", description: "a cup" }],
    }),
    envelope("update", status()),
    envelope("status.update", status({ edited_at: "2026-05-01T12:30:00Z" })),
    envelope("delete", "116000000000000001"),
    JSON.stringify({ event: "delete", payload: "116000000000000001", at: 1_777_636_800_000 }),
    envelope("filters_changed", undefined),
    status({ id: 17, in_reply_to_id: 16 }),
    JSON.stringify({ server: "far.example", event: "update", payload: { ...base, reblog: { ...base, id: "3" } } }),
    JSON.stringify({ server: "far.example", event: "account", payload: account, at: 1_777_636_800_000 }),
    JSON.stringify({ server: "far.example", event: "delete", payload: 5, at: 1_777_636_800_000 }),
  ],
});

test("a status becomes a post of the server's own id with everything that it says", () => {
  assert.deepEqual(post({ spoiler_text: "on ham & eggs", in_reply_to_id: "115", poll: { options: [{ title: "yes" }] } }), {
    id: "here.example/116000000000000001",
    author: {
      id: "https://far.example/@ann",
      handle: "ann@far.example",
      name: "Ann",
      avatarUrl: "https://far.example/a.png",
      profileUrl: "https://far.example/@ann",
      bot: false,
      followers: 12,
    },
    createdAt: Date.UTC(2026, 4, 1, 11, 59, 58, 123),
    revision: 0,
    text: "<p>on ham &amp; eggs</p>\n<p>hello</p>",
    format: "html",
    visibility: "public",
    languages: ["en"],
    replyTo: "here.example/115",
    counts: { likes: 3, shares: 2, replies: 1 },
    sensitive: true,
    permalink: "https://far.example/@ann/1",
    extra: { uri: "https://far.example/users/ann/statuses/1", poll: { options: [{ title: "yes" }] } },
  });
});

test("an account of the server itself has the server's name in its handle", () => {
  assert.equal(post({ account: { ...account, acct: "ann" } }).author.handle, "ann@here.example");
});

test("an edit rises in revision, and its counts come with it", () => {
  const edited = post({ edited_at: "2026-05-01T12:30:00.250Z", favourites_count: 9 });
  assert.deepEqual([edited.revision, edited.editedAt, edited.counts?.likes], [Date.UTC(2026, 4, 1, 12, 30, 0, 250), Date.UTC(2026, 4, 1, 12, 30, 0, 250), 9]);
});

test("what only followers or named people may see is private, also under a name that is new", () => {
  assert.deepEqual(
    ["public", "unlisted", "private", "direct", "local", undefined].map((visibility) => post({ visibility }).visibility),
    ["public", "unlisted", "private", "private", "private", "private"],
  );
});

test("a reshare is a post of its own without text, and brings the reshared status as its own message", () => {
  const items = raws(Buffer.from(status({ id: "117", content: "", reblog: { ...base, id: "115999", content: "<p>original</p>" } })));
  assert.deepEqual(
    items.map((item) => item.key),
    ["here.example/117", "here.example/115999"],
  );
  const posts = items.map((item) => event(Buffer.from(item.bytes).toString()));
  assert.deepEqual(
    posts.map((made) => (typeof made === "object" && made.type === "post" ? [made.post.text, made.post.reshareOf] : made)),
    [
      ["", "here.example/115999"],
      ["<p>original</p>", undefined],
    ],
  );
});

test("a deletion names the post by the local id alone", () => {
  const [raw] = raws(Buffer.from(envelope("delete", "116000000000000001")));
  assert.equal(raw?.key, "here.example/116000000000000001");
  assert.deepEqual(event(Buffer.from(raw?.bytes ?? []).toString()), { type: "delete", id: "here.example/116000000000000001", at: 1_800_000_000_000 });
  // A recorded message bears no time: the id's own is the earliest that it can be.
  assert.deepEqual(event(envelope("delete", "116000000000000001")), { type: "delete", id: "here.example/116000000000000001", at: Number(116000000000000001n >> 16n) });
});

test("media, cards, mentions, hashtags and quotes are kept", () => {
  const made = post({
    media_attachments: [
      { type: "image", url: "https://here.example/1.png", description: "a cup" },
      { type: "gifv", url: "https://here.example/2.mp4", description: null },
      { type: "unknown", remote_url: "https://far.example/3" },
    ],
    card: { url: "https://news.example/a", title: "A page" },
    mentions: [{ id: "1", username: "bob", acct: "bob@b.example", url: "https://b.example/@bob" }],
    tags: [{ name: "ham" }],
    quote: { state: "accepted", quoted_status: { ...base, id: "114" } },
  });
  assert.deepEqual(made.media, [
    { kind: "image", url: "https://here.example/1.png", alt: "a cup" },
    { kind: "video", url: "https://here.example/2.mp4" },
    { kind: "other", url: "https://far.example/3" },
    { kind: "link", url: "https://news.example/a", alt: "A page" },
  ]);
  assert.deepEqual([made.links, made.hashtags, made.quoteOf], [["https://news.example/a"], ["ham"], "here.example/114"]);
  assert.deepEqual(made.mentions, [{ id: "https://b.example/@bob", handle: "bob@b.example", url: "https://b.example/@bob" }]);
});

test("a field of a changed type falls back, one that is needed rejects", () => {
  assert.deepEqual(post({ favourites_count: "12", reblogs_count: -1, replies_count: 1e300, emojis: null, tags: {}, mentions: "x" }).counts, { likes: 12 });
  assert.equal(event(status({ account: null })), "FIELD_INVALID");
  assert.equal(event(status({ id: null })), "FIELD_MISSING");
  assert.equal(event(status({ content: { html: "<p>no</p>" } })), "FIELD_INVALID");
});
