/**
 * Social text as the models read it: words in lower case, names of accounts and addresses as one mark each, runs of letters and of
 * punctuation cut to at most three, emoji and faces whole. Read from left to right; at each place the first of these that fits is taken:
 *
 * an address (https://…, www.…) · an account (@name) · a hashtag · a face (:-)) · hearts (<3, </3) · letters, with apostrophes between ·
 * a number · an emoji with what is joined to it · a flag · exclamation and question marks · two stops and more · one other character
 *
 * Blanks, and numerals other than 0 to 9, are passed by.
 */
export interface WordsOfText {
  /** As the models know them. */
  readonly words: readonly string[];
  /** Where each begins and ends in the text, UTF-16 units. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Words of two capitals and more. */
  readonly shouted: number;
  /** Words with a letter thrice and more. */
  readonly elongated: number;
  /** Words that are words: with a letter. */
  readonly spelled: number;
}

// What a character is; 0: not met yet.
const met = 1;
const letter = 2;
const mark = 4;
const numeral = 8;
const blank = 16;
const pictograph = 32;
const regional = 64;
const skin = 128;
const letterOrMark = letter | mark;
const inTag = letter | mark | numeral;

const kinds = new Uint8Array(0x110000);
const tests: readonly (readonly [RegExp, number])[] = [
  [/^\p{L}$/u, letter],
  [/^\p{M}$/u, mark],
  [/^\p{N}$/u, numeral],
  [/^\s$/u, blank],
  [/^\p{Extended_Pictographic}$/u, pictograph],
  [/^\p{Regional_Indicator}$/u, regional],
  [/^[\u{1f3fb}-\u{1f3ff}\ufe0f]$/u, skin],
];

/** Learns a character the first time that it is met. */
function learn(point: number): number {
  const char = String.fromCodePoint(point);
  const kind = tests.reduce((so, [pattern, bit]) => (pattern.test(char) ? so | bit : so), met);
  kinds[point] = kind;
  return kind;
}

// Roles of the first 128 characters.
const digit = 1;
/** Of an account's name: letters, digits, low line, stop. */
const ofName = 2;
const brow = 4;
const eyes = 8;
const nose = 16;
const mouth = 32;
const cry = 64;
const capital = 128;

const roles = new Uint8Array(128);
function give(characters: string, role: number): void {
  for (let i = 0; i < characters.length; i++) {
    const code = characters.charCodeAt(i);
    roles[code] = (roles[code] ?? 0) | role;
  }
}
const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
give("0123456789", digit);
give(`0123456789_.${capitals}${capitals.toLowerCase()}`, ofName);
give("<>", brow);
give(":;=8xX", eyes);
give("-o^'", nose);
give(")](dDpP3/\\|@*", mouth);
give("!?", cry);
give(capitals, capital);
for (let code = 0; code < 0x250; code++) learn(code);

/** 0 behind the end. */
function roleAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (roles[code] ?? 0) : 0;
}
/** Kind of the character that begins there; 0 behind the end. */
function kindAt(text: string, at: number): number {
  const point = text.codePointAt(at);
  return point === undefined ? 0 : kinds[point] || learn(point);
}

const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);

/** End of a run of characters that have one of `bits`. */
function endOf(text: string, from: number, bits: number): number {
  let at = from;
  while ((kindAt(text, at) & bits) !== 0) at += widthAt(text, at);
  return at;
}

function endOfRole(text: string, from: number, role: number): number {
  let at = from;
  while ((roleAt(text, at) & role) !== 0) at++;
  return at;
}

function endOfUnit(text: string, from: number, code: number): number {
  let at = from;
  while (text.charCodeAt(at) === code) at++;
  return at;
}

/** End of what is no blank; `from` where nothing is. */
function endOfFilled(text: string, from: number): number {
  let at = from;
  for (let kind = kindAt(text, at); kind !== 0 && (kind & blank) === 0; kind = kindAt(text, at)) at += widthAt(text, at);
  return at;
}

/** End of the address that begins there; -1: none does. */
function endOfAddress(text: string, at: number): number {
  const code = text.charCodeAt(at);
  let scheme = 0;
  if (code === 104) scheme = text.startsWith("https://", at) ? 8 : text.startsWith("http://", at) ? 7 : 0;
  else if (code === 119 && text.startsWith("www.", at)) scheme = 4;
  if (scheme === 0) return -1;
  const end = endOfFilled(text, at + scheme);
  return end > at + scheme ? end : -1;
}

/** End of the face that begins there; -1: none does. */
function endOfFace(text: string, from: number): number {
  const eyesAt = (roleAt(text, from) & brow) === 0 ? from : from + 1;
  if ((roleAt(text, eyesAt) & eyes) === 0) return -1;
  const mouthAt = (roleAt(text, eyesAt + 1) & nose) === 0 ? eyesAt + 1 : eyesAt + 2;
  const end = endOfRole(text, mouthAt, mouth);
  return end > mouthAt ? end : -1;
}

const isApostrophe = (code: number): boolean => code === 0x27 || code === 0x2019;

function endOfLetters(text: string, from: number): number {
  let at = endOf(text, from, letterOrMark);
  while (isApostrophe(text.charCodeAt(at))) {
    const end = endOf(text, at + 1, letter);
    if (end === at + 1) break;
    at = end;
  }
  return at;
}

