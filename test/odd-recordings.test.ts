import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourcePost } from "../src/core/event.ts";
import { neutralOptions } from "../src/cli/neutral-options.ts";
import { validateEvent } from "../src/stages/validate.ts";
import { loadConnector } from "../src/connectors/directory.ts";

/** What each outcome of a recorded body says: type and id, the reason of a drop, the code of a reject. */
async function outcomesOf(name: string, body: unknown): Promise<readonly string[]> {
  const connector = await loadConnector(name);
  const parse = connector.parser(connector.options.parse({ ...neutralOptions[name] }));
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return [...(connector.split?.(bytes) ?? [bytes])].flatMap((raw) =>
    parse(raw).map((parsed) => {
      const outcome = "keep" in parsed ? validateEvent(parsed.keep, Date.now()) : parsed;
      if ("reject" in outcome) return outcome.reject.code;
      if ("drop" in outcome) return `drop ${outcome.drop}`;
      const event = outcome.keep;
      switch (event.type) {
        case "post":
          return `post ${event.post.id}${event.post.replyTo === undefined ? "" : ` to ${event.post.replyTo}`}${event.post.reshareOf === undefined ? "" : ` of ${event.post.reshareOf}`}`;
        case "identity":
          return `identity ${event.author.id}`;
        case "erase":
          return `erase ${event.author}`;
        case "volume":
          return `volume ${event.query} ${event.posts}`;
        case "engagement":
          return `engagement ${event.id} ${JSON.stringify(event.counts)}`;
        case "unreaction":
          return `unreaction ${event.mark}`;
        default:
          return `${event.type} ${event.id}`;
      }
    }),
  );
}

const answered = (url: string, body: unknown, more: Readonly<Record<string, unknown>> = {}) => ({
  request: { method: "GET", url, ...(typeof more["method"] === "string" && { method: more["method"] }) },
  response: { status: 200, headers: {}, body, ...more },
});

const created_at = "Wed Oct 10 20:19:24 +0000 2018";
const user = { id: 9, id_str: "9", name: "T", screen_name: "tea", followers_count: 3 };
const status = { created_at, id_str: "1050118621198921728", full_text: "To make room", user, retweet_count: 5, favorite_count: 6 };
const tweet = { id: "1700000000000000001", text: "hello", author_id: "12", created_at: "2023-10-17T10:00:00.000Z" };

const link = {
  id: "abc",
  name: "t3_abc",
  title: "A",
  selftext: "b",
  author: "ann",
  subreddit: "ham",
  created_utc: 1_690_000_000,
  url: "https://www.reddit.com/gallery/abc",
  score: 5,
};
const more = { kind: "more", data: { count: 3, id: "x", name: "t1_x", parent_id: "t1_c1", children: ["x"] } };
const comment = { kind: "t1", data: { id: "c1", name: "t1_c1", body: "hi", author: "bob", link_id: "t3_abc", parent_id: "t3_abc", created_utc: 1_690_000_100 } };
const listing = (...children: unknown[]) => ({ kind: "Listing", data: { children } });

const account = { id: "1", username: "ann", acct: "ann", display_name: "Ann", url: "https://m.example/@ann" };
const toot = { id: "109", created_at: "2023-07-01T10:00:00.000Z", visibility: "public", uri: "https://m.example/users/ann/statuses/109", content: "<p>hi</p>", account };
const tag = { name: "ham", url: "u", history: [{ day: "1688169600", uses: "5", accounts: "3" }] };

const graphError = { error: { message: "m", type: "OAuthException", code: 190, fbtrace_id: "A" } };
const page = { id: "100_200", message: "hello", created_time: "2023-07-01T10:00:00+0000", from: { id: "100", name: "P" } };

const videoSnippet = { publishedAt: "2023-07-01T10:00:00Z", channelId: "UC1", title: "T", description: "D" };

