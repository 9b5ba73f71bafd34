/** What every answer over posts is summed into. */
export interface Figures {
  readonly posts: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  /** Posts whose sentiment is not known. */
  readonly unscored: number;
  /** By what posts say of the term that is asked for, or of each by term; without one, as `negative`, `neutral`, `positive`. */
  readonly negativeTowards: number;
  readonly neutralTowards: number;
  readonly positiveTowards: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly views: number;
  /** Distinct; absent where nobody counted them. */
  readonly authors?: number;
}
export type FigureName = keyof Figures;

export const sumNames = [
  "posts",
  "negative",
  "neutral",
  "positive",
  "unscored",
  "negativeTowards",
  "neutralTowards",
  "positiveTowards",
  "likes",
  "shares",
  "replies",
  "views",
] as const satisfies readonly FigureName[];
export const noFigures: Omit<Figures, "authors"> = {
  posts: 0,
  negative: 0,
  neutral: 0,
  positive: 0,
  unscored: 0,
  negativeTowards: 0,
  neutralTowards: 0,
  positiveTowards: 0,
  likes: 0,
  shares: 0,
  replies: 0,
  views: 0,
};

/** A figure that people speak of, as data: what it is made of, and under which name and version it is known. */
export interface Metric {
  readonly id: string;
  /** Rises when the same posts would give another value. */
  readonly version: number;
  readonly name: string;
  readonly unit: string;
  readonly definition: string;
  /** Who answers for the definition. */
  readonly owner: string;
  /** count: zero where there is no post. share: 0 to 1, of a whole. balance: -1 to 1. mean: a number for each of something. */
  readonly kind: "count" | "share" | "balance" | "mean";
  /** These are added, … */
  readonly part: readonly FigureName[];
  /** … these taken away, … */
  readonly less?: readonly FigureName[];
  /** … and the whole is divided by these. */
  readonly over?: readonly FigureName[];
  /** The divisor is that of all rows beside it, not the row's own. */
  readonly ofAll?: boolean;
}

const scored = ["negative", "neutral", "positive"] as const;
const scoredTowards = ["negativeTowards", "neutralTowards", "positiveTowards"] as const;
/** Whose sentiment the figures of one brand tell. */
const ofWhom =
  "Where one brand is asked for, or brands are compared, it is what each post says of that brand, where the post names it and was looked at for that; else the sentiment of the whole post.";
const interactions = ["likes", "shares", "replies"] as const;
const owner = "Earshot";

const nameOf = (label: string): string => `${label.slice(0, 1).toUpperCase()}${label.slice(1)}`;

