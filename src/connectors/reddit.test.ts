import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Outcome, SourceEvent, SourcePost } from "../core/event.ts";
import { isJson } from "./json/decode.ts";
import { recordedAnswers } from "./json/recorded.ts";
import reddit from "./reddit.ts";
import { testSource } from "./source.contract.ts";
import { openWith, readRecording, recordingsFolder } from "./source.fixtures.ts";

const link = {
  id: "abc",
  name: "t3_abc",
  title: "A title",
  selftext: "words",
  selftext_html: "<p>words</p>",
  author: "Ann_B",
  author_fullname: "t2_99",
  subreddit: "tea",
  subreddit_id: "t5_1",
  subreddit_type: "public",
  created_utc: 1_700_000_000,
  edited: false,
  score: 12,
  ups: 12,
  downs: 0,
  upvote_ratio: 0.9,
  num_comments: 3,
  num_crossposts: 1,
  is_self: true,
  over_18: false,
  permalink: "/r/tea/comments/abc/a_title/",
  url: "https://www.reddit.com/r/tea/comments/abc/a_title/",
  likes: null,
  all_awardings: [],
};
const comment = {
  id: "c1",
  name: "t1_c1",
  body: "yes",
  body_html: "<p>yes</p>",
  author: "Bob",
  subreddit: "tea",
  link_id: "t3_abc",
  parent_id: "t3_abc",
  created_utc: 1_700_000_100,
  edited: false,
  score: 2,
  ups: 2,
  replies: "",
  permalink: "/r/tea/comments/abc/a_title/c1/",
};
const t3 = (changes: Record<string, unknown> = {}) => ({ kind: "t3", data: { ...link, ...changes } });
const t1 = (changes: Record<string, unknown> = {}) => ({ kind: "t1", data: { ...comment, ...changes } });
const listing = (...children: unknown[]) => ({ kind: "Listing", data: { children, after: null, before: null } });

const { parse, raws } = openWith(reddit, { clientId: "id", contact: "ann_b" });

function outcomes(value: unknown): readonly Outcome<SourceEvent>[] {
  return [...(reddit.split?.(Buffer.from(typeof value === "string" ? value : JSON.stringify(value))) ?? [])].flatMap((bytes) => parse(bytes));
}

function shown(value: unknown): string[] {
  return outcomes(value).map((outcome) => {
    if ("reject" in outcome) return outcome.reject.code;
    if ("drop" in outcome) return outcome.drop;
    return outcome.keep.type === "post" ? outcome.keep.post.id : outcome.keep.type === "delete" ? `delete ${outcome.keep.id}` : outcome.keep.type;
  });
}

function posts(value: unknown): SourcePost[] {
  return outcomes(value).map((outcome) => {
    assert.ok("keep" in outcome && outcome.keep.type === "post", JSON.stringify(outcome));
    return outcome.keep.post;
  });
}

function post(value: unknown): SourcePost {
  const [first] = posts(value);
  assert.ok(first);
  return first;
}

testSource({
  name: "reddit",
  parse,
  raws,
  model: `{"kind":"t3","data":{"id":"abc","title":"TEXT","author":"ann","created_utc":"DATE"}}`,
  messages: [
    JSON.stringify(t3()),
    JSON.stringify({ ...t3({ selftext: "[deleted]", author: "[deleted]", edited: 1_700_000_500 }), at: 1_700_001_000_000 }),
    JSON.stringify(t3({ is_self: false, url: "https://i.redd.it/x.png", crosspost_parent: "t3_aaa", crosspost_parent_list: [{ ...link, id: "aaa", name: "t3_aaa" }] })),
    JSON.stringify([listing(t3()), listing(t1({ replies: listing(t1({ id: "c2", name: "t1_c2", parent_id: "t1_c1" }), { kind: "more", data: { count: 3, children: ["c3"] } }) }))]),
    JSON.stringify({ json: { data: { things: [t1()] } } }),
    JSON.stringify({ kind: "t2", data: { name: "Ann_B", created_utc: 1_500_000_000 } }),
    JSON.stringify({ kind: "LiveUpdate", data: { id: "u1", name: "LiveUpdate_u1", body: "live", author: "ann", created_utc: 1_700_000_000 } }),
    JSON.stringify({ event: "delete", id: "t1_c1", at: 1_700_000_000_000 }),
    JSON.stringify({ event: "erase", author: "Ann_B", at: 1_700_000_000_000 }),
    JSON.stringify(listing()),
  ],
});

