import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import { parseQuery } from "../core/query-parser.ts";
import type { SearchOrder } from "./search-cursor.ts";
import { openSearchReader, type SearchReader } from "./search-reader.ts";
import { openSearchStore } from "./search.ts";
import { hand } from "./store.contract.ts";
import { handoversOf, historyStartMs, makeHistory, makePost } from "./store.fixtures.ts";

const dayMs = 86_400_000;
/** Over three months, several at one moment. */
const posts = Array.from({ length: 600 }, (_, i) =>
  makePost(i, {
    createdAt: historyStartMs - Math.floor(i / 3) * 9 * 3_600_000,
    text: `${"rain ".repeat(1 + (i % 4))}${"dry ".repeat(i % 9)}over the harbour`,
    counts: { likes: (i * 7919) % 101, shares: i % 3, replies: i % 2, views: 0 },
    terms: [],
  }),
);
const engagementOf = ({ counts }: Post) => counts.likes + counts.shares + counts.replies;

async function withReader(run: (reader: SearchReader) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-ranked-"));
  try {
    await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
    using reader = openSearchReader({ folder });
    const history = makeHistory();
    for (const post of posts) history.post(post);
    await hand(store, handoversOf(history.entries, 200));
    await store.flush();
    await run(reader);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pages(reader: SearchReader, q: string, order: SearchOrder, limit = 37): Promise<Post[]> {
  const found: Post[] = [];
  let cursor: string | undefined;
  do {
    const page = await reader.search(parseQuery(q), {}, { limit, order, ...(cursor !== undefined && { cursor }) });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return found;
}

test("pages of the oldest first hold every match once, in order, over months and crowded moments", async () => {
  await withReader(async (reader) => {
    for (const q of ["rain", "", "language:en harbour", `created:${new Date(historyStartMs - 40 * dayMs).toISOString()}..`]) {
      const [up, down] = [await pages(reader, q, "oldest"), await pages(reader, q, "newest")];
      assert.ok(up.length > 100);
      assert.deepEqual(up.map(({ id }) => id).sort(), down.map(({ id }) => id).sort());
      assert.equal(new Set(up.map(({ id }) => id)).size, up.length);
      assert.ok(up.every((post, i) => i === 0 || (up[i - 1]?.createdAt ?? Infinity) <= post.createdAt));
    }
  });
});

test("pages of the most engaged hold every match once, the most engaged first", async () => {
  await withReader(async (reader) => {
    const found = await pages(reader, "rain", "engaged");
    assert.deepEqual(
      found.map(engagementOf),
      posts.map(engagementOf).toSorted((a, b) => b - a),
    );
    assert.equal(new Set(found.map(({ id }) => id)).size, posts.length);
    const { ranked } = await reader.search(parseQuery("rain"), {}, { limit: 5, order: "engaged" });
    assert.deepEqual(ranked, { compared: posts.length, all: true });
  });
});

test("relevance puts a post that says the word more often, in fewer words, first; and needs words", async () => {
  await withReader(async (reader) => {
    const { items } = await reader.search(parseQuery("rain"), {}, { limit: 10, order: "relevance" });
    assert.ok(
      items.every(({ text }) => text.startsWith("rain rain rain rain over")),
      items[0]?.text,
    );
    assert.equal(new Set((await pages(reader, "rain", "relevance")).map(({ id }) => id)).size, posts.length);
    await assert.rejects(
      reader.search(parseQuery("language:en"), {}, { limit: 5, order: "relevance" }),
      (error) => error instanceof EarshotError && error.code === "QUERY_INVALID",
    );
  });
});

test("a cursor of one order is refused by another", async () => {
  await withReader(async (reader) => {
    for (const [one, other] of [
      ["newest", "oldest"],
      ["engaged", "newest"],
      ["engaged", "relevance"],
      ["oldest", "engaged"],
    ] as const) {
      const { next } = await reader.search(parseQuery("rain"), {}, { limit: 5, order: one });
      assert.ok(next !== undefined);
      await assert.rejects(
        reader.search(parseQuery("rain"), {}, { limit: 5, order: other, cursor: next }),
        (error) => error instanceof EarshotError && error.code === "QUERY_INVALID",
      );
    }
  });
});
