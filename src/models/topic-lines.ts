import type { TopicWord } from "./topics.ts";

/** A topic of one time, as it is compared with those of another. */
export interface TopicProfile {
  readonly language: string;
  readonly words: readonly TopicWord[];
}

/** What became of a topic from one time to the next. Indexes into the two lists. */
export interface TopicLineage {
  /** Of each later topic the earlier one whose line it goes on; undefined: it is new, or split off. */
  readonly continues: readonly (number | undefined)[];
  /** Of each later topic the earlier ones that it came from beside that: it split off, or they went into it. */
  readonly from: readonly (readonly number[])[];
}

/** Cosine of the words' weights from which on two are one topic; lower: two of which one came from the other. */
const sameFrom = 0.3;
const kinFrom = 0.25;

export function likeness(a: TopicProfile, b: TopicProfile): number {
  if (a.language !== b.language) return 0;
  const weights = new Map(a.words.map(({ word, weight }) => [word, weight]));
  const product = b.words.reduce((sum, { word, weight }) => sum + (weights.get(word) ?? 0) * weight, 0);
  const lengths = Math.hypot(...a.words.map(({ weight }) => weight)) * Math.hypot(...b.words.map(({ weight }) => weight));
  return lengths === 0 ? 0 : product / lengths;
}

/** Each line goes on in the later topic that is most like it, the most alike pair first; what else is alike split off or went in. */
export function linkTopics(before: readonly TopicProfile[], after: readonly TopicProfile[]): TopicLineage {
  const pairs = after
    .flatMap((later, j) => before.map((earlier, i) => ({ i, j, like: likeness(earlier, later) })))
    .filter(({ like }) => like >= kinFrom)
    .toSorted((a, b) => b.like - a.like || a.i - b.i || a.j - b.j);
  const continues: (number | undefined)[] = after.map(() => undefined);
  const from: number[][] = after.map(() => []);
  const taken = new Set<number>();
  for (const { i, j, like } of pairs) {
    if (like < sameFrom || taken.has(i) || continues[j] !== undefined) continue;
    continues[j] = i;
    taken.add(i);
  }
  const heirs = new Set<number>();
  for (const { i, j } of pairs) {
    if (continues[j] === i) continue;
    // It split off a line that goes on elsewhere, or a line that ends went into it: each from its nearest alone.
    const isSplit = continues[j] === undefined && taken.has(i) && from[j]?.length === 0;
    const isMerge = !taken.has(i) && !heirs.has(i);
    if (isSplit || isMerge) from[j]?.push(i);
    if (isMerge) heirs.add(i);
  }
  return { continues, from };
}
