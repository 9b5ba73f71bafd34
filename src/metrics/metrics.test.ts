import assert from "node:assert/strict";
import { test } from "node:test";
import { type Figures, intervalOf, metricNamed, metrics, noFigures, valueOf, wilson } from "./metrics.ts";

const row: Figures = {
  posts: 10,
  negative: 1,
  neutral: 2,
  positive: 5,
  unscored: 2,
  negativeTowards: 3,
  neutralTowards: 1,
  positiveTowards: 4,
  likes: 3,
  shares: 2,
  replies: 1,
  views: 40,
  authors: 7,
};
const value = (id: string, figures: Figures, all?: Figures) => {
  const metric = metricNamed(id);
  assert.ok(metric !== undefined, id);
  return valueOf(metric, figures, all);
};

test("each metric is what its definition says", () => {
  const told = Object.fromEntries(metrics.map(({ id }) => [id, value(id, row, { ...row, posts: 40 })]));
  assert.deepEqual(told, {
    posts: 10,
    authors: 7,
    engagement: 6,
    likes: 3,
    shares: 2,
    replies: 1,
    views: 40,
    "engagement-per-post": 0.6,
    "posts-per-author": 10 / 7,
    balance: 0.125,
    negative: 0.375,
    neutral: 0.125,
    positive: 0.5,
    "post-balance": 0.5,
    "post-negative": 0.125,
    "post-neutral": 0.25,
    "post-positive": 0.625,
    unscored: 0.2,
    "share-of-voice": 0.25,
  });
});

test("ids are unique, and each has a version, a unit, a definition and an owner", () => {
  assert.equal(new Set(metrics.map(({ id }) => id)).size, metrics.length);
  for (const { version, unit, definition, owner } of metrics) assert.ok(version >= 1 && unit !== "" && definition.length > 20 && owner !== "");
});

test("where nothing is scored there is no share, which is not zero", () => {
  for (const id of ["balance", "negative", "positive", "unscored", "engagement-per-post", "share-of-voice"]) assert.equal(value(id, noFigures), undefined, id);
  assert.equal(value("posts", noFigures), 0);
});

test("authors that nobody counted are not zero authors", () => {
  const { authors: _authors, ...uncounted } = row;
  assert.equal(value("authors", uncounted), undefined);
  assert.equal(value("posts-per-author", uncounted), undefined);
});

test("Wilson's interval holds at known values, and only shares have one", () => {
  const rounded = (range: readonly [number, number] | undefined) => range?.map((bound) => Number(bound.toFixed(4)));
  assert.deepEqual(rounded(wilson(0, 10)), [0, 0.2775]);
  assert.deepEqual(rounded(wilson(5, 10)), [0.2366, 0.7634]);
  assert.deepEqual(rounded(wilson(81, 263)), [0.2553, 0.3662]);
  assert.equal(wilson(0, 0), undefined);
  const interval = (id: string) => {
    const metric = metricNamed(id);
    return metric && intervalOf(metric, row);
  };
  assert.deepEqual(interval("negative"), wilson(3, 8));
  assert.deepEqual([interval("posts"), interval("balance"), interval("engagement-per-post")], [undefined, undefined, undefined]);
});
