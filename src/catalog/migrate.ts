import { EarshotError } from "../core/errors.ts";
import { fingerprint } from "../core/ids.ts";
import { textIn, type Migration, type Sql } from "../core/sql.ts";

const table = `create table if not exists earshot_migration (
  name text primary key, checksum text not null, applied_at_ms bigint not null, position int not null generated always as identity)`;
/** One migrating process at a time; the others wait, then find nothing to do. */
const migrationLock = 0x6d69_6772;

/**
 * Applies what is missing, in the order given, all in one transaction. Idempotent.
 * @throws FORMAT_UNKNOWN when the catalog holds a migration that this program does not know (a newer version wrote it), or another text under a known name
 */
export async function migrate(sql: Sql, migrations: readonly Migration[], nowMs: number): Promise<readonly string[]> {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  if (known.size !== migrations.length) throw new TypeError("migrations: two bear one name");
  return sql.transaction(async (inside) => {
    await inside.query("select pg_advisory_xact_lock($1)", [migrationLock]);
    await inside.query(table);
    const { rows } = await inside.query("select name, checksum from earshot_migration");
    const applied = new Set<string>();
    for (const row of rows) {
      const name = textIn(row, "name");
      const migration = known.get(name);
      if (migration === undefined) {
        throw new EarshotError(
          "FORMAT_UNKNOWN",
          `catalog: it was written by a newer Earshot (migration ${name} is unknown here); start that version, or restore a backup made by this one`,
        );
      }
      if (textIn(row, "checksum") !== fingerprint(migration.sql)) {
        throw new EarshotError("FORMAT_UNKNOWN", `catalog: migration ${name} was applied with another text than this program has; start the version that wrote it`);
      }
      applied.add(name);
    }
    const missing = migrations.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) {
      await inside.query(migration.sql);
      await inside.query("insert into earshot_migration (name, checksum, applied_at_ms) values ($1, $2, $3)", [migration.name, fingerprint(migration.sql), nowMs]);
    }
    return missing.map((migration) => migration.name);
  });
}
