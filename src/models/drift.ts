import { chanceOfIndex, correctedShares, countsOf, jensenShannon, sharesOf, stabilityIndex } from "./distributions.ts";
import { type MovedWord, movedWords, partTexts } from "./domain.ts";
import { makeRandom } from "./linear-train.ts";

/** Texts and what a model says of each. */
export interface JudgedTexts {
  readonly texts: readonly string[];
  /** Calibrated, by class; as many rows as texts. */
  readonly probabilities: readonly (readonly number[])[];
  /** Class numbers. */
  readonly chosen: readonly number[];
}

/** none: nothing beyond chance; balance: classes come in other shares, each reads as before; text: the texts are others. */
export type DriftKind = "none" | "balance" | "text";

export interface DriftReport {
  readonly kind: DriftKind;
  readonly n: { readonly reference: number; readonly current: number };
  readonly predictions: {
    /** Shares of the classes chosen. */
    readonly reference: readonly number[];
    readonly current: readonly number[];
    /** Population stability index; `chance`: how often random halves differ as much. */
    readonly psi: number;
    readonly chance: number;
    /** Bits. */
    readonly jensenShannon: number;
    readonly moved: boolean;
  };
  readonly text: {
    readonly auc: number;
    readonly chanceUpTo: number;
    /** The same where both sets hold as many texts of each class. */
    readonly aucWithinClasses: number;
    readonly moved: boolean;
  };
  /** Where the balance alone moved: the shares that correct for what the model learnt with. */
  readonly correctedShares?: readonly number[];
  readonly words: readonly MovedWord[];
  /** Numbers of the current texts that look newest, first the newest. */
  readonly newest: readonly number[];
}

export interface DriftOptions {
  /** Class shares that the model learnt with; absent: those that it chose on the reference. */
  readonly learnt?: readonly number[];
  readonly seed?: number;
}

/** Texts of each side that are looked at; more are drawn from by the seed. */
export const mostDriftTexts = 4_000;
/** With fewer on a side nothing is said. */
export const leastDriftTexts = 100;
const leastIndex = 0.1;
const leastChance = 0.01;
/** An area under the curve below is read as the same texts, however sure it is. */
const leastArea = 0.6;
const rounds = 400;
const shownWords = 30;
const shownTexts = 20;

/** Whether texts, or what a model says of them, moved from a reference: deterministic for the same texts and seed. */
export function compareTexts(whole: { readonly reference: JudgedTexts; readonly current: JudgedTexts }, classes: number, { learnt, seed = 1 }: DriftOptions = {}): DriftReport {
  const random = makeRandom(seed);
  const draws = { reference: drawn(whole.reference.texts.length, random), current: drawn(whole.current.texts.length, random) };
  const reference = picked(whole.reference, draws.reference);
  const current = picked(whole.current, draws.current);
  const before = countsOf(reference.chosen, classes);
  const after = countsOf(current.chosen, classes);
  const isEnough = reference.texts.length >= leastDriftTexts && current.texts.length >= leastDriftTexts;
  const psi = stabilityIndex(before, after);
  const chance = isEnough ? chanceOfIndex(reference.chosen, current.chosen, classes, { rounds, seed }) : 1;
  const predictionsMoved = psi >= leastIndex && chance <= leastChance;
  const parting = partTexts(reference.texts, current.texts, seed);
  const within = predictionsMoved ? withinClasses(reference, current, classes, seed) : parting;
  const isApart = ({ auc, chanceUpTo }: { readonly auc: number; readonly chanceUpTo: number }): boolean => isEnough && auc > Math.max(leastArea, chanceUpTo);
  const textMoved = isApart(parting) && isApart(within);
  const kind: DriftKind = textMoved ? "text" : predictionsMoved ? "balance" : "none";
  const newest = parting.newness
    .map((newness, at) => ({ newness, at }))
    .toSorted((a, b) => b.newness - a.newness)
    .slice(0, shownTexts)
    .map(({ at }) => draws.current[at] ?? 0);
  return {
    kind,
    n: { reference: whole.reference.texts.length, current: whole.current.texts.length },
    predictions: { reference: sharesOf(before), current: sharesOf(after), psi, chance, jensenShannon: jensenShannon(before, after), moved: predictionsMoved },
    text: { auc: parting.auc, chanceUpTo: parting.chanceUpTo, aucWithinClasses: within.auc, moved: textMoved },
    ...(kind === "balance" && { correctedShares: correctedShares(learnt ?? sharesOf(before), current.probabilities) }),
    words: kind === "none" ? [] : movedWords(reference.texts, current.texts, shownWords),
    newest: kind === "none" ? [] : newest,
  };
}

/** Numbers of at most `mostDriftTexts` items, in their order. */
function drawn(count: number, random: () => number): readonly number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (count <= mostDriftTexts) return all;
  for (let i = 0; i < mostDriftTexts; i++) {
    const j = i + Math.floor(random() * (count - i));
    const held = all[i] ?? 0;
    all[i] = all[j] ?? 0;
    all[j] = held;
  }
  return all.slice(0, mostDriftTexts).toSorted((a, b) => a - b);
}

function picked({ texts, probabilities, chosen }: JudgedTexts, numbers: readonly number[]): JudgedTexts {
  return { texts: numbers.map((i) => texts[i] ?? ""), probabilities: numbers.map((i) => probabilities[i] ?? []), chosen: numbers.map((i) => chosen[i] ?? 0) };
}

/** Parts as many texts of each class from both sides: what is left is not the balance. */
function withinClasses(reference: JudgedTexts, current: JudgedTexts, classes: number, seed: number): { readonly auc: number; readonly chanceUpTo: number } {
  const take = (side: JudgedTexts, c: number, count: number): string[] => side.texts.filter((_, i) => side.chosen[i] === c).slice(0, count);
  const before = countsOf(reference.chosen, classes);
  const after = countsOf(current.chosen, classes);
  const texts: [string[], string[]] = [[], []];
  for (let c = 0; c < classes; c++) {
    const count = Math.min(before[c] ?? 0, after[c] ?? 0);
    texts[0].push(...take(reference, c, count));
    texts[1].push(...take(current, c, count));
  }
  return partTexts(texts[0], texts[1], seed);
}
