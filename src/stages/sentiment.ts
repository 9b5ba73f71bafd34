import type { Sentiment } from "../core/event.ts";
import type { Draft, Stage } from "../core/stage.ts";
import type { Tokens } from "../core/tokens.ts";
import { type Lexicon, lexiconLanguages, openEmoji, openLexicon } from "./lexicon.ts";

/** Words looked back for a negation or an intensifier, within the clause. */
const reach = 3;
const negated = -0.6;
const boosted = 1.3;
const damped = 0.6;
const shouted = 1.2;
const beforeContrast = 0.6;
const afterContrast = 1.3;
/** Words looked at in one post. */
const maxWords = 2_000;
/** Turns a sum of valences into -1 to 1. */
const spread = 12;
/** Scores nearer to 0 are neutral. */
const neutralWithin = 0.2;

/** A word, emoji or face that bears sentiment, and what made of it what it adds. */
export interface SentimentSign {
  /** As it stands in the text. */
  readonly start: number;
  readonly end: number;
  /** Of the lexicon, -4 to 4. */
  readonly valence: number;
  /** The words before it that turned, raised or lowered it. */
  readonly negatedBy?: string;
  readonly raisedBy?: readonly string[];
  readonly loweredBy?: readonly string[];
  readonly shouted?: boolean;
  /** It stands before a "but", or after one: it weighs less, or more. */
  readonly contrast?: "before" | "after";
  /** To the sum. */
  readonly adds: number;
}

/** How a score came about; without a lexicon there is none. */
export interface SentimentFinding {
  /** Language of the lexicon; absent: there is none for the post's. */
  readonly lexicon?: string;
  readonly signs: readonly SentimentSign[];
  /** What emoji and faces add. */
  readonly emoji: number;
  /** By exclamation marks. */
  readonly emphasis: number;
  readonly sum: number;
  readonly sentiment?: Sentiment;
}

/** What the lexicons know of a text, whoever judges it. */
export interface SentimentSigns {
  /** Undefined: there is no lexicon of its language. */
  signsOf(draft: Pick<Draft, "text" | "tokens" | "language">): readonly SentimentSign[] | undefined;
  /** What emoji and faces of a text add to a sum of signs. */
  emojiOf(text: string): number;
}

/** Each sign with how many words like "but" stand before it; how many there are in all. */
interface SignNotes {
  readonly met: { readonly sign: SentimentSign; readonly part: number }[];
  parts: number;
}
interface Causes {
  negatedBy?: string;
  raisedBy?: string[];
  loweredBy?: string[];
}

/**
 * Scores the languages that it has a lexicon for; other posts stay unscored, which is not neutral.
 * @param isLeft posts that another stage judges
 */
export function makeSentiment(isLeft: (draft: Draft) => boolean = () => false): Stage & SentimentSigns & { readonly explain: (draft: Draft) => SentimentFinding } {
  const lexicons = new Map<string, Lexicon>(lexiconLanguages.map((language) => [language, openLexicon(language)]));
  const emoji = openEmoji();
  const score = (draft: Draft): Sentiment | undefined => {
    const lexicon = lexicons.get(draft.language);
    if (lexicon === undefined) return undefined;
    const sum = scoreWords(draft.text, draft.tokens, lexicon) + scoreSigns(draft.text, emoji);
    return sentimentOf(sum * emphasis(draft.text));
  };
  return {
    name: "sentiment",
    signsOf({ text, tokens, language }) {
      const lexicon = lexicons.get(language);
      if (lexicon === undefined) return undefined;
      const notes: SignNotes = { met: [], parts: 0 };
      scoreWords(text, tokens, lexicon, notes);
      return notes.met.map(({ sign }) => sign);
    },
    emojiOf: (text) => scoreSigns(text, emoji),
    run: (batch) =>
      batch.map((draft) => {
        if (!isLeft(draft)) draft.sentiment = score(draft);
        return { keep: draft };
      }),
    explain(draft) {
      const lexicon = lexicons.get(draft.language);
      if (lexicon === undefined || isLeft(draft)) return { signs: [], emoji: 0, emphasis: 1, sum: 0 };
      const notes: SignNotes = { met: [], parts: 0 };
      const words = scoreWords(draft.text, draft.tokens, lexicon, notes);
      const before = notes.met.reduce((total, { sign, part }) => total + (part < notes.parts ? sign.adds : 0), 0);
      const signs = notes.met.map(({ sign, part }): SentimentSign => {
        if (before === 0) return sign;
        const isAfter = part === notes.parts;
        return { ...sign, contrast: isAfter ? "after" : "before", adds: sign.adds * (isAfter ? afterContrast : beforeContrast) };
      });
      const emojiSum = scoreSigns(draft.text, emoji);
      const raised = emphasis(draft.text);
      const sum = (words + emojiSum) * raised;
      return { lexicon: draft.language, signs, emoji: emojiSum, emphasis: raised, sum, sentiment: sentimentOf(sum) };
    },
    [Symbol.dispose]() {},
  };
}

