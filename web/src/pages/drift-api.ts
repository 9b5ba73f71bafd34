import { ask } from "../shell/api.ts";

export interface DriftRow {
  readonly source: string;
  readonly entity: string;
  readonly field: string;
  readonly change: "unknown" | "type" | "missing";
  readonly expected?: string;
  readonly share: number;
  readonly recentShare: number;
  readonly messages: number;
  readonly rejected: number;
  readonly firstAt: string;
  readonly lastAt: string;
  readonly sample: string;
  readonly alarm: boolean;
  readonly knownAt?: string;
}
export interface Report {
  readonly limit: number;
  readonly seen: readonly { readonly source: string; readonly entity: string; readonly messages: number }[];
  readonly items: readonly DriftRow[];
}
export interface Proposal {
  readonly source: string;
  readonly entity: string;
  readonly from: string;
  readonly to: string;
  readonly score: number;
  readonly name: number;
  readonly values: number;
  readonly share: number;
}
export interface Rule {
  readonly id: number;
  readonly source: string;
  readonly entity: string;
  readonly from: string;
  readonly to: string;
  readonly actor: string;
  readonly at: string;
}
export interface ReplayPreview {
  readonly read: number;
  readonly complete: boolean;
  readonly unchanged: number;
  readonly changed: number;
  readonly added: number;
  readonly rejected: number;
  readonly other: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly compared: number;
  readonly fields: Readonly<Record<string, number>>;
  readonly examples: readonly { readonly id: string; readonly fields: readonly { readonly name: string; readonly was: string; readonly is: string }[] }[];
}
export interface Replayed {
  readonly read: number;
  readonly kept: number;
  readonly unchanged: number;
  readonly rejected: number;
}

const send = <T>(method: string, path: string, body: object): Promise<T> => ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const driftOf = (source: string | undefined): Promise<Report> => ask(`/api/v1/drift${source === undefined ? "" : `?source=${encodeURIComponent(source)}`}`);
export const renamesOf = (): Promise<{ readonly items: readonly Rule[]; readonly proposals: readonly Proposal[] }> => ask("/api/v1/drift/renames");
export const setKnown = ({ source, entity, field, change }: DriftRow, known: boolean): Promise<void> => send("PATCH", "/api/v1/drift", { source, entity, field, change, known });
export const addRename = ({ source, entity, from, to }: Proposal): Promise<Rule> => send("POST", "/api/v1/drift/renames", { source, entity, from, to });
export const removeRename = (id: number): Promise<void> => ask(`/api/v1/drift/renames/${id}`, { method: "DELETE" });
export const previewReplay = (source: string): Promise<ReplayPreview> => send("POST", "/api/v1/drift/replay/preview", { source });
export const replaySource = (source: string): Promise<Replayed> => send("POST", "/api/v1/drift/replay", { source });
