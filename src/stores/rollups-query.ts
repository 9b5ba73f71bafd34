import { EarshotError } from "../core/errors.ts";
import { numberIn, optionalNumberIn, textIn, type Sql, type SqlValue } from "../core/sql.ts";
import { coverOf, groupName, keyConditions, termsOf, type RollupDimension, type RollupQuery } from "./rollups-plan.ts";
import { countDistinctAuthors } from "./rollups-query-authors.ts";
import { figures, grainMs } from "./rollups-schema.ts";

export interface RollupFigures {
  readonly posts: number;
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
  readonly unscored: number;
  /** What posts say of the term that is asked for, or of each by term; without one, as a whole. */
  readonly negativeTowards: number;
  readonly neutralTowards: number;
  readonly positiveTowards: number;
  readonly likes: number;
  readonly shares: number;
  readonly replies: number;
  readonly views: number;
}

export type RollupRow = RollupFigures & { readonly [dimension in RollupDimension]?: string } & {
  /** Start of the bucket, milliseconds UTC; absent with grain "all". */
  readonly at?: number;
  /** Distinct; absent at the grain of minutes, which keeps no sets. */
  readonly authors?: number;
  /** False: a sketch (standard error 1.6%), or an upper bound until a rebuild, or an edge that is no whole hour. */
  readonly authorsExact?: boolean;
};

export interface RollupAnswer {
  readonly rows: readonly RollupRow[];
  /** When the newest change that is counted came in; absent when there is none. */
  readonly freshAt?: number;
}

export const maxRollupRows = 100_000;

function refuseUnanswerable(query: RollupQuery): void {
  const refuse = (message: string) => {
    throw new EarshotError("QUERY_INVALID", `rollups: ${message}`);
  };
  if (!Number.isFinite(query.fromMs) || !Number.isFinite(query.toMs) || query.fromMs >= query.toMs) refuse("from: expected a time before to");
  if (Math.max(Math.abs(query.fromMs), Math.abs(query.toMs)) > 1e14) refuse("from, to: expected times between the years -1100 and 5000");
  if (new Set(query.by).size !== query.by.length) refuse("by: a dimension stands there twice");
  if (query.terms?.includes("")) refuse("terms: expected ids, came an empty one");
  if (new Set(termsOf(query)).size > 1 && !query.by.includes("term"))
    refuse("several terms need `term` in by, or one of them asked for: a post that matches two would count twice");
}

/** @throws QUERY_INVALID */
export async function queryRollups(sql: Sql, query: RollupQuery): Promise<RollupAnswer> {
  refuseUnanswerable(query);
  // One snapshot: sums, sets and their journal belong together.
  return sql.transaction(async (inside) => {
    await inside.query("set transaction isolation level repeatable read, read only");
    const sums = await readSums(inside, query);
    const state = await inside.query("select fresh_at_ms from rollup_state");
    const freshAt = state.rows[0] && optionalNumberIn(state.rows[0], "fresh_at_ms");
    const fresh = freshAt === undefined ? {} : { freshAt };
    if (query.grain === "minute" || query.withoutAuthors || sums.length === 0) return { rows: sums, ...fresh };
    const authors = await countDistinctAuthors(inside, query);
    const rows = sums.map((row) => {
      const found = authors.get(groupName(query.by, row, row.at));
      return { ...row, authors: found?.authors ?? 0, authorsExact: found?.exact ?? true };
    });
    return { rows, ...fresh };
  });
}

async function readSums(sql: Sql, query: RollupQuery): Promise<RollupRow[]> {
  const { grain, by } = query;
  const unit = grainMs[grain === "all" ? "minute" : grain];
  const segments = grain === "all" ? coverOf(query.fromMs, query.toMs) : [{ grain, from: Math.floor(query.fromMs / unit), to: Math.ceil(query.toMs / unit) }];
  const values: SqlValue[] = [];
  const parts = segments.map((segment) => {
    values.push(segment.from, segment.to);
    return `select start, key, ${figures.join(", ")} from rollup_${segment.grain} where start >= $${values.length - 1} and start < $${values.length}`;
  });
  const where = keyConditions(query, values.length + 1);
  values.push(...where.values);
  const groups = [...(grain === "all" ? [] : ["b.start"]), ...by.map((dimension) => `k.${dimension}`)];
  const { rows } = await sql.query(
    `select ${[...groups, ...figures.map((figure) => `coalesce(sum(b.${figure}), 0)::bigint as ${figure}`)].join(", ")}
     from (${parts.join(" union all ")}) b join rollup_key k on k.id = b.key where ${where.text}
     ${groups.length > 0 ? `group by ${groups.join(", ")} having sum(b.posts) <> 0 order by ${groups.join(", ")}` : ""} limit ${maxRollupRows + 1}`,
    values,
  );
  if (rows.length > maxRollupRows) throw new EarshotError("QUERY_INVALID", `rollups: more than ${maxRollupRows} rows; ask for a coarser grain, a shorter time or fewer dimensions`);
  return rows.map((row): RollupRow => {
    const figure = (name: (typeof figures)[number]) => numberIn(row, name);
    const [posts, negative, neutral, positive] = [figure("posts"), figure("negative"), figure("neutral"), figure("positive")];
    return {
      ...(grain !== "all" && { at: numberIn(row, "start") * unit }),
      ...Object.fromEntries(by.map((dimension) => [dimension, textIn(row, dimension)])),
      posts,
      negative,
      neutral,
      positive,
      unscored: posts - negative - neutral - positive,
      negativeTowards: negative + figure("negative_shift"),
      neutralTowards: neutral + figure("neutral_shift"),
      positiveTowards: positive + figure("positive_shift"),
      likes: figure("likes"),
      shares: figure("shares"),
      replies: figure("replies"),
      views: figure("views"),
    };
  });
}

/** Start of the oldest day that holds posts which the filter lets see, milliseconds UTC; absent: there is none. */
export async function oldestDay(sql: Sql, filter: RollupQuery["filter"]): Promise<number | undefined> {
  // Any allowed term will do here: nothing is counted.
  const where = keyConditions({ fromMs: 0, toMs: 1, grain: "day", by: filter.terms === undefined ? [] : ["term"], filter }, 1);
  const { rows } = await sql.query(`select min(b.start) as start from rollup_day b join rollup_key k on k.id = b.key where b.posts > 0 and ${where.text}`, where.values);
  const start = rows[0] && optionalNumberIn(rows[0], "start");
  return start === undefined ? undefined : start * grainMs.day;
}
