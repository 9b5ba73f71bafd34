import { type Brand, brands, type Crisis } from "./brands.ts";
import { hourMs } from "./options.ts";

const dayMs = 24 * hourMs;
/** How fast the last hours rise to the pace that follows. */
const riseMs = 0.3 * hourMs;

export interface HistoryPlan {
  readonly startMs: number;
  readonly ratePerSecondAt: (atMs: number) => number;
  readonly crisesAt: (atMs: number) => Crisis | undefined;
  readonly engagementAt: (atMs: number) => number;
  readonly campaignAt: (atMs: number) => Brand | undefined;
}

/**
 * Weeks before a world begins: fewer posts at night and at the weekend, a crisis of three days, a campaign of two days in
 * every five, and at the end a rise to the pace that goes on from there. About `posts` posts in all.
 */
export function planHistory(options: { readonly endMs: number; readonly days: number; readonly posts: number; readonly ratePerSecondAfter: number }): HistoryPlan {
  const { endMs, days, posts } = options;
  const startMs = endMs - days * dayMs;
  const crisis: Crisis = { brandId: "quantrix", fromMs: endMs - days * 0.4 * dayMs, toMs: endMs - days * 0.3 * dayMs };
  const rhythmAt = (atMs: number): number => {
    const at = new Date(atMs);
    const hour = at.getUTCHours() + at.getUTCMinutes() / 60;
    const weekend = at.getUTCDay() % 6 === 0 ? 0.7 : 1;
    return weekend * (1 + 0.55 * Math.sin(((hour - 9) / 24) * 2 * Math.PI));
  };
  let rhythm = 0;
  for (let atMs = startMs; atMs < endMs; atMs += hourMs) rhythm += rhythmAt(atMs) * Math.min(hourMs, endMs - atMs);
  // The rise takes at most a fifth of all posts, so that a small history still fills its days.
  const risePerSecond = Math.min(options.ratePerSecondAfter, (posts * 0.2 * 1_000) / riseMs);
  // The crisis adds about 4% (0.8 of the pace, 0.6 of its strength on average, a tenth of the time).
  const basePerSecond = rhythm === 0 ? 0 : (Math.max(0, posts - (risePerSecond * riseMs) / 1_000) / (rhythm / 1_000)) * 0.96;
  return {
    startMs,
    ratePerSecondAt: (atMs) => (atMs >= endMs ? 0 : basePerSecond * rhythmAt(atMs) + risePerSecond * Math.exp((atMs - endMs) / riseMs)),
    crisesAt: () => crisis,
    // While the world is young a post finds few others beside it, so that the same share would favour the oldest.
    engagementAt: (atMs) => 0.3 + (1.2 * (atMs - startMs)) / (endMs - startMs),
    campaignAt(atMs) {
      const slot = Math.floor(atMs / dayMs);
      return slot % 5 < 2 ? brands[Math.floor(slot / 5) % brands.length] : undefined;
    },
  };
}
