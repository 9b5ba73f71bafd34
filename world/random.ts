/** A seeded source of chance: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [0, below). */
  int(below: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Exponential with this mean. */
  exponential(mean: number): number;
  /** Log-uniform rank in [0, size): Zipf's law with exponent 1. */
  zipf(size: number): number;
  /** Letters drawn from an alphabet of 32. */
  letters(alphabet: string, length: number): string;
}

/** Thirty-two bits out of any text (FNV-1a with a final mix). */
export function hash32(text: string, basis = 0x811c9dc5): number {
  let hash = basis;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix32(hash);
}

export function mix32(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Generator sfc32 (Doty-Humphrey, PractRand), seeded from a text. */
export function makeRandom(seed: string): Random {
  let a = hash32(seed, 0x9e3779b9) | 0;
  let b = hash32(seed, 0x243f6a88) | 0;
  let c = hash32(seed, 0xb7e15162) | 0;
  let counter = 1;
  const step = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 15; round += 1) step();
  const next = (): number => step() / 4294967296;
  return {
    next,
    int: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
    pick(items) {
      const item = items[Math.floor(next() * items.length)];
      if (item === undefined) throw new TypeError("random.pick: expected a list that is not empty, got an empty one");
      return item;
    },
    exponential: (mean) => -Math.log(1 - next()) * mean,
    zipf: (size) => Math.min(size - 1, Math.floor(Math.exp(next() * Math.log(size + 1))) - 1),
    letters(alphabet, length) {
      let text = "";
      let bits = 0;
      let left = 0;
      for (let index = 0; index < length; index += 1) {
        if (left === 0) {
          bits = step();
          left = 6;
        }
        text += alphabet[bits & 31] ?? "";
        bits >>>= 5;
        left -= 1;
      }
      return text;
    },
  };
}

/** RFC 4648 base32 in lower case, as DIDs and content ids use it. */
export const base32Letters = "abcdefghijklmnopqrstuvwxyz234567";
