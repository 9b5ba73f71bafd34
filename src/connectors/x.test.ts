import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import { testSource } from "./source.contract.ts";
import { openWith, readRecording } from "./source.fixtures.ts";
import x from "./x.ts";

const { parse, raws } = openWith(x, {});
const id = "1780000000000000001";
const users = [
  { id: "9", username: "ann", name: "Ann", profile_image_url: "https://pbs.example/a.png", verified: true, public_metrics: { followers_count: 12, tweet_count: 7 } },
  { id: "8", username: "bob", name: "Bob" },
];
const base = { id, text: "hello", author_id: "9", created_at: "2026-05-01T11:59:58.000Z", edit_history_tweet_ids: [id] };
const message = (tweet: Record<string, unknown> = {}, includes: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  JSON.stringify({ data: { ...base, ...tweet }, includes: { users, ...includes }, ...more });

function eventsOf(text: string): (SourceEvent | string)[] {
  return raws(Buffer.from(text)).flatMap((raw) =>
    parse(raw.bytes).map((outcome) => ("keep" in outcome ? outcome.keep : "drop" in outcome ? `drop ${outcome.drop}` : outcome.reject.code)),
  );
}
function splitEvents(recorded: unknown): (SourceEvent | string)[] {
  const bytes = Buffer.from(typeof recorded === "string" ? recorded : JSON.stringify(recorded));
  return [...(x.split?.(bytes) ?? [])].flatMap((raw) =>
    parse(raw).map((outcome) => ("keep" in outcome ? outcome.keep : "drop" in outcome ? `drop ${outcome.drop}` : outcome.reject.code)),
  );
}
function post(tweet: Record<string, unknown> = {}, includes: Record<string, unknown> = {}, more: Record<string, unknown> = {}): SourcePost {
  const [event] = eventsOf(message(tweet, includes, more));
  assert.ok(typeof event === "object" && event.type === "post", String(event));
  return event.post;
}
const posts = (events: readonly (SourceEvent | string)[]) => events.flatMap((event) => (typeof event === "object" && event.type === "post" ? [event.post] : []));

const legacyUser = { id: 9, id_str: "9", screen_name: "ann", name: "Ann", followers_count: 12, protected: false, created_at: "Wed Aug 27 13:08:45 +0000 2008" };
const legacy = {
  created_at: "Wed Aug 27 13:08:45 +0000 2008",
  id: 900000001,
  id_str: "900000001",
  text: "hello @bob http://t.co/x",
  user: legacyUser,
  entities: {
    hashtags: [],
    urls: [{ url: "http://t.co/x", expanded_url: "https://news.example/a", indices: [11, 24] }],
    user_mentions: [{ screen_name: "bob", id: 8, id_str: "8", indices: [6, 10] }],
  },
  retweet_count: 2,
  favorite_count: 3,
  lang: "en",
};

testSource({
  name: "x",
  parse,
  raws,
  // An id of before 2010-11 tells no time.
  model: `{"data":{"id":"20","text":"TEXT","created_at":"DATE","author_id":"9"}}`,
  messages: [
    message(),
    message({ edit_history_tweet_ids: ["1779999999999999999", id], note_tweet: { text: "a long one &amp; more" }, lang: "und" }),
    message(
      {
        referenced_tweets: [{ type: "quoted", id: "1770000000000000000" }],
        attachments: { media_keys: ["3_1"], poll_ids: ["4"] },
        geo: { place_id: "p1", coordinates: { type: "Point", coordinates: [1.5, 2.5] } },
        public_metrics: { like_count: 1, retweet_count: 2, reply_count: 3, quote_count: 4, impression_count: 5 },
        entities: { urls: [{ start: 0, end: 5, url: "https://t.co/a", expanded_url: "https://a.example", title: "A" }], mentions: [{ start: 0, end: 4, username: "bob" }] },
      },
      {
        tweets: [{ id: "1770000000000000000", text: "the other", author_id: "8" }],
        media: [{ media_key: "3_1", type: "video", variants: [{ bit_rate: 1, url: "https://v.example/1.mp4", content_type: "video/mp4" }] }],
        places: [{ id: "p1", full_name: "Here", country_code: "DE", geo: { bbox: [1, 2, 3, 4] } }],
        polls: [{ id: "4", options: [{ label: "yes", votes: 1 }] }],
      },
      { matching_rules: [{ id: "1", tag: "a" }] },
    ),
    JSON.stringify({ data: users[0] }),
    JSON.stringify(legacy),
    JSON.stringify({
      ...legacy,
      full_text: "hi",
      retweeted_status: { ...legacy, id_str: "900000000", id: 900000000 },
      place: {
        id: "p",
        country_code: "DE",
        bounding_box: {
          coordinates: [
            [
              [1, 2],
              [3, 4],
            ],
          ],
        },
      },
    }),
    JSON.stringify({ data: { delete: { tweet: { id, author_id: "9" }, event_at: "2026-05-01T12:00:00.000Z" } } }),
    JSON.stringify({ data: { user_delete: { user: { id: "9" }, event_at: "2026-05-01T12:00:00.000Z" } } }),
    JSON.stringify({ data: { user_profile_modification: { user: { id: "9" }, profile_field: "name", new_value: "Anna", event_at: "2026-05-01T12:00:00.000Z" } } }),
    JSON.stringify({ data: { withheld: { tweet: { id }, withheld_in_countries: ["DE"], event_at: "2026-05-01T12:00:00.000Z" } } }),
    JSON.stringify({ id, action: "delete", created_at: "2026-05-01T12:00:00.000Z", redacted_at: "2026-05-02T12:00:00.000Z", reason: "deleted" }),
    JSON.stringify({ count: { start: "2026-05-01T12:00:00.000Z", end: "2026-05-01T13:00:00.000Z", tweet_count: 3 }, query: "ham" }),
    JSON.stringify({ data: { id: "1DXxyRYNejbKM", state: "live" } }),
  ],
});

test("a post becomes one with everything that it and the objects beside it say", () => {
  const text = "👍🏽 @Bob &amp; #Ham https://t.co/abc &lt;3";
  const made = post(
    {
      text,
      lang: "en",
      conversation_id: "1779000000000000000",
      referenced_tweets: [{ type: "replied_to", id: "1779500000000000000" }],
      public_metrics: { like_count: 1, retweet_count: 2, reply_count: 3, quote_count: 4, impression_count: 5, bookmark_count: 6 },
      entities: {
        mentions: [{ start: 3, end: 7, username: "Bob", id: "8" }],
        hashtags: [{ start: 14, end: 18, tag: "Ham" }],
        urls: [{ start: 19, end: 35, url: "https://t.co/abc", expanded_url: "https://short.example/1", unwound_url: "https://news.example/long", title: "News" }],
      },
      possibly_sensitive: true,
      reply_settings: "everyone",
      a_new_field: { deep: 1 },
    },
    {},
    { matching_rules: [{ id: "1" }] },
  );
  assert.deepEqual(made, {
    id,
    author: { id: "9", handle: "ann", profileUrl: "https://x.com/ann", name: "Ann", avatarUrl: "https://pbs.example/a.png", followers: 12 },
    createdAt: Date.UTC(2026, 4, 1, 11, 59, 58),
    revision: 0,
    text: "👍🏽 @Bob & #Ham https://t.co/abc <3",
    format: "text",
    visibility: "public",
    permalink: `https://x.com/ann/status/${id}`,
    spans: [
      { start: 5, end: 9, kind: "mention", value: "8" },
      { start: 12, end: 16, kind: "hashtag", value: "Ham" },
      { start: 17, end: 33, kind: "link", value: "https://news.example/long" },
    ],
    links: ["https://news.example/long"],
    hashtags: ["Ham"],
    languages: ["en"],
    replyTo: "1779500000000000000",
    root: "1779000000000000000",
    counts: { likes: 1, shares: 2, replies: 3, views: 5 },
    media: [{ kind: "link", url: "https://news.example/long", alt: "News" }],
    sensitive: true,
    extra: {
      public_metrics: { quote_count: 4, bookmark_count: 6 },
      author: { tweet_count: 7, verified: true },
      entities: { urls: [{ start: 19, end: 35, url: "https://t.co/abc", expanded_url: "https://short.example/1", unwound_url: "https://news.example/long", title: "News" }] },
      reply_settings: "everyone",
      a_new_field: { deep: 1 },
      matching_rules: [{ id: "1" }],
    },
  });
  for (const span of made.spans ?? []) assert.equal(made.text.slice(span.start, span.end), { mention: "@Bob", hashtag: "#Ham", link: "https://t.co/abc" }[span.kind]);
});

test("entities whose places do not fit are found by what they say; the text alone tells links where no entities came", () => {
  const shifted = post({
    text: "&amp;&amp; #Ham #Ham",
    entities: {
      hashtags: [
        { start: 3, end: 7, tag: "Ham" },
        { start: 8, end: 12, tag: "Ham" },
      ],
    },
  });
  assert.deepEqual(
    shifted.spans?.map(({ start, end }) => shifted.text.slice(start, end)),
    ["#Ham", "#Ham"],
  );
  assert.deepEqual(
    shifted.spans?.map(({ start }) => start),
    [3, 8],
  );
  const bare = post({ text: "see https://t.co/32VrwpGaJw, and http://a.example" });
  assert.deepEqual(bare.links, ["https://t.co/32VrwpGaJw", "http://a.example"]);
});

test("a long post has its note's text and entities", () => {
  const made = post({ text: "short… https://t.co/1", entities: {}, note_tweet: { text: "long #Tail", entities: { hashtags: [{ start: 5, end: 10, tag: "Tail" }] } } });
  assert.equal(made.text, "long #Tail");
  assert.deepEqual(made.spans, [{ start: 5, end: 10, kind: "hashtag", value: "Tail" }]);
  assert.equal(made.links, undefined);
});

test("edits are revisions of one post, dated by its first version", () => {
  const first = "1599000000000000000";
  const second = "1599000100000000000";
  const made = post({ id: second, edit_history_tweet_ids: [first, second], created_at: "2022-12-03T10:30:00.000Z" });
  assert.equal(made.id, first);
  assert.equal(made.revision, 1);
  assert.equal(made.editedAt, Date.UTC(2022, 11, 3, 10, 30));
  assert.equal(made.createdAt, Number(BigInt(first) >> 22n) + 1_288_834_974_657);
  assert.deepEqual(made.extra?.["id"], second);
  const reply = post({ referenced_tweets: [{ type: "replied_to", id: second }] }, { tweets: [{ ...base, id: second, edit_history_tweet_ids: [first, second] }] });
  assert.equal(reply.replyTo, first);
});

test("a reshare has the whole text of what it shares, which comes as a post too, and does not count its shares again", () => {
  const shared = {
    ...base,
    id: "1770000000000000000",
    author_id: "8",
    text: "the whole of a rather long text about ham",
    entities: { hashtags: [] },
    public_metrics: { retweet_count: 5, like_count: 1 },
  };
  const made = posts(
    eventsOf(
      message(
        {
          text: "RT @bob: the whole of a rath…",
          entities: { mentions: [{ start: 3, end: 7, username: "bob", id: "8" }] },
          referenced_tweets: [{ type: "retweeted", id: shared.id }],
          public_metrics: { retweet_count: 5, like_count: 0 },
        },
        { tweets: [shared] },
      ),
    ),
  );
  assert.deepEqual(
    made.map((one) => [one.id, one.text, one.reshareOf, one.counts?.shares]),
    [
      [id, "RT @bob: the whole of a rather long text about ham", shared.id, undefined],
      [shared.id, "the whole of a rather long text about ham", undefined, 5],
    ],
  );
  assert.deepEqual(made[0]?.spans, [{ start: 3, end: 7, kind: "mention", value: "8" }]);
  assert.equal(made[1]?.author.handle, "bob");
});

test("without an author or a date a post still comes: an author of its own, the date of its id", () => {
  const made = posts(
    splitEvents({
      data: [
        { id: "1578516068309794817", text: "2022-10-07 22:42:12.637103 tweepy" },
        { id: "1578515564971970560", text: "b" },
      ],
    }),
  );
  assert.deepEqual(
    made.map((one) => one.author.id),
    ["unknown:1578516068309794817", "unknown:1578515564971970560"],
  );
  assert.equal(new Date(made[0]?.createdAt ?? 0).toISOString().slice(0, 19), "2022-10-07T22:42:12");
  const answer = (url: string, text: string) =>
    posts(splitEvents([{ request: { method: "GET", url }, response: { status: 200, headers: {}, body: { data: [{ id, text }] } } }]))[0];
  assert.equal(answer("https://api.twitter.com/2/users/783214/tweets?max_results=5", "a")?.author.id, "783214");
  assert.equal(answer("https://api.twitter.com/2/tweets/77/quote_tweets", "a")?.quoteOf, "77");
  assert.equal(answer("https://api.twitter.com/2/tweets/77/quote_tweets", "RT @a: b")?.quoteOf, undefined);
});

test("statuses of v1.1 are read, with those inside them", () => {
  const retweet = {
    ...legacy,
    id_str: "900000002",
    id: 900000002,
    text: "RT @ann: hello",
    retweeted_status: { ...legacy, full_text: "hello @bob http://t.co/x" },
    quoted_status_id_str: "5",
  };
  const [outer, inner] = posts(splitEvents({ statuses: [retweet], search_metadata: { count: 1 } }));
  assert.deepEqual(
    [outer?.id, outer?.reshareOf, outer?.quoteOf, outer?.text, outer?.counts],
    ["900000002", "900000001", undefined, "RT @ann: hello @bob http://t.co/x", { likes: 3 }],
  );
  assert.deepEqual([inner?.id, inner?.createdAt, inner?.author.handle, inner?.author.followers], ["900000001", Date.UTC(2008, 7, 27, 13, 8, 45), "ann", 12]);
  assert.deepEqual(inner?.spans, [
    { start: 6, end: 10, kind: "mention", value: "8" },
    { start: 11, end: 24, kind: "link", value: "https://news.example/a" },
  ]);
  assert.deepEqual(inner?.counts, { likes: 3, shares: 2 });
  const [old] = posts(
    splitEvents({ results: [{ id_str: "7000000001", text: "an old one", from_user: "ann", from_user_id_str: "9", created_at: "Wed, 19 Jan 2011 20:16:21 +0000" }] }),
  );
  assert.deepEqual([old?.author.id, old?.createdAt], ["9", Date.UTC(2011, 0, 19, 20, 16, 21)]);
  const [person, last] = splitEvents({ ...legacyUser, status: { ...legacy, user: undefined } });
  assert.ok(typeof person === "object" && person.type === "identity" && typeof last === "object" && last.type === "post" && last.post.author.id === "9");
});

test("what X asks to forget becomes deletions and erasures", () => {
  const at = "2026-05-01T12:00:00.000Z";
  const kinds = (event: Record<string, unknown>) =>
    eventsOf(JSON.stringify({ data: event })).map((one) => (typeof one === "string" ? one : one.type === "erase" ? `erase ${one.author} ${one.reason}` : one.type));
  assert.deepEqual(kinds({ delete: { tweet: { id }, event_at: at } }), ["delete"]);
  assert.deepEqual(kinds({ drop: { tweet: { id }, event_at: at } }), ["delete"]);
  assert.deepEqual(kinds({ user_delete: { user: { id: "9" }, event_at: at } }), ["erase 9 account-deleted"]);
  assert.deepEqual(kinds({ user_protect: { user: { id: "9" }, event_at: at } }), ["erase 9 platform-takedown"]);
  assert.deepEqual(kinds({ user_unsuspend: { user: { id: "9" }, event_at: at } }), ["drop shown-again"]);
  assert.deepEqual(kinds({ scrub_geo: { user: { id: "9" }, up_to_tweet_id: id, event_at: at } }), ["FIELD_INVALID"]);
  const line = (reason: string, more: Record<string, unknown> = {}) =>
    splitEvents(
      `${JSON.stringify({ id, action: "delete", created_at: at, reason, ...more })}\n${JSON.stringify({ id: "3", action: "delete", created_at: at, reason: "suspended", job: "users" })}\n`,
    );
  assert.deepEqual(
    line("protected").map((one) => (typeof one === "string" ? one : one.type)),
    ["delete", "erase"],
  );
  assert.deepEqual(splitEvents({ delete: { status: { id: 1234, id_str: "1234", user_id: 3 }, timestamp_ms: "1777636800000" } }), [
    { type: "delete", id: "1234", at: 1_777_636_800_000 },
  ]);
  const destroyed = splitEvents([
    {
      request: { method: "DELETE", url: `https://api.twitter.com/2/tweets/${id}` },
      response: { status: 200, headers: { date: "Fri, 01 May 2026 12:00:00 GMT" }, body: { data: { deleted: true } } },
    },
  ]);
  assert.deepEqual(destroyed, [{ type: "delete", id, at: Date.UTC(2026, 4, 1, 12) }]);
});

test("what went wrong is told with its code: whole answers, errors beside posts, pages of HTML", () => {
  const answer = (status: number, body: unknown) => splitEvents([{ request: { method: "GET", url: "https://api.x.com/2/tweets" }, response: { status, headers: {}, body } }]);
  const problem = (name: string) => ({ title: "T", detail: "d", type: `https://api.x.com/2/problems/${name}` });
  assert.deepEqual(answer(401, { title: "Unauthorized", type: "about:blank", status: 401, detail: "Unauthorized" }), ["UPSTREAM_AUTH"]);
  assert.deepEqual(answer(429, { title: "Too Many Requests", type: "about:blank", status: 429, detail: "Too Many Requests" }), ["UPSTREAM_RATE_LIMITED"]);
  assert.deepEqual(answer(429, { ...problem("usage-capped"), period: "Monthly" }), ["UPSTREAM_QUOTA"]);
  assert.deepEqual(answer(400, { errors: [{ parameters: { query: [""] }, message: "Invalid" }], ...problem("invalid-request") }), ["UPSTREAM_REFUSED"]);
  assert.deepEqual(answer(404, { errors: [{ code: 144, message: "No status found with that ID." }] }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(answer(429, { errors: [{ code: 88, message: "Rate limit exceeded" }] }), ["UPSTREAM_RATE_LIMITED"]);
  assert.deepEqual(
    answer(410, {
      errors: [
        { code: 64, message: "v1 is no longer active" },
        { code: 68, message: "migrate" },
      ],
    }),
    ["UPSTREAM_AUTH", "UPSTREAM_VERSION"],
  );
  assert.deepEqual(answer(503, "<html>Over capacity</html>"), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(answer(503, ""), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(answer(200, "<html>login</html>"), ["UPSTREAM_UNAVAILABLE"]);
  assert.deepEqual(answer(401, { error: "Not authorized.", request: "/1.1/x.json" }), ["UPSTREAM_REFUSED"]);
  const partial = answer(200, { data: [base], errors: [{ ...problem("resource-not-found"), resource_type: "tweet", resource_id: "5" }, problem("not-authorized-for-resource")] });
  assert.deepEqual(
    partial.map((one) => (typeof one === "string" ? one : one.type)),
    ["post", "UPSTREAM_NOT_FOUND", "UPSTREAM_REFUSED"],
  );
  assert.deepEqual(answer(200, { errors: [problem("resource-not-found")] }), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(answer(200, { meta: { result_count: 0 } }), ["drop no-post"]);
  assert.deepEqual(splitEvents({ data: [{ id: "5", event_type: "MessageCreate", text: "psst", dm_conversation_id: "1-2" }] }), ["PRIVATE_REFUSED"]);
  assert.deepEqual(splitEvents([{ id: 5, id_str: "5", text: "psst", sender_id: 1, recipient_id: 2 }]), ["PRIVATE_REFUSED"]);
  assert.deepEqual(splitEvents({ event: { type: "message_create", id: "5", message_create: { message_data: { text: "psst" } } } }), ["PRIVATE_REFUSED"]);
});

test("streams recorded as text are read line by line, heartbeats left out", () => {
  const body = `\r\n${message({}, {}, { matching_rules: [{ id: "1", tag: "t" }] })}\r\n\r\n{"errors":[{"title":"operational-disconnect","disconnect_type":"UpstreamOperationalDisconnect","detail":"d","type":"https://api.x.com/2/problems/operational-disconnect"}]}\r\n`;
  const events = splitEvents([{ request: { method: "GET", url: "https://api.x.com/2/tweets/search/stream" }, response: { status: 200, headers: {}, body } }]);
  assert.deepEqual(
    events.map((one) => (typeof one === "string" ? one : one.type)),
    ["post", "UPSTREAM_CUT"],
  );
});

const recordings = ["posts-lookup", "quotes", "search-recent", "user-posts"].map((name) => [name, readRecording(`x/${name}.json`)] as const);
test("every post of recorded answers comes with id, text and time", { skip: recordings.some(([, bytes]) => bytes === undefined) && "no recordings here" }, () => {
  for (const [name, bytes] of recordings) {
    const list: unknown = JSON.parse(Buffer.from(bytes ?? "").toString("utf8"));
    assert.ok(Array.isArray(list));
    const made = new Map(posts(splitEvents(list)).map((one) => [one.id, one]));
    const told: { id: string; text: string }[] = list.flatMap((one: { response: { body: { data: { id: string; text: string }[] } } }) => one.response.body.data);
    assert.equal(made.size, told.length, name);
    for (const { id: own, text } of told) {
      assert.equal(made.get(own)?.text, text.replaceAll("&amp;", "&"), name);
      assert.equal(made.get(own)?.links?.length ?? 0, text.match(/https:\/\/t\.co\//g)?.length ?? 0);
      assert.equal(made.get(own)?.createdAt, Number(BigInt(own) >> 22n) + 1_288_834_974_657);
    }
  }
});

const counts = readRecording("x/recent-counts.json");
test("recorded counts become volumes of their query", { skip: counts === undefined && "no recordings here" }, () => {
  const events = splitEvents(Buffer.from(counts ?? "").toString("utf8"));
  const volumes = events.flatMap((event) => (typeof event === "object" && event.type === "volume" ? [event] : []));
  assert.equal(volumes.length, events.length);
  assert.equal(
    volumes.reduce((sum, volume) => sum + volume.posts, 0),
    411,
  );
  assert.ok(volumes.every((volume) => volume.query === "Tweepy" && volume.toMs > volume.fromMs));
});
