import { type WordsOfText, wordsOf } from "./words.ts";
import type { WordVectors } from "./word-vectors.ts";

/** Buckets that n-grams are hashed into. */
export const bucketCount = 1 << 18;
const mask = bucketCount - 1;
const mostWords = 400;
/** Numbers beside the pooled vectors: shouting, elongation, length, accounts, addresses, hashtags, exclamation and question marks. */
const sidesCount = 8;
/** Mean, maximum and minimum of the words' vectors. */
const pools = 3;

/** What a text is to the models. Buffers are reused: valid until the next call. */
export interface Features {
  /** How many of `buckets` and `values` hold. Each bucket once. */
  count: number;
  readonly buckets: Uint32Array;
  /** One over the root of how many n-grams of its kind the text has. */
  readonly values: Float32Array;
  readonly dense: Float32Array;
  words: WordsOfText;
}

export interface Extractor {
  readonly denseSize: number;
  /** @param hint what else is known of the text (its language): one feature more */
  extract(text: string, hint?: string): Features;
}

const turns = new Set("not no never n't cannot cant dont doesnt didnt isnt wasnt wont wouldnt shouldnt couldnt aint without hardly neither nor nothing nobody".split(" "));
/** Words that a turn reaches. */
const reach = 4;

const seeds = { word: 1, pair: 2, turned: 3, letters: 4, hint: 5 } as const;

/** n-grams of words and of the letters in words, and pooled word vectors: one pass that all tasks share. */
export function makeExtractor(vectors: WordVectors): Extractor {
  const { dimensions, values: numbers, scale } = vectors;
  const denseSize = pools * dimensions + sidesCount;
  const most = mostWords * 40;
  const features: Features = {
    count: 0,
    buckets: new Uint32Array(most),
    values: new Float32Array(most),
    dense: new Float32Array(denseSize),
    words: { words: [], starts: [], ends: [], shouted: 0, elongated: 0, spelled: 0 },
  };
  const { buckets, values, dense } = features;
  const seen = new Uint32Array(bucketCount);
  let round = 0;

  const add = (hash: number): void => {
    const bucket = hash & mask;
    if (seen[bucket] === round || features.count === most) return;
    seen[bucket] = round;
    buckets[features.count++] = bucket;
  };
  /** n-grams of one kind weigh the same together, however many. */
  const weigh = (from: number): void => {
    const value = features.count === from ? 0 : 1 / Math.sqrt(features.count - from);
    for (let i = from; i < features.count; i++) values[i] = value;
  };

  function addWords(words: readonly string[]): void {
    let left = 0;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? "";
      add(hashOf(word, seeds.word));
      if (word.length > 1 && word.startsWith("#")) add(hashOf(word.slice(1), seeds.word));
      if (i > 0) add(hashOf(`${words[i - 1] ?? ""} ${word}`, seeds.pair));
      if (turns.has(word) || word.endsWith("n't")) left = reach;
      else if (left > 0) {
        add(hashOf(word, seeds.turned));
        left--;
      }
      if (/^[.,!?;:]/.test(word)) left = 0;
    }
  }

  function addLetters(words: readonly string[]): void {
    for (const word of words) {
      if (word === "@user" || word === "http") continue;
      const padded = ` ${word} `;
      for (let start = 0; start + 3 <= padded.length; start++) {
        let hash = startOf(seeds.letters);
        for (let at = start; at < padded.length && at < start + 5; at++) {
          hash = Math.imul(hash ^ padded.charCodeAt(at), 0x01000193);
          if (at >= start + 2) add(finish(hash));
        }
      }
    }
  }

  function pool(words: readonly string[]): void {
    let met = 0;
    dense.fill(0);
    for (const word of words) {
      const row = rowOf(vectors, word);
      if (row === undefined) continue;
      const at = row * dimensions;
      for (let d = 0; d < dimensions; d++) {
        const value = (numbers[at + d] ?? 0) * scale;
        dense[d] = (dense[d] ?? 0) + value;
        if (met === 0 || value > (dense[dimensions + d] ?? 0)) dense[dimensions + d] = value;
        if (met === 0 || value < (dense[2 * dimensions + d] ?? 0)) dense[2 * dimensions + d] = value;
      }
      met++;
    }
    if (met > 0) for (let d = 0; d < dimensions; d++) dense[d] = (dense[d] ?? 0) / met;
  }

  function addSides({ words, shouted, elongated, spelled }: WordsOfText): void {
    let [accounts, addresses, tags, cries, asks] = [0, 0, 0, 0, 0];
    for (const word of words) {
      if (word === "@user") accounts++;
      else if (word === "http") addresses++;
      else if (word.startsWith("#")) tags++;
      else if (word.startsWith("!")) cries++;
      else if (word.startsWith("?")) asks++;
    }
    dense.set([Math.min(1, shouted / 5), Math.min(1, elongated / 3), Math.min(1, spelled / 40), accounts / 5, addresses / 2, tags / 5, cries / 3, asks / 3], pools * dimensions);
  }

  return {
    denseSize,
    extract(text, hint) {
      const all = wordsOf(text);
      const words = all.words.length > mostWords ? all.words.slice(0, mostWords) : all.words;
      round++;
      features.count = 0;
      features.words = all;
      addWords(words);
      weigh(0);
      const middle = features.count;
      addLetters(words);
      weigh(middle);
      if (hint !== undefined) {
        add(hashOf(hint, seeds.hint));
        values[features.count - 1] = 1;
      }
      pool(words);
      addSides(all);
      return features;
    },
  };
}

function rowOf(vectors: WordVectors, word: string): number | undefined {
  if (word === "@user" || word === "http") return undefined;
  const bare = word.startsWith("#") ? word.slice(1) : word;
  const row = vectors.rowOf(bare);
  if (row !== undefined) return row;
  if (bare.endsWith("n't")) return vectors.rowOf("n't");
  if (bare.endsWith("'s")) return vectors.rowOf(bare.slice(0, -2));
  const cut = /(.)\1\1/u.test(bare) ? bare.replace(/(.)\1\1/gu, "$1$1") : undefined;
  return cut === undefined ? undefined : (vectors.rowOf(cut) ?? vectors.rowOf(cut.replace(/(.)\1/gu, "$1")));
}

function startOf(seed: number): number {
  return (0x811c9dc5 ^ seed) | 0;
}

/** FNV-1a over UTF-16 units. */
export function hashOf(text: string, seed: number): number {
  let hash = startOf(seed);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish(hash);
}

function finish(value: number): number {
  let hash = value ^ (value >>> 15);
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
