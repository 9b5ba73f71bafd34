import { numberIn, textIn, type Sql, type SqlRow, type SqlValue } from "../core/sql.ts";
import { addAuthor, countOf, makeAuthorSet, makeAuthorUnion, uniteAuthors, type AuthorUnion } from "./rollups-authors.ts";
import { keyRoom } from "./rollups-batch.ts";
import { decodeDeltas, numberList, type BucketDeltas } from "./rollups-flush.ts";
import { setIn } from "./rollups-fold.ts";
import { coverOf, groupName, keyConditions, type RollupDimension, type RollupQuery, type Segment } from "./rollups-plan.ts";
import { grainMs } from "./rollups-schema.ts";

export interface AuthorCount {
  readonly authors: number;
  readonly exact: boolean;
}

/** Sets held at once while they are united. */
const pageRows = 1_000;

/** Distinct authors by group: sets of whole days, of hours where a day is not united or cut, and what the journal still holds. */
export async function countDistinctAuthors(sql: Sql, query: RollupQuery): Promise<ReadonlyMap<string, AuthorCount>> {
  const groups = new Map<string, AuthorUnion>();
  const unionOf = (row: SqlRow, ms: number) => {
    const at = query.grain === "all" ? undefined : Math.floor(ms / unitOf(query)) * unitOf(query);
    const name = groupName(query.by, dimensionsIn(query.by, row), at);
    const known = groups.get(name);
    if (known !== undefined) return known;
    const union = makeAuthorUnion();
    groups.set(name, union);
    return union;
  };
  const journal = await readJournal(sql);
  for (const segment of segmentsOf(query)) {
    if (segment.grain === "day") {
      await eachRow(sql, query, dayRows, [segment.from, segment.to, ...touchedDays(journal)], (row) =>
        uniteAuthors(unionOf(row, numberIn(row, "start") * grainMs.day), setIn(row)),
      );
      await eachHour(sql, query, openHours, [segment.from, segment.to, ...touchedDays(journal)], journal, unionOf);
    } else await eachHour(sql, query, hourRows, [segment.from, segment.to], journal, unionOf);
  }
  await addUnfolded(sql, query, journal, unionOf);
  const cut = cutsHours(query);
  return new Map([...groups].map(([name, union]) => [name, { authors: countOf(union), exact: union.isExact && !cut }]));
}

function unitOf(query: RollupQuery): number {
  return grainMs[query.grain === "hour" ? "hour" : "day"];
}

/** Hours and days; minutes hold no sets, so an edge is widened to its hour. */
function segmentsOf(query: RollupQuery): readonly Segment[] {
  if (query.grain === "all") return coverOf(query.fromMs, query.toMs, "hour");
  const unit = unitOf(query);
  return [{ grain: query.grain === "hour" ? "hour" : "day", from: Math.floor(query.fromMs / unit), to: Math.ceil(query.toMs / unit) }];
}

function cutsHours(query: RollupQuery): boolean {
  return query.grain === "all" && (query.fromMs % grainMs.hour !== 0 || query.toMs % grainMs.hour !== 0);
}

function dimensionsIn(by: readonly RollupDimension[], row: SqlRow): { readonly [dimension in RollupDimension]?: string } {
  return Object.fromEntries(by.map((dimension) => [dimension, textIn(row, dimension)]));
}

/** Net changes that are not folded yet; those already in the sets are none of them. Bounded by when the store folds. */
async function readJournal(sql: Sql): Promise<BucketDeltas> {
  const { rows } = await sql.query("select deltas from rollup_author_journal order by id");
  const deltas = decodeDeltas(rows);
  for (const [name, authors] of deltas) if (authors.size === 0) deltas.delete(name);
  return deltas;
}

function touchedDays(journal: BucketDeltas): readonly [string, string] {
  const names = [...new Set([...journal.keys()].map((name) => Math.floor(Math.floor(name / keyRoom) / 24) * keyRoom + (name % keyRoom)))];
  return [numberList(names.map((name) => Math.floor(name / keyRoom))), numberList(names.map((name) => name % keyRoom))];
}

