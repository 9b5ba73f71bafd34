export interface ReplayRun extends ReplayAnswer {
  readonly of: number;
  readonly state: "running" | "done" | "cancelled" | "failed";
  readonly startedAt: number;
  readonly endedAt?: number;
}

export type ReplayRequest =
  | { readonly kind: "quarantine"; readonly code?: string; readonly source?: string; readonly ids?: readonly string[] }
  | { readonly kind: "raw"; readonly source?: string; readonly fromMs: number; readonly toMs: number };
export interface ReplayAnswer {
  readonly read: number;
  readonly kept: number;
  readonly unchanged: number;
  readonly rejected: number;
}
