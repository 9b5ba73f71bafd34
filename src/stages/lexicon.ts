import { readFileSync } from "node:fs";
import { EarshotError } from "../core/errors.ts";

/** Words of one language that bear sentiment. */
export interface Lexicon {
  /** Valence of a word, -4 to 4; 0 when it has none. Lengthened words (soooo) count as their plain form. */
  readonly valence: (word: string) => number;
  /** False: the word is in no list, and has no valence. Looks at its beginning alone. */
  readonly mayMatter: (word: string) => boolean;
  readonly negators: ReadonlySet<string>;
  readonly boosters: ReadonlySet<string>;
  readonly dampers: ReadonlySet<string>;
  readonly contrast: ReadonlySet<string>;
  readonly size: number;
}

export const lexiconLanguages = ["de", "en", "es", "fr", "it", "pt"] as const;

const cacheLimit = 50_000;
const lists = ["negators", "boosters", "dampers", "contrast"] as const;

function readEntries(name: string): { readonly lists: ReadonlyMap<string, readonly string[]>; readonly valences: ReadonlyMap<string, number> } {
  const text = readFileSync(new URL(`./lexicons/${name}.txt`, import.meta.url), "utf8");
  const found = new Map<string, readonly string[]>();
  const valences = new Map<string, number>();
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const label = line.slice(0, colon);
    const words = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    const valence = Number(label);
    if (lists.some((list) => list === label)) found.set(label, words);
    else if (label !== "" && Math.abs(valence) <= 4) for (const word of words) valences.set(word, valence);
    else throw new EarshotError("FORMAT_UNKNOWN", `lexicon ${name}, line ${i + 1}: expected a valence or one of ${lists.join(", ")}, came ${label.slice(0, 40)}`);
  }
  return { lists: found, valences };
}

export function openLexicon(language: string): Lexicon {
  const { lists: sets, valences } = readEntries(language);
  const stems = new Map<string, number>();
  const exact = new Map<string, number>();
  for (const [word, valence] of valences) {
    if (word.endsWith("*")) stems.set(word.slice(0, -1), valence);
    else exact.set(word, valence);
  }
  const beginnings = makeBeginnings([...valences.keys(), ...[...sets.values()].flat()]);
  const lengths = [...new Set([...stems.keys()].map((stem) => stem.length))].toSorted((a, b) => b - a);
  let known = new Map<string, number>();

  const plain = (word: string): number => {
    const valence = exact.get(word);
    if (valence !== undefined) return valence;
    for (const length of lengths) {
      if (length > word.length) continue;
      const stem = stems.get(word.slice(0, length));
      if (stem !== undefined) return stem;
    }
    return 0;
  };
  const lengthened = /(.)\1{2,}/gu;
  const find = (word: string): number => {
    const valence = plain(word);
    if (valence !== 0 || !/(.)\1\1/u.test(word)) return valence;
    return (plain(word.replace(lengthened, "$1")) || plain(word.replace(lengthened, "$1$1"))) * 1.2;
  };
  return {
    valence(word) {
      const cached = known.get(word);
      if (cached !== undefined) return cached;
      if (word.length > 40) return 0;
      if (known.size >= cacheLimit) known = new Map();
      const valence = find(word);
      known.set(word, valence);
      return valence;
    },
    mayMatter: beginnings,
    negators: new Set(sets.get("negators")),
    boosters: new Set(sets.get("boosters")),
    dampers: new Set(sets.get("dampers")),
    contrast: new Set(sets.get("contrast")),
    size: valences.size,
  };
}

const beginningBits = 1 << 15;

function beginningOf(word: string, length: number): number {
  const [first, second, third] = [word.charCodeAt(0), length > 1 ? word.charCodeAt(1) : 0, length > 2 ? word.charCodeAt(2) : 0];
  return ((first * 31 + second) * 31 + third) & (beginningBits - 1);
}

/** Whether a word begins as one of these, by its first three letters; lengthened ones (soooo) always may. @param words a stem ends in * */
function makeBeginnings(words: readonly string[]): (word: string) => boolean {
  const known = new Uint8Array(beginningBits);
  // A stem shorter than what is looked at stands for too many beginnings.
  const isOpen = words.some((word) => word.endsWith("*") && word.length <= 3);
  for (const word of words) known[beginningOf(word, word.endsWith("*") ? word.length - 1 : word.length)] = 1;
  return (word) => {
    const { length } = word;
    if (isOpen || known[beginningOf(word, length)] === 1) return true;
    const second = word.charCodeAt(1);
    return length > 2 && (second === word.charCodeAt(0) || second === word.charCodeAt(2));
  };
}

/** Valence of an emoji by its first code point. */
export function openEmoji(): ReadonlyMap<number, number> {
  const { valences } = readEntries("emoji");
  return new Map([...valences].map(([sign, valence]) => [sign.codePointAt(0) ?? 0, valence]));
}
