import type { Brand, Crisis } from "./brands.ts";

/** Shares are of the number of posts: 0.05 is one message for every twenty posts. */
export interface Mix {
  readonly redelivered: number;
  readonly engagement: number;
  readonly edits: number;
  readonly deletes: number;
  readonly late: number;
  readonly malformed: number;
  /** Unknown fields, absent optional fields, other types where the meaning stays clear. */
  readonly drifted: number;
  readonly replies: number;
  readonly quotes: number;
  /** Of Mastodon's posts. */
  readonly boosts: number;
  readonly nearDuplicates: number;
  /** Of the posts with words of their own: those that link a page that others link too, on any platform. */
  readonly stories: number;
  readonly brandMentions: number;
  readonly pii: number;
  readonly identities: number;
  /** Of the accounts: how many end. */
  readonly endings: number;
}

export const benchMix: Mix = {
  redelivered: 0.05,
  engagement: 0.1,
  edits: 0.03,
  deletes: 0.03,
  late: 0.05,
  malformed: 0.001,
  drifted: 0.003,
  replies: 0.2,
  quotes: 0.03,
  boosts: 0.08,
  nearDuplicates: 0.04,
  stories: 0,
  brandMentions: 0.16,
  pii: 0.012,
  identities: 0.001,
  endings: 0.012,
};

export const liveMix: Mix = { ...benchMix, engagement: 0.7, brandMentions: 0.25, endings: 0.03 };

export interface EngineOptions {
  readonly seed: string;
  /** Virtual time at which the world begins, milliseconds UTC. */
  readonly startMs: number;
  /** Mean posts per second at a virtual time, before the crisis adds its own. 0: none from then on. */
  readonly ratePerSecondAt: (atMs: number) => number;
  /** No post before this virtual time once so many were made; absent: never a pause. */
  readonly notBeforeMs?: (posts: number) => number;
  readonly crisesAt: (atMs: number) => Crisis | undefined;
  /** Whose campaign runs; absent: a slot of two hours for each brand, with pauses. */
  readonly campaignAt?: (atMs: number) => Brand | undefined;
  readonly mix: Mix;
  /** Factor on the share of engagement; absent: 1. */
  readonly engagementAt?: (atMs: number) => number;
  /** Statuses that others boost or quote stay: who reads timelines only is told them inside of those, and never of their end. */
  readonly keepsEchoed?: boolean;
  readonly blueskyShare: number;
  /** Accounts on each platform. */
  readonly accounts: number;
  /** Accounts on each platform that keep a time of their own, programs and people who are taken for one; absent: none. */
  readonly driven?: number;
  /** No further post after so many; what is under way still ends. */
  readonly postsAtMost: number;
  /** How far edits, deletes and delays reach, as a factor on their usual times (20 to 60 minutes). */
  readonly delayFactor: number;
}

export const hourMs = 3_600_000;
/** Where a world starts unless told otherwise: generated files are the same on every day. */
export const defaultStartMs = Date.UTC(2026, 8, 1);

/** A crisis every six hours, lasting forty minutes, of the second brand; `phaseMs` shifts it. */
export function recurringCrises(phaseMs: number): (atMs: number) => Crisis {
  const everyMs = 6 * hourMs;
  return (atMs) => {
    const fromMs = Math.floor((atMs - phaseMs) / everyMs) * everyMs + phaseMs;
    return { brandId: "quantrix", fromMs, toMs: fromMs + 40 * 60_000 };
  };
}
