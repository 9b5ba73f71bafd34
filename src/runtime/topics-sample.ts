import type { Post } from "../core/event.ts";
import type { ReadFilter } from "../core/filter.ts";
import type { WordSpace } from "../core/linking.ts";
import type { Query } from "../core/query.ts";
import { tokenise } from "../core/tokens.ts";
import { findTopics, type FoundTopic } from "../models/topics.ts";
import type { SearchReader } from "../stores/search-reader.ts";
import { leastTopicAuthors, type Mix, type SampledTopic, type SampledTopics } from "./topics.ts";

export interface TopicsSampleRequest {
  readonly query: Query;
  readonly filter: ReadFilter;
  readonly fromMs: number;
  readonly toMs: number;
  /** Posts that are read at most. */
  readonly most: number;
}

const parts = 24;
const pagePosts = 1_000;
const noReshares: Query = { kind: "not", part: { kind: "field", field: "is", value: "reshare" } };

interface Weighted {
  readonly post: Post;
  readonly part: number;
  /** Posts that it stands for. */
  readonly weight: number;
}

/** Reads the newest of each part of the span, as many as it has of all, and finds their topics. */
export async function sampleTopics(reader: Pick<SearchReader, "search" | "count">, space: () => WordSpace, request: TopicsSampleRequest): Promise<SampledTopics> {
  const { query, filter, fromMs, toMs, most } = request;
  const partMs = Math.max(1, (toMs - fromMs) / parts);
  const within = (part: number): Query => ({
    kind: "and",
    parts: [query, noReshares, { kind: "range", field: "created", fromMs: Math.round(fromMs + part * partMs), toMs: Math.round(fromMs + (part + 1) * partMs) }],
  });
  const counts: number[] = [];
  for (let part = 0; part < parts; part++) counts.push((await reader.count(within(part), filter)).posts);
  const posts = counts.reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, most / Math.max(1, posts));
  const read: Weighted[] = [];
  for (const [part, count] of counts.entries()) {
    let left = Math.ceil(count * share);
    const taken: Post[] = [];
    let cursor: string | undefined;
    while (left > 0) {
      const page = await reader.search(within(part), filter, { limit: Math.min(pagePosts, left), ...(cursor !== undefined && { cursor }) });
      taken.push(...page.items);
      left -= page.items.length;
      cursor = page.next;
      if (cursor === undefined || page.items.length === 0) break;
    }
    for (const post of taken) read.push({ post, part, weight: count / taken.length });
  }
  // Oldest first, and by id where the time is one: the same posts give the same topics, however they came.
  read.sort((a, b) => a.post.createdAt - b.post.createdAt || (a.post.id < b.post.id ? -1 : 1));
  const found = await findTopics(
    read.map(({ post: { id, author, text, language } }) => ({ id, author, language, words: tokenise(text) })),
    { space: read.some(({ post }) => post.language === "en") ? space() : undefined, leastAuthors: leastTopicAuthors },
  );
  const topics = found.map((topic) => sampled(topic, read));
  const told = topics.reduce((sum, topic) => sum + topic.posts, 0);
  return { posts, read: read.length, none: posts === 0 ? 0 : Math.max(0, 1 - told / posts), partMs, topics };
}

function sampled({ language, words, texts, authors, middle }: FoundTopic, read: readonly Weighted[]): SampledTopic {
  const series = Array.from({ length: parts }, () => 0);
  const mix = { negative: 0, neutral: 0, positive: 0, unscored: 0 };
  for (const index of texts) {
    const one = read[index];
    if (one === undefined) continue;
    series[one.part] = (series[one.part] ?? 0) + one.weight;
    mix[one.post.sentiment?.label ?? "unscored"] += one.weight;
  }
  const rounded = Object.fromEntries(Object.entries(mix).map(([name, value]) => [name, Math.round(value)]));
  const sentiment: Mix = { negative: 0, neutral: 0, positive: 0, unscored: 0, ...rounded };
  return {
    language,
    words,
    posts: Math.round(series.reduce((sum, value) => sum + value, 0)),
    authors,
    series: series.map((value) => Math.round(value)),
    sentiment,
    middle: middle.flatMap((index) => {
      const post = read[index]?.post;
      return post === undefined ? [] : [{ post: post.id, author: post.author }];
    }),
  };
}
