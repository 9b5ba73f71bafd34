import { ask } from "../shell/api.ts";

export interface Side {
  readonly state: "reading" | "ended" | "failed";
  readonly messages: number;
  readonly posts: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly error?: { readonly code: string; readonly message: string };
}
export interface Run {
  readonly state: "running" | "done" | "cancelled";
  readonly startedAt: string;
  readonly endsAt: string;
  readonly old: Side;
  readonly fresh: Side;
  readonly both: number;
  readonly same: number;
  readonly onlyOld: { readonly posts: number; readonly examples: readonly string[] };
  readonly onlyFresh: { readonly posts: number; readonly examples: readonly string[] };
  readonly fields: readonly { readonly name: string; readonly posts: number; readonly examples: readonly { readonly id: string; readonly was: string; readonly is: string }[] }[];
}

export const runsOf = (): Promise<{ readonly items: readonly { readonly source: string; readonly state: Run["state"]; readonly startedAt: string }[] }> =>
  ask("/api/v1/shadow-runs");
const pathOf = (source: string): string => `/api/v1/sources/${encodeURIComponent(source)}/shadow`;
export const runOf = (source: string): Promise<Run> => ask(pathOf(source));
export const startRun = (source: string, body: { readonly options: unknown; readonly minutes: number; readonly posts: number }): Promise<Run> =>
  ask(pathOf(source), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
export const endRun = (source: string): Promise<void> => ask(pathOf(source), { method: "DELETE" });
