import { hashWords } from "../core/tokens.ts";

/**
 * What a text is compared by: hashes of its runs of three words, the 32 smallest of them (a bottom-k sketch; Cohen and Kaplan, 2007).
 * A text of up to 34 words has all of its runs in it, so that most posts are compared exactly. Names of accounts, addresses and the
 * hashtags at the end are left out: copies bear another "via", another link and other tags.
 */
export interface Sketch {
  /** Distinct, ascending. */
  readonly hashes: Uint32Array;
  /** How many distinct runs the text has. */
  readonly runs: number;
  /** Smallest hashes of its longer runs, ascending: two copies share one of them nearly always, two texts of one pattern seldom. */
  readonly keys: Uint32Array;
}

export const sketchSize = 32;
export const keysEach = 3;
/** Words of a run that is a key. */
const keyWords = 6;
/** Shorter texts say what many say by chance. */
const fewestRuns = 2;
const mostWords = 2_000;

/** With a scheme, or as Bluesky shows one: host, path, three dots. */
const address = /https?:\/\/\S+|(?<![^\s(])[a-z0-9-]+(?:\.[a-z0-9-]+)+\/\S*/giu;

/** A text without addresses and without the hashtags that it ends with. */
function bareOf(text: string): string {
  const plain = text.includes("/") ? text.replaceAll(address, " ") : text;
  if (!plain.includes("#")) return plain;
  let end = plain.length;
  for (;;) {
    while (end > 0 && isSpace(plain.charCodeAt(end - 1))) end--;
    let start = end;
    while (start > 0 && !isSpace(plain.charCodeAt(start - 1))) start--;
    if (plain[start] !== "#" || start === end) return plain.slice(0, end);
    end = start;
  }
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a;

const words = new Uint32Array(mostWords);
const smallest = new Uint32Array(sketchSize);
const smallestKeys = new Uint32Array(keysEach);

/** undefined: too short to be told from others. */
export function sketchOf(text: string): Sketch | undefined {
  const count = hashWords(bareOf(text), words);
  for (let i = 0; i < count; i++) words[i] = spread(words[i] ?? 0);
  let held = 0;
  let runs = 0;
  for (let i = 2; i < count; i++) {
    const run = mix(mix(words[i - 2] ?? 0, words[i - 1] ?? 0), words[i] ?? 0);
    const at = insert(smallest, held, run);
    if (at === 0) continue;
    runs++;
    if (at > 0 && held < sketchSize) held++;
  }
  if (runs < fewestRuns) return undefined;
  const width = Math.min(keyWords, count);
  let heldKeys = 0;
  for (let i = width - 1; i < count; i++) {
    let key = width;
    for (let j = i - width + 1; j <= i; j++) key = Math.imul(key, 0x9e3779b1) + (words[j] ?? 0);
    if (insert(smallestKeys, heldKeys, spread(key)) > 0 && heldKeys < keysEach) heldKeys++;
  }
  return { hashes: smallest.slice(0, held), runs, keys: smallestKeys.slice(0, heldKeys) };
}

/** Keeps the smallest, ascending. 1: it is in; 0: it was there; -1: all that are held are smaller. */
function insert(list: Uint32Array, held: number, value: number): 1 | 0 | -1 {
  const { length } = list;
  if (held === length && value > (list[length - 1] ?? 0)) return -1;
  let at = held;
  while (at > 0 && (list[at - 1] ?? 0) > value) at--;
  if (at > 0 && list[at - 1] === value) return 0;
  for (let i = Math.min(held, length - 1); i > at; i--) list[i] = list[i - 1] ?? 0;
  list[at] = value;
  return 1;
}

function mix(first: number, second: number): number {
  return spread(Math.imul(first, 0x9e3779b1) + second);
}

/** A finish that spreads a hash (MurmurHash3's). */
function spread(value: number): number {
  let hash = value ^ (value >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Of all runs of both texts so many must be common … */
const alikeFrom = 0.6;
/** … and of the shorter text nearly all: a copy adds words before or after; one that puts another word in says something else. */
const heldFrom = 0.97;

/** Whether two texts are copies of each other. `a` begins at 0, `b` at `bStart`, `bHeld` long; both ascending. */
export function areCopies(a: Uint32Array, aRuns: number, b: Uint32Array, bStart: number, bHeld: number, bRuns: number): boolean {
  const aHeld = a.length;
  const fewer = Math.min(aRuns, bRuns);
  if (fewer < alikeFrom * Math.max(aRuns, bRuns)) return false;
  const isWhole = aHeld === aRuns && bHeld === bRuns;
  // Of longer texts only the smallest of both together are a fair sample of what they have together.
  const limit = isWhole ? Infinity : sketchSize;
  let [i, j, together, common] = [0, 0, 0, 0];
  while (together < limit && (i < aHeld || j < bHeld)) {
    const left = i < aHeld ? (a[i] ?? 0) : Infinity;
    const right = j < bHeld ? (b[bStart + j] ?? 0) : Infinity;
    if (left === right) common++;
    if (left <= right) i++;
    if (right <= left) j++;
    together++;
  }
  const alike = common / together;
  if (alike < alikeFrom) return false;
  const inCommon = isWhole ? common : (alike / (1 + alike)) * (aRuns + bRuns);
  return inCommon >= heldFrom * fewer;
}
