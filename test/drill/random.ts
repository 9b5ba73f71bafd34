export interface Random {
  /** A whole number from 0, below the bound. */
  below(bound: number): number;
  shuffled<T>(items: readonly T[]): T[];
}

/** The same seed gives the same numbers (mulberry32). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (bound: number) => Math.floor(next() * bound);
  return {
    below,
    shuffled(items) {
      const copy = [...items];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const [one, other] = [copy[i], copy[j]];
        if (one === undefined || other === undefined) continue;
        copy[i] = other;
        copy[j] = one;
      }
      return copy;
    },
  };
}
