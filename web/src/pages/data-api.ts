import { ask } from "../shell/api.ts";

export interface Kept {
  readonly stores: readonly {
    readonly store: string;
    readonly sizeBytes: number;
    readonly posts: number;
    readonly oldestAt?: string;
    readonly state: string;
    readonly error?: string;
  }[];
  readonly log: readonly { readonly topic: string; readonly sizeBytes: number; readonly oldestAt?: string }[];
  readonly limits: readonly { readonly name: string; readonly value: number; readonly limit: number; readonly unit: string }[];
}
export interface Person {
  readonly author: string;
  readonly platform: string;
  readonly handle?: string;
  readonly name?: string;
  readonly posts: number;
}
export interface Found {
  readonly authors: readonly Person[];
  readonly total: number;
  readonly stores: readonly { readonly store: string; readonly files: number; readonly bytesScanned: number; readonly hits: number }[];
}
export interface Erasure {
  readonly id: string;
  readonly at: string;
  readonly reason: string;
  readonly objection: boolean;
  readonly state: string;
  readonly posts: number;
  readonly dueAt: string;
  readonly proofs: readonly { readonly store: string; readonly removedPosts: number; readonly physical: boolean }[];
}

const json = { "content-type": "application/json" };
export const kept = (): Promise<Kept> => ask("/api/v1/status");
export const findPerson = (author: string): Promise<Found> => ask("/api/v1/find", { method: "POST", headers: json, body: JSON.stringify({ author }) });
export const erasures = (): Promise<{ readonly items: readonly Erasure[] }> => ask("/api/v1/erasures");
export const erasePerson = (author: string, objection: boolean, now: boolean): Promise<{ readonly items: readonly Erasure[] }> =>
  ask("/api/v1/erasures", { method: "POST", headers: json, body: JSON.stringify({ author, objection, now }) });
export async function configuration(): Promise<string> {
  const response = await fetch("/api/v1/configuration");
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.text();
}

const units = ["B", "kB", "MB", "GB", "TB"];
/** In steps of a thousand, three digits. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** step).toPrecision(3)} ${units[step]}`;
}
