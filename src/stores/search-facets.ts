import { setImmediate } from "node:timers/promises";
import type { ReadFilter } from "../core/filter.ts";
import type { Query } from "../core/query.ts";
import type { SearchPlan } from "./search-compile.ts";
import type { MonthReading } from "./search-reading.ts";
import { numberIn, type Profile, type Row, rowsPerMs, sampleScale, unpackNumbers } from "./search-schema.ts";

/** Tags of a month whose names are looked up. */
const mostTags = 5_000;

export const facetNames = ["platform", "source", "language", "sentiment", "term", "hashtag", "link", "entity", "judged", "day"] as const;
export type SearchFacetName = (typeof facetNames)[number];

export interface SearchFacetOptions {
  readonly by: readonly SearchFacetName[];
  /** Values told for each, most frequent first; days are all told, in order. */
  readonly top: number;
  /** Rows counted one by one; where more match, a sample of so many. */
  readonly maxRows?: number;
}

export interface SearchFacets {
  readonly posts: number;
  /** False: numbers are scaled up from a sample. */
  readonly exact: boolean;
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly posts: number }[]>>;
}

const listColumns = ["2", "3"] as const;
/** Rows of a sample that tells how many match. */
const pilotRows = 4_000;
/** Rows of `docs` walked for each row that is counted, where no word leads to them. */
const walkedPerRow = 6;
const strips = 128;

interface MonthTask {
  readonly reading: MonthReading;
  readonly plan: SearchPlan;
  /** Rows that the plan looks at, the lowest and the highest. */
  readonly lo: number;
  readonly hi: number;
  /** Rows that the plan's driver gives: matches of the words, rows of the term, or all. */
  readonly driven: number;
}

/**
 * One pass over the matches of each month. Where there are more than the work limit, an even sample of the rows is counted
 * and scaled up; sums that the index knows as they are (words alone, platforms alone) stay exact.
 * @param readings newest first
 */
export async function facetsOf(readings: readonly MonthReading[], query: Query, filter: ReadFilter, options: SearchFacetOptions): Promise<SearchFacets> {
  const { by, top } = options;
  const lists = by.some((name) => name === "term" || name === "hashtag" || name === "link" || name === "entity" || name === "judged");
  const maxRows = options.maxRows ?? (lists ? 50_000 : 100_000);
  const tally = makeTally(by, filter.terms);
  const tasks: MonthTask[] = [];
  let posts = 0;
  for (const reading of readings) {
    const plan = reading.plan(query, filter);
    const bounds = plan && reading.bounds();
    if (!plan || !bounds) continue;
    if (plan.onlyProfiles) {
      const profiles = reading.profiles();
      for (const { day, profile, posts: count } of reading.summary()) {
        if (!plan.onlyProfiles.has(profile)) continue;
        posts += count;
        tally.addProfile(profiles.get(profile), day, count);
      }
      if (!lists) continue;
    }
    const lo = Math.max(bounds.lo, plan.from);
    const hi = Math.min(bounds.hi, plan.to - 1 + bounds.maxShift);
    if (lo > hi) continue;
    // What lies within the range, were terms and posts spread evenly.
    const share = (hi - lo + 1) / (bounds.hi - bounds.lo + 1);
    const driven = plan.match !== undefined ? reading.countWords(plan.match, lo, hi) : Math.ceil(share * (plan.term !== undefined ? reading.countTerm(plan.term) : bounds.posts));
    if (plan.match !== undefined && plan.where.length === 0) {
      posts += driven;
      if (by.length === 0) continue;
    }
    if (driven > 0) tasks.push({ reading, plan, lo, hi, driven });
    await setImmediate();
  }

  const driven = tasks.reduce((sum, task) => sum + task.driven, 0);
  let share = Math.min(1, maxRows / Math.max(1, driven));
  if (share < 1 && tasks.every((task) => isWalk(task) && !task.plan.onlyProfiles)) {
    const pilot = sampledFor(pilotRows / driven);
    const matched = tasks.reduce((sum, task) => sum + selected(task, pilot, false).reduce((rows, row) => rows + numberIn(row, "2"), 0), 0);
    const expected = (matched * sampleScale) / pilot;
    share = Math.min(1, maxRows / Math.max(1, expected), (maxRows * walkedPerRow) / driven);
  }
  const sampled = sampledFor(share);
  const weight = sampleScale / sampled;
  let exact = true;
  for (const task of tasks) {
    exact &&= sampled === sampleScale;
    const counted = countMonth(task, sampled, weight, lists, tally);
    if (!task.plan.onlyProfiles && (task.plan.match === undefined || task.plan.where.length > 0)) posts += counted;
    await setImmediate();
  }
  return { posts: Math.round(posts), exact, facets: tally.facets(top) };
}

