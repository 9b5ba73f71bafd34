import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { createReadStream, createWriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { startEmbeddedPostgres } from "../catalog/embedded-postgres.ts";
import { migrate } from "../catalog/migrate.ts";
import { catalogTypes, makeSql, toCatalogError } from "../catalog/postgres-sql.ts";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { fingerprint } from "../core/ids.ts";
import { booleanIn, type Migration, numberIn, type Sql, textIn } from "../core/sql.ts";
import { type BackupManifest, catalogFolder, isoOf, stampOf } from "./backup-format.ts";

const pageRows = 2_000;
const maxPageChars = 4 * 1024 * 1024;
const migrationTable = "earshot_migration";

/** Tables that these migrations make, in the order in which they are made: what is referred to comes first. */
export function tablesOf(migrations: readonly Migration[]): readonly string[] {
  const names = migrations.flatMap(({ sql }) =>
    [...sql.matchAll(/\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([a-z_][a-z0-9_]*)/gi)].map((match) => match[1] ?? ""),
  );
  return [...new Set(names)].filter((name) => name !== "");
}

export interface RawCatalog extends AsyncDisposable {
  readonly sql: Sql;
}

/** The catalog without any migration: to be looked into, or filled. */
export async function openRawCatalog(options: { readonly url: string | undefined; readonly folder: string; readonly clock: Clock; readonly report: Report }): Promise<RawCatalog> {
  const embedded = options.url === undefined ? await startEmbeddedPostgres(options) : undefined;
  const address = embedded?.address ?? { connectionString: options.url ?? "" };
  const pool = new pg.Pool({ ...address, max: 2, connectionTimeoutMillis: 15_000, application_name: "earshot-backup", types: catalogTypes });
  pool.on("error", () => undefined);
  return {
    sql: makeSql(pool),
    async [Symbol.asyncDispose]() {
      await pool.end();
      await embedded?.[Symbol.asyncDispose]();
    },
  };
}

async function existing(sql: Sql, tables: readonly string[]): Promise<readonly string[]> {
  const { rows } = await sql.query("select t.name from unnest($1::text[]) with ordinality as t (name, n) where to_regclass(quote_ident(t.name)) is not null order by t.n", [
    tables,
  ]);
  return rows.map((row) => textIn(row, "name"));
}

/** All rows of our tables as of one moment, as JSON lines under zstd. */
export async function dumpCatalog(options: {
  readonly sql: Sql;
  readonly files: Files;
  readonly migrations: readonly Migration[];
  /** Folder of the backup. */
  readonly folder: string;
  readonly onRows: (table: string, rows: number) => void;
  /** The moment is fixed: what is written from now on is not in the dump. */
  readonly onBegun?: () => void;
}): Promise<BackupManifest["catalog"]> {
  const { files, folder, migrations } = options;
  await files.makeFolder(join(folder, catalogFolder));
  const catalog = await options.sql.transaction(async (sql): Promise<BackupManifest["catalog"]> => {
    await sql.query("set transaction isolation level repeatable read read only");
    await exactTexts(sql);
    const about = (await sql.query("select current_setting('server_version') as version")).rows[0] ?? {};
    const applied = await sql.query(`select name, checksum from ${migrationTable} order by position`);
    options.onBegun?.();
    const names = new Set(applied.rows.map((row) => textIn(row, "name")));
    const tables: BackupManifest["catalog"]["tables"] = [];
    for (const name of await existing(sql, tablesOf(migrations.filter((migration) => names.has(migration.name))))) {
      const path = `${catalogFolder}/${name}.ndjson.zst`;
      const rows = await dumpTable(sql, name, join(folder, path), (count) => options.onRows(name, count));
      await files.syncPath(join(folder, path));
      tables.push({ name, rows, path });
    }
    return { postgres: textIn(about, "version"), migrations: applied.rows.map((row) => ({ name: textIn(row, "name"), checksum: textIn(row, "checksum") })), tables };
  });
  await files.syncFolder(join(folder, catalogFolder));
  return catalog;
}

/** So that numbers, times and bytes are written in full, however the server is set. */
async function exactTexts(sql: Sql): Promise<void> {
  await sql.query("set local extra_float_digits = 1");
  await sql.query("set local bytea_output = 'hex'");
  await sql.query("set local datestyle = 'ISO, YMD'");
  await sql.query("set local intervalstyle = 'iso_8601'");
  await sql.query("set local timezone = 'UTC'");
}

async function dumpTable(sql: Sql, table: string, path: string, onRows: (rows: number) => void): Promise<number> {
  let total = 0;
  await sql.query(`declare backup_rows no scroll cursor for select row_to_json(dumped_row.*)::text as line from ${table} dumped_row`);
  const lines = async function* () {
    for (;;) {
      const { rows } = await sql.query(`fetch ${pageRows} from backup_rows`);
      if (rows.length === 0) return;
      total += rows.length;
      onRows(total);
      yield `${rows.map((row) => textIn(row, "line")).join("\n")}\n`;
    }
  };
  const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } });
  await pipeline(lines, compress, createWriteStream(path, { mode: 0o600, flags: "wx" }));
  await sql.query("close backup_rows");
  return total;
}

/** The migrations that a dump was made under. @throws FORMAT_UNKNOWN where this program does not know one of them, or knows another text */
export function migrationsOfDump(dump: BackupManifest["catalog"], migrations: readonly Migration[]): readonly Migration[] {
  return dump.migrations.map(({ name, checksum }) => {
    const known = migrations.find((migration) => migration.name === name);
    if (known === undefined) throw new EarshotError("FORMAT_UNKNOWN", `backup: it was made by a newer Earshot (migration ${name} is unknown here)`);
    if (fingerprint(known.sql) !== checksum) throw new EarshotError("FORMAT_UNKNOWN", `backup: migration ${name} has another text here; restore with the version that made it`);
    return known;
  });
}

