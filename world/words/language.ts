/**
 * The words of one language. A frame is a sentence with slots:
 * {x} what it is about (a brand, a product or a noun), {n} a noun, {g} praise, {h} complaint,
 * {w} an invented word, {t} a time, {c} a town.
 */
export interface LanguageWords {
  /** BCP 47 primary tag. */
  readonly tag: string;
  /** Share of authors who write it, relative to the others. */
  readonly weight: number;
  /** Between sentences. */
  readonly gap: string;
  readonly openers: readonly string[];
  readonly neutral: readonly string[];
  readonly positive: readonly string[];
  readonly negative: readonly string[];
  readonly closers: readonly string[];
  readonly nouns: readonly string[];
  readonly good: readonly string[];
  readonly bad: readonly string[];
  readonly times: readonly string[];
  /** What invented words are made of. */
  readonly onsets: readonly string[];
  readonly rimes: readonly string[];
  readonly endings: readonly string[];
}

/** A list written as one line. */
export function list(line: string): readonly string[] {
  return line.split("|").map((item) => item.trim());
}

/** A list of single words written as one line. */
export function words(line: string): readonly string[] {
  return line.trim().split(/\s+/u);
}
