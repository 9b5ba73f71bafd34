import { ask } from "../shell/api.ts";

export interface SourceAnswer {
  readonly id: string;
  readonly connector: string;
  readonly platform: string;
  readonly keep: string;
  readonly simulated: boolean;
  readonly origin: string;
  readonly paused: boolean;
  readonly state: string;
  readonly detail?: string;
  readonly retryAt?: string;
  readonly cursor?: string;
  readonly collected: number;
  readonly errors: number;
  readonly gaps: number;
  readonly gbPerDay?: number;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
  readonly options: Readonly<Record<string, unknown>>;
}

const json = { "content-type": "application/json" };
const pathOf = (id: string): string => `/api/v1/sources/${encodeURIComponent(id)}`;

export const allSources = (): Promise<{ readonly items: readonly SourceAnswer[] }> => ask("/api/v1/sources");
export const pauseSource = (id: string, paused: boolean): Promise<SourceAnswer> => ask(pathOf(id), { method: "PATCH", headers: json, body: JSON.stringify({ paused }) });
export const removeSource = (id: string, withData: boolean): Promise<{ readonly removedPosts: number }> => ask(`${pathOf(id)}?data=${withData}`, { method: "DELETE" });
export const removeWorld = (): Promise<{ readonly removedPosts: number }> => ask("/api/v1/world", { method: "DELETE" });
export const postsOfSource = (id: string): Promise<{ readonly posts: number }> => ask(`/api/v1/posts/count?${new URLSearchParams({ q: `source:${id}` }).toString()}`);

export const isTroubled = (source: SourceAnswer): boolean =>
  !source.paused && (["failing", "failed", "stopped", "waiting"].includes(source.state) || source.lastError !== undefined);
