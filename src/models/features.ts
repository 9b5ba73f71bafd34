import { type WordsOfText, wordsOf } from "./words.ts";
import type { WordVectors } from "./word-vectors.ts";

/** Buckets that n-grams are hashed into. */
export const bucketCount = 1 << 18;
const mask = bucketCount - 1;
const mostWords = 400;
/** Numbers beside the pooled vectors: shouting, elongation, length, accounts, addresses, hashtags, exclamation and question marks. */
export const sidesCount = 8;
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
  /** A text has at most so many buckets. */
  readonly mostBuckets: number;
  /** @param hint what else is known of the text (its language): one feature more */
  extract(text: string, hint?: string): Features;
}

const turned = new Set("not no never n't cannot cant dont doesnt didnt isnt wasnt wont wouldnt shouldnt couldnt aint without hardly neither nor nothing nobody".split(" "));
/** Words that a turn reaches. */
export const reach = 4;

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
  /** Round in which a bucket was last added: bytes, since they are looked up all over the table. */
  const seen = new Uint8Array(bucketCount);
  let round = 0;
  let lastText: string | undefined;
  let lastHint: string | undefined;

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
    let before = startOf(seeds.pair);
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? "";
      const first = word.charCodeAt(0);
      add(finish(hashOn(startOf(seeds.word), word, 0)));
      if (first === 0x23 && word.length > 1) add(finish(hashOn(startOf(seeds.word), word, 1)));
      if (i > 0) add(finish(hashOn(before, word, 0)));
      before = hashUnit(hashOn(startOf(seeds.pair), word, 0), 0x20);
      if (isTurn(word)) left = reach;
      else if (left > 0) {
        add(finish(hashOn(startOf(seeds.turned), word, 0)));
        left--;
      }
      if (isStop(first)) left = 0;
    }
  }

  /** Runs of three to five, a blank before and behind each word. */
  function addLetters(words: readonly string[]): void {
    for (const word of words) {
      if (word === "@user" || word === "http") continue;
      const { length } = word;
      const start = startOf(seeds.letters);
      // Five units from `at` on; -1: behind the end.
      let a = 0x20;
      let b = unitAt(word, 0);
      let c = unitAt(word, 1);
      let d = unitAt(word, 2);
      for (let at = 0; at < length; at++) {
        const e = unitAt(word, at + 3);
        let hash = hashUnit(hashUnit(hashUnit(start, a), b), c);
        add(finish(hash));
        if (d >= 0) {
          hash = hashUnit(hash, d);
          add(finish(hash));
          if (e >= 0) add(finish(hashUnit(hash, e)));
        }
        a = b;
        b = c;
        c = d;
        d = e;
      }
    }
  }

  const largest = new Int8Array(dimensions);
  const smallest = new Int8Array(dimensions);
  function pool(words: readonly string[]): void {
    let count = 0;
    dense.fill(0);
    for (const word of words) {
      const row = rowOf(vectors, word);
      if (row === undefined) continue;
      const at = row * dimensions;
      if (count === 0) {
        largest.set(numbers.subarray(at, at + dimensions));
        smallest.set(largest);
      }
      for (let d = 0; d < dimensions; d++) {
        const value = numbers[at + d] ?? 0;
        dense[d] = (dense[d] ?? 0) + value * scale;
        if (value > (largest[d] ?? 0)) largest[d] = value;
        if (value < (smallest[d] ?? 0)) smallest[d] = value;
      }
      count++;
    }
    if (count === 0) return;
    for (let d = 0; d < dimensions; d++) {
      dense[d] = (dense[d] ?? 0) / count;
      dense[dimensions + d] = (largest[d] ?? 0) * scale;
      dense[2 * dimensions + d] = (smallest[d] ?? 0) * scale;
    }
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
    let at = pools * dimensions;
    dense[at++] = Math.min(1, shouted / 5);
    dense[at++] = Math.min(1, elongated / 3);
    dense[at++] = Math.min(1, spelled / 40);
    dense[at++] = accounts / 5;
    dense[at++] = addresses / 2;
    dense[at++] = tags / 5;
    dense[at++] = cries / 3;
    dense[at] = asks / 3;
  }

  return {
    denseSize,
    mostBuckets: most,
    extract(text, hint) {
      // Several models ask for the same text one after the other.
      if (text === lastText && hint === lastHint) return features;
      [lastText, lastHint] = [text, hint];
      const all = wordsOf(text);
      const words = all.words.length > mostWords ? all.words.slice(0, mostWords) : all.words;
      round = round === 255 ? 1 : round + 1;
      if (round === 1) seen.fill(0);
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

export function rowOf(vectors: WordVectors, word: string): number | undefined {
  if (word === "@user" || word === "http") return undefined;
  const bare = word.startsWith("#") ? word.slice(1) : word;
  const row = vectors.rowOf(bare);
  if (row !== undefined) return row;
  if (bare.endsWith("n't")) return vectors.rowOf("n't");
  if (bare.endsWith("'s")) return vectors.rowOf(bare.slice(0, -2));
  const cut = /(.)\1\1/u.test(bare) ? bare.replace(/(.)\1\1/gu, "$1$1") : undefined;
  return cut === undefined ? undefined : (vectors.rowOf(cut) ?? vectors.rowOf(cut.replace(/(.)\1/gu, "$1")));
}

/** A word that turns the meaning of those behind it. */
export function isTurn(word: string): boolean {
  return turned.has(word) || word.endsWith("n't");
}

/** Where the hash of a text begins. */
export function startOf(seed: number): number {
  return (0x811c9dc5 ^ seed) | 0;
}

/** The hash goes on with one UTF-16 unit. */
export function hashUnit(hash: number, unit: number): number {
  return Math.imul(hash ^ unit, 0x01000193);
}

/** The hash of what comes before, `start`, goes on with text from a place on; `finish` ends it. */
export function hashOn(start: number, text: string, from: number): number {
  let hash = start;
  for (let i = from; i < text.length; i++) hash = hashUnit(hash, text.charCodeAt(i));
  return hash;
}

/** FNV-1a over UTF-16 units. */
export function hashOf(text: string, seed: number): number {
  return finish(hashOn(startOf(seed), text, 0));
}

/** A unit of a word, a blank right behind it, -1 beyond. */
export function unitAt(word: string, at: number): number {
  return at < word.length ? word.charCodeAt(at) : at === word.length ? 0x20 : -1;
}

/** One of . , ! ? ; : */
export function isStop(code: number): boolean {
  return code === 0x2e || code === 0x2c || code === 0x21 || code === 0x3f || code === 0x3b || code === 0x3a;
}

export function finish(value: number): number {
  let hash = value ^ (value >>> 15);
  hash = Math.imul(hash, 0x2c1b3c6d);
  return (hash ^ (hash >>> 12)) >>> 0;
}
