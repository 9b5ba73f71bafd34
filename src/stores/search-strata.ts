import { numberIn, type Row } from "./search-schema.ts";

/** A day of one month's file: its rows, and about how many posts they hold. */
export interface DayRows {
  readonly lo: number;
  readonly hi: number;
  readonly posts: number;
}

/** Rows of one month's file that a question is about, both ends included. */
export interface Stretch {
  readonly lo: number;
  readonly hi: number;
  /** In the order of their rows. */
  readonly days: readonly DayRows[];
}

/** A part of a stratum that stands for all of it. */
export interface Window {
  readonly lo: number;
  readonly hi: number;
  /** Rows of the stratum for each row of the window. */
  readonly weight: number;
}

/** The golden ratio: its multiples spread evenly over 0 to 1 and keep no step with hours or days (Weyl's sequence). */
const golden = 0.618_033_988_749_895;
const z95 = 1.96;
/** Where nothing was seen, 95% of the time no more than three would have been expected (Jovanovic and Levy, 1997). */
const unseen = 3;

/** About the posts in the rows, were those of a day spread evenly. */
export function postsWithin({ lo, hi, days }: Stretch): number {
  return days.reduce((sum, day) => sum + day.posts * shareWithin(day, lo, hi), 0);
}

function shareWithin(day: DayRows, lo: number, hi: number): number {
  return Math.max(0, Math.min(hi, day.hi) - Math.max(lo, day.lo) + 1) / (day.hi - day.lo + 1);
}

/**
 * Cuts the rows into strata that hold about as many posts each, and takes one window of every stratum, at another place in each:
 * a stratified sample whose sums, weighted, are unbiased wherever posts lie.
 * @param share of each stratum, 0 to 1; 1: all of it
 */
export function windowsOf(stretch: Stretch, strata: number, share: number): readonly Window[] {
  const { lo, hi, days } = stretch;
  const all = postsWithin(stretch);
  const many = Math.max(1, Math.min(Math.floor(strata), hi - lo + 1));
  const windows: Window[] = [];
  let from = lo;
  let day = 0;
  let before = 0;
  for (let stratum = 0; stratum < many && from <= hi; stratum++) {
    let to = hi;
    if (stratum < many - 1 && all > 0) {
      const wanted = (all * (stratum + 1)) / many;
      for (; day < days.length; day++) {
        const own = days[day];
        if (own === undefined) break;
        const posts = own.posts * shareWithin(own, lo, hi);
        if (before + posts >= wanted && posts > 0) {
          const start = Math.max(lo, own.lo);
          to = Math.min(hi, Math.max(from, Math.floor(start + ((Math.min(hi, own.hi) - start + 1) * (wanted - before)) / posts) - 1));
          break;
        }
        before += posts;
      }
    }
    const rows = to - from + 1;
    const width = Math.min(rows, Math.max(1, Math.round(rows * share)));
    const start = from + Math.floor((rows - width + 1) * ((golden * (stratum + 1)) % 1));
    windows.push({ lo: start, hi: start + width - 1, weight: rows / width });
    from = to + 1;
  }
  return windows;
}

/**
 * Half the width of the 95% interval around a sum over strata, by differences of neighbours (Wolter, Introduction to Variance
 * Estimation, 8.2, estimator v2): what rises and falls slowly over time does not widen it. What happened in the gaps alone it cannot know.
 * @param sums weighted, in the order of the strata
 * @param share that the sample is of all
 */
export function marginOf(sums: readonly number[], share: number): number {
  if (sums.length < 2) return unseen / share;
  let squares = 0;
  for (let i = 1; i < sums.length; i++) squares += ((sums[i] ?? 0) - (sums[i - 1] ?? 0)) ** 2;
  return Math.max(unseen / share, z95 * Math.sqrt(((1 - share) * sums.length * squares) / (2 * (sums.length - 1))));
}

/** The same of a sample of single posts: each is in it or not, apart from all others. @param posts weighted */
export function marginOfPosts(posts: number, share: number): number {
  return share >= 1 ? 0 : Math.max(unseen / share, z95 * Math.sqrt((posts * (1 - share)) / share));
}

/** @param rows of `day`, `posts`, ascending */
export function dayRowsFrom(rows: readonly Row[], rowsOfDay: (day: number) => { readonly lo: number; readonly hi: number }): readonly DayRows[] {
  return rows.map((row) => ({ ...rowsOfDay(numberIn(row, "day")), posts: numberIn(row, "posts") }));
}
