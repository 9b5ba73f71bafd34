import { setImmediate } from "node:timers/promises";
import type { ReadFilter } from "../core/filter.ts";
import type { Query } from "../core/query.ts";
import { parseTowards } from "../core/towards.ts";
import { type MonthReading, windowFrom } from "./search-reading.ts";
import { countDriven, type MonthTask, sampleOf, sumOf, taskOf } from "./search-sample.ts";
import { numberIn, type Row, rowsPerMs, sampleScale, unpackCounts, unpackNumbers } from "./search-schema.ts";
import type { Window } from "./search-strata.ts";

export const searchDimensions = ["platform", "source", "language", "sentiment", "term", "hashtag", "judged", "entity", "hour-of-week"] as const;
/** Dimensions of which a post may bear several values, or none. */
const listKinds = { term: "t", hashtag: "h", judged: "j", entity: "e" } as const;
const isList = (by: SearchGrouping["by"]): by is keyof typeof listKinds => by !== undefined && by in listKinds;
export type SearchDimension = (typeof searchDimensions)[number];

export interface SearchGrouping {
  readonly by?: SearchDimension;
  /** Length of a bucket of createdAt; absent: one bucket. */
  readonly everyMs?: number;
  /** Posts and sentiment alone are counted: much quicker. */
  readonly onlyPosts: boolean;
  readonly withAuthors: boolean;
  /** Values kept of the dimension, those with the most posts. */
  readonly top: number;
  /** Rows that may be looked at; where there are more, an even sample of so many is, and what it gives is scaled up. */
  readonly maxRows: number;
  /** What posts say of this term is counted beside what they say as a whole; by term, what they say of each. */
  readonly towards?: string | "each";
  /** Where a sample would be needed, nothing is looked at: another store is asked instead. */
  readonly orNothing?: boolean;
}

export interface SearchGroup {
  /** Start of the bucket, milliseconds UTC; 0 without buckets. */
  readonly at: number;
  /** Value of the dimension; "none" for not scored and for no term, "" for no linked name. A post of two terms counts under both. */
  readonly key: string;
  posts: number;
  negative: number;
  neutral: number;
  positive: number;
  unscored: number;
  negativeTowards: number;
  neutralTowards: number;
  positiveTowards: number;
  likes: number;
  shares: number;
  replies: number;
  views: number;
  authors?: number;
}

export interface SearchGroups {
  /** False: a sample, scaled up; authors are then not told. */
  readonly exact: boolean;
  /** Rows that would have to be looked at. */
  readonly rows: number;
  readonly groups: readonly SearchGroup[];
}

const windowRows = 40_000;
/** Rows that SQLite can group by itself for each that has to be read one by one. */
const groupedPerRow = 8;
const labels = { negative: "negative", neutral: "neutral", positive: "positive" } as const;
const isLabel = (text: string): text is keyof typeof labels => Object.hasOwn(labels, text);

/** 1-00 (Monday, midnight) to 7-23, UTC. */
export function hourOfWeek(ms: number): string {
  const hours = Math.floor(ms / 3_600_000);
  // 1970-01-01 was a Thursday.
  return `${((Math.floor(hours / 24) + 3) % 7) + 1}-${String(hours % 24).padStart(2, "0")}`;
}

/**
 * Sums over the matches of each month.
 * @param readings newest first
 */
