/**
 * How text becomes words: the one rule that search, terms and queries share, so that all of them match the same.
 * A word is a run of letters, digits and their marks, lower-cased, without diacritics (as SQLite's unicode61 with
 * remove_diacritics 2 gives it). Scripts written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) become
 * overlapping pairs, and the last character of a run stands alone once more. `@m_…` (a MentionId) is one word.
 */

/** The tokenizer of FTS5 that leaves the words of `toIndexText` whole. */
export const indexTokenizer = "unicode61 remove_diacritics 2 categories 'L* M* N* Co' tokenchars '_-'";

export interface Tokens {
  readonly words: readonly string[];
  /** Where each word begins, in UTF-16 units of the text. */
  readonly starts: readonly number[];
}

// Kinds of UTF-16 units; 0: not met yet.
const separator = 1;
const letter = 2;
/** Left out where it stands in a word. */
const dropped = 3;
/** Belongs to the character before it (vowel signs of Indic scripts). */
const mark = 4;
/** One half of a pair. */
const paired = 5;
const surrogate = 6;

const kinds = new Uint8Array(0x10000);
const folds = new Uint16Array(0x10000);

const pairedRanges: readonly (readonly [number, number])[] = [
  [0x0e00, 0x0eff],
  [0x1000, 0x109f],
  [0x1780, 0x17ff],
  [0x2e80, 0x2fdf],
  [0x3005, 0x3007],
  [0x3031, 0x3035],
  [0x3040, 0x30ff],
  [0x31f0, 0x31ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xf900, 0xfaff],
  [0xff66, 0xff9d],
  [0x1b000, 0x1b16f],
  [0x20000, 0x3ffff],
];
const droppedMark = /^[\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f]$/u;
const wordCharacter = /^[\p{L}\p{N}\p{Co}]$/u;
const wordCharacters = /^[\p{L}\p{N}\p{Co}\p{M}]+$/u;
const anyMark = /^\p{M}$/u;
const diacritics = /[\u0300-\u036f]/gu;
/** Latin and Greek lose their diacritics; elsewhere they make another letter (й, ї), but for ё, which is seldom written. */
const losesDiacritics = /^[\p{Script=Latin}\p{Script=Greek}Ёё]$/u;

function isPaired(code: number): boolean {
  return pairedRanges.some(([from, to]) => code >= from && code <= to);
}

/** One character folded to one character of as many units, else itself. */
function foldCharacter(char: string): string {
  const compatible = char.normalize("NFKC");
  // A numeral with its stop (🄀) stays one: folded to two it would fall apart when it is read again.
  const base = (compatible.length === char.length && wordCharacters.test(compatible)) || isAscii(compatible) ? compatible : char;
  const bare = losesDiacritics.test(base) ? base.normalize("NFD").replace(diacritics, "").normalize("NFC") : base;
  const lower = (bare.length > 0 && bare.length <= char.length ? bare : char).toLowerCase();
  const folded = lower === "ς" ? "σ" : lower;
  return folded.length > char.length ? char : folded;
}

function isAscii(char: string): boolean {
  return char.length === 1 && char.charCodeAt(0) < 0x80;
}

/** Learns one UTF-16 unit the first time that it is met. */
function learn(code: number): number {
  const char = String.fromCharCode(code);
  const kind = code >= 0xd800 && code <= 0xdfff ? surrogate : kindOfCharacter(char, code);
  folds[code] = kind === letter || kind === paired ? foldCharacter(char).charCodeAt(0) : code;
  kinds[code] = kind;
  return kind;
}

function kindOfCharacter(char: string, code: number): number {
  if (droppedMark.test(char)) return dropped;
  // What shows a character of such a script (an enclosed or annotating one) folds to it, and pairs as it does.
  if (wordCharacter.test(char)) return isPaired(code) || isPaired(foldCharacter(char).codePointAt(0) ?? 0) ? paired : letter;
  return anyMark.test(char) ? mark : separator;
}
for (let code = 0; code < 0x250; code++) learn(code);

const pointKinds = new Map<number, number>();
const mostPoints = 10_000;

/** Kind of a code point above the first 65,536. */
function kindOfPoint(point: number): number {
  const known = pointKinds.get(point);
  if (known !== undefined) return known;
  if (pointKinds.size >= mostPoints) pointKinds.clear();
  const kind = kindOfCharacter(String.fromCodePoint(point), point);
  pointKinds.set(point, kind);
  return kind;
}

/** text[start, end) folded; what is dropped in words is dropped. */
function foldSlice(text: string, start: number, end: number): string {
  let out = "";
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    const kind = kinds[code] || learn(code);
    if (kind === dropped) continue;
    if (kind === surrogate) {
      const point = text.codePointAt(i) ?? 0;
      if (point > 0xffff) {
        out += foldCharacter(String.fromCodePoint(point));
        i++;
      }
      continue;
    }
    out += String.fromCharCode(folds[code] ?? code);
  }
  return out;
}

const clean = 0;
const asciiCapital = 1;
const needsFold = 2;

function isMentionUnit(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95 || code === 45;
}

/** Lower-cased, without diacritics, one character for one; separators stay. */
export function foldText(text: string): string {
  return foldSlice(text, 0, text.length);
}