function sampledFor(share: number): number {
  return Math.min(sampleScale, Math.max(64, Math.round(share * sampleScale)));
}

/** The plan walks `docs` and asks the index for no words. */
function isWalk(task: MonthTask): boolean {
  return task.plan.term === undefined && !asksWords(task);
}

function asksWords({ plan }: MonthTask): boolean {
  return plan.match !== undefined || plan.where.some((sql) => sql.includes("MATCH"));
}

function selected(task: MonthTask, sampled: number, lists: boolean): Row[] {
  const { reading, plan, lo, hi } = task;
  const columns = `d.profile, ((d.row + d.shift - 1) / ${rowsPerMs} + ${reading.month.startMs}) / 86400000${lists ? ", d.tags, d.terms" : ", count(*)"}`;
  const options = { asArrays: true, ...(!lists && { group: "1, 2" }) };
  // The index of words is read from its end whatever the range: its rows are sampled one by one.
  if (sampled === sampleScale || asksWords(task)) return reading.select(plan, columns, lo, hi, { ...options, sampled });
  // The others by strips, evenly spaced: the rest is not even read.
  const strideRows = (hi - lo + 1) / strips;
  return Array.from({ length: strips }, (_, strip) => {
    const from = Math.ceil(lo + strip * strideRows);
    return reading.select(plan, columns, from, Math.floor(from + (strideRows * sampled) / sampleScale), options);
  }).flat();
}

/** Returns the posts counted, scaled. */
function countMonth(task: MonthTask, sampled: number, weight: number, lists: boolean, tally: Tally): number {
  const { reading, plan } = task;
  const tags = new Map<number, number>();
  /** By profile × 2^20 + day. */
  const cells = new Map<number, number>();
  let posts = 0;
  for (const row of selected(task, sampled, lists)) {
    const count = (lists ? 1 : numberIn(row, "2")) * weight;
    posts += count;
    const cell = numberIn(row, "0") * 0x100000 + numberIn(row, "1");
    cells.set(cell, (cells.get(cell) ?? 0) + count);
    if (!lists) continue;
    for (const column of listColumns) {
      const list = row[column];
      if (list instanceof Uint8Array) for (const tag of unpackNumbers(list)) tags.set(tag, (tags.get(tag) ?? 0) + weight);
    }
  }
  const profiles = reading.profiles();
  if (!plan.onlyProfiles) for (const [cell, count] of cells) tally.addProfile(profiles.get(Math.floor(cell / 0x100000)), cell % 0x100000, count);
  const frequent = [...tags].sort((a, b) => b[1] - a[1]).slice(0, mostTags);
  for (const [tag, count] of frequent) {
    const text = reading.tagText(tag);
    if (text) tally.addTag(text.kind, text.text, count);
  }
  return posts;
}

interface Tally {
  addProfile(profile: Profile | undefined, day: number, posts: number): void;
  addTag(kind: string, text: string, posts: number): void;
  facets(top: number): SearchFacets["facets"];
}

function makeTally(by: readonly SearchFacetName[], allowedTerms: readonly string[] | undefined): Tally {
  const sums = new Map<SearchFacetName, Map<string, number>>(by.map((name) => [name, new Map()]));
  const add = (name: SearchFacetName, value: string, posts: number) => {
    const sum = sums.get(name);
    if (sum) sum.set(value, (sum.get(value) ?? 0) + posts);
  };
  return {
    addProfile(profile, day, posts) {
      if (profile === undefined) return;
      for (const name of ["platform", "source", "language", "sentiment"] as const) add(name, profile[name], posts);
      add("day", new Date(day * 86_400_000).toISOString().slice(0, 10), posts);
    },
    addTag(kind, text, posts) {
      if (kind === "h") add("hashtag", text, posts);
      else if (kind === "l") add("link", text, posts);
      else if (kind === "e" && allowedTerms === undefined) add("entity", text, posts);
      else if (kind === "j") add("judged", text, posts);
      else if (kind === "t" && allowedTerms?.includes(text) !== false) add("term", text, posts);
    },
    facets(top) {
      const facets: Record<string, { value: string; posts: number }[]> = {};
      for (const [name, sum] of sums) {
        const list = [...sum].map(([value, count]) => ({ value, posts: Math.round(count) }));
        if (name === "day") facets[name] = list.sort((a, b) => (a.value < b.value ? -1 : 1));
        else facets[name] = list.sort((a, b) => b.posts - a.posts || (a.value < b.value ? -1 : 1)).slice(0, top);
      }
      return facets;
    },
  };
}
