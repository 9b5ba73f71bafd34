import type { BudgetLimit } from "../core/http.ts";
import type { RateLimit } from "./rate-limit.ts";

/** Calls that share a limit: a token bucket as declared, and what the server tells in its headers. */
export interface Budget {
  /** Milliseconds to wait before the next call may go out; 0: it may, and is counted. */
  take(nowMs: number, cost?: number): number;
  learn(limit: RateLimit, nowMs: number): void;
  state(nowMs: number): BudgetState;
}

/** How much of a budget is left. Times are milliseconds UTC. */
export interface BudgetState {
  /** As declared. */
  readonly limit?: BudgetLimit;
  /** Calls that may go out at once by the declared limit. */
  readonly left?: number;
  /** What the server told last, and when its window ends. */
  readonly toldLeft?: number;
  readonly resetAt?: number;
  /** No call before then: the server asked for it. */
  readonly blockedUntil?: number;
}

export function makeBudget(limit: BudgetLimit | undefined): Budget {
  let tokens = limit?.requests ?? 0;
  let filledAt: number | undefined;
  let remaining: number | undefined;
  let resetAt = 0;
  let blockedUntil = 0;
  return {
    take(nowMs, cost = 1) {
      if (nowMs >= resetAt) remaining = undefined;
      if (blockedUntil > nowMs) return blockedUntil - nowMs;
      if (remaining !== undefined && remaining <= 0) return resetAt - nowMs;
      if (limit) {
        tokens = Math.min(limit.requests, tokens + ((nowMs - (filledAt ?? nowMs)) * limit.requests) / limit.perMs);
        filledAt = nowMs;
        if (tokens < cost) return Math.ceil(((cost - tokens) * limit.perMs) / limit.requests);
        tokens -= cost;
      }
      if (remaining !== undefined) remaining -= 1;
      return 0;
    },
    state(nowMs) {
      const filled = limit && Math.min(limit.requests, tokens + ((nowMs - (filledAt ?? nowMs)) * limit.requests) / limit.perMs);
      return {
        ...(limit && { limit, left: Math.floor(filled ?? 0) }),
        ...(remaining !== undefined && nowMs < resetAt && { toldLeft: remaining, resetAt }),
        ...(blockedUntil > nowMs && { blockedUntil }),
      };
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
