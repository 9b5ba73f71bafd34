import type { AnnotationView, CoverageView } from "../../../src/api/analysis-schemas.ts";
import type { ExploreRowView, ExploreView, MetricView } from "../../../src/api/explore-schemas.ts";
import { ask } from "../shell/api.ts";
import type { Listen } from "../shell/listen.ts";

export type { AnnotationView, CoverageView, ExploreRowView, ExploreView, MetricView };

export const dimensionNames = ["platform", "language", "term", "sentiment", "hashtag", "judged", "entity", "source", "hour-of-week"] as const;
export type DimensionName = (typeof dimensionNames)[number];
export const grainNames = ["minute", "hour", "day"] as const;
export type GrainName = (typeof grainNames)[number];
export const everyMsOf = (grain: string): number => (grain === "minute" ? 60_000 : grain === "hour" ? 3_600_000 : 86_400_000);

/** The grain that makes some dozens of buckets; distinct authors are kept by the hour at least. */
export function grainOf(spanMs: number, withAuthors: boolean): GrainName {
  if (spanMs <= 3 * 3_600_000 && !withAuthors) return "minute";
  return spanMs <= 4 * 86_400_000 ? "hour" : "day";
}

export interface Asked {
  readonly listen: Pick<Listen, "platforms" | "terms" | "languages">;
  readonly metric: string;
  readonly by: DimensionName | undefined;
  readonly grain: GrainName;
  readonly q: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export function explore({ listen, metric, by, grain, q, fromMs, toMs }: Asked, signal?: AbortSignal): Promise<ExploreView> {
  const query = new URLSearchParams({ metric, grain, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() });
  if (by !== undefined) query.set("by", by);
  if (q !== "") query.set("q", q);
  if (listen.terms.length > 0) query.set("term", listen.terms.join(","));
  if (listen.languages.length > 0) query.set("language", listen.languages.join(","));
  if (listen.platforms.length > 0) query.set("platform", listen.platforms.join(","));
  return ask(`/api/v1/explore?${query.toString()}`, signal === undefined ? {} : { signal });
}

export const listMetrics = (): Promise<{ readonly items: readonly MetricView[] }> => ask("/api/v1/explore/metrics");

const span = (fromMs: number, toMs: number) => new URLSearchParams({ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }).toString();
export const coverageOf = (fromMs: number, toMs: number): Promise<CoverageView> => ask(`/api/v1/coverage?${span(fromMs, toMs)}`);
export const notesOf = (fromMs: number, toMs: number): Promise<{ readonly items: readonly AnnotationView[] }> => ask(`/api/v1/annotations?${span(fromMs, toMs)}`);

export type NoteFields = Pick<AnnotationView, "at" | "text" | "term">;
const send = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  ask(path, { method, ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }) });
export const saveNote = (fields: NoteFields, id?: string): Promise<AnnotationView> =>
  id === undefined ? send("POST", "/api/v1/annotations", fields) : send("PUT", `/api/v1/annotations/${id}`, fields);
export const removeNote = (id: string): Promise<void> => send("DELETE", `/api/v1/annotations/${id}`);

/** From when on which model judged a task; by the time when posts came. */
export const periodsOf = (task: string): Promise<{ readonly items: readonly { readonly model: string | null; readonly from?: string; readonly to?: string }[] }> =>
  ask(`/api/v1/models/periods?${new URLSearchParams({ task }).toString()}`);
