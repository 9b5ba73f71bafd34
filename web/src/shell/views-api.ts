import type { SavedView } from "../../../src/api/analysis-schemas.ts";
import { ask } from "./api.ts";

export type { SavedView };
export type ViewPath = SavedView["path"];

const send = <T>(method: string, path: string, body?: unknown): Promise<T> =>
  ask(path, { method, ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }) });

export const listViews = (): Promise<{ readonly items: readonly SavedView[] }> => ask("/api/v1/views");
export const addView = (fields: Pick<SavedView, "name" | "path" | "query" | "shared">): Promise<SavedView> => send("POST", "/api/v1/views", fields);
export const changeView = (id: string, fields: Partial<Pick<SavedView, "name" | "query" | "shared">>): Promise<SavedView> => send("PATCH", `/api/v1/views/${id}`, fields);
export const removeView = (id: string): Promise<void> => send("DELETE", `/api/v1/views/${id}`);
export const pinView = (id: string, pinned: boolean): Promise<SavedView> => send("PUT", `/api/v1/views/${id}/pin`, { pinned });

/** The same state, whatever the order in which it was chosen. */
export const isSameQuery = (a: string, b: string): boolean => {
  const sorted = (query: string) =>
    [...new URLSearchParams(query)]
      .map((pair) => pair.join("="))
      .toSorted()
      .join("&");
  return sorted(a) === sorted(b);
};
