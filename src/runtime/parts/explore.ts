import { EarshotError } from "../../core/errors.ts";
import { type ReadFilter, termsShown } from "../../core/filter.ts";
import { parseQuery } from "../../core/query-parser.ts";
import type { Query } from "../../core/query.ts";
import type { Sql } from "../../core/sql.ts";
import { type Figures, intervalOf, needs, noFigures, sumNames, valueOf } from "../../metrics/metrics.ts";
import { lakeCondition, spanOf } from "../../stores/lake-condition.ts";
import { queryRollups } from "../../stores/rollups-query.ts";
import { hourOfWeek } from "../../stores/search-groups.ts";
import type { Threads } from "../boot.ts";
import type { ExploreAnswer, ExploreDimension, ExploreRequest, ExploreRow } from "../explore.ts";

const grainMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;
const mostRows = 50_000;
/** Posts that the index looks at one by one; above, the lake answers where it can, or a sample. */
const searchedRows = 150_000;
const rollupDimensions = ["platform", "source", "language", "term"] as const;
const isRollupDimension = (by: ExploreDimension): by is (typeof rollupDimensions)[number] => rollupDimensions.some((name) => name === by);
/** A post may bear several of these: their sum is not the number of posts. */
const isList = (by: ExploreDimension | undefined): boolean => by === "term" || by === "hashtag" || by === "judged" || by === "entity";

type Group = Figures & { readonly at: number; readonly key: string };
interface Groups {
  readonly groups: readonly Group[];
  readonly exact: boolean;
  readonly authorsExact?: boolean;
  readonly engagementCounted: boolean;
  readonly bytesScanned?: number;
  readonly freshAt?: number;
  /** Values that there are, where not all are in `groups`. */
  readonly values?: number;
}
/** One question to one store. @param top values of the dimension that are needed, those with the most posts; absent: all */
type Ask = (by: ExploreDimension | undefined, everyMs: number | undefined, top?: number) => Promise<Groups>;

export interface ExploreOptions {
  readonly threads: Pick<Threads, "read" | "stores">;
  readonly sql: Sql;
  readonly narrow: (filter: ReadFilter) => ReadFilter;
  readonly searchedRows?: number;
}

