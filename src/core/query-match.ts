import "./language-spans.ts";
import { canonicalLink } from "./canonical-link.ts";
import { type Notes, type Post, type Sentiment, termLabelsOf, type TowardsLabel } from "./event.ts";
import { judgedNames } from "./judgement.ts";
import type { Query } from "./query.ts";
import { labelTowards, parseTowards } from "./towards.ts";
import { foldText, tokenise } from "./tokens.ts";

/** Ids of posts, by the field of a query that asks for them. */
export interface PostReferences {
  readonly reply?: string | undefined;
  readonly root?: string | undefined;
  readonly quote?: string | undefined;
  readonly reshare?: string | undefined;
}

export const referencesOf = ({ replyTo, root, quoteOf, reshareOf }: Pick<Post, "replyTo" | "root" | "quoteOf" | "reshareOf">) => ({
  reply: replyTo,
  root,
  quote: quoteOf,
  reshare: reshareOf,
});

/** What a query can ask of a post. */
export interface QueryFacts {
  /** As `tokenise` gives them. */
  readonly words: readonly string[];
  readonly language: string;
  readonly platform: string;
  readonly source: string;
  readonly sentiment: Sentiment["label"] | undefined;
  /** By term, what the post says of it; absent: it was not looked at for that. */
  readonly towards?: Readonly<Record<string, TowardsLabel>> | undefined;
  readonly terms: readonly string[];
  readonly hashtags: readonly string[];
  readonly links: readonly string[];
  /** Ids of the entries that its names are linked to. */
  readonly entities: readonly string[];
  /** As `judgedNames` gives them; absent: no model was asked. */
  readonly judged?: readonly string[];
  /** Absent where the author is not known yet: `author:` then never holds. */
  readonly author: string | undefined;
  readonly createdAt: number;
  readonly reply: boolean;
  readonly reshare: boolean;
  /** The posts that it refers to; absent where their ids are not known yet: `reply:` and the like then never hold. */
  readonly refers?: PostReferences;
  readonly media: boolean;
  readonly pii: boolean;
  /** More than one language, or Hindi in Latin letters, was noted of it. */
  readonly languages: boolean;
}

export function factsOf(post: Post): QueryFacts {
  return {
    words: tokenise(post.text),
    language: post.language,
    platform: post.platform,
    source: post.source,
    sentiment: post.sentiment?.label,
    towards: termLabelsOf(post.notes),
    terms: post.terms,
    hashtags: post.hashtags,
    links: post.links,
    entities: entitiesOf(post.notes),
    judged: judgedNames(post.notes),
    author: post.author,
    createdAt: post.createdAt,
    reply: post.replyTo !== undefined,
    reshare: post.reshareOf !== undefined,
    refers: referencesOf(post),
    media: (post.media?.length ?? 0) > 0,
    pii: (post.pii?.length ?? 0) > 0,
    languages: post.notes?.languages !== undefined,
  };
}

/** Reference meaning of a query: every index that answers queries must agree with it. */
export function matchesQuery(query: Query, facts: QueryFacts): boolean {
  switch (query.kind) {
    case "all":
      return true;
    case "word":
      return query.prefix ? facts.words.some((word) => word.startsWith(query.word)) : facts.words.includes(query.word);
    case "phrase":
      return hasPhrase(facts.words, query.words);
    case "near":
      return hasNear(facts.words, query.words, query.distance);
    case "field":
      return matchesField(query, facts);
    case "range":
      return facts.createdAt >= (query.fromMs ?? -Infinity) && facts.createdAt < (query.toMs ?? Infinity);
    case "and":
      return query.parts.every((part) => matchesQuery(part, facts));
    case "or":
      return query.parts.some((part) => matchesQuery(part, facts));
    case "not":
      return !matchesQuery(query.part, facts);
  }
}

function hasPhrase(words: readonly string[], phrase: readonly string[]): boolean {
  const [first] = phrase;
  if (first === undefined) return true;
  for (let at = words.indexOf(first); at >= 0; at = words.indexOf(first, at + 1)) {
    let same = 1;
    while (same < phrase.length && words[at + same] === phrase[same]) same++;
    if (same === phrase.length) return true;
  }
  return false;
}

/** All words, each in a place of its own, with at most `distance` words between the first and the last (as FTS5's NEAR of single words). */
function hasNear(words: readonly string[], sought: readonly string[], distance: number): boolean {
  const need = new Map<string, number>();
  for (const word of sought) need.set(word, 1);
  const seen: number[] = [];
  const have = new Map<string, number>();
  let first = 0;
  for (const [at, word] of words.entries()) {
    if (!need.has(word)) continue;
    seen.push(at);
    have.set(word, (have.get(word) ?? 0) + 1);
    while (first < seen.length && at - (seen[first] ?? 0) - 1 > distance) {
      const left = words[seen[first] ?? 0] ?? "";
      const count = (have.get(left) ?? 0) - 1;
      if (count === 0) have.delete(left);
      else have.set(left, count);
      first++;
    }
    if (have.size === need.size) return true;
  }
  return false;
}

function matchesField(query: Extract<Query, { kind: "field" }>, facts: QueryFacts): boolean {
  const { value } = query;
  switch (query.field) {
    case "language":
      return facts.language === value;
    case "platform":
      return facts.platform === value;
    case "source":
      return facts.source === value;
    case "sentiment":
      return (facts.sentiment ?? "none") === value;
    case "towards": {
      const asked = parseTowards(value);
      return asked !== undefined && facts.terms.includes(asked.term) && labelTowards(asked.term, facts) === asked.label;
    }
    case "term":
      return facts.terms.includes(value);
    case "hashtag":
      return facts.hashtags.some((tag) => foldText(tag) === value);
    case "judged":
      return facts.judged?.includes(value) === true;
    case "link":
      return facts.links.some(value.startsWith("https://") ? (link) => canonicalLink(link) === value : (link) => hostMatches(linkHost(link), value));
    case "entity":
      return facts.entities.includes(value);
    case "author":
      return facts.author === value;
    case "is":
      if (value === "reply") return facts.reply;
      return value === "reshare" ? facts.reshare : !facts.reply && !facts.reshare;
    case "has":
      if (value === "link") return facts.links.length > 0;
      return value === "media" ? facts.media : value === "pii" ? facts.pii : facts.languages;
    case "reply":
    case "root":
    case "quote":
    case "reshare":
      return facts.refers?.[query.field] === value;
  }
}

/** Entries of the register that names are linked to, each once. */
export function entitiesOf(notes: Notes | undefined): readonly string[] {
  const links = notes?.entities?.spans.flatMap(({ link }) => (link === undefined ? [] : [link.entity])) ?? [];
  return links.length < 2 ? links : [...new Set(links)];
}

/** Host of a link, lower-cased, without port and leading www. */
export function linkHost(link: string): string {
  const from = link.indexOf("://");
  const host = /^[^/?#:]*/.exec(from < 0 ? link : link.slice(from + 3))?.[0] ?? "";
  return host.toLowerCase().replace(/^www\./, "");
}

/** The host itself, or one below it. */
export function hostMatches(host: string, sought: string): boolean {
  return host === sought || host.endsWith(`.${sought}`);
}