test("a post has title and text, net votes, replies and crossposts, and the author by name in lower case", () => {
  const made = post(t3({ brand_new: { a: 1 }, link_flair_text: "Green", gilded: 0 }));
  assert.deepEqual(made, {
    id: "t3_abc",
    author: { id: "u/ann_b", handle: "Ann_B", profileUrl: "https://www.reddit.com/user/Ann_B" },
    createdAt: 1_700_000_000_000,
    revision: 0,
    text: "A title\n\nwords",
    format: "text",
    visibility: "public",
    counts: { likes: 12, shares: 1, replies: 3 },
    permalink: "https://www.reddit.com/r/tea/comments/abc/a_title/",
    extra: { brand_new: { a: 1 }, link_flair_text: "Green", subreddit: "tea", subreddit_id: "t5_1", upvote_ratio: 0.9, score: 12 },
  });
});

test("a comment replies to its parent below its post; an edit has its time and raises the revision", () => {
  const made = post(t1({ parent_id: "t1_c0", edited: 1_700_000_400, score: -5, ups: -5 }));
  assert.deepEqual([made.replyTo, made.root, made.editedAt, made.revision], ["t1_c0", "t3_abc", 1_700_000_400_000, 1_700_000_400_000]);
  assert.deepEqual([made.counts, made.extra?.["score"]], [{ likes: 0 }, -5]);
  assert.equal(post(t1({ edited: true })).revision, 1);
  assert.equal(post(t1({ permalink: undefined })).permalink, "https://www.reddit.com/r/tea/comments/abc/_/c1/");
});

test("a page of comments gives its post and every comment however deep, and tells what it leaves out", () => {
  let tree: unknown = t1({ id: "d299", name: "t1_d299", parent_id: "t1_d298" });
  for (let depth = 298; depth >= 0; depth--) tree = t1({ id: `d${depth}`, name: `t1_d${depth}`, replies: listing(tree, { kind: "more", data: { count: 1, children: ["x"] } }) });
  const found = shown([listing(t3()), listing(tree)]);
  assert.deepEqual(
    found.filter((one) => one !== "more-comments"),
    ["t3_abc", ...Array.from({ length: 300 }, (_, depth) => `t1_d${depth}`)],
  );
  assert.equal(found.length, 600);
});

test("things come out of every shape: more children, duplicates, inboxes, archives, the account of a token, live threads", () => {
  assert.deepEqual(shown({ json: { errors: [], data: { things: [t1(), { kind: "more", data: {} }] } } }), ["t1_c1", "more-comments"]);
  assert.deepEqual(shown([listing(t3()), listing(t3({ id: "dup", name: "t3_dup" }))]), ["t3_abc", "t3_dup"]);
  assert.deepEqual(shown(`${JSON.stringify({ ...link, name: undefined })}\n${JSON.stringify({ ...comment, name: undefined })}`), ["t3_abc", "t1_c1"]);
  assert.deepEqual(shown({ name: "Ann_B", id: "99", link_karma: 3, created_utc: 1_500_000_000 }), ["identity"]);
  assert.deepEqual(shown(listing({ kind: "t5", data: { display_name: "tea" } }, { kind: "t2", data: { name: "x", created_utc: 1_500_000_000 } })), ["subreddit", "identity"]);
  const inbox = post(listing(t1({ link_id: undefined, was_comment: true, context: "/r/tea/comments/zzz/title/c1/?context=3", permalink: undefined })));
  assert.equal(inbox.root, "t3_zzz");
  assert.deepEqual(shown({ kind: "wikipage", data: { content_md: "x" } }), ["wiki-page"]);
});

test("a collection's links, things without their kind, addresses with spaces and odd texts are read; widgets and uploads are no posts", () => {
  const one = post({ collection_id: "x", sorted_links: listing(t3({ is_self: false, url: "http://old.example/a b.htm", selftext: 12 })) });
  assert.deepEqual([one.id, one.links, one.text, one.extra?.["selftext"]], ["t3_abc", ["http://old.example/a%20b.htm"], "A title", 12]);
  assert.equal(post({ data: comment }).id, "t1_c1");
  assert.deepEqual(outcomes({ kind: "calendar", id: "w", data: [] }), [{ drop: "not-a-post" }]);
  const upload = { request: { method: "POST", url: "https://store.example/" }, response: { status: 201, headers: {}, body: '<?xml version="1.0"?><PostResponse></PostResponse>' } };
  assert.deepEqual(
    [...(reddit.split?.(Buffer.from(JSON.stringify([upload]))) ?? [])].flatMap((raw) => parse(raw)),
    [{ drop: "upload" }],
  );
  assert.ok("keep" in (outcomes(t3({ banned_by: "" }))[0] ?? {}));
});