export async function groupsOf(readings: readonly MonthReading[], query: Query, filter: ReadFilter, grouping: SearchGrouping): Promise<SearchGroups> {
  const tasks = readings.flatMap((reading) => taskOf(reading, query, filter) ?? []);
  const { byTask } = await countDriven(tasks, grouping.maxRows);
  const rows = sumOf(tasks, (task) => byTask.get(task) ?? task.posts);
  const share = (grouping.maxRows * (isSqlGrouped(grouping) ? groupedPerRow : 1)) / Math.max(1, rows);
  if (share < 1 && grouping.orNothing === true) return { exact: false, rows: Math.round(rows), groups: [] };
  const tally = makeTally(grouping, filter.terms, tasks.length > 1);
  // All that a prefix needs is read for every statement: its rows are sampled one by one, in one.
  if (tasks.some(({ plan }) => plan.hasPrefix)) {
    const sampled = Math.min(sampleScale, Math.max(64, Math.round(share * sampleScale)));
    for (const task of tasks) {
      tally.add(task, task, sampled, sampleScale / sampled);
      await setImmediate();
    }
    return { exact: sampled === sampleScale, rows: Math.round(rows), groups: tally.groups(sampled === sampleScale) };
  }
  const sample = sampleOf(tasks, share);
  for (const [task, windows] of sample.windows) {
    for (const window of windows) {
      for (let { hi } = window; hi >= window.lo;) {
        const lo = windowFrom(task.bounds, window.lo, hi, isSqlGrouped(grouping) ? windowRows * groupedPerRow : windowRows);
        tally.add(task, { lo, hi }, sampleScale, window.weight);
        hi = lo - 1;
        await setImmediate();
      }
    }
  }
  return { exact: sample.share === 1, rows: Math.round(rows), groups: tally.groups(sample.share === 1) };
}

function isSqlGrouped({ onlyPosts, withAuthors, by, towards }: SearchGrouping): boolean {
  return onlyPosts && !withAuthors && towards === undefined && !isList(by);
}

