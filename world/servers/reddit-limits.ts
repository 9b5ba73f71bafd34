import type { Waits } from "./waits.ts";

const windowMs = 600_000;

/** Calls of the one client in windows of ten minutes, told in headers as Reddit does (its Data API wiki, 2024). `waits` hears when one is used up. */
export function makeRedditLimits(nowMs: () => number, callsAWindow: number, waits: Waits) {
  let used = 0;
  let window = 0;
  const roll = (): void => {
    const current = Math.floor(nowMs() / windowMs);
    if (current === window) return;
    window = current;
    used = 0;
  };
  return {
    /** False: the call is one too many. */
    take(): boolean {
      roll();
      if (used >= callsAWindow) return false;
      used += 1;
      if (used === callsAWindow) waits.hold((window + 1) * windowMs, "api");
      return true;
    },
    headers(): Record<string, string> {
      roll();
      const leftMs = (window + 1) * windowMs - nowMs();
      return { "x-ratelimit-used": String(used), "x-ratelimit-remaining": `${callsAWindow - used}.0`, "x-ratelimit-reset": String(Math.ceil(leftMs / 1_000)) };
    },
  };
}
