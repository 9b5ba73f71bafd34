export interface RollupRow {
  readonly at?: string;
  readonly platform?: string;
  readonly source?: string;
  readonly language?: string;
  readonly term?: string;
  readonly posts: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly unscored: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly authors?: number;
  readonly authorsExact?: boolean;
}

export const metricNames = ["posts", "authors", "engagement", "balance", "negative", "unscored"] as const;
export type MetricName = (typeof metricNames)[number];
export const dimensionNames = ["platform", "language", "term", "source"] as const;
export type DimensionName = (typeof dimensionNames)[number];

const scored = (row: RollupRow): number => row.negative + row.neutral + row.positive;

/** Undefined where there is nothing to speak of: no post, or none that is scored. */
export function valueOf(metric: MetricName, row: RollupRow): number | undefined {
  if (metric === "posts") return row.posts;
  if (metric === "authors") return row.authors ?? 0;
  if (metric === "engagement") return row.likes + row.shares + row.replies;
  if (metric === "unscored") return row.posts === 0 ? undefined : row.unscored / row.posts;
  if (scored(row) === 0) return undefined;
  return metric === "negative" ? row.negative / scored(row) : (row.positive - row.negative) / scored(row);
}

/** Wilson's score interval of a share, 95% (E. B. Wilson 1927). */
export function wilson(part: number, whole: number): readonly [number, number] | undefined {
  if (whole === 0) return undefined;
  const z = 1.959964;
  const share = part / whole;
  const middle = share + z ** 2 / (2 * whole);
  const half = z * Math.sqrt((share * (1 - share)) / whole + z ** 2 / (4 * whole ** 2));
  const scale = 1 + z ** 2 / whole;
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)];
}

export function intervalOf(metric: MetricName, row: RollupRow): readonly [number, number] | undefined {
  if (metric === "negative") return wilson(row.negative, scored(row));
  if (metric === "unscored") return wilson(row.unscored, row.posts);
  return undefined;
}

/** The grain that makes some dozens of buckets. */
export function grainOf(spanMs: number): { readonly grain: "minute" | "hour" | "day"; readonly everyMs: number } {
  if (spanMs <= 3 * 3_600_000) return { grain: "minute", everyMs: 60_000 };
  return spanMs <= 4 * 86_400_000 ? { grain: "hour", everyMs: 3_600_000 } : { grain: "day", everyMs: 86_400_000 };
}

/** Starts of all buckets in a span, the first one whole. */
export function bucketsOf(fromMs: number, toMs: number, everyMs: number): readonly number[] {
  const first = Math.floor(fromMs / everyMs) * everyMs;
  return Array.from({ length: Math.ceil((toMs - first) / everyMs) }, (_, i) => first + i * everyMs);
}
