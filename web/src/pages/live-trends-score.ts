export interface Counted {
  readonly value: string;
  readonly posts: number;
}
export interface Trend {
  readonly value: string;
  readonly posts: number;
  /** Posts that the time before lets expect in as many posts as now. */
  readonly expected: number;
  /** False: it was among none of the frequent ones before, so that `expected` is the most that it can have been. */
  readonly isExact: boolean;
  /** Dunning's log-likelihood ratio. */
  readonly score: number;
}

/** Fewer posts say nothing. */
export const leastPosts = 5;
/** Chi-squared, one degree of freedom, p = 0.001. */
export const leastScore = 10.83;

/**
 * What is said more often now than before, by the log-likelihood ratio of its share (T. Dunning, "Accurate Methods for the
 * Statistics of Surprise and Coincidence", 1993). `beforeTop` are the most frequent of before: what is not among them is taken
 * to have been as frequent as the least of them, so that a short list can hide a trend and never make one.
 */
export function trendsOf(now: readonly Counted[], nowPosts: number, beforeTop: readonly Counted[], beforePosts: number, isWhole: boolean): readonly Trend[] {
  if (nowPosts === 0 || beforePosts === 0) return [];
  const known = new Map(beforeTop.map(({ value, posts }) => [value, posts]));
  const bound = isWhole ? 0 : Math.min(...beforeTop.map(({ posts }) => posts), Infinity);
  const trends = now.map(({ value, posts }): Trend => {
    const before = known.get(value) ?? (Number.isFinite(bound) ? bound : 0);
    const whole = (posts + before) / (nowPosts + beforePosts);
    const part = (count: number, all: number) => (count === 0 ? 0 : count * Math.log(count / (all * whole)));
    return {
      value,
      posts,
      expected: (before / beforePosts) * nowPosts,
      isExact: known.has(value) || isWhole,
      score: 2 * (part(posts, nowPosts) + part(before, beforePosts)),
    };
  });
  return trends.filter(({ posts, expected, score }) => posts >= leastPosts && posts > expected && score >= leastScore).toSorted((a, b) => b.score - a.score);
}
