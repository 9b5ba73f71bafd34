import type { ReadFilter } from "../core/filter.ts";
import type { PostId } from "../core/ids.ts";
import type { TopicWord } from "../models/topics.ts";

/** A topic and a word of fewer authors is not told. */
export const leastTopicAuthors = 5;

export interface Mix {
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly unscored: number;
}

export interface SampledTopic {
  readonly language: string;
  readonly words: readonly TopicWord[];
  /** Scaled up from the sample. */
  readonly posts: number;
  readonly authors: number;
  /** Posts by part of the span, scaled up. */
  readonly series: readonly number[];
  readonly sentiment: Mix;
  /** Posts in its middle, of different authors. */
  readonly middle: readonly { readonly post: PostId; readonly author: string }[];
}

/** Topics of what matches within a span. */
export interface SampledTopics {
  /** Posts that match, reshares left out. */
  readonly posts: number;
  /** Of these, how many were read: the newest of each part of the span. */
  readonly read: number;
  /** Share of the posts that is of no topic. */
  readonly none: number;
  /** Length of a part of the span. */
  readonly partMs: number;
  readonly topics: readonly SampledTopic[];
}

/** What became of a topic against the period of the same length before. */
export type TopicChange = { readonly is: "new" | "goes-on" | "split"; readonly before: number };

export interface TopicsAnswer extends SampledTopics {
  /** Beside each topic; absent: not asked. */
  readonly changes?: readonly TopicChange[];
  /** Topics of the period before that are no more. */
  readonly ended?: readonly SampledTopic[];
  readonly postsBefore?: number;
}

export interface TopicsRequest {
  readonly q: string;
  readonly filter: ReadFilter;
  readonly fromMs: number;
  readonly toMs: number;
  /** Posts that are read at most. */
  readonly most: number;
  /** Beside the period of the same length before. */
  readonly compare: boolean;
}

export interface TopicHour extends Mix {
  readonly at: number;
  readonly posts: number;
  readonly authors: number;
}

/** A topic as it goes on over the hours. */
export interface TopicLine {
  readonly id: string;
  readonly language: string;
  readonly words: readonly string[];
  readonly bornAt: number;
  readonly lastAt: number;
  /** Lines that it split from. */
  readonly parents: readonly string[];
  /** The line that it went into. */
  readonly into?: string;
  readonly hours: readonly TopicHour[];
  /** Posts that stand for it, the newest. */
  readonly middle: readonly PostId[];
}

export interface TopicLines {
  readonly lines: readonly TopicLine[];
  /** Hours that were looked at. */
  readonly hours: readonly { readonly at: number; readonly posts: number; readonly read: number; readonly none: number }[];
}

export interface TopicBook {
  sample(request: TopicsRequest): Promise<TopicsAnswer>;
  /** Lines that lived within a span, the largest first. They speak of all that is stored. */
  lines(request: { readonly fromMs: number; readonly toMs: number; readonly limit: number }): Promise<TopicLines>;
}
