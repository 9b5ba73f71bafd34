import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import facebook from "./facebook.ts";
import { readerOf, recorded } from "./graph/outcomes.fixtures.ts";
import { testSource } from "./source.contract.ts";
import { openWith, readRecording, recordingsFolder } from "./source.fixtures.ts";

const { parse, raws } = openWith(facebook, { pages: ["77"], token: "env:TOKEN" });
const now = Date.UTC(2026, 10, 1);

const { outcomes, posts, only } = readerOf(facebook, parse);
const post = { id: "77_1", created_time: "2026-05-01T12:00:00+0000", message: "Fresh ham" };
const comment = { id: "1_5", created_time: "2026-05-01T13:00:00+0000", message: "Yum", from: { id: "9", name: "Ann" } };
const change = (value: unknown, field = "feed") => ({ object: "page", entry: [{ id: "77", time: 1_777_640_000, changes: [{ field, value }] }] });

testSource({
  name: "facebook",
  parse,
  raws,
  model: `{"id":"77_1","created_time":"DATE","message":"TEXT"}`,
  messages: [
    JSON.stringify(post),
    JSON.stringify({ graph: "post", at: now, owner: "77", value: { ...post, attachments: { data: [{ type: "share", url: "https://ham.example/" }] }, shares: { count: 3 } } }),
    JSON.stringify({
      graph: "comment",
      at: now,
      object: "77_1",
      root: "77_1",
      value: { ...comment, message_tags: [{ id: "3", name: "Yum", offset: 0, length: 3, type: "user" }] },
    }),
    JSON.stringify({ data: [post, { ...post, id: "77_2", comments: { data: [comment, { ...comment, id: "1_6" }], summary: { total_count: 2 } } }], paging: {} }),
    JSON.stringify({ id: "77", name: "Ham & Co", fan_count: 12, category: "Food", access_token: "x" }),
    JSON.stringify({ data: [{ id: "77_1/insights/post_impressions/lifetime", name: "post_impressions", period: "lifetime", values: [{ value: 12 }] }] }),
    JSON.stringify({ data: [{ created_time: "2026-05-01T12:00:00+0000", recommendation_type: "positive", review_text: "good", reviewer: { id: "4", name: "Bo" } }] }),
    JSON.stringify(change({ item: "comment", verb: "add", comment_id: "1_5", post_id: "77_1", parent_id: "77_1", created_time: 1_777_640_000, message: "hi", from: { id: "9" } })),
    JSON.stringify(change({ item: "status", verb: "edited", post_id: "77_1", created_time: 1_777_630_000, message: "hi", from: { id: "77" } })),
    JSON.stringify(change({ item: "comment", verb: "remove", comment_id: "1_5", post_id: "77_1" })),
    JSON.stringify(change({ item: "reaction", verb: "add", reaction_type: "love", post_id: "77_1", from: { id: "9" } })),
    JSON.stringify(change({ item: "reaction", verb: "remove", reaction_type: "love", post_id: "77_1", from: { id: "9" } })),
    JSON.stringify({ "77_1": post, "77_2": { ...post, id: "77_2" } }),
    JSON.stringify({ graph: "gone", at: now, value: { id: "77_1" } }),
  ],
});

test("every post of the recordings becomes an event with id, author, text and time", (t) => {
  if (readRecording("facebook/page-feed-1.json") === undefined) {
    t.skip("no recordings here");
    return;
  }
  for (const name of readdirSync(path.join(recordingsFolder(), "facebook"))) {
    const bytes = readRecording(`facebook/${name}`);
    assert.ok(bytes);
    if (name.startsWith("error")) assert.deepEqual(outcomes(Buffer.from(bytes).toString()), ["UPSTREAM_AUTH"]);
    else {
      const body: { data: { id: string; message: string; created_time: string }[] } = JSON.parse(Buffer.from(bytes).toString());
      assert.deepEqual(
        posts(body).map(({ id, author, text, createdAt }) => [id, author.id, text, createdAt]),
        body.data.map(({ id, message, created_time: at }) => [id, "4", message, Date.parse(at)]),
      );
    }
  }
});