test("private messages are refused with a code, and closed subreddits are marked private", () => {
  assert.deepEqual(shown(listing({ kind: "t4", data: { id: "m", name: "t4_m", body: "psst", author: "ann", created_utc: 1 } })), ["PRIVATE_REFUSED"]);
  assert.deepEqual(shown({ conversations: {}, messages: {} }), ["PRIVATE_REFUSED"]);
  assert.equal(post(t3({ subreddit_type: "private" })).visibility, "private");
  assert.equal(post(t3({ subreddit_type: "restricted" })).visibility, "public");
});

test("what authors delete and moderators remove is a deletion; a post whose account is gone stays, without an author", () => {
  for (const gone of [
    t3({ selftext: "[deleted]", author: "[deleted]" }),
    t3({ selftext: "[removed]" }),
    t3({ selftext: "", is_self: false, removed_by_category: "moderator" }),
    t3({ banned_by: true }),
    t3({ title: "[deleted by user]", selftext: "" }),
  ])
    assert.deepEqual(shown(gone), ["delete t3_abc"]);
  assert.deepEqual(shown(t1({ body: "[deleted]", author: "[deleted]" })), ["delete t1_c1"]);
  assert.deepEqual(shown(t1({ body: "[removed]", author: "[deleted]" })), ["delete t1_c1"]);
  const orphan = post(t1({ author: "[deleted]" }));
  assert.deepEqual([orphan.author, orphan.text], [{ id: "u/[deleted]" }, "yes"]);
});

test("a crosspost reshares its original, which is a post of its own; a link to a post quotes it", () => {
  const [crosspost, original] = posts(
    t3({ is_self: false, selftext: "", crosspost_parent: "t3_orig", crosspost_parent_list: [{ ...link, id: "orig", name: "t3_orig", author: "Cid" }] }),
  );
  assert.deepEqual([crosspost?.reshareOf, original?.id, original?.author.id], ["t3_orig", "t3_orig", "u/cid"]);
  const quoting = post(t3({ is_self: false, selftext: "", url: "https://old.reddit.com/r/tea/comments/zz9/t/c77/?context=1" }));
  assert.equal(quoting.quoteOf, "t1_c77");
});

test("links, mentions and subreddits are found in markdown, the pictures of a gallery in their order", () => {
  const made = post(t3({ selftext: "see [it](https://a.example/x_(y)) and u/Bob, /u/cid-9 in r/tea or https://b.example/u/not." }));
  assert.deepEqual(made.links, ["https://a.example/x_(y)", "https://b.example/u/not"]);
  assert.deepEqual(
    made.spans?.filter((span) => span.kind === "mention").map(({ start, end, value }) => [made.text.slice(start, end), value]),
    [
      ["u/Bob", "u/bob"],
      ["/u/cid-9", "u/cid-9"],
    ],
  );
  assert.deepEqual(made.extra?.["subreddits"], ["tea"]);
  const gallery = post(
    t3({
      is_self: false,
      is_gallery: true,
      url: "https://www.reddit.com/gallery/abc",
      gallery_data: { items: [{ media_id: "two", caption: "second" }, { media_id: "one" }] },
      media_metadata: {
        one: { e: "Image", m: "image/png", s: { u: "https://preview.redd.it/one.png?s=1" } },
        two: { e: "Image", m: "image/jpg", s: { u: "https://preview.redd.it/two.jpg" } },
      },
    }),
  );
  assert.deepEqual(gallery.media, [
    { kind: "image", url: "https://preview.redd.it/two.jpg", alt: "second", mimeType: "image/jpg" },
    { kind: "image", url: "https://preview.redd.it/one.png?s=1", mimeType: "image/png" },
  ]);
  const picture = post(t3({ is_self: false, selftext: "", url: "https://i.redd.it/a.jpg" }));
  assert.deepEqual([picture.media, picture.links], [[{ kind: "image", url: "https://i.redd.it/a.jpg" }], ["https://i.redd.it/a.jpg"]]);
});

