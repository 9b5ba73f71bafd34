import type { Me } from "./me.ts";
import type { PostView } from "../../../src/api/schemas.ts";

export type { PostView };

export interface Page {
  readonly items: readonly PostView[];
  readonly next: string | null;
}

/** A problem that the server told (RFC 9457). */
export class ProblemError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, status: number, detail: string) {
    super(detail);
    this.code = code;
    this.status = status;
  }
}

export const isSignedOut = (error: unknown): boolean => error instanceof ProblemError && error.status === 401;

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export async function ask<T>(path: string, init: Asked = {}): Promise<T> {
  const response = await fetch(path, { ...init, headers: { accept: "application/json", ...init.headers } });
  if (!response.ok) {
    const problem: { code?: string; detail?: string } = await response.json().catch(() => ({}));
    throw new ProblemError(problem.code ?? "UNKNOWN", response.status, problem.detail ?? `The server answered ${response.status}.`);
  }
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const signIn = (code: string): Promise<void> => ask("/api/v1/session", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code }) });
/** With an address the browser goes on there, to end the provider's session too. */
export const signOut = (): Promise<{ readonly address: string } | undefined> => ask("/api/v1/session", { method: "DELETE" });
export const waysToSignIn = (): Promise<{ readonly provider?: { readonly name: string } }> => ask("/api/v1/sign-in");
export const beginSignIn = (returnTo: string): Promise<{ readonly address: string }> =>
  ask("/api/v1/sign-in", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ returnTo }) });
export const whoAmI = (): Promise<Me> => ask("/api/v1/me");

export function searchPosts(q: string, cursor: string | undefined, signal?: AbortSignal): Promise<Page> {
  const query = new URLSearchParams({ q, limit: "30", ...(cursor !== undefined && { cursor }) });
  return ask(`/api/v1/posts?${query.toString()}`, signal === undefined ? {} : { signal });
}

export interface Status {
  readonly status: string;
  readonly detail?: string;
  /** This and what else may be absent: not told to who is kept to a part of the data. */
  readonly collectedPerSecond?: number;
  readonly posts: number;
  readonly simulated: "none" | "shown" | "hidden";
  /** The simulated world; absent: there is none. */
  readonly world?: {
    readonly state: "preparing" | "loading" | "running" | "removing" | "failed" | "stopped";
    readonly stored: number;
    readonly posts: number;
    readonly of: number;
    readonly secondsLeft?: number;
  };
  readonly rejected?: number;
  readonly lag?: { readonly refine: number; readonly stores: Readonly<Record<string, number>> };
}
export const status = (): Promise<Status> => ask("/api/v1/status");

export interface SourceState {
  readonly id: string;
  readonly platform: string;
  readonly simulated: boolean;
  readonly state: string;
  readonly detail?: string;
  readonly paused: boolean;
  readonly collected?: number;
  readonly errors?: number;
  readonly gaps?: number;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
}
export const sources = (): Promise<{ items: readonly SourceState[] }> => ask("/api/v1/sources");