const corpus: readonly (readonly [connector: string, what: string, body: unknown, outcomes: readonly string[]])[] = [
  [
    "x",
    "partial data beside errors",
    { data: [tweet], errors: [{ title: "Not Found Error", type: "https://api.twitter.com/2/problems/resource-not-found" }] },
    ["post 1700000000000000001", "UPSTREAM_NOT_FOUND"],
  ],
  ["x", "includes without data", { includes: { tweets: [tweet] } }, ["post 1700000000000000001"]],
  ["x", "a stream with heartbeats, cut inside a line", `\r\n${JSON.stringify({ data: tweet })}\r\n\r\n{"data":{"id":"17`, ["post 1700000000000000001", "UPSTREAM_UNAVAILABLE"]],
  ["x", "the post of a notice of the user streams", { event: "favorite", created_at, source: user, target: user, target_object: status }, ["post 1050118621198921728"]],
  [
    "x",
    "trends with counts",
    answered("https://api.x.com/2/trends/by/woeid/1", { data: [{ trend_name: "Ham", tweet_count: 5 }] }, { headers: { date: "Tue, 17 Oct 2023 10:00:00 GMT" } }),
    ["volume Ham 5"],
  ],
  ["x", "a limit notice", { limit: { track: 12 } }, ["drop no-post"]],
  ["x", "a status without text of its id", { ...status, id_str: undefined }, ["FIELD_MISSING"]],
  ["x", "an enterprise count", { results: [{ timePeriod: "201101010000", count: 32 }] }, ["volume  32"]],
  ["x", "an answer of a proxy", answered("https://api.x.com/2/tweets", "<html>over</html>", { status: 503 }), ["UPSTREAM_UNAVAILABLE"]],
  ["reddit", "a page of comments with more of them", [listing({ kind: "t3", data: link }), listing(comment, more)], ["post t3_abc", "post t1_c1 to t3_abc", "drop more-comments"]],
  [
    "reddit",
    "a crosspost",
    listing({ kind: "t3", data: { ...link, id: "x2", name: "t3_x2", crosspost_parent: "t3_abc", crosspost_parent_list: [link] } }),
    ["post t3_x2 of t3_abc", "post t3_abc"],
  ],
  ["reddit", "a closed subreddit without a status", { explanation: "e", message: "Forbidden", reason: "private" }, ["UPSTREAM_REFUSED"]],
  ["reddit", "what was removed", listing({ kind: "t1", data: { ...comment.data, body: "[removed]", author: "[deleted]" } }), ["delete t1_c1"]],
  [
    "reddit",
    "a subreddit, a wiki page, an account",
    [
      { kind: "t5", data: { id: "1", display_name: "ham" } },
      { kind: "wikipage", data: { content_md: "x" } },
      { kind: "t2", data: { id: "1", name: "ann", created_utc: 1_200_000_000 } },
    ],
    ["drop subreddit", "drop wiki-page", "identity u/ann"],
  ],
  ["reddit", "an inbox", listing({ kind: "t4", data: { id: "m", name: "t4_m", body: "psst", author: "x", created_utc: 1_690_000_000 } }), ["PRIVATE_REFUSED"]],
  ["facebook", "what is no post", { success: true }, ["drop no-post"]],
  ["facebook", "an event", { id: "557", name: "Party", description: "come", start_time: "2023-08-01T10:00:00+0000" }, ["drop no-post"]],
  [
    "facebook",
    "a batch with a failed and a missing part",
    [{ code: 200, body: JSON.stringify({ data: [page] }) }, { code: 400, body: JSON.stringify(graphError) }, null],
    ["post 100_200", "UPSTREAM_AUTH", "UPSTREAM_UNAVAILABLE"],
  ],
  ["facebook", "a token", { access_token: "EAAA", token_type: "bearer" }, ["drop no-post"]],
  [
    "facebook",
    "reactions, counted",
    answered("https://graph.facebook.com/v25.0/100_200/likes?summary=true", { data: [{ id: "1", name: "A" }], summary: { total_count: 12 } }),
    [`engagement 100_200 {"likes":12}`],
  ],
  ["instagram", "stories by id alone", answered("https://graph.facebook.com/v25.0/17841/stories", { data: [{ id: "180" }] }), ["drop no-post"]],
  ["instagram", "the error of the API before", { meta: { code: 400, error_type: "OAuthException", error_message: "bad" } }, ["UPSTREAM_REFUSED"]],
  [
    "youtube",
    "a live broadcast is its video",
    { kind: "youtube#liveBroadcastListResponse", items: [{ kind: "youtube#liveBroadcast", id: "dQw4w9WgXcQ", snippet: videoSnippet }] },
    ["post dQw4w9WgXcQ"],
  ],
  ["youtube", "captions", { kind: "youtube#captionListResponse", items: [{ kind: "youtube#caption", id: "c", snippet: { videoId: "dQw4w9WgXcQ" } }] }, ["drop not-a-post"]],
  [
    "youtube",
    "comments that are turned off",
    { error: { code: 403, message: "m", errors: [{ domain: "youtube.commentThread", reason: "commentsDisabled" }] } },
    ["UPSTREAM_REFUSED"],
  ],
  ["mastodon", "a deletion whose id tells no time", answered("https://m.example/api/v1/statuses/109", { ...toot, text: "hi" }, { method: "DELETE" }), ["delete m.example/109"]],
  [
    "mastodon",
    "deletions of a stream take the newest time",
    `event: update\ndata: ${JSON.stringify(toot)}\n\n:thump\n\nevent: delete\ndata: 01HXYZ\n\n`,
    ["post mastodon.example/109", "delete mastodon.example/01HXYZ"],
  ],
  ["mastodon", "how often a hashtag was used", [tag], ["volume #ham 5"]],
  [
    "mastodon",
    "a context and a boost",
    { ancestors: [{ ...toot, id: "108" }], descendants: [{ ...toot, id: "110", in_reply_to_id: "109", content: "", reblog: toot }] },
    ["post mastodon.example/108", "post mastodon.example/110 to mastodon.example/109 of mastodon.example/109", "post mastodon.example/109"],
  ],
  ["mastodon", "errors", { error: "Validation failed: Text can't be blank" }, ["UPSTREAM_REFUSED"]],
  [
    "mastodon",
    "a note of another API",
    { id: "9abc", createdAt: "2023-07-01T10:00:00.000Z", userId: "u1", user: { id: "u1", username: "ann" }, text: "t", visibility: "public" },
    ["drop not-a-status"],
  ],
  ["x", "a search without results", { meta: { result_count: 0 }, data: [] }, ["drop no-post"]],
  ["x", "ids as numbers, each digit of them", Buffer.from(`{"data":[{"id":1700000000000000001,"text":"a","author_id":1500000000000000003}]}`), ["post 1700000000000000001"]],
  [
    "x",
    "a status of v1.1 with its id as a number alone",
    JSON.stringify({ ...status, id_str: undefined }).replace("{", '{"id":1050118621198921728,'),
    ["post 1050118621198921728"],
  ],
  [
    "x",
    "a deletion whose number lost its last digits",
    { delete: { status: { id: 1_050_118_621_198_921_700, id_str: "1050118621198921728" }, timestamp_ms: "1539202764000" } },
    ["delete 1050118621198921728"],
  ],
  ["x", "lines of an account's own archive", [{ tweet: { ...status, user: undefined, favorite_count: "6" } }], ["post 1050118621198921728"]],
  ["x", "an error in words alone", { errors: "sorry, that page does not exist" }, ["UPSTREAM_REFUSED"]],
  ["x", "a post of v2 dated as v1.1 dates", { data: [{ ...tweet, created_at }] }, ["post 1700000000000000001"]],
  [
    "reddit",
    "objects of an archive in a list",
    { data: [link, { id: "c9", body: "hi", author: "bob", subreddit: "ham", created_utc: "1690000100" }] },
    ["post t3_abc", "post t1_c9"],
  ],
  ["reddit", "a limit told as text", { message: "Too Many Requests", error: "429" }, ["UPSTREAM_RATE_LIMITED"]],
  ["reddit", "a listing whose kind is null", { kind: null, data: { children: [comment] } }, ["post t1_c1 to t3_abc"]],
  ["reddit", "an id as a number", listing({ kind: "t3", data: { ...link, id: 12_345, name: undefined } }), ["post t3_12345"]],
  ["facebook", "posts beside an error", { data: [page], error: graphError.error }, ["UPSTREAM_AUTH", "post 100_200"]],
  ["facebook", "errors in a list", [graphError, { data: [page] }], ["UPSTREAM_AUTH", "post 100_200"]],
  ["facebook", "a reel that tells its last change alone", { data: [{ id: "5", description: "d", updated_time: "2023-07-01T10:00:00+0000" }] }, ["post 5"]],
  [
    "youtube",
    "an error that is null beside items",
    { kind: "youtube#videoListResponse", error: null, items: [{ kind: "youtube#video", id: "dQw4w9WgXcQ", snippet: videoSnippet }] },
    ["post dQw4w9WgXcQ"],
  ],
  [
    "youtube",
    "items beside an error",
    { items: [{ kind: "youtube#video", id: "dQw4w9WgXcQ", snippet: videoSnippet }], error: { code: 403, errors: [{ reason: "quotaExceeded" }] } },
    ["post dQw4w9WgXcQ", "UPSTREAM_QUOTA"],
  ],
  ["youtube", "reasons without their envelope", { errors: [{ reason: "quotaExceeded", domain: "youtube.quota" }], code: 403 }, ["UPSTREAM_QUOTA"]],
  ["youtube", "who granted access", { id: "1", name: "N", given_name: "N", picture: "https://p.example/1.jpg" }, ["drop not-a-post"]],
  ["youtube", "pictures that were set", { kind: "youtube#thumbnailSetResponse", items: [{ default: { url: "https://i.example/1.jpg" } }] }, ["drop not-a-post"]],
  [
    "instagram",
    "new followers of a day are not its followers",
    { data: [{ name: "follower_count", period: "day", values: [{ value: 1 }], title: "F", id: "1784/insights/follower_count/day" }] },
    ["drop no-count"],
  ],
  [
    "facebook",
    "followers of a page",
    { data: [{ name: "page_follows", period: "day", values: [{ value: 12, end_time: "2026-05-01T07:00:00+0000" }], title: "F", id: "100/insights/page_follows/day" }] },
    ["identity 100"],
  ],
  ["youtube", "an empty list", { kind: "youtube#searchListResponse", items: [], pageInfo: { totalResults: 0 } }, ["drop empty"]],
  [
    "mastodon",
    "a quote as Pleroma tells it",
    { ...toot, pleroma: { local: true, quote: { ...toot, id: "108" }, in_reply_to_account_acct: "bob@p.example" } },
    ["post mastodon.example/109", "post mastodon.example/108"],
  ],
  [
    "rss",
    "a feed without a date",
    "<rss version='0.91'><channel><title>T</title><item><title>A</title><link>https://t.example/1</link></item></channel></rss>",
    [`post recorded.example/feed#https://t.example/1`],
  ],
  ["rss", "a feed without items", "<rss version='2.0'><channel><title>T</title></channel></rss>", ["drop empty"]],
  ["rss", "an answer that says that nothing is new", answered("https://t.example/feed", "", { status: 304 }), ["drop empty"]],
];

