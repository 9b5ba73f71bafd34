import { headlineOf, type Figures } from "./figures.ts";
import { makeRandom } from "./linear-train.ts";
import type { Task } from "./tasks.ts";

/** A figure and where it lies with 95%, by how much it changes with the texts that happen to be there. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export type Headline = Task["headline"];

export interface Judgements {
  /** Class numbers. */
  readonly right: readonly number[];
  readonly said: readonly number[];
  readonly classes: number;
  /** Who wrote each text: texts of one author are drawn together, since they are alike. Absent: each text is drawn alone. */
  readonly authors?: readonly (string | undefined)[];
}

const rounds = 2_000;
const tail = 0.025;
/** The acceleration of BCa costs a pass for each group; with more the plain percentiles are as good. */
const mostJackknifed = 3_000;

/**
 * 95% interval by the bootstrap, bias-corrected and accelerated (Efron, 1987; DiCiccio and Efron, 1996), plain percentiles where that is
 * not defined. Seeded: the same judgements give the same interval.
 */
export function intervalOf(judgements: Judgements, headline: Headline, seed = 1): Interval {
  const { right, said, classes } = judgements;
  const cells = right.map((truth, i) => truth * classes + (said[i] ?? 0));
  const groups = groupsOf(judgements);
  const { value, low, high } = bootstrap(groups, (counts) => headlineFrom(counts, classes, headline), { cells, size: classes * classes }, seed);
  const unseen = unseenIn(groups.length);
  return { value, low: isFlawless(right, said) ? Math.min(low, 1 - unseen) : low, high };
}

/** How much better `other` is than `said` on the same texts, drawn together (paired bootstrap; Koehn, 2004): above 0 where it is better. */
export function differenceOf(judgements: Judgements & { readonly other: readonly number[] }, headline: Headline, seed = 1): Interval {
  const { right, said, other, classes } = judgements;
  const square = classes * classes;
  const cells = right.map((truth, i) => truth * square + (said[i] ?? 0) * classes + (other[i] ?? 0));
  const [first, second] = [new Float64Array(square), new Float64Array(square)];
  const difference = (counts: Float64Array): number => {
    first.fill(0);
    second.fill(0);
    for (let truth = 0; truth < classes; truth++)
      for (let a = 0; a < classes; a++)
        for (let b = 0; b < classes; b++) {
          const count = counts[truth * square + a * classes + b] ?? 0;
          first[truth * classes + a] = (first[truth * classes + a] ?? 0) + count;
          second[truth * classes + b] = (second[truth * classes + b] ?? 0) + count;
        }
    return headlineFrom(second, classes, headline) - headlineFrom(first, classes, headline);
  };
  const groups = groupsOf(judgements);
  const { value, low, high } = bootstrap(groups, difference, { cells, size: square * classes }, seed);
  const unseen = unseenIn(groups.length);
  // One that made no mistake here may make some elsewhere.
  const [lower, higher] = [isFlawless(right, other) ? unseen : 0, isFlawless(right, said) ? unseen : 0];
  const areAlike = said.every((one, i) => one === other[i]);
  return areAlike ? { value, low, high } : { value, low: low - lower, high: high + higher };
}

const isFlawless = (right: readonly number[], said: readonly number[]): boolean => right.length > 0 && right.every((truth, i) => said[i] === truth);

/** Drawing texts anew never draws a mistake that nobody made: with none in n, so large a share of mistakes is still possible (Clopper and Pearson, 1934). */
function unseenIn(groups: number): number {
  return groups === 0 ? 1 : 1 - tail ** (1 / groups);
}

function groupsOf({ right, authors }: Judgements): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const i of right.keys()) {
    const author = authors?.[i];
    const key = author === undefined ? `${i}` : `a ${author}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [i]);
    else group.push(i);
  }
  return [...groups.values()];
}

/** @param counts of texts by right class, then by the class that was said */
function headlineFrom(counts: Float64Array, classes: number, headline: Headline): number {
  const f1PerClass: number[] = [];
  const recalls: number[] = [];
  let [all, hits] = [0, 0];
  for (let c = 0; c < classes; c++) {
    let [ofClass, saidClass] = [0, 0];
    for (let other = 0; other < classes; other++) {
      ofClass += counts[c * classes + other] ?? 0;
      saidClass += counts[other * classes + c] ?? 0;
    }
    const hit = counts[c * classes + c] ?? 0;
    hits += hit;
    all += ofClass;
    f1PerClass.push(hit === 0 ? 0 : (2 * hit) / (ofClass + saidClass));
    recalls.push(hit === 0 ? 0 : hit / ofClass);
  }
  const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / Math.max(1, list.length);
  const figures: Figures = { macroF1: mean(f1PerClass), macroRecall: mean(recalls), f1PerClass, accuracy: all === 0 ? 0 : hits / all, n: all };
  return headlineOf({ headline }, figures);
}

function bootstrap(
  groups: readonly (readonly number[])[],
  statistic: (counts: Float64Array) => number,
  { cells, size }: { readonly cells: readonly number[]; readonly size: number },
  seed: number,
): Interval {
  const counts = new Float64Array(size);
  const add = (group: readonly number[], by: number) => {
    for (const i of group) counts[cells[i] ?? 0] = (counts[cells[i] ?? 0] ?? 0) + by;
  };
  for (const group of groups) add(group, 1);
  const value = statistic(counts);
  if (groups.length < 2) return { value, low: value, high: value };
  const whole = counts.slice();
  const random = makeRandom(seed);
  const drawn = new Float64Array(rounds);
  for (let round = 0; round < rounds; round++) {
    counts.fill(0);
    for (let k = 0; k < groups.length; k++) add(groups[Math.floor(random() * groups.length)] ?? [], 1);
    drawn[round] = statistic(counts);
  }
  drawn.sort();
  const at = (share: number): number => drawn[Math.min(rounds - 1, Math.max(0, Math.round(share * (rounds - 1))))] ?? value;
  const [lowShare, highShare] = groups.length > mostJackknifed ? [tail, 1 - tail] : correctedShares();
  return { value, low: at(lowShare), high: at(highShare) };

  function correctedShares(): readonly [number, number] {
    // Half of the ties count as below: figures of few texts have many.
    let below = 0;
    for (const one of drawn) below += one < value ? 1 : one === value ? 0.5 : 0;
    if (below === 0 || below === rounds) return [tail, 1 - tail];
    const bias = normalQuantile(below / rounds);
    counts.set(whole);
    const left = groups.map((group) => {
      add(group, -1);
      const without = statistic(counts);
      add(group, 1);
      return without;
    });
    const mean = left.reduce((sum, one) => sum + one, 0) / left.length;
    let [squares, cubes] = [0, 0];
    for (const one of left) {
      squares += (mean - one) ** 2;
      cubes += (mean - one) ** 3;
    }
    const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
    const share = (quantile: number): number => normalShare(bias + (bias + quantile) / (1 - acceleration * (bias + quantile)));
    const [low, high] = [share(normalQuantile(tail)), share(normalQuantile(1 - tail))];
    return low < high ? [low, high] : [tail, 1 - tail];
  }
}

/** Share of a standard normal below x (Abramowitz and Stegun, 7.1.26). */
function normalShare(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2);
  const tailShare = (((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t * Math.exp((-x * x) / 2)) / 2;
  return x < 0 ? tailShare : 1 - tailShare;
}

/** By halving, to 1e-9. @param share above 0, below 1 */
function normalQuantile(share: number): number {
  let [low, high] = [-9, 9];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
