import type { QueryFacts } from "../core/query-match.ts";
import { entitiesOf, matchesQuery } from "../core/query-match.ts";
import { judgedNames } from "../core/judgement.ts";
import type { Query } from "../core/query.ts";
import type { Draft, Stage } from "../core/stage.ts";
import { explainMatch, type TermFinding } from "./terms-explain.ts";

export interface Term {
  readonly id: string;
  readonly query: Query;
}

export interface TermsOptions {
  readonly terms: readonly Term[];
  /** Whether a source keeps everything, or only what matches a term. */
  readonly keep: (source: string) => "everything" | "matching";
}

export interface TermsStage extends Stage {
  /** Takes effect with the next batch, whole. */
  setTerms(terms: readonly Term[]): void;
  /** Goes before the costly stages: drops what no term can match, for sources that keep only what matches. */
  readonly sieve: Stage;
  /** Why the draft bears the terms that it bears. */
  explain(draft: Draft): readonly TermFinding[];
}

/** A key that a matching post must have: a word, or the beginning of one. */
interface Key {
  readonly text: string;
  readonly prefix: boolean;
}

/** Words so common that a query found by them would be looked at in every other post. */
const common = new Set(
  "a an and are as at be but by for from get had has have he her his how i if in is it its just me my new no not now of on one or our out s so t that the their them they this to up us was we what when who will with you your de la el en que y un una los las del por con para es no se lo le les des et est pas dans sur au aux der die das und ist im den von zu mit auf für ein eine nicht o e do da em um uma os as il di che e un per non sono rt https http www com".split(
    " ",
  ),
);

function costOf(keys: readonly Key[]): number {
  let cost = 0;
  for (const key of keys) cost += common.has(key.text) ? 1_000 : (key.prefix ? 40 : 10) / key.text.length;
  return cost;
}

/** The keys of which a matching post must have at least one; undefined when the query demands no word. */
function keysOf(query: Query): readonly Key[] | undefined {
  switch (query.kind) {
    case "word":
      return [{ text: query.word, prefix: query.prefix }];
    case "phrase":
    case "near":
      return cheapest(query.words.map((text) => [{ text, prefix: false }]));
    case "and":
      return cheapest(query.parts.map((part) => keysOf(part)));
    case "or": {
      const all: Key[] = [];
      for (const part of query.parts) {
        const keys = keysOf(part);
        if (keys === undefined) return undefined;
        all.push(...keys);
      }
      return all;
    }
    default:
      return undefined;
  }
}

function cheapest(choices: readonly (readonly Key[] | undefined)[]): readonly Key[] | undefined {
  let best: readonly Key[] | undefined;
  let least = Infinity;
  for (const keys of choices) {
    if (keys === undefined) continue;
    const cost = costOf(keys);
    if (cost < least) {
      least = cost;
      best = keys;
    }
  }
  return best;
}

interface TermIndex {
  readonly terms: readonly Term[];
  readonly byWord: ReadonlyMap<string, readonly number[]>;
  readonly byPrefix: ReadonlyMap<string, readonly number[]>;
  /** Lengths of the prefixes, ascending. */
  readonly prefixLengths: readonly number[];
  /** Terms that demand no word: looked at for every post. */
  readonly always: readonly number[];
}

function makeIndex(terms: readonly Term[]): TermIndex {
  const byWord = new Map<string, number[]>();
  const byPrefix = new Map<string, number[]>();
  const always: number[] = [];
  for (const [i, term] of terms.entries()) {
    const keys = keysOf(term.query);
    if (keys === undefined) always.push(i);
    for (const { text, prefix } of keys ?? []) {
      const map = prefix ? byPrefix : byWord;
      const list = map.get(text);
      if (list === undefined) map.set(text, [i]);
      else if (list.at(-1) !== i) list.push(i);
    }
  }
  const prefixLengths = [...new Set([...byPrefix.keys()].map((prefix) => prefix.length))].toSorted((a, b) => a - b);
  return { terms, byWord, byPrefix, prefixLengths, always };
}

