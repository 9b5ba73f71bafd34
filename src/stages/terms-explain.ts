import { matchesQuery, type QueryFacts } from "../core/query-match.ts";
import { formatQuery } from "../core/query-format.ts";
import type { Query } from "../core/query.ts";

/** A term that a post matches, and the conditions of its query that hold. */
export interface TermFinding {
  readonly id: string;
  /** As the query language writes them; `words`: those of the post that it was met in. */
  readonly parts: readonly { readonly part: string; readonly words: readonly string[] }[];
}

const mostParts = 20;
const mostWords = 10;

function wordsMet(query: Query, words: readonly string[]): readonly string[] {
  switch (query.kind) {
    case "word":
      return [...new Set(words.filter((word) => (query.prefix ? word.startsWith(query.word) : word === query.word)))].slice(0, mostWords);
    case "phrase":
    case "near":
      return query.words;
    default:
      return [];
  }
}

/** The conditions that hold, each as it stands in the query; of a choice only those that were met. */
export function explainMatch(query: Query, facts: QueryFacts): TermFinding["parts"] {
  const parts: { part: string; words: readonly string[] }[] = [];
  const walk = (at: Query): void => {
    if (parts.length >= mostParts || !matchesQuery(at, facts)) return;
    if (at.kind === "and" || at.kind === "or") for (const part of at.parts) walk(part);
    else parts.push({ part: formatQuery(at), words: wordsMet(at, facts.words) });
  };
  walk(query);
  return parts;
}
