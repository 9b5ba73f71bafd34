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

/** Of the compliance streams, beside the places: milliseconds UTC of the newest event of each that is safe. */
export function parseCompliance(saved: string | undefined, names: readonly string[]): Record<string, number> {
  const held = heldIn(saved);
  const told = isJson(held) && isJson(held["compliance"]) ? held["compliance"] : {};
  const found: Record<string, number> = {};
  for (const name of names) {
    const at = told[name];
    if (typeof at === "number" && Number.isSafeInteger(at) && at > 0) found[name] = at;
  }
  return found;
}

function heldIn(saved: string | undefined): unknown {
  try {
    return saved === undefined || saved === "" ? undefined : decodeJson(Buffer.from(saved), "cursor");
  } catch {
    return undefined;
  }
}

/** Unreadable, or of targets no longer read: as if absent. */
export function parseCursor(saved: string | undefined, targets: readonly string[]): Cursor {
  const places: Record<string, Place> = {};
  const held = heldIn(saved);
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
