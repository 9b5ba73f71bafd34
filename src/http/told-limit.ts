import { sameWindowMs, type ToldWindow } from "./budget-position.ts";
import type { RateLimit } from "./rate-limit.ts";

/** What a server tells of one budget's window, kept so that calls on their way are never forgotten. */
export interface ToldLimit {
  /** Milliseconds until the server has room; 0: it has, or tells nothing. */
  waitMs(nowMs: number): number;
  /** A call goes out. */
  take(nowMs: number): void;
  /** The call that went out is over, whatever its end. */
  ended(): void;
  learn(told: RateLimit, nowMs: number): void;
  /** The window as it is known here, for others who draw on it. */
  window(nowMs: number): ToldWindow | undefined;
  /** What others know of the window. */
  adopt(window: ToldWindow, nowMs: number): void;
  state(nowMs: number): { readonly toldLeft?: number; readonly resetAt?: number };
}

export function makeToldLimit(): ToldLimit {
  let left: number | undefined;
  let resetAt = 0;
  /** The window's length as far as it was seen. */
  let windowMs = 0;
  let isRounded = false;
  /** An end told in whole seconds is waited out a little longer. */
  const endsAt = () => (isRounded ? resetAt + Math.min(1_000, windowMs / 20) : resetAt);
  /** Calls in a whole window, as told or as seen. */
  let capacity: number | undefined;
  let onTheWay = 0;

  /** A window that ended gives its successor's calls, but nothing tells when that one ends. */
  function roll(nowMs: number): void {
    if (left === undefined || nowMs < endsAt()) return;
    left = capacity === undefined ? undefined : Math.max(0, capacity - onTheWay);
    resetAt = Infinity;
  }

  return {
    waitMs(nowMs) {
      roll(nowMs);
      if (left === undefined || left >= 1) return 0;
      // In a window whose end is not told, the answers on their way will tell; without any on their way one call asks.
      if (resetAt === Infinity) return onTheWay > 0 ? 1_000 : 0;
      return Math.max(1, Math.ceil(endsAt() - nowMs));
    },
    take(nowMs) {
      roll(nowMs);
      onTheWay++;
      if (left !== undefined) left -= 1;
    },
    ended() {
      onTheWay = Math.max(0, onTheWay - 1);
    },
    learn(told, nowMs) {
      roll(nowMs);
      if (told.limit !== undefined) capacity = told.limit;
      else if (told.remaining !== undefined && told.remaining > 0) capacity = Math.max(capacity ?? 0, Math.floor(told.remaining) + 1);
      // A server that tells nothing any more sets no bound either.
      if (told.remaining === undefined && resetAt === Infinity) left = undefined;
      if (told.remaining === undefined || told.resetAt === undefined || told.resetAt <= nowMs) return;
      isRounded = told.isRounded === true;
      windowMs = Math.max(windowMs, told.resetAt - nowMs);
      const isSame = left !== undefined && Math.abs(told.resetAt - resetAt) <= sameWindowMs;
      // The answer's own call is counted there; the others on their way may not be.
      const others = Math.max(0, onTheWay - 1);
      left = isSame && left !== undefined ? Math.min(left, told.remaining) : told.remaining - others;
      // Within one window the latest end told holds: no call goes out too early.
      resetAt = isSame ? Math.max(resetAt, told.resetAt) : told.resetAt;
    },
    window: (nowMs) => (left !== undefined && nowMs < resetAt && resetAt !== Infinity ? { left, resetAt: endsAt() } : undefined),
    adopt(window, nowMs) {
      roll(nowMs);
      if (window.resetAt <= nowMs) return;
      const isOwn = left !== undefined && resetAt !== Infinity;
      if (isOwn && window.resetAt < resetAt - sameWindowMs) return;
      const isSame = isOwn && Math.abs(window.resetAt - endsAt()) <= sameWindowMs;
      left = isSame && left !== undefined ? Math.min(left, window.left) : window.left;
      if (isSame) return;
      isRounded = false;
      windowMs = Math.max(windowMs, window.resetAt - nowMs);
      resetAt = window.resetAt;
    },
    state(nowMs) {
      return left !== undefined && nowMs < resetAt && resetAt !== Infinity ? { toldLeft: Math.max(0, Math.floor(left)), resetAt } : {};
    },
  };
}
