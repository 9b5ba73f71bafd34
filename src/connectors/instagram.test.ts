import assert from "node:assert/strict";
import { test } from "node:test";
import instagram from "./instagram.ts";
import { readerOf, recorded } from "./graph/outcomes.fixtures.ts";
import { testSource } from "./source.contract.ts";
import { openWith } from "./source.fixtures.ts";

const { parse, raws } = openWith(instagram, { account: "17841", token: "env:TOKEN" });
const now = Date.UTC(2026, 10, 1);

const { outcomes, posts, only } = readerOf(instagram, parse);
const media = { id: "178", caption: "Fresh #ham", media_type: "IMAGE", media_url: "https://cdn.example/1.jpg", timestamp: "2026-05-01T12:00:00+0000", username: "ham.co" };
const comment = { id: "179", text: "Yum", timestamp: "2026-05-01T13:00:00+0000", username: "ann" };
const change = (field: string, value: unknown) => ({ object: "instagram", entry: [{ id: "17841", time: 1_777_640_000, changes: [{ field, value }] }] });

testSource({
  name: "instagram",
  parse,
  raws,
  model: `{"id":"178","timestamp":"DATE","caption":"TEXT","media_type":"IMAGE"}`,
  messages: [
    JSON.stringify(media),
    JSON.stringify({
      data: [media, { ...media, id: "180", media_type: "CAROUSEL_ALBUM", children: { data: [{ id: "1", media_type: "VIDEO", media_url: "https://cdn.example/2.mp4" }] } }],
    }),
    JSON.stringify({ graph: "comment", at: now, object: "178", edge: "comments", root: "178", value: { ...comment, like_count: 2, parent_id: "177" } }),
    JSON.stringify({ id: "17841", username: "ham.co", followers_count: 5, media: { data: [media] } }),
    JSON.stringify({ data: [{ id: "178/insights/likes/lifetime", name: "likes", period: "lifetime", values: [{ value: 3 }] }] }),
    JSON.stringify(change("comments", { id: "179", text: "hi", from: { id: "9", username: "ann" }, media: { id: "178" } })),
    JSON.stringify(change("mentions", { media_id: "178", comment_id: "179" })),
    JSON.stringify({ graph: "gone", at: now, value: { id: "178" } }),
  ],
});

test("media of the present API: kinds, children, counts, owner by field, by address or by name", () => {
  const album = only({
    ...media,
    media_type: "CAROUSEL_ALBUM",
    like_count: 4,
    comments_count: 2,
    view_count: 50,
    permalink: "https://www.instagram.com/p/CODE/",
    owner: { id: "17841" },
    children: { data: [{ id: "1", media_type: "VIDEO", media_url: "https://cdn.example/2.mp4", thumbnail_url: "https://cdn.example/2.jpg" }] },
    media_product_type: "FEED",
  });
  assert.deepEqual(album.author, { id: "17841", handle: "ham.co", profileUrl: "https://www.instagram.com/ham.co/" });
  assert.deepEqual(album.counts, { likes: 4, replies: 2, views: 50 });
  assert.deepEqual(
    album.media?.map(({ kind, url }) => [kind, url]),
    [
      ["image", "https://cdn.example/1.jpg"],
      ["video", "https://cdn.example/2.mp4"],
      ["image", "https://cdn.example/2.jpg"],
    ],
  );
  assert.deepEqual(album.extra, { media_product_type: "FEED", media_type: "CAROUSEL_ALBUM" });
  assert.deepEqual([album.text, album.permalink, album.createdAt], ["Fresh #ham", "https://www.instagram.com/p/CODE/", Date.UTC(2026, 4, 1, 12)]);
  assert.equal(only(recorded("v25.0/17841/media", { data: [media] })).author.id, "17841");
  assert.equal(only(recorded("v25.0/5/recent_media?user_id=17841", { data: [{ ...media, username: undefined }] })).author.id, `unknown:${media.id}`);
  assert.equal(only(media).author.id, "ham.co");
});

test("comments and replies know their media and what they answer", () => {
  const nested = posts({ ...media, comments: { data: [{ ...comment, replies: { data: [{ ...comment, id: "181", from: { id: "9", username: "bo" } }] } }] } });
  assert.deepEqual(
    nested.map(({ id, replyTo, root, author }) => [id, replyTo, root, author.id]),
    [
      ["178", undefined, undefined, "ham.co"],
      ["179", "178", "178", "ann"],
      ["181", "179", "178", "9"],
    ],
  );
  assert.equal(only(recorded("v25.0/178/comments", { data: [comment] })).root, "178");
  const reply = only(recorded("v25.0/179/replies", { data: [{ ...comment, id: "181", media: { id: "178" }, like_count: 3 }] }));
  assert.deepEqual([reply.replyTo, reply.root, reply.counts], ["179", "178", { likes: 3 }]);
  assert.deepEqual(outcomes({ ...comment, hidden: true }), ["PRIVATE_REFUSED"]);
});

