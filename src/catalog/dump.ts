import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { numberIn, textIn, textsIn, type Migration, type Sql } from "../core/sql.ts";
import { migrate } from "./migrate.ts";

/**
 * A logical backup of the catalog, as lines of JSON: a head, for each table a line that names it and one line a row, an end with
 * the count of rows. Values go from Postgres to Postgres as text and are never read in between, so numbers of any size are exact.
 */
const headSchema = z.object({ format: z.literal("earshot-catalog"), version: z.int(), migrations: z.array(z.string()), madeAt: z.number() });
const tableSchema = z.object({ table: z.string() });
const endSchema = z.object({ end: z.literal(true), rows: z.int() });
const dumpVersion = 1;
const rowsPerFetch = 1_000;
const bytesPerInsert = 512 * 1024;
const ownTable = "earshot_migration";

/** Streams the whole catalog at one moment; others go on reading and writing. Each chunk is some whole lines. */
export async function* dumpCatalog(sql: Sql, clock: Clock): AsyncGenerator<string> {
  const { readable, write, close, fail } = makeHandover();
  const done = sql
    .transaction(async (inside) => {
      await inside.query("set transaction isolation level repeatable read, read only");
      const migrations = await inside.query(`select name from ${ownTable} order by position`);
      await write(line({ format: "earshot-catalog", version: dumpVersion, migrations: migrations.rows.map((row) => textIn(row, "name")), madeAt: clock.now() }));
      let rows = 0;
      for (const table of await tablesInOrder(inside)) {
        await write(line({ table }));
        await inside.query(`declare dumped no scroll cursor for select row_to_json(t)::text as row from ${identifier(table)} t`);
        for (;;) {
          const page = await inside.query(`fetch ${rowsPerFetch} from dumped`);
          if (page.rows.length === 0) break;
          rows += page.rows.length;
          await write(page.rows.map((row) => `${textIn(row, "row")}\n`).join(""));
        }
        await inside.query("close dumped");
      }
      await write(line({ end: true, rows }));
    })
    .then(close, fail);
  try {
    yield* readable;
  } finally {
    close();
    await done;
  }
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Tables of the schema, each after those that it refers to. */
async function tablesInOrder(sql: Sql): Promise<readonly string[]> {
  const { rows } = await sql.query(
    `select c.relname as name, array(select r.relname::text from pg_constraint f join pg_class r on r.oid = f.confrelid where f.conrelid = c.oid and f.contype = 'f' and r.oid <> c.oid) as after
     from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> $1 order by c.relname`,
    [ownTable],
  );
  const after = new Map(rows.map((row) => [textIn(row, "name"), textsIn(row, "after")]));
  const ordered = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (ordered.has(name) || trail.includes(name)) return;
    for (const other of after.get(name) ?? []) visit(other, [...trail, name]);
    ordered.add(name);
  };
  for (const name of after.keys()) visit(name, []);
  return [...ordered];
}

/** One chunk at a time goes from the transaction to the reader, so that memory is bounded. */
function makeHandover() {
  let waiting: { readonly chunk: string; readonly taken: () => void } | undefined;
  let wake = Promise.withResolvers<void>();
  let ended = false;
  let fault: unknown;
  /** Of the chunk that the reader holds. */
  let release: (() => void) | undefined;
  const stir = () => wake.resolve();
  return {
    async write(chunk: string): Promise<void> {
      if (ended) throw new EarshotError("STORE_UNAVAILABLE", "catalog backup: its reader has gone");
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { chunk, taken: resolve };
      stir();
      return promise;
    },
    close(): void {
      ended = true;
      waiting?.taken();
      release?.();
      stir();
    },
    fail(error: unknown): void {
      fault = error;
      ended = true;
      stir();
    },
    readable: (async function* () {
      for (;;) {
        if (waiting !== undefined) {
          const { chunk, taken } = waiting;
          waiting = undefined;
          release = taken;
          yield chunk;
          taken();
        } else if (ended) {
          if (fault !== undefined) throw fault;
          return;
        } else {
          await wake.promise;
          wake = Promise.withResolvers<void>();
        }
      }
    })(),
  };
}

