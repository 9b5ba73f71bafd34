import type { Draft, Stage } from "../core/stage.ts";
import { makeLanguageDetector } from "./language-detector.ts";
import { buildLanguageTable, type LanguageTable } from "./language-table.ts";
import { countScripts } from "./scripts.ts";

export interface LanguageOptions {
  /** Made once a process by buildLanguageTable and shared between threads; absent: this thread builds its own. */
  readonly table?: LanguageTable;
}

/** UTF-16 units of running text looked at. */
const sampleLength = 280;
/** Below this many letters a text tells nothing without a hint. */
const leastLetters = 3;
/** Of fewer letters, the platform's hint is believed. */
const hintLetters = 16;
/** A lead of less than this gives way to the hint. */
const hintMargin = 0.04;
/** Without a hint, a short text (of so few n-grams) needs such a lead. */
const clearMargin = 0.02;
const shortNgrams = 8;
const leastScore = 0.4;

/** Why a text was given its language. */
export interface LanguageFinding {
  readonly language: string;
  /** script: its letters belong to one language; hint: the platform's tag; ngrams: the detector; unsure: nothing tells enough. */
  readonly by: "script" | "hint" | "ngrams" | "unsure";
  readonly letters: number;
  readonly hint?: string;
  /** Of the detector where it was asked: the best languages, 0 to 1, and the lead of the first. */
  readonly candidates: readonly { readonly language: string; readonly score: number }[];
  readonly margin?: number;
}

const candidatesTold = 5;

/** Says the language of the text (BCP 47 primary tag), "und" when unsure. The platform's tag is a hint that breaks ties. */
export function makeLanguage(options: LanguageOptions = {}): Stage & { readonly explain: (draft: Draft) => LanguageFinding } {
  const detector = makeLanguageDetector(options.table ?? buildLanguageTable());
  const known = new Set(detector.languages);
  let by: LanguageFinding["by"] = "unsure";
  const decide = (reason: LanguageFinding["by"], language: string): string => {
    by = reason;
    return language;
  };
  const detect = (draft: Draft): string => {
    const sample = runningText(draft.text);
    const hint = hintOf(draft.post.languages);
    const scripts = countScripts(sample);
    const { letters, ofLanguage, shared } = scripts;
    if (letters < leastLetters) return letters > 0 && hint !== undefined ? decide("hint", hint) : decide("unsure", "und");
    // Names and brands in Latin letters stand in every language's texts: half as many letters of an own script decide.
    if (ofLanguage > 0 && ofLanguage * 2 >= shared)
      return scripts.language === "zh" && hint === "ja" && letters < hintLetters ? decide("hint", "ja") : decide("script", scripts.language);
    const found = detector.detect(sample);
    if (found.language === "") return hint === undefined ? decide("unsure", "und") : decide("hint", hint);
    if (hint === found.language) return decide("ngrams", hint);
    const { language, margin, score, ngrams } = found;
    if (hint === undefined || !known.has(hint)) {
      if (hint !== undefined && letters < hintLetters) return decide("hint", hint);
      return score < leastScore || (margin < clearMargin && ngrams < shortNgrams) ? decide("unsure", "und") : decide("ngrams", language);
    }
    if (letters < hintLetters || margin < hintMargin) return decide("hint", hint);
    return score < leastScore ? decide("unsure", "und") : decide("ngrams", language);
  };
  return {
    name: "language",
    run: (batch) =>
      batch.map((draft) => {
        draft.language = detect(draft);
        return { keep: draft };
      }),
    explain(draft) {
      const language = detect(draft);
      const reason = by;
      const hint = hintOf(draft.post.languages);
      const sample = runningText(draft.text);
      const { letters } = countScripts(sample);
      const { margin } = detector.detect(sample);
      const candidates = letters < leastLetters ? [] : detector.best(candidatesTold);
      return { language, by: reason, letters, candidates, ...(hint !== undefined && { hint }), ...(candidates.length > 0 && { margin }) };
    },
    [Symbol.dispose]() {},
  };
}

const sameLanguage: Readonly<Record<string, string>> = { iw: "he", in: "id", nb: "no", nn: "no", cmn: "zh", yue: "zh", arb: "ar", ji: "yi" };

/** The first tag's primary part; more than one tag is no hint, since authors list what they read. */
function hintOf(tags: readonly string[] | undefined): string | undefined {
  if (tags === undefined || tags.length !== 1) return undefined;
  const primary = /^[A-Za-z]{2,3}(?=$|[-_])/.exec(tags[0] ?? "")?.[0].toLowerCase();
  if (primary === undefined || primary === "und" || primary === "zxx" || primary === "mul" || primary === "mis") return undefined;
  return sameLanguage[primary] ?? primary;
}

/** The beginning of the text without addresses, accounts and hashtags. */
function runningText(text: string): string {
  if (!text.includes("@") && !text.includes("#") && !text.includes("://")) return text.length > sampleLength ? text.slice(0, sampleLength) : text;
  let out = "";
  let from = 0;
  while (from < text.length && out.length < sampleLength) {
    let end = from;
    while (end < text.length && !isBlank(text.charCodeAt(end))) end++;
    const word = text.slice(from, Math.min(end, from + sampleLength));
    const first = word.charCodeAt(0);
    if (first !== 64 && first !== 35 && !word.includes("://") && !word.includes("@")) out += `${word} `;
    from = end + 1;
  }
  return out;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 10;
}
