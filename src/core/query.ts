/**
 * The one query language: search, terms (brands, saved queries), alerts and exports read it.
 * Grammar: words, "phrases", prefix*, AND (also by juxtaposition), OR, NOT or -, ( ), NEAR/n, field:value.
 */
export type Query =
  | { readonly kind: "all" }
  | { readonly kind: "word"; readonly word: string; readonly prefix: boolean }
  | { readonly kind: "phrase"; readonly words: readonly string[] }
  | { readonly kind: "near"; readonly words: readonly string[]; readonly distance: number }
  | { readonly kind: "field"; readonly field: QueryField; readonly value: string }
  | { readonly kind: "range"; readonly field: "created"; readonly fromMs?: number; readonly toMs?: number }
  | { readonly kind: "and"; readonly parts: readonly Query[] }
  | { readonly kind: "or"; readonly parts: readonly Query[] }
  | { readonly kind: "not"; readonly part: Query };

/** language:en platform:bluesky source:id sentiment:positive term:id hashtag:x link:host author:a1_… is:reply|reshare|original has:link|media|pii */
export const queryFields = ["language", "platform", "source", "sentiment", "term", "hashtag", "link", "author", "is", "has"] as const;
export type QueryField = (typeof queryFields)[number];
