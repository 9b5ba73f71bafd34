import { ask } from "../shell/api.ts";

export interface BakeoffRow {
  readonly kind: "lexicon" | "embedded" | "trained" | "onnx" | "http";
  readonly name: string;
  readonly licence: string;
  readonly best: boolean;
  readonly judges: boolean;
  readonly difference?: { readonly value: number; readonly low: number; readonly high: number };
  readonly figures?: {
    readonly n: number;
    readonly macroF1: { readonly value: number; readonly low: number; readonly high: number };
    readonly accuracy: number;
    readonly answered: number;
    readonly cpuMicrosPerPost: number;
    readonly microsPerPost: number;
    readonly costMicros: number;
    readonly memoryMb: number;
  };
  readonly reason?: string;
}
export type MeasuredRow = BakeoffRow & Required<Pick<BakeoffRow, "figures">>;

export interface Bakeoff {
  readonly task: string;
  readonly state: "running" | "done" | "failed";
  readonly gold: { readonly kind: "upload" } | { readonly kind: "set"; readonly set: string; readonly name: string; readonly version: number; readonly hash: string };
  readonly actor: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly done: number;
  readonly of: number;
  readonly n?: number;
  readonly rows?: readonly BakeoffRow[];
  readonly error?: { readonly code: string; readonly message: string };
}
export interface LabelSetShown {
  readonly id: string;
  readonly name: string;
  readonly kind: "classes" | "spans";
}
export interface VersionShown {
  readonly version: number;
  readonly parts: { readonly gold: number };
}
export type Start = { readonly task: string } & ({ readonly tsv: string } | { readonly set: string; readonly version: number });

export interface DeepShown {
  readonly task: string;
  readonly model: string;
  readonly use: "all" | "sample" | "abstained";
  readonly budgetShare: number;
  readonly seconds: number;
  readonly judged: number;
  readonly unanswered: { readonly budget: number; readonly late: number; readonly failed: number };
}
export const deepOf = (): Promise<{ readonly items: readonly DeepShown[] }> => ask("/api/v1/models/deep");
export const bakeoffOf = (): Promise<{ readonly bakeoff: Bakeoff | null }> => ask("/api/v1/models/bakeoff");
export const startBakeoff = (start: Start): Promise<Bakeoff> =>
  ask("/api/v1/models/bakeoff", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(start) });
export const cancelBakeoff = (): Promise<void> => ask("/api/v1/models/bakeoff", { method: "DELETE" });
export const setsOf = (): Promise<{ readonly items: readonly LabelSetShown[] }> => ask("/api/v1/label-sets");
export const versionsOf = (set: string): Promise<{ readonly items: readonly VersionShown[] }> => ask(`/api/v1/label-sets/${encodeURIComponent(set)}/versions`);
