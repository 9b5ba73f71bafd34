import type { LanguageSpan } from "../core/language-spans.ts";
import { languageCount, toProbabilities, type WordModel, wordLanguages } from "./language-words.ts";

export interface LanguageParts {
  /** The stretches of a text in one language each, in order, where it has more than one or is wholly in Latin letters of another; else none. */
  spans(text: string, language: string): readonly LanguageSpan[];
  /** One language for all of it. und, where no one of `wordLanguages` is sure enough. */
  whole(text: string): { readonly language: string; readonly confidence: number };
}

/** What a change of language costs, in natural logarithms of probability. */
const switchCost = 4;
/** Words with a capital inside of a sentence are names, which stand in any language. */
const nameWeight = 0.35;
/** A language of a text has at least so many words, so many letters, and is so sure. */
const leastWords = 2;
const leastLetters = 5;
const leastSure = 0.6;
/** Beside a script of its own, Latin words are brands and names unless there are so many. */
const leastForeign = { words: 4, letters: 16 } as const;
/** Words of a text wholly in Hindi in Latin letters, where its post was given a language that is not told apart here. */
const leastRomanised = { words: 4, share: 0.7, sure: 0.95 } as const;
/** From this on a whole text's language is told; on texts kept back, 98% of those told are right. */
const leastWhole = 0.8;
/** Words of one text speak together, but not independently: their evidence counts by so much. */
const wholeWeight = 0.45;
const mostWords = 400;
const mostScored = 20_000;

const wordPattern = /https?:\/\/\S+|www\.\S+|[@#][\p{L}\p{M}\p{N}_.-]+|[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*/gu;
const longRun = /(.)\1{2,}/gu;
const latin = /^\p{Script=Latin}/u;

const scripts: readonly (readonly [RegExp, string])[] = [
  [/^\p{Script=Cyrillic}/u, "ru"],
  [/^\p{Script=Arabic}/u, "ar"],
  [/^\p{Script=Devanagari}/u, "hi"],
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "ja"],
  [/^\p{Script=Han}/u, "zh"],
  [/^\p{Script=Hangul}/u, "ko"],
  [/^\p{Script=Greek}/u, "el"],
  [/^\p{Script=Hebrew}/u, "he"],
  [/^\p{Script=Thai}/u, "th"],
  [/^\p{Script=Bengali}/u, "bn"],
  [/^\p{Script=Tamil}/u, "ta"],
  [/^\p{Script=Telugu}/u, "te"],
  [/^\p{Script=Gujarati}/u, "gu"],
  [/^\p{Script=Gurmukhi}/u, "pa"],
  [/^\p{Script=Kannada}/u, "kn"],
  [/^\p{Script=Malayalam}/u, "ml"],
  [/^\p{Script=Georgian}/u, "ka"],
  [/^\p{Script=Armenian}/u, "hy"],
];
/** Languages of posts that share a script with the one that it is named by here. */
const sameScript: Readonly<Record<string, readonly string[]>> = { ru: ["uk", "bg", "sr", "mk", "be"], ar: ["fa", "ur", "ps", "ckb"], hi: ["mr", "ne"], zh: ["ja"] };

interface Word {
  readonly start: number;
  readonly end: number;
  readonly letters: number;
  /** Of a script of its own: the language that it is named by. */
  readonly script: string | undefined;
  /** By number of language. */
  readonly scores: Float64Array;
}

/** State of words in a script of its own, after those of `wordLanguages`. */
const ownScript = languageCount;
const hindi = wordLanguages.indexOf("hi-Latn");
const states = languageCount + 1;
const never = -30;
/** A Latin word in a text of another script. */
const borrowed = -5;

