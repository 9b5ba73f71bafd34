import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { RollupRequest, SourceView } from "../engine.ts";
import { countInterval, makeEstimate, spreadOf } from "./estimate.ts";

const hourMs = 3_600_000;
const now = Date.parse("2026-03-10T12:00:00Z");
const zero = { negative: 0, neutral: 0, positive: 0, unscored: 0, negativeTowards: 0, neutralTowards: 0, positiveTowards: 0, likes: 0, shares: 0, replies: 0, views: 0 };
const source = (id: string, more: Partial<SourceView> = {}): SourceView => ({
  id,
  connector: "files",
  platform: "forum",
  keep: "everything",
  simulated: false,
  origin: "dashboard",
  paused: false,
  status: { state: "polling" },
  collected: 0,
  errors: 0,
  gaps: 0,
  options: {},
  ...more,
});

/** A stream of one post each `everyMs` up to now, of which each tenth matches. */
function estimateOver(hours: number, everyMs: number, sources: readonly SourceView[] = [source("a")]) {
  const times = Array.from({ length: Math.floor((hours * hourMs) / everyMs) }, (_, i) => now - (i + 1) * everyMs);
  const inRange = (request: RollupRequest) => times.filter((at) => at >= request.fromMs && at < request.toMs);
  return makeEstimate({
    reading: {
      async count(q) {
        const [from, to] = (/created:(.*)\.\.(.*)$/.exec(q) ?? []).slice(1).map((text) => Date.parse(text));
        return { posts: times.filter((at, i) => i % 10 === 0 && at >= (from ?? 0) && at < (to ?? 0)).length, exact: true };
      },
      async facets() {
        return { posts: 0, exact: true, facets: { day: [] } };
      },
      async rollups(request) {
        const unit = request.grain === "minute" ? 60_000 : hourMs;
        const buckets = new Map<number, number>();
        for (const at of inRange(request)) buckets.set(Math.floor(at / unit) * unit, (buckets.get(Math.floor(at / unit) * unit) ?? 0) + 1);
        return { rows: [...buckets].map(([at, posts]) => ({ at, source: "a", posts, ...zero })) };
      },
    },
    sources: async () => sources,
    narrow: (filter) => filter,
    storeSizes: async () => [{ sizeBytes: 5_000_000, posts: 10_000 }],
    now: () => now,
  })({ query: "acme", keep: "matching", filter: {} });
}

describe("the estimate", () => {
  test("says posts and bytes of a day from the share that matches and the pace", async () => {
    const answer = await estimateOver(48, 60_000);
    assert.equal(answer.state, "ok");
    assert.equal(answer.sample.posts, 2_880);
    assert.ok(answer.matchingPerDay !== undefined && answer.storedGbPerDay !== undefined);
    assert.equal(Math.round(answer.matchingPerDay.value), 144);
    assert.ok(answer.matchingPerDay.low < 144 && answer.matchingPerDay.low > 110 && answer.matchingPerDay.high > 144 && answer.matchingPerDay.high < 190);
    assert.ok(Math.abs(answer.storedGbPerDay.value - (144 * 500) / 1e9) < 1e-9);
  });

  test("says that it cannot tell from few posts, a short time, or sources that keep only what matches", async () => {
    assert.equal((await estimateOver(2, 60_000)).state, "few-posts");
    assert.equal((await estimateOver(0.2, 1_000)).state, "short-time");
    assert.equal((await estimateOver(48, 60_000, [source("a", { keep: "matching" })])).state, "no-sample");
    assert.equal((await estimateOver(48, 60_000, [source("a", { simulated: true })])).sample.simulated, true);
  });

  test("an interval holds its value, narrows with more posts, and reaches above zero where none matched", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), fc.double({ min: 1 / 7, max: 96, noNaN: true }), (count, weight) => {
        const { low, value, high } = countInterval([{ count, weight }]);
        assert.ok(low >= 0 && low <= value && value < high);
        const more = countInterval([{ count: count * 4 + 4, weight: weight / 4 }]);
        assert.ok(more.high - more.low <= (high - low) * 1.01);
      }),
    );
    // Garwood's exact interval of 10 is 4.795 to 18.39.
    const ten = countInterval([{ count: 10, weight: 1 }]);
    assert.ok(Math.abs(ten.low - 4.795) < 0.02 && Math.abs(ten.high - 18.39) < 0.03, JSON.stringify(ten));
  });

  test("days that differ more than chance widen the interval", () => {
    assert.equal(spreadOf([100, 100, 100, 100]), 1);
    assert.equal(spreadOf([5, 500]), 1);
    assert.ok(spreadOf([10, 200, 15, 300]) > 50);
    const calm = countInterval([{ count: 500, weight: 1 }]);
    const wild = countInterval([{ count: 500, weight: 1 }], 50);
    assert.ok(wild.high - wild.low > 5 * (calm.high - calm.low));
  });

  test("refuses a wrong query with its column", async () => {
    const estimate = makeEstimate({
      reading: { count: () => Promise.reject(new Error("not asked")), facets: () => Promise.reject(new Error("not asked")), rollups: () => Promise.reject(new Error("not asked")) },
      sources: async () => [],
      narrow: (filter) => filter,
      storeSizes: async () => [],
      now: () => now,
    });
    await assert.rejects(estimate({ query: "(acme", keep: "matching", filter: {} }), { code: "QUERY_INVALID", message: /column 6/ });
  });
});
