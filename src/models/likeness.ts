/** What is known of a post of an author, for telling how the author posts. */
export interface AuthorPost {
  /** When it was made, milliseconds UTC. */
  readonly at: number;
  readonly text: string;
  readonly links: number;
  readonly hashtags: number;
  readonly isReshare: boolean;
  readonly isReply: boolean;
  /** 0 to 1, where a model judged it. */
  readonly spam?: number;
  /** Number of its group of near-duplicates, of whatever author. */
  readonly copies?: number;
}

export const likenessNames = ["rhythm", "minute", "night", "rate", "burst", "copies", "echoes", "reshares", "links", "hashtags", "spam", "lengths", "replies"] as const;
export type LikenessName = (typeof likenessNames)[number];

/** One reason. */
export interface LikenessFeature {
  readonly name: LikenessName;
  /** As `details` says; shares are 0 to 1. */
  readonly value: number;
  /** Added to the log odds of posting like a program. */
  readonly adds: number;
  /** rhythm: the period and how far posts are from it. */
  readonly everySeconds?: number;
  readonly spreadSeconds?: number;
}

export interface Likeness {
  readonly posts: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** 0 to 1, of the sum of all reasons; absent: too few posts to tell. */
  readonly score?: number;
  /** The strongest first. */
  readonly features: readonly LikenessFeature[];
}

/** Fewer posts tell nothing of how somebody posts. */
export const leastPosts = 12;
/** Log odds without any reason, and of how many posts a sum counts half. */
const start = -3;
const halfPosts = 8;
const secondMs = 1_000;
const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** Between `none` and `full` a reason grows evenly to its whole weight; a negative weight speaks for a person. */
interface Ramp {
  readonly none: number;
  readonly full: number;
  readonly weight: number;
}

/** Chosen by hand from what programs and people are known to do, and held against the simulated world's truth; not fitted to it. */
const ramps: Readonly<Record<LikenessName, Ramp>> = {
  rhythm: { none: 0.3, full: 0.75, weight: 4.2 },
  minute: { none: 0.4, full: 0.85, weight: 1.6 },
  night: { none: 5, full: 2, weight: 1 },
  rate: { none: 60, full: 400, weight: 1.2 },
  burst: { none: 5, full: 15, weight: 1.6 },
  copies: { none: 0.15, full: 0.7, weight: 3.4 },
  echoes: { none: 0.3, full: 0.9, weight: 2.4 },
  reshares: { none: 0.75, full: 0.98, weight: 1 },
  links: { none: 0.6, full: 0.98, weight: 0.7 },
  hashtags: { none: 3, full: 8, weight: 0.6 },
  spam: { none: 0.4, full: 0.9, weight: 1 },
  lengths: { none: 0.3, full: 0.08, weight: 0.9 },
  replies: { none: 0.1, full: 0.5, weight: -1.4 },
};

function strengthOf({ none, full }: Ramp, value: number): number {
  return Math.min(1, Math.max(0, (value - none) / (full - none)));
}

/** How an author posts, held against what programs do: each reason with what it adds. @param posts of one author, in any order */
export function likenessOf(posts: readonly AuthorPost[]): Likeness {
  const sorted = posts.toSorted((a, b) => a.at - b.at);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return { posts: 0, fromMs: 0, toMs: 0, features: [] };
  const about = { posts: sorted.length, fromMs: first.at, toMs: last.at };
  if (sorted.length < leastPosts) return { ...about, features: [] };
  const certainty = sorted.length / (sorted.length + halfPosts);
  const features = measured(sorted).map(({ name, value, ...more }): LikenessFeature => {
    const ramp = ramps[name];
    const adds = ramp.weight * strengthOf(ramp, value) * certainty;
    return { name, value, adds, ...more };
  });
  const sum = features.reduce((so, { adds }) => so + adds, start);
  return { ...about, score: 1 / (1 + Math.exp(-sum)), features: features.toSorted((a, b) => Math.abs(b.adds) - Math.abs(a.adds)) };
}

type Measured = Omit<LikenessFeature, "adds">;