test("discovery, mentions, hashtag search and lists of ids give the posts that they have", () => {
  const events = outcomes({
    business_discovery: { id: "17", username: "ham.co", followers_count: 12, name: "Ham", media: { data: [{ ...media, username: undefined }], paging: {} } },
    id: "17841",
  });
  assert.ok(events.every((event) => typeof event === "object"));
  assert.deepEqual(
    events.map((event) => (event.type === "identity" ? event.author.followers : event.type === "post" ? event.post.author.id : "")),
    [12, "17"],
  );
  assert.equal(only({ mentioned_media: media, id: "17841" }).id, "178");
  const mentioned = only({ mentioned_comment: { ...comment, media: { id: "178", media_url: "https://cdn.example/1.jpg" } }, id: "17841" });
  assert.deepEqual([mentioned.id, mentioned.replyTo], ["179", "178"]);
  assert.deepEqual(outcomes({ data: [{ id: "178" }, { id: "5", name: "ham" }] }), ["no-post"]);
  assert.deepEqual(outcomes(recorded("v25.0/5/top_media", { data: [{ id: "178", like_count: 2, comments_count: 1, media_type: "IMAGE" }] })), [
    { type: "engagement", id: "178", at: now, counts: { likes: 2, replies: 1 } },
  ]);
});

test("a post whose time is not told has it in its code", () => {
  const { timestamp: _, ...undated } = media;
  assert.equal(new Date(only({ ...undated, permalink: "https://www.instagram.com/p/B0000000000/" }).createdAt).getUTCFullYear(), 2019);
  assert.deepEqual(outcomes(undated), ["FIELD_MISSING"]);
});

test("the older API's shapes: caption as object, epoch seconds, images by size, tags", () => {
  const old = only({
    data: [
      {
        id: "1_2",
        type: "video",
        created_time: "1279340983",
        caption: { text: "Ham", from: { username: "ann", id: "3" } },
        user: { id: "3", username: "ann", full_name: "Ann", profile_picture: "https://cdn.example/ann.jpg" },
        images: { thumbnail: { url: "https://cdn.example/t.jpg" }, standard_resolution: { url: "https://cdn.example/s.jpg" } },
        videos: { standard_resolution: { url: "https://cdn.example/s.mp4" } },
        likes: { count: 15 },
        comments: { count: 2 },
        tags: ["ham"],
        link: "http://instagr.am/p/D/",
        location: { latitude: 37.78, longitude: -122.4, name: "Kitchen" },
        filter: "Willow",
      },
    ],
    meta: { code: 200 },
  });
  assert.deepEqual(old.author, { id: "3", handle: "ann", name: "Ann", avatarUrl: "https://cdn.example/ann.jpg", profileUrl: "https://www.instagram.com/ann/" });
  assert.deepEqual(
    [old.createdAt, old.text, old.hashtags, old.counts, old.place?.name, old.extra],
    [1_279_340_983_000, "Ham", ["ham"], { likes: 15, replies: 2 }, "Kitchen", { filter: "Willow", media_type: "video" }],
  );
  assert.deepEqual(outcomes(recorded("x", { meta: { error_type: "OAuthAccessTokenException", code: 400, error_message: "invalid" } }, 400)), ["UPSTREAM_AUTH"]);
});

test("webhooks, insights, private messages and errors", () => {
  const told = only(change("comments", { id: "179", text: "hi", from: { id: "9", username: "ann" }, media: { id: "178" }, parent_id: "177" }));
  assert.deepEqual([told.author.id, told.replyTo, told.root, told.createdAt], ["9", "177", "178", 1_777_640_000_000]);
  assert.deepEqual(outcomes(change("mentions", { media_id: "178" })), ["mention-without-text"]);
  assert.deepEqual(outcomes({ object: "instagram", entry: [{ id: "1", time: 1, messaging: [{}] }] }), ["PRIVATE_REFUSED"]);
  assert.deepEqual(
    outcomes(
      recorded("v25.0/178/insights", {
        data: [
          { name: "likes", period: "lifetime", values: [{ value: 7 }], id: "178/insights/likes/lifetime" },
          { name: "reach", period: "lifetime", values: [{ value: 70 }], id: "178/insights/reach/lifetime" },
          { name: "views", period: "lifetime", values: [{ value: 90 }], id: "178/insights/views/lifetime" },
        ],
      }),
    ),
    [{ type: "engagement", id: "178", at: now, counts: { likes: 7, views: 90 } }],
  );
  assert.deepEqual(outcomes(recorded("v25.0/ig_hashtag_search", { error: { code: 18, message: "max hashtags" } }, 400)), ["UPSTREAM_QUOTA"]);
});

test("what a mentioning comment is about is a post of its own, not the comment's; albums' figures and links in captions are read", () => {
  const [mention, about] = posts({ mentioned_comment: { ...comment, username: undefined, media: { ...media, username: "bob", caption: "see https://a.example/" } }, id: "17841" });
  assert.deepEqual([mention?.replyTo, about?.id, about?.author.id, about?.links], ["178", "178", "bob", ["https://a.example/"]]);
  const figure = { name: "carousel_album_impressions", period: "lifetime", title: "t", values: [{ value: 7 }], id: "178/insights/carousel_album_impressions/lifetime" };
  const [counted] = outcomes({ data: [figure] });
  assert.ok(typeof counted === "object" && counted.type === "engagement");
  assert.deepEqual([counted.id, counted.counts], ["178", { views: 7 }]);
});
