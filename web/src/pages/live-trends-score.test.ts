import assert from "node:assert/strict";
import { test } from "node:test";
import { trendsOf } from "./live-trends-score.ts";

test("what is said more often than before trends, what is as frequent or rare does not", () => {
  const before = [
    { value: "coffee", posts: 240 },
    { value: "tea", posts: 24 },
    { value: "rain", posts: 24 },
  ];
  const now = [
    { value: "coffee", posts: 10 },
    { value: "tea", posts: 30 },
    { value: "rain", posts: 1 },
    { value: "new", posts: 12 },
    { value: "few", posts: 4 },
  ];
  const trends = trendsOf(now, 1_000, before, 24_000, true);
  assert.deepEqual(
    trends.map(({ value, expected }) => [value, expected]),
    [
      ["tea", 1],
      ["new", 0],
    ],
  );
});

test("the score is Dunning's: 2 × Σ observed × ln(observed / expected)", () => {
  const [trend] = trendsOf([{ value: "x", posts: 20 }], 100, [{ value: "x", posts: 20 }], 900, true);
  // 40 of 1,000: 4 expected of 100, 36 of 900.
  assert.ok(Math.abs((trend?.score ?? 0) - 2 * (20 * Math.log(20 / 4) + 20 * Math.log(20 / 36))) < 1e-9);
});

test("what is not in a cut list of before counts as frequent as the least of the list, so that the cut makes no trend", () => {
  const before = [{ value: "a", posts: 900 }];
  assert.deepEqual(trendsOf([{ value: "b", posts: 30 }], 1_000, before, 24_000, false), []);
  assert.equal(trendsOf([{ value: "b", posts: 30 }], 1_000, before, 24_000, true).length, 1);
  assert.equal(trendsOf([{ value: "b", posts: 90 }], 1_000, before, 24_000, false)[0]?.isExact, false);
});

test("without a time before nothing trends", () => {
  assert.deepEqual(trendsOf([{ value: "a", posts: 50 }], 100, [], 0, true), []);
});