for (const [connector, what, body, outcomes] of corpus) {
  test(`${connector}: ${what}`, async () => {
    assert.deepEqual(await outcomesOf(connector, body), outcomes);
  });
}

test("a picture of a gallery has an address that can be opened, and leads where its writer said", async () => {
  const connector = await loadConnector("reddit");
  const gallery = {
    ...link,
    is_gallery: true,
    gallery_data: { items: [{ media_id: "m1", caption: "cap", outbound_url: "https://shop.example/x?a=1&amp;b=2" }] },
    media_metadata: { m1: { e: "Image", m: "image/jpg", s: { u: "https://preview.example/x.jpg?w=1&amp;s=2" } } },
  };
  const [raw] = [...(connector.split?.(Buffer.from(JSON.stringify(listing({ kind: "t3", data: gallery })))) ?? [])];
  const [outcome] = connector.parser(connector.options.parse({ ...neutralOptions["reddit"] }))(raw ?? new Uint8Array());
  assert.ok(outcome !== undefined && "keep" in outcome && outcome.keep.type === "post");
  assert.deepEqual(outcome.keep.post.media, [{ kind: "image", url: "https://preview.example/x.jpg?w=1&s=2", alt: "cap", mimeType: "image/jpg" }]);
  assert.ok(outcome.keep.post.links?.includes("https://shop.example/x?a=1&b=2"));
});

