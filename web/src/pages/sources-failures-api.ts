import { ask } from "../shell/api.ts";

export interface Sample {
  readonly at: string;
  readonly message: string;
  readonly status?: number;
  readonly requestId?: string;
  readonly request?: string;
  readonly excerpt?: string;
}
interface FailureRecord {
  readonly failure: string;
  readonly class: string;
  readonly count: number;
  readonly lastAt: string;
  readonly samples: readonly Sample[];
}
export interface ClassCount {
  readonly hour: string;
  readonly class: string;
  readonly count: number;
}
export interface Alarm {
  readonly kind: "failures" | "drift" | "deprecation" | "model-drift" | "model-stopped" | "model-better";
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
  readonly source: string;
  readonly class?: string;
  readonly count?: number;
  readonly entity?: string;
  readonly field?: string;
  readonly change?: string;
  readonly share?: number;
  readonly task?: string;
  readonly moved?: "balance" | "text";
  readonly text?: string;
  readonly effectiveAt?: string;
  readonly limit: number;
  readonly since: string;
}

export const failuresOf = (source: string): Promise<{ readonly items: readonly FailureRecord[] }> => ask(`/api/v1/failures?limit=500&source=${encodeURIComponent(source)}`);
export const failureCounts = (source: string): Promise<{ readonly items: readonly ClassCount[] }> => ask(`/api/v1/failures/counts?source=${encodeURIComponent(source)}`);
export const failureKinds = (): Promise<{ readonly items: readonly { readonly id: string; readonly doc: string; readonly todo: string }[] }> => ask("/api/v1/failure-kinds");
export const alarms = (): Promise<{ readonly items: readonly Alarm[] }> => ask("/api/v1/alarms");
