/**
 * The one query language: search, terms (brands, saved queries), alerts and exports read it.
 * Grammar: words, "phrases", prefix*, AND (also by juxtaposition), OR, NOT or -, ( ), NEAR/n, field:value.
 * OR binds weaker than AND, NOT stronger. created:2026-01-01..2026-02-01 (from, to; either may be left out; to excluded).
 * spelled:hate also finds the word where it is hidden: h4te, h*te, h a t e, haaate (`spellingsOf`).
 * Nothing, or * alone, is everything. #tag is the word tag, as everywhere.
 *
 * Words here are final: as `queryTokens` gives them, to be sought as they stand.
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

/**
 * language:en platform:bluesky source:id sentiment:positive towards:brand=negative term:id hashtag:x link:host judged:emotion/anger entity:id author:a1_… is:reply|reshare|original has:link|media|pii|languages
 * link:https://news.example/a (or news.example/a) is that page, under whatever address: compared as `canonicalLink` writes it.
 * towards: what a post of a term says of it; of the whole post, where it was not looked at for that (`labelTowards`).
 * reply:p_… root:p_… quote:p_… reshare:p_…: what answers a post, belongs to the conversation that it began, quotes it, shares it again.
 */
export const queryFields = [
  "language",
  "platform",
  "source",
  "sentiment",
  "towards",
  "term",
  "hashtag",
  "link",
  "entity",
  "judged",
  "author",
  "is",
  "has",
  "reply",
  "root",
  "quote",
  "reshare",
] as const;
export type QueryField = (typeof queryFields)[number];

/** Limits of a query, in UTF-16 units, nested parentheses and NOTs, and words or conditions. */
export const queryLimits = { length: 10_000, depth: 32, leaves: 1_000 } as const;

/** What a field may be asked for; fields that are not here take any value. */
export const fieldValues: Readonly<Partial<Record<QueryField, readonly string[]>>> = {
  sentiment: ["negative", "neutral", "positive", "none"],
  is: ["reply", "reshare", "original"],
  has: ["link", "media", "pii", "languages"],
};

export function isQueryField(name: string): name is QueryField {
  return queryFields.some((field) => field === name);
}