/**
 * Makes the tables as the backup had them and fills them, all in one transaction. Newer migrations come at the next start.
 * Tables of ours that stand there already (a Postgres of the operator's) are moved into a schema of their own.
 * @returns that schema, where there was something to move
 */
export async function loadCatalog(options: {
  readonly sql: Sql;
  readonly dump: BackupManifest["catalog"];
  readonly migrations: readonly Migration[];
  readonly folder: string;
  readonly now: number;
  readonly onRows: (table: string, rows: number) => void;
}): Promise<string | undefined> {
  const { dump, folder, now } = options;
  const wanted = migrationsOfDump(dump, options.migrations);
  return options.sql.transaction(async (sql) => {
    await exactTexts(sql);
    const aside = await moveAside(sql, options.migrations, now);
    await migrate(sql, wanted, now);
    // What migrations filled in by themselves is in the backup too.
    for (const { name } of dump.tables.toReversed()) await sql.query(`delete from ${name}`);
    for (const table of dump.tables) await loadTable(sql, table, folder, options.onRows);
    return aside;
  });
}

async function moveAside(sql: Sql, migrations: readonly Migration[], now: number): Promise<string | undefined> {
  const tables = await existing(sql, [...tablesOf(migrations), migrationTable]);
  if (tables.length === 0) return undefined;
  const schema = `earshot_before_${stampOf(now).replaceAll("-", "_")}`;
  await sql.query(`create schema ${schema}`);
  // Views name tables by identity, so they go along and still read the old ones.
  const views = await sql.query(
    `select distinct c.relname as name from pg_depend d join pg_rewrite r on r.oid = d.objid join pg_class c on c.oid = r.ev_class
     where d.refobjid = any (select to_regclass(quote_ident(name)) from unnest($1::text[]) as name) and c.relkind = 'v' and c.relnamespace = current_schema()::regnamespace`,
    [tables],
  );
  const functions = await sql.query(
    `select distinct p.oid::regprocedure::text as name from pg_trigger t join pg_proc p on p.oid = t.tgfoid
     where not t.tgisinternal and t.tgrelid = any (select to_regclass(quote_ident(name)) from unnest($1::text[]) as name) and p.pronamespace = current_schema()::regnamespace`,
    [tables],
  );
  for (const row of functions.rows) await sql.query(`alter function ${textIn(row, "name")} set schema ${schema}`);
  for (const row of views.rows) await sql.query(`alter view "${textIn(row, "name")}" set schema ${schema}`);
  for (const table of tables) await sql.query(`alter table ${table} set schema ${schema}`);
  return schema;
}

async function loadTable(sql: Sql, table: BackupManifest["catalog"]["tables"][number], folder: string, onRows: (table: string, rows: number) => void): Promise<void> {
  const columns = await sql.query(
    `select quote_ident(attname) as name, attgenerated <> '' as generated, coalesce(pg_get_serial_sequence(quote_ident($1), attname), '') as sequence
     from pg_attribute where attrelid = to_regclass(quote_ident($1)) and attnum > 0 and not attisdropped order by attnum`,
    [table.name],
  );
  const filled = columns.rows.filter((row) => !booleanIn(row, "generated")).map((row) => textIn(row, "name"));
  const statement = `insert into ${table.name} (${filled.join(", ")}) overriding system value select ${filled.join(", ")} from json_populate_recordset(null::${table.name}, $1::json)`;
  let total = 0;
  let page: string[] = [];
  let chars = 0;
  const put = async () => {
    if (page.length === 0) return;
    await sql.query(statement, [`[${page.join(",")}]`]);
    total += page.length;
    onRows(table.name, total);
    page = [];
    chars = 0;
  };
  const source = createReadStream(join(folder, table.path)).pipe(createZstdDecompress());
  try {
    for await (const line of linesOf(source)) {
      page.push(line);
      chars += line.length;
      if (page.length === pageRows || chars >= maxPageChars) await put();
    }
    await put();
  } catch (thrown) {
    throw thrown instanceof EarshotError ? thrown : toCatalogError(thrown);
  }
  if (total !== table.rows) throw new EarshotError("STORE_CORRUPT", `backup: ${table.path}: expected ${table.rows} rows, came ${total}`);
  for (const row of columns.rows) {
    const sequence = textIn(row, "sequence");
    if (sequence === "") continue;
    const highest = numberIn((await sql.query(`select coalesce(max(${textIn(row, "name")}), 0)::bigint as highest from ${table.name}`)).rows[0] ?? {}, "highest");
    if (highest > 0) await sql.query("select setval($1::regclass, $2)", [sequence, highest]);
  }
}

/** Lines end with \n alone: texts hold U+2028 as it is, which node:readline takes for an end. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest + decoder.decode() !== "") throw new EarshotError("STORE_CORRUPT", "backup: a table of the catalog ends within a row");
}

/** Whether tables of ours stand in this database. */
export async function holdsTables(sql: Sql, migrations: readonly Migration[]): Promise<boolean> {
  return (await existing(sql, [...tablesOf(migrations), migrationTable])).length > 0;
}

export function describeDump(manifest: BackupManifest): string {
  const rows = manifest.catalog.tables.reduce((sum, table) => sum + table.rows, 0);
  return `made ${isoOf(manifest.createdAt)} by Earshot ${manifest.earshot}: ${manifest.posts} posts, ${manifest.files.length} files, ${rows} catalog rows (Postgres ${manifest.catalog.postgres})`;
}
