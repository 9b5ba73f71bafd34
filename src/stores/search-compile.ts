import { isProfileAllowed, type ReadFilter } from "../core/filter.ts";
import { type TowardsLabel, towardsLabels } from "../core/event.ts";
import { isPostId } from "../core/ids.ts";
import type { Query } from "../core/query.ts";
import { parseTowards } from "../core/towards.ts";
import type { SoughtWord } from "./search-cost.ts";
import { towardsTag } from "./search-names.ts";
import { flags, linkWord, type Profile, referenceWord, sampleSql, tagWord, withinSql } from "./search-schema.ts";

/** What one month's file knows about names; a name that it does not know matches nothing there. */
export interface Names {
  readonly profiles: readonly Profile[];
  author(id: string): number | undefined;
  /** kind: h hashtag, l host, d domain above a host, j what models say, w what is said of a term, e entry of the register of names, t term. */
  tag(kind: "h" | "l" | "d" | "j" | "e" | "w" | "t", text: string): number | undefined;
  /** docs.row of a time, before what crowding adds. */
  row(timeMs: number): number;
}

interface Condition {
  readonly sql: string;
  /** Set where the condition is one term, or one range of rows: the whole plan can be driven by it. */
  readonly term?: number;
  readonly from?: number;
  readonly to?: number;
}

/** All parts hold together. No part: everything. */
interface Parts {
  /** Expressions of FTS5 that match. */
  readonly words: readonly string[];
  /** Expressions of FTS5 that do not match. */
  readonly without: readonly string[];
  readonly profiles: ReadonlySet<number> | undefined;
  readonly conditions: readonly Condition[];
}

export type SqlValue = string | number;

/** How one month's file is asked. SQL over `docs d`, values as named parameters; :lo and :hi bound the rows. */
export interface SearchPlan {
  readonly match: string | undefined;
  readonly term: number | undefined;
  /** Every condition beside the driver; empty: none. */
  readonly where: readonly string[];
  readonly values: Readonly<Record<string, SqlValue>>;
  /** Set where platforms, sources and the like are all that is asked: a sum over `summary` answers. */
  readonly onlyProfiles: ReadonlySet<number> | undefined;
  /** Rows of the range asked, before what crowding adds. */
  readonly from: number;
  readonly to: number;
  /** What the index looks up, in `match` and in `where`. */
  readonly words: readonly SoughtWord[];
  /** FTS5 reads all lists of a prefix for every statement, whatever rows it is asked for: such a plan is run in one. */
  readonly hasPrefix: boolean;
}

const everything: Parts = { words: [], without: [], profiles: undefined, conditions: [] };

/** undefined: nothing in this file can match. */
export function compileSearch(query: Query, filter: ReadFilter, names: Names): SearchPlan | undefined {
  const values: Record<string, SqlValue> = {};
  let count = 0;
  const bind = (value: SqlValue): string => {
    const name = `p${count++}`;
    values[name] = value;
    return `:${name}`;
  };
  const compiler = makeCompiler(names, bind, filter.terms);
  const allowed: Parts = { ...everything, profiles: new Set(names.profiles.filter((profile) => isProfileAllowed(filter, profile)).map(({ profile }) => profile)) };
  const parts = compiler.and([compiler.compile(query), allowed, compiler.ofAllowedTerms()]);
  if (parts === undefined) return undefined;

  const { words, without, profiles, conditions } = parts;
  const match = words.length === 0 ? undefined : both(words, without);
  const driver = match === undefined ? conditions.find(({ term }) => term !== undefined) : undefined;
  const where = conditions.filter((condition) => condition !== driver).map(({ sql }) => sql);
  if (match === undefined && without.length > 0) where.push(compiler.wordsSql(joined(without, "OR"), "NOT IN"));
  const onlyProfiles = match === undefined && without.length === 0 && conditions.length === 0 ? (profiles ?? new Set(names.profiles.map(({ profile }) => profile))) : undefined;
  if (profiles) where.push(compiler.profilesSql(profiles));
  const ranges = conditions.filter(({ from }) => from !== undefined);
  return {
    match,
    term: driver?.term,
    where,
    values,
    onlyProfiles,
    from: Math.max(0, ...ranges.map(({ from }) => from ?? 0)),
    to: Math.min(Number.MAX_SAFE_INTEGER, ...ranges.map(({ to }) => to ?? Number.MAX_SAFE_INTEGER)),
    words: compiler.sought,
    hasPrefix: compiler.sought.some(({ prefix }) => prefix),
  };
}

