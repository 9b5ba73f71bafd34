import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Migration } from "../core/sql.ts";
import { startTestPostgres, type TestPostgres } from "./catalog.fixtures.ts";
import { migrate } from "./migrate.ts";

let postgres: TestPostgres;
before(async () => {
  postgres = await startTestPostgres();
});
after(() => postgres[Symbol.asyncDispose]());

const one: Migration = { name: "one", sql: "create table one (a int); insert into one values (1)" };
const two: Migration = { name: "two", sql: "alter table one add column b int not null default 5" };

test("what is missing is applied in order, once", async () => {
  const sql = await postgres.database("order", []);
  assert.deepEqual(await migrate(sql, [one], 1), ["one"]);
  assert.deepEqual(await migrate(sql, [one, two], 2), ["two"]);
  assert.deepEqual(await migrate(sql, [one, two], 3), []);
  assert.deepEqual((await sql.query("select a, b from one")).rows, [{ a: 1, b: 5 }]);
});

test("processes that migrate at the same time do it once", async () => {
  const sql = await postgres.database("together", []);
  const applied = await Promise.all([1, 2, 3].map(() => migrate(sql, [one, two], 1)));
  assert.deepEqual(applied.flat().sort(), ["one", "two"]);
});

test("a catalog of a newer version is refused and not touched", async () => {
  const sql = await postgres.database("newer", []);
  await migrate(sql, [one, two], 1);
  await assert.rejects(migrate(sql, [one], 2), { code: "FORMAT_UNKNOWN" });
});

test("a migration whose text has changed is refused", async () => {
  const sql = await postgres.database("changed", []);
  await migrate(sql, [one], 1);
  await assert.rejects(migrate(sql, [{ ...one, sql: `${one.sql} ` }], 2), { code: "FORMAT_UNKNOWN" });
});

test("a migration that fails leaves nothing of the whole run", async () => {
  const sql = await postgres.database("failing", []);
  await assert.rejects(migrate(sql, [one, { name: "bad", sql: "create table two (a nonsense)" }], 1), { code: "INVARIANT" });
  assert.deepEqual((await sql.query("select to_regclass('one') as one")).rows, [{ one: null }]);
});

test("a deadlock is tried again, and a savepoint takes back the inner part alone", async () => {
  const sql = await postgres.database("deadlock", [{ name: "t", sql: "create table t (id int primary key, n int); insert into t values (1, 0), (2, 0)" }]);
  const bump = (first: number, second: number) =>
    sql.transaction(async (inside) => {
      await inside.query("update t set n = n + 1 where id = $1", [first]);
      await inside.query("select pg_sleep(0.05)");
      await inside.query("update t set n = n + 1 where id = $1", [second]);
    });
  await Promise.all([bump(1, 2), bump(2, 1)]);
  await sql.transaction(async (outer) => {
    await outer.query("update t set n = n + 10 where id = 1");
    await assert.rejects(
      outer.transaction((inner) => inner.query("insert into t values (1, 1)")),
      { code: "CONFLICT" },
    );
  });
  assert.deepEqual((await sql.query("select n from t order by id")).rows, [{ n: 12 }, { n: 2 }]);
});