test("entities are undone where an answer came escaped, and only there", () => {
  const record = (url: string, data: Record<string, unknown>) => [{ request: { method: "GET", url }, response: { status: 200, headers: {}, body: listing(t3(data)) } }];
  const bare = { selftext: "", selftext_html: null };
  assert.equal(post(record("https://oauth.reddit.com/r/tea/new", { ...bare, title: "a &amp; b &lt;3" })).text, "a & b <3");
  assert.equal(post(record("https://oauth.reddit.com/r/tea/new?raw_json=1", { ...bare, title: "a &amp; b" })).text, "a &amp; b");
  assert.equal(post(t3({ title: "a &amp; b", selftext_html: "&lt;p&gt;words&lt;/p&gt;" })).text, "a & b\n\nwords");
  assert.equal(post(t3({ title: "a &amp; b" })).text, "a &amp; b\n\nwords");
  assert.equal(post(t3({ ...bare, title: "a &amp; b" })).text, "a & b");
  assert.equal(post(t3({ ...bare, title: "a & b &amp; c" })).text, "a & b &amp; c");
});

test("errors are rejected with the code that names them", () => {
  const answered = (status: number, body: unknown) => shown([{ request: { method: "GET", url: "https://oauth.reddit.com/x" }, response: { status, headers: {}, body } }]);
  assert.deepEqual(answered(404, { message: "Not Found", error: 404 }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(answered(404, { reason: "banned", message: "Not Found", error: 404 }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(answered(403, { reason: "private", message: "Forbidden", error: 403 }), ["UPSTREAM_REFUSED"]);
  assert.deepEqual(answered(403, { message: "Forbidden", error: 403 }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(answered(403, "<html>blocked by network security</html>"), ["UPSTREAM_REFUSED"]);
  assert.deepEqual(answered(401, { message: "Unauthorized", error: 401 }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(answered(429, { message: "Too Many Requests", error: 429 }), ["UPSTREAM_RATE_LIMITED"]);
  assert.deepEqual(answered(503, "<html>busy</html>"), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(answered(500, ""), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(answered(400, { fields: ["limit"], explanation: "x", message: "Bad Request", reason: "BAD" }), ["UPSTREAM_REFUSED"]);
  assert.deepEqual(answered(200, { json: { errors: [["RATELIMIT", "wait 9 minutes", "ratelimit"]] } }), ["UPSTREAM_RATE_LIMITED"]);
  assert.deepEqual(answered(200, { error: "invalid_grant" }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(answered(200, "<html>hello</html>"), ["JSON_INVALID"]);
  assert.deepEqual(answered(200, { access_token: "x", token_type: "bearer" }), ["access-token"]);
  assert.deepEqual(answered(204, ""), ["empty"]);
  assert.deepEqual(shown({ message: "Not Found", error: 404 }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(
    shown([
      {
        request: { url: "https://oauth.reddit.com/r/nope/new" },
        response: { status: 302, headers: { Location: ["https://oauth.reddit.com/subreddits/search?q=nope"] }, body: "" },
      },
    ]),
    ["UPSTREAM_NOT_FOUND"],
  );
});

test("every post and comment of the recordings is an event, with author, time, text and relations", (context) => {
  const files = readRecording("reddit/subreddit-new.json") ? readdirSync(path.join(recordingsFolder(), "reddit")) : [];
  if (files.length === 0) {
    context.skip("no recordings in ../shared/data/recordings/reddit");
    return;
  }
  let count = 0;
  for (const file of files) {
    const bytes = readRecording(`reddit/${file}`);
    assert.ok(bytes);
    const ids = new Map<string, Record<string, unknown>>();
    // An independent way to every thing: whatever has a fullname and an author.
    const walk = (value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      if (isJson(value) && typeof value["name"] === "string" && /^t[13]_/.test(value["name"]) && "author" in value) ids.set(value["name"], { ...value });
      for (const inner of Object.values(value)) walk(inner);
    };
    for (const { body } of recordedAnswers(bytes)) walk(body);
    const events = new Map(
      [...(reddit.split?.(bytes) ?? [])]
        .flatMap((message) => parse(message))
        .flatMap((outcome) => ("keep" in outcome && outcome.keep.type === "post" ? [[outcome.keep.post.id, outcome.keep.post] as const] : [])),
    );
    assert.deepEqual([...events.keys()].toSorted(), [...ids.keys()].toSorted(), file);
    for (const [id, data] of ids) {
      const made = events.get(id);
      assert.ok(made);
      assert.equal(made.author.handle, data["author"]);
      assert.equal(made.createdAt, Number(data["created_utc"]) * 1000);
      assert.ok(made.text.includes(String(data["body"] ?? data["title"])));
      assert.equal(made.replyTo, data["parent_id"]);
      assert.equal(made.root, data["link_id"]);
      assert.equal(made.counts?.likes, Math.max(0, Number(data["score"])));
      assert.equal(made.counts.replies, data["num_comments"]);
      count++;
    }
  }
  assert.ok(count > 200);
});