async function postsOf(name: string, body: unknown): Promise<readonly SourcePost[]> {
  const connector = await loadConnector(name);
  const parse = connector.parser(connector.options.parse({ ...neutralOptions[name] }));
  const outcomes = [...(connector.split?.(Buffer.from(JSON.stringify(body))) ?? [])].flatMap((raw) => parse(raw));
  return outcomes.flatMap((outcome) => ("keep" in outcome && outcome.keep.type === "post" ? [outcome.keep.post] : []));
}

test("a text of Reddit's that is told as HTML alone is kept as HTML, its title before it and its links beside it", async () => {
  const [told] = await postsOf(
    "reddit",
    listing({ kind: "t1", data: { ...comment.data, body: null, body_html: '&lt;p&gt;hi &lt;a href="https://t.example/"&gt;x&lt;/a&gt;&lt;/p&gt;' } }),
  );
  assert.deepEqual([told?.text, told?.format, told?.links], ['<p>hi <a href="https://t.example/">x</a></p>', "html", ["https://t.example/"]]);
  const [titled] = await postsOf("reddit", listing({ kind: "t3", data: { ...link, title: "A < B", selftext: undefined, selftext_html: "<p>hi</p>" } }));
  assert.deepEqual([titled?.text, titled?.format], ["<p>A &lt; B</p>\n<p>hi</p>", "html"]);
});

test("what relatives of Mastodon tell in places of their own is read, and names nobody beside the post", async () => {
  const [told] = await postsOf("mastodon", { ...toot, pleroma: { local: true, quote: { ...toot, id: "108" }, in_reply_to_account_acct: "bob@p.example" } });
  assert.deepEqual([told?.quoteOf, told?.extra?.["pleroma"]], ["mastodon.example/108", { local: true }]);
  const [pictured] = await postsOf("mastodon", { ...toot, content: null, content_text: "a < b" });
  assert.equal(pictured?.text, "<p>a &lt; b</p>");
});
