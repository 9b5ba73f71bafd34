import type { RetrainingShown } from "../../../src/api/retraining-schemas.ts";
import { ask } from "../shell/api.ts";
import type { PostView } from "../shell/api.ts";

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Figures {
  readonly n: number;
  readonly headline: string;
  readonly figure: Interval;
  readonly accuracy: number;
  readonly f1PerClass: Readonly<Record<string, number>>;
  readonly calibrationError: number;
  readonly slices: readonly { readonly by: "language" | "platform" | "length" | "irony" | "brand"; readonly value: string; readonly n: number; readonly figure?: Interval }[];
  readonly faithfulness: { readonly ranked: number; readonly random: number; readonly texts: number };
  readonly postsPerCpuSecond: number;
}

export interface Functional {
  readonly cases: number;
  readonly passed: number;
  readonly capabilities: readonly {
    readonly capability: string;
    readonly cases: number;
    readonly passed: number;
    readonly failed: readonly { readonly text: string; readonly expected: string; readonly said: string }[];
  }[];
}

export interface Model {
  readonly id: string;
  readonly task: string;
  readonly classes: readonly string[];
  readonly state: "candidate" | "shadow" | "promoted" | "retired";
  readonly weightsSha256: string;
  readonly weightsBytes: number;
  readonly labelSet: { readonly id: string; readonly name: string; readonly version: number; readonly hash: string };
  readonly codeVersion: string;
  readonly parameters: {
    readonly texts: number;
    readonly validation: number;
    readonly chosenBy: string;
    readonly epochs: number;
    readonly seed: number;
    readonly stacked: readonly string[];
    readonly thresholds: Readonly<Record<string, number>>;
    readonly temperature: number;
    readonly heldBackMacroF1: number;
  };
  readonly figures: Figures | null;
  readonly functional: Functional | null;
  readonly actor: string;
  readonly at: string;
}

export interface Move {
  readonly number: number;
  readonly kind: "promote" | "rollback";
  readonly model: string | null;
  readonly was: string | null;
  readonly actor: string;
  readonly at: string;
  readonly rescoredFrom?: string;
}

export interface Task {
  readonly task: string;
  readonly judge?: { readonly model: string; readonly isEmbedded: boolean; readonly isOff: boolean; readonly since?: string; readonly stopped?: string };
  readonly embedded?: string;
  readonly versions: readonly Model[];
  readonly moves: readonly Move[];
}

export interface Run {
  readonly id: string;
  readonly task: string;
  readonly version: number;
  readonly state: "running" | "done" | "failed" | "cancelled";
  readonly step?: { readonly fit: number; readonly fits: number; readonly epoch: number; readonly epochs: number; readonly loss: number; readonly heldBackLoss?: number };
  readonly model?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly headline: string;
  readonly labelSet: { readonly id: string; readonly version: number };
  readonly n: number;
  readonly leftOut: number;
  readonly figures: { readonly a: Interval; readonly b: Interval };
  readonly difference: Interval;
  readonly slices: readonly { readonly by: Figures["slices"][number]["by"]; readonly value: string; readonly n: number; readonly difference: Interval }[];
  readonly functional: { readonly a: { readonly cases: number; readonly passed: number }; readonly b: { readonly cases: number; readonly passed: number } };
}

export interface Check {
  readonly comparison: Comparison;
  readonly allowed: boolean;
  /** Only too few gold texts speak against it. */
  readonly overridable: boolean;
  readonly reasons: readonly string[];
}

export interface Shadow {
  readonly share: number;
  /** Absent: it never judged beside. */
  readonly begunAt?: string;
  readonly endedAt?: string;
  readonly judged: number;
  readonly agreed: number;
  readonly pairs: readonly { readonly said: string; readonly candidate: string; readonly posts: number }[];
  readonly differences: readonly { readonly said: string; readonly candidate: string; readonly probability: number; readonly about: PostView }[];
}

export interface LabelSetRow {
  readonly id: string;
  readonly name: string;
  readonly kind: "classes" | "spans";
}

const json = { "content-type": "application/json" };
const at = (id: string): string => `/api/v1/models/${encodeURIComponent(id)}`;
const ofTask = (task: string): string => `/api/v1/models/tasks/${encodeURIComponent(task)}`;

export const tasksOf = (): Promise<{ readonly items: readonly Task[] }> => ask("/api/v1/models");
export const runsOf = (): Promise<{ readonly items: readonly Run[] }> => ask("/api/v1/models/runs");
export type Retraining = RetrainingShown;
export const retrainingOf = (): Promise<{ readonly items: readonly Retraining[] }> => ask("/api/v1/models/retraining");
const scheduleOf = (set: string): string => `/api/v1/models/retraining/${encodeURIComponent(set)}`;
export const setRetraining = (set: string, body: Omit<Retraining["schedule"], "set" | "actor" | "at">): Promise<Retraining["schedule"]> =>
  ask(scheduleOf(set), { method: "PUT", headers: json, body: JSON.stringify(body) });
export const stopRetraining = (set: string): Promise<undefined> => ask(scheduleOf(set), { method: "DELETE" });
export const retrainNow = (set: string): Promise<undefined> => ask(`${scheduleOf(set)}/run`, { method: "POST" });
export const labelSetsOf = (): Promise<{ readonly items: readonly LabelSetRow[] }> => ask("/api/v1/label-sets");
export const train = (body: { readonly set: string; readonly stacked: boolean }): Promise<Run> =>
  ask("/api/v1/models/runs", { method: "POST", headers: json, body: JSON.stringify(body) });
export const cancelRun = (id: string): Promise<undefined> => ask(`/api/v1/models/runs/${encodeURIComponent(id)}`, { method: "DELETE" });
export const checkOf = (id: string): Promise<Check> => ask(`${at(id)}/check`);
export const compareOf = (a: string, b: string): Promise<Comparison> => ask(`/api/v1/models/compare?${new URLSearchParams({ a, b }).toString()}`);
export const promote = (id: string, reason: string): Promise<Move> =>
  ask(`${at(id)}/promote`, reason === "" ? { method: "POST" } : { method: "POST", headers: json, body: JSON.stringify({ reason }) });
export const retrain = (id: string): Promise<Run> => ask(`${at(id)}/retrain`, { method: "POST" });
export const rollback = (task: string): Promise<Move> => ask(`${ofTask(task)}/rollback`, { method: "POST" });
export const rescore = (task: string): Promise<Move> => ask(`${ofTask(task)}/rescore`, { method: "POST" });
export const testModel = (id: string): Promise<Model> => ask(`${at(id)}/test`, { method: "POST" });
export const shadowOf = (id: string): Promise<Shadow> => ask(`${at(id)}/shadow`);
export const beginShadow = (id: string, share: number): Promise<undefined> => ask(`${at(id)}/shadow`, { method: "PUT", headers: json, body: JSON.stringify({ share }) });
export const endShadow = (id: string): Promise<undefined> => ask(`${at(id)}/shadow`, { method: "DELETE" });
export const judgedPosts = (task: string, model?: string): Promise<{ readonly items: readonly PostView[]; readonly looked: number }> =>
  ask(`${ofTask(task)}/posts?${new URLSearchParams({ limit: "5", ...(model !== undefined && { model }) }).toString()}`);