export function makeExplore(options: ExploreOptions): (request: ExploreRequest) => Promise<ExploreAnswer> {
  const { threads, sql } = options;

  /** Undefined: the sums do not know enough for this question. */
  function rollupsFor(request: ExploreRequest, filter: ReadFilter): Ask | undefined {
    const { fromMs, toMs, metric, grain, by, languages } = request;
    if ((request.q ?? "").trim() !== "" || by === "hashtag" || by === "judged" || by === "entity") return undefined;
    if (by === "sentiment" && metric.part.concat(metric.over ?? []).some((name) => name !== "posts")) return undefined;
    const terms = request.terms ?? filter.terms;
    // A post that matches two of them must not count twice.
    if (terms !== undefined && new Set(terms).size > 1) return undefined;
    const withAuthors = needs(metric, "authors");
    if (withAuthors && (by === "hour-of-week" || by === "sentiment" || grain === "minute")) return undefined;
    return async (dimension, everyMs) => {
      const isHours = dimension === "hour-of-week";
      const asked = everyMs === undefined ? (isHours ? "hour" : "all") : everyMs === grainMs.minute ? "minute" : everyMs === grainMs.hour ? "hour" : "day";
      const answer = await queryRollups(sql, {
        fromMs,
        toMs,
        grain: asked,
        by: dimension !== undefined && isRollupDimension(dimension) ? [dimension] : [],
        filter,
        withoutAuthors: !withAuthors,
        ...(request.terms !== undefined && { terms: request.terms }),
        ...(languages !== undefined && { languages }),
      });
      const groups = answer.rows.flatMap((row): Group[] => {
        const at = everyMs === undefined ? 0 : (row.at ?? 0);
        if (dimension === "sentiment") return byLabel(row, at);
        const key = dimension === undefined ? "" : isHours ? hourOfWeek(row.at ?? 0) : isRollupDimension(dimension) ? (row[dimension] ?? "") : "";
        return [{ ...figuresOf(row), ...(row.authors !== undefined && { authors: row.authors }), at, key }];
      });
      return {
        groups: isHours ? joined(groups, ({ key }) => key) : groups,
        exact: true,
        engagementCounted: dimension !== "sentiment",
        authorsExact: answer.rows.every((row) => row.authorsExact !== false),
        ...(answer.freshAt !== undefined && { freshAt: answer.freshAt }),
      };
    };
  }

  return async (request: ExploreRequest): Promise<ExploreAnswer> => {
    const unit = request.grain === "all" ? (request.by === "hour-of-week" ? grainMs.hour : grainMs.minute) : grainMs[request.grain];
    const fromMs = Math.floor(request.fromMs / unit) * unit;
    const toMs = Math.ceil(request.toMs / unit) * unit;
    const allowed = options.narrow(request.filter);
    const platforms = request.platforms?.filter((name) => allowed.platforms?.includes(name) ?? true);
    const filter: ReadFilter = { ...allowed, ...(platforms !== undefined && { platforms }) };
    const whole = { ...request, fromMs, toMs };
    const ask = rollupsFor(whole, filter);
    if (ask !== undefined) return { ...(await assemble(whole, filter, ask)), answeredBy: "rollups" };

    const query = queryOf(whole);
    const onlyPosts = whole.metric.part.concat(whole.metric.over ?? []).every((name) => postFigures.has(name));
    const towards = towardsOf(whole, filter);
    const withAuthors = needs(whole.metric, "authors");
    let isTooMuch = false;
    const { by: dimension } = whole;
    // The lake keeps what models say as notes that it does not read.
    const condition = dimension === "judged" || towards !== undefined ? undefined : lakeCondition(query, filter);
    const inSearch: Ask = async (by, everyMs) => {
      // What the lake can answer exactly is not estimated here.
      const grouping = {
        onlyPosts,
        withAuthors,
        top: 2_000,
        maxRows: options.searchedRows ?? searchedRows,
        orNothing: condition !== undefined,
        ...(by !== undefined && { by }),
        ...(everyMs !== undefined && { everyMs }),
        ...(towards !== undefined && (towards !== "each" || by === "term") && { towards }),
      };
      const answer = await threads.read.caller.call("groups", { query, filter, grouping });
      isTooMuch ||= !answer.exact && condition !== undefined;
      return { ...answer, engagementCounted: !onlyPosts || isList(by) };
    };
    const searched = await assemble(whole, filter, inSearch);
    if (!isTooMuch || condition === undefined) return { ...searched, answeredBy: "search", ...(await freshOf(sql)) };

    const inLake: Ask = async (by, everyMs, top) => {
      // Who is kept to terms is told of no linked name.
      const isHidden = by === "entity" && filter.terms !== undefined;
      const { groups, bytesScanned, values } = await threads.stores.caller.call("groups", {
        query: { ...spanOf(query), filter, condition },
        grouping: {
          by: by === undefined || by === "judged" || isHidden ? [] : [by],
          withoutAuthors: !withAuthors,
          ...(top !== undefined && { top }),
          ...(everyMs !== undefined && { everyMs }),
        },
      });
      const found = groups.map(({ keys, authors, ...group }): Group => {
        const unscored = group.posts - group.negative - group.neutral - group.positive;
        const spoken = { negativeTowards: group.negative, neutralTowards: group.neutral, positiveTowards: group.positive };
        return { ...group, ...spoken, unscored, key: by === undefined || by === "judged" || isHidden ? "" : (keys[by] ?? ""), ...(withAuthors && { authors }) };
      });
      return { groups: found, exact: true, engagementCounted: true, bytesScanned, ...(values !== undefined && { values }) };
    };
    return { ...(await assemble(whole, filter, inLake)), answeredBy: "lake" };
  };
}

/** Figures of posts alone, whatever they met with. */
const postFigures: ReadonlySet<string> = new Set(["posts", "negative", "neutral", "positive", "unscored", "negativeTowards", "neutralTowards", "positiveTowards"]);

/** The term whose sentiment is asked for, "each" by term; undefined: that of whole posts answers. */
function towardsOf({ metric, by, terms }: ExploreRequest, filter: ReadFilter): string | undefined {
  if (!needs(metric, "negativeTowards")) return undefined;
  if (by === "term") return "each";
  const [only, ...others] = new Set(terms ?? filter.terms);
  return others.length === 0 ? only : undefined;
}

async function freshOf(sql: Sql): Promise<{ readonly freshAt?: number }> {
  const { rows } = await sql.query("select fresh_at_ms from rollup_state");
  const freshAt = rows[0]?.["fresh_at_ms"];
  return typeof freshAt === "number" ? { freshAt } : {};
}

/** All that narrows the posts, as one query. */
function queryOf(request: ExploreRequest): Query {
  const { q = "", fromMs, toMs, languages, terms } = request;
  const anyOf = (field: "language" | "term", values: readonly string[] | undefined): Query[] => {
    if (values === undefined) return [];
    const parts = values.map((value): Query => ({ kind: "field", field, value }));
    return [parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "or", parts }];
  };
  const own: readonly Query[] = q.trim() === "" ? [] : [parseQuery(q)];
  return { kind: "and", parts: [...own, ...anyOf("language", languages), ...anyOf("term", terms), { kind: "range", field: "created", fromMs, toMs }] };
}

