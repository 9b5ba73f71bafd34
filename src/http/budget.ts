import type { RateLimit } from "./rate-limit.ts";

export interface Limit {
  readonly requests: number;
  readonly perMs: number;
}

/** Calls that share a limit: a token bucket as declared, and what the server tells in its headers. */
export interface Budget {
  /** Milliseconds to wait before the next call may go out; 0: it may, and is counted. */
  take(nowMs: number): number;
  learn(limit: RateLimit, nowMs: number): void;
}

export function makeBudget(limit: Limit | undefined): Budget {
  let tokens = limit?.requests ?? 0;
  let filledAt: number | undefined;
  let remaining: number | undefined;
  let resetAt = 0;
  let blockedUntil = 0;
  return {
    take(nowMs) {
      if (nowMs >= resetAt) remaining = undefined;
      if (blockedUntil > nowMs) return blockedUntil - nowMs;
      if (remaining !== undefined && remaining <= 0) return resetAt - nowMs;
      if (limit) {
        tokens = Math.min(limit.requests, tokens + ((nowMs - (filledAt ?? nowMs)) * limit.requests) / limit.perMs);
        filledAt = nowMs;
        if (tokens < 1) return Math.ceil(((1 - tokens) * limit.perMs) / limit.requests);
        tokens -= 1;
      }
      if (remaining !== undefined) remaining -= 1;
      return 0;
    },
    learn(told, nowMs) {
      if (told.retryAt !== undefined && told.retryAt > nowMs) blockedUntil = Math.max(blockedUntil, told.retryAt);
      if (told.remaining !== undefined && told.resetAt !== undefined) {
        remaining = told.remaining;
        resetAt = told.resetAt;
      }
    },
  };
}
