import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { EarshotError } from "../core/errors.ts";

/**
 * The n-gram table of eld (Nito T.M., Apache-2.0) in one SharedArrayBuffer, so that all threads read the same few megabytes.
 * eld's own form is an object of a hundred thousand objects: tens of megabytes a thread, and ten times slower to ask.
 *
 * Layout, 32-bit words: [magic, slots, postings, languages], then for each slot the n-gram's last four bytes, its first
 * two bytes, and where its postings begin (+ 1; 0: free slot); then postings (language << 8 | score, 16 bits; a score
 * of 0xffff ends a list), then two letters a language.
 */
export type LanguageTable = SharedArrayBuffer;

export type LanguageSize = "small" | "medium" | "large";

const magic = 0x4c_4e_47_31;
const headerWords = 4;
export const endOfPostings = 0xffff;

function broken(what: string): never {
  throw new EarshotError("FORMAT_UNKNOWN", `eld's n-grams: expected ${what}; is another version of eld installed?`);
}

/** Slot of an n-gram, before probing. */
export function slotOf(low: number, high: number, mask: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x9e37_79b1), 0x85eb_ca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0xc2b2_ae35);
  return (hash ^ (hash >>> 13)) & mask;
}

interface Ngrams {
  readonly lows: number[];
  readonly highs: number[];
  readonly begins: number[];
  readonly postings: number[];
  readonly languages: readonly string[];
}

/** Reads eld's data file as text: evaluating it would leave its objects in memory for good. */
function readNgrams(source: string): Ngrams {
  const languagesAt = source.indexOf("languages:{");
  const ngramsAt = source.indexOf("ngrams:{");
  if (languagesAt < 0 || ngramsAt < languagesAt) broken("languages and ngrams");
  const languages: string[] = [];
  for (const match of source.slice(languagesAt, source.indexOf("}", languagesAt)).matchAll(/(\d+):'([a-z]{2,3})'/g)) languages[Number(match[1])] = match[2] ?? "";
  if (languages.length === 0 || languages.length > 255 || languages.includes("")) broken("up to 255 languages");
  const lows: number[] = [];
  const highs: number[] = [];
  const begins: number[] = [];
  const postings: number[] = [];
  let at = ngramsAt + "ngrams:{".length;
  for (;;) {
    at = readKey(source, at, lows, highs);
    begins.push(postings.length);
    if (source.charCodeAt(at) !== 123) broken("{ after a key");
    at = readPostings(source, at + 1, postings);
    const after = source.charCodeAt(at);
    if (after === 125) break;
    if (after !== 44) broken(", or } after an n-gram");
    at++;
  }
  return { lows, highs, begins, postings, languages };
}

function readKey(source: string, start: number, lows: number[], highs: number[]): number {
  const quote = source.charCodeAt(start);
  const quoted = quote === 39 || quote === 34;
  let at = quoted ? start + 1 : start;
  let low = 0;
  let high = 0;
  for (let size = 0; size <= 6; size++) {
    let code = source.charCodeAt(at);
    if (quoted ? code === quote : code === 58) {
      lows.push(low);
      highs.push(high);
      if (quoted && source.charCodeAt(at + 1) !== 58) broken(": after a key");
      return at + (quoted ? 2 : 1);
    }
    if (code === 92) code = source.charCodeAt(++at);
    if (!(code <= 255)) broken("keys of eight-bit characters");
    high = ((high << 8) | (low >>> 24)) & 0xffff;
    low = ((low << 8) | code) >>> 0;
    at++;
  }
  return broken("keys of up to six characters");
}

function readPostings(source: string, start: number, postings: number[]): number {
  let at = start;
  let number = 0;
  let language = 0;
  for (;;) {
    const code = source.charCodeAt(at++);
    if (code >= 48 && code <= 57) number = number * 10 + code - 48;
    else if (code === 58) {
      language = number;
      number = 0;
    } else if (code === 44 || code === 125) {
      if (number > 254 || language > 254) broken("scores up to 254");
      postings.push((language << 8) | number);
      number = 0;
      if (code === 125) {
        postings.push(endOfPostings);
        return at;
      }
    } else broken("numbers in an n-gram");
  }
}

/** Builds the table once a process; workers get it with their data. Some 150 ms for large, 60 ms for medium. */
export function buildLanguageTable(size: LanguageSize = "large"): LanguageTable {
  const entry = fileURLToPath(import.meta.resolve(`eld/${size}`));
  const source = readFileSync(entry.replace(/entries[/\\][^/\\]+$/, `ngrams/${size}.js`), "utf8");
  const { lows, highs, begins, postings, languages } = readNgrams(source);
  let slots = 1024;
  while (slots < lows.length * 2) slots *= 2;
  const postingWords = (postings.length + 1) >> 1;
  const languageWords = languages.length;
  const table = new SharedArrayBuffer((headerWords + slots * 3 + postingWords + languageWords) * 4);
  const words = new Uint32Array(table);
  words.set([magic, slots, postings.length, languages.length]);
  const mask = slots - 1;
  for (const [i, low] of lows.entries()) {
    const high = highs[i] ?? 0;
    let slot = slotOf(low, high, mask);
    while (words[headerWords + slot * 3 + 2] !== 0) slot = (slot + 1) & mask;
    words.set([low, high, (begins[i] ?? 0) + 1], headerWords + slot * 3);
  }
  new Uint16Array(table, (headerWords + slots * 3) * 4, postings.length).set(postings);
  const codes = headerWords + slots * 3 + postingWords;
  for (const [i, language] of languages.entries()) words[codes + i] = Number.parseInt(language, 36);
  return table;
}

export interface LanguageTableView {
  readonly slots: Uint32Array;
  readonly mask: number;
  readonly postings: Uint16Array;
  readonly languages: readonly string[];
}

export function viewLanguageTable(table: LanguageTable): LanguageTableView {
  const words = new Uint32Array(table);
  const [found, slots = 0, postingCount = 0, languageCount = 0] = words;
  if (found !== magic) broken("a table made by buildLanguageTable");
  const codes = headerWords + slots * 3 + ((postingCount + 1) >> 1);
  const languages = Array.from(words.subarray(codes, codes + languageCount), (code) => code.toString(36));
  return {
    slots: words.subarray(headerWords, headerWords + slots * 3),
    mask: slots - 1,
    postings: new Uint16Array(table, (headerWords + slots * 3) * 4, postingCount),
    languages,
  };
}

/** eld writes each byte of UTF-8 above 127 as one character of its own alphabet. */
export function readByteAlphabet(): Uint8Array {
  const entry = fileURLToPath(import.meta.resolve("eld/small"));
  const source = readFileSync(entry.replace(/entries[/\\][^/\\]+$/, "dictionary.js"), "utf8");
  const list = source.slice(source.indexOf("["), source.lastIndexOf("]"));
  const characters = [...list.matchAll(/'((?:\\.|[^'\\])+)'|"((?:\\.|[^"\\])+)"/g)].map((match) => (match[1] ?? match[2] ?? " ").replace(/^\\/, ""));
  if (characters.length !== 256) broken("an alphabet of 256 characters");
  return Uint8Array.from(characters, (character) => character.charCodeAt(0));
}
