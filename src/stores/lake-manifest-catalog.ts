import { EarshotError } from "../core/errors.ts";
import { isAuthorId } from "../core/ids.ts";
import { type Migration, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, type Sql, type SqlRow, textIn } from "../core/sql.ts";
import type { StorePosition } from "../core/store.ts";
import { editedLakeState, emptyLakeState, type LakeEdit, type LakeFile, type LakeManifest, type LakeRule, type LakeState } from "./lake-manifest.ts";

export const lakeMigrations: readonly Migration[] = [
  {
    name: "lake-1-manifest",
    sql: `
create table lake_state (lake text primary key, version bigint not null, seq bigint not null);
create table lake_file (
  lake text not null references lake_state, path text not null, dataset text not null, level int not null, format int not null,
  platform text not null, date text not null, bucket int not null, buckets int not null, seq bigint not null,
  rows bigint not null, size_bytes bigint not null, from_ms double precision not null, to_ms double precision not null,
  primary key (lake, path));
create table lake_rule (
  lake text not null references lake_state, seq bigint not null, author text, source text, up_to_ms double precision, primary key (lake, seq));
create table lake_garbage (
  lake text not null references lake_state, path text not null, removed_at_ms double precision not null, primary key (lake, path));
create table lake_position (
  lake text not null references lake_state, partition int not null, next_offset bigint not null,
  from_offset bigint not null, from_index int not null, generation int not null, primary key (lake, partition));`,
  },
];

/** The manifest as tables of the catalog: files and positions change in one transaction. @param lake its name, where there are several */
export function makeCatalogManifest(sql: Sql, lake = "lake"): LakeManifest {
  let newest: LakeState | undefined;

  async function load(known = newest): Promise<LakeState> {
    newest = await sql.transaction(async (inside) => {
      // The lock keeps a commit from coming between these statements.
      const { rows } = await inside.query("select version, seq from lake_state where lake = $1 for share", [lake]);
      const [row] = rows;
      if (row === undefined) return known?.version === 0 ? known : emptyLakeState;
      return known?.version === numberIn(row, "version") ? known : readState(inside, lake, row);
    });
    return newest;
  }

  return {
    load,
    async commit(edit) {
      const state = newest?.version === edit.version ? newest : await load();
      const next = editedLakeState(state, edit);
      await sql.transaction((inside) => writeEdit(inside, lake, edit, next));
      newest = next;
      return next;
    },
  };
}

