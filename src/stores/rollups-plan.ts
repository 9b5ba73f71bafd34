import { type ReadFilter, termsShown } from "../core/filter.ts";
import type { SqlValue } from "../core/sql.ts";
import { grainMs, type Grain } from "./rollups-schema.ts";

export const rollupDimensions = ["platform", "source", "language", "sensitivity", "region", "term"] as const;
export type RollupDimension = (typeof rollupDimensions)[number];

export interface RollupQuery {
  /** Inclusive; buckets are whole: it is rounded down to the grain ("all": to the minute). */
  readonly fromMs: number;
  /** Exclusive; rounded up. */
  readonly toMs: number;
  readonly grain: Grain | "all";
  readonly by: readonly RollupDimension[];
  readonly filter: ReadFilter;
  /** Several terms need `term` in `by`: a post that matches two must not count twice. */
  readonly terms?: readonly string[];
  readonly languages?: readonly string[];
  /** Leaves out what is not needed: sets of authors cost more than sums. */
  readonly withoutAuthors?: boolean;
}

/** A run of whole buckets of one grain. */
export interface Segment {
  readonly grain: Grain;
  readonly from: number;
  readonly to: number;
}

/** The fewest buckets that cover [fromMs, toMs) to the minute: days inside, hours and minutes at the edges. */
export function coverOf(fromMs: number, toMs: number, finest: Grain = "minute"): readonly Segment[] {
  const segments: Segment[] = [];
  const take = (grain: Grain, from: number, to: number) => {
    const unit = grainMs[grain];
    if (from < to) segments.push({ grain, from: Math.round(from / unit), to: Math.round(to / unit) });
  };
  const floor = (ms: number, grain: Grain) => Math.floor(ms / grainMs[grain]) * grainMs[grain];
  const ceil = (ms: number, grain: Grain) => Math.ceil(ms / grainMs[grain]) * grainMs[grain];
  const from = floor(fromMs, finest);
  const to = ceil(toMs, finest);
  const hourFrom = Math.min(ceil(from, "hour"), to);
  const hourTo = Math.max(floor(to, "hour"), hourFrom);
  const dayFrom = Math.min(ceil(hourFrom, "day"), hourTo);
  const dayTo = Math.max(floor(hourTo, "day"), dayFrom);
  take("minute", from, hourFrom);
  take("hour", hourFrom, dayFrom);
  take("day", dayFrom, dayTo);
  take("hour", dayTo, hourTo);
  take("minute", hourTo, to);
  return segments;
}

/** Asked for and allowed; absent: all. */
export function termsOf({ terms, filter }: RollupQuery): readonly string[] | undefined {
  return terms === undefined ? filter.terms : termsShown(filter, terms);
}

/** Conditions on `k` (rollup_key) with their parameters, which begin at `$first`. */
export function keyConditions(query: RollupQuery, first: number): { readonly text: string; readonly values: readonly SqlValue[] } {
  const values: SqlValue[] = [];
  const conditions: string[] = [];
  const among = (column: string, allowed: readonly string[] | undefined) => {
    if (allowed === undefined) return;
    values.push(allowed);
    conditions.push(`k.${column} = any($${first + values.length - 1}::text[])`);
  };
  const terms = termsOf(query);
  if (terms !== undefined) among("term", terms);
  else conditions.push(query.by.includes("term") ? "k.term <> ''" : "k.term = ''");
  among("source", query.filter.sources);
  among("platform", query.filter.platforms);
  among("sensitivity", query.filter.sensitivities);
  among("region", query.filter.regions);
  among("language", query.languages);
  return { text: conditions.join(" and "), values };
}

/** One name a row of an answer. */
export function groupName(by: readonly RollupDimension[], row: { readonly [dimension in RollupDimension]?: string }, at: number | undefined): string {
  return [at ?? "", ...by.map((dimension) => row[dimension] ?? "")].join("\n");
}