/** Words of a text with their places. */
export function tokensOf(text: string): Tokens {
  const words: string[] = [];
  const starts: number[] = [];
  const length = text.length;
  let i = 0;
  while (i < length) {
    const code = text.charCodeAt(i);
    let kind = kinds[code] || learn(code);
    let width = 1;
    if (kind === surrogate) {
      const point = text.codePointAt(i) ?? 0;
      width = point > 0xffff ? 2 : 1;
      kind = width === 2 ? kindOfPoint(point) : separator;
    }
    if (kind === letter) {
      const end = wordEnd(text, i);
      words.push(cut(text, i, end));
      starts.push(i);
      i = end;
    } else if (kind === paired) i = pushPairs(text, i, words, starts);
    else if (code === 64 && text.charCodeAt(i + 1) === 109 && text.charCodeAt(i + 2) === 95) {
      let end = i + 3;
      while (end < length && isMentionUnit(text.charCodeAt(end))) end++;
      words.push(text.slice(i + 1, end).toLowerCase());
      starts.push(i);
      i = end;
    } else i += width;
  }
  return { words, starts };
}

let change = clean;

function wordEnd(text: string, start: number): number {
  const length = text.length;
  let i = start;
  change = clean;
  while (i < length) {
    const code = text.charCodeAt(i);
    const kind = kinds[code] || learn(code);
    if (kind === letter) {
      if (folds[code] !== code) change = code < 0x80 && change !== needsFold ? asciiCapital : needsFold;
      i++;
    } else if (kind === mark) i++;
    else if (kind === dropped) {
      change = needsFold;
      i++;
    } else if (kind === surrogate) {
      const point = text.codePointAt(i) ?? 0;
      const pointKind = point > 0xffff ? kindOfPoint(point) : separator;
      if (pointKind !== letter && pointKind !== mark) break;
      change = needsFold;
      i += 2;
    } else break;
  }
  return i;
}

function cut(text: string, start: number, end: number): string {
  if (change === clean) return text.slice(start, end);
  return change === asciiCapital ? text.slice(start, end).toLowerCase() : foldSlice(text, start, end);
}

/** Pairs of a run of characters written without spaces; gives the end of the run. */
function pushPairs(text: string, start: number, words: string[], starts: number[]): number {
  let before = -1;
  let at = start;
  while (at < text.length) {
    const point = text.codePointAt(at) ?? 0;
    const kind = point > 0xffff ? kindOfPoint(point) : kinds[point] || learn(point);
    if (kind !== paired) break;
    let end = at + (point > 0xffff ? 2 : 1);
    while (end < text.length && isAttached(text.charCodeAt(end))) end++;
    if (before >= 0) {
      words.push(foldSlice(text, before, end));
      starts.push(before);
    }
    before = at;
    at = end;
  }
  words.push(foldSlice(text, before, at));
  starts.push(before);
  return at;
}

function isAttached(code: number): boolean {
  const kind = kinds[code] || learn(code);
  return kind === mark || kind === dropped;
}

/**
 * The words of `tokensOf`, but for names of accounts, as hashes (FNV-1a over UTF-16 units); hardly one becomes a string for that.
 * Returns how many there are, at most as `into` takes.
 */
export function hashWords(text: string, into: Uint32Array): number {
  const { length } = text;
  let count = 0;
  let i = 0;
  while (i < length && count < into.length) {
    const code = text.charCodeAt(i);
    let kind = kinds[code] || learn(code);
    let width = 1;
    if (kind === surrogate) {
      const point = text.codePointAt(i) ?? 0;
      width = point > 0xffff ? 2 : 1;
      kind = width === 2 ? kindOfPoint(point) : separator;
    }
    if (kind === letter) {
      const end = wordEnd(text, i);
      into[count++] = change === clean ? hashUnits(text, i, end) : hashFolded(text, i, end);
      i = end;
    } else if (kind === paired) {
      pairs.length = 0;
      i = pushPairs(text, i, pairs, []);
      for (const pair of pairs) if (count < into.length) into[count++] = hashUnits(pair, 0, pair.length);
    } else if (code === 64 && text.charCodeAt(i + 1) === 109 && text.charCodeAt(i + 2) === 95) {
      i += 3;
      while (i < length && isMentionUnit(text.charCodeAt(i))) i++;
    } else i += width;
  }
  return count;
}
const pairs: string[] = [];

function hashUnits(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/** Of the word that `wordEnd` has just read. */
function hashFolded(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) {
      const word = cut(text, start, end);
      return hashUnits(word, 0, word.length);
    }
    hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), 0x01000193);
  }
  return hash;
}

/** Words of a text, in order. */
export function tokenise(text: string): readonly string[] {
  return tokensOf(text).words;
}

/**
 * Words of a search term: as `tokenise`, but the last run of a script without spaces gives up its lone last character,
 * so that the term is found inside longer runs too. `prefix`: the term is one such character, sought at a word's beginning.
 */
export function queryTokens(text: string): { readonly words: readonly string[]; readonly prefix: boolean } {
  const words = [...tokenise(text)];
  const last = words.at(-1);
  if (last === undefined || !isOnePaired(last)) return { words, prefix: false };
  const before = words.at(-2);
  if (before !== undefined && isPairEndingIn(before, last)) {
    words.pop();
    return { words, prefix: false };
  }
  return { words, prefix: true };
}

/** The word is one character of a script without spaces. */
export function isOnePaired(word: string): boolean {
  return pairedCount(word) === 1;
}

/** The word is a pair of characters of a script without spaces, and the second is `last`. */
export function isPairEndingIn(word: string, last: string): boolean {
  return pairedCount(word) === 2 && word.endsWith(last) && word.length > last.length;
}

/** Characters of a word that is written without spaces; 0 for other words. */
export function pairedCount(word: string): number {
  let count = 0;
  for (const char of word) {
    const point = char.codePointAt(0) ?? 0;
    const kind = point > 0xffff ? kindOfPoint(point) : kinds[point] || learn(point);
    if (kind === paired) count++;
    else if (kind !== mark && kind !== dropped) return 0;
  }
  return count;
}

/** The text as the full-text index gets it: words separated by one space. */
export function toIndexText(text: string): string {
  return tokenise(text).join(" ");
}
