import { setImmediate } from "node:timers/promises";
import type { ReadFilter } from "../core/filter.ts";
import type { Query } from "../core/query.ts";
import type { MonthReading } from "./search-reading.ts";
import { countDriven, type Estimate, estimate, type MonthTask, perPost, type Sample, sampleOf, sumOf, taskOf } from "./search-sample.ts";
import { numberIn, type Profile, type Row, rowsPerMs, sampleScale, unpackNumbers } from "./search-schema.ts";
import { marginOfPosts, type Window } from "./search-strata.ts";

/** Tags of a month whose names are looked up. */
const mostTags = 5_000;

export const facetNames = ["platform", "source", "language", "sentiment", "term", "hashtag", "link", "entity", "judged", "day"] as const;
export type SearchFacetName = (typeof facetNames)[number];

export interface SearchFacetOptions {
  readonly by: readonly SearchFacetName[];
  /** Values told for each, most frequent first; days are all told, in order. */
  readonly top: number;
  /** Posts that are looked at; where more match, a sample of so many. Absent: 50,000 or 100,000, and words alone are counted to the last. */
  readonly maxRows?: number;
}

export interface SearchFacets {
  readonly posts: number;
  /** False: numbers are scaled up from a sample. */
  readonly exact: boolean;
  /** 95% interval of `posts`; absent: that number is exact. */
  readonly low?: number;
  readonly high?: number;
  readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly posts: number }[]>>;
}

const listColumns = ["2", "3"] as const;
/** Posts that SQLite groups by itself for each that is looked at with its tags. */
const groupedPerPost = 2;
/** How much more of the index may be read for facets than for their number. */
const indexAgain = 4;
/** Posts walked to see how many match, where no word leads to them. */
const pilotPosts = 24_000;
const pilotWindows = 96;

/**
 * One pass over the matches of each month. Where there are more than the work limit, a sample of windows of time is counted and
 * scaled up; sums that the index knows as they are (platforms alone) stay exact.
 * @param readings newest first
 */
export async function facetsOf(readings: readonly MonthReading[], query: Query, filter: ReadFilter, options: SearchFacetOptions): Promise<SearchFacets> {
  const { by, top } = options;
  const lists = by.some((name) => name === "term" || name === "hashtag" || name === "link" || name === "entity" || name === "judged");
  const work = options.maxRows ?? (lists ? 50_000 : 100_000);
  const tally = makeTally(by, filter.terms);
  const tasks = readings.flatMap((reading) => taskOf(reading, query, filter) ?? []);
  const told = countSummaries(tasks, tally);
  const looked = lists ? tasks : tasks.filter(({ plan }) => plan.onlyProfiles === undefined);
  const driven = await countDriven(looked, options.maxRows);
  const words = looked.filter(isWords);
  const rest = by.length === 0 ? looked.filter((task) => !isWords(task)) : looked.filter((task) => driven.byTask.get(task) !== 0);
  const sample = await sampleFor(rest, driven, told, work * (lists ? 1 : groupedPerPost));
  // Short lists, which FTS5 reads from their beginning for every window, are read once and sampled post by post; so is what a prefix gives.
  const isOnePass = rest.some(({ plan }) => plan.hasPrefix) || (driven.share === 1 && rest.some(({ plan }) => plan.match !== undefined));
  const counted = isOnePass ? await countRows(sample, lists, tally) : await countWindows(sample, lists, tally);
  // Words alone are counted by the index, better than by a sample of what is looked at.
  const ofWords = counted.share === 1 && by.length > 0 ? counted : driven;
  const others = rest.filter((task) => !isWords(task) && task.plan.onlyProfiles === undefined);
  const margin = Math.hypot(words.length > 0 ? ofWords.margin : 0, others.length > 0 ? counted.margin : 0);
  const posts = Math.round(told + sumOf(words, (task) => ofWords.byTask.get(task) ?? 0) + sumOf(others, (task) => counted.byTask.get(task) ?? 0));
  return {
    posts,
    exact: margin === 0 && counted.share === 1,
    ...(margin > 0 && { low: Math.max(0, Math.round(posts - margin)), high: Math.round(posts + margin) }),
    facets: tally.facets(top),
  };
}

const isWords = ({ plan }: MonthTask) => plan.match !== undefined && plan.where.length === 0;
const isWalk = ({ plan }: MonthTask) => plan.match === undefined && plan.term === undefined;

