import type { WordSpace } from "../core/linking.ts";

/** Numbers of a vector where the language has no word space: sums of hashed words. */
const hashedDimensions = 128;
/** Words that stand in more texts than this share say nothing of a topic; of a language without a background, fewer do. */
const mostCommonShare = 0.25;
const mostCommonUnknown = 0.1;
const longestWord = 40;
const mostWords = 60;
/** A word of fewer texts joins none. */
const leastTexts = 3;
/** Share of a word that the background does not know. */
const unknownShare = 1e-6;
/** Log of how much more common than in the background a word must be. */
const leastSalience = 0.5;

export interface TopicVectors {
  readonly dimensions: number;
  /** Unit rows one after the other; a row of zeros: nothing of the text can be compared. */
  readonly values: Float32Array;
  /** Of each text the numbers of its telling words. */
  readonly words: readonly (readonly number[])[];
  /** By number. */
  readonly vocabulary: readonly string[];
}

function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Accounts, numbers and addresses make no topic. */
const isTopicWord = (word: string): boolean => word.length > 1 && word.length <= longestWord && !word.startsWith("m_") && !/^\d+$|^(?:https?|www|com|amp|rt)$/.test(word);

/**
 * One unit vector a text, of the words that are more common here than in the language at large. In the language of the space:
 * their vectors' weighted mean, less the direction of the mean of all;
 * the background is Zipf's law over the space's ranks. In others: signed feature hashing (Weinberger et al., 2009).
 * @param texts folded words, as `tokenise` gives them
 */
export function topicVectors(texts: readonly (readonly string[])[], space: WordSpace | undefined): TopicVectors {
  const kept = texts.map((words) => [...new Set(words.slice(0, mostWords).filter(isTopicWord))]);
  const documents = new Map<string, number>();
  for (const words of kept) for (const word of words) documents.set(word, (documents.get(word) ?? 0) + 1);
  const tokens = kept.reduce((sum, words) => sum + words.length, 0);
  const most = Math.max(leastTexts, texts.length * (space === undefined ? mostCommonUnknown : mostCommonShare));
  const numbers = new Map<string, number>();
  const weights: number[] = [];
  for (const [word, count] of documents) {
    if (count < leastTexts || count > most) continue;
    const rank = space?.rankOf(word);
    const expected = tokens * (rank === undefined ? unknownShare : 1 / ((rank + 2.7) * 11.3));
    const salience = space === undefined ? 1 : Math.log((count + 1) / (expected + 1)) - leastSalience;
    if (salience <= 0) continue;
    numbers.set(word, weights.push(salience * Math.min(1, Math.log(texts.length / count) / 2)) - 1);
  }
  const vocabulary = [...numbers.keys()];
  const words = kept.map((list) => list.flatMap((word) => numbers.get(word) ?? []));
  const dimensions = space?.dimensions ?? hashedDimensions;
  const values = new Float32Array(texts.length * dimensions);
  for (const [row, list] of words.entries()) {
    const vector = values.subarray(row * dimensions, (row + 1) * dimensions);
    for (const number of list) {
      const [word, weight] = [vocabulary[number] ?? "", weights[number] ?? 0];
      if (space !== undefined) space.add(word, weight, vector);
      else addHashed(word, weight, vector);
    }
    normalise(vector);
  }
  if (space !== undefined) removeShared(values, dimensions);
  return { dimensions, values, words, vocabulary };
}

function addHashed(word: string, weight: number, into: Float32Array): void {
  const hash = hashOf(word);
  for (let k = 0; k < 3; k++) {
    const at = (hash >>> (k * 8)) & (hashedDimensions - 1);
    into[at] = (into[at] ?? 0) + ((hash >>> (24 + k)) & 1 ? weight : -weight);
  }
}

export function normalise(vector: Float32Array): void {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return;
  const length = Math.sqrt(sum);
  for (let d = 0; d < vector.length; d++) vector[d] = (vector[d] ?? 0) / length;
}

/** Takes the direction of the mean out of every row: what all texts share. */
function removeShared(values: Float32Array, dimensions: number): void {
  const count = values.length / dimensions;
  const shared = new Float32Array(dimensions);
  for (let row = 0; row < count; row++) for (let d = 0; d < dimensions; d++) shared[d] = (shared[d] ?? 0) + (values[row * dimensions + d] ?? 0);
  normalise(shared);
  for (let row = 0; row < count; row++) {
    const vector = values.subarray(row * dimensions, (row + 1) * dimensions);
    let part = 0;
    for (let d = 0; d < dimensions; d++) part += (vector[d] ?? 0) * (shared[d] ?? 0);
    for (let d = 0; d < dimensions; d++) vector[d] = (vector[d] ?? 0) - part * (shared[d] ?? 0);
    normalise(vector);
  }
}
