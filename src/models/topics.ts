import type { WordSpace } from "../core/linking.ts";
import { clusterTexts } from "./topic-clusters.ts";
import { topicVectors } from "./topic-vectors.ts";

export interface TopicText {
  readonly id: string;
  readonly author: string;
  /** Folded, as `tokenise` gives them. */
  readonly words: readonly string[];
  /** BCP 47 primary tag. */
  readonly language: string;
}

/** What tells a topic apart, and what it is found again by. */
export interface TopicWord {
  readonly word: string;
  readonly weight: number;
}

export interface FoundTopic {
  readonly language: string;
  /** The most telling first; none stems from fewer authors than the smallest group. */
  readonly words: readonly TopicWord[];
  /** Indexes of its texts, in their order. */
  readonly texts: readonly number[];
  readonly authors: number;
  /** Indexes of texts in its middle, of different authors. */
  readonly middle: readonly number[];
}

export interface TopicsOptions {
  /** Vectors of English words. */
  readonly space: WordSpace | undefined;
  /** A topic of fewer authors, and a word that fewer wrote, is not told. */
  readonly leastAuthors: number;
}

const spaceLanguage = "en";
/** A language of fewer texts has no topics. */
const leastTextsOfLanguage = 30;
const leastTextsOfTopic = 8;
export const topicWords = 25;
const middleTexts = 5;
/** A text is of its topic where one of its words is so many times as common there as elsewhere. */
const leastLift = 2;
/** Words more common than this make small talk; a topic of which half of the first words are such is none. */
const smallTalkRank = 600;
const namedBy = 6;

/**
 * Topics of texts, the largest first, by language: clusters over vectors, named by class-based TF-IDF (Grootendorst, BERTopic,
 * 2022). A text that shares no telling word with its cluster is of no topic. The same texts in the same order give the same.
 */
export async function findTopics(texts: readonly TopicText[], options: TopicsOptions): Promise<readonly FoundTopic[]> {
  const byLanguage = Map.groupBy(texts.keys(), (i) => texts[i]?.language ?? "und");
  const found: FoundTopic[] = [];
  for (const [language, rows] of byLanguage) {
    if (rows.length < leastTextsOfLanguage) continue;
    found.push(
      ...(await topicsOf(
        rows.map((i) => ({ index: i, text: texts[i] })).flatMap(({ index, text }) => (text === undefined ? [] : [{ index, ...text }])),
        language,
        options,
      )),
    );
  }
  return found.toSorted((a, b) => b.texts.length - a.texts.length || (a.texts[0] ?? 0) - (b.texts[0] ?? 0));
}

type Indexed = TopicText & { readonly index: number };

async function topicsOf(texts: readonly Indexed[], language: string, { space, leastAuthors }: TopicsOptions): Promise<readonly FoundTopic[]> {
  const vectors = topicVectors(
    texts.map(({ words }) => words),
    language === spaceLanguage ? space : undefined,
  );
  const { of, centres } = await clusterTexts(vectors, leastTextsOfTopic);
  const { words, vocabulary, values, dimensions } = vectors;
  const members = new Map<number, number[]>();
  for (const [row, cluster] of of.entries()) {
    if (cluster < 0) continue;
    const list = members.get(cluster);
    if (list === undefined) members.set(cluster, [row]);
    else list.push(row);
  }
  const everywhere = new Float64Array(vocabulary.length);
  for (const list of words) for (const word of list) everywhere[word] = (everywhere[word] ?? 0) + 1;
  const all = texts.length;

  return [...members].flatMap(([cluster, rows]): FoundTopic[] => {
    const counts = new Map<number, number>();
    for (const row of rows) for (const word of words[row] ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
    const elsewhere = Math.max(1, all - rows.length);
    const telling = new Set([...counts].filter(([word, count]) => count / rows.length > (leastLift * ((everywhere[word] ?? 0) - count)) / elsewhere).map(([word]) => word));
    const inside = rows.filter((row) => words[row]?.some((word) => telling.has(word)) === true);
    const authors = new Set(inside.map((row) => texts[row]?.author));
    if (inside.length < leastTextsOfTopic || authors.size < leastAuthors) return [];
    const writers = new Map<number, Set<string>>();
    for (const row of inside)
      for (const word of words[row] ?? []) {
        if (!telling.has(word)) continue;
        const set = writers.get(word) ?? new Set();
        writers.set(word, set.add(texts[row]?.author ?? ""));
      }
    const mean = all / Math.max(1, members.size);
    const ranked = [...writers]
      .filter(([, by]) => by.size >= leastAuthors)
      .map(([word]) => ({ word: vocabulary[word] ?? "", weight: ((counts.get(word) ?? 0) / rows.length) * Math.log(1 + mean / (everywhere[word] ?? 1)) }))
      .toSorted((a, b) => b.weight - a.weight || (a.word < b.word ? -1 : 1))
      .slice(0, topicWords);
    const first = ranked.slice(0, namedBy);
    if (first.filter(({ word }) => isSmallTalk(word, language === spaceLanguage ? space : undefined)).length * 2 >= first.length) return [];
    const nearness = (row: number): number => {
      let sum = 0;
      for (let d = 0; d < dimensions; d++) sum += (values[row * dimensions + d] ?? 0) * (centres[cluster * dimensions + d] ?? 0);
      // Of two that are as near, the one that says more of the topic.
      return sum + 0.05 * Math.min(6, (words[row] ?? []).filter((word) => telling.has(word)).length);
    };
    const chosen: number[] = [];
    const taken = new Set<string>();
    for (const { row } of inside.map((each) => ({ row: each, near: nearness(each) })).toSorted((a, b) => b.near - a.near || a.row - b.row)) {
      const text = texts[row];
      const start = text?.words.slice(0, 6).join(" ") ?? "";
      if (text === undefined || taken.has(text.author) || taken.has(start)) continue;
      taken.add(text.author).add(start);
      chosen.push(text.index);
      if (chosen.length >= middleTexts) break;
    }
    return [{ language, words: ranked, texts: inside.flatMap((row) => texts[row]?.index ?? []), authors: authors.size, middle: chosen }];
  });
}

/** Of a language without a space, none is known to be. */
function isSmallTalk(word: string, space: WordSpace | undefined): boolean {
  return word.length < 3 || (space !== undefined && (space.rankOf(word) ?? smallTalkRank) < smallTalkRank);
}
