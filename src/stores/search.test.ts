import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { Post } from "../core/event.ts";
import { parseQuery } from "../core/query-parser.ts";
import { openSearchReader } from "./search-reader.ts";
import { openSearchStore } from "./search.ts";
import { describeStore, hand } from "./store.contract.ts";
import { handoversOf, historyStartMs, makeHistory, makePost, makePostId, makeRandomHistory, totalsOf } from "./store.fixtures.ts";

async function allPosts(folder: string, query = "*"): Promise<Post[]> {
  using reader = openSearchReader({ folder });
  const posts: Post[] = [];
  for await (const page of reader.export(parseQuery(query), {}, new AbortController().signal)) posts.push(...page);
  return posts;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-search-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describeStore({
  name: "search",
  inFolder: true,
  plainBytes: true,
  open: (folder, onStep) => openSearchStore({ folder, clock: systemClock, flushEveryMs: 200, ...(onStep && { onStep }) }),
  totals: async (folder) => totalsOf((await allPosts(folder)).map((post) => ({ ...post, sentiment: post.sentiment?.label }))),
  ids: async (folder) => (await allPosts(folder)).map(({ id }) => id),
});

describe("the search store", () => {
  test("what is applied becomes searchable after the flush interval, without another call", () =>
    withFolder(async (folder) => {
      const clock = makeFakeClock(historyStartMs);
      await using store = await openSearchStore({ folder, clock, flushEveryMs: 500 });
      const history = makeHistory(1);
      history.post(makePost(1));
      await hand(store, handoversOf(history.entries, 10));
      await clock.advance(499);
      assert.deepEqual(await allPosts(folder), []);
      await clock.advance(1);
      // Takes its turn behind the flush that the clock has started.
      await store.size();
      assert.deepEqual(await allPosts(folder), [makePost(1)]);
    }));

  test("a full buffer is flushed by apply itself", () =>
    withFolder(async (folder) => {
      await using store = await openSearchStore({ folder, clock: makeFakeClock(0), maxBufferedChanges: 100 });
      const history = makeHistory(1);
      for (let number = 0; number < 250; number++) history.post(makePost(number));
      await hand(store, handoversOf(history.entries, 50));
      assert.equal((await store.positions()).get(0)?.offset, 200);
    }));

  test("thousands of posts of one millisecond are all kept, found, edited and deleted", () =>
    withFolder(async (folder) => {
      await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
      const history = makeHistory(1);
      for (let number = 0; number < 3_000; number++) history.post(makePost(number, { createdAt: historyStartMs }));
      for (let number = 3_000; number < 3_100; number++) history.post(makePost(number, { createdAt: historyStartMs + number - 3_000 }));
      await hand(store, handoversOf(history.entries, 700));
      for (const number of [0, 15, 16, 17, 1_500, 2_999, 3_050]) history.counts(makePostId(number), { likes: 7 });
      for (const number of [3, 18, 2_998, 3_051]) history.remove(makePostId(number));
      for (const number of [5, 2_000, 3_052]) history.post(makePost(number, { createdAt: number < 3_000 ? historyStartMs : historyStartMs + 52, revision: 1, text: "edited" }));
      await hand(store, handoversOf(history.entries, 700, await store.positions()));
      const byId = (a: Post, b: Post) => (a.id < b.id ? -1 : 1);
      assert.deepEqual((await allPosts(folder)).sort(byId), [...history.left.values()].sort(byId));
      const from = new Date(historyStartMs).toISOString();
      assert.equal(
        (await allPosts(folder, `created:${from}..${new Date(historyStartMs + 1).toISOString()}`)).length,
        [...history.left.values()].filter(({ createdAt }) => createdAt === historyStartMs).length,
      );
    }));

  test("posts of more months than files may be open are all applied", () =>
    withFolder(async (folder) => {
      await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0, maxOpenMonths: 2 });
      const history = makeHistory(1);
      for (let number = 0; number < 120; number++) history.post(makePost(number, { createdAt: Date.UTC(2020, number % 24, 1 + (number % 28)) }));
      await hand(store, handoversOf(history.entries, 40));
      assert.equal((await readdir(folder)).filter((name) => /^\d{4}-\d\d\.sqlite$/.test(name)).length, 24);
      assert.equal((await allPosts(folder)).length, 120);
      assert.equal((await store.size()).oldestAt, Date.UTC(2020, 0, 1));
    }));

  test("room that merged words and released bodies took is given back", () =>
    withFolder(async (folder) => {
      await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
      const history = makeHistory(1);
      for (let number = 0; number < 12_000; number++)
        history.post(makePost(number, { text: `${number} ${makePostId(number)} ${makePostId(number + 9_000)} ${makePostId(number + 99_000)}` }));
      await hand(store, handoversOf(history.entries, 1_000));
      while ((await store.maintain({ forget: false })).owed > 0);
      const before = await stat(path.join(folder, "2026-10.sqlite"));
      await store.releaseBodies(Date.now() + 1_000);
      while ((await store.maintain({ forget: false })).owed > 0);
      const after = await stat(path.join(folder, "2026-10.sqlite"));
      assert.ok(after.size < before.size * 0.85, `${before.size} bytes before, ${after.size} after`);
      assert.equal((await allPosts(folder)).length, 12_000);
    }));

  test("bodies older than they are to be kept are let go, and the posts stay", () =>
    withFolder(async (folder) => {
      const clock = makeFakeClock(historyStartMs);
      await using store = await openSearchStore({ folder, clock, flushEveryMs: 0, recentForMs: 1_000 });
      const history = makeHistory(1);
      for (let number = 0; number < 200; number++) history.post(makePost(number));
      await hand(store, handoversOf(history.entries, 200));
      await clock.advance(2_000);
      await store.maintain({ forget: false });
      const posts = await allPosts(folder);
      assert.equal(posts.length, 200);
      assert.equal(posts.filter(({ text }) => text === "").length, 128);
    }));

  test("a damaged month is named with the way to rebuild it, and the change is not taken for applied", () =>
    withFolder(async (folder) => {
      const history = makeHistory(1);
      history.post(makePost(1));
      await writeFile(path.join(folder, "2026-10.sqlite"), "no database at all ".repeat(1_000));
      const store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
      const isCorrupt = (error: unknown) =>
        error instanceof EarshotError && error.code === "STORE_CORRUPT" && error.message.includes("2026-10.sqlite") && error.message.includes("delete the folder");
      await assert.rejects(hand(store, handoversOf(history.entries, 10)), isCorrupt);
      assert.equal((await store.positions()).size, 0);
      await assert.rejects(async () => store[Symbol.asyncDispose](), isCorrupt);
    }));

  test("a month cut short is found out, not read wrongly", () =>
    withFolder(async (folder) => {
      {
        await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
        await hand(store, handoversOf(makeRandomHistory(3, 400).entries, 400));
      }
      const file = path.join(folder, "2026-10.sqlite");
      await truncate(file, Math.floor((await stat(file)).size / 2));
      await assert.rejects(allPosts(folder), (error) => error instanceof EarshotError && error.code === "STORE_CORRUPT");
    }));

  test("a file of a newer version is refused", () =>
    withFolder(async (folder) => {
      {
        await using store = await openSearchStore({ folder, clock: systemClock });
        assert.equal(store.name, "search");
      }
      const { DatabaseSync } = await import("node:sqlite");
      const db = new DatabaseSync(path.join(folder, "positions.sqlite"));
      db.exec("PRAGMA user_version=999");
      db.close();
      await assert.rejects(openSearchStore({ folder, clock: systemClock }), (error) => error instanceof EarshotError && error.code === "FORMAT_UNKNOWN");
    }));

  test("posts that share one moment by the thousand cost no more than others do", () =>
    withFolder(async (folder) => {
      const at = historyStartMs + 5_000;
      const count = 6_000;
      const changes = Array.from({ length: count }, (_, i) => {
        const post = makePost(i, { createdAt: at });
        return { kind: "post" as const, id: post.id, at, partition: 0, from: { offset: i, index: 0 }, generation: 0, post };
      });
      await using store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
      const before = process.cpuUsage();
      await store.apply(changes, new Map([[0, { offset: count, from: { offset: count - 1, index: 0 }, generation: 0 }]]));
      const { user, system } = process.cpuUsage(before);
      assert.ok((user + system) / count < 500, `${(user + system) / count} µs of CPU a post`);
      assert.equal((await allPosts(folder)).length, count);
    }));
});
