/** What a server says about its limits, as headers. */
export interface RateLimit {
  /** Calls in a whole window; absent: not told. */
  readonly limit?: number;
  /** Calls left in the window, may be a fraction; absent: not told. */
  readonly remaining?: number;
  /** Milliseconds UTC, by our clock, at which the window ends; absent: not told. */
  readonly resetAt?: number;
  /** That time was told in whole seconds: it may be up to one later. */
  readonly isRounded?: true;
  /** Milliseconds UTC, by our clock, before which the server wants no call. */
  readonly retryAt?: number;
}

const longestWaitMs = 32 * 24 * 3_600_000;
const longestRetryMs = 24 * 3_600_000;
/** A difference above is no clock that goes wrong, but a header that means nothing. */
const mostSkewMs = 12 * 3_600_000;
/** Graph tells a use of 100% without saying when there is room: its hour slides, so some comes back soon. */
const usedUpMs = 5 * 60_000;

/**
 * Retry-After (RFC 9110, 10.2.3: seconds or an HTTP date); X-RateLimit-* and X-Rate-Limit-* (seconds left, epoch seconds, epoch milliseconds or
 * ISO 8601: Reddit, X, Mastodon; Reddit adds Used, and Remaining may be a fraction); RateLimit and RateLimit-Policy of the IETF drafts
 * (draft-ietf-httpapi-ratelimit-headers-03 to -09); X-App-Usage, X-Page-Usage, X-Ad-Account-Usage and X-Business-Use-Case-Usage of Graph
 * (developers.facebook.com, "Rate Limits"). Absolute times are moved by `skewMs`, by which the server's clock is ahead of ours.
 * Unreadable: not told. A retry further away than a day is cut to a day.
 */
export function readRateLimit(headers: Headers, nowMs: number, skewMs: number): RateLimit {
  const classic = readClassic(headers, nowMs, skewMs);
  const drafted = classic.remaining === undefined ? readDraft(headers, nowMs) : {};
  const retryAt = instantOf(headers.get("retry-after"), nowMs, skewMs, longestRetryMs);
  const regainAt = usageRetryAt(headers, nowMs);
  const latest = Math.max(retryAt ?? 0, regainAt ?? 0);
  return { ...classic, ...drafted, ...(latest > 0 && { retryAt: latest }) };
}

/** How far a server's clock is ahead of ours, as its Date headers tell. */
export interface ServerClock {
  hear(headers: Headers, nowMs: number): void;
  skewMs(): number;
}

/** A sample lies up to a second (Date has no fractions) and the way of the answer below the truth; one that lies lower tells of a clock that was set. */
const sampleSpreadMs = 3_000;

/** The highest sample is the nearest to the truth, and never makes a call go out too early. */
export function makeServerClock(): ServerClock {
  let skewMs: number | undefined;
  return {
    hear(headers, nowMs) {
      const sample = Date.parse(headers.get("date") ?? "") - nowMs;
      // An answer out of a cache on the way bears the Date of when it was made.
      if (!Number.isFinite(sample) || Math.abs(sample) > mostSkewMs || headers.has("age")) return;
      if (skewMs === undefined || sample > skewMs || sample < skewMs - sampleSpreadMs) skewMs = sample;
    },
    skewMs: () => skewMs ?? 0,
  };
}

function readClassic(headers: Headers, nowMs: number, skewMs: number): RateLimit {
  const told = (name: string) => headers.get(`x-ratelimit-${name}`) ?? headers.get(`x-rate-limit-${name}`) ?? headers.get(`ratelimit-${name}`);
  const remaining = numberOf(told("remaining"));
  const used = numberOf(told("used"));
  const limit = numberOf(told("limit")?.split(",")[0] ?? null) ?? (used !== undefined && remaining !== undefined ? Math.floor(used + remaining) : undefined);
  const reset = told("reset");
  const resetAt = instantOf(reset, nowMs, skewMs, longestWaitMs);
  const isRounded = resetAt !== undefined && /^\s*\d{1,11}\s*$/.test(reset ?? "");
  return {
    ...(limit !== undefined && { limit }),
    ...(remaining !== undefined && { remaining }),
    ...(resetAt !== undefined && { resetAt }),
    ...(isRounded && { isRounded: true as const }),
  };
}

