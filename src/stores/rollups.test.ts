import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { contributionOf, type Contribution } from "../core/event.ts";
import type { Sql } from "../core/sql.ts";
import { maxExactAuthors, makeAuthorHash } from "./rollups-authors.ts";
import type { RollupBucket } from "./rollups-fold.ts";
import type { RollupDimension } from "./rollups-plan.ts";
import { queryRollups, type RollupRow } from "./rollups-query.ts";
import { openRollups, rollupsMigrations, type Rollups, type RollupsOptions } from "./rollups.ts";
import { grainMs } from "./rollups-schema.ts";
import { describeStore, hand } from "./store.contract.ts";
import { handoversOf, historyStartMs, makeAuthorId, makeHistory, makePost, makePostId, makeRandomHistory, type History, type Totals } from "./store.fixtures.ts";

let postgres: TestPostgres;
before(async () => {
  postgres = await startTestPostgres();
});
after(() => postgres[Symbol.asyncDispose]());

const dayMs = grainMs.day;
const authorHash = makeAuthorHash(Buffer.alloc(32, 7));
const endMs = historyStartMs + 400 * dayMs;
const whole = { fromMs: Date.UTC(2025, 0, 1), toMs: Date.UTC(2028, 0, 1), filter: {} };

async function open(name: string, options: Partial<RollupsOptions> = {}): Promise<{ readonly sql: Sql; readonly store: Rollups }> {
  const sql = await postgres.database(name, rollupsMigrations);
  const clock = makeFakeClock(historyStartMs + 40 * dayMs);
  return { sql, store: await openRollups({ sql, clock, authorHash, keepMinutesMs: 3_650 * dayMs, ...options }) };
}

async function totals(sql: Sql): Promise<Totals> {
  const by = async (dimension: RollupDimension) => {
    const { rows } = await queryRollups(sql, { ...whole, grain: "all", by: [dimension], withoutAuthors: true });
    return Object.fromEntries(rows.map((row) => [row[dimension] ?? "", row.posts]).filter(([, posts]) => posts !== 0));
  };
  const [sum] = (await queryRollups(sql, { ...whole, grain: "all", by: [], withoutAuthors: true })).rows;
  assert.ok(sum);
  const labels = { negative: sum.negative, neutral: sum.neutral, none: sum.unscored, positive: sum.positive };
  return {
    posts: sum.posts,
    likes: sum.likes,
    views: sum.views,
    byPlatform: await by("platform"),
    bySource: await by("source"),
    byLanguage: await by("language"),
    bySentiment: Object.fromEntries(Object.entries(labels).filter(([, posts]) => posts !== 0)),
    byTerm: await by("term"),
  };
}

describeStore({
  name: "rollups",
  open: async (folder) => (await open(folder)).store,
  totals: async (folder, store) => {
    await store.flush();
    return totals(await postgres.database(folder, rollupsMigrations));
  },
  inFolder: false,
});

/** What rollups must say, counted anew from the posts that are left. */
function recount(
  posts: Iterable<Contribution>,
  grain: "minute" | "hour" | "day",
  by: readonly RollupDimension[],
): Map<string, { readonly figures: number[]; readonly authors: Set<string> }> {
  const groups = new Map<string, { readonly figures: number[]; readonly authors: Set<string> }>();
  for (const post of posts) {
    for (const term of by.includes("term") ? new Set(post.terms) : [""]) {
      const at = Math.floor(post.createdAt / grainMs[grain]) * grainMs[grain];
      const name = JSON.stringify([at, ...by.map((dimension) => (dimension === "term" ? term : post[dimension]))]);
      const group = groups.get(name) ?? { figures: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], authors: new Set() };
      groups.set(name, group);
      group.authors.add(post.author);
      const label = ["negative", "neutral", "positive", undefined].indexOf(post.sentiment);
      const { likes, shares, replies, views } = post.counts;
      for (const [i, value] of [1, 0, 0, 0, 0, likes, shares, replies, views].entries()) group.figures[i] = (group.figures[i] ?? 0) + value;
      group.figures[1 + label] = (group.figures[1 + label] ?? 0) + 1;
      const said = term === "" ? post.sentiment : (post.towards?.[term] ?? post.sentiment);
      const towards = ["negative", "neutral", "positive"].indexOf(said ?? "none");
      if (towards >= 0) group.figures[9 + towards] = (group.figures[9 + towards] ?? 0) + 1;
    }
  }
  return groups;
}