function measured(posts: readonly AuthorPost[]): readonly Measured[] {
  const share = (holds: (post: AuthorPost) => boolean): number => posts.filter(holds).length / posts.length;
  const times = posts.map(({ at }) => at);
  const own = posts.filter(({ isReshare }) => !isReshare);
  const judged = posts.flatMap(({ spam }) => spam ?? []);
  const activeDays = Math.max(1, ((times.at(-1) ?? 0) - (times[0] ?? 0)) / dayMs);
  const quiet = quietHours(times);
  const { copied, echoed } = countCopies(own);
  return [
    { name: "rhythm", ...rhythmOf(times) },
    { name: "minute", value: largestShare(times.map((at) => Math.floor(at / minuteMs) % 60)) },
    ...(quiet === undefined ? [] : [{ name: "night" as const, value: quiet }]),
    { name: "rate", value: posts.length / activeDays },
    { name: "burst", value: mostWithin(times, minuteMs) },
    { name: "copies", value: own.length === 0 ? 0 : copied / own.length },
    { name: "echoes", value: own.length === 0 ? 0 : echoed / own.length },
    { name: "reshares", value: share(({ isReshare }) => isReshare) },
    { name: "links", value: share(({ links }) => links > 0) },
    { name: "hashtags", value: posts.reduce((sum, { hashtags }) => sum + hashtags, 0) / posts.length },
    ...(judged.length < leastPosts ? [] : [{ name: "spam" as const, value: judged.reduce((sum, one) => sum + one, 0) / judged.length }]),
    ...(own.length < leastPosts ? [] : [{ name: "lengths" as const, value: variation(own.map(({ text }) => text.length)) }]),
    { name: "replies", value: share(({ isReply }) => isReply) },
  ];
}

/** Of the spaces between posts, the largest share that is one period, or two or three of it (a post that is missing). Near: 2 s, or 2%. */
function rhythmOf(times: readonly number[]): Pick<Measured, "value" | "everySeconds" | "spreadSeconds"> {
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
  const sorted = gaps.filter((gap) => gap >= 5 * secondMs).toSorted((a, b) => a - b);
  const candidates = new Set(Array.from({ length: 25 }, (_, i) => sorted[Math.floor((i / 25) * sorted.length)] ?? 0).filter((gap) => gap > 0));
  let best: readonly number[] = [];
  for (const period of candidates) {
    const near = Math.max(2 * secondMs, period * 0.02);
    const fits = gaps.flatMap((gap) => {
      const times = Math.min(3, Math.max(1, Math.round(gap / period)));
      return Math.abs(gap - times * period) <= near ? [gap / times] : [];
    });
    if (fits.length > best.length) best = fits;
  }
  if (best.length === 0) return { value: 0 };
  const period = best.reduce((sum, one) => sum + one, 0) / best.length;
  const spread = best.map((one) => Math.abs(one - period)).toSorted((a, b) => a - b)[Math.floor(best.length / 2)] ?? 0;
  return { value: best.length / gaps.length, everySeconds: Math.round(period / secondMs), spreadSeconds: Math.round(spread / 100) / 10 };
}

function largestShare(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Math.max(...counts.values()) / values.length;
}

/** Posts and days from which on an author's hours tell whether it sleeps. */
const leastForNight = { posts: 72, days: 3 } as const;

/** The longest run of hours of the day, UTC, in which it never posts; undefined: too few posts to tell. */
function quietHours(times: readonly number[]): number | undefined {
  if (times.length < leastForNight.posts || (times.at(-1) ?? 0) - (times[0] ?? 0) < leastForNight.days * dayMs) return undefined;
  const used = new Set(times.map((at) => Math.floor(at / hourMs) % 24));
  let [longest, run] = [0, 0];
  for (let hour = 0; hour < 48; hour++) {
    run = used.has(hour % 24) ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return Math.min(24, longest);
}

function mostWithin(times: readonly number[], spanMs: number): number {
  let [most, from] = [0, 0];
  for (const [i, at] of times.entries()) {
    while (at - (times[from] ?? 0) >= spanMs) from++;
    most = Math.max(most, i - from + 1);
  }
  return most;
}

function variation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean === 0 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) / mean;
}

/** Own posts that an own post is compared with: the ones before. */
const compared = 60;
const alike = 0.6;

/** Posts that say what an earlier one of the author said, but for numbers, addresses and a few words; and others that say what somebody else's post says. */
function countCopies(posts: readonly AuthorPost[]): { readonly copied: number; readonly echoed: number } {
  const groups = new Set<number>();
  const seen: ReadonlySet<string>[] = [];
  let [copied, echoed] = [0, 0];
  for (const { text, copies } of posts) {
    const runs = runsOf(text);
    const isCopy = (copies !== undefined && groups.has(copies)) || seen.some((other) => jaccard(runs, other) >= alike);
    if (isCopy) copied++;
    else {
      if (copies !== undefined) echoed++;
      seen.push(runs);
      if (seen.length > compared) seen.shift();
    }
    if (copies !== undefined) groups.add(copies);
  }
  return { copied, echoed };
}

/** Runs of three words; of a shorter text, all of it. */
function runsOf(text: string): ReadonlySet<string> {
  const words =
    text
      .toLowerCase()
      .replace(/https?:\/\/\S+|@\S+/g, " ")
      .match(/[\p{L}\p{M}]+/gu) ?? [];
  if (words.length < 3) return new Set([words.join(" ")]);
  return new Set(words.slice(2).map((word, i) => `${words[i] ?? ""} ${words[i + 1] ?? ""} ${word}`));
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const one of a) if (b.has(one)) common++;
  return common / (a.size + b.size - common);
}
