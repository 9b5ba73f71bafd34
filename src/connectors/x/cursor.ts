import { decodeJson, isJson } from "../json/decode.ts";
import { idOf } from "./ids.ts";

/** Where a search or timeline stands. X gives the newest first, so that a walk down has three places. */
export interface Place {
  /** All up to this id has been read; absent: nothing yet. */
  since?: string;
  /** The highest id of the walk that is under way: `since` once it is over. */
  top?: string;
  /** The walk has come down to this id; what is below it, above `since`, is still to be read. */
  until?: string;
}

export interface Cursor {
  readonly places: Record<string, Place>;
}

/** Unreadable, or of targets no longer read: as if absent. */
export function parseCursor(saved: string | undefined, targets: readonly string[]): Cursor {
  const places: Record<string, Place> = {};
  let held: unknown;
  try {
    held = saved === undefined || saved === "" ? undefined : decodeJson(Buffer.from(saved), "cursor");
  } catch {
    held = undefined;
  }
  const told = isJson(held) && isJson(held["places"]) ? held["places"] : {};
  for (const target of targets) {
    const value = told[target];
    const place: Place = {};
    for (const name of ["since", "top", "until"] as const) {
      const id = isJson(value) ? idOf(value[name]) : undefined;
      if (id !== undefined) place[name] = id;
    }
    places[target] = place;
  }
  return { places };
}