/**
 * Fills a catalog that holds nothing yet (opened without migrations) and brings it to today's form. All of it or nothing.
 * @param chunks text of a dump, cut anywhere
 * @throws FORMAT_UNKNOWN for what is no dump, is cut short, or comes from a newer version; CONFLICT for a catalog in use
 */
export async function restoreCatalog(sql: Sql, chunks: AsyncIterable<string>, migrations: readonly Migration[], clock: Clock): Promise<{ readonly rows: number }> {
  const lines = linesOf(chunks);
  const rows = await sql.transaction(async (inside) => {
    const used = await inside.query(`select count(*) as count from ${ownTable}`);
    if (used.rows[0] && numberIn(used.rows[0], "count") > 0)
      throw new EarshotError("CONFLICT", "catalog restore: expected an empty catalog; restore into a new data folder or database");
    const head = headSchema.safeParse(parseLine((await lines.next()).value));
    if (!head.success) throw new EarshotError("FORMAT_UNKNOWN", "catalog restore: this is no backup of a catalog");
    if (head.data.version > dumpVersion) throw new EarshotError("FORMAT_UNKNOWN", `catalog restore: the backup has format ${head.data.version}, this Earshot knows ${dumpVersion}`);
    await migrate(inside, knownMigrations(head.data.migrations, migrations), clock.now());
    const loaded = await load(inside, lines);
    await setSequences(inside);
    return loaded;
  });
  await migrate(sql, migrations, clock.now());
  return { rows };
}

/** Those of the backup, in its order: rows are loaded into the tables as they were, and the rest is migrated afterwards. */
function knownMigrations(names: readonly string[], migrations: readonly Migration[]): readonly Migration[] {
  return names.map((name) => {
    const found = migrations.find((migration) => migration.name === name);
    if (found === undefined) throw new EarshotError("FORMAT_UNKNOWN", `catalog restore: the backup was made by a newer Earshot (migration ${name} is unknown here)`);
    return found;
  });
}

async function load(sql: Sql, lines: AsyncGenerator<string>): Promise<number> {
  const tables = new Set(await tablesInOrder(sql));
  let table: string | undefined;
  let rows = 0;
  let batch: string[] = [];
  let batchBytes = 0;
  const flush = async () => {
    if (table === undefined || batch.length === 0) return;
    await sql.query(`insert into ${identifier(table)} overriding system value select * from json_populate_recordset(null::${identifier(table)}, $1::json)`, [
      `[${batch.join(",")}]`,
    ]);
    rows += batch.length;
    batch = [];
    batchBytes = 0;
  };
  for await (const text of lines) {
    // A row of ours never has a first column named `table` or `end`.
    if (text.startsWith('{"table":')) {
      await flush();
      ({ table } = tableSchema.parse(parseLine(text)));
      if (!tables.has(table)) throw new EarshotError("FORMAT_UNKNOWN", `catalog restore: the table ${table.slice(0, 63)} is unknown`);
      // What migrations put there.
      await sql.query(`delete from ${identifier(table)}`);
    } else if (text.startsWith('{"end":')) {
      await flush();
      const end = endSchema.parse(parseLine(text));
      if (end.rows !== rows) throw new EarshotError("FORMAT_UNKNOWN", `catalog restore: expected ${end.rows} rows, came ${rows}`);
      return rows;
    } else {
      if (table === undefined) throw new EarshotError("FORMAT_UNKNOWN", "catalog restore: a row stands before its table");
      batch.push(text);
      batchBytes += text.length;
      if (batchBytes >= bytesPerInsert) await flush();
    }
  }
  throw new EarshotError("FORMAT_UNKNOWN", "catalog restore: the backup is cut short");
}

/** Identity columns go on above the highest number that was loaded. */
async function setSequences(sql: Sql): Promise<void> {
  const { rows } = await sql.query(
    `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attidentity <> '' and c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> $1`,
    [ownTable],
  );
  for (const row of rows) {
    const [table, column] = [identifier(textIn(row, "table")), identifier(textIn(row, "column"))];
    await sql.query(`select setval(pg_get_serial_sequence($1, $2), coalesce((select max(${column}) from ${table}), 0) + 1, false)`, [table, textIn(row, "column")]);
  }
}

function parseLine(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  if (rest !== "") yield rest;
}
