import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { finish, hashOn, hashUnit, startOf } from "./features.ts";
import { readSections, writeSections } from "./sections.ts";

/** Languages whose words are told apart, in the order of the model's numbers. hi-Latn: Hindi in Latin letters. */
export const wordLanguages = ["en", "es", "pt", "ca", "gl", "eu", "fr", "de", "it", "hi-Latn"] as const;
export const languageCount = wordLanguages.length;

/** Slots that features are hashed into, and of which the model keeps some. */
export const slotCount = 1 << 16;
export const mostSlots = 160;
const longestWord = 30;
const longestRun = 5;
const seeds = { word: 21, letters: 22 } as const;

/** Slots of a word: itself, and its runs of two to five letters, with a blank at each end. @returns how many of `out` hold */
export function slotsOf(word: string, out: Uint32Array): number {
  const text = ` ${word.slice(0, longestWord)} `;
  let count = 0;
  out[count++] = finish(hashOn(startOf(seeds.word), word, 0)) & (slotCount - 1);
  for (let at = 0; at < text.length - 1; at++) {
    let hash = hashUnit(startOf(seeds.letters), text.charCodeAt(at));
    for (let to = at + 1; to < at + longestRun && to < text.length && count < out.length; to++) {
      hash = hashUnit(hash, text.charCodeAt(to));
      out[count++] = finish(hash) & (slotCount - 1);
    }
  }
  return count;
}

/** The language of a word on its own. */
export interface WordModel {
  /** Writes the logarithm of the probability of each of `wordLanguages`. @param word lower case */
  score(word: string, out: Float64Array): void;
}

/** Of each kept slot, its weights for each language; small whole numbers, times `scale`. */
export interface WordWeights {
  readonly kept: readonly number[];
  readonly weights: Int8Array;
  readonly scale: number;
  readonly bias: readonly number[];
}

/** A word that no language claims may still be of any. */
const floor = 0.02;
const magic = "ELW1";
const bits = 8;

export function writeWordModel({ kept, weights, scale, bias }: WordWeights): Uint8Array {
  const map = new Int8Array(slotCount / bits);
  for (const slot of kept) map[slot >> 3] = (map[slot >> 3] ?? 0) | (1 << (slot & 7));
  const file = writeSections(magic, { scale, bias, languages: wordLanguages }, [map, weights]);
  return brotliCompressSync(file, { params: { [constants.BROTLI_PARAM_LGWIN]: 22 } });
}

/** @throws TypeError for another file */
export function readWordModel(bytes: Uint8Array): WordModel {
  const { header, bytes: section } = readSections(magic, brotliDecompressSync(bytes));
  if (JSON.stringify(header["languages"]) !== JSON.stringify(wordLanguages)) throw new TypeError("languages of words: the weights are of other languages");
  const scale = Number(header["scale"]);
  const bias = Array.isArray(header["bias"]) ? header["bias"].map(Number) : [];
  const map = section(0);
  const weights = section(1);
  const rows = new Uint16Array(slotCount);
  let row = 0;
  for (let slot = 0; slot < slotCount; slot++) if (((map[slot >> 3] ?? 0) & (1 << (slot & 7))) !== 0) rows[slot] = ++row;
  const slots = new Uint32Array(mostSlots);
  return {
    score(word, out) {
      const count = slotsOf(word, slots);
      out.fill(0);
      for (let i = 0; i < count; i++) {
        const found = rows[slots[i] ?? 0] ?? 0;
        if (found === 0) continue;
        const at = (found - 1) * languageCount;
        for (let c = 0; c < languageCount; c++) out[c] = (out[c] ?? 0) + (weights[at + c] ?? 0);
      }
      const each = scale / Math.sqrt(count);
      for (let c = 0; c < languageCount; c++) out[c] = (out[c] ?? 0) * each + (bias[c] ?? 0);
      toProbabilities(out);
      for (let c = 0; c < languageCount; c++) out[c] = Math.log(floor / languageCount + (1 - floor) * (out[c] ?? 0));
    },
  };
}

/** Softmax, in place. */
export function toProbabilities(scores: Float64Array): void {
  const most = scores.reduce((so, score) => Math.max(so, score), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let c = 0; c < scores.length; c++) sum += scores[c] = Math.exp((scores[c] ?? 0) - most);
  for (let c = 0; c < scores.length; c++) scores[c] = (scores[c] ?? 0) / sum;
}
