import { decodeJson, isJson } from "../json/decode.ts";

/** How far a listing was read. */
export interface Position {
  /** created_utc of the newest thing, in seconds. */
  readonly at: number;
  readonly newest: string;
}

export interface Cursor {
  readonly feeds: Record<string, Position>;
  /** Posts whose comments are still to be read. */
  readonly threads: string[];
  /** What is to be looked at again, see `Refresh.waiting`. */
  readonly again: readonly string[];
}

export const mostThreads = 1_000;
const fullname = /^t[13]_[0-9a-z]{1,20}$/;

/** Unreadable, or of listings no longer read: as if absent. */
export function parseCursor(saved: string | undefined, feeds: readonly string[]): Cursor {
  const cursor: { feeds: Record<string, Position>; threads: string[]; again: string[] } = { feeds: {}, threads: [], again: [] };
  if (saved === undefined || saved === "") return cursor;
  try {
    const value = decodeJson(Buffer.from(saved), "cursor");
    if (!isJson(value)) return cursor;
    for (const feed of feeds) {
      const held = isJson(value["feeds"]) ? value["feeds"][feed] : undefined;
      if (isJson(held) && typeof held["at"] === "number" && typeof held["newest"] === "string" && fullname.test(held["newest"])) {
        cursor.feeds[feed] = { at: held["at"], newest: held["newest"] };
      }
    }
    if (Array.isArray(value["threads"])) cursor.threads.push(...value["threads"].filter((one): one is string => typeof one === "string" && fullname.test(one)).slice(-mostThreads));
    if (Array.isArray(value["again"])) cursor.again = value["again"].filter((one): one is string => typeof one === "string" && one.length < 60).slice(-5_000);
  } catch {
    return cursor;
  }
  return cursor;
}