test("comments know post and parent: nested, by address, by the ids alone, and as replies", () => {
  const nested = posts({ ...post, comments: { data: [{ ...comment, comments: { data: [{ ...comment, id: "1_6" }] } }], summary: { total_count: 40 } } });
  assert.deepEqual(
    nested.map(({ id, replyTo, root, counts }) => [id, replyTo, root, counts?.replies]),
    [
      ["77_1", undefined, undefined, 40],
      ["1_5", "77_1", "77_1", undefined],
      ["1_6", "1_5", "77_1", undefined],
    ],
  );
  const at = (url: string, value: unknown) => only(recorded(url, { data: [value] }));
  assert.deepEqual([at("v19.0/77_1/comments", comment).replyTo, at("v19.0/77_1/comments", comment).root], ["77_1", "77_1"]);
  assert.deepEqual([at("v19.0/1_4/comments", comment).replyTo, at("v19.0/1_4/comments", comment).root], ["1_4", "1"]);
  assert.equal(only({ ...comment, can_reply_privately: false, permalink_url: "https://www.facebook.com/77/posts/1/?comment_id=5" }).root, "77_1");
  assert.equal(only({ ...comment, id: "77_1_5", comment_count: 0 }).root, "77_1");
  assert.equal(only({ ...comment, comment_count: 2, parent: { id: "1_4", message: "first" } }).replyTo, "1_4");
  assert.equal(only({ "1_5": comment }).root, "1");
  assert.equal(only({ ...post, from: { id: "77", name: "Ham" } }).root, undefined);
  const paged = only({ data: [comment], paging: { next: "https://graph.facebook.com/v5.0/77_1/comments?access_token=secret&after=x" } });
  assert.equal(paged.root, "77_1");
  assert.equal(JSON.stringify(paged).includes("secret"), false);
});

test("counts of every version are read, and reactions by kind are kept beside them", () => {
  const whole = only({
    ...post,
    likes: { data: [{ id: "1", name: "Bo" }], summary: { total_count: 7 } },
    reactions: { data: [], summary: { total_count: 9 } },
    love: { data: [], summary: { total_count: 2, viewer_reaction: "NONE" } },
    comments: { data: [], summary: { total_count: 3 } },
    shares: { count: 5 },
  });
  assert.deepEqual(whole.counts, { likes: 7, shares: 5, replies: 3 });
  assert.deepEqual(whole.extra, { reactions: { total: 9, love: 2 } });
  assert.equal(only({ ...post, reactions: { summary: { total_count: 9 } } }).counts?.likes, 9);
  assert.deepEqual(only({ ...post, likes: { data: [], count: 4 }, comments: { data: [], count: 6 } }).counts, { likes: 4, replies: 6 });
  assert.deepEqual(only({ ...comment, like_count: 2, comment_count: 1 }).counts, { likes: 2, replies: 1 });
  assert.deepEqual(outcomes(recorded("v19.0/77_1/reactions?summary=1", { data: [{ id: "3", type: "LOVE" }], summary: { total_count: 8 } })), [
    { type: "engagement", id: "77_1", at: now, counts: { likes: 8 } },
  ]);
  assert.deepEqual(outcomes(recorded("v19.0/?ids=77_1", { "77_1": { id: "77_1", shares: { count: 2 } } })), [{ type: "engagement", id: "77_1", at: now, counts: { shares: 2 } }]);
  assert.deepEqual(
    outcomes(recorded("v19.0/77_1/insights", { data: [{ name: "post_impressions", period: "lifetime", values: [{ value: 70 }], id: "77_1/insights/post_impressions/lifetime" }] })),
    [{ type: "engagement", id: "77_1", at: now, counts: { views: 70 } }],
  );
});