/** Of months where platforms and the like are all that is asked. Returns their posts. */
function countSummaries(tasks: readonly MonthTask[], tally: Tally): number {
  let sum = 0;
  for (const { reading, plan } of tasks) {
    if (!plan.onlyProfiles) continue;
    const profiles = reading.profiles();
    for (const { day, profile, posts } of reading.summary()) {
      if (!plan.onlyProfiles.has(profile)) continue;
      sum += posts;
      tally.addProfile(profiles.get(profile), day, posts);
    }
  }
  return sum;
}

/** Windows that hold about `work` posts to look at. */
async function sampleFor(tasks: readonly MonthTask[], driven: Estimate, told: number, work: number): Promise<Sample> {
  const walked = sumOf(tasks, (task) => driven.byTask.get(task) ?? task.posts);
  // Where lists are so long that they were not counted whole, few matches are no reason to read all of them now.
  const most = driven.share === 1 ? 1 : driven.share * indexAgain;
  if (walked <= work || !tasks.every(isWalk)) return sampleOf(tasks, Math.min(most, work / Math.max(1, walked)));
  const isTold = tasks.every(({ plan }) => plan.onlyProfiles);
  const pilot = sampleOf(tasks, pilotPosts / walked, pilotWindows);
  const matched = isTold ? [told] : [...(await estimate(pilot, (task, window) => sumOf(selected(task, window, sampleScale, false), (row) => numberIn(row, "2")))).byTask.values()];
  return sampleOf(tasks, Math.min(work / Math.max(1, sumOf(matched, Number)), (work * perPost.walked) / walked));
}

function selected({ reading, plan }: MonthTask, { lo, hi }: Pick<Window, "lo" | "hi">, sampled: number, lists: boolean): Row[] {
  const columns = `d.profile, ((d.row + d.shift - 1) / ${rowsPerMs} + ${reading.month.startMs}) / 86400000${lists ? ", d.tags, d.terms" : ", count(*)"}`;
  // From the oldest: FTS5 seeks forwards six times as fast as backwards.
  return reading.select(plan, columns, lo, hi, { asArrays: true, ascending: true, sampled, ...(!lists && { group: "1, 2" }) });
}

async function countWindows(sample: Sample, lists: boolean, tally: Tally): Promise<Estimate> {
  const counts = makeCounts(lists);
  const counted = await estimate(sample, (task, window) => counts.add(task, selected(task, window, sampleScale, lists), window.weight));
  counts.tellTo(tally);
  return counted;
}

/** Rows are sampled one by one, in one pass over all. */
async function countRows(sample: Sample, lists: boolean, tally: Tally): Promise<Estimate> {
  const sampled = Math.min(sampleScale, Math.max(64, Math.round(sample.share * sampleScale)));
  const counts = makeCounts(lists);
  const byTask = new Map<MonthTask, number>();
  for (const task of sample.windows.keys()) {
    byTask.set(task, (sampleScale / sampled) * counts.add(task, selected(task, task, sampled, lists), sampleScale / sampled));
    await setImmediate();
  }
  counts.tellTo(tally);
  const share = sampled / sampleScale;
  return { byTask, share, margin: marginOfPosts(sumOf([...byTask.values()], Number), share) };
}

function makeCounts(lists: boolean) {
  interface Month {
    readonly tags: Map<number, number>;
    /** By profile × 2^20 + day. */
    readonly cells: Map<number, number>;
  }
  const months = new Map<MonthTask, Month>();
  return {
    /** Returns the posts, not weighted. */
    add(task: MonthTask, rows: readonly Row[], weight: number): number {
      const month = months.get(task) ?? { tags: new Map(), cells: new Map() };
      months.set(task, month);
      let posts = 0;
      for (const row of rows) {
        const count = lists ? 1 : numberIn(row, "2");
        posts += count;
        const cell = numberIn(row, "0") * 0x100000 + numberIn(row, "1");
        month.cells.set(cell, (month.cells.get(cell) ?? 0) + count * weight);
        if (!lists) continue;
        for (const column of listColumns) {
          const list = row[column];
          if (list instanceof Uint8Array) for (const tag of unpackNumbers(list)) month.tags.set(tag, (month.tags.get(tag) ?? 0) + weight);
        }
      }
      return posts;
    },
    tellTo(tally: Tally): void {
      for (const [{ reading, plan }, { tags, cells }] of months) {
        const profiles = reading.profiles();
        if (!plan.onlyProfiles) for (const [cell, count] of cells) tally.addProfile(profiles.get(Math.floor(cell / 0x100000)), cell % 0x100000, count);
        const frequent = [...tags].sort((a, b) => b[1] - a[1]).slice(0, mostTags);
        for (const [tag, count] of frequent) {
          const text = reading.tagText(tag);
          if (text) tally.addTag(text.kind, text.text, count);
        }
      }
    },
  };
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