const isTouched = "exists (select from unnest($3::int[], $4::int[]) as t(start, key) where t.start = d.start and t.key = d.key)";
const dayRows = { from: `rollup_author_day d join rollup_key k on k.id = d.key where d.start >= $1 and d.start < $2 and not d.stale and not ${isTouched}`, alias: "d" };
const openHours = {
  from: `rollup_author_day d join rollup_author_hour h on h.key = d.key and h.start >= d.start * 24 and h.start < d.start * 24 + 24 join rollup_key k on k.id = d.key
    where d.start >= $1 and d.start < $2 and (d.stale or ${isTouched})`,
  alias: "h",
};
const hourRows = { from: "rollup_author_hour h join rollup_key k on k.id = h.key where h.start >= $1 and h.start < $2", alias: "h" };

async function eachRow(
  sql: Sql,
  query: RollupQuery,
  rows: { readonly from: string; readonly alias: string },
  values: readonly SqlValue[],
  take: (row: SqlRow) => void,
): Promise<void> {
  const where = keyConditions(query, values.length + 1);
  const { from, alias } = rows;
  const dimensions = query.by.map((dimension) => `, k.${dimension}`).join("");
  const all = [...values, ...where.values];
  const after = all.length + 1;
  let last: readonly [number, number] = [-(2 ** 31), -1];
  for (;;) {
    const page = await sql.query(
      `select ${alias}.start, ${alias}.key, ${alias}.form, ${alias}.dirty, ${alias}.bytes${dimensions} from ${from} and ${where.text}
       and (${alias}.start, ${alias}.key) > ($${after}::int, $${after + 1}::int) order by ${alias}.start, ${alias}.key limit ${pageRows}`,
      [...all, ...last],
    );
    for (const row of page.rows) take(row);
    const end = page.rows.at(-1);
    if (end === undefined || page.rows.length < pageRows) return;
    last = [numberIn(end, "start"), numberIn(end, "key")];
  }
}

type UnionOf = (row: SqlRow, ms: number) => AuthorUnion;

/** An hour's set with its part of the journal, which is then spent. */
async function eachHour(
  sql: Sql,
  query: RollupQuery,
  rows: { readonly from: string; readonly alias: string },
  values: readonly SqlValue[],
  journal: BucketDeltas,
  unionOf: UnionOf,
): Promise<void> {
  await eachRow(sql, query, rows, values, (row) => {
    const name = numberIn(row, "start") * keyRoom + numberIn(row, "key");
    const set = setIn(row);
    for (const [hash, net] of journal.get(name) ?? []) addAuthor(set, hash, net);
    journal.delete(name);
    uniteAuthors(unionOf(row, numberIn(row, "start") * grainMs.hour), set);
  });
}

/** Hours that so far stand in the journal alone. */
async function addUnfolded(sql: Sql, query: RollupQuery, journal: BucketDeltas, unionOf: UnionOf): Promise<void> {
  const segments = segmentsOf(query).map(({ grain, from, to }) => (grain === "day" ? { from: from * 24, to: to * 24 } : { from, to }));
  const names = [...journal.keys()].filter((name) => segments.some(({ from, to }) => name >= from * keyRoom && name < to * keyRoom));
  if (names.length === 0) return;
  const where = keyConditions(query, 2);
  const keys = [...new Set(names.map((name) => name % keyRoom))];
  const { rows } = await sql.query(
    `select k.id, k.platform, k.source, k.language, k.sensitivity, k.region, k.term from rollup_key k where k.id = any($1::int[]) and ${where.text}`,
    [numberList(keys), ...where.values],
  );
  const byId = new Map(rows.map((row) => [numberIn(row, "id"), row]));
  for (const name of names) {
    const row = byId.get(name % keyRoom);
    if (row === undefined) continue;
    const set = makeAuthorSet();
    for (const [hash, net] of journal.get(name) ?? []) addAuthor(set, hash, net);
    uniteAuthors(unionOf(row, Math.floor(name / keyRoom) * grainMs.hour), set);
  }
}
