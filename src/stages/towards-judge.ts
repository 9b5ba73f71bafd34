import type { Sentiment } from "../core/event.ts";
import { scoreOfSum } from "./sentiment.ts";
import { compareIn, isSetAgainst, type Verdicts } from "./towards-compare.ts";
import { betweenOf, joinLists, namedIn, type Part, partsOf, type Reading, splitParts, sumOf } from "./towards-parts.ts";

export interface Spoken {
  /** Absent: not sure enough. */
  readonly label?: Sentiment["label"];
  /** -1 to 1. */
  readonly score: number;
  /** In UTF-16 units, rising. */
  readonly places: readonly { readonly start: number; readonly end: number }[];
}

export interface JudgeOf {
  /** How much likelier positive is than negative, by a model; undefined: none is asked for this language. */
  readonly model: ((text: string) => number | undefined) | undefined;
  readonly emojiOf: (text: string) => number;
  /** Whether a lexicon knows the language. */
  readonly hasLexicon: boolean;
  /** Of the whole post. */
  readonly sentiment: Sentiment | undefined;
}

/** Nearer to 0 is neutral, or unsure. */
const leastScore = 0.2;
/** Without a word of the lexicon the model alone must be so sure. */
const leastAlone = 0.5;
/** A comparison says who is better, not how good. */
const compared = 0.6;
/** Of a part of a post, beside a lexicon: it learnt from whole ones, and knows negation less well. */
const modelWeight = 0.5;
const modelWeightDenied = 0.2;
/** What other sentences add where those that name it feel something too. */
const aside = 0.4;

/** What a text says of each of its targets, numbered from 0; undefined for one of which nothing can be told in this language. */
export function judgeTargets(reading: Reading, count: number, judge: JudgeOf): readonly (Spoken | undefined)[] {
  const sentences = partsOf(reading);
  const parts = splitParts(reading, joinLists(reading, sentences));
  const verdicts = verdictsOf(reading, sentences);
  const owners = ownersOf(reading, parts);
  const spoken = Array.from({ length: count }, (_, target) => speak(reading, parts, owners, target, count === 1, verdicts, judge));
  setAgainst(reading, parts, spoken);
  return spoken;
}

function verdictsOf(reading: Reading, sentences: readonly Part[]): Verdicts {
  const all: Verdicts = new Map();
  for (const some of Map.groupBy(sentences, ({ sentence }) => sentence).values()) {
    const [first, last] = [some[0], some.at(-1)];
    if (first === undefined || last === undefined || first.asks) continue;
    for (const [target, verdict] of compareIn(reading, { from: first.from, to: last.to })) all.set(target, verdict);
  }
  return all;
}

/** For each part the targets that it speaks of: those that it names, else those named last before it, else those named first behind it. */
function ownersOf(reading: Reading, parts: readonly Part[]): readonly (readonly number[])[] {
  const named = parts.map((part) => [...new Set(namedIn(reading, part).map(({ target }) => target))]);
  return parts.map((part, i) => {
    const own = named[i] ?? [];
    if (own.length > 0) return own;
    for (let back = i - 1; back >= 0; back--) if ((named[back] ?? []).length > 0) return named[back] ?? [];
    for (let on = i + 1; on < parts.length; on++) {
      // What stands before a "but" speaks of something else.
      if (parts[on]?.turns === true) return [];
      if ((named[on] ?? []).length > 0) return named[on] ?? [];
    }
    return part.turns ? [] : own;
  });
}

function speak(
  reading: Reading,
  parts: readonly Part[],
  owners: readonly (readonly number[])[],
  target: number,
  isSole: boolean,
  verdicts: Verdicts,
  judge: JudgeOf,
): Spoken | undefined {
  const own = parts.filter((part) => namedIn(reading, part).some((naming) => naming.target === target));
  const [first] = own;
  if (first === undefined) return undefined;
  const asked = own.every(({ asks }) => asks);
  const others = parts.filter((part, i) => !own.includes(part) && owners[i]?.includes(target) === true && !part.asks);
  const verdict = verdicts.get(target);
  if (verdict !== undefined) return { label: verdict > 0 ? "positive" : "negative", score: verdict * compared, places: placesOf(reading, own) };
  if (asked) return { label: "neutral", score: 0, places: placesOf(reading, own) };
  if (isSole && judge.sentiment !== undefined && !first.turns) return { ...judge.sentiment, places: placesOf(reading, [...own, ...others]) };
  return weigh(reading, own, others, judge);
}

