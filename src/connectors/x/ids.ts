import { type Json, isJson } from "../json/decode.ts";

const idPattern = /^\d{1,20}$/;
/** The first millisecond of ids that tell their time (github.com/twitter-archive/snowflake, 2010-11-04). */
const snowflakeEpochMs = 1_288_834_974_657;
/** The first such id; lower ones were counted up. */
const firstSnowflake = 29_700_859_247n;

/** An id of X: digits; numbers are taken where a double holds them exactly. Undefined: none. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === "string") return idPattern.test(value) ? value : undefined;
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? String(value) : undefined;
}

/** When the post of an id was made, milliseconds UTC; undefined for ids from before November 2010. */
export function idInstant(id: string): number | undefined {
  if (!idPattern.test(id) || id.length < 11) return undefined;
  const value = BigInt(id);
  if (value <= firstSnowflake) return undefined;
  const at = Number(value >> 22n) + snowflakeEpochMs;
  return at < Date.UTC(2100, 0, 1) ? at : undefined;
}

/** The lowest id of a moment. */
export function idAt(ms: number): string {
  return ms <= snowflakeEpochMs ? "1" : String(BigInt(Math.floor(ms - snowflakeEpochMs)) << 22n);
}

/** Ids are numbers without leading zeros, too large for a double. */
export function isNewer(id: string, than: string): boolean {
  return id.length === than.length ? id > than : id.length > than.length;
}

/** Ids of a post's versions, first to last; each edit has an id of its own (docs.x.com/x-api/fundamentals/edit-posts, 2026-11). */
export function historyOf(post: Json): readonly string[] {
  const history = post["edit_history_tweet_ids"];
  if (!Array.isArray(history) || history.length < 2) return [];
  const ids = history.map(idOf).filter((id) => id !== undefined);
  return ids.length === history.length ? ids : [];
}

/** The id that all versions of a post share here: that of its first one. */
export function nativeIdOf(post: Json): string | undefined {
  const id = idOf(post["id"]);
  const history = historyOf(post);
  return id !== undefined && history.includes(id) ? history[0] : id;
}

/** Objects of a list; anything else in it is left out. */
export function objectsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJson) : [];
}
