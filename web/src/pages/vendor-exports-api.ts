import { ask, ProblemError } from "../shell/api.ts";

export const fields = [
  "date",
  "time",
  "text",
  "title",
  "url",
  "id",
  "authorHandle",
  "authorName",
  "authorId",
  "authorUrl",
  "followers",
  "language",
  "country",
  "likes",
  "shares",
  "replies",
  "views",
  "replyTo",
  "reshareOf",
] as const;
export type Field = (typeof fields)[number];
export const vendors = ["brandwatch", "meltwater", "other"] as const;

export interface Mapping {
  readonly vendor: (typeof vendors)[number];
  readonly fields: Readonly<Partial<Record<Field, readonly string[]>>>;
  readonly timeZone?: string;
  readonly dayFirst?: boolean;
}

export interface Version {
  readonly version: number;
  readonly mapping: Mapping;
  readonly at?: string;
  readonly actor?: string;
}
export interface Named extends Version {
  readonly name: string;
}

export interface Preview {
  readonly columns: readonly { readonly name: string; readonly filled: number; readonly samples: readonly string[] }[];
  readonly preamble: string;
  readonly mapping: Mapping;
  readonly missing: readonly string[];
  readonly rows: number;
  readonly accepted: number;
  readonly posts: readonly { readonly row: number; readonly line: Readonly<Record<string, unknown>> }[];
  readonly rejected: { readonly rows: number; readonly first: readonly { readonly row: number; readonly code: string; readonly message: string }[] };
}

export interface ImportAnswer {
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly errors: readonly { readonly line: number; readonly code: string; readonly message: string }[];
}

/** The beginning of a file, as the preview takes it. */
export interface Head {
  readonly format: "csv" | "json";
  /** base64 */
  readonly head: string;
  readonly whole: boolean;
}

export const headBytes = 2 * 1024 * 1024;
/** What an import takes: CSV is read as it comes, JSON as a whole. */
export const mostBytes = { csv: 8 * 1024 ** 3, json: 256 * 1024 ** 2 } as const;
const base = "/api/v1/import/mappings";
const json = { "content-type": "application/json" };

export const formatOf = (file: { readonly name: string }): Head["format"] => (/\.json$/iu.test(file.name) ? "json" : "csv");
export const mappings = (): Promise<{ readonly items: readonly Named[] }> => ask(base);
export const versionsOf = (name: string): Promise<{ readonly items: readonly Version[] }> => ask(`${base}/${encodeURIComponent(name)}/versions`);
export const keepMapping = (name: string, mapping: Mapping): Promise<Mapping> =>
  ask(`${base}/${encodeURIComponent(name)}`, { method: "PUT", headers: json, body: JSON.stringify(mapping) });
export const removeMapping = (name: string): Promise<void> => ask(`${base}/${encodeURIComponent(name)}`, { method: "DELETE" });
export const previewOf = (head: Head, mapping: Mapping | undefined, signal: AbortSignal): Promise<Preview> =>
  ask(`${base}/preview`, { method: "POST", headers: json, body: JSON.stringify({ ...head, ...(mapping !== undefined && { mapping }) }), signal });

export async function headOf(file: File): Promise<Head> {
  const bytes = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
  // Three bytes at a time keep base64 whole from piece to piece.
  const piece = 3 * 8_192;
  let head = "";
  for (let at = 0; at < bytes.length; at += piece) head += btoa(String.fromCharCode(...bytes.subarray(at, at + piece)));
  return { format: formatOf(file), head, whole: file.size <= headBytes };
}

/** Fields in one order, so that two mappings that say the same are the same text. */
export function mappingKey({ vendor, fields: own, timeZone = "UTC", dayFirst }: Mapping): string {
  return JSON.stringify([vendor, fields.map((field) => own[field] ?? []), timeZone, dayFirst ?? null]);
}

function problemOf(request: XMLHttpRequest): ProblemError {
  try {
    const told: { readonly code?: string; readonly detail?: string } = JSON.parse(request.responseText);
    return new ProblemError(told.code ?? "UNKNOWN", request.status, told.detail ?? `The server answered ${request.status}.`);
  } catch {
    return new ProblemError("UNKNOWN", request.status, `The server answered ${request.status}.`);
  }
}

/**
 * Sends the whole file as it is; the server reads while it comes, so that what is sent is what is taken but for little.
 * By XMLHttpRequest: fetch tells nothing of how much of a body has gone.
 */
export function importFile(file: File, mapping: string, onSent: (share: number) => void, signal: AbortSignal): Promise<ImportAnswer> {
  return new Promise((resolve, reject) => {
    // Stopped while the mapping was still being kept: nothing is told of it later.
    if (signal.aborted) return reject(new DOMException("cancelled", "AbortError"));
    const request = new XMLHttpRequest();
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.open("POST", `/api/v1/import?${new URLSearchParams({ mapping }).toString()}`);
    request.setRequestHeader("content-type", formatOf(file) === "json" ? "application/json" : "text/csv");
    request.upload.addEventListener("progress", ({ loaded, total }) => onSent(total === 0 ? 1 : loaded / total));
    request.addEventListener("load", () => (request.status === 200 ? resolve(JSON.parse(request.responseText)) : reject(problemOf(request))));
    request.addEventListener("error", () => reject(new ProblemError("UPSTREAM_CUT", 0, "The connection was cut.")));
    request.addEventListener("abort", () => reject(new DOMException("cancelled", "AbortError")));
    request.send(file);
  });
}
