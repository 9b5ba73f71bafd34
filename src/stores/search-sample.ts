import { setImmediate } from "node:timers/promises";
import type { ReadFilter } from "../core/filter.ts";
import type { Query } from "../core/query.ts";
import type { SearchPlan } from "./search-compile.ts";
import type { MonthBounds, MonthReading } from "./search-reading.ts";
import { marginOf, postsWithin, type Stretch, type Window, windowsOf } from "./search-strata.ts";

/** What is asked of one month's file. */
export interface MonthTask extends Stretch {
  readonly reading: MonthReading;
  readonly plan: SearchPlan;
  readonly bounds: MonthBounds;
  /** About the posts in its rows, whether they match or not. */
  readonly posts: number;
}

/** Rows of each task that are looked at. */
export interface Sample {
  /** Of all rows; 1: nothing is left out. */
  readonly share: number;
  readonly windows: ReadonlyMap<MonthTask, readonly Window[]>;
}

export interface Estimate {
  readonly byTask: ReadonlyMap<MonthTask, number>;
  /** Of all rows; 1: nothing was left out. */
  readonly share: number;
  /** Half the width of the 95% interval; 0: exact. */
  readonly margin: number;
}

/** Windows of a sample: each is a look-up of every word in every segment of the index. */
const [mostStrata, fewestStrata] = [192, 64];
/** What costs about as much as a look at one post with its tags. */
export const perPost = { entries: 16, termRows: 32, walked: 6 } as const;
const breatheEveryWindows = 32;
/** Posts of a file that are counted before others may be answered. */
const mostInARow = 250_000;

/** undefined: nothing in the month can match. */
export function taskOf(reading: MonthReading, query: Query, filter: ReadFilter): MonthTask | undefined {
  const plan = reading.plan(query, filter);
  const bounds = plan && reading.bounds();
  if (!plan || !bounds) return undefined;
  const stretch = { lo: Math.max(bounds.lo, plan.from), hi: Math.min(bounds.hi, plan.to - 1 + bounds.maxShift), days: reading.days() };
  return stretch.lo > stretch.hi ? undefined : { ...stretch, reading, plan, bounds, posts: Math.min(bounds.posts, postsWithin(stretch)) };
}

/** A share of every task's rows, spread over all its time. @param many windows of all tasks together; absent: as many as the words allow */
export function sampleOf(tasks: readonly MonthTask[], share: number, many = strataFor(tasks)): Sample {
  if (share >= 1) return { share: 1, windows: new Map(tasks.map((task) => [task, windowsOf(task, task.plan.hasPrefix ? 1 : Math.ceil(task.posts / mostInARow), 1)])) };
  const posts = sumOf(tasks, (task) => task.posts);
  return { share, windows: new Map(tasks.map((task) => [task, windowsOf(task, Math.max(1, Math.round((many * task.posts) / Math.max(1, posts))), share)])) };
}

function strataFor(tasks: readonly MonthTask[]): number {
  const words = Math.max(1, ...tasks.map(({ plan }) => plan.words.length));
  return Math.max(fewestStrata, Math.round(mostStrata / words));
}

/** Sums a count over the windows, weighted. @param count posts of a window that match */
export async function estimate(sample: Sample, count: (task: MonthTask, window: Window) => number): Promise<Estimate> {
  const sums: number[] = [];
  const byTask = new Map<MonthTask, number>();
  for (const [task, windows] of sample.windows) {
    let own = 0;
    for (const window of windows) {
      const sum = window.weight * count(task, window);
      own += sum;
      sums.push(sum);
      if (sums.length % breatheEveryWindows === 0) await setImmediate();
    }
    byTask.set(task, own);
    await setImmediate();
  }
  return { byTask, share: sample.share, margin: sample.share === 1 ? 0 : marginOf(sums, sample.share) };
}

export function sumOf<T>(list: readonly T[], of: (item: T) => number): number {
  return list.reduce((sum, item) => sum + of(item), 0);
}

/**
 * How many rows the drivers of the plans give: matches of words, rows of a term; tasks with neither are left out.
 * @param work posts that may be looked at for it; absent: all is counted
 */
export async function countDriven(tasks: readonly MonthTask[], work: number | undefined): Promise<Estimate> {
  const driven = tasks.filter(({ plan }) => plan.match !== undefined || plan.term !== undefined);
  const cost = sumOf(driven, costOf);
  // A prefix is read whole by each statement.
  const isWhole = work === undefined || cost <= work || driven.some(({ plan }) => plan.hasPrefix);
  return estimate(sampleOf(driven, isWhole ? 1 : work / cost), ({ reading, plan }, { lo, hi }) =>
    plan.match !== undefined ? reading.countWords(plan.match, lo, hi) : plan.term !== undefined ? reading.countTerm(plan.term, lo, hi) : 0,
  );
}

/** In posts looked at. */
function costOf({ reading, plan, bounds, posts }: MonthTask): number {
  if (plan.match === undefined) return posts / perPost.termRows;
  return (reading.wordCost(plan.words) * Math.min(1, posts / Math.max(1, bounds.posts))) / perPost.entries;
}
