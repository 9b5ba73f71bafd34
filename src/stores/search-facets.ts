import { setImmediate } from "node:timers/promises";
import type { ReadFilter } from "../core/filter.ts";
import type { Query } from "../core/query.ts";
import type { SearchPlan } from "./search-compile.ts";
import type { MonthReading } from "./search-reading.ts";
import { numberIn, unpackNumbers } from "./search-schema.ts";

export const facetNames = ["platform", "source", "language", "sentiment", "term", "hashtag", "link", "day"] as const;
export type SearchFacetName = (typeof facetNames)[number];

export interface SearchFacetOptions {
  readonly by: readonly SearchFacetName[];
  /** Values told for each, most frequent first; days are all told, in order. */
  readonly top: number;
  /** Rows looked at one by one before the rest is sampled. */
  readonly maxRows?: number;
}

export interface SearchFacets {
  readonly posts: number;
  /** False: numbers are scaled up from a sample. */
  readonly exact: boolean;
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly posts: number }[]>>;
}

const windowRows = 50_000;
const listColumns = ["2", "3"] as const;
const sampleScale = 65_536;

/** @param readings newest first */
export async function facetsOf(readings: readonly MonthReading[], query: Query, filter: ReadFilter, options: SearchFacetOptions): Promise<SearchFacets> {
  const { by, top, maxRows = 30_000 } = options;
  const sums = new Map<SearchFacetName, Map<string, number>>(by.map((name) => [name, new Map()]));
  const add = (name: SearchFacetName, value: string, posts: number) => {
    const sum = sums.get(name);
    if (sum) sum.set(value, (sum.get(value) ?? 0) + posts);
  };
  const budget = { rows: maxRows, looked: 0, matched: 0 };
  let posts = 0;
  let exact = true;
  for (const reading of readings) {
    const plan = reading.plan(query, filter);
    if (plan === undefined) continue;
    const counted = await countMonth(reading, plan, by, budget, add);
    posts += counted.posts;
    exact &&= counted.exact;
  }
  const facets: Record<string, { value: string; posts: number }[]> = {};
  for (const [name, sum] of sums) {
    const list = [...sum].map(([value, count]) => ({ value, posts: Math.round(count) }));
    if (name === "day") facets[name] = list.sort((a, b) => (a.value < b.value ? -1 : 1));
    else facets[name] = list.sort((a, b) => b.posts - a.posts || (a.value < b.value ? -1 : 1)).slice(0, top);
  }
  return { posts: Math.round(posts), exact, facets };
}

interface Budget {
  /** Rows that may still be looked at one by one. */
  rows: number;
  looked: number;
  matched: number;
}

type Add = (name: SearchFacetName, value: string, posts: number) => void;

async function countMonth(reading: MonthReading, plan: SearchPlan, by: readonly SearchFacetName[], budget: Budget, add: Add): Promise<{ posts: number; exact: boolean }> {
  const profiles = reading.profiles();
  const addProfile = (profile: number, day: number, count: number) => {
    const known = profiles.get(profile);
    if (known) for (const name of ["platform", "source", "language", "sentiment"] as const) add(name, known[name], count);
    add("day", new Date(day * 86_400_000).toISOString().slice(0, 10), count);
  };
  const rest = by.some((name) => name === "term" || name === "hashtag" || name === "link");
  let posts = 0;
  if (plan.onlyProfiles) {
    for (const { day, profile, posts: count } of reading.summary()) {
      if (!plan.onlyProfiles.has(profile)) continue;
      posts += count;
      addProfile(profile, day, count);
    }
    if (!rest) return { posts, exact: true };
  } else if (by.length === 0 && plan.match !== undefined && plan.where.length === 0) return { posts: reading.countWords(plan.match), exact: true };

  const bounds = reading.bounds();
  if (bounds === undefined) return { posts, exact: true };
  const lo = Math.max(bounds.lo, plan.from);
  let hi = Math.min(bounds.hi, plan.to - 1 + bounds.maxShift);
  const tags = new Map<number, number>();
  /** By profile × 2^20 + day. */
  const cells = new Map<number, number>();
  const startMs = reading.month.startMs - 1;
  let exact = true;
  const columns = `d.profile AS profile, (d.row + d.shift + ${startMs}) / 86400000 AS day${rest ? ", d.tags AS tags, d.terms AS terms" : ", count(*) AS posts"}`;
  while (hi >= lo) {
    const end = reading.windowBelow(hi, lo, windowRows);
    // A window is sampled once the budget is spent: the share that would have kept it within a fifth of the budget.
    const expected = budget.looked === 0 ? windowRows : (budget.matched / budget.looked) * windowRows;
    const share = budget.rows > 0 ? 1 : Math.min(1, Math.max(1 / 256, 400 / Math.max(1, expected)));
    const sampled = share === 1 ? undefined : Math.max(1, Math.round(share * sampleScale));
    const weight = sampled === undefined ? 1 : sampleScale / sampled;
    exact &&= sampled === undefined;
    const rows = reading.select(plan, columns, end, hi, { asArrays: true, ...(!rest && { group: "1, 2" }), ...(sampled !== undefined && { sampled }) });
    let matched = 0;
    for (const row of rows) {
      const count = (rest ? 1 : numberIn(row, "2")) * weight;
      matched += count;
      const cell = numberIn(row, "0") * 0x100000 + numberIn(row, "1");
      cells.set(cell, (cells.get(cell) ?? 0) + count);
      if (!rest) continue;
      for (const column of listColumns) {
        const list = row[column];
        if (list instanceof Uint8Array) for (const tag of unpackNumbers(list)) tags.set(tag, (tags.get(tag) ?? 0) + weight);
      }
    }
    if (!plan.onlyProfiles) posts += matched;
    budget.looked += windowRows;
    budget.matched += matched;
    budget.rows -= matched / weight;
    hi = end - 1;
    if (hi >= lo) await setImmediate();
  }
  if (!plan.onlyProfiles) for (const [cell, count] of cells) addProfile(Math.floor(cell / 0x100000), cell % 0x100000, count);
  const frequent = [...tags].sort((a, b) => b[1] - a[1]).slice(0, 5_000);
  for (const [tag, count] of frequent) {
    const text = reading.tagText(tag);
    if (text?.kind === "h") add("hashtag", text.text, count);
    else if (text?.kind === "l") add("link", text.text, count);
    else if (text?.kind === "t") add("term", text.text, count);
  }
  return { posts, exact };
}