async function writeEdit(sql: Sql, lake: string, edit: LakeEdit, next: LakeState): Promise<void> {
  if (edit.version === 0) await sql.query("insert into lake_state (lake, version, seq) values ($1, 0, 0) on conflict do nothing", [lake]);
  const { count } = await sql.query("update lake_state set version = $2, seq = $3 where lake = $1 and version = $4", [lake, next.version, next.seq, edit.version]);
  if (count !== 1) throw new EarshotError("CONFLICT", `lake manifest: version ${edit.version} was edited, which is not the newest: another writer is at work`);
  const { remove = [], swept = [], dropRules = [], add = [], addRules = [], positions } = edit;
  if (remove.length > 0) {
    await sql.query("delete from lake_file where lake = $1 and path = any($2::text[])", [lake, remove]);
    await sql.query("insert into lake_garbage (lake, path, removed_at_ms) select $1, unnest($2::text[]), $3", [lake, remove, edit.removedAt ?? 0]);
  }
  if (swept.length > 0) await sql.query("delete from lake_garbage where lake = $1 and path = any($2::text[])", [lake, swept]);
  if (dropRules.length > 0) await sql.query("delete from lake_rule where lake = $1 and seq = any($2::bigint[])", [lake, dropRules]);
  if (add.length > 0) {
    await sql.query(
      `insert into lake_file (lake, path, dataset, level, format, platform, date, bucket, buckets, seq, rows, size_bytes, from_ms, to_ms)
       select $1, path, dataset, level, format, platform, date, bucket, buckets, seq, rows, "sizeBytes", "fromMs", "toMs" from jsonb_to_recordset($2::jsonb)
       as f(path text, dataset text, level int, format int, platform text, date text, bucket int, buckets int, seq bigint, rows bigint, "sizeBytes" bigint, "fromMs" float8, "toMs" float8)`,
      [lake, JSON.stringify(add)],
    );
  }
  for (const rule of addRules)
    await sql.query("insert into lake_rule (lake, seq, author, source, up_to_ms) values ($1, $2, $3, $4, $5)", [
      lake,
      rule.seq,
      rule.author ?? null,
      rule.source ?? null,
      rule.upToMs ?? null,
    ]);
  if (positions !== undefined && positions.size > 0) {
    const rows = [...positions].map(([partition, { offset, from, generation }]) => ({
      partition,
      next_offset: offset,
      from_offset: from.offset,
      from_index: from.index,
      generation,
    }));
    await sql.query(
      `insert into lake_position (lake, partition, next_offset, from_offset, from_index, generation)
       select $1, partition, next_offset, from_offset, from_index, generation from jsonb_to_recordset($2::jsonb)
       as p(partition int, next_offset bigint, from_offset bigint, from_index int, generation int)
       on conflict (lake, partition) do update set next_offset = excluded.next_offset, from_offset = excluded.from_offset, from_index = excluded.from_index, generation = excluded.generation`,
      [lake, JSON.stringify(rows)],
    );
  }
}

async function readState(sql: Sql, lake: string, row: SqlRow): Promise<LakeState> {
  const files = await sql.query("select * from lake_file where lake = $1 order by seq, path", [lake]);
  const rules = await sql.query("select * from lake_rule where lake = $1 order by seq", [lake]);
  const garbage = await sql.query("select path, removed_at_ms from lake_garbage where lake = $1", [lake]);
  const positions = await sql.query("select * from lake_position where lake = $1", [lake]);
  return {
    version: numberIn(row, "version"),
    seq: numberIn(row, "seq"),
    files: files.rows.map(fileOf),
    rules: rules.rows.map(ruleOf),
    garbage: garbage.rows.map((item) => ({ path: textIn(item, "path"), removedAt: numberIn(item, "removed_at_ms") })),
    positions: new Map(positions.rows.map((item) => [numberIn(item, "partition"), positionOf(item)])),
  };
}

function fileOf(row: SqlRow): LakeFile {
  return {
    path: textIn(row, "path"),
    dataset: oneOfIn(row, "dataset", ["posts", "patches"]),
    level: numberIn(row, "level") === 0 ? 0 : 1,
    format: numberIn(row, "format"),
    platform: textIn(row, "platform"),
    date: textIn(row, "date"),
    bucket: numberIn(row, "bucket"),
    buckets: numberIn(row, "buckets"),
    seq: numberIn(row, "seq"),
    rows: numberIn(row, "rows"),
    sizeBytes: numberIn(row, "size_bytes"),
    fromMs: numberIn(row, "from_ms"),
    toMs: numberIn(row, "to_ms"),
  };
}

function ruleOf(row: SqlRow): LakeRule {
  const author = optionalTextIn(row, "author");
  const source = optionalTextIn(row, "source");
  const upToMs = optionalNumberIn(row, "up_to_ms");
  if (author !== undefined && !isAuthorId(author)) throw new EarshotError("INVARIANT", `catalog column author: expected an AuthorId, came ${author}`);
  return { seq: numberIn(row, "seq"), ...(author !== undefined && { author }), ...(source !== undefined && { source }), ...(upToMs !== undefined && { upToMs }) };
}

function positionOf(row: SqlRow): StorePosition {
  return { offset: numberIn(row, "next_offset"), from: { offset: numberIn(row, "from_offset"), index: numberIn(row, "from_index") }, generation: numberIn(row, "generation") };
}
