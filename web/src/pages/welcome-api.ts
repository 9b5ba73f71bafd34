import { ask, type PostView, ProblemError, type SourceState } from "../shell/api.ts";

export interface KnownSource extends SourceState {
  readonly connector: string;
  readonly keep: string;
  readonly origin: string;
}
export const knownSources = (): Promise<{ items: readonly KnownSource[] }> => ask("/api/v1/sources");

/** Names of the connectors that this server has. */
export async function connectorNames(): Promise<ReadonlySet<string>> {
  const { items } = await ask<{ items: readonly { name: string }[] }>("/api/v1/connectors");
  return new Set(items.map((item) => item.name));
}

export interface SourceDraft {
  readonly use: string;
  readonly keep?: "everything" | "matching";
  readonly options: Readonly<Record<string, unknown>>;
}
const json = { "content-type": "application/json" };
export const addSource = (id: string, { use, keep, options }: SourceDraft): Promise<KnownSource> =>
  ask(`/api/v1/sources/${encodeURIComponent(id)}`, { method: "PUT", headers: json, body: JSON.stringify({ use, ...(keep !== undefined && { keep }), ...options }) });

export interface CheckAnswer {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
}
export const checkSource = ({ use, options }: SourceDraft): Promise<CheckAnswer> =>
  ask("/api/v1/sources/check", { method: "POST", headers: json, body: JSON.stringify({ use, options }) });

export const removeWorld = (): Promise<{ removedPosts: number }> => ask("/api/v1/world", { method: "DELETE" });

export interface Heard {
  readonly posts: number;
  readonly exact: boolean;
  readonly newest: readonly PostView[];
}
export async function heard(terms: readonly string[]): Promise<Heard> {
  const q = terms.map((term) => `term:${term}`).join(" OR ");
  const [count, page] = await Promise.all([
    ask<{ posts: number; exact: boolean }>(`/api/v1/posts/count?${new URLSearchParams({ q }).toString()}`),
    ask<{ items: readonly PostView[] }>(`/api/v1/posts?${new URLSearchParams({ q, limit: "8" }).toString()}`),
  ]);
  return { ...count, newest: page.items };
}

export interface ImportCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly errors: readonly { readonly line: number; readonly code: string; readonly message: string }[];
}
export const importLines = (lines: string, platform: string, signal: AbortSignal): Promise<ImportCounts> =>
  ask(`/api/v1/import?${new URLSearchParams({ platform }).toString()}`, { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: lines, signal });

export const needsToken = (answer: CheckAnswer): boolean => answer.code === "UPSTREAM_AUTH" || answer.code === "CONFIG_SECRET_MISSING";
export const messageOf = (thrown: unknown): string => (thrown instanceof ProblemError || thrown instanceof Error ? thrown.message : String(thrown));
