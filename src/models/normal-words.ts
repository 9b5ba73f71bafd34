import type { NormalKind } from "./normal-kinds.ts";
import { hiddenWords } from "./normal-slang.ts";
import { segmentWords, type Vocabulary } from "./segment.ts";

export interface Spelling {
  readonly text: string;
  readonly kinds: readonly NormalKind[];
}

/** Figures and signs that stand for letters. */
const stands: Readonly<Record<string, readonly string[]>> = {
  "0": ["o"],
  "1": ["i", "l"],
  "3": ["e"],
  "4": ["a"],
  "5": ["s"],
  "6": ["g"],
  "7": ["t"],
  "8": ["b"],
  "9": ["g"],
  $: ["s"],
  "@": ["a"],
  "!": ["i"],
  "|": ["l", "i"],
  "+": ["t"],
  "€": ["e"],
  "£": ["l"],
};
const standIn = /[0-9$@!|+€£]/;
const mostCandidates = 16;
const endings = ["", "s", "ed", "d", "er", "ers", "ing", "in", "y", "head"];

const hidden = new Set(hiddenWords.flatMap((word) => endings.map((ending) => word + ending)));
const byLength = new Map<number, string[]>();
for (const word of hidden) byLength.set(word.length, [...(byLength.get(word.length) ?? []), word]);

/** With the capitals of what it stands for. */
function dressed(word: string, like: string): string {
  const letters = like.replace(/[^\p{L}]/gu, "");
  if (letters.length > 1 && letters === letters.toUpperCase()) return word.toUpperCase();
  return /^\p{Lu}/u.test(like) ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

/** What a word is whose letters are hidden behind stars, figures or signs; undefined: it is none. */
export function plainSpelling(written: string, vocabulary: Vocabulary): string | undefined {
  if (/^\p{L}+$/u.test(written) || written.length > 30 || !/[a-z]/i.test(written)) return undefined;
  const lower = written.toLowerCase();
  if (lower.includes("*")) {
    const found = starred(lower);
    return found === undefined ? undefined : dressed(found, written);
  }
  if (!standIn.test(lower) || !/^[a-z0-9$@!|+€£']+$/.test(lower)) return undefined;
  const inside = /[a-z][0-9$@!|+€£]+[a-z]/.test(lower);
  const letters = lower.replace(/[^a-z]/g, "").length;
  const found = candidates(lower).find((candidate) => {
    if (hidden.has(candidate)) return letters > 1;
    // Figures at the end or the beginning count something more often than they spell (covid19, 4k).
    return inside && candidate.length >= 4 && letters * 2 >= candidate.length && vocabulary.rankOf(candidate) !== undefined;
  });
  return found === undefined ? undefined : dressed(found, written);
}

function candidates(lower: string): readonly string[] {
  let all = [""];
  for (const char of lower) {
    const options = stands[char] ?? [char];
    all = all.length * options.length > mostCandidates ? all.map((one) => one + (options[0] ?? "")) : options.flatMap((option) => all.map((one) => one + option));
  }
  return all;
}

/** A star is one letter, or a run of stars any few; the first of the words that are often hidden so. */
function starred(lower: string): string | undefined {
  if (!/^[a-z][a-z*]*$/.test(lower) || lower.replaceAll("*", "").length < 2) return undefined;
  const exact = new RegExp(`^${lower.replaceAll("*", "[a-z]")}$`);
  const found = byLength.get(lower.length)?.find((word) => exact.test(word));
  if (found !== undefined) return found;
  const loose = new RegExp(`^${lower.replace(/\*+/g, "[a-z]{1,4}")}$`);
  return [...hidden].find((word) => loose.test(word));
}

export interface SpacedWord extends Spelling {
  readonly start: number;
  readonly end: number;
}

/** Words whose letters stand apart, h a t e or h.a.t.e: what is one or more known words together, one of them of four letters. */
export function spacedWord(gapped: string, vocabulary: Vocabulary): readonly SpacedWord[] {
  const letters = Array.from(gapped).filter((_, i) => i % 2 === 0);
  if (letters.join("").length * 2 - 1 !== gapped.length) return [];
  const joined = letters.join("").toLowerCase();
  const { words, known } = segmentWords(joined, { rankOf: (word) => (hidden.has(word) ? 1_000 : vocabulary.rankOf(word)) });
  if (!known || !words.some((word) => word.length >= 4)) return [];
  const text = words.join(" ");
  const isShouted = letters.length > 1 && letters.every((letter) => letter === letter.toUpperCase());
  return [{ start: 0, end: gapped.length, text: isShouted ? text.toUpperCase() : text, kinds: ["spelling"] }];
}

const laughter = /^(?:[bm]w?)?(?:(h[aeiou])\1+h?|(a[hj])\2+a?|(j[aeiou])\3+j?|(k)k{2,}|(xa)\5+|(rs)\6+)[a-z]?$/;
const mostRuns = 3;
const oftenDoubled = /[lrstfpczmnbdg]/;

/**
 * A lengthened word in its usual length: of the ways to make its runs of three and more shorter, the commonest word, else one letter
 * (in Italian two where that is usual). Laughter becomes two beats. undefined: nothing is lengthened.
 */
export function unstretched(written: string, language: string, vocabulary: Vocabulary, isShort: (form: string) => boolean): string | undefined {
  const lower = written.toLowerCase();
  const laugh = laughter.exec(lower);
  if (laugh !== null) {
    const beat = laugh.slice(1).find((one) => one !== undefined) ?? "";
    const steady = beat === "k" ? "kkk" : beat + beat;
    return steady === lower ? undefined : steady;
  }
  const parts = lower.split(/((\p{L})\2{2,})/u);
  // Split gives text, run, letter of the run, text, …
  const runs = Math.floor(parts.length / 3);
  if (runs === 0) return undefined;
  const make = (long: (run: number) => boolean): string => {
    let out = "";
    for (let i = 0; i < parts.length; i += 3) {
      out += parts[i] ?? "";
      const letter = parts[i + 2];
      if (letter !== undefined) out += long(i / 3) ? letter + letter : letter;
    }
    return out;
  };
  let best: string | undefined;
  if (runs <= mostRuns) {
    let bestRank = Number.POSITIVE_INFINITY;
    for (let choice = 0; choice < 1 << runs; choice++) {
      const form = make((run) => (choice & (1 << run)) !== 0);
      const rank = isShort(form) ? 500 : language === "en" || language === "und" ? vocabulary.rankOf(form) : undefined;
      if (rank !== undefined && rank < bestRank) [best, bestRank] = [form, rank];
    }
  }
  return dressed(best ?? make((run) => language === "it" && run < runs && oftenDoubled.test(parts[run * 3 + 2] ?? "")), written);
}