/** A sum of valences as a score, -1 to 1. */
export const scoreOfSum = (sum: number): number => sum / Math.sqrt(sum * sum + spread);

function sentimentOf(sum: number): Sentiment {
  const score = Math.round(scoreOfSum(sum) * 100) / 100;
  const label = score >= neutralWithin ? "positive" : score <= -neutralWithin ? "negative" : "neutral";
  return { label, score: score === 0 ? 0 : score };
}

function scoreWords(text: string, tokens: Tokens, lexicon: Lexicon, notes?: SignNotes): number {
  const { words, starts } = tokens;
  const count = Math.min(words.length, maxWords);
  let before = 0;
  let sum = 0;
  let part = 0;
  for (let i = 0; i < count; i++) {
    const word = words[i] ?? "";
    if (!lexicon.mayMatter(word)) continue;
    if (lexicon.contrast.has(word)) {
      before += sum;
      sum = 0;
      part++;
      continue;
    }
    const valence = lexicon.valence(word);
    if (valence === 0) continue;
    const start = starts[i] ?? 0;
    const causes: Causes | undefined = notes && {};
    const loud = isShouted(text, start, word.length);
    const adds = valence * context(text, words, starts, i, lexicon, causes) * (loud ? shouted : 1);
    sum += adds;
    notes?.met.push({ part, sign: { start, end: start + word.length, valence, ...causes, ...(loud && { shouted: true }), adds } });
  }
  if (notes) notes.parts = part;
  return before === 0 ? sum : before * beforeContrast + sum * afterContrast;
}

/** What the words before do to a word's valence. */
function context(text: string, words: readonly string[], starts: readonly number[], at: number, lexicon: Lexicon, causes?: Causes): number {
  let factor = 1;
  for (let back = 1; back <= reach && at - back >= 0; back++) {
    const word = words[at - back] ?? "";
    const end = (starts[at - back] ?? 0) + word.length;
    if (endsClause(text, end, starts[at - back + 1] ?? end)) break;
    if (back <= 2) {
      if (lexicon.boosters.has(word)) {
        factor *= boosted;
        if (causes) causes.raisedBy = [...(causes.raisedBy ?? []), word];
      } else if (lexicon.dampers.has(word)) {
        factor *= damped;
        if (causes) causes.loweredBy = [...(causes.loweredBy ?? []), word];
      }
    }
    // don’t, isn't: the t alone is a word.
    if (lexicon.negators.has(word) || (word === "t" && isApostrophe(text.charCodeAt(end - 2)))) {
      if (causes) causes.negatedBy = word === "t" ? `${words[at - back - 1] ?? ""}’t` : word;
      return factor * negated;
    }
  }
  return factor;
}

function isApostrophe(code: number): boolean {
  return code === 39 || code === 0x2019;
}

function endsClause(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (code === 46 || code === 44 || code === 33 || code === 63 || code === 59 || code === 58 || code === 10) return true;
  }
  return false;
}

function isShouted(text: string, start: number, length: number): boolean {
  if (length < 3) return false;
  for (let i = start; i < start + length; i++) {
    const code = text.charCodeAt(i);
    if (code < 65 || code > 90) return false;
  }
  return true;
}

const happyFace = /(?:^|[\s.!?,])(?:[:;=8]['´]?-?[)\]D*]|[xX]D|\^_*\^|<3)/g;
const sadFace = /(?:^|[\s.!?,])(?:[:=]['´]?-?[([/|\\]|[:;]_[:;]|D:|<\/3|-_+-|T_T)(?!\/)/g;

function scoreSigns(text: string, emoji: ReadonlyMap<number, number>): number {
  let sum = 0;
  let hasFace = false;
  let last = 0;
  let repeats = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x2600) {
      if (code === 58 || code === 59 || code === 61 || code === 60 || code === 95 || code === 94) hasFace = true;
      continue;
    }
    const point = text.codePointAt(i) ?? 0;
    if (point > 0xffff) i++;
    const valence = emoji.get(point);
    if (valence === undefined) continue;
    // A row of one sign says little more than two of them.
    repeats = point === last ? repeats + 1 : 0;
    last = point;
    if (repeats < 2) sum += valence * (repeats === 0 ? 0.8 : 0.3);
  }
  if (hasFace && text.length < 5_000) sum += 2 * (countOf(text, happyFace) - countOf(text, sadFace));
  return sum;
}

function countOf(text: string, pattern: RegExp): number {
  return Math.min(text.match(pattern)?.length ?? 0, 3);
}

function emphasis(text: string): number {
  let count = 0;
  for (let at = text.indexOf("!"); at >= 0 && count < 4; at = text.indexOf("!", at + 1)) count++;
  return 1 + count * 0.07;
}
