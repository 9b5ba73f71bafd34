/** What a server says about its limits, as headers. */
export interface RateLimit {
  /** Calls left in the window; absent: not told. */
  readonly remaining?: number;
  /** Milliseconds UTC at which the window ends; absent: not told. */
  readonly resetAt?: number;
  /** Milliseconds UTC before which the server wants no call (Retry-After). */
  readonly retryAt?: number;
}

const longestWaitMs = 24 * 3_600_000;

/**
 * Retry-After (RFC 9110, 10.2.3: seconds or an HTTP date), X-RateLimit-* (seconds left, epoch seconds, epoch
 * milliseconds or ISO 8601, as platforms differ) and RateLimit-* (IETF draft: seconds left). Unreadable: not told.
 * A time further away than a day is cut to a day.
 */
export function readRateLimit(headers: Headers, nowMs: number): RateLimit {
  const remaining = numberOf(headers.get("x-ratelimit-remaining") ?? headers.get("x-rate-limit-remaining") ?? headers.get("ratelimit-remaining"));
  const reset = headers.get("x-ratelimit-reset") ?? headers.get("x-rate-limit-reset") ?? headers.get("ratelimit-reset");
  const resetAt = instantOf(reset, nowMs);
  const retryAt = instantOf(headers.get("retry-after"), nowMs);
  return {
    ...(remaining !== undefined && { remaining }),
    ...(resetAt !== undefined && { resetAt }),
    ...(retryAt !== undefined && { retryAt }),
  };
}

function numberOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const value = Number(text.trim());
  return Number.isFinite(value) && value >= 0 && text.trim() !== "" ? value : undefined;
}

function instantOf(text: string | null, nowMs: number): number | undefined {
  if (text === null) return undefined;
  const value = numberOf(text);
  let at: number;
  if (value === undefined) at = Date.parse(text);
  else if (value >= 1e12) at = value;
  else if (value >= 1e9) at = value * 1000;
  else at = nowMs + value * 1000;
  if (!Number.isFinite(at)) return undefined;
  return Math.min(Math.max(at, nowMs), nowMs + longestWaitMs);
}
