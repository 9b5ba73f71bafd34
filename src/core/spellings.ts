import type { Query } from "./query.ts";

/** Figures that stand for letters, and letters of other scripts that look like them, as words of an index have them. */
const figures: Readonly<Record<string, string>> = { a: "4", b: "8", e: "3", g: "9", i: "1", l: "1", o: "0", s: "5", t: "7" };
const lookalikes: Readonly<Record<string, string>> = { a: "а", c: "с", e: "е", i: "і", o: "о", p: "р", s: "ѕ", x: "х", y: "у" };
/** Letters that stand for figures together, at most; and how often a letter is written over. */
const mostFigures = 4;
const repeats = [2, 3, 4] as const;

/** A word must have so many letters: shorter ones are other words as soon as a letter changes. */
export const spellingLetters = { least: 4, most: 20 } as const;

/**
 * What a word is sought as where people hide it: itself; with figures (h4te, h4t3); with a letter hidden (h*te) or something between two
 * (h.ate, ha-te, characters that show nothing); with all its letters apart (h a t e); with letters of other scripts; with a letter written over
 * (haaate). All of it are words and phrases, so that any index and the terms find them.
 * @param word Latin letters, folded
 */
export function spellingsOf(word: string): readonly Query[] {
  const letters = Array.from(word);
  const words = new Set([word]);
  const phrases: (readonly string[])[] = [];
  for (const form of inFigures(letters)) words.add(form);
  for (const [at, letter] of letters.entries()) {
    const alike = lookalikes[letter];
    if (alike !== undefined) words.add(word.slice(0, at) + alike + word.slice(at + 1));
    for (const times of repeats) words.add(word.slice(0, at) + letter.repeat(times) + word.slice(at + 1));
    if (at === 0) continue;
    phrases.push([word.slice(0, at), word.slice(at)]);
    if (at < letters.length - 1) phrases.push([word.slice(0, at), word.slice(at + 1)]);
  }
  words.add(letters.map((letter) => lookalikes[letter] ?? letter).join(""));
  phrases.push(letters);
  return [
    ...Array.from(words, (one): Query => ({ kind: "word", word: one, prefix: false })),
    { kind: "word", word: word + (letters.at(-1) ?? "").repeat(repeats[repeats.length - 1] ?? 1), prefix: true },
    ...phrases.map((phrase): Query => ({ kind: "phrase", words: phrase })),
  ];
}

/** Every choice of the first letters that have a figure. */
function inFigures(letters: readonly string[]): readonly string[] {
  const places = letters.flatMap((letter, at) => (figures[letter] === undefined ? [] : [at])).slice(0, mostFigures);
  return Array.from({ length: 1 << places.length }, (_, choice) =>
    letters.map((letter, at) => ((choice & (1 << places.indexOf(at))) !== 0 && places.includes(at) ? (figures[letter] ?? letter) : letter)).join(""),
  );
}
