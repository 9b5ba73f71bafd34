import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { systemClock } from "../core/clock.ts";
import type { Post } from "../core/event.ts";
import { isAllowed, type ReadFilter, termsShown } from "../core/filter.ts";
import { factsOf, matchesQuery } from "../core/query-match.ts";
import { parseQuery } from "../core/query-parser.ts";
import { openSearchReader, type SearchReader } from "./search-reader.ts";
import { monthOf } from "./search-schema.ts";
import { openMonthReading } from "./search-reading.ts";
import { marginOf, postsWithin, windowsOf } from "./search-strata.ts";
import { openSearchStore, type SearchStore } from "./search.ts";
import { hand } from "./store.contract.ts";
import { handoversOf, type History, historyStartMs, makeAuthorId, makeHistory, makePost, makePostId, makeRandom } from "./store.fixtures.ts";

const hourMs = 3_600_000;
const many = 24_000;
/** Two months, at an uneven pace: nights are still, and one day is loud. */
const createdAt = (number: number): number => {
  const random = makeRandom(number);
  if (number % 10 === 0) return historyStartMs + 15 * 24 * hourMs + Math.floor(random() * 6 * hourMs);
  return historyStartMs + Math.floor((number / many) * 30) * 24 * hourMs + Math.floor(Math.sqrt(random()) * 24 * hourMs);
};
const textOf = (number: number): string =>
  [
    number % 2 === 0 ? "rain" : "sun",
    number % 3 === 0 ? "over the harbour" : "above a hill",
    number % 4_000 === 7 ? "lanternfish" : "",
    number % 10 === 0 ? "storm" : "",
    number % 40 === 1 ? `harvest${number % 7}` : "",
  ].join(" ");
const posts = Array.from({ length: many }, (_, number): Post =>
  makePost(number, {
    createdAt: createdAt(number),
    text: textOf(number),
    author: makeAuthorId(number % 50),
    language: number % 5 === 0 ? "de" : "en",
    platform: number % 4 === 0 ? "mastodon" : "bluesky",
    terms: number % 8 === 0 ? ["acme"] : [],
    hashtags: number % 6 === 0 ? ["boats"] : number % 300 === 5 ? ["kites"] : [],
    ...(number % 9 === 0 && { replyTo: makePostId(0) }),
  }),
);
const questions = [
  "rain",
  "rain harbour",
  '"over the harbour"',
  "rain NOT storm",
  "storm",
  "lanternfish",
  "harv*",
  "rain language:de",
  "term:acme",
  "language:de",
  "is:reply",
  "storm OR is:reply",
  "rain hashtag:boats",
  "-rain",
];
const filters: readonly ReadFilter[] = [{}, { terms: ["acme"] }, { platforms: ["mastodon"] }];

