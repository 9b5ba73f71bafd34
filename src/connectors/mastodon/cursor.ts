import { decodeJson, isJson } from "../json/decode.ts";
import type { Timeline } from "./server.ts";

/** The last local id read of each timeline. */
export interface Cursor {
  readonly last: Record<Timeline, string>;
}

/** Unreadable, or of timelines no longer read: as if absent. */
export function parseCursor(saved: string | undefined, timelines: readonly Timeline[]): Cursor {
  const last: Record<Timeline, string> = {};
  if (saved === undefined || saved === "") return { last };
  try {
    const value = decodeJson(Buffer.from(saved), "cursor");
    if (isJson(value) && isJson(value["last"])) {
      for (const timeline of timelines) {
        const id = value["last"][timeline];
        if (typeof id === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(id)) last[timeline] = id;
      }
    }
  } catch {
    return { last };
  }
  return { last };
}
