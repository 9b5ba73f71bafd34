import type { LanguageParts } from "./language-spans.ts";
import { wordLanguages } from "./language-words.ts";
import type { LanguagePost } from "./language-words-train.ts";
import { makeRandom } from "./linear-train.ts";

/** A text with the language of each of its stretches, half open in UTF-16 units. */
export interface MixedText {
  readonly text: string;
  readonly spans: readonly { readonly start: number; readonly end: number; readonly language: string }[];
}

const leastWords = 4;
const mostWords = 10;

/** Texts of two languages, made of the beginnings of posts in one each; the same ones for the same posts. */
export function mixedTexts(posts: readonly LanguagePost[], count: number): readonly MixedText[] {
  const random = makeRandom(7);
  const byLanguage = Map.groupBy(
    posts.filter(({ language, text }) => language !== "hi-Latn" && bare(text).split(" ").length >= leastWords),
    ({ language }) => language,
  );
  const languages = [...byLanguage.keys()];
  const part = (language: string): string => {
    const own = byLanguage.get(language) ?? [];
    return bare(own[Math.floor(random() * own.length)]?.text ?? "")
      .split(" ")
      .slice(0, leastWords + Math.floor(random() * (mostWords - leastWords + 1)))
      .join(" ");
  };
  return Array.from({ length: count }, () => {
    const first = languages[Math.floor(random() * languages.length)] ?? "";
    const others = languages.filter((one) => one !== first);
    const second = others[Math.floor(random() * others.length)] ?? "";
    const [a, b] = [part(first), part(second)];
    return {
      text: `${a} ${b}`,
      spans: [
        { start: 0, end: a.length, language: first },
        { start: a.length + 1, end: a.length + 1 + b.length, language: second },
      ],
    };
  });
}

/** Words alone: what else stands in a post is no word of a language. */
const bare = (text: string): string =>
  text
    .replace(/https?:\/\/\S+|[@#]\S+|[^\p{L}\p{M}'’ ]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();

export interface SpanFigures {
  readonly texts: number;
  /** Spans with the right language and both ends. */
  readonly exact: { readonly precision: number; readonly recall: number; readonly f1: number };
  /** Spans with the right language that share half of what both cover. */
  readonly half: { readonly precision: number; readonly recall: number; readonly f1: number };
  /** Share of letters whose language is right. */
  readonly letters: number;
}

export function spanFigures(parts: LanguageParts, texts: readonly MixedText[]): SpanFigures {
  let [exact, half, said, right, letters, all] = [0, 0, 0, 0, 0, 0];
  for (const { text, spans } of texts) {
    const found = parts.spans(text, "und");
    said += found.length;
    right += spans.length;
    for (const one of found) {
      const same = spans.filter(({ language }) => language === one.language);
      if (same.some(({ start, end }) => start === one.start && end === one.end)) exact++;
      if (same.some((span) => overlap(span, one) >= 0.5 * (Math.max(span.end, one.end) - Math.min(span.start, one.start)))) half++;
    }
    for (const span of spans) {
      all += span.end - span.start;
      for (const one of found) if (one.language === span.language) letters += overlap(span, one);
    }
  }
  const figures = (hits: number) => ({ precision: hits / Math.max(1, said), recall: hits / Math.max(1, right), f1: (2 * hits) / Math.max(1, said + right) });
  return { texts: texts.length, exact: figures(exact), half: figures(half), letters: letters / Math.max(1, all) };
}

interface Place {
  readonly start: number;
  readonly end: number;
}
const overlap = (a: Place, b: Place): number => Math.max(0, Math.min(a.end, b.end) - Math.max(a.start, b.start));

/** How often a post of one language is said to hold more. */
export function falselyMixed(parts: LanguageParts, posts: readonly LanguagePost[]): number {
  const pure = posts.filter(({ language }) => language !== "hi-Latn");
  return pure.filter(({ language, text }) => parts.spans(text, language).length > 0).length / Math.max(1, pure.length);
}

export interface SetFigures {
  readonly texts: number;
  /** Of the languages that are told of posts of two, those that they have; of those that they have, those that are told. */
  readonly precision: number;
  readonly recall: number;
  /** Share of the posts with more than one language told. */
  readonly found: number;
}

/** Posts whose label joins languages by a plus, as TweetLID's do. */
export function setFigures(parts: LanguageParts, texts: readonly string[], labels: readonly string[]): SetFigures {
  let [count, found, said, has, hits] = [0, 0, 0, 0, 0];
  for (const [i, label] of labels.entries()) {
    const gold = new Set(label.split("+"));
    if (gold.size < 2 || ![...gold].every((one) => wordLanguages.some((known) => known === one))) continue;
    const spans = parts.spans(texts[i] ?? "", "und");
    const told = new Set(spans.map(({ language }) => language));
    if (told.size === 0) told.add(parts.whole(texts[i] ?? "").language);
    told.delete("und");
    count++;
    if (told.size > 1) found++;
    said += told.size;
    has += gold.size;
    for (const language of told) if (gold.has(language)) hits++;
  }
  return { texts: count, precision: hits / Math.max(1, said), recall: hits / Math.max(1, has), found: found / Math.max(1, count) };
}

const lengths = [10, 20, 40, 80, Number.POSITIVE_INFINITY] as const;

/** For texts of so many letters: the share that a language is told of, and how often it is the right one; and how often it would be, were one told of each. */
export interface LengthFigures {
  readonly letters: string;
  readonly texts: number;
  readonly coverage: number;
  readonly accuracy: number;
}

export function lengthFigures(parts: LanguageParts, posts: readonly LanguagePost[]): readonly LengthFigures[] {
  return lengths.map((most, i) => {
    const least = lengths[i - 1] ?? 0;
    const own = posts.filter(({ text }) => {
      const letters = bare(text).length;
      return letters > least && letters <= most;
    });
    const told = own.map(({ language, text }) => ({ language, said: parts.whole(text).language })).filter(({ said }) => said !== "und");
    return {
      letters: most === Number.POSITIVE_INFINITY ? `over ${least}` : `${least + 1} to ${most}`,
      texts: own.length,
      coverage: told.length / Math.max(1, own.length),
      accuracy: told.filter(({ language, said }) => language === said).length / Math.max(1, told.length),
    };
  });
}
