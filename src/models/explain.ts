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
  /** The fewest words, left out together, that make the model choose another class; absent: none of up to five do. */
  readonly counterfactual?: { readonly without: readonly string[]; readonly text: string; readonly chosen: string };
  /** Drop of the probability when the three words that add most are left out, beside the drop for the three that add least. */
  readonly faithfulness: { readonly most: number; readonly least: number };
}

const mostWords = 200;
const mostLeftOut = 5;

/**
 * Why a text is judged as it is, found by leaving words out: what each word adds stands for all that it is part of
 * (itself, its pairs, its letters, its vector).
 */
export function explain(judge: Judge, task: string, text: string): Explanation {
  const head = judge.heads.get(task);
  const places = [...text.matchAll(/\S+/gu)].slice(0, mostWords).map((match) => ({ word: match[0], start: match.index, end: match.index + match[0].length }));
  const whole = judge.one(task, text);
  const { chosen } = whole;
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
  const full = whole.probabilities[chosen] ?? 0;
  const words = places.map((place, i) => ({ ...place, adds: logOdds(full) - logOdds(probabilityWithout(new Set([i]))) }));
  const order = words.map((_, i) => i).sort((a, b) => (words[b]?.adds ?? 0) - (words[a]?.adds ?? 0));
  let counterfactual: Explanation["counterfactual"];
  for (let count = 1; count <= Math.min(mostLeftOut, order.length) && counterfactual === undefined; count++) {
    const left = new Set(order.slice(0, count));
    const edited = without(left);
    const now = judge.one(task, edited).chosen;
    if (now !== chosen)
      counterfactual = { without: [...left].sort((a, b) => a - b).map((i) => places[i]?.word ?? ""), text: edited.replace(/\s+/gu, " ").trim(), chosen: head?.names[now] ?? "" };
  }
  const dropOf = (list: readonly number[]) => full - probabilityWithout(new Set(list));
  return {
    task,
    chosen: head?.names[chosen] ?? "",
    probabilities: Object.fromEntries((head?.names ?? []).map((name, c) => [name, whole.probabilities[c] ?? 0])),
    words,
    ...(counterfactual && { counterfactual }),
    faithfulness: { most: dropOf(order.slice(0, 3)), least: dropOf(order.slice(-3)) },
  };
}

const logOdds = (probability: number): number => Math.log((probability + 1e-6) / (1 - probability + 1e-6));