/** `"default";r=50;t=30` (draft 09), `default;r=50;t=30`, `limit=100, remaining=50, reset=30` (draft 07); of several policies the one with least left. */
function readDraft(headers: Headers, nowMs: number): RateLimit {
  const text = headers.get("ratelimit");
  if (text === null) return {};
  const older = fieldsOf(text.split(","));
  if (older.has("remaining")) {
    const [limit, remaining, reset] = [older.get("limit"), older.get("remaining"), older.get("reset")];
    return {
      ...(limit !== undefined && { limit }),
      ...(remaining !== undefined && { remaining }),
      ...(reset !== undefined && { resetAt: nowMs + reset * 1_000, isRounded: true as const }),
    };
  }
  const quotas = new Map((headers.get("ratelimit-policy") ?? "").split(",").map((item) => [nameOf(item), fieldsOf(item.split(";")).get("q")]));
  let least: RateLimit = {};
  for (const item of text.split(",").slice(0, 20)) {
    const fields = fieldsOf(item.split(";"));
    const [remaining, seconds] = [fields.get("r"), fields.get("t")];
    if (remaining === undefined || remaining >= (least.remaining ?? Infinity)) continue;
    const limit = quotas.get(nameOf(item));
    least = { remaining, ...(limit !== undefined && { limit }), ...(seconds !== undefined && { resetAt: nowMs + seconds * 1_000, isRounded: true as const }) };
  }
  return least;
}

function nameOf(item: string): string {
  return (item.split(";")[0] ?? "").trim().replace(/^"|"$/g, "");
}

function fieldsOf(parts: readonly string[]): ReadonlyMap<string, number> {
  const fields = new Map<string, number>();
  for (const part of parts.slice(0, 20)) {
    const [, name, value] = /^\s*([a-z]+)\s*=\s*(\d{1,12})\s*$/i.exec(part) ?? [];
    if (name !== undefined) fields.set(name.toLowerCase(), Number(value));
  }
  return fields;
}

/** Percentages of an allowance: from 100 on calls are refused, until the time that is told (minutes; of an ad account seconds). */
function usageRetryAt(headers: Headers, nowMs: number): number | undefined {
  let waitMs = 0;
  for (const name of ["x-app-usage", "x-page-usage", "x-ad-account-usage", "x-business-use-case-usage"]) {
    for (const usage of usagesIn(headers.get(name))) {
      const minutes = numberIn(usage["estimated_time_to_regain_access"]);
      const seconds = numberIn(usage["reset_time_duration"]);
      const isUsedUp = ["call_count", "total_time", "total_cputime", "acc_id_util_pct"].some((field) => numberIn(usage[field]) >= 100);
      if (minutes > 0) waitMs = Math.max(waitMs, minutes * 60_000);
      else if (isUsedUp) waitMs = Math.max(waitMs, seconds > 0 ? seconds * 1_000 : usedUpMs);
    }
  }
  return waitMs > 0 ? nowMs + Math.min(waitMs, longestRetryMs) : undefined;
}

/** One object, or lists of them by business. */
function usagesIn(text: string | null): readonly Readonly<Record<string, unknown>>[] {
  if (text === null || text.length > 20_000) return [];
  try {
    const told: unknown = JSON.parse(text);
    if (!isRecord(told)) return [];
    const lists = Object.values(told).filter((value) => Array.isArray(value));
    return lists.length > 0 ? lists.flat().filter((value) => isRecord(value)) : [told];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function numberIn(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function numberOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const value = Number(text.trim());
  return Number.isFinite(value) && value >= 0 && text.trim() !== "" ? value : undefined;
}

function instantOf(text: string | null, nowMs: number, skewMs: number, mostMs: number): number | undefined {
  if (text === null) return undefined;
  const value = numberOf(text);
  let at: number;
  if (value === undefined) at = Date.parse(text) - skewMs;
  else if (value >= 1e12) at = value - skewMs;
  else if (value >= 1e9) at = value * 1000 - skewMs;
  else at = nowMs + value * 1000;
  if (!Number.isFinite(at)) return undefined;
  return Math.min(Math.max(at, nowMs), nowMs + mostMs);
}