/** Words are scored one by one; the likeliest path through them, in which a change of language costs, gives the spans (Viterbi), and how sure it is (forward, backward). */
export function makeLanguageParts(model: WordModel): LanguageParts {
  /** Common words come over and over. */
  const scored = new Map<string, Float64Array>();
  function scoresOf(word: string): Float64Array {
    const known = scored.get(word);
    if (known !== undefined) return known;
    const scores = new Float64Array(languageCount);
    model.score(word, scores);
    if (scored.size >= mostScored) scored.clear();
    scored.set(word, scores);
    return scores;
  }

  function readWords(text: string): readonly Word[] {
    const words: Word[] = [];
    for (const found of text.matchAll(wordPattern)) {
      const written = found[0];
      if (/^(?:https?:|www\.|[@#])/.test(written)) continue;
      const scores = new Float64Array(states).fill(never);
      const isLatin = latin.test(written);
      if (isLatin) {
        scores.set(scoresOf(written.toLowerCase().replaceAll("’", "'").replace(longRun, "$1$1")));
        const isName = words.length > 0 && /^\p{Lu}\p{Ll}/u.test(written) && !/[.!?…\n]\s*["“'(]*$/u.test(text.slice(Math.max(0, found.index - 6), found.index));
        if (isName) for (let c = 0; c < languageCount; c++) scores[c] = (scores[c] ?? 0) * nameWeight;
        scores[ownScript] = borrowed;
      } else scores[ownScript] = 0;
      const script = isLatin ? undefined : scripts.find(([pattern]) => pattern.test(written))?.[1];
      words.push({ start: found.index, end: found.index + written.length, letters: written.length, script, scores });
      if (words.length === mostWords) break;
    }
    return words;
  }

  function spans(text: string, language: string): readonly LanguageSpan[] {
    const words = readWords(text);
    if (words.length < leastWords) return [];
    const isTold = language === "und" || wordLanguages.some((one) => one === language);
    const hasScript = words.some(({ script }) => script !== undefined);
    if (!isTold && !hasScript) return romanised(words);
    let allowed: readonly number[] = Array.from({ length: states }, (_, state) => state);
    for (;;) {
      const path = likeliest(words, allowed);
      const [first] = path;
      if (path.every((state) => state === first)) return first === hindi ? romanised(words) : [];
      const parts = partsOf(path, posteriors(words, allowed));
      const strong = new Set(parts.filter((part) => isStrong(part, words, hasScript)).map(({ state }) => state));
      const weak = parts.filter(({ state }) => !strong.has(state));
      if (weak.length === 0) return named(parts, words, language);
      // The weakest goes, and its words to what is left: two weak ones may be one language that was mistaken for two.
      const weights = new Map<number, number>();
      for (const { state, from, to, confidence } of weak) weights.set(state, (weights.get(state) ?? 0) + confidence * (to - from));
      const weakest = [...weights].reduce((so, one) => (one[1] < so[1] ? one : so))[0];
      allowed = allowed.filter((state) => state !== weakest);
    }
  }

  /** Of a post in a language that is not told apart here, Hindi in Latin letters alone is told. */
  function romanised(words: readonly Word[]): readonly LanguageSpan[] {
    const own = words.filter(({ scores }) => scores.indexOf(Math.max(...scores)) === hindi);
    const { language, confidence } = wholeOf(words);
    if (language !== "hi-Latn" || confidence < leastRomanised.sure || words.length < leastRomanised.words || own.length < leastRomanised.share * words.length) return [];
    return [{ start: words[0]?.start ?? 0, end: words.at(-1)?.end ?? 0, language, confidence: Math.round(confidence * 100) / 100 }];
  }

  function wholeOf(words: readonly Word[]): { readonly language: string; readonly confidence: number } {
    const sums = new Float64Array(languageCount);
    for (const { scores, script } of words) if (script === undefined) for (let c = 0; c < languageCount; c++) sums[c] = (sums[c] ?? 0) + (scores[c] ?? 0) * wholeWeight;
    toProbabilities(sums);
    const confidence = Math.max(...sums);
    return { language: confidence >= leastWhole ? (wordLanguages[sums.indexOf(confidence)] ?? "und") : "und", confidence };
  }

  return { spans, whole: (text) => wholeOf(readWords(text)) };
}

interface Part {
  readonly state: number;
  /** Numbers of words, half open. */
  readonly from: number;
  readonly to: number;
  readonly confidence: number;
}

function isStrong({ state, from, to, confidence }: Part, words: readonly Word[], hasScript: boolean): boolean {
  const letters = words.slice(from, to).reduce((sum, word) => sum + word.letters, 0);
  if (state === ownScript) return letters >= leastWords;
  const least = hasScript ? leastForeign : { words: leastWords, letters: leastLetters };
  return to - from >= least.words && letters >= least.letters && confidence >= leastSure;
}

function partsOf(path: readonly number[], sure: readonly Float64Array[]): readonly Part[] {
  const parts: { state: number; from: number; to: number; sum: number }[] = [];
  for (const [i, state] of path.entries()) {
    const last = parts.at(-1);
    const share = sure[i]?.[state] ?? 0;
    if (last?.state === state) {
      last.to = i + 1;
      last.sum += share;
    } else parts.push({ state, from: i, to: i + 1, sum: share });
  }
  return parts.map(({ state, from, to, sum }) => ({ state, from, to, confidence: sum / (to - from) }));
}

function likeliest(words: readonly Word[], allowed: readonly number[]): readonly number[] {
  const best = new Float64Array(states);
  const cameFrom: Int8Array[] = [];
  for (const { scores } of words) {
    let top = allowed[0] ?? 0;
    for (const state of allowed) if ((best[state] ?? 0) > (best[top] ?? 0)) top = state;
    const moved = (best[top] ?? 0) - switchCost;
    const from = new Int8Array(states);
    for (const state of allowed) {
      const stays = (best[state] ?? 0) >= moved;
      from[state] = stays ? state : top;
      best[state] = (stays ? (best[state] ?? 0) : moved) + (scores[state] ?? 0);
    }
    cameFrom.push(from);
  }
  let state = allowed.reduce((top, one) => ((best[one] ?? 0) > (best[top] ?? 0) ? one : top), allowed[0] ?? 0);
  const path: number[] = [];
  for (const from of cameFrom.toReversed()) {
    path.push(state);
    state = from[state] ?? state;
  }
  return path.toReversed();
}

/** Probability of each state at each word, given all words. */
function posteriors(words: readonly Word[], allowed: readonly number[]): readonly Float64Array[] {
  const change = Math.exp(-switchCost);
  const pass = (list: readonly Word[]): readonly Float64Array[] => {
    let before = new Float64Array(states).fill(1);
    return list.map(({ scores }) => {
      const sum = allowed.reduce((so, state) => so + (before[state] ?? 0), 0);
      const told = new Float64Array(states);
      for (const state of allowed) told[state] = ((1 - change) * (before[state] ?? 0)) / sum + change / allowed.length;
      before = told.map((value, state) => value * Math.exp(scores[state] ?? never));
      const all = before.reduce((so, value) => so + value, 0);
      before = before.map((value) => value / all);
      return told;
    });
  };
  const forward = pass(words);
  const backward = pass(words.toReversed()).toReversed();
  return words.map(({ scores }, i) => {
    const joint = Float64Array.from(scores, (score, state) => (allowed.includes(state) ? (forward[i]?.[state] ?? 0) * (backward[i]?.[state] ?? 0) * Math.exp(score) : 0));
    const sum = joint.reduce((so, value) => so + value, 0);
    return joint.map((value) => value / sum);
  });
}

function named(parts: readonly Part[], words: readonly Word[], language: string): readonly LanguageSpan[] {
  const found = parts.flatMap(({ state, from, to, confidence }): readonly LanguageSpan[] => {
    const inside = words.slice(from, to);
    const kinds = inside.flatMap((word) => word.script ?? []);
    // Japanese begins with the characters of Chinese as often as not.
    const script = kinds.find((kind) => kind === "ja") ?? kinds[0];
    const own = script !== undefined && (sameScript[script] ?? []).includes(language) ? language : script;
    const name = state === ownScript ? own : wordLanguages[state];
    return name === undefined ? [] : [{ start: inside[0]?.start ?? 0, end: inside.at(-1)?.end ?? 0, language: name, confidence: Math.round(confidence * 100) / 100 }];
  });
  return found.length > 1 ? found : [];
}
