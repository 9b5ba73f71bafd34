import assert from "node:assert/strict";
import { test } from "node:test";
import hackernews from "./hackernews.ts";
import { keyOfEvent, openWith } from "./source.fixtures.ts";

const { parse, raws } = openWith(hackernews, {});

function shorts(file: unknown): string[] {
  return [...(hackernews.split?.(Buffer.from(typeof file === "string" ? file : JSON.stringify(file))) ?? [])].flatMap((message) =>
    parse(message).map((outcome) => {
      if ("drop" in outcome) return `drop ${outcome.drop}`;
      if ("reject" in outcome) return outcome.reject.code;
      const event = outcome.keep;
      assert.equal(raws(message)[0]?.key, keyOfEvent(event));
      if (event.type !== "post") return `${event.type} ${keyOfEvent(event)}`;
      const { id, author, text, replyTo, root, counts } = event.post;
      return [id, author.id, text, replyTo ?? "-", root ?? "-", counts?.likes ?? "-", counts?.replies ?? "-"].join(" ");
    }),
  );
}

const time = 1_777_636_800;
const story = { id: 1, type: "story", by: "ann", time, title: "One", url: "https://a.example", score: 5, descendants: 2, kids: [2] };

test("items of the official API are read as a list, alone, one a line and in recorded answers", () => {
  const wanted = "1 ann <p>One</p> - - 5 2";
  assert.deepEqual(shorts([story]), [wanted]);
  assert.deepEqual(shorts(story), [wanted]);
  assert.deepEqual(shorts(`${JSON.stringify(story)}\n${JSON.stringify({ id: 2, type: "comment", deleted: true, time, parent: 1 })}\n`), [wanted, "delete 2"]);
  assert.deepEqual(shorts([{ request: { method: "GET", url: "https://hacker-news.firebaseio.com/v0/item/1.json" }, response: { status: 200, headers: {}, body: story } }]), [
    wanted,
  ]);
  assert.deepEqual(shorts("null"), ["UPSTREAM_NOT_FOUND"]);
  assert.deepEqual(shorts([1, 2, 3]), ["drop not-an-item"]);
  assert.deepEqual(shorts({ id: "pg", karma: 1, created: 1_160_418_092, about: "x" }), ["identity pg"]);
  assert.deepEqual(shorts({ error: "Permission denied" }), ["UPSTREAM_REFUSED"]);
});

test("hits and trees of Algolia's search become the items that they are, comments with their parent and story", () => {
  const hit = {
    objectID: "3",
    author: "bob",
    comment_text: "<p>hm",
    parent_id: 2,
    story_id: 1,
    created_at_i: time,
    created_at: "x",
    points: null,
    _tags: ["comment", "author_bob", "story_1"],
  };
  const found = {
    objectID: "1",
    author: "ann",
    title: "One",
    points: 5,
    num_comments: 2,
    created_at: "2026-05-01T12:00:00.000Z",
    story_id: 1,
    _tags: ["story"],
    _highlightResult: {},
  };
  assert.deepEqual(shorts({ hits: [found, hit], nbHits: 2, page: 0 }), ["1 ann <p>One</p> - - 5 2", "3 bob <p>hm 2 1 - -"]);
  const gone = { id: 4, type: "comment", author: null, text: null, created_at_i: time, parent_id: 1, story_id: 1, children: [] };
  const reply = { id: 2, type: "comment", author: "eve", text: "yes", created_at_i: time, parent_id: 1, story_id: 1, children: [gone] };
  assert.deepEqual(shorts({ id: 1, type: "story", author: "ann", title: "One", points: 5, created_at_i: time, story_id: 1, children: [reply] }), [
    "1 ann <p>One</p> - - 5 -",
    "2 eve yes 1 1 - -",
    "delete 4",
  ]);
});
