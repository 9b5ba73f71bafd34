import type { LanguageSpans } from "../core/language-spans.ts";
import type { Library } from "../models/library.ts";
import { makeNormaliser, type NormalForm, type Normaliser } from "../models/normal.ts";

/** A text in other words, worked out when somebody asks; nothing of it is stored. */
export interface TextReading {
  readonly normal: NormalForm;
}

/** Weights are read with the first question. */
export function openTextReader(library: Library): LanguageSpans & { read(text: string, language: string): TextReading } {
  let normaliser: Normaliser | undefined;
  return {
    read(text, language) {
      normaliser ??= makeNormaliser(library.vocabulary());
      // Where no language was told the short forms are most likely English ones.
      return { normal: normaliser.normalise(text, language === "und" ? "en" : language) };
    },
    languages: (text, language) => ({ model: library.version("code-switching"), spans: library.languageParts().spans(text, language) }),
  };
}
