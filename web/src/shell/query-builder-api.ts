import { useEffect, useState } from "react";
import type { EstimateView, QueryReading } from "../../../src/api/term-schemas.ts";
import { ask, type Page } from "./api.ts";

export type { EstimateView, QueryReading };
export type Form = NonNullable<QueryReading["form"]>;
export type QueryUse = "search" | "term";

export const noRows: Form = { all: [], phrases: [], any: [], none: [], languages: [], platforms: [], authors: [], others: [] };

const post = <T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...(signal !== undefined && { signal }) });

export const readText = (q: string, use: QueryUse, signal?: AbortSignal): Promise<QueryReading> => post("/api/v1/query/parse", { q, use }, signal);
export const readForm = (form: Partial<Form>, use: QueryUse): Promise<QueryReading> => post("/api/v1/query/parse", { form, use });
export const estimateOf = (query: string, keep: "everything" | "matching", signal?: AbortSignal): Promise<EstimateView> => post("/api/v1/estimate", { query, keep }, signal);

export const periods = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24 } as const;
export type Period = keyof typeof periods;

/** The query within the period; to the minute, so that a preview does not change with each key. */
export function withinPeriod(query: string, period: Period, nowMs: number): string {
  const from = new Date(Math.floor(nowMs / 60_000) * 60_000 - periods[period] * 3_600_000);
  return `(${query}) created:${from.toISOString().slice(0, 16)}Z..`;
}

export interface Preview {
  readonly posts: number;
  readonly exact: boolean;
  readonly newest: Page["items"];
}
export async function previewOf(q: string, signal?: AbortSignal): Promise<Preview> {
  const init = signal === undefined ? {} : { signal };
  const [count, page] = await Promise.all([
    ask<{ posts: number; exact: boolean }>(`/api/v1/posts/count?${new URLSearchParams({ q }).toString()}`, init),
    ask<Page>(`/api/v1/posts?${new URLSearchParams({ q, limit: "5" }).toString()}`, init),
  ]);
  return { ...count, newest: page.items };
}

/** The value once it has stood still. */
export function useSettled<T>(value: T, afterMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), afterMs);
    return () => clearTimeout(timer);
  }, [value, afterMs]);
  return settled;
}