function both(words: readonly string[], without: readonly string[]): string {
  const match = joined(words, "AND");
  // In FTS5 NOT binds tighter than AND and OR.
  return without.length === 0 ? match : `(${match}) NOT (${joined(without, "OR")})`;
}

function joined(expressions: readonly string[], by: "AND" | "OR"): string {
  const [only] = expressions;
  return expressions.length === 1 && only !== undefined ? only : expressions.map((expression) => `(${expression})`).join(` ${by} `);
}

function quoted(words: readonly string[]): string {
  return `"${words.join(" ").replaceAll('"', '""')}"`;
}

function makeCompiler(names: Names, bind: (value: SqlValue) => string, allowedTerms: readonly string[] | undefined) {
  const sought: SoughtWord[] = [];
  const words = (expression: string): Parts => ({ ...everything, words: [expression] });
  /** @param isNeeded no post matches without it */
  const phrase = (list: readonly string[], isNeeded: boolean, prefix = false): string => {
    sought.push(...list.map((word) => ({ word, prefix, isNeeded })));
    return quoted(list) + (prefix ? "*" : "");
  };
  const condition = (sql: string, more: Partial<Condition> = {}): Parts => ({ ...everything, conditions: [{ sql, ...more }] });
  const profilesSql = (profiles: ReadonlySet<number>) => `d.profile IN (SELECT value FROM json_each(${bind(JSON.stringify([...profiles]))}))`;
  const wordsSql = (expression: string, is: "IN" | "NOT IN") =>
    `d.row ${is} (SELECT rowid FROM fts WHERE fts MATCH ${bind(expression)} AND ${withinSql("rowid")} AND ${sampleSql("rowid")} < :sampled ORDER BY rowid LIMIT -1)`;

  /** undefined where the set is empty; without a condition where it is all. */
  const ofProfiles = (profiles: ReadonlySet<number>): Parts | undefined => {
    if (profiles.size === 0) return undefined;
    return profiles.size === names.profiles.length ? everything : { ...everything, profiles };
  };
  const profilesWhere = (test: (profile: Profile) => boolean) => ofProfiles(new Set(names.profiles.filter(test).map(({ profile }) => profile)));

  const isAll = ({ words, without, profiles, conditions }: Parts) => words.length + without.length + conditions.length === 0 && profiles === undefined;
  const onlyWords = (parts: Parts) => parts.words.length > 0 && parts.profiles === undefined && parts.conditions.length === 0;
  const onlyWithout = (parts: Parts) => parts.words.length === 0 && parts.without.length > 0 && parts.profiles === undefined && parts.conditions.length === 0;
  const onlyProfiles = (parts: Parts) => parts.profiles !== undefined && parts.words.length + parts.without.length + parts.conditions.length === 0;
  const wordsOf = (parts: Parts) => both(parts.words, parts.without);

  const toSql = (parts: Parts): string => {
    const sql = parts.conditions.map((part) => part.sql);
    if (parts.words.length > 0) sql.push(wordsSql(wordsOf(parts), "IN"));
    else if (parts.without.length > 0) sql.push(wordsSql(joined(parts.without, "OR"), "NOT IN"));
    if (parts.profiles) sql.push(profilesSql(parts.profiles));
    return sql.length === 0 ? "1" : `(${sql.join(" AND ")})`;
  };

  const and = (list: readonly (Parts | undefined)[]): Parts | undefined => {
    let all: Parts = everything;
    for (const parts of list) {
      if (parts === undefined) return undefined;
      const profiles = all.profiles && parts.profiles ? all.profiles.intersection(parts.profiles) : (all.profiles ?? parts.profiles);
      if (profiles?.size === 0) return undefined;
      all = { words: [...all.words, ...parts.words], without: [...all.without, ...parts.without], profiles, conditions: [...all.conditions, ...parts.conditions] };
    }
    return all.profiles?.size === names.profiles.length ? { ...all, profiles: undefined } : all;
  };

  const or = (list: readonly (Parts | undefined)[]): Parts | undefined => {
    const some = list.filter((parts) => parts !== undefined);
    const [first] = some;
    if (first === undefined || some.length === 1) return first;
    if (some.some(isAll)) return everything;
    if (some.every(onlyWords)) return words(joined(some.map(wordsOf), "OR"));
    if (some.every(onlyProfiles)) return ofProfiles(some.reduce((all, parts) => all.union(parts.profiles ?? new Set()), new Set<number>()));
    if (some.every(onlyWithout))
      return {
        ...everything,
        without: [
          joined(
            some.map((parts) => joined(parts.without, "OR")),
            "AND",
          ),
        ],
      };
    return condition(`(${some.map(toSql).join(" OR ")})`);
  };

  const not = (parts: Parts | undefined): Parts | undefined => {
    if (parts === undefined) return everything;
    if (isAll(parts)) return undefined;
    if (onlyWords(parts)) return { ...everything, without: [wordsOf(parts)] };
    if (onlyWithout(parts)) return words(joined(parts.without, "OR"));
    if (onlyProfiles(parts)) return profilesWhere(({ profile }) => !parts.profiles?.has(profile));
    return condition(`NOT ${toSql(parts)}`);
  };

  const field = (name: Extract<Query, { kind: "field" }>["field"], value: string, isNeeded: boolean): Parts | undefined => {
    switch (name) {
      case "language":
      case "platform":
      case "source":
      case "sentiment":
        return profilesWhere((profile) => profile[name] === value);
      case "term": {
        const term = allowedTerms?.includes(value) === false ? undefined : names.tag("t", value);
        return term === undefined ? undefined : condition(`EXISTS (SELECT 1 FROM term_rows WHERE term = ${bind(term)} AND row = d.row)`, { term });
      }
      case "towards": {
        const asked = parseTowards(value);
        if (asked === undefined) return undefined;
        const said = (label: TowardsLabel): Parts | undefined => {
          const tag = names.tag("w", towardsTag(asked.term, label));
          return tag === undefined ? undefined : words(phrase([tagWord("w", tag)], false));
        };
        const asAWhole = and([not(or(towardsLabels.map(said))), profilesWhere((profile) => profile.sentiment === asked.label)]);
        return and([field("term", asked.term, false), or([said(asked.label), asAWhole])]);
      }
      case "hashtag":
      case "judged": {
        const kind = name === "hashtag" ? "h" : "j";
        const tag = names.tag(kind, value);
        return tag === undefined ? undefined : words(phrase([tagWord(kind, tag)], isNeeded));
      }
      case "entity": {
        // Who is kept to terms is told of no other names.
        const tag = allowedTerms === undefined ? names.tag("e", value) : undefined;
        return tag === undefined ? undefined : words(phrase([tagWord("e", tag)], isNeeded));
      }
      case "link":
        if (value.startsWith("https://")) return words(phrase([linkWord(value)], isNeeded));
        return or([names.tag("l", value), names.tag("d", value)].map((tag) => (tag === undefined ? undefined : words(phrase([tagWord("l", tag)], false)))));
      case "author": {
        const author = names.author(value);
        return author === undefined ? undefined : words(phrase([tagWord("a", author)], isNeeded));
      }
      case "reply":
      case "root":
      case "quote":
      case "reshare":
        return isPostId(value) ? words(phrase([referenceWord(name, value)], isNeeded)) : undefined;
      case "is":
        return condition(value === "original" ? `(d.flags & ${flags.reply | flags.reshare}) = 0` : `(d.flags & ${value === "reply" ? flags.reply : flags.reshare}) != 0`);
      case "has":
        return condition(`(d.flags & ${flags[value === "link" || value === "media" || value === "pii" ? value : "languages"]}) != 0`);
    }
  };

  const compile = (query: Query, isNeeded = true): Parts | undefined => {
    switch (query.kind) {
      case "all":
        return everything;
      case "word":
        return query.word === "" ? undefined : words(phrase([query.word], isNeeded, query.prefix));
      case "phrase":
        return query.words.length === 0 ? everything : words(phrase(query.words, isNeeded));
      case "near":
        return words(`NEAR(${[...new Set(query.words)].map((word) => phrase([word], isNeeded)).join(" ")}, ${Math.floor(query.distance)})`);
      case "field":
        return field(query.field, query.value, isNeeded);
      case "range": {
        const from = query.fromMs === undefined ? 0 : Math.max(0, names.row(Math.ceil(query.fromMs)));
        const to = query.toMs === undefined ? Number.MAX_SAFE_INTEGER : names.row(Math.ceil(query.toMs));
        return to <= from ? undefined : condition(`(d.row + d.shift >= ${bind(from)} AND d.row + d.shift < ${bind(to)})`, { from, to });
      }
      case "and":
        return and(query.parts.map((part) => compile(part, isNeeded)));
      case "or":
        return or(query.parts.map((part) => compile(part, false)));
      case "not":
        return not(compile(query.part, false));
    }
  };

  const ofAllowedTerms = (): Parts | undefined => (allowedTerms === undefined ? everything : or(allowedTerms.map((term) => field("term", term, false))));

  return { compile, and, ofAllowedTerms, profilesSql, wordsSql, sought };
}
