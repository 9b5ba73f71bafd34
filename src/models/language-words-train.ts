import { join } from "node:path";
import { linesOf, readTsv } from "./corpus.ts";
import { languageCount, mostSlots, slotCount, slotsOf, toProbabilities, type WordModel, wordLanguages, writeWordModel } from "./language-words.ts";
import { makeRandom } from "./linear-train.ts";

/** A post in one language; of hi-Latn, with English words in between. */
export interface LanguagePost {
  readonly language: string;
  readonly text: string;
}

const iberian = ["es", "pt", "ca", "en", "gl", "eu"];
const reviewed: Readonly<Record<string, string>> = { french: "fr", german: "de", italian: "it", english: "en", spanish: "es", portuguese: "pt", hindi: "hi-Latn" };
const englishPosts = 6_000;
const keptBackEvery = 10;

/**
 * Posts of TweetLID with one language, of UMSAB (whose Hindi is in Latin letters), English ones of TweetEval; every tenth is kept back.
 * @param folder of the data
 */
export function languagePosts(folder: string): { readonly train: readonly LanguagePost[]; readonly keptBack: readonly LanguagePost[] } {
  const train: LanguagePost[] = [];
  const keptBack: LanguagePost[] = [];
  const put = (language: string, texts: readonly string[]): void => {
    for (const [i, text] of texts.entries()) (i % keptBackEvery === 0 ? keptBack : train).push({ language, text });
  };
  const { texts, labels } = readTsv(join(folder, "language", "tweetlid.tsv"));
  for (const language of iberian)
    put(
      language,
      texts.filter((_, i) => labels[i] === language),
    );
  for (const [name, language] of Object.entries(reviewed)) put(language, linesOf(join(folder, "multilingual", name, "train_text.txt")));
  put("en", linesOf(join(folder, "tweeteval", "sentiment", "train_text.txt")).slice(0, englishPosts));
  return { train, keptBack };
}

