import { setImmediate } from "node:timers/promises";
import { EarshotError } from "../core/errors.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { Query } from "../core/query.ts";
import { type MonthReading, windowFrom } from "./search-reading.ts";
import { numberIn, unpackCounts } from "./search-schema.ts";

/** engaged: likes, shares and replies, the most first. relevance: BM25 of the words, the best first. */
export type SearchRanking = "engaged" | "relevance";

export interface RankedRow {
  readonly reading: MonthReading;
  readonly row: number;
  /** The higher the better. */
  readonly score: number;
}

/** Where a page ended: all that stands before it has been shown. */
export interface RankedPlace {
  readonly score: number;
  readonly monthMs: number;
  readonly row: number;
}

export interface Ranked {
  readonly rows: readonly RankedRow[];
  readonly next: RankedPlace | undefined;
  /** Matches that were compared, the newest; false: older ones were not. */
  readonly compared: number;
  readonly all: boolean;
}

/** Matches that are compared; what is older is not looked at. */
const mostCompared = 20_000;
/** Posts walked at first where conditions stand beside the words; then four times as many each time. */
const firstWindowPosts = 20_000;
const mostWindowPosts = 1_280_000;

function before(a: RankedPlace, b: RankedPlace): number {
  return b.score - a.score || b.monthMs - a.monthMs || b.row - a.row;
}

/**
 * The best of the newest matches. Files of months rank by themselves: BM25's weights are of each file's own words.
 * @param readings newest first
 * @throws QUERY_INVALID for relevance without words
 */
export async function rankedOf(
  readings: readonly MonthReading[],
  query: Query,
  filter: ReadFilter,
  options: { readonly by: SearchRanking; readonly limit: number; readonly after: RankedPlace | undefined; readonly most?: number },
): Promise<Ranked> {
  const { by, limit, after, most = mostCompared } = options;
  const found: (RankedRow & { readonly monthMs: number })[] = [];
  let compared = 0;
  let all = true;
  for (const reading of readings) {
    const plan = reading.plan(query, filter);
    const bounds = plan && reading.bounds();
    if (!plan || !bounds) continue;
    if (by === "relevance" && plan.match === undefined)
      throw new EarshotError("QUERY_INVALID", "order: relevance needs words that all matches have; ask for the newest or the most engaged instead");
    const lo = Math.max(bounds.lo, plan.from);
    const monthMs = reading.month.startMs;
    // BM25 counts its words over all the month for every statement: as few as may be.
    let posts = plan.where.length === 0 || plan.onlyProfiles || plan.hasPrefix ? Number.MAX_SAFE_INTEGER : firstWindowPosts;
    for (let hi = Math.min(bounds.hi, plan.to - 1 + bounds.maxShift); hi >= lo;) {
      if (compared >= most) {
        all = false;
        break;
      }
      const end = posts === Number.MAX_SAFE_INTEGER ? lo : windowFrom(bounds, lo, hi, posts);
      posts = Math.min(posts * 4, Math.max(posts, mostWindowPosts));
      const rows =
        by === "relevance" && plan.match !== undefined && plan.where.length === 0
          ? reading.scored(plan.match, end, hi, most - compared)
          : reading.select(plan, `d.row, ${by === "engaged" ? "d.counts" : "bm25(fts)"}`, end, hi, { asArrays: true, limit: most - compared });
      compared += rows.length;
      for (const values of rows) {
        const row = numberIn(values, "0");
        const told = values["1"];
        // FTS5 gives the negative of BM25: the lower the better.
        const score = by === "relevance" ? -numberIn(values, "1") : told instanceof Uint8Array ? engagementOf(told) : 0;
        if (after === undefined || before({ score, monthMs, row }, after) > 0) found.push({ reading, row, score, monthMs });
      }
      hi = end - 1;
      await setImmediate();
    }
  }
  found.sort(before);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last !== undefined ? { score: last.score, monthMs: last.monthMs, row: last.row } : undefined, compared, all };
}

function engagementOf(packed: Uint8Array): number {
  const { likes, shares, replies } = unpackCounts(packed);
  return likes + shares + replies;
}
