import type { Post, Sensitivity } from "./event.ts";

/**
 * What a reader may see, as lists of what is allowed: the part of policies that every store can compile into its own query.
 * Absent: all. Empty: none.
 */
export interface ReadFilter {
  readonly sources?: readonly string[];
  readonly platforms?: readonly string[];
  readonly sensitivities?: readonly Sensitivity[];
  readonly regions?: readonly string[];
  /** Ids: a post must bear one of them, and no other is told of it. */
  readonly terms?: readonly string[];
}

/** What a reader who is kept to some terms is told of a post's terms. */
export function termsShown(filter: ReadFilter, terms: readonly string[]): readonly string[] {
  return filter.terms === undefined ? terms : terms.filter((term) => filter.terms?.includes(term));
}

/** A post as a reader may know it. Who is kept to terms is told of names in a text, not of the entries that they are linked to: those speak of other terms. */
export function postShown(filter: ReadFilter, post: Post): Post {
  if (filter.terms === undefined) return post;
  const terms = termsShown(filter, post.terms);
  if (post.notes === undefined) return { ...post, terms };
  const { entities, towards, ...notes } = post.notes;
  const spans = entities?.spans.map(({ link: _link, candidates: _candidates, ...span }) => span) ?? [];
  const of = towards?.of.filter(([key]) => terms.some((term) => key === `t:${term}`)) ?? [];
  return {
    ...post,
    terms,
    notes: { ...notes, ...(entities && { entities: { ...entities, spans } }), ...(towards && of.length > 0 && { towards: { ...towards, of } }) },
  };
}

/** What a post shares with many others. */
export interface FilterableProfile {
  readonly source: string;
  readonly platform: string;
  readonly sensitivity: string;
  readonly region: string;
}

export interface Filterable extends FilterableProfile {
  readonly terms: readonly string[];
}

export function isAllowed(filter: ReadFilter, row: Filterable): boolean {
  return isProfileAllowed(filter, row) && (filter.terms === undefined || termsShown(filter, row.terms).length > 0);
}

/** All of the filter but its terms. */
export function isProfileAllowed(filter: ReadFilter, row: FilterableProfile): boolean {
  return (
    (filter.sources === undefined || filter.sources.includes(row.source)) &&
    (filter.platforms === undefined || filter.platforms.includes(row.platform)) &&
    (filter.sensitivities === undefined || filter.sensitivities.some((sensitivity) => sensitivity === row.sensitivity)) &&
    (filter.regions === undefined || filter.regions.includes(row.region))
  );
}