function endOfNumber(text: string, from: number): number {
  let at = endOfRole(text, from, digit);
  for (let code = text.charCodeAt(at); (code === 0x2e || code === 0x2c || code === 0x3a) && (roleAt(text, at + 1) & digit) !== 0; code = text.charCodeAt(at))
    at = endOfRole(text, at + 1, digit);
  return at;
}

function endOfEmoji(text: string, from: number): number {
  let at = from + widthAt(text, from);
  while (at < text.length) {
    if ((kindAt(text, at) & skin) !== 0) at += widthAt(text, at);
    else if (text.charCodeAt(at) === 0x200d && (kindAt(text, at + 1) & pictograph) !== 0) at += 1 + widthAt(text, at + 1);
    else break;
  }
  return at;
}

/** End of the word that begins there; `from`: none does. */
function endOfWord(text: string, from: number, kind: number): number {
  const code = text.charCodeAt(from);
  if (code === 0x40) return Math.max(from + 1, endOfRole(text, from + 1, ofName));
  if (code === 0x23) return Math.max(from + 1, endOfTag(text, from + 1));
  if ((roleAt(text, from) & (brow | eyes)) !== 0) {
    const end = endOfFace(text, from);
    if (end > 0) return end;
    if (code === 0x3c) {
      const next = text.charCodeAt(from + 1);
      if (next === 0x33) return endOfUnit(text, from + 1, 0x33);
      if (next === 0x2f && text.charCodeAt(from + 2) === 0x33) return from + 3;
    }
  }
  if ((kind & letterOrMark) !== 0) return endOfLetters(text, from);
  if ((roleAt(text, from) & digit) !== 0) return endOfNumber(text, from);
  if ((kind & pictograph) !== 0) return endOfEmoji(text, from);
  const width = widthAt(text, from);
  if ((kind & regional) !== 0) return (kindAt(text, from + width) & regional) === 0 ? from + width : from + 2 * width;
  if ((roleAt(text, from) & cry) !== 0) return endOfRole(text, from, cry);
  if (code === 0x2e) return endOfUnit(text, from, 0x2e);
  return (kind & (blank | numeral)) === 0 ? from + width : from;
}

function endOfTag(text: string, from: number): number {
  let at = from;
  while ((kindAt(text, at) & inTag) !== 0 || text.charCodeAt(at) === 0x5f) at += widthAt(text, at);
  return at;
}

const anyLetter = /\p{L}/u;
const longRun = /(.)\1{2,}/gu;
const longLetters = /([a-z])\1\1/;

export function wordsOf(text: string): WordsOfText {
  const words: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let [shouted, elongated, spelled] = [0, 0, 0];
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 32) {
      at++;
      continue;
    }
    const kind = kindAt(text, at);
    const addressEnd = endOfAddress(text, at);
    const end = addressEnd > 0 ? addressEnd : endOfWord(text, at, kind);
    if (end === at) {
      at += widthAt(text, at);
      continue;
    }
    starts.push(at);
    ends.push(end);
    if (addressEnd > 0) words.push("http");
    else if (code === 0x40) words.push(end > at + 1 ? "@user" : "@");
    else if ((roleAt(text, at) & digit) !== 0) words.push(end - at > 4 ? "<number>" : text.slice(at, end));
    else {
      const { word, isSpelled, isShouted, isElongated } = plainWord(text, at, end);
      words.push(word);
      if (isSpelled) spelled++;
      if (isShouted) shouted++;
      if (isElongated) elongated++;
    }
    at = end;
  }
  return { words, starts, ends, shouted, elongated, spelled };
}

interface PlainWord {
  readonly word: string;
  readonly isSpelled: boolean;
  readonly isShouted: boolean;
  readonly isElongated: boolean;
}

/** In lower case, runs cut to three. Most words have neither capitals nor runs and are ASCII: those are told in one look. */
function plainWord(text: string, start: number, end: number): PlainWord {
  const raw = text.slice(start, end);
  let large = 0;
  let small = 0;
  let hasRun = false;
  let isAscii = true;
  let last = -1;
  let run = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= 128) {
      isAscii = false;
      break;
    }
    if (code >= 97 && code <= 122) small++;
    else if ((roleAt(text, i) & capital) !== 0) large++;
    const folded = code | 0x20;
    run = folded === last ? run + 1 : 1;
    if (run > 2) hasRun = true;
    last = folded;
  }
  if (isAscii && !hasRun) {
    return { word: large === 0 ? raw : raw.toLowerCase(), isSpelled: large + small > 0, isShouted: large > 0 && small === 0 && end - start > 1, isElongated: false };
  }
  const lower = raw.toLowerCase().replaceAll("’", "'");
  if (!anyLetter.test(raw)) return { word: lower.length > 3 ? lower.replace(longRun, "$1$1$1") : lower, isSpelled: false, isShouted: false, isElongated: false };
  const word = lower.replace(longRun, "$1$1$1");
  return { word, isSpelled: true, isShouted: raw.length > 1 && raw === raw.toUpperCase() && raw !== lower, isElongated: word !== lower || longLetters.test(lower) };
}
