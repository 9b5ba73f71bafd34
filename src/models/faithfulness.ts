import { makeRandom } from "./linear-train.ts";

/**
 * How far an explanation can be relied on, by leaving words out: the mean drop of the chosen class's probability when the one, two, … k words
 * that add most are gone (AOPC; Samek et al., 2017), beside the same for words in any order. An explanation that says nothing has both alike.
 */
export interface Faithfulness {
  readonly ranked: number;
  readonly random: number;
  /** How many words were left out at most. */
  readonly words: number;
}

const mostWords = 5;
const orders = 10;

/** @param order places of the words, what adds most first @param without the probability of the chosen class once these places are left out */
export function faithfulnessOf(order: readonly number[], full: number, without: (left: ReadonlySet<number>) => number, seed = 1): Faithfulness {
  const words = Math.min(mostWords, order.length);
  if (words === 0) return { ranked: 0, random: 0, words };
  const area = (list: readonly number[]): number => {
    const left = new Set<number>();
    let drops = 0;
    for (const place of list.slice(0, words)) {
      left.add(place);
      drops += full - without(left);
    }
    return drops / words;
  };
  const random = makeRandom(seed);
  let sum = 0;
  for (let round = 0; round < orders; round++) {
    const list = [...order];
    for (let i = 0; i < words; i++) {
      const j = i + Math.floor(random() * (list.length - i));
      const held = list[i] ?? 0;
      list[i] = list[j] ?? 0;
      list[j] = held;
    }
    sum += area(list);
  }
  return { ranked: area(order), random: sum / orders, words };
}

/** All of one and of two places are tried, of three among the strongest, then the strongest together. */
const pairsAmong = 24;
const triplesAmong = 12;

/** The fewest places that, left out together, make `flips` hold; undefined: none of up to `most` do. @param order what adds most first */
export function smallestFlip(order: readonly number[], most: number, flips: (left: ReadonlySet<number>) => boolean): ReadonlySet<number> | undefined {
  for (const one of order) if (flips(new Set([one]))) return new Set([one]);
  const among = (count: number) => order.slice(0, count);
  const pairs = most < 2 ? [] : among(pairsAmong);
  for (const [i, first] of pairs.entries()) for (const second of pairs.slice(i + 1)) if (flips(new Set([first, second]))) return new Set([first, second]);
  const triples = most < 3 ? [] : among(triplesAmong);
  for (const [i, first] of triples.entries())
    for (const [j, second] of triples.slice(i + 1).entries())
      for (const third of triples.slice(i + j + 2)) if (flips(new Set([first, second, third]))) return new Set([first, second, third]);
  for (let count = 3; count <= Math.min(most, order.length); count++) {
    const left = new Set(among(count));
    if (flips(left)) return left;
  }
  return undefined;
}
