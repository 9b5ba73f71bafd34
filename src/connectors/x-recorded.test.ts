import assert from "node:assert/strict";
import { test } from "node:test";
import type { SourceEvent, SourcePost } from "../core/event.ts";
import { openWith } from "./source.fixtures.ts";
import x from "./x.ts";

const { parse } = openWith(x, {});
const id = "1780000000000000001";
const legacyUser = { id: 9, id_str: "9", screen_name: "ann", name: "Ann", created_at: "Wed Aug 27 13:08:45 +0000 2008" };
const legacy = { created_at: "Wed Aug 27 13:08:45 +0000 2008", id: 900000001, id_str: "900000001", text: "hello", user: legacyUser, retweet_count: 2, favorite_count: 3 };

function splitEvents(recorded: unknown): (SourceEvent | string)[] {
  return [...(x.split?.(Buffer.from(JSON.stringify(recorded))) ?? [])].flatMap((raw) =>
    parse(raw).map((outcome) => ("keep" in outcome ? outcome.keep : "drop" in outcome ? `drop ${outcome.drop}` : outcome.reject.code)),
  );
}
const posts = (events: readonly (SourceEvent | string)[]) => events.flatMap((event) => (typeof event === "object" && event.type === "post" ? [event.post] : []));
function only(recorded: unknown): SourcePost {
  const [post] = posts(splitEvents(recorded));
  assert.ok(post);
  return post;
}

test("answers of v1.1 that hold statuses and counts otherwise than in a list give them: maps by id, collections, trends", () => {
  const { user: _, ...bare } = legacy;
  const mapped = splitEvents({ id: { "900000001": legacy, "900000002": null } });
  assert.deepEqual(
    posts(mapped).map(({ id: found, author }) => [found, author.handle]),
    [["900000001", "ann"]],
  );
  assert.equal(mapped[1], "UPSTREAM_NOT_FOUND");
  const collected = splitEvents({ objects: { tweets: { "900000001": { ...bare, user: { id: 9, id_str: "9" } } }, users: { "9": legacyUser } }, response: { timeline: [] } });
  assert.deepEqual(
    posts(collected).map(({ author, counts }) => [author.handle, counts?.likes]),
    [["ann", 3]],
  );
  const trends = splitEvents([
    {
      trends: [
        { name: "#tea", tweet_volume: 11277 },
        { name: "milk", tweet_volume: null },
      ],
      as_of: "2026-05-02T00:00:00Z",
      locations: [],
    },
  ]);
  assert.deepEqual(trends, [{ type: "volume", query: "#tea", fromMs: Date.UTC(2026, 4, 1), toMs: Date.UTC(2026, 4, 2), posts: 11277 }]);
});

test("a post told as a page is to show it has its text, handle and time", () => {
  const shown = only({
    url: `https://twitter.com/Ann/status/${id}`,
    author_name: "Ann",
    author_url: "https://twitter.com/Ann",
    html: '<blockquote class="twitter-tweet"><p lang="en" dir="ltr">Tea &amp; milk<br><a href="https://t.co/a">https://t.co/a</a></p>&mdash; Ann (@Ann)</blockquote>',
  });
  assert.deepEqual(
    [shown.id, shown.author.handle, shown.text, shown.links, shown.languages, shown.permalink],
    [id, "Ann", "Tea & milk\nhttps://t.co/a", ["https://t.co/a"], ["en"], `https://x.com/Ann/status/${id}`],
  );
});

test("a date that is none is taken from the id and kept as it came; a post without text is refused by name", () => {
  const read = only({ data: { id, text: "t", created_at: "yesterday" } });
  assert.equal(new Date(read.createdAt).toISOString().slice(0, 7), "2024-04");
  assert.equal(read.extra?.["created_at"], "yesterday");
  assert.deepEqual(splitEvents({ data: [{ id, author_id: "9" }] }), ["FIELD_MISSING"]);
});
