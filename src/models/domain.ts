import { makeRandom, shuffle } from "./linear-train.ts";
import { wordsOf } from "./words.ts";

/** How well two sets of texts are told apart by their words. */
export interface Parting {
  /** Probability that a text of the second set looks newer than one of the first, 0.5: they cannot be told apart. Each judged by a model that did not see it. */
  readonly auc: number;
  /** Where chance alone would put it in 99 of 100 cases, at most. */
  readonly chanceUpTo: number;
  /** How much each text of the second set looks like it: log odds, in the order of the texts. */
  readonly newness: readonly number[];
}

const slots = 1 << 15;
const folds = 4;
const epochs = 6;
const rate = 0.1;
const pull = 1e-4;
/** Of the normal distribution: 99% lie below. */
const oneInHundred = 2.326;

/** Hashed words and pairs of words; each once. */
function slotsOf(text: string): Uint16Array {
  const found = new Set<number>();
  let before = "";
  for (const word of wordsOf(text).words) {
    found.add(hashOf(word));
    if (before !== "") found.add(hashOf(`${before} ${word}`));
    before = word;
  }
  return Uint16Array.from(found);
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % slots;
}

/**
 * Parts two sets of texts by a linear model of their words, cross-validated: each text is judged by a model of the other folds' texts.
 * The same texts and seed give the same answer.
 */
export function partTexts(reference: readonly string[], current: readonly string[], seed: number): Parting {
  const items = [...reference.map((text) => ({ slots: slotsOf(text), isNew: 0 })), ...current.map((text) => ({ slots: slotsOf(text), isNew: 1 }))];
  const random = makeRandom(seed);
  const foldOf = new Uint8Array(items.length);
  for (const range of [Array.from(reference, (_, i) => i), Array.from(current, (_, i) => reference.length + i)]) {
    shuffle(range, random);
    for (const [at, item] of range.entries()) foldOf[item] = at % folds;
  }
  const scores = new Float64Array(items.length);
  for (let fold = 0; fold < folds; fold++) {
    const learnt = items.flatMap((_, i) => (foldOf[i] === fold ? [] : [i]));
    const weights = learn(items, learnt, random);
    for (const [i, item] of items.entries()) if (foldOf[i] === fold) scores[i] = scoreOf(item.slots, weights);
  }
  const n = reference.length;
  const m = current.length;
  return {
    auc: areaUnder(scores, n),
    chanceUpTo: 0.5 + oneInHundred * Math.sqrt((n + m + 1) / (12 * Math.max(1, n) * Math.max(1, m))),
    newness: [...scores.subarray(n)],
  };
}

interface Item {
  readonly slots: Uint16Array;
  readonly isNew: number;
}

/** Logistic regression by AdaGrad; both sets weigh the same together. The last weight is the bias. */
function learn(items: readonly Item[], learnt: readonly number[], random: () => number): Float64Array {
  const weights = new Float64Array(slots + 1);
  const squares = new Float64Array(slots + 1).fill(1e-3);
  const newCount = learnt.reduce((sum, i) => sum + (items[i]?.isNew ?? 0), 0);
  const costs = [learnt.length / (2 * Math.max(1, learnt.length - newCount)), learnt.length / (2 * Math.max(1, newCount))];
  const order = [...learnt];
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    for (const i of order) {
      const item = items[i];
      if (item === undefined) continue;
      const error = (1 / (1 + Math.exp(-scoreOf(item.slots, weights))) - item.isNew) * (costs[item.isNew] ?? 1);
      const value = 1 / Math.sqrt(Math.max(1, item.slots.length));
      for (const slot of item.slots) {
        const slope = error * value + pull * (weights[slot] ?? 0);
        squares[slot] = (squares[slot] ?? 0) + slope * slope;
        weights[slot] = (weights[slot] ?? 0) - (rate * slope) / Math.sqrt(squares[slot] ?? 1);
      }
      squares[slots] = (squares[slots] ?? 0) + error * error;
      weights[slots] = (weights[slots] ?? 0) - (rate * error) / Math.sqrt(squares[slots] ?? 1);
    }
  }
  return weights;
}

function scoreOf(found: Uint16Array, weights: Float64Array): number {
  let sum = 0;
  for (const slot of found) sum += weights[slot] ?? 0;
  return sum / Math.sqrt(Math.max(1, found.length)) + (weights[slots] ?? 0);
}

/** Area under the receiver's curve by ranks, ties by halves; the first `n` scores are of the reference. */
function areaUnder(scores: Float64Array, n: number): number {
  const m = scores.length - n;
  if (n === 0 || m === 0) return 0.5;
  const order = Array.from(scores, (_, i) => i).toSorted((a, b) => (scores[a] ?? 0) - (scores[b] ?? 0));
  let ranks = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) to++;
    const mean = (from + 1 + to) / 2;
    for (let k = from; k < to; k++) if ((order[k] ?? 0) >= n) ranks += mean;
    from = to;
  }
  return (ranks - (m * (m + 1)) / 2) / (n * m);
}

/** A word that one set says more often than the other. */
export interface MovedWord {
  readonly word: string;
  /** Texts that hold it. */
  readonly before: number;
  readonly after: number;
  /** Log odds ratio over its deviation; above 0: more often now. */
  readonly z: number;
}

const mostWords = 400_000;
const leastZ = 2.5;

/** Words by how surely their share moved: log odds with the words of both sets as prior (Monroe, Colaresi and Quinn, Political Analysis 16, 2008). */
export function movedWords(reference: readonly string[], current: readonly string[], most: number): readonly MovedWord[] {
  const counts = new Map<string, [number, number]>();
  const all: [number, number] = [0, 0];
  for (const [side, texts] of [reference, current].entries()) {
    for (const text of texts) {
      for (const word of new Set(wordsOf(text).words)) {
        if (word === "@user" || word === "http" || !/\p{L}|\p{Extended_Pictographic}/u.test(word)) continue;
        const count = counts.get(word) ?? [0, 0];
        if (count[0] + count[1] === 0) {
          if (counts.size >= mostWords) continue;
          counts.set(word, count);
        }
        if (side === 0) {
          count[0]++;
          all[0]++;
        } else {
          count[1]++;
          all[1]++;
        }
      }
    }
  }
  const prior = 500 / Math.max(1, all[0] + all[1]);
  const oddsOf = (count: number, of: number, held: number): number => Math.log((count + held) / Math.max(1e-9, of + 500 - count - held));
  const moved: MovedWord[] = [];
  for (const [word, [before, after]] of counts) {
    if (before + after < 3) continue;
    const held = prior * (before + after);
    const z = (oddsOf(after, all[1], held) - oddsOf(before, all[0], held)) / Math.sqrt(1 / (before + held) + 1 / (after + held));
    if (Math.abs(z) >= leastZ) moved.push({ word, before, after, z });
  }
  return moved.toSorted((a, b) => Math.abs(b.z) - Math.abs(a.z)).slice(0, most);
}
