import { makeRandom } from "./linear-train.ts";

/** Counted for classes that one side lacks, so that no logarithm is of 0. */
const leastShare = 1e-4;

/** Counts to shares that add up to 1, none of them 0. */
export function sharesOf(counts: readonly number[]): readonly number[] {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const raised = counts.map((count) => Math.max(leastShare, all === 0 ? 0 : count / all));
  const sum = raised.reduce((so, share) => so + share, 0);
  return raised.map((share) => share / sum);
}

export function countsOf(chosen: readonly number[], classes: number): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const c of chosen) counts[c] = (counts[c] ?? 0) + 1;
  return counts;
}

/** Population stability index of two lists of counts: below 0.1 is read as stable, above 0.25 as moved (Siddiqi, Credit Risk Scorecards, 2006). */
export function stabilityIndex(reference: readonly number[], current: readonly number[]): number {
  const before = sharesOf(reference);
  return sharesOf(current).reduce((sum, share, c) => sum + (share - (before[c] ?? leastShare)) * Math.log(share / (before[c] ?? leastShare)), 0);
}

/** Jensen-Shannon divergence of two lists of counts, in bits: 0 alike, 1 nothing in common. */
export function jensenShannon(reference: readonly number[], current: readonly number[]): number {
  const a = sharesOf(reference);
  const b = sharesOf(current);
  const half = (own: readonly number[], other: readonly number[]): number =>
    own.reduce((sum, share, c) => sum + (share * Math.log2((2 * share) / (share + (other[c] ?? 0)))) / 2, 0);
  return half(a, b) + half(b, a);
}

/**
 * How often chance alone moves as much: the share of random re-divisions of all items whose index is at least the one seen.
 * @param rounds of re-dividing; the smallest answer is 1 / (rounds + 1)
 */
export function chanceOfIndex(
  reference: readonly number[],
  current: readonly number[],
  classes: number,
  { rounds, seed }: { readonly rounds: number; readonly seed: number },
): number {
  const seen = stabilityIndex(countsOf(reference, classes), countsOf(current, classes));
  const all = Uint16Array.from([...reference, ...current]);
  const whole = countsOf([...all], classes);
  const random = makeRandom(seed);
  let asLarge = 0;
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < current.length; i++) {
      const j = i + Math.floor(random() * (all.length - i));
      const held = all[i] ?? 0;
      all[i] = all[j] ?? 0;
      all[j] = held;
    }
    const drawn = countsOf([...all.subarray(0, current.length)], classes);
    if (
      stabilityIndex(
        whole.map((count, c) => count - (drawn[c] ?? 0)),
        drawn,
      ) >= seen
    )
      asLarge++;
  }
  return (asLarge + 1) / (rounds + 1);
}

const mostRounds = 200;
const settledBy = 1e-5;

/**
 * The shares of classes in new texts, from calibrated probabilities that were learnt with other shares, by expectation and maximisation
 * (Saerens, Latinne and Decaestecker, Neural Computation 14, 2002). It holds where the balance of classes alone moved.
 */
export function correctedShares(learnt: readonly number[], probabilities: readonly (readonly number[])[]): readonly number[] {
  let shares = sharesOf(learnt);
  for (let round = 0; round < mostRounds; round++) {
    const sums = shares.map(() => 0);
    for (const row of probabilities) {
      const moved = row.map((probability, c) => (probability * (shares[c] ?? 0)) / Math.max(leastShare, learnt[c] ?? 0));
      const all = moved.reduce((sum, value) => sum + value, 0);
      if (all > 0) for (const [c, value] of moved.entries()) sums[c] = (sums[c] ?? 0) + value / all;
    }
    const next = sharesOf(sums);
    const step = next.reduce((most, share, c) => Math.max(most, Math.abs(share - (shares[c] ?? 0))), 0);
    shares = next;
    if (step < settledBy) break;
  }
  return shares;
}
