import { bucketCount, finish, hashOf, hashUnit, isStop, isTurn, reach, rowOf, sidesCount, startOf, unitAt } from "./features.ts";
import type { WordVectors } from "./word-vectors.ts";
import { wordsOf } from "./words.ts";

const mask = bucketCount - 1;
const mostWords = 400;
/** Words that are known at once. */
const usualCapacity = 1 << 14;
const seeds = { word: 21, left: 22, right: 23, turned: 24, letters: 25, hint: 26 } as const;

// What a word is beside its meaning: an account, an address, a hashtag, a cry, a question; it turns what follows, or ends a clause.
const counted = 7;
const turns = 8;
const stops = 16;
/** Each is many when it stands so often: nothing, accounts, addresses, hashtags, cries, questions. */
const often = [0, 5, 2, 5, 3, 3];

function signOf(word: string): number {
  const kind = word === "@user" ? 1 : word === "http" ? 2 : word.startsWith("#") ? 3 : word.startsWith("!") ? 4 : word.startsWith("?") ? 5 : 0;
  return kind | (isTurn(word) ? turns : 0) | (isStop(word.charCodeAt(0)) ? stops : 0);
}

/** A text, read. Buffers are reused: valid until the next call. */
export interface ReadText {
  /** How many different words, and their numbers in the order in which they first stand. */
  count: number;
  readonly words: Int32Array;
  /** Numbers of the words that a negation reaches. */
  turnedCount: number;
  readonly turned: Int32Array;
  pairCount: number;
  readonly pairs: Uint32Array;
  readonly sides: Float32Array;
  /** A bucket of what else is known of the text; -1: nothing. */
  hint: number;
}

/** What a word is to the models: buckets of itself, of its negation and of its letters. */
export interface WordOfReader {
  readonly itself: readonly number[];
  readonly turned: number;
  readonly letters: Uint32Array;
  /** Row of its vector; -1: it has none. */
  readonly row: number;
}

/**
 * Reads texts once for all models. All that a word says alone depends on nothing else in the text, so that a model need add it up but once
 * for each word that it ever meets: common words are most of all words.
 */
export interface Reader {
  readonly vectors: WordVectors;
  /** A text has at most so many pairs, words, turned words. */
  readonly mostWords: number;
  /** Numbers of words are below. */
  readonly capacity: number;
  /** Counts how often all words were forgotten: numbers of words mean others then. */
  generation: number;
  /** @param hint what else is known of the text (its language) */
  read(text: string, hint?: string): ReadText;
  word(number: number): WordOfReader;
}

/** @param capacity of words that are known at once, at least as many as a text may have; when one more comes, all are forgotten */
export function makeReader(vectors: WordVectors, capacity: number = usualCapacity): Reader {
  const numbers = new Map<string, number>();
  const known: WordOfReader[] = [];
  const lefts = new Int32Array(capacity);
  const rights = new Int32Array(capacity);
  const signs = new Uint8Array(capacity);
  /** Round in which a word was last met. */
  const met = new Uint32Array(capacity);
  const metTurned = new Uint32Array(capacity);
  /** By what is counted of a word's signs; 0: nothing. */
  const counts = new Uint16Array(often.length);
  let round = 0;
  let last: string | undefined;
  let lastHint: string | undefined;
  const text: ReadText = {
    count: 0,
    words: new Int32Array(mostWords),
    turnedCount: 0,
    turned: new Int32Array(mostWords),
    pairCount: 0,
    pairs: new Uint32Array(mostWords),
    sides: new Float32Array(sidesCount),
    hint: -1,
  };

  function learn(word: string): number {
    const number = known.length;
    known.push({
      itself: [hashOf(word, seeds.word) & mask, ...(word.length > 1 && word.startsWith("#") ? [hashOf(word.slice(1), seeds.word) & mask] : [])],
      turned: hashOf(word, seeds.turned) & mask,
      letters: lettersOf(word),
      row: rowOf(vectors, word) ?? -1,
    });
    lefts[number] = hashOf(word, seeds.left);
    rights[number] = hashOf(word, seeds.right);
    signs[number] = signOf(word);
    numbers.set(word, number);
    return number;
  }

  const reader: Reader = {
    vectors,
    mostWords,
    capacity,
    generation: 0,
    word: (number) => known[number] ?? { itself: [], turned: 0, letters: new Uint32Array(0), row: -1 },
    read(next, hint) {
      // Several models ask for the same text one after the other.
      if (next === last && hint === lastHint) return text;
      [last, lastHint] = [next, hint];
      const all = wordsOf(next);
      const length = Math.min(all.words.length, mostWords);
      if (known.length + length > capacity) {
        numbers.clear();
        known.length = 0;
        met.fill(0);
        metTurned.fill(0);
        round = 0;
        reader.generation++;
      }
      round++;
      text.count = text.turnedCount = text.pairCount = 0;
      let before = -1;
      let left = 0;
      counts.fill(0);
      for (let i = 0; i < length; i++) {
        const word = all.words[i] ?? "";
        const number = numbers.get(word) ?? learn(word);
        if (met[number] !== round) {
          met[number] = round;
          text.words[text.count++] = number;
        }
        if (before >= 0) text.pairs[text.pairCount++] = finish(Math.imul(lefts[before] ?? 0, 31) ^ (rights[number] ?? 0)) & mask;
        before = number;
        const sign = signs[number] ?? 0;
        counts[sign & counted] = (counts[sign & counted] ?? 0) + 1;
        if ((sign & turns) !== 0) left = reach;
        else if (left > 0) {
          left--;
          if (metTurned[number] !== round) {
            metTurned[number] = round;
            text.turned[text.turnedCount++] = number;
          }
        }
        if ((sign & stops) !== 0) left = 0;
      }
      const { sides } = text;
      sides[0] = Math.min(1, all.shouted / 5);
      sides[1] = Math.min(1, all.elongated / 3);
      sides[2] = Math.min(1, all.spelled / 40);
      for (let k = 1; k < counts.length; k++) sides[k + 2] = Math.min(1, (counts[k] ?? 0) / (often[k] ?? 1));
      text.hint = hint === undefined ? -1 : hashOf(hint, seeds.hint) & mask;
      return text;
    },
  };
  return reader;
}

/** Runs of two to five, a blank before and behind. */
function lettersOf(word: string): Uint32Array {
  if (word === "@user" || word === "http") return new Uint32Array(0);
  const buckets: number[] = [];
  for (let at = -1; at < word.length; at++) {
    let hash = startOf(seeds.letters);
    for (let size = 1; size <= 5; size++) {
      const unit = at + size - 1 < 0 ? 0x20 : unitAt(word, at + size - 1);
      if (unit < 0) break;
      hash = hashUnit(hash, unit);
      if (size >= 3) buckets.push(finish(hash) & mask);
    }
  }
  return Uint32Array.from(buckets);
}
