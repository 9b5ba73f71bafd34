import { mix32, type Random } from "./random.ts";
import { ar } from "./words/ar.ts";
import { de } from "./words/de.ts";
import { en } from "./words/en.ts";
import { es } from "./words/es.ts";
import { fr } from "./words/fr.ts";
import { hi } from "./words/hi.ts";
import { it } from "./words/it.ts";
import { ja } from "./words/ja.ts";
import type { LanguageWords } from "./words/language.ts";
import { pt } from "./words/pt.ts";

export const languages: readonly LanguageWords[] = [en, es, de, fr, pt, ja, ar, hi, it];

export function wordsOf(tag: string): LanguageWords {
  return languages.find((language) => language.tag === tag) ?? en;
}

const totalWeight = languages.reduce((sum, language) => sum + language.weight, 0);

export function pickLanguage(random: Random): LanguageWords {
  let left = random.next() * totalWeight;
  for (const language of languages) {
    left -= language.weight;
    if (left < 0) return language;
  }
  return en;
}

/** Ranks of invented words in each language: drawn by Zipf's law, so that few are common and most are rare. */
export const inventedRanks = 1_000_000;
const kept = 4_096;
const cache = new Map<string, string[]>();

/** The invented word of a rank: the same for every seed; common words are short. */
export function inventedWord(language: LanguageWords, rank: number): string {
  if (rank >= kept) return spell(language, rank);
  let row = cache.get(language.tag);
  if (row === undefined) {
    row = [];
    cache.set(language.tag, row);
  }
  return (row[rank] ??= spell(language, rank));
}

function spell(language: LanguageWords, rank: number): string {
  const { onsets, rimes, endings } = language;
  // Odd multipliers are invertible modulo 2^32, so that different ranks keep different digits.
  let digits = Math.imul(rank + 1, 0x9e3779b1) >>> 0;
  let word = "";
  const syllables = rank < 400 ? 1 : rank < 60_000 ? 2 : 3;
  for (let index = 0; index < syllables; index += 1) {
    word += onsets[digits % onsets.length] ?? "";
    digits = Math.floor(digits / onsets.length);
    word += rimes[digits % rimes.length] ?? "";
    digits = Math.floor(digits / rimes.length);
    if (digits < 4_096) digits = mix32(rank + index);
  }
  return word + (endings[digits % endings.length] ?? "");
}

export function pickInvented(random: Random, language: LanguageWords): string {
  return inventedWord(language, random.zipf(inventedRanks));
}

export const emoji: readonly string[] = [
  "😀",
  "😂",
  "😍",
  "🥲",
  "😡",
  "😭",
  "🤔",
  "👏",
  "🙏",
  "🔥",
  "✨",
  "🎉",
  "💔",
  "❤️",
  "👍🏽",
  "👎",
  "☕",
  "🚲",
  "✈️",
  "📱",
  "🌧️",
  "🌈",
  "🐈",
  "👩🏾‍💻",
  "🏳️‍🌈",
  "🇪🇺",
  "🤷‍♀️",
  "💡",
  "🏦",
  "🍞",
];
export const happyEmoji: readonly string[] = ["😍", "🎉", "❤️", "👏", "✨", "😀", "👍🏽", "🥳"];
export const angryEmoji: readonly string[] = ["😡", "💔", "👎", "😤", "🤬", "😭", "🙄"];
export const towns: readonly string[] = [
  "Berlin",
  "Paris",
  "Madrid",
  "Lisboa",
  "Tokyo",
  "London",
  "Chicago",
  "Toronto",
  "Mumbai",
  "Cairo",
  "São Paulo",
  "Roma",
  "Wien",
  "Sevilla",
  "Lyon",
  "Porto",
  "Osaka",
  "Austin",
  "Glasgow",
  "Milano",
  "Nairobi",
  "Sydney",
  "Dublin",
  "Valencia",
  "Hamburg",
];