test("links leave Facebook's wrapper, pictures are found in every form, and tags stand where they are in the text", () => {
  const shared = only({
    ...post,
    message: "👍 Ham & Co",
    link: "https://l.facebook.com/l.php?u=https%3A%2F%2Fham.example%2Fa%3Fb%3D1&h=AT0",
    full_picture: "https://scontent.example/p.jpg",
    message_tags: [
      { id: "77", name: "Ham & Co", offset: 2, length: 8, type: "page" },
      { id: "8", name: "Gone" },
    ],
    attachments: {
      data: [
        {
          type: "album",
          subattachments: { data: [{ type: "photo", description: "a ham", media: { image: { src: "https://scontent.example/1.jpg" } }, url: "https://www.facebook.com/photo" }] },
        },
      ],
    },
  });
  assert.deepEqual(shared.links, ["https://ham.example/a?b=1"]);
  assert.deepEqual(shared.media, [{ kind: "image", url: "https://scontent.example/1.jpg", alt: "a ham" }]);
  assert.deepEqual(shared.spans, [{ start: 3, end: 11, kind: "mention", value: "77" }]);
  assert.deepEqual(shared.mentions, [{ id: "8", handle: "Gone" }]);
  assert.deepEqual(only({ ...post, message_tags: { 6: [{ id: "5", name: "ham", offset: 6, length: 3 }] } }).spans, [{ start: 6, end: 9, kind: "mention", value: "5" }]);
  const tooLong = only({ ...post, message: "Yum", message_tags: [{ id: "5", name: "Yum", offset: 0, length: 1_806_360_172 }] });
  assert.deepEqual(tooLong.spans, [{ start: 0, end: 3, kind: "mention", value: "5" }]);
  const live = only({ id: "5", creation_time: "2026-05-01T12:00:00+0000", title: "On air", description: "Cooking", status: "VOD", permalink_url: "/ham/videos/5/" });
  assert.deepEqual([live.text, live.permalink, live.extra?.["title"]], ["Cooking", "https://www.facebook.com/ham/videos/5/", "On air"]);
});

test("authors: the writer, else the page that the id begins with, else nobody known; tokens are kept nowhere", () => {
  assert.equal(only(post).author.id, "77");
  assert.deepEqual(only({ ...post, from: { id: "9", name: "Ann" }, status_type: "wall_post" }).author, { id: "9", name: "Ann" });
  assert.equal(only(recorded("v19.0/77/visitor_posts", { data: [post] })).author.id, `unknown:${post.id}`);
  assert.equal(only({ ...comment, from: null, like_count: 0, comment_count: 0 }).author.id, `unknown:${comment.id}`);
  assert.equal(only(recorded("v19.0/77/feed", { data: [{ ...post, id: "1" }] })).author.id, "77");
  const accounts = outcomes(recorded("v19.0/9/accounts", { data: [{ id: "77", name: "Ham", category: "Food", access_token: "EAAsecret", followers_count: 5 }] }));
  assert.deepEqual(accounts, [{ type: "identity", author: { id: "77", name: "Ham", followers: 5 }, at: now }]);
});

test("what is not for everyone is refused, and what nobody wrote is no event", () => {
  for (const closed of [{ is_hidden: true }, { is_published: false }, { privacy: { value: "SELF" } }, { privacy: { value: "ALL_FRIENDS" } }])
    assert.deepEqual(outcomes({ ...post, ...closed }), ["PRIVATE_REFUSED"]);
  for (const open of [{ privacy: { value: "EVERYONE" } }, { privacy: { value: "" } }, { is_published: true }]) assert.equal(posts({ ...post, ...open }).length, 1);
  const talk = { data: [{ id: "t_1", participants: { data: [] }, messages: { data: [{ id: "m_1", message: "psst", created_time: "2026-05-01T12:00:00+0000" }] } }] };
  assert.deepEqual(outcomes(recorded("v19.0/77/conversations", talk)), ["PRIVATE_REFUSED"]);
  assert.deepEqual(outcomes({ object: "page", entry: [{ id: "77", time: 1, messaging: [{ message: { text: "psst" } }] }] }), ["PRIVATE_REFUSED"]);
  for (const nothing of [{ success: true }, { data: [] }, { data: { is_valid: true, app_id: "1" } }, { access_token: "x", token_type: "bearer" }, [], "", null])
    assert.deepEqual(outcomes(nothing), ["no-post"]);
});

