import { ask } from "../shell/api.ts";

export const states = ["open", "dismissed", "replayed"] as const;
export type State = (typeof states)[number];

export interface Item {
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly at: string;
  readonly state: State;
}
export interface WholeItem extends Item {
  readonly masked?: { readonly form: string; readonly text: string; readonly sizeBytes: number; readonly cut: boolean };
  readonly raw?: string;
  readonly encoding?: string;
}
export interface Reason {
  readonly code: string;
  readonly source: string;
  readonly count: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly sample: string;
}
export interface Page {
  readonly items: readonly Item[];
  readonly next: string | null;
  readonly reasons: readonly Reason[];
  readonly counts: Readonly<Record<State, number>>;
}
export interface Counts {
  readonly read: number;
  readonly kept: number;
  readonly unchanged: number;
  readonly rejected: number;
}
export interface Run extends Counts {
  readonly of: number;
  readonly state: "running" | "done" | "cancelled" | "failed";
}
export type Choice = { readonly ids: readonly string[] } | { readonly code: string; readonly source: string };
export interface Preview {
  readonly of: number;
  readonly items: readonly {
    readonly item: Item;
    readonly made?: {
      readonly outcome: "kept" | "dropped" | "rejected";
      readonly code?: string;
      readonly message?: string;
      readonly posts: readonly {
        readonly text: string;
        readonly createdAt: string;
        readonly language: string;
        readonly sentiment: string | null;
        readonly terms: readonly string[];
      }[];
      readonly others: Readonly<Record<string, number>>;
    };
  }[];
}

const base = "/api/v1/quarantine";
const post = <T>(path: string, body: object): Promise<T> => ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const itemPath = (id: string): string => `${base}/${encodeURIComponent(id)}`;

export function pageOf(asked: {
  readonly state: State;
  readonly code?: string | undefined;
  readonly source?: string | undefined;
  readonly cursor?: string | undefined;
}): Promise<Page> {
  const { state, code, source, cursor } = asked;
  const query = new URLSearchParams({
    state,
    limit: "50",
    ...(code !== undefined && { code }),
    ...(source !== undefined && { source }),
    ...(cursor !== undefined && { cursor }),
  });
  return ask(`${base}?${query.toString()}`);
}
export const itemOf = (id: string): Promise<WholeItem> => ask(itemPath(id));
export const wholeItemOf = (id: string, purpose: string): Promise<WholeItem> => ask(`${itemPath(id)}?${new URLSearchParams({ reveal: purpose }).toString()}`);
export const preview = (choice: Choice): Promise<Preview> => post(`${base}/preview`, choice);
export const dismiss = (choice: Choice): Promise<{ readonly dismissed: number }> => post(`${base}/dismiss`, choice);
export const reopen = (choice: Choice): Promise<{ readonly reopened: number }> => post(`${base}/reopen`, choice);
export const replay = (choice: Choice): Promise<Counts> => post(`${base}/replay`, choice);
export const replayRun = (): Promise<{ readonly run: Run | null }> => ask(`${base}/replay`);
export const cancelReplay = (): Promise<void> => ask(`${base}/replay`, { method: "DELETE" });
