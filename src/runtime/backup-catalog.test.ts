import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { zstdDecompressSync } from "node:zlib";
import fc from "fast-check";
import { startTestPostgres, type TestPostgres, urlOf } from "../catalog/catalog.fixtures.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { EarshotError } from "../core/errors.ts";
import { type Migration, type Sql, textIn } from "../core/sql.ts";
import { takeBackup } from "./backup.ts";
import { dumpCatalog, loadCatalog, tablesOf } from "./backup-catalog.ts";
import { makeHome, tell, told } from "./backup.fixtures.ts";
import { restoreBackup } from "./backup-restore.ts";
import { migrations } from "./migrations.ts";

const files = makeDiskFiles();
const every: Migration = {
  name: "every-type-1",
  sql: `create table parent (id bigint primary key generated always as identity, name text not null);
    create table child (
      parent bigint not null references parent (id), n int not null, t text, b bytea, list text[], blobs bytea[], f double precision, big numeric, j jsonb,
      at timestamptz, yes boolean, twice int generated always as (n * 2) stored, primary key (parent, n));
    insert into parent (name) values ('made by the migration')`,
};

let postgres: TestPostgres;
let folder: string;
before(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), "earshot-dump-"));
});
after(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const rowsOf = async (sql: Sql) => (await sql.query("select p.id, p.name, c.* from parent p left join child c on c.parent = p.id order by p.id, c.n")).rows;

describe("the dump of the catalog", () => {
  test("names every table that the migrations make, none twice", async () => {
    const sql = await postgres.database("all", migrations);
    const { rows } = await sql.query("select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')");
    const there = rows.map((row) => textIn(row, "name")).filter((name) => name !== "earshot_migration");
    assert.deepEqual([...tablesOf(migrations)].sort(), there.sort());
  });

  test("gives back every value of every type, whatever it holds", async () => {
    const text = fc.string({ unit: "binary", maxLength: 60 }).map((value) => value.replaceAll("\0", "").toWellFormed());
    const bytes = fc.uint8Array({ maxLength: 40 });
    const row = fc.record({
      t: fc.option(text),
      b: fc.option(bytes),
      list: fc.array(text, { maxLength: 3 }),
      blobs: fc.array(bytes, { maxLength: 3 }),
      f: fc.oneof(fc.double(), fc.constantFrom("Infinity", "NaN")),
      big: fc.bigInt(),
      j: fc.dictionary(text, text, { maxKeys: 3 }),
    });
    let number = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 8 }), async (rows) => {
        const from = await postgres.database(`from-${++number}`, [every]);
        const parent = (await from.query("insert into parent (name) values ($1) returning id", ["line\u2028end\r\n"])).rows[0]?.["id"];
        for (const [n, { t, b, list, blobs, f, big, j }] of rows.entries()) {
          await from.query("insert into child (parent, n, t, b, list, blobs, f, big, j, at, yes) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now(), true)", [
            Number(parent),
            n,
            t,
            b,
            list,
            blobs,
            String(f),
            String(big),
            JSON.stringify(j),
          ]);
        }
        const place = join(folder, String(number));
        const dump = await dumpCatalog({ sql: from, files, migrations: [every], folder: place, onRows: () => undefined });
        const to = await postgres.database(`to-${number}`, []);
        await to.query("drop table earshot_migration");
        assert.equal(await loadCatalog({ sql: to, dump, migrations: [every], folder: place, now: 0, onRows: () => undefined }), undefined);
        assert.deepEqual(await rowsOf(to), await rowsOf(from));
        // The sequence goes on where it stood.
        assert.deepEqual(
          (await to.query("insert into parent (name) values ('next') returning id")).rows,
          (await from.query("insert into parent (name) values ('next') returning id")).rows,
        );
      }),
      { numRuns: 12 },
    );
  });

  test("of a newer version is refused by the name of the migration", async () => {
    const sql = await postgres.database("newer", []);
    const dump = { postgres: "18", migrations: [{ name: "from-the-future-1", checksum: "0" }], tables: [] };
    await assert.rejects(
      loadCatalog({ sql, dump, migrations, folder, now: 0, onRows: () => undefined }),
      (error) => error instanceof EarshotError && error.code === "FORMAT_UNKNOWN" && /from-the-future-1/.test(error.message),
    );
  });
});

describe("a restore into a Postgres of the operator's", () => {
  test("fills it, moves what stood there into a schema of its own, and backs up to the same again", async () => {
    await using home = await makeHome();
    const out = join(home.folder, "backup");
    await home.running((system) =>
      tell(system, [
        { author: "alice", text: "lantern by alice" },
        { author: "berta", text: "lantern by berta" },
      ]),
    );
    const { manifest } = await takeBackup({ ...home.context, out });

    await postgres.server.sql.query("create schema operator");
    const EARSHOT_DATABASE_URL = `${urlOf(postgres.server, "earshot")}&options=-csearch_path%3Doperator`;
    await using other = await makeHome({ EARSHOT_DATABASE_URL });
    const options = { ...other.context, from: out, force: false, withoutErasures: false, forgetWithinHours: 24 };
    const answer = await restoreBackup(options);
    assert.equal(answer.movedSchema, undefined);

    const again = await takeBackup({ ...other.context, out: join(other.folder, "again") });
    for (const table of manifest.catalog.tables) {
      const lines = async (place: string) =>
        zstdDecompressSync(await readFile(join(place, table.path)))
          .toString("utf8")
          .split("\n")
          .sort();
      assert.deepEqual(await lines(again.folder), await lines(out), table.name);
    }
    const bytesOf = (all: typeof manifest) => new Map(all.files.filter((file) => /\.(parquet|sqlite|keys|json)$/.test(file.path)).map((file) => [file.path, file.sha256]));
    assert.deepEqual(bytesOf(again.manifest), bytesOf(manifest));
    assert.deepEqual((await other.running((system) => told(system, "lantern"))).searched, ["lantern by alice", "lantern by berta"]);

    await rm(other.data, { recursive: true });
    await assert.rejects(restoreBackup(options), (error) => error instanceof EarshotError && error.code === "CONFLICT");
    const { movedSchema } = await restoreBackup({ ...options, force: true });
    assert.ok(movedSchema !== undefined);
    const kept = await postgres.server.sql.query(`select count(*)::int as rows from ${movedSchema}.earshot_migration`);
    assert.equal(kept.rows[0]?.["rows"], migrations.length);
    assert.deepEqual((await other.running((system) => told(system, "lantern"))).searched, ["lantern by alice", "lantern by berta"]);
  });
});
