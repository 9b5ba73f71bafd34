import type { Tokens } from "../core/tokens.ts";
import type { SentimentSign } from "./sentiment.ts";
import type { TowardsWords } from "./towards-words.ts";

/** One naming of a target, half open in words. */
export interface Naming {
  readonly target: number;
  readonly from: number;
  readonly to: number;
}

/** A stretch of words that speaks of the same; half open. */
export interface Part {
  from: number;
  to: number;
  /** Number of the sentence, and whether it asks. */
  readonly sentence: number;
  readonly asks: boolean;
  /** It begins with a word that turns against what stood before. */
  readonly turns: boolean;
}

export interface Reading {
  readonly text: string;
  readonly tokens: Tokens;
  readonly words: TowardsWords;
  readonly namings: readonly Naming[];
  /** Of each word, what it adds; 0: nothing. */
  readonly adds: Float64Array;
}

export function addsOf({ words, starts }: Tokens, signs: readonly SentimentSign[], lists: TowardsWords, namings: readonly Naming[]): Float64Array {
  const adds = new Float64Array(words.length);
  const byStart = new Map(signs.map((sign) => [sign.start, sign.adds]));
  for (const [i, word] of words.entries()) {
    const known = byStart.get(starts[i] ?? -1);
    if (known !== undefined) adds[i] = known;
    else {
      const valence = lists.valences.get(word) ?? 0;
      if (valence !== 0) adds[i] = isDenied(words, i, lists) ? -0.6 * valence : valence;
    }
  }
  // A name says nothing of itself.
  for (const { from, to } of namings) adds.fill(0, from, to);
  return adds;
}

const reach = 3;
function isDenied(words: readonly string[], at: number, { negators }: TowardsWords): boolean {
  for (let i = Math.max(0, at - reach); i < at; i++) if (negators.has(words[i] ?? "") || (words[i] === "t" && i > 0)) return true;
  return false;
}

const ends = /[.!?;\n…]/u;
const pictures = /\p{Extended_Pictographic}/u;

/** What stands between a word and the one before. */
export function betweenOf({ text, tokens: { words, starts } }: Pick<Reading, "text" | "tokens">, at: number): string {
  const end = at === 0 ? 0 : (starts[at - 1] ?? 0) + (words[at - 1]?.length ?? 0);
  return text.slice(end, at < words.length ? starts[at] : text.length);
}

/** Parts a text at the ends of sentences, at marks, and at words that begin another clause. */
export function partsOf(reading: Reading): Part[] {
  const { words } = reading.tokens;
  const parts: Part[] = [];
  let sentence = 0;
  let begin = 0;
  let first = 0;
  let turns = false;
  const close = (at: number) => {
    if (at > begin) parts.push({ from: begin, to: at, sentence, asks: false, turns });
    begin = at;
  };
  for (let i = 0; i <= words.length; i++) {
    const between = betweenOf(reading, i);
    const isEnd = i === words.length || (i > 0 && ((ends.test(between) && /\s/u.test(between)) || pictures.test(between)));
    if (isEnd) {
      close(i);
      if (between.includes("?")) for (let k = first; k < parts.length; k++) parts[k] = { ...(parts[k] as Part), asks: true };
      first = parts.length;
      sentence++;
      turns = i < words.length && reading.words.contrast.has(words[i] ?? "");
      continue;
    }
    const isTurn = i > begin && reading.words.contrast.has(words[i] ?? "");
    if (isTurn || (i > 0 && (between.includes(",") || /\s[-–—]+\s/u.test(between)))) {
      close(i);
      turns = isTurn || reading.words.contrast.has(words[i] ?? "");
    }
  }
  return parts;
}

export const namedIn = ({ namings }: Reading, { from, to }: Pick<Part, "from" | "to">): readonly Naming[] => namings.filter((one) => one.from >= from && one.to <= to);

export function sumOf(adds: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += adds[i] ?? 0;
  return sum;
}

function isBare(reading: Reading, part: Part): boolean {
  const named = namedIn(reading, part);
  if (named.length === 0) return false;
  for (let i = part.from; i < part.to; i++) {
    if (!reading.words.filler.has(reading.tokens.words[i] ?? "") && !named.some(({ from, to }) => i >= from && i < to)) return false;
  }
  return true;
}

/** Names that are listed belong together: "A, B and C are great", "I hate A, B and C". */
export function joinLists(reading: Reading, parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  let open = false;
  for (const part of parts) {
    const last = joined.at(-1);
    const bare = isBare(reading, part);
    const isNext = last !== undefined && last.sentence === part.sentence;
    const startsNamed = namedIn(reading, part).some(
      ({ from }) => from === part.from || (from === part.from + 1 && reading.words.filler.has(reading.tokens.words[part.from] ?? "")),
    );
    const endsNamed = last !== undefined && namedIn(reading, last).some(({ to }) => to === last.to);
    if (isNext && last !== undefined && !part.turns && endsNamed && startsNamed && (bare || open)) last.to = part.to;
    else joined.push({ ...part });
    open = bare || (open && isNext);
  }
  return joined;
}

/** Parts that name several are parted further where both sides feel: "I love A and I hate B", "hate A love B". */
export function splitParts(reading: Reading, parts: readonly Part[]): Part[] {
  const out: Part[] = [];
  for (const part of parts) {
    let { from } = part;
    const named = namedIn(reading, part);
    for (let k = 1; k < named.length; k++) {
      const [a, b] = [named[k - 1], named[k]];
      if (a === undefined || b === undefined || a.target === b.target) continue;
      const cut = cutBetween(reading, from, a, b, named[k + 1]?.from ?? part.to);
      if (cut === undefined) continue;
      out.push({ ...part, from, to: cut, turns: part.turns && from === part.from });
      from = cut;
    }
    out.push({ ...part, from, turns: part.turns && from === part.from });
  }
  return out;
}

function cutBetween({ tokens, words, adds }: Reading, from: number, a: Naming, b: Naming, to: number): number | undefined {
  const feels = (low: number, high: number) => adds.subarray(low, high).some((add) => add !== 0);
  for (let i = a.to; i < b.from; i++) {
    const word = tokens.words[i] ?? "";
    if (words.hangs.has(word) || words.joins.has(word)) {
      if (words.hangs.has(word) ? i > a.to || feels(from, i) : feels(from, i) && feels(i, to)) return i;
    }
  }
  const [before, middle, behind] = [sumOf(adds, from, a.from), sumOf(adds, a.to, b.from), sumOf(adds, b.to, to)];
  // hate A love B: what stands between speaks of what follows; A sucks B rocks: of what went before.
  if (before !== 0 && middle !== 0 && before * middle < 0) return a.to;
  if (middle !== 0 && behind !== 0 && middle * behind < 0) return b.from;
  return undefined;
}
