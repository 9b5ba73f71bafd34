/** What a model must get right of one thing that language does, in the manner of CheckList (Ribeiro et al., 2020) and HateCheck (Röttger et al., 2021). */
export interface FunctionalCase {
  readonly task: string;
  /** What is tested: negation, counter-speech, … */
  readonly capability: string;
  readonly text: string;
  readonly expect: Expectation;
}

export type Expectation =
  /** The class that must be chosen. */
  | { readonly is: string }
  /** The class that must not be. */
  | { readonly isNot: string }
  /** The same class as for this text: what differs does not matter. */
  | { readonly sameAs: string }
  /** `of` must be likelier than for this text. */
  | { readonly of: string; readonly likelierThan: string };

/** All texts that a template gives with these words for its names in braces, in the order of the words. */
export function expand(template: string, words: Readonly<Record<string, readonly string[]>>): readonly string[] {
  let texts: readonly string[] = [template];
  for (const [name, choices] of Object.entries(words))
    texts = texts.flatMap((text) => (text.includes(`{${name}}`) ? choices.map((word) => text.replaceAll(`{${name}}`, word)) : [text]));
  return texts;
}

/** The cases of one task. */
export function casesOf(task: string) {
  return {
    is: (capability: string, label: string, texts: readonly string[]): readonly FunctionalCase[] => texts.map((text) => ({ task, capability, text, expect: { is: label } })),
    isNot: (capability: string, label: string, texts: readonly string[]): readonly FunctionalCase[] => texts.map((text) => ({ task, capability, text, expect: { isNot: label } })),
    /** Each text beside the first one. */
    same: (capability: string, groups: readonly (readonly string[])[]): readonly FunctionalCase[] =>
      groups.flatMap(([first = "", ...others]) => others.map((text) => ({ task, capability, text, expect: { sameAs: first } }))),
    /** In each pair the first is likelier to be of the class than the second. */
    likelier: (capability: string, label: string, pairs: readonly (readonly [string, string])[]): readonly FunctionalCase[] =>
      pairs.map(([text, weaker]) => ({ task, capability, text, expect: { of: label, likelierThan: weaker } })),
  };
}