/** Rows over time, each value over all the time, and the whole: with as few questions as the figures allow. */
async function assemble(request: ExploreRequest, filter: ReadFilter, ask: Ask): Promise<Omit<ExploreAnswer, "answeredBy">> {
  const { metric, by, grain, top, fromMs, toMs } = request;
  const everyMs = grain === "all" || by === "hour-of-week" ? undefined : grainMs[grain];
  const withAuthors = needs(metric, "authors");
  // Hashtags are many: those that are told alone are asked for, over all the time and in each bucket at once.
  const needed = by === "hashtag" && metric.ofAll !== true ? top : undefined;
  const [timed, asked, summed] = await Promise.all([
    everyMs === undefined ? undefined : ask(by, everyMs, needed),
    // Sums of buckets are sums of the whole; distinct authors are not.
    everyMs === undefined || withAuthors ? ask(by, undefined, needed) : undefined,
    (withAuthors && by !== undefined) || isList(by) ? ask(undefined, undefined) : undefined,
  ]);
  const isShown = ({ key, posts }: Group) =>
    posts > 0 && !(by === "entity" && key === "") && !(by === "term" && (key === "none" || key === "" || termsShown(filter, [key]).length === 0));
  const wanted = by === "term" ? request.terms : undefined;
  const isWanted = (group: Group) => isShown(group) && (wanted?.includes(group.key) ?? true);
  const most = (groups: readonly Group[]) => groups.toSorted((a, b) => b.posts - a.posts || (a.key < b.key ? -1 : 1)).slice(0, by === "hour-of-week" ? 168 : top);
  const buckets = (timed?.groups ?? []).filter(isWanted);
  const values = asked === undefined ? joined(buckets, ({ key }) => key) : asked.groups.filter(isWanted);
  const shown = most(values);
  const told = new Set(shown.map(({ key }) => key));
  const rows = buckets.filter(({ key }) => told.has(key));
  if (rows.length > mostRows) throw new EarshotError("QUERY_INVALID", `explore: more than ${mostRows} rows; ask for a coarser grain, a shorter time or fewer values`);
  const [total = { ...noFigures, ...(withAuthors && { authors: 0 }), at: 0, key: "" }] = summed?.groups ?? (withAuthors && by === undefined ? values : joined(values, () => ""));
  const sumByBucket = new Map(joined(buckets, ({ at }) => String(at)).map((group) => [group.at, group]));
  const [sumOfValues] = joined(values, () => "");
  const parts = [timed, asked, summed].filter((part) => part !== undefined);
  const bytes = parts.flatMap(({ bytesScanned }) => bytesScanned ?? []);
  const freshAt = Math.max(...parts.map((part) => part.freshAt ?? -Infinity));
  const rowOf = ({ at, ...group }: Group, all: Figures | undefined, isTimed: boolean): ExploreRow => {
    const value = valueOf(metric, group, all);
    const range = intervalOf(metric, group, all);
    return { ...group, ...(isTimed && { at }), ...(value !== undefined && { value }), ...(range !== undefined && { low: range[0], high: range[1] }) };
  };
  return {
    fromMs,
    toMs,
    exact: parts.every((part) => part.exact),
    authorsExact: parts.every((part) => part.exact && part.authorsExact !== false),
    engagementCounted: parts.every((part) => part.engagementCounted),
    ...(bytes.length > 0 && { bytesScanned: bytes.reduce((sum, count) => sum + count, 0) }),
    ...(freshAt > -Infinity && { freshAt }),
    rows: rows.map((row) => rowOf(row, sumByBucket.get(row.at), true)),
    whole: shown.map((row) => rowOf(row, sumOfValues, false)),
    total: rowOf({ ...total, key: "" }, undefined, false),
    values: (asked ?? timed)?.values ?? values.length,
    ...(by === "entity" && { placed: total.posts - (asked ?? timed ?? { groups: [] }).groups.reduce((sum, { key, posts }) => sum + (key === "" ? posts : 0), 0) }),
  };
}

function figuresOf(row: Omit<Figures, "authors">): Omit<Figures, "authors"> {
  const { posts, negative, neutral, positive, unscored, negativeTowards, neutralTowards, positiveTowards, likes, shares, replies, views } = row;
  return { posts, negative, neutral, positive, unscored, negativeTowards, neutralTowards, positiveTowards, likes, shares, replies, views };
}

/** A row as rows of each sentiment: of posts alone, since engagement is not kept by sentiment. */
function byLabel(row: Figures, at: number): Group[] {
  const labelled = (key: string, posts: number, more: Partial<Figures>): Group[] => (posts === 0 ? [] : [{ ...noFigures, posts, ...more, at, key }]);
  return [
    ...labelled("negative", row.negative, { negative: row.negative }),
    ...labelled("neutral", row.neutral, { neutral: row.neutral }),
    ...labelled("positive", row.positive, { positive: row.positive }),
    ...labelled("none", row.unscored, { unscored: row.unscored }),
  ];
}

/** Groups of one name as one, without authors: those who wrote in two would count twice. */
function joined(groups: readonly Group[], nameOf: (group: Group) => string): readonly Group[] {
  const sums = new Map<string, { -readonly [name in keyof Group]: Group[name] }>();
  for (const group of groups) {
    const name = nameOf(group);
    const sum = sums.get(name);
    if (sum === undefined) {
      const { authors: _authors, ...rest } = group;
      sums.set(name, { ...rest });
    } else for (const figure of sumNames) sum[figure] += group[figure];
  }
  return [...sums.values()];
}