test("shared posts tell what they share, and lists in any wrapping give all their posts", () => {
  assert.equal(only({ ...post, parent_id: "88_4" }).reshareOf, "88_4");
  assert.equal(only(recorded("v19.0/77_1/sharedposts", { data: [{ ...post, id: "9_9" }] })).reshareOf, "77_1");
  assert.equal(posts([{ code: 200, headers: [{ name: "x", value: "y" }], body: JSON.stringify({ data: [post, post] }) }]).length, 2);
  assert.equal(posts({ "77": { data: [post], paging: {} }, "78": { data: [{ ...post, id: "78_1" }] } }).length, 2);
  assert.deepEqual(
    outcomes({ id: "77", name: "Ham", category: "Food", posts: { data: [post] }, tagged: { data: [{ ...post, id: "9_2" }] } }).map((event) =>
      typeof event === "object" ? event.type : event,
    ),
    ["identity", "post", "post"],
  );
});

test("webhooks: edits rise, removed and hidden ones go, reactions are marks", () => {
  const [edited] = posts(change({ item: "status", verb: "edited", post_id: "77_1", created_time: 1_777_630_000, message: "new", from: { id: "77", name: "Ham" } }));
  assert.deepEqual([edited?.id, edited?.editedAt, edited?.revision, edited?.text], ["77_1", 1_777_640_000_000, 1_777_640_000_000, "new"]);
  const [reply] = posts(
    change({ item: "comment", verb: "add", comment_id: "1_6", post_id: "77_1", parent_id: "1_5", created_time: 1_777_640_000, message: "hi", sender_id: 9, sender_name: "Ann" }),
  );
  assert.deepEqual([reply?.id, reply?.replyTo, reply?.root, reply?.author], ["1_6", "1_5", "77_1", { id: "9", name: "Ann" }]);
  for (const verb of ["remove", "hide"])
    assert.deepEqual(outcomes(change({ item: "comment", verb, comment_id: "1_6", post_id: "77_1" })), [{ type: "delete", id: "1_6", at: 1_777_640_000_000 }]);
  const mark = { item: "reaction", post_id: "77_1", from: { id: "9" }, reaction_type: "wow" };
  assert.deepEqual(outcomes(change({ ...mark, verb: "add" })), [{ type: "reaction", id: "77_1", mark: "reaction/77_1/9", actor: "9", at: 1_777_640_000_000, count: "likes" }]);
  assert.deepEqual(outcomes(change({ ...mark, verb: "remove" })), [{ type: "unreaction", mark: "reaction/77_1/9", at: 1_777_640_000_000 }]);
});

test("objects where names and ids belong are refused with a code", () => {
  const odd = { toString: false };
  const item = change({ item: odd, verb: "add", post_id: "77_1", from: { id: "9" } });
  const insights = { graph: "insights", at: now, value: { id: odd, metrics: { "page_follows/day": 3 } } };
  const told = [item, insights].flatMap((message) => parse(Buffer.from(JSON.stringify(message)))).map((outcome) => ("reject" in outcome ? outcome.reject.code : outcome));
  assert.deepEqual(told, [{ drop: "not-a-post" }, "FIELD_INVALID"]);
});

