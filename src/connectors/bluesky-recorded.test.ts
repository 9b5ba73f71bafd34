import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceEvent } from "../core/event.ts";
import { validateEvent } from "../stages/validate.ts";
import bluesky from "./bluesky.ts";
import { keyOfEvent, openWith } from "./source.fixtures.ts";

const { parse, raws } = openWith(bluesky, {});

function outcomesOf(file: unknown): (SourceEvent | string)[] {
  return [...(bluesky.split?.(Buffer.from(typeof file === "string" ? file : JSON.stringify(file))) ?? [])].flatMap((message) =>
    parse(message).map((parsed) => {
      const outcome = "keep" in parsed ? validateEvent(parsed.keep, Date.UTC(2027)) : parsed;
      if ("keep" in outcome) {
        const key = keyOfEvent(outcome.keep);
        assert.deepEqual(raws(message)[0]?.key, key === "all" ? { all: true } : key);
      }
      return "keep" in outcome ? outcome.keep : "drop" in outcome ? `drop ${outcome.drop}` : outcome.reject.code;
    }),
  );
}

const shorts = (file: unknown) =>
  outcomesOf(file).map((event) =>
    typeof event === "string"
      ? event
      : `${event.type} ${event.type === "post" ? event.post.id.split("/").at(-1) : event.type === "identity" ? event.author.handle : "id" in event ? event.id : ""}`,
  );

const ann = { did: "did:plc:ann", handle: "ann.example", displayName: "Ann", avatar: "https://cdn.example/a.jpg", labels: [] };
const view = (rkey: string, rest: object = {}, record: object = {}) => ({
  uri: `at://did:plc:ann/app.bsky.feed.post/${rkey}`,
  cid: "bafy",
  author: ann,
  record: { $type: "app.bsky.feed.post", text: `post ${rkey}`, createdAt: "2026-05-01T12:00:00.000Z", langs: ["en"], ...record },
  replyCount: 1,
  repostCount: 2,
  likeCount: 3,
  quoteCount: 4,
  indexedAt: "2026-05-01T12:00:01.000Z",
  ...rest,
});

test("a post that the application shows has its author, counts, relations and labels", () => {
  const reply = { parent: { uri: "at://did:plc:bob/app.bsky.feed.post/p" }, root: { uri: "at://did:plc:bob/app.bsky.feed.post/r" } };
  const [event] = outcomesOf({ posts: [view("a", { labels: [{ val: "porn", src: "did:plc:mod" }], viewer: { like: "at://x" }, novel: 1 }, { reply })] });
  assert.ok(typeof event === "object" && event.type === "post");
  assert.deepEqual(event.post, {
    id: "at://did:plc:ann/app.bsky.feed.post/a",
    author: { id: "did:plc:ann", profileUrl: "https://bsky.app/profile/did:plc:ann", handle: "ann.example", name: "Ann", avatarUrl: "https://cdn.example/a.jpg" },
    createdAt: Date.UTC(2026, 4, 1, 12),
    revision: 0,
    text: "post a",
    format: "text",
    visibility: "public",
    permalink: "https://bsky.app/profile/did:plc:ann/post/a",
    languages: ["en"],
    replyTo: reply.parent.uri,
    root: reply.root.uri,
    counts: { likes: 3, shares: 2, replies: 1 },
    sensitive: true,
    extra: { quoteCount: 4, labels: ["porn"], novel: 1 },
  });
});

test("posts are found in timelines, threads, searches, notifications, quotes and lists of records", () => {
  const reason = { $type: "app.bsky.feed.defs#reasonRepost", by: ann, uri: "at://did:plc:bob/app.bsky.feed.repost/x", indexedAt: "2026-05-01T13:00:00Z" };
  assert.deepEqual(
    shorts({ feed: [{ post: view("a"), reply: { root: view("r"), parent: view("p") }, reason }], cursor: "c" }),
    ["reaction at://did:plc:ann/app.bsky.feed.post/a", "post a", "post r", "post p", "identity ann.example"]
      .filter((line) => line !== "identity ann.example")
      .concat("drop profile-without-date"),
  );
  const thread = {
    thread: {
      post: view("a"),
      parent: { post: view("p"), parent: { uri: "at://did:plc:x/app.bsky.feed.post/gone", notFound: true } },
      replies: [{ post: view("b"), replies: [] }],
    },
  };
  assert.deepEqual(shorts(thread), ["post a", "post p", "post b"]);
  const { record, ...quoted } = view("q");
  assert.deepEqual(shorts({ posts: [view("a", { embed: { $type: "app.bsky.embed.record#view", record: { ...quoted, value: record } } })] }), ["post a", "post q"]);
  const like = { ...view("n"), uri: "at://did:plc:bob/app.bsky.feed.like/1", reason: "like", record: { subject: { uri: view("a").uri }, createdAt: "2026-05-01T12:00:00Z" } };
  assert.deepEqual(shorts({ notifications: [{ ...view("m"), reason: "mention" }, like] }), ["post m", "reaction at://did:plc:ann/app.bsky.feed.post/a"]);
  assert.deepEqual(shorts({ records: [{ uri: view("l").uri, cid: "c", value: view("l").record }] }), ["post l"]);
});

test("accounts, labels and errors are told apart, and messages of a stream pass as they came", () => {
  assert.deepEqual(shorts({ ...ann, followersCount: 5, indexedAt: "2026-05-01T12:00:00Z" }), ["identity ann.example"]);
  const label = (uri: string, val: string, rest: object = {}) => ({ src: "did:plc:mod", uri, val, cts: "2026-05-01T12:00:00Z", ...rest });
  assert.deepEqual(
    shorts({ labels: [label(view("a").uri, "!takedown"), label("did:plc:ann", "!takedown"), label("did:plc:ann", "spam"), label(view("a").uri, "!takedown", { neg: true })] }),
    [`delete ${view("a").uri}`, "erase ", "drop label", "drop label-withdrawn"],
  );
  assert.deepEqual(shorts({ posts: [view("a", { labels: [{ val: "!takedown" }] })] }), [`delete ${view("a").uri}`]);
  assert.deepEqual(shorts({ error: "ExpiredToken", message: "Token has expired" }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(shorts({ error: "NotFound", message: "Post not found: at://x" }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(shorts({ feed: [], cursor: "x" }), ["drop not-a-post"]);
  const line = JSON.stringify({ did: "did:plc:ann", time_us: 1_777_636_800_000_000, kind: "identity", identity: { handle: "new.example" } });
  assert.deepEqual(shorts(`${line}\n${line}\nnot json\n`), ["identity new.example", "identity new.example", "JSON_INVALID"]);
});