const wordPattern = /https?:\/\/\S+|[@#][\p{L}\p{N}_]+|[\p{Script=Latin}\p{M}]+(?:['’][\p{L}\p{M}]+)*/gu;
/** Stands in UMSAB's Hindi set for accounts. */
const placeholder = "someuser";

/** Words as the model knows them. */
export function latinWords(text: string): readonly string[] {
  return Array.from(text.matchAll(wordPattern), (found) => found[0])
    .filter((word) => !/^(?:https?:|[@#])/.test(word))
    .map((word) =>
      word
        .toLowerCase()
        .replaceAll("’", "'")
        .replace(/(.)\1{2,}/gu, "$1$1"),
    )
    .filter((word) => word !== placeholder);
}

interface Example {
  readonly word: string;
  readonly language: number;
}

const epochs = 4;
const rounds = 3;
const rate = 0.15;
const pull = 1e-6;
const dropout = 0.3;
const mostWeight = 4;
const keptSlots = 24_000;
/** Weights are whole numbers from -steps to steps. */
const steps = 3;
/** Within Hinglish, a change of language costs so much while its words are told apart for training. */
const switchCost = 1.5;
const commonEnglish = 20;

/** Softmax regression over words; the words of Hinglish posts are given to Hindi or English by the model of the round before (hard expectation maximisation). */
export function trainWordModel(posts: readonly LanguagePost[], report: (line: string) => void): Uint8Array {
  const english = wordLanguages.indexOf("en");
  const hindi = wordLanguages.indexOf("hi-Latn");
  const known = new Map<string, number>();
  for (const { language, text } of posts) if (language === "en") for (const word of latinWords(text)) known.set(word, (known.get(word) ?? 0) + 1);
  let tag = (words: readonly string[]): readonly number[] => words.map((word) => ((known.get(word) ?? 0) > commonEnglish && word.length > 3 ? english : hindi));
  let weights: Float32Array = new Float32Array(0);
  let examples: readonly Example[] = [];
  for (let round = 0; round < rounds; round++) {
    examples = posts.flatMap(({ language, text }) => {
      const words = latinWords(text);
      const number = wordLanguages.findIndex((one) => one === language);
      const tags = number === hindi ? tag(words) : undefined;
      return words.map((word, i): Example => ({ word, language: tags?.[i] ?? number }));
    });
    weights = fit(examples);
    const trained = modelOf(weights);
    tag = (words) => twoPaths(words, trained, english, hindi);
    report(`round ${round + 1}: ${examples.filter(({ language }) => language === hindi).length} words of Hindi, ${examples.length} of all`);
  }
  return writeWordModel(compress(weights, examples));
}

function fit(examples: readonly Example[]): Float32Array {
  const size = slotCount * languageCount;
  const weights = new Float32Array(size + languageCount);
  const squares = new Float32Array(size + languageCount).fill(1e-3);
  const counts = wordLanguages.map((_, c) => Math.max(1, examples.filter(({ language }) => language === c).length));
  const costs = counts.map((count) => Math.min(mostWeight, examples.length / languageCount / count));
  const random = makeRandom(1);
  const order = examples.map((_, i) => i);
  const slots = new Uint32Array(mostSlots);
  const errors = new Float64Array(languageCount);
  const step = (at: number, gradient: number): void => {
    squares[at] = (squares[at] ?? 0) + gradient * gradient;
    weights[at] = (weights[at] ?? 0) - (rate * gradient) / Math.sqrt(squares[at] ?? 1);
  };
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let last = order.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
    }
    for (const i of order) {
      const { word, language } = examples[i] ?? { word: "", language: 0 };
      const count = slotsOf(word, slots);
      const kept = slots.subarray(0, count).filter(() => random() >= dropout);
      const each = 1 / Math.sqrt(count) / (1 - dropout);
      for (let c = 0; c < languageCount; c++) {
        let sum = weights[size + c] ?? 0;
        for (const slot of kept) sum += (weights[slot * languageCount + c] ?? 0) * each;
        errors[c] = sum;
      }
      toProbabilities(errors);
      errors[language] = (errors[language] ?? 0) - 1;
      for (let c = 0; c < languageCount; c++) {
        const error = (errors[c] ?? 0) * (costs[language] ?? 1);
        if (Math.abs(error) < 1e-4) continue;
        for (const slot of kept) step(slot * languageCount + c, error * each + pull * (weights[slot * languageCount + c] ?? 0));
        step(size + c, error);
      }
    }
  }
  return weights;
}

function modelOf(weights: Float32Array): WordModel {
  const slots = new Uint32Array(mostSlots);
  return {
    score(word, out) {
      const count = slotsOf(word, slots);
      for (let c = 0; c < languageCount; c++) {
        let sum = 0;
        for (let i = 0; i < count; i++) sum += weights[(slots[i] ?? 0) * languageCount + c] ?? 0;
        out[c] = sum / Math.sqrt(count) + (weights[slotCount * languageCount + c] ?? 0);
      }
      toProbabilities(out);
      for (let c = 0; c < languageCount; c++) out[c] = Math.log(0.002 + 0.98 * (out[c] ?? 0));
    },
  };
}

/** The likeliest of two languages for each word, where a change costs. */
function twoPaths(words: readonly string[], model: WordModel, one: number, other: number): readonly number[] {
  const scores = new Float64Array(languageCount);
  let best: readonly [number, number] = [0, 0];
  const from: (readonly [boolean, boolean])[] = [];
  for (const word of words) {
    model.score(word, scores);
    const [a, b] = best;
    from.push([a >= b - switchCost, b >= a - switchCost]);
    best = [Math.max(a, b - switchCost) + (scores[one] ?? 0), Math.max(b, a - switchCost) + (scores[other] ?? 0)];
  }
  let isOne = best[0] >= best[1];
  return from
    .toReversed()
    .map(([oneStays, otherStays]) => {
      const said = isOne ? one : other;
      isOne = isOne ? oneStays : !otherStays;
      return said;
    })
    .toReversed();
}

/** Slots that weigh little are left out, the others' weights made small whole numbers. */
function compress(weights: Float32Array, examples: readonly Example[]): Parameters<typeof writeWordModel>[0] {
  const slots = new Uint32Array(mostSlots);
  const used = new Float64Array(slotCount);
  for (const { word } of examples) for (const slot of slots.subarray(0, slotsOf(word, slots))) used[slot] = (used[slot] ?? 0) + 1;
  const rows = Array.from({ length: slotCount }, (_, slot) => {
    const row = weights.subarray(slot * languageCount, (slot + 1) * languageCount);
    const mean = row.reduce((sum, value) => sum + value, 0) / languageCount;
    const centred = row.map((value) => value - mean);
    return { slot, centred, size: Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0) * (used[slot] ?? 0)) };
  });
  const kept = rows
    .toSorted((a, b) => b.size - a.size)
    .slice(0, keptSlots)
    .toSorted((a, b) => a.slot - b.slot);
  const sizes = Float32Array.from(kept.flatMap(({ centred }) => Array.from(centred, Math.abs))).toSorted();
  const scale = (sizes[Math.floor(sizes.length * 0.99)] ?? 1) / steps;
  return {
    kept: kept.map(({ slot }) => slot),
    weights: Int8Array.from(kept.flatMap(({ centred }) => Array.from(centred, (value) => Math.max(-steps, Math.min(steps, Math.round(value / scale)))))),
    scale,
    bias: Array.from(weights.subarray(slotCount * languageCount)),
  };
}
