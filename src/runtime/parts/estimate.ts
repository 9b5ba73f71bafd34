import { EarshotError } from "../../core/errors.ts";
import type { ReadFilter } from "../../core/filter.ts";
import type { Engine, Estimate, EstimateAnswer, EstimateRequest, SourceView } from "../engine.ts";
import { queryFault } from "../load-config.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const windowMs = 7 * dayMs;
const leastWindowMs = 15 * 60_000;
const leastPosts = 200;
/** Below, the files' own overhead is most of what a post seems to cost. */
const leastPostsForSize = 2_000;
const mostSources = 12;
const z95 = 1.959_964;

export interface StoredSize {
  readonly sizeBytes: number;
  readonly posts: number;
}

/** What a post takes in all stores together; 0: too few are stored to say. */
export function bytesPerPostOf(stores: readonly StoredSize[]): number {
  return stores.filter((store) => store.posts >= leastPostsForSize).reduce((sum, store) => sum + store.sizeBytes / store.posts, 0);
}

export interface EstimateOptions {
  readonly reading: Pick<Engine, "count" | "facets" | "rollups">;
  readonly sources: () => Promise<readonly SourceView[]>;
  /** As the reads narrow it: a simulated world beside real sources is no sample. */
  readonly narrow: (filter: ReadFilter) => ReadFilter;
  readonly storeSizes: () => Promise<readonly StoredSize[]>;
  readonly now: () => number;
}

/** One source's share of the sample. */
interface Sampled {
  readonly id: string;
  readonly fromMs: number;
  readonly posts: number;
  readonly matching: number;
  readonly days: number;
}

/**
 * 95% interval of a sum of counts, each with a weight (one a day of its span): Byar's approximation of the exact Poisson
 * interval (Breslow and Day 1987, section 2.2) at the effective count; `spread` is the counts' variance over their mean.
 */
export function countInterval(counts: readonly { readonly count: number; readonly weight: number }[], spread = 1): Estimate {
  const value = counts.reduce((sum, { count, weight }) => sum + count * weight, 0);
  const variance = counts.reduce((sum, { count, weight }) => sum + count * weight ** 2, 0) * spread;
  if (variance === 0) return { low: 0, value, high: Math.max(0, ...counts.map(({ weight }) => weight)) * spread * byarHigh(0) };
  const effective = value ** 2 / variance;
  const unit = value / effective;
  return { low: unit * byarLow(effective), value, high: unit * byarHigh(effective) };
}

function byarLow(count: number): number {
  return count <= 0 ? 0 : count * Math.max(0, 1 - 1 / (9 * count) - z95 / (3 * Math.sqrt(count))) ** 3;
}
function byarHigh(count: number): number {
  const next = count + 1;
  return next * (1 - 1 / (9 * next) + z95 / (3 * Math.sqrt(next))) ** 3;
}

/** Variance over mean of the counts of whole days, at least 1: days differ more than chance alone makes them. */
export function spreadOf(counts: readonly number[]): number {
  if (counts.length < 3) return 1;
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  if (mean === 0) return 1;
  return Math.max(1, counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / ((counts.length - 1) * mean));
}

const times = (estimate: Estimate, factor: number): Estimate => ({ low: estimate.low * factor, value: estimate.value * factor, high: estimate.high * factor });

/** What a query would bring in a day: from posts of the last week that sources brought which keep everything. */
export function makeEstimate(options: EstimateOptions): (request: EstimateRequest) => Promise<EstimateAnswer> {
  const { reading } = options;

  /** Posts of each source by the hour they were made in, as far as the viewer may see them. */
  async function spansOf(sources: readonly SourceView[], filter: ReadFilter, toMs: number) {
    const { rows } = await reading.rollups({ fromMs: toMs - windowMs, toMs, grain: "hour", by: ["source"], filter });
    const known = new Map<string, { fromMs: number; posts: number }>();
    for (const row of rows) {
      if (row.source === undefined || row.at === undefined || row.posts <= 0 || !sources.some((source) => source.id === row.source)) continue;
      const span = known.get(row.source) ?? { fromMs: row.at, posts: 0 };
      known.set(row.source, { fromMs: Math.max(Math.min(span.fromMs, row.at), toMs - windowMs), posts: span.posts + row.posts });
    }
    return [...known].toSorted(([, a], [, b]) => b.posts - a.posts).slice(0, mostSources);
  }

  /** The first hour counts from its first post's minute. */
  async function startOf(id: string, fromMs: number, filter: ReadFilter, toMs: number): Promise<number> {
    if (toMs - fromMs > 2 * dayMs) return fromMs;
    const { rows } = await reading.rollups({ fromMs, toMs: fromMs + hourMs, grain: "minute", by: [], filter: { ...filter, sources: [id] } });
    return Math.min(...rows.filter((row) => row.posts > 0).map((row) => row.at ?? Infinity), fromMs + hourMs);
  }

  return async ({ query, keep, filter }) => {
    const fault = queryFault(query);
    if (fault !== undefined) throw new EarshotError("QUERY_INVALID", fault);
    const toMs = options.now();
    const narrowed = options.narrow(filter);
    const allowed = (await options.sources()).filter((source) => source.keep === "everything" && (narrowed.sources?.includes(source.id) ?? true));
    const spans = await spansOf(allowed, narrowed, toMs);
    const between = (fromMs: number) => `(${query}) created:${new Date(fromMs).toISOString()}..${new Date(toMs).toISOString()}`;
    let exact = true;
    const sampled: Sampled[] = [];
    for (const [id, span] of spans) {
      const fromMs = await startOf(id, span.fromMs, narrowed, toMs);
      const found = await reading.count(between(fromMs), { ...narrowed, sources: [id] });
      exact &&= found.exact;
      sampled.push({ id, fromMs, posts: span.posts, matching: Math.min(found.posts, span.posts), days: Math.max(toMs - fromMs, 60_000) / dayMs });
    }
    const posts = sampled.reduce((sum, source) => sum + source.posts, 0);
    const fromMs = Math.min(toMs, ...sampled.map((source) => source.fromMs));
    const sample = {
      posts,
      matching: sampled.reduce((sum, source) => sum + source.matching, 0),
      exact,
      fromMs,
      toMs,
      sources: sampled.map((source) => source.id),
      simulated: allowed.some((source) => source.simulated && sampled.some(({ id }) => id === source.id)),
    };
    if (allowed.length === 0) return { state: "no-sample", sample };
    if (posts < leastPosts) return { state: "few-posts", sample };
    if (toMs - fromMs < leastWindowMs) return { state: "short-time", sample };

    const whole = (text: string) => Date.parse(text) >= fromMs && Date.parse(text) + dayMs <= toMs;
    const { facets } = await reading.facets({ q: between(fromMs), filter: { ...narrowed, sources: sample.sources }, by: ["day"], top: 10 });
    const days = (facets["day"] ?? []).filter(({ value }) => whole(value)).map((row) => row.posts);
    const matchingPerDay = countInterval(
      sampled.map((source) => ({ count: source.matching, weight: 1 / source.days })),
      spreadOf(days),
    );
    const storedPerDay = keep === "matching" ? matchingPerDay : countInterval(sampled.map((source) => ({ count: source.posts, weight: 1 / source.days })));
    const bytesPerPost = bytesPerPostOf(await options.storeSizes());
    return {
      state: "ok",
      sample,
      matchingPerDay,
      storedPerDay,
      ...(bytesPerPost > 0 && { bytesPerPost, storedGbPerDay: times(storedPerDay, bytesPerPost / 1e9) }),
    };
  };
}