/** Says which of the user's terms a post matches. The cost is that of the post's words, hardly that of the terms. */
export function makeTerms(options: TermsOptions): TermsStage {
  let index = makeIndex(options.terms);
  /** Round in which a term was last a candidate, so that each is looked at once a post. */
  let seen = new Uint32Array(index.terms.length);
  let round = 0;
  const found: number[] = [];

  const collect = (list: readonly number[] | undefined): void => {
    if (list === undefined) return;
    for (const i of list) {
      if (seen[i] === round) continue;
      seen[i] = round;
      found.push(i);
    }
  };

  const collectCandidates = (words: readonly string[]): void => {
    found.length = 0;
    if (++round === 0xffff_ffff) {
      seen.fill(0);
      round = 1;
    }
    collect(index.always);
    const { byWord, byPrefix, prefixLengths } = index;
    if (byWord.size > 0) for (const word of words) collect(byWord.get(word));
    if (prefixLengths.length === 0) return;
    for (const word of words) {
      for (const length of prefixLengths) {
        if (length > word.length) break;
        collect(byPrefix.get(word.slice(0, length)));
      }
    }
  };

  const tag = (draft: Draft): void => {
    collectCandidates(draft.tokens.words);
    if (found.length === 0) return;
    const ids: string[] = [];
    let facts: QueryFacts | undefined;
    for (const i of found) {
      const term = index.terms[i];
      // One word is the whole query: its key was the match.
      if (term !== undefined && (term.query.kind === "word" || matchesQuery(term.query, (facts ??= factsOfDraft(draft))))) ids.push(term.id);
    }
    if (ids.length > 0) draft.terms = ids.toSorted();
  };

  return {
    name: "terms",
    run: (batch) =>
      batch.map((draft) => {
        tag(draft);
        return draft.terms.length === 0 && options.keep(draft.source) === "matching" ? { drop: "no-match" } : { keep: draft };
      }),
    explain: (draft) => index.terms.filter(({ id }) => draft.terms.includes(id)).map(({ id, query }) => ({ id, parts: explainMatch(query, factsOfDraft(draft)) })),
    setTerms(terms) {
      const next = makeIndex(terms);
      seen = new Uint32Array(terms.length);
      index = next;
    },
    sieve: {
      name: "sieve",
      run: (batch) =>
        batch.map((draft) => {
          if (options.keep(draft.source) !== "matching") return { keep: draft };
          collectCandidates(draft.tokens.words);
          return found.length === 0 ? { drop: "no-match" } : { keep: draft };
        }),
      [Symbol.dispose]() {},
    },
    [Symbol.dispose]() {},
  };
}

function factsOfDraft(draft: Draft): QueryFacts {
  const { post } = draft;
  return {
    words: draft.tokens.words,
    language: draft.language,
    platform: draft.platform,
    source: draft.source,
    sentiment: draft.sentiment?.label,
    terms: [],
    hashtags: draft.hashtags,
    links: draft.links,
    entities: entitiesOf(draft.notes),
    judged: judgedNames(draft.notes),
    author: undefined,
    createdAt: post.createdAt,
    reply: post.replyTo !== undefined,
    reshare: post.reshareOf !== undefined,
    media: (post.media?.length ?? 0) > 0,
    pii: draft.pii.length > 0,
    languages: draft.notes?.languages !== undefined,
  };
}

const unknownYet: ReadonlySet<string> = new Set(["author", "term", "towards", "reply", "root", "quote", "reshare"]);

/** Why a query cannot be a term: a term is matched before pseudonyms of authors and posts, and other terms, are known. */
export function termFault(query: Query): string | undefined {
  switch (query.kind) {
    case "field":
      return unknownYet.has(query.field) ? `${query.field}: cannot be asked in a term` : undefined;
    case "not":
      return termFault(query.part);
    case "and":
    case "or":
      return query.parts.map((part) => termFault(part)).find((fault) => fault !== undefined);
    default:
      return undefined;
  }
}