export const metrics: readonly Metric[] = [
  {
    id: "posts",
    version: 1,
    name: "Posts",
    unit: "posts",
    kind: "count",
    part: ["posts"],
    owner,
    definition: "Posts made in the time, as they stand now: deleted ones are gone from the past too.",
  },
  {
    id: "authors",
    version: 1,
    name: "Authors",
    unit: "distinct authors",
    kind: "count",
    part: ["authors"],
    owner,
    definition: "Different authors of those posts. Above 256 in a bucket it is an estimate with a standard error of 1.6%.",
  },
  {
    id: "engagement",
    version: 1,
    name: "Engagement",
    unit: "likes, shares and replies",
    kind: "count",
    part: interactions,
    owner,
    definition: "Likes, shares and replies that the platforms told of the posts made in the time.",
  },
  { id: "likes", version: 1, name: "Likes", unit: "likes", kind: "count", part: ["likes"], owner, definition: "Likes that the platforms told of the posts made in the time." },
  { id: "shares", version: 1, name: "Shares", unit: "shares", kind: "count", part: ["shares"], owner, definition: "Times that the posts made in the time were passed on." },
  {
    id: "replies",
    version: 1,
    name: "Replies",
    unit: "replies",
    kind: "count",
    part: ["replies"],
    owner,
    definition: "Replies that the platforms told of the posts made in the time.",
  },
  {
    id: "views",
    version: 1,
    name: "Views",
    unit: "views",
    kind: "count",
    part: ["views"],
    owner,
    definition: "Views of the posts made in the time, where the platform tells them.",
  },
  {
    id: "engagement-per-post",
    version: 1,
    name: "Engagement per post",
    unit: "interactions a post",
    kind: "mean",
    part: interactions,
    over: ["posts"],
    owner,
    definition: "Likes, shares and replies of the posts made in the time, over the number of those posts.",
  },
  {
    id: "posts-per-author",
    version: 1,
    name: "Posts per author",
    unit: "posts an author",
    kind: "mean",
    part: ["posts"],
    over: ["authors"],
    owner,
    definition: "Posts made in the time over their different authors: above 2 or 3, few are loud.",
  },
  {
    id: "balance",
    version: 2,
    name: "Sentiment balance",
    unit: "share, −1 to 1",
    kind: "balance",
    part: ["positiveTowards"],
    less: ["negativeTowards"],
    over: scoredTowards,
    owner,
    definition: `Positive minus negative, over all posts whose sentiment is known. −1: all negative; 1: all positive. ${ofWhom}`,
  },
  ...scored.map((label): Metric => ({
    id: label,
    version: 2,
    name: `${nameOf(label)} share`,
    unit: "share of the scored",
    kind: "share",
    part: [`${label}Towards`],
    over: scoredTowards,
    owner,
    definition: `${nameOf(label)} posts over all posts whose sentiment is known. ${ofWhom}`,
  })),
  {
    id: "post-balance",
    version: 1,
    name: "Sentiment balance of whole posts",
    unit: "share, −1 to 1",
    kind: "balance",
    part: ["positive"],
    less: ["negative"],
    over: scored,
    owner,
    definition:
      "Positive minus negative, over all posts whose sentiment is known, by the sentiment of the whole post, whatever it says of a brand. −1: all negative; 1: all positive.",
  },
  ...scored.map((label): Metric => ({
    id: `post-${label}`,
    version: 1,
    name: `${nameOf(label)} share of whole posts`,
    unit: "share of the scored",
    kind: "share",
    part: [label],
    over: scored,
    owner,
    definition: `${nameOf(label)} posts over all posts whose sentiment is known, by the sentiment of the whole post, whatever it says of a brand.`,
  })),
  {
    id: "unscored",
    version: 1,
    name: "Not scored",
    unit: "share of all posts",
    kind: "share",
    part: ["unscored"],
    over: ["posts"],
    owner,
    definition: "Posts whose language the sentiment stage does not cover, over all posts. Not scored is not neutral.",
  },
  {
    id: "share-of-voice",
    version: 1,
    name: "Share of voice",
    unit: "share of all posts shown",
    kind: "share",
    part: ["posts"],
    over: ["posts"],
    ofAll: true,
    owner,
    definition: "Posts of one over the posts of all that it is compared with, in the same time. A post that belongs to two counts for both.",
  },
];

/** @returns undefined for a name that no metric bears */
export const metricNamed = (id: string): Metric | undefined => metrics.find((metric) => metric.id === id);

export const needs = (metric: Metric, name: FigureName): boolean => metric.part.includes(name) || (metric.over?.includes(name) ?? false);

function sumOf(names: readonly FigureName[], figures: Figures): number | undefined {
  let sum = 0;
  for (const name of names) {
    const figure = figures[name];
    if (figure === undefined) return undefined;
    sum += figure;
  }
  return sum;
}

/**
 * @param all what all rows beside this one add up to, for a share of them
 * @returns undefined where there is nothing to speak of: no post, none that is scored, authors that nobody counted
 */
export function valueOf(metric: Metric, figures: Figures, all: Figures = figures): number | undefined {
  const part = sumOf(metric.part, figures);
  if (part === undefined) return undefined;
  const less = metric.less === undefined ? 0 : (sumOf(metric.less, figures) ?? 0);
  if (metric.over === undefined) return part - less;
  const whole = sumOf(metric.over, metric.ofAll === true ? all : figures);
  return whole === undefined || whole === 0 ? undefined : (part - less) / whole;
}

/** Wilson's score interval of a share, 95% (E. B. Wilson 1927). */
export function wilson(part: number, whole: number): readonly [low: number, high: number] | undefined {
  if (whole === 0) return undefined;
  const z = 1.959964;
  const share = part / whole;
  const middle = share + z ** 2 / (2 * whole);
  const half = z * Math.sqrt((share * (1 - share)) / whole + z ** 2 / (4 * whole ** 2));
  const scale = 1 + z ** 2 / whole;
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)];
}

/** Of a share of posts, 95%; undefined for what is no share. */
export function intervalOf(metric: Metric, figures: Figures, all: Figures = figures): readonly [low: number, high: number] | undefined {
  if (metric.kind !== "share" || metric.over === undefined) return undefined;
  const [part, whole] = [sumOf(metric.part, figures), sumOf(metric.over, metric.ofAll === true ? all : figures)];
  return part === undefined || whole === undefined ? undefined : wilson(part, whole);
}