function figuresOf(row: RollupRow): number[] {
  return [
    row.posts,
    row.negative,
    row.neutral,
    row.positive,
    row.unscored,
    row.likes,
    row.shares,
    row.replies,
    row.views,
    row.negativeTowards,
    row.neutralTowards,
    row.positiveTowards,
  ];
}

async function assertEqualsRecount(sql: Sql, posts: readonly Contribution[]): Promise<void> {
  for (const grain of ["minute", "hour", "day"] as const) {
    for (const by of [[], ["platform", "language"], ["term"], ["source", "sensitivity", "region"]] satisfies RollupDimension[][]) {
      const expected = recount(posts, grain, by);
      const { rows } = await queryRollups(sql, { ...whole, grain, by });
      const found = new Map(rows.map((row) => [JSON.stringify([row.at, ...by.map((dimension) => row[dimension])]), row]));
      assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
      for (const [name, group] of expected) {
        const row = found.get(name);
        assert.ok(row);
        assert.deepEqual(figuresOf(row), group.figures, name);
        if (grain !== "minute") assert.deepEqual([row.authors, row.authorsExact], [group.authors.size, true], name);
      }
    }
  }
}

const leftOf = (history: Pick<History, "left">) => [...history.left.values()].map(contributionOf);

describe("rollups", () => {
  test("equal a naive recount of whatever history came, in whatever batches, with folds and reopenings between", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1_000_000),
        fc.integer({ min: 20, max: 150 }),
        fc.integer({ min: 1, max: 90 }),
        fc.array(fc.constantFrom("flush", "maintain", "reopen", "none"), { minLength: 1, maxLength: 6 }),
        async (seed, steps, size, between) => {
          const name = `recount-${run++}`;
          const history = makeRandomHistory(seed, steps, 3);
          let { store, sql } = await open(name);
          for (const [i, handover] of handoversOf(history.entries, size).entries()) {
            await hand(store, [handover]);
            const step = between[i % between.length];
            if (step === "flush") await store.flush();
            if (step === "maintain") await store.maintain({ forget: false });
            if (step === "reopen") {
              await store[Symbol.asyncDispose]();
              ({ store, sql } = await open(name));
            }
          }
          await store.flush();
          await assertEqualsRecount(sql, leftOf(history));
          await store.maintain({ forget: false });
          await assertEqualsRecount(sql, leftOf(history));
          await store[Symbol.asyncDispose]();
        },
      ),
      { numRuns: 8 },
    );
  });

  test("leave no row behind when all posts are gone", async () => {
    const { store, sql } = await open("emptied");
    const history = makeRandomHistory(3, 200);
    for (const id of [...history.left.keys()]) history.remove(id);
    await hand(store, handoversOf(history.entries, 40));
    await store.flush();
    await store.maintain({ forget: false });
    for (const table of ["rollup_minute", "rollup_hour", "rollup_day", "rollup_author_hour", "rollup_author_day", "rollup_author_journal"]) {
      const { rows } = await sql.query(`select count(*) as count from ${table}`);
      assert.deepEqual(rows, [{ count: 0 }], table);
    }
  });

  test("above the limit of a set the count of authors is a sketch that says so, near the truth", async () => {
    const { store, sql } = await open("sketch");
    const history = makeHistory(1);
    for (let i = 0; i < 5_000; i++) history.post(makePost(i, { author: makeAuthorId(i), createdAt: historyStartMs + i }));
    await hand(store, handoversOf(history.entries, 700));
    await store.flush();
    await store.maintain({ forget: false });
    const [row] = (await queryRollups(sql, { ...whole, grain: "day", by: [] })).rows;
    assert.equal(row?.authorsExact, false);
    assert.ok(Math.abs((row?.authors ?? 0) - 5_000) < 5_000 * 0.05, `authors: ${row?.authors}`);
  });

  test("a sketch that lost an author is rebuilt from the lake, and is exact again when it is small enough", async () => {
    const history = makeHistory(1);
    const asked: RollupBucket[] = [];
    const { store, sql } = await open("rebuilt", {
      authorsOf: async (buckets) => {
        asked.push(...buckets);
        return buckets.map((bucket) => [
          ...new Set(
            leftOf(history)
              .filter((post) => post.createdAt >= bucket.fromMs && post.createdAt < bucket.toMs)
              .map((post) => post.author),
          ),
        ]);
      },
    });
    for (let i = 0; i < maxExactAuthors + 50; i++) history.post(makePost(i, { author: makeAuthorId(i), createdAt: historyStartMs + i }));
    await hand(store, handoversOf(history.entries, 100));
    await store.maintain({ forget: false });
    const before = history.entries.length;
    for (let i = 0; i < 100; i++) history.remove(makePostId(i));
    await hand(store, handoversOf(history.entries.slice(before), 100));
    while ((await store.maintain({ forget: false })).owed > 0);
    const [hour] = (await queryRollups(sql, { ...whole, grain: "hour", by: [] })).rows;
    assert.deepEqual([hour?.authors, hour?.authorsExact], [maxExactAuthors - 50, true]);
    assert.equal(asked.length, 1);
  });

  test("no author stands in the tables under a name that another store uses", async () => {
    const { store, sql } = await open("hidden-authors");
    const history = makeHistory(1);
    const author = makeAuthorId(42);
    history.post(makePost(1, { author }));
    await hand(store, handoversOf(history.entries, 10));
    await store.maintain({ forget: false });
    const { rows } = await sql.query("select bytes from rollup_author_hour union all select deltas from rollup_author_journal");
    assert.equal(rows.length, 1);
    const raw = Buffer.from(author.slice(author.indexOf("_") + 1), "base64url");
    for (const row of rows) assert.ok(Buffer.isBuffer(row["bytes"]) && !row["bytes"].includes(raw.subarray(0, 8)));
  });

  test("what is expired takes nothing any more, however late its changes come", async () => {
    const { store, sql } = await open("expired");
    const history = makeHistory(1);
    history.post(makePost(1, { createdAt: historyStartMs }));
    history.post(makePost(2, { createdAt: historyStartMs + 5 * dayMs }));
    await hand(store, handoversOf(history.entries, 10));
    assert.deepEqual(await store.expire(historyStartMs + 2 * dayMs), { removedPosts: 1 });
    history.counts(makePostId(1), { likes: 5 });
    history.remove(makePostId(1));
    await hand(store, handoversOf(history.entries.slice(2), 10));
    await store.flush();
    const { rows } = await queryRollups(sql, { ...whole, grain: "day", by: [] });
    assert.deepEqual(
      rows.map((row) => [row.at, row.posts, row.likes]),
      [[Math.floor((historyStartMs + 5 * dayMs) / dayMs) * dayMs, 1, 0]],
    );
  });

  test("a removed source stays removed while its changes still come, until it is admitted again", async () => {
    const { store, sql } = await open("removed");
    const history = makeHistory(1);
    history.post(makePost(1, { source: "world" }));
    await hand(store, handoversOf(history.entries, 10));
    await store.removeSource("world");
    history.remove(makePostId(1));
    history.post(makePost(2, { source: "world" }));
    await hand(store, handoversOf(history.entries.slice(1), 10));
    await store.flush();
    assert.equal((await totals(sql)).posts, 0);
    await store.admitSource("world");
    history.post(makePost(3, { source: "world" }));
    await hand(store, handoversOf(history.entries.slice(3), 10));
    await store.flush();
    assert.equal((await totals(sql)).posts, 1);
  });

  test("two processes on one partition do not count twice: the slower is told and starts from what is durable", async () => {
    const { store, sql } = await open("fenced");
    const { store: other } = await open("fenced");
    const history = makeRandomHistory(5, 60, 1);
    const [first] = handoversOf(history.entries, 1_000);
    assert.ok(first);
    await hand(store, [first]);
    await hand(other, [first]);
    await store.flush();
    await assert.rejects(other.flush(), { code: "STORE_UNAVAILABLE" });
    await assert.rejects(hand(other, [first]), { code: "STORE_UNAVAILABLE" });
    await hand(other, handoversOf(history.entries, 1_000, await other.positions()));
    await other.flush();
    assert.equal((await totals(sql)).posts, history.left.size);
  });

  test("a catalog that fails in the middle of a flush loses and doubles nothing", async () => {
    const real = await postgres.database("interrupted", rollupsMigrations);
    let failing = 0;
    const sql: Sql = {
      query: (text, values) => real.query(text, values),
      transaction: async (work) =>
        real.transaction(async (inside) => {
          const value = await work(inside);
          if (failing-- > 0) throw new EarshotError("STORE_UNAVAILABLE", "cut before the commit");
          return value;
        }),
    };
    const store = await openRollups({ sql, clock: makeFakeClock(historyStartMs), authorHash, keepMinutesMs: 3_650 * dayMs });
    const history = makeRandomHistory(21, 300);
    for (let turn = 0; turn < 60; turn++) {
      const handovers = handoversOf(history.entries, 17, await store.positions());
      if (handovers.length === 0) break;
      failing = turn % 2;
      await hand(store, handovers.slice(0, 4))
        .then(() => store.flush())
        .catch((error: unknown) => assert.ok(error instanceof EarshotError && error.code === "STORE_UNAVAILABLE"));
    }
    await assertEqualsRecount(real, leftOf(history));
  });

  test("changes are written by themselves a second after they came", async () => {
    const clock = makeFakeClock(historyStartMs);
    const { store, sql } = await open("timed", { clock });
    const history = makeHistory(1);
    history.post(makePost(1));
    await hand(store, handoversOf(history.entries, 10));
    await clock.advance(1_000);
    await store.maintain({ forget: false });
    assert.equal((await queryRollups(sql, { ...whole, grain: "all", by: [] })).freshAt, makePost(1).receivedAt);
    await store[Symbol.asyncDispose]();
  });

  test("a reader sees only what the filter allows, in sums and in authors", async () => {
    const { store, sql } = await open("filtered");
    const history = makeRandomHistory(11, 300);
    await hand(store, handoversOf(history.entries, 60));
    await store.flush();
    const filter = { sources: ["north"], sensitivities: ["public" as const], regions: ["de"] };
    const posts = leftOf(history).filter((post) => post.source === "north" && post.sensitivity === "public" && post.region === "de" && post.language === "en");
    const [row] = (await queryRollups(sql, { ...whole, fromMs: Date.UTC(2026, 0, 1), toMs: endMs, grain: "all", by: [], filter, languages: ["en"] })).rows;
    assert.deepEqual([row?.posts, row?.authors], [posts.length, new Set(posts.map((post) => post.author)).size]);
    assert.deepEqual((await queryRollups(sql, { ...whole, grain: "day", by: [], filter: { platforms: [] } })).rows, []);
  });

  test("a query that would count a post twice, or cannot be bounded, is refused", async () => {
    const { sql } = await open("refused");
    const refused = { code: "QUERY_INVALID" };
    await assert.rejects(queryRollups(sql, { ...whole, grain: "day", by: [], terms: ["a", "b"] }), refused);
    await assert.rejects(queryRollups(sql, { ...whole, fromMs: 5, toMs: 5, grain: "day", by: [] }), refused);
    await assert.rejects(queryRollups(sql, { ...whole, fromMs: Number.NaN, grain: "day", by: [] }), refused);
  });
});
