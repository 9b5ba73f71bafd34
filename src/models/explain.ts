import { type Faithfulness, faithfulnessOf, smallestFlip } from "./faithfulness.ts";
import type { Judge } from "./linear-model.ts";

export interface WordShare {
  readonly word: string;
  readonly start: number;
  readonly end: number;
  /** How much less likely the chosen class becomes without the word: difference of log odds. */
  readonly adds: number;
}

export interface Explanation {
  readonly task: string;
  readonly chosen: string;
  readonly probabilities: Readonly<Record<string, number>>;
  /** In the order of the text. */
  readonly words: readonly WordShare[];
  /** The smallest edit that flips: the fewest words, left out together, that make the model choose another class; absent: none of up to five do. */
  readonly counterfactual?: { readonly without: readonly string[]; readonly text: string; readonly chosen: string; /** Of `words`. */ readonly places: readonly number[] };
  readonly faithfulness: Faithfulness;
}

const mostWords = 200;
const mostLeftOut = 5;

/** What each word adds to the chosen class, and how the text is judged without some of them. */
export function contributionsOf(judge: Judge, task: string, text: string) {
  const places = [...text.matchAll(/\S+/gu)].slice(0, mostWords).map((match) => ({ word: match[0], start: match.index, end: match.index + match[0].length }));
  const { chosen, probabilities } = judge.one(task, text);
  const without = (left: ReadonlySet<number>): string => {
    let out = "";
    let at = 0;
    for (const [i, { start, end }] of places.entries()) {
      if (!left.has(i)) continue;
      out += text.slice(at, start);
      at = end;
    }
    return out + text.slice(at);
  };
  const probabilityWithout = (left: ReadonlySet<number>): number => judge.one(task, without(left)).probabilities[chosen] ?? 0;
  const full = probabilities[chosen] ?? 0;
  const words = places.map((place, i): WordShare => ({ ...place, adds: logOdds(full) - logOdds(probabilityWithout(new Set([i]))) }));
  /** Places of the words, what adds most first. */
  const order = words.map((_, i) => i).sort((a, b) => (words[b]?.adds ?? 0) - (words[a]?.adds ?? 0));
  return { chosen, probabilities, full, words, order, without, probabilityWithout };
}

/**
 * Why a text is judged as it is, found by leaving words out: what each word adds stands for all that it is part of
 * (itself, its pairs, its letters, its vector).
 */
export function explain(judge: Judge, task: string, text: string): Explanation {
  const head = judge.heads.get(task);
  const { chosen, probabilities, full, words, order, without, probabilityWithout } = contributionsOf(judge, task, text);
  const left = smallestFlip(order, mostLeftOut, (tried) => judge.one(task, without(tried)).chosen !== chosen);
  const places = left && [...left].sort((a, b) => a - b);
  const edited = left && without(left);
  return {
    task,
    chosen: head?.names[chosen] ?? "",
    probabilities: Object.fromEntries((head?.names ?? []).map((name, c) => [name, probabilities[c] ?? 0])),
    words,
    ...(places !== undefined &&
      edited !== undefined && {
        counterfactual: {
          without: places.map((i) => words[i]?.word ?? ""),
          places,
          text: edited.replace(/\s+/gu, " ").trim(),
          chosen: head?.names[judge.one(task, edited).chosen] ?? "",
        },
      }),
    faithfulness: faithfulnessOf(order, full, probabilityWithout),
  };
}

const logOdds = (probability: number): number => Math.log((probability + 1e-6) / (1 - probability + 1e-6));
