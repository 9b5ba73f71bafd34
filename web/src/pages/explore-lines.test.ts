import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExploreRowView } from "./explore-api.ts";
import { bucketsOf, changeOf, formatDifference, formatValue, seriesOf } from "./explore-lines.ts";
import { hourOfWeek, queryOf } from "./explore-query.ts";

const row = (value: number | null, posts: number, more: Partial<ExploreRowView> = {}): ExploreRowView => ({
  key: "",
  value,
  posts,
  negative: 0,
  neutral: 0,
  positive: 0,
  unscored: 0,
  ...more,
});

test("a change is told in per cent only against a base that says something", () => {
  assert.deepEqual(changeOf({ kind: "count" }, row(150, 150), row(100, 100)), { difference: 50, percent: 0.5 });
  assert.deepEqual(changeOf({ kind: "count" }, row(9, 9), row(3, 3)), { difference: 6, percent: undefined, why: "tiny" });
  assert.deepEqual(changeOf({ kind: "count" }, row(9, 9), undefined), { difference: 9, percent: undefined, why: "none" });
  assert.deepEqual(changeOf({ kind: "share" }, row(0.5, 100), row(0.25, 100)), { difference: 0.25, percent: undefined });
  assert.deepEqual(changeOf({ kind: "balance" }, row(null, 0), row(0.25, 100)).difference, undefined);
});

test("shares are told in per cent and their differences in points", () => {
  assert.deepEqual([formatValue({ kind: "share" }, 0.1234), formatDifference({ kind: "share" }, -0.05), formatDifference({ kind: "count" }, 7)], ["12.3%", "-5 pp", "+7"]);
  assert.equal(formatValue({ kind: "balance" }, null), "–");
});

test("buckets cover the span without a hole; a count without a row is zero, a share without one is a gap", () => {
  const buckets = bucketsOf(3_700_000, 10_900_000, 3_600_000);
  assert.deepEqual(buckets, [3_600_000, 7_200_000, 10_800_000]);
  const rows = [row(4, 4, { at: new Date(7_200_000).toISOString() })];
  const valuesOf = (kind: "count" | "share") => seriesOf({ kind }, rows, buckets, { nameOf: String })[0]?.points.map(([, value]) => value);
  assert.deepEqual(valuesOf("count"), [0, 4, 0]);
  assert.deepEqual(valuesOf("share"), [undefined, 4, undefined]);
  assert.deepEqual(
    seriesOf({ kind: "count" }, rows, buckets, { nameOf: String, sinceMs: 7_200_000 })[0]?.points.map(([, value]) => value),
    [undefined, 4, 0],
    "before anything was stored nobody counted",
  );
});

test("the way to the posts says all that narrows a figure", () => {
  const listen = { platforms: ["forum", "diary"], terms: ["acme"], languages: [] };
  const span = { fromMs: Date.UTC(2026, 0, 5), toMs: Date.UTC(2026, 0, 6) };
  assert.equal(
    queryOf({ listen, ...span, q: "rain OR sun", by: "sentiment", value: "none" }),
    "(rain OR sun) (platform:forum OR platform:diary) term:acme sentiment:none created:2026-01-05T00:00:00.000Z..2026-01-06T00:00:00.000Z",
  );
  assert.equal(
    queryOf({ listen: { platforms: [], terms: [], languages: [] }, ...span, by: "hour-of-week", value: "1-03" }),
    "created:2026-01-05T03:00:00.000Z..2026-01-05T04:00:00.000Z",
  );
  assert.equal(hourOfWeek(Date.UTC(2026, 0, 4, 23)), "7-23");
  assert.equal(queryOf({ listen, fromMs: 0, toMs: Date.UTC(2026, 0, 1), by: "hour-of-week", value: "1-03" }), undefined);
});
