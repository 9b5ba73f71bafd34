import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketsOf, grainOf, intervalOf, type RollupRow, valueOf, wilson } from "./explore-figures.ts";

const row: RollupRow = { posts: 10, negative: 1, neutral: 2, positive: 5, unscored: 2, likes: 3, shares: 2, replies: 1, authors: 7 };
const empty: RollupRow = { posts: 0, negative: 0, neutral: 0, positive: 0, unscored: 0, likes: 0, shares: 0, replies: 0 };

test("figures are what their definitions say", () => {
  assert.deepEqual(
    (["posts", "authors", "engagement", "balance", "negative", "unscored"] as const).map((metric) => valueOf(metric, row)),
    [10, 7, 6, 0.5, 0.125, 0.2],
  );
});

test("where nothing is scored there is no share, which is not zero", () => {
  assert.equal(valueOf("balance", empty), undefined);
  assert.equal(valueOf("unscored", empty), undefined);
  assert.equal(intervalOf("negative", empty), undefined);
});

test("Wilson's interval holds at known values", () => {
  const rounded = (range: readonly [number, number] | undefined) => range?.map((value) => Number(value.toFixed(4)));
  assert.deepEqual(rounded(wilson(0, 10)), [0, 0.2775]);
  assert.deepEqual(rounded(wilson(5, 10)), [0.2366, 0.7634]);
  assert.deepEqual(rounded(wilson(81, 263)), [0.2553, 0.3662]);
});

test("buckets cover the span without a hole, the first one whole", () => {
  assert.deepEqual(bucketsOf(3_700_000, 10_900_000, 3_600_000), [3_600_000, 7_200_000, 10_800_000]);
  assert.deepEqual([grainOf(3_600_000).grain, grainOf(86_400_000).grain, grainOf(30 * 86_400_000).grain], ["minute", "hour", "day"]);
});
