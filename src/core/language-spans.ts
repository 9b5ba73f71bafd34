/** A stretch of a text in one language, half open in UTF-16 units. */
export interface LanguageSpan {
  readonly start: number;
  readonly end: number;
  /** BCP 47: a primary tag, and hi-Latn for Hindi in Latin letters. */
  readonly language: string;
  /** 0 to 1: how sure the model is of its words' language, on average. */
  readonly confidence: number;
}

declare module "./event.ts" {
  interface Notes {
    /** Where a text is not in its post's one language alone. */
    readonly languages?: { readonly model: string; readonly spans: readonly LanguageSpan[] };
  }
}

/** Parts a text by language; one for each thread. */
export interface LanguageSpans {
  /**
   * Empty where one language is all that can be told.
   * @param language of the post, as the language stage says it: BCP 47 primary tag, und
   */
  languages(text: string, language: string): { readonly model: string; readonly spans: readonly LanguageSpan[] };
}