test("errors of the platform have the code that says what to do", () => {
  const code = (error: unknown, status = 400) => outcomes(recorded("v19.0/77/feed", { error }, status))[0];
  assert.equal(code({ code: 190, error_subcode: 463, message: "expired", fbtrace_id: "A1" }), "UPSTREAM_AUTH");
  assert.equal(code({ code: 190, error_subcode: 458 }), "UPSTREAM_AUTH");
  for (const limit of [4, 17, 32, 613, 80_001, 80_014]) assert.equal(code({ code: limit }), "UPSTREAM_RATE_LIMITED");
  assert.equal(code({ code: 200, message: "(#200) Requires pages_read_engagement" }, 403), "UPSTREAM_AUTH");
  assert.equal(code({ code: 100, error_subcode: 33 }), "UPSTREAM_NOT_FOUND");
  assert.equal(code({ code: 803 }, 404), "UPSTREAM_NOT_FOUND");
  assert.equal(code({ code: 100, message: "(#100) Tried accessing nonexisting field" }), "UPSTREAM_REFUSED");
  assert.equal(code({ code: 368 }), "UPSTREAM_REFUSED");
  assert.equal(code({ code: 2635 }), "UPSTREAM_VERSION");
  assert.equal(code({ code: 12, message: "(#12) deprecated" }), "UPSTREAM_VERSION");
  for (const failed of [1, 2]) assert.equal(code({ code: failed }, 500), "UPSTREAM_UNAVAILABLE");
  assert.deepEqual(outcomes(recorded("v19.0/77/feed", "<html>Sorry</html>", 503)), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(outcomes("<html>Sorry</html>"), ["JSON_INVALID"]);
  assert.deepEqual(outcomes([null, { code: 400, body: '{"error":{"code":190}}' }]), ["UPSTREAM_UNAVAILABLE", "UPSTREAM_AUTH"]);
  const [message] = [...(facebook.split?.(Buffer.from(JSON.stringify({ error: { code: 190, fbtrace_id: "A1", message: "Bad EAABsbCS1iHgBAJx7ZB9sYtq" } }))) ?? [])];
  assert.ok(message);
  const [outcome] = parse(message);
  assert.ok(outcome && "reject" in outcome);
  assert.match(outcome.reject.message, /^facebook\.token-expired: .*request A1/);
  assert.doesNotMatch(outcome.reject.message, /iHgBAJx7/);
});

test("a comment whose id was not asked for has it and its parent in its address, and links stand in texts too", () => {
  const address = "https://www.facebook.com/77/posts/1/?comment_id=5";
  const [top, reply] = posts({
    data: [
      { created_time: "2026-05-01T13:00:00+0000", message: "See https://a.example/x.", permalink_url: address },
      { created_time: "2026-05-01T13:00:00+0000", message: "Yes", permalink_url: `${address}&reply_comment_id=6` },
    ],
    paging: { next: "https://graph.facebook.com/v11.0/77_1/comments?after=x" },
  });
  assert.deepEqual([top?.id, top?.replyTo, top?.root, top?.links], ["1_5", "77_1", "77_1", ["https://a.example/x"]]);
  assert.deepEqual([reply?.id, reply?.replyTo, reply?.root], ["1_6", "1_5", "77_1"]);
});

test("keys of live streams are kept nowhere, an event is by its owner, and a story goes before the words of the page that it links", () => {
  const live = only({
    id: "8",
    creation_time: "2026-05-01T12:00:00+0000",
    description: "d",
    from: { id: "77" },
    stream_url: "rtmps://x/key",
    ingest_streams: [{ stream_url: "rtmps://x/key" }],
  });
  assert.ok(!JSON.stringify(live).includes("key"));
  assert.equal(
    only({ id: "9", created_time: "2026-05-01T12:00:00+0000", description: "d", owner: { id: "77", name: "Page" }, start_time: "2026-06-01T12:00:00+0000" }).author.name,
    "Page",
  );
  const shared = only({ ...post, message: undefined, story: "Page shared a link.", description: "of another", link: "https://x.example/" });
  assert.deepEqual([shared.text, shared.extra?.["description"]], ["Page shared a link.", "of another"]);
});