function makeTally(grouping: SearchGrouping, allowedTerms: readonly string[] | undefined, isManyMonths: boolean) {
  const { by, everyMs, withAuthors, top } = grouping;
  const groups = new Map<string, SearchGroup>();
  const authors = new Map<SearchGroup, Set<string | number>>();
  const groupOf = (at: number, key: string): SearchGroup => {
    const name = `${at} ${key}`;
    let group = groups.get(name);
    if (group === undefined) {
      group = {
        at,
        key,
        posts: 0,
        negative: 0,
        neutral: 0,
        positive: 0,
        unscored: 0,
        negativeTowards: 0,
        neutralTowards: 0,
        positiveTowards: 0,
        likes: 0,
        shares: 0,
        replies: 0,
        views: 0,
      };
      groups.set(name, group);
    }
    return group;
  };
  const bucketOf = (ms: number) => (everyMs === undefined ? 0 : Math.floor(ms / everyMs) * everyMs);
  const countPosts = (group: SearchGroup, sentiment: string, posts: number, towards: string = sentiment) => {
    group.posts += posts;
    if (isLabel(sentiment)) group[sentiment] += posts;
    else group.unscored += posts;
    if (isLabel(towards)) group[`${towards}Towards`] += posts;
  };

  return {
    add({ reading, plan }: MonthTask, { lo, hi }: Pick<Window, "lo" | "hi">, sampled: number, weight: number): void {
      const { startMs } = reading.month;
      const unitMs = by === "hour-of-week" ? 3_600_000 : everyMs;
      const ms = `((d.row + d.shift - 1) / ${rowsPerMs} + ${startMs})`;
      if (isSqlGrouped(grouping)) {
        const bucket = unitMs === undefined ? "0" : `${ms} / ${Math.trunc(unitMs)}`;
        const rows = reading.select(plan, `d.profile, ${bucket}, count(*)`, lo, hi, { asArrays: true, ascending: true, group: "1, 2", sampled });
        const profiles = reading.profiles();
        for (const row of rows) {
          const profile = profiles.get(numberIn(row, "0"));
          if (profile === undefined) continue;
          const at = numberIn(row, "1") * (unitMs ?? 0);
          const key = by === undefined ? "" : by === "hour-of-week" ? hourOfWeek(at) : isList(by) ? "" : profile[by];
          countPosts(groupOf(bucketOf(at), key), profile.sentiment, numberIn(row, "2") * weight);
        }
        return;
      }
      const list = `, ${by === "term" ? "d.terms" : isList(by) ? "d.tags" : "NULL"}${grouping.towards === undefined ? "" : ", d.tags"}`;
      const rows = reading.select(plan, `d.profile, ${ms}, d.author, d.counts${list}`, lo, hi, { asArrays: true, ascending: true, sampled });
      const profiles = reading.profiles();
      const tags = new Map<number, string | undefined>();
      const spoken = new Map<number, ReturnType<typeof parseTowards>>();
      /** What a row says of a term; undefined: no more than it says as a whole. */
      const towardsIn = (row: Row, term: string): string | undefined => {
        const packed = row["5"];
        for (const tag of packed instanceof Uint8Array ? unpackNumbers(packed) : []) {
          if (!spoken.has(tag)) {
            const found = reading.tagText(tag);
            spoken.set(tag, found?.kind === "w" ? parseTowards(found.text) : undefined);
          }
          const said = spoken.get(tag);
          if (said?.term === term) return said.label;
        }
        return undefined;
      };
      const nameOf = (tag: number): string | undefined => {
        if (!tags.has(tag)) {
          const found = reading.tagText(tag);
          const isTold = by === "term" ? allowedTerms?.includes(found?.text ?? "") !== false : by !== "entity" || allowedTerms === undefined;
          const isWanted = found !== undefined && isTold && isList(by) && found.kind === listKinds[by];
          tags.set(tag, isWanted ? found.text : undefined);
        }
        return tags.get(tag);
      };
      const keysOf = (row: Row, sentiment: string, at: number): readonly string[] => {
        if (by === undefined) return [""];
        if (by === "hour-of-week") return [hourOfWeek(at)];
        if (!isList(by)) return [profiles.get(numberIn(row, "0"))?.[by] ?? sentiment];
        const packed = row["4"];
        const named = (packed instanceof Uint8Array ? unpackNumbers(packed) : []).flatMap((tag) => nameOf(tag) ?? []);
        // A post without a hashtag is no value of hashtags; one without a term is. Of names it is told how many posts bear none.
        return named.length > 0 ? named : by === "term" ? ["none"] : by === "entity" ? [""] : [];
      };
      for (const row of rows) {
        const profile = profiles.get(numberIn(row, "0"));
        if (profile === undefined) continue;
        const at = numberIn(row, "1");
        const packed = row["3"];
        const counts = packed instanceof Uint8Array ? unpackCounts(packed) : undefined;
        for (const key of keysOf(row, profile.sentiment, at)) {
          const group = groupOf(bucketOf(at), key);
          countPosts(group, profile.sentiment, weight, grouping.towards === undefined ? undefined : towardsIn(row, grouping.towards === "each" ? key : grouping.towards));
          if (counts !== undefined) {
            group.likes += counts.likes * weight;
            group.shares += counts.shares * weight;
            group.replies += counts.replies * weight;
            group.views += counts.views * weight;
          }
          if (!withAuthors) continue;
          const author = numberIn(row, "2");
          const set = authors.get(group) ?? new Set();
          // Numbers of authors are a month's own.
          set.add(isManyMonths ? reading.authorName(author) : author);
          authors.set(group, set);
        }
      }
    },
    groups(isExact: boolean): readonly SearchGroup[] {
      const all = [...groups.values()];
      const byKey = new Map<string, number>();
      for (const { key, posts } of all) byKey.set(key, (byKey.get(key) ?? 0) + posts);
      const kept = new Set(
        [...byKey]
          .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
          .slice(0, top)
          .map(([key]) => key),
      );
      return all
        .filter(({ key }) => kept.has(key))
        .map((group) => {
          const rounded = { ...group };
          for (const name of [
            "posts",
            "negative",
            "neutral",
            "positive",
            "unscored",
            "negativeTowards",
            "neutralTowards",
            "positiveTowards",
            "likes",
            "shares",
            "replies",
            "views",
          ] as const)
            rounded[name] = Math.round(group[name]);
          if (withAuthors && isExact) rounded.authors = authors.get(group)?.size ?? 0;
          return rounded;
        })
        .toSorted((a, b) => a.at - b.at || b.posts - a.posts || (a.key < b.key ? -1 : 1));
    },
  };
}