function weigh(reading: Reading, own: readonly Part[], others: readonly Part[], judge: JudgeOf): Spoken | undefined {
  const signsOf = (some: readonly Part[]) => some.reduce((sum, part) => sum + sumOf(reading.adds, part.from, part.to) + judge.emojiOf(textOf(reading, part)), 0);
  const [ownSum, otherSum] = [signsOf(own), signsOf(others)];
  const told = ownSum === 0 ? [...own, ...others] : own;
  const sum = ownSum === 0 ? otherSum : ownSum + aside * otherSum;
  const places = placesOf(reading, otherSum === 0 ? own : [...own, ...others]);
  const byLexicon = judge.hasLexicon ? scoreOfSum(sum) : undefined;
  const byModel = judge.model?.(told.map((part) => textOf(reading, part)).join(" "));
  if (byModel === undefined && byLexicon === undefined) return undefined;
  if (byModel === undefined || byLexicon === undefined) return labelled(byModel ?? byLexicon ?? 0, leastScore, places);
  if (byLexicon === 0) return labelled(byModel, leastAlone, places);
  const weight = told.some(({ from, to }) => denies(reading, from, to)) ? modelWeightDenied : modelWeight;
  const score = weight * byModel + (1 - weight) * byLexicon;
  // The two contradict each other: nobody knows.
  if (byModel * byLexicon < 0 && Math.abs(score) < leastScore) return { score: twoDigits(score), places };
  return labelled(score, leastScore, places);
}

function denies({ tokens, words }: Reading, from: number, to: number): boolean {
  return tokens.words.slice(from, to).some((word) => word === "t" || words.negators.has(word));
}

function labelled(score: number, least: number, places: Spoken["places"]): Spoken {
  return { label: score >= least ? "positive" : score <= -least ? "negative" : "neutral", score: twoDigits(score), places };
}

const twoDigits = (score: number): number => Math.round(score * 100) / 100 || 0;

/** Unlike A, B is good: what is said well of B is said badly of A. */
function setAgainst(reading: Reading, parts: readonly Part[], spoken: (Spoken | undefined)[]): void {
  for (const [i, part] of parts.entries()) {
    if (!isSetAgainst(reading, part)) continue;
    const [against] = namedIn(reading, part);
    const next = parts[i + 1];
    const other = next && namedIn(reading, next)[0];
    const said = other === undefined ? undefined : spoken[other.target];
    if (against === undefined || said?.label === undefined || said.label === "neutral" || other?.target === against.target) continue;
    const value = said.label === "positive" ? -compared : compared;
    spoken[against.target] = { label: value > 0 ? "positive" : "negative", score: value, places: placesOf(reading, [part]) };
  }
}

/** With the marks behind it. */
function spanOf(reading: Reading, { from, to }: Part): { readonly start: number; readonly end: number } {
  const { text, tokens } = reading;
  const start = tokens.starts[from] ?? 0;
  const behind = betweenOf(reading, to);
  const end = to < tokens.words.length ? (tokens.starts[to] ?? text.length) - behind.length : text.length - behind.length;
  const marks = /^[^\s]*(?:\s*[\p{Extended_Pictographic}\u200d\ufe0f]+)*/u.exec(behind)?.[0].length ?? 0;
  // A hashtag's or an account's sign belongs to it.
  return { start: start > 0 && /[#@]/u.test(text[start - 1] ?? "") ? start - 1 : start, end: end + marks };
}

function textOf(reading: Reading, part: Part): string {
  const { start, end } = spanOf(reading, part);
  return reading.text.slice(start, end);
}

function placesOf(reading: Reading, parts: readonly Part[]): Spoken["places"] {
  const spans = parts.map((part) => spanOf(reading, part)).toSorted((a, b) => a.start - b.start);
  const joined: { start: number; end: number }[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last !== undefined && span.start <= last.end + 1) last.end = Math.max(last.end, span.end);
    else joined.push({ ...span });
  }
  return joined;
}
