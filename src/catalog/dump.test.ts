import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import type { Migration, Sql } from "../core/sql.ts";
import { startTestPostgres, type TestPostgres } from "./catalog.fixtures.ts";
import { dumpCatalog, restoreCatalog } from "./dump.ts";

let postgres: TestPostgres;
before(async () => {
  postgres = await startTestPostgres();
});
after(() => postgres[Symbol.asyncDispose]());

const clock = makeFakeClock(1_000);
const tables: Migration = {
  name: "tables",
  sql: `create table a_child (id int primary key generated always as identity, parent text not null);
    create table parent (name text primary key, big bigint, real double precision, bytes bytea, list text[], at timestamptz, doc jsonb, nothing int);
    alter table a_child add foreign key (parent) references parent (name);
    create table seeded (only_one boolean primary key default true, n int); insert into seeded values (true, 0)`,
};
const later: Migration = { name: "later", sql: "alter table parent add column added int not null default 7" };

async function fill(sql: Sql): Promise<void> {
  await sql.query(`insert into parent values ('größe "x" \\ 
    line', 9223372036854775807, 0.1, '\\x00ff5c0a', array['a', null, 'ü,"'], '2026-11-22T10:00:00.123456Z', '{"k": [1, null]}', null)`);
  await sql.query("insert into parent select 'p' || i, i, i / 3.0, decode(repeat('00', 200), 'hex') from generate_series(1, 5000) i");
  await sql.query("insert into a_child (parent) select 'p' || i from generate_series(1, 3000) i");
  await sql.query("update seeded set n = 9");
}

async function textOf(sql: Sql): Promise<string> {
  let text = "";
  for await (const chunk of dumpCatalog(sql, clock)) text += chunk;
  return text;
}

async function* cut(text: string, length: number): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}

const rowsOf = async (sql: Sql, columns: string) => (await sql.query(`select ${columns} from parent order by name`)).rows;

test("a restored catalog holds each row as it was, and goes on numbering above them", async () => {
  const from = await postgres.database("from", [tables]);
  await fill(from);
  const to = await postgres.database("to", []);
  const text = await textOf(from);
  assert.deepEqual(await restoreCatalog(to, cut(text, 7_777), [tables], clock), { rows: 8_002 });
  assert.deepEqual(await rowsOf(to, "*"), await rowsOf(from, "*"));
  assert.deepEqual((await to.query("select n from seeded")).rows, [{ n: 9 }]);
  assert.deepEqual((await to.query("insert into a_child (parent) values ('p1') returning id")).rows, [{ id: 3_001 }]);
  assert.equal((await textOf(from)).length, text.length);
});

test("a backup of an older version is brought to today's form", async () => {
  const from = await postgres.database("old", [tables]);
  await fill(from);
  const to = await postgres.database("new", []);
  await restoreCatalog(to, cut(await textOf(from), 100_000), [tables, later], clock);
  assert.deepEqual((await to.query("select distinct added from parent")).rows, [{ added: 7 }]);
});

test("what is cut short, newer or no backup is refused, and leaves the catalog empty", async () => {
  const from = await postgres.database("whole", [tables, later]);
  await fill(from);
  const text = await textOf(from);
  const to = await postgres.database("refusing", []);
  const refused = { code: "FORMAT_UNKNOWN" };
  await assert.rejects(restoreCatalog(to, cut(text.slice(0, -40), 9_999), [tables, later], clock), refused);
  await assert.rejects(restoreCatalog(to, cut(text, 9_999), [tables], clock), refused);
  await assert.rejects(restoreCatalog(to, cut("hello\nworld\n", 3), [tables, later], clock), refused);
  await assert.rejects(restoreCatalog(to, cut(text.replace('"version":1', '"version":2'), 9_999), [tables, later], clock), refused);
  assert.deepEqual((await to.query("select to_regclass('parent') as parent")).rows, [{ parent: null }]);
  await assert.rejects(restoreCatalog(from, cut(text, 9_999), [tables, later], clock), { code: "CONFLICT" });
});

test("a reader that leaves early ends the backup and frees its connection", async () => {
  const sql = await postgres.database("left", [tables]);
  await fill(sql);
  for (let i = 0; i < 6; i++) {
    for await (const chunk of dumpCatalog(sql, clock)) {
      assert.ok(chunk.length > 0);
      break;
    }
  }
  assert.equal((await rowsOf(sql, "name")).length, 5_001);
});
