import type { EntitySpan } from "../core/judgement.ts";
import type { EntityKind, KnownEntity, WordSpace } from "../core/linking.ts";
import { tokenise } from "../core/tokens.ts";
import type { Mention } from "./link-index.ts";

export const spanKinds = { brand: "organisation", organisation: "organisation", person: "person", product: "product", place: "place" } as const satisfies Readonly<
  Record<EntityKind, EntitySpan["kind"]>
>;

/** An entry as it is scored: its words once, its vector when first needed. */
export interface Profile {
  readonly entity: KnownEntity;
  readonly context: readonly (readonly string[])[];
  readonly against: readonly (readonly string[])[];
  /** Its names begin with a capital. */
  readonly isCapital: boolean;
  vector: Float32Array | undefined;
}

export interface ReadText {
  readonly text: string;
  readonly words: readonly string[];
  readonly starts: readonly number[];
  /** Names that a tagger found; undefined: it was not asked. */
  readonly tagged: readonly EntitySpan[] | undefined;
}

/** What the words of a text weigh: those that stand everywhere say nothing. */
export const weightOf = (rank: number): number => (rank < 100 ? 0 : rank / (rank + 1_000));

const beforePlaces: ReadonlySet<string> = new Set(["in", "near", "around", "visiting", "across", "at", "to", "nach", "bei", "en", "à", "a", "dans", "em"]);
const beforeNoName: ReadonlySet<string> = new Set(["a", "an", "some", "every", "each", "ein", "eine", "un", "une", "una", "um", "uma"]);
const suffixes: ReadonlySet<string> = new Set(["inc", "corp", "ltd", "llc", "plc", "gmbh", "ag", "sa", "co", "company", "group", "corporation"]);
const capital = /^\p{Lu}/u;
/** Words before and behind a name that are its surroundings. */
const surroundings = 100;

export function profileOf(entity: KnownEntity): Profile {
  return { entity, context: entity.context.map(tokenise), against: entity.against.map(tokenise), isCapital: capital.test(entity.name), vector: undefined };
}

/**
 * How much speaks for one entry at one mention, as log odds against all that the register does not know: hand-set weights of
 * how common the name is as a word, its case, the words around it, what a tagger says, and how near the text's words are to
 * the entry's (Rao, McNamee, Dredze: Entity Linking, 2013, names these as the features that carry most).
 */
export function scoreOf(profile: Profile, mention: Mention, read: ReadText, space: () => WordSpace): number {
  const { entity } = profile;
  if (mention.how === "account") return 5;
  if (mention.how === "hashtag") return 3.5;
  const { text, words, starts } = read;
  const [first, behind] = [words[mention.word] ?? "", words[mention.word + mention.words] ?? ""];
  const before = mention.word > 0 ? (words[mention.word - 1] ?? "") : "";
  const isPlace = entity.kind === "place";
  let score = commonness(words.slice(mention.word, mention.word + mention.words), space());
  score += caseSpeaks(profile, mention, text);
  score += wordsSpeak(profile.context, mention, words, [1.6, 2.4, 3]) - wordsSpeak(profile.against, mention, words, [2.2, 3.2, 4]);
  if (beforePlaces.has(before)) score += isPlace ? 0.7 : before === "in" || before === "near" ? -0.7 : 0;
  if (beforeNoName.has(before) && (!profile.isCapital || !capital.test(text.slice(mention.start)))) score -= 1.5;
  score += neighboursSpeak(mention, read, starts, before, behind);
  score += taggerSpeaks(entity.kind, mention, read.tagged, behind);
  score += nearness(profile, mention, words, space());
  return first.length < 2 ? score - 1 : score;
}

/** A rare word is a name; a common one is first of all a word. */
function commonness(name: readonly string[], space: WordSpace): number {
  const ranks = name.map((word) => space.rankOf(word) ?? Number.MAX_SAFE_INTEGER);
  const rarest = Math.max(...ranks);
  if (name.length > 1) return rarest < 1_000 ? 1 : 2.5;
  if (rarest >= 30_000) return 2.5;
  if (rarest >= 15_000) return 1.5;
  if (rarest >= 5_000) return 0.4;
  if (rarest >= 1_500) return -0.2;
  return rarest >= 300 ? -0.8 : -2;
}

