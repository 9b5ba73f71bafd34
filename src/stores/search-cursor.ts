import { EarshotError } from "../core/errors.ts";
import type { ReadFilter } from "../core/filter.ts";
import { fingerprint } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import type { RankedPlace } from "./search-ranked.ts";

export const searchOrders = ["newest", "oldest", "engaged", "relevance"] as const;
export type SearchOrder = (typeof searchOrders)[number];

/** Where a page ended: everything newer has been shown; of the oldest first, everything older. */
export interface SearchPlace {
  /** createdAt of the month's first millisecond. */
  readonly monthMs: number;
  readonly row: number;
}

/** A place is good for its query and filter alone; it carries no right: the filter of the request is applied again. */
export function fingerprintOf(query: Query, filter: ReadFilter, order: SearchOrder = "newest"): string {
  return fingerprint(
    JSON.stringify([
      ...(order === "newest" ? [] : [order]),
      query,
      filter.sources ?? null,
      filter.platforms ?? null,
      filter.sensitivities ?? null,
      filter.regions ?? null,
      filter.terms ?? null,
    ]),
  );
}

/** Where a page of the best ended. */
export function formatRankedCursor({ score, monthMs, row }: RankedPlace, of: string): string {
  return Buffer.from(`2.${monthMs}.${row}.${of}.${score}`, "latin1").toString("base64url");
}

/** Throws QUERY_INVALID. */
export function parseRankedCursor(cursor: string, of: string): RankedPlace {
  const text = cursor.length > 200 ? "" : Buffer.from(cursor, "base64url").toString("latin1");
  const match = /^2\.(-?\d{1,15})\.(\d{1,15})\.([0-9a-f]{16})\.(-?[\d.e+-]{1,30})$/.exec(text);
  if (!match || !Number.isFinite(Number(match[4]))) throw new EarshotError("QUERY_INVALID", "cursor: expected one that a page gave as `next`, came another text");
  if (match[3] !== of) throw new EarshotError("QUERY_INVALID", "cursor: expected one of the same query, order and rights, came another's");
  return { monthMs: Number(match[1]), row: Number(match[2]), score: Number(match[4]) };
}

export function formatCursor({ monthMs, row }: SearchPlace, of: string): string {
  return Buffer.from(`1.${monthMs}.${row}.${of}`, "latin1").toString("base64url");
}

/** Throws QUERY_INVALID. */
export function parseCursor(cursor: string, of: string): SearchPlace {
  const text = cursor.length > 200 ? "" : Buffer.from(cursor, "base64url").toString("latin1");
  const match = /^1\.(-?\d{1,15})\.(\d{1,15})\.([0-9a-f]{16})$/.exec(text);
  if (!match) throw new EarshotError("QUERY_INVALID", "cursor: expected one that a page gave as `next`, came another text");
  if (match[3] !== of) throw new EarshotError("QUERY_INVALID", "cursor: expected one of the same query and rights, came another's");
  return { monthMs: Number(match[1]), row: Number(match[2]) };
}
