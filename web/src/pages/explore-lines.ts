import type { Series } from "../shell/chart.tsx";
import { formatNumber } from "../shell/format.ts";
import type { ExploreRowView, MetricView } from "./explore-api.ts";

type Value = number | null | undefined;

/** Fewer posts before than this are no base of a percentage. */
export const leastBase = 30;

/** Starts of all buckets in a span, the first one whole. */
export function bucketsOf(fromMs: number, toMs: number, everyMs: number): readonly number[] {
  const first = Math.floor(fromMs / everyMs) * everyMs;
  return Array.from({ length: Math.ceil((toMs - first) / everyMs) }, (_, i) => first + i * everyMs);
}

export interface Change {
  readonly difference: number | undefined;
  /** Of the base; undefined where the base says nothing. */
  readonly percent: number | undefined;
  /** Why there is no percentage. */
  readonly why?: "none" | "tiny";
}

/** Against what was before: a share moves by points, and a handful of posts is no base. */
export function changeOf(metric: Pick<MetricView, "kind">, now: ExploreRowView | undefined, before: ExploreRowView | undefined): Change {
  const nothing = metric.kind === "count" ? 0 : undefined;
  const [a, b] = [now?.value ?? nothing, before?.value ?? nothing];
  const difference = a === undefined || b === undefined ? undefined : a - b;
  if (metric.kind === "share" || metric.kind === "balance") return { difference, percent: undefined };
  if (difference === undefined || b === undefined || b === 0) return { difference, percent: undefined, why: "none" };
  if ((before?.posts ?? 0) < leastBase) return { difference, percent: undefined, why: "tiny" };
  return { difference, percent: difference / Math.abs(b) };
}

/** As people read it: counts whole, shares in per cent. */
export function formatValue(metric: Pick<MetricView, "kind">, value: Value): string {
  if (value === null || value === undefined) return "–";
  if (metric.kind === "share") return `${formatNumber(Math.round(value * 1_000) / 10)}%`;
  if (metric.kind === "count") return formatNumber(value);
  return formatNumber(Math.round(value * 100) / 100);
}

/** A difference, with its sign; of shares in points of per cent. */
export function formatDifference(metric: Pick<MetricView, "kind">, value: number | undefined): string {
  if (value === undefined) return "–";
  const sign = value > 0 ? "+" : "";
  return metric.kind === "share" ? `${sign}${formatNumber(Math.round(value * 1_000) / 10)} pp` : `${sign}${formatValue(metric, value)}`;
}

/** One line for each value of the dimension. */
export function seriesOf(
  metric: Pick<MetricView, "kind">,
  rows: readonly ExploreRowView[],
  buckets: readonly number[],
  options: {
    readonly nameOf: (key: string) => string;
    readonly idOf?: (key: string) => string;
    readonly shiftMs?: number;
    readonly isBefore?: boolean;
    readonly sinceMs?: number | undefined;
  },
): readonly Series[] {
  const { nameOf, idOf = (key) => key, shiftMs = 0, isBefore = false, sinceMs = -Infinity } = options;
  // Counts of a bucket without a row are zero, where posts were stored at all; shares of nothing are a gap.
  const nothing = (at: number) => (metric.kind === "count" && at >= sinceMs ? 0 : undefined);
  return [...Map.groupBy(rows, (row) => row.key)].map(([key, own]) => {
    const values = new Map(own.map((row) => [Date.parse(row.at ?? ""), row.value ?? undefined]));
    const points = buckets.map((at) => [at, values.has(at - shiftMs) ? values.get(at - shiftMs) : nothing(at - shiftMs)] as const);
    return { id: idOf(key), name: nameOf(key), points, ...(isBefore && { isBefore }) };
  });
}