function caseSpeaks({ isCapital }: Profile, { start, end }: Mention, text: string): number {
  if (!isCapital) return 0;
  const shown = text.slice(start, end);
  if (!capital.test(shown)) return /\p{Lu}/u.test(text) ? -1.2 : -0.4;
  if (text === text.toUpperCase()) return 0;
  const isFirst = /(?:^|[.!?\n]["'“”)]?\s*)$/u.test(text.slice(Math.max(0, start - 8), start));
  return isFirst ? 0.3 : 1;
}

/** @param worth of one, two, and three or more of them in the text */
function wordsSpeak(of: readonly (readonly string[])[], mention: Mention, words: readonly string[], worth: readonly [number, number, number]): number {
  let hits = 0;
  for (const phrase of of) {
    const [first] = phrase;
    if (first === undefined) continue;
    for (let at = words.indexOf(first); at >= 0; at = words.indexOf(first, at + 1)) {
      const isInside = at >= mention.word && at < mention.word + mention.words;
      if (isInside || !phrase.every((word, i) => words[at + i] === word)) continue;
      hits++;
      break;
    }
  }
  return hits === 0 ? 0 : (worth[Math.min(hits, worth.length) - 1] ?? 0);
}

/** A capital right beside, with only a space between, makes it part of a longer name. */
function neighboursSpeak(mention: Mention, { text, words }: ReadText, starts: readonly number[], before: string, behind: string): number {
  const next = starts[mention.word + mention.words];
  const isNextCapital = next !== undefined && text.slice(mention.end, next) === " " && capital.test(text.slice(next)) && text !== text.toUpperCase();
  const previous = mention.word > 0 ? starts[mention.word - 1] : undefined;
  const isPreviousCapital =
    previous !== undefined && previous > 0 && text.slice(previous + before.length, mention.start) === " " && capital.test(text.slice(previous)) && text !== text.toUpperCase();
  let score = 0;
  if (isNextCapital && !suffixes.has(behind)) score -= 0.7;
  if (isPreviousCapital && words.length > 2 && before.length > 2) score -= 0.5;
  if (suffixes.has(behind)) score += 1.5;
  return score;
}

function taggerSpeaks(kind: EntityKind, { start, end }: Mention, tagged: ReadText["tagged"], behind: string): number {
  if (tagged === undefined) return 0;
  const over = tagged.find((span) => span.start < end && start < span.end);
  if (over === undefined) return -0.4;
  const isLonger = over.end - over.start > end - start + 2 && !suffixes.has(behind);
  return (over.kind === spanKinds[kind] ? 1 : kind === "product" && over.kind === "organisation" ? 0.3 : -0.9) - (isLonger ? 0.8 : 0);
}

/** Cosine of the text's words and of the entry's, both without the name itself. */
function nearness(profile: Profile, mention: Mention, words: readonly string[], space: WordSpace): number {
  if (profile.context.length === 0) return 0;
  profile.vector ??= vectorOf(profile.context.flat(), undefined, space)?.vector;
  const text = vectorOf(words, mention, space);
  if (profile.vector === undefined || text === undefined || text.words < 3) return 0;
  let cosine = 0;
  for (let d = 0; d < space.dimensions; d++) cosine += (profile.vector[d] ?? 0) * (text.vector[d] ?? 0);
  return Math.max(-1, Math.min(1.6, (cosine - 0.2) * 5));
}

/** Of length one; undefined where no word has a vector. */
function vectorOf(words: readonly string[], without: Mention | undefined, space: WordSpace): { readonly vector: Float32Array; readonly words: number } | undefined {
  const vector = new Float32Array(space.dimensions);
  let counted = 0;
  const from = Math.max(0, (without?.word ?? 0) - surroundings);
  const to = Math.min(words.length, without === undefined ? words.length : without.word + without.words + surroundings);
  for (let i = from; i < to; i++) {
    if (without !== undefined && i >= without.word && i < without.word + without.words) continue;
    const word = words[i] ?? "";
    const rank = space.rankOf(word);
    const weight = rank === undefined ? 0 : weightOf(rank);
    if (weight > 0 && space.add(word, weight, vector)) counted++;
  }
  const length = Math.hypot(...vector);
  if (length === 0) return undefined;
  for (let d = 0; d < vector.length; d++) vector[d] = (vector[d] ?? 0) / length;
  return { vector, words: counted };
}
