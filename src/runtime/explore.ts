import type { ReadFilter } from "../core/filter.ts";
import type { Figures, Metric } from "../metrics/metrics.ts";

export const exploreDimensions = ["platform", "source", "language", "term", "sentiment", "hashtag", "judged", "entity", "hour-of-week"] as const;
export type ExploreDimension = (typeof exploreDimensions)[number];
export const exploreGrains = ["minute", "hour", "day", "all"] as const;
export type ExploreGrain = (typeof exploreGrains)[number];

/** One figure over posts, over time and by one dimension. */
export interface ExploreRequest {
  readonly metric: Metric;
  /** Milliseconds UTC, widened to whole buckets: from inclusive, to exclusive. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly grain: ExploreGrain;
  readonly by?: ExploreDimension;
  /** A query that narrows the posts; absent or empty: all. */
  readonly q?: string;
  /** Any of each; absent: all. */
  readonly platforms?: readonly string[];
  readonly languages?: readonly string[];
  readonly terms?: readonly string[];
  /** Values of the dimension that are told, those with the most posts. */
  readonly top: number;
  readonly filter: ReadFilter;
}

export interface ExploreRow extends Figures {
  /** Start of the bucket, milliseconds UTC; absent in `whole`. */
  readonly at?: number;
  /** Value of the dimension; "" without one. hour-of-week: 1-00 (Monday, midnight UTC) to 7-23. */
  readonly key: string;
  /** Absent: there is nothing to speak of. */
  readonly value?: number;
  /** Of a share: 95%. */
  readonly low?: number;
  readonly high?: number;
}

export interface ExploreAnswer {
  /** As asked, widened to whole buckets. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Which store answered: rollups count all as it comes; search up to its limit of work; the lake the rest, up to a minute behind. */
  readonly answeredBy: "rollups" | "search" | "lake";
  /** False: scaled up from a sample. */
  readonly exact: boolean;
  /** False: distinct authors are estimated. */
  readonly authorsExact: boolean;
  /** False: likes, shares, replies and views were not counted, and stand as zero in the rows. */
  readonly engagementCounted: boolean;
  /** Of the lake's files; absent where it was not asked. */
  readonly bytesScanned?: number;
  /** When the newest change that is counted came in. */
  readonly freshAt?: number;
  /** Buckets by value of the dimension; none with the grain "all" and by hour-of-week. */
  readonly rows: readonly ExploreRow[];
  /** Each value of the dimension over all the time, most posts first. */
  readonly whole: readonly ExploreRow[];
  /** All posts that were asked for, each once. */
  readonly total: ExploreRow;
  /** Values of the dimension that there are, those that are not told included. */
  readonly values: number;
  /** By linked name: of `total.posts`, those that bear one at least. */
  readonly placed?: number;
}

export interface Exploring {
  /** @throws QUERY_INVALID for a query that cannot be read, and for more rows than can be told */
  explore(request: ExploreRequest): Promise<ExploreAnswer>;
}