describe("counting by a sample", () => {
  let folder: string;
  let store: SearchStore;
  let reader: SearchReader;
  let history: History;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "earshot-sample-"));
    store = await openSearchStore({ folder, clock: systemClock, flushEveryMs: 0 });
    reader = openSearchReader({ folder });
    history = makeHistory();
    for (const post of posts) history.post(post);
    await hand(store, handoversOf(history.entries, 8_000));
  });
  after(async () => {
    reader[Symbol.dispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const recount = (q: string, filter: ReadFilter): number => {
    const query = parseQuery(q);
    return [...history.left.values()].filter((post) => isAllowed(filter, post) && matchesQuery(query, { ...factsOf(post), terms: termsShown(filter, post.terms) })).length;
  };

  test("with all the work it needs it equals a recount, and within little work it says that it estimates and how far off it may be", async () => {
    let estimated = 0;
    let held = 0;
    for (const q of questions) {
      for (const filter of filters) {
        const truth = recount(q, filter);
        assert.deepEqual(await reader.count(parseQuery(q), filter, { work: Infinity }), { posts: truth, exact: true }, q);
        for (const work of [150, 400]) {
          const { posts: counted, exact, low, high } = await reader.count(parseQuery(q), filter, { work });
          if (exact) assert.equal(counted, truth, `${q}: told as exact`);
          else {
            assert.ok(low !== undefined && high !== undefined && low <= counted && counted <= high, `${q}: ${low}..${high} holds ${counted}`);
            assert.ok(Math.abs(counted - truth) < Math.max(300, truth * 0.6), `${q}: about ${counted}, is ${truth}`);
            estimated++;
            if (low <= truth && truth <= high) held++;
          }
        }
      }
    }
    assert.ok(estimated >= 40, `${estimated} were estimated`);
    assert.ok(held / estimated >= 0.85, `${held} of ${estimated} intervals held the truth`);
  });

  test("facets of a sample are near the truth and never told as exact; those of all work equal it", async () => {
    for (const q of questions) {
      const query = parseQuery(q);
      const matching = posts.filter((post) => matchesQuery(query, factsOf(post)));
      const whole = await reader.facets(query, {}, { by: ["language", "hashtag", "day"], top: 50, maxRows: Infinity });
      assert.deepEqual([whole.posts, whole.exact, whole.low], [matching.length, true, undefined], q);
      assert.equal(
        whole.facets["day"]?.reduce((sum, row) => sum + row.posts, 0),
        matching.length,
      );
      const some = await reader.facets(query, {}, { by: ["language", "hashtag"], top: 50, maxRows: 800 });
      if (some.exact) assert.equal(some.posts, matching.length);
      for (const [name, rows] of Object.entries(some.facets)) {
        for (const { value, posts: told } of rows) {
          const truth = whole.facets[name]?.find((row) => row.value === value)?.posts ?? 0;
          assert.ok(some.exact ? told === truth : Math.abs(told - truth) < Math.max(250, truth * 0.5), `${q} ${name} ${value}: ${told}, is ${truth}`);
        }
      }
    }
  });

  test("a narrowed reader's numbers, low ends and high ends too, tell nothing of what is hidden from them", async () => {
    for (const work of [150, 400, 8_000]) {
      const found = await reader.count(parseQuery("rain"), { terms: ["globex"] }, { work });
      assert.deepEqual([found.posts, found.low ?? 0], [0, 0]);
      assert.ok((found.high ?? 0) < 900, `high: ${found.high}`);
    }
  });

  test("what was counted before a change is not told after it", async () => {
    const query = parseQuery("rain");
    const before = await reader.count(query, {});
    history.erase(makeAuthorId(4));
    history.post(makePost(many + 1, { text: "rain again", createdAt: historyStartMs + 20 * 24 * hourMs }));
    history.post(makePost(1, { createdAt: createdAt(1), author: makeAuthorId(1), revision: 1, text: "rain now" }));
    await hand(store, handoversOf(history.entries, 8_000, await store.positions()));
    const after = await reader.count(query, {});
    assert.deepEqual(after, { posts: recount("rain", {}), exact: true });
    assert.notEqual(after.posts, before.posts);
    while ((await store.maintain({ forget: true })).owed > 0);
    assert.deepEqual(await reader.count(query, {}), after);
    const { facets } = await reader.facets(query, {}, { by: ["term"], top: 5 });
    assert.deepEqual(facets["term"], [{ value: "acme", posts: recount("rain term:acme", {}) }]);
  });

  test("to count a narrow range of rows the index does not read the word's list whole", () => {
    const month = monthOf(historyStartMs + 20 * 24 * hourMs);
    const reading = openMonthReading(path.join(folder, `${month.name}.sqlite`), month);
    const bounds = reading?.bounds();
    assert.ok(reading && bounds);
    const middle = Math.floor((bounds.lo + bounds.hi) / 2);
    const fastest = (count: (turn: number) => number): number =>
      Math.min(
        ...Array.from({ length: 25 }, (_, turn) => {
          const startedAt = performance.now();
          count(turn);
          return performance.now() - startedAt;
        }),
      );
    // Other rows each time: what was counted once is remembered.
    const narrow = fastest((turn) => reading.countWords('"rain"', middle + turn, middle + 1_000 + turn));
    const whole = fastest((turn) => reading.countWords('"rain"', bounds.lo, bounds.hi + turn));
    assert.ok(narrow * 3 < whole, `${narrow} ms of ${whole}`);
    reading.close();
  });

  test("what a query reads is known before it is read: a long list costs more than a short one, a short one beside it little", () => {
    const month = monthOf(historyStartMs + 20 * 24 * hourMs);
    const reading = openMonthReading(path.join(folder, `${month.name}.sqlite`), month);
    assert.ok(reading);
    const cost = (q: string): number => reading.wordCost(reading.plan(parseQuery(q), {})?.words ?? []);
    assert.ok(cost("lanternfish") < 10, `lanternfish: ${cost("lanternfish")}`);
    assert.ok(cost("rain") > 900, `rain: ${cost("rain")}`);
    assert.ok(cost("rain OR sun") > 1.5 * cost("rain"));
    assert.ok(cost("rain OR lanternfish") >= cost("rain"));
    assert.ok(cost("r*") >= cost("rain"));
    reading.close();
  });
});

test("strata cover all rows once, hold about as many posts each, and windows stand within them", () => {
  const day = fc.record({ gap: fc.nat(3), posts: fc.nat(5_000) });
  fc.assert(
    fc.property(fc.array(day, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 200 }), fc.double({ min: 0.001, max: 1, noNaN: true }), (list, strata, share) => {
      let at = 0;
      const days = list.map(({ gap, posts: count }) => {
        const lo = (at += gap * 1_000);
        at += 1_000;
        return { lo, hi: at - 1, posts: count };
      });
      const stretch = { lo: 0, hi: at - 1, days };
      const windows = windowsOf(stretch, strata, share);
      const all = windowsOf(stretch, strata, 1);
      assert.equal(windows.length, all.length);
      assert.ok(windows.length <= strata);
      let next = stretch.lo;
      for (const [index, { lo, hi, weight }] of all.entries()) {
        assert.deepEqual([lo, weight], [next, 1]);
        next = hi + 1;
        const window = windows[index];
        assert.ok(window !== undefined && window.lo >= lo && window.hi <= hi && window.hi >= window.lo);
        assert.ok(Math.abs(window.weight - (hi - lo + 1) / (window.hi - window.lo + 1)) < 1e-9);
        if (index < all.length - 1) assert.ok(postsWithin({ lo, hi, days }) <= postsWithin(stretch) / Math.min(strata, at) + 10, "no stratum holds much more than its part");
      }
      assert.equal(next, stretch.hi + 1);
    }),
  );
});

test("windows keep no step with days: posts of the mornings alone are not counted twice", () => {
  const days = Array.from({ length: 48 }, (_, day) => ({ lo: day * 1_000, hi: day * 1_000 + 999, posts: 500 }));
  const windows = windowsOf({ lo: 0, hi: 47_999, days }, 48, 0.1);
  // A post in every row of the first half of each day.
  const counted = windows.reduce(
    (sum, { lo, hi, weight }) => sum + weight * Array.from({ length: hi - lo + 1 }, (_, row) => lo + row).filter((row) => row % 1_000 < 500).length,
    0,
  );
  assert.ok(Math.abs(counted - 24_000) < 4_000, `about ${counted}`);
});

test("the interval is as wide as the sums of neighbours differ, and never says that nothing is there because nothing was seen", () => {
  assert.equal(marginOf([0, 0, 0, 0], 0.01), 300);
  assert.ok(marginOf([100, 110, 120, 130], 0.5) < marginOf([100, 130, 90, 140], 0.5));
});
