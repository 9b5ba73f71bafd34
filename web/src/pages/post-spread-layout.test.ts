import assert from "node:assert/strict";
import { test } from "node:test";
import type { SpreadItem, SpreadKind } from "./post-api.ts";
import { dotSize, layOut } from "./post-spread-layout.ts";

const post = (id: string, minute: number, platform = "forum", more: Readonly<Record<string, string>> = {}): SpreadItem["post"] => ({
  id,
  platform,
  source: "s",
  author: "a1_x",
  text: id,
  createdAt: new Date(Date.UTC(2026, 10, 1, 0, minute)).toISOString(),
  receivedAt: "2026-11-01T00:00:00.000Z",
  revision: 0,
  language: "en",
  sentiment: null,
  sentimentScore: null,
  terms: [],
  hashtags: [],
  links: [],
  mentions: [],
  counts: { likes: 0, shares: 0, replies: 0, views: 0 },
  sensitivity: "public",
  region: "zz",
  ...more,
});
const item = (kind: SpreadKind, ...of: Parameters<typeof post>): SpreadItem => ({ kind, post: post(...of) });

const spread = {
  original: post("o", 0),
  items: [
    item("quote", "q", 10, "forum", { quoteOf: "o" }),
    item("repost", "of-q", 20, "forum", { reshareOf: "q" }),
    item("repost", "of-gone", 30, "forum", { reshareOf: "not drawn" }),
    item("link", "l", 40, "diary", { quoteOf: "q" }),
  ],
};

test("later posts stand further right, and each in the lane of its platform or its kind", () => {
  const { dots, lanes, height } = layOut(spread, "platform", 600);
  assert.deepEqual(
    dots.map(({ x }) => x),
    dots.map(({ x }) => x).toSorted((a, b) => a - b),
  );
  assert.ok((dots.at(-1)?.x ?? 0) <= 600 && (dots[0]?.x ?? -1) >= 0);
  assert.deepEqual(
    lanes.map(({ name }) => name),
    ["forum", "diary"],
  );
  for (const dot of dots) {
    const lane = lanes.find(({ name }) => name === dot.post.platform);
    assert.ok(lane !== undefined && dot.y > lane.y && dot.y < lane.y + lane.height && lane.y + lane.height <= height, dot.id);
  }
  assert.deepEqual(
    layOut(spread, "kind", 600).lanes.map(({ name }) => name),
    ["original", "quote", "repost", "link"],
  );
});

test("an edge comes from what a post shares or quotes where that is drawn, else from the original; a page's from the original", () => {
  const { edges } = layOut(spread, "platform", 600);
  assert.deepEqual(
    edges.map(({ from, to }) => `${from.id}>${to.id}`),
    ["o>q", "q>of-q", "o>of-gone", "o>l"],
  );
  assert.deepEqual(
    layOut({ items: spread.items }, "platform", 600).edges.map(({ from, to }) => `${from.id}>${to.id}`),
    ["q>of-q"],
  );
});

test("posts of one moment do not lie on each other", () => {
  const { dots } = layOut({ items: Array.from({ length: 8 }, (_, i) => item("copy", `c${i}`, 5)) }, "kind", 300);
  for (const a of dots) for (const b of dots) assert.ok(a === b || Math.abs(a.x - b.x) >= dotSize || Math.abs(a.y - b.y) >= dotSize, `${a.id} ${b.id}`);
});
