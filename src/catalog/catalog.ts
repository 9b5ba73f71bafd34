import pg from "pg";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import type { Migration, Sql } from "../core/sql.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from "./embedded-postgres.ts";
import { migrate } from "./migrate.ts";
import { catalogTypes, makeSql, toCatalogError } from "./postgres-sql.ts";

export interface Catalog extends AsyncDisposable {
  readonly sql: Sql;
  /** Absent where a URL was given. */
  readonly embedded: EmbeddedPostgres | undefined;
  /** Names of the migrations that this opening applied. */
  readonly migrated: readonly string[];
}

export interface CatalogOptions {
  /** A Postgres of the operator's; absent: the embedded one in `folder`. */
  readonly url?: string;
  readonly folder: string;
  readonly clock: Clock;
  readonly report: Report;
  /** All of them, in order, whoever owns the tables. */
  readonly migrations: readonly Migration[];
  readonly maxConnections?: number;
  /** A connection that rests so long is closed. */
  readonly idleCloseMs?: number;
  readonly temporaryFolder?: EmbeddedPostgresOptions["temporaryFolder"];
}

const oldestVersion = 150_000;

/**
 * Registers, cursors, positions, users, rollups and audit stand here.
 * @throws what `startEmbeddedPostgres` and `migrate` throw; CONFIG_INVALID for a URL that is none; STORE_UNAVAILABLE when it does not answer
 */
export async function openCatalog(options: CatalogOptions): Promise<Catalog> {
  const { clock, report } = options;
  const embedded = options.url === undefined ? await startEmbeddedPostgres(options) : undefined;
  try {
    const pool = openPool(options, embedded);
    // A connection that breaks while it rests is replaced by the pool.
    pool.on("error", (error) => report("warn", `catalog: a resting connection broke: ${error.message}`));
    try {
      const sql = makeSql(pool);
      if (embedded === undefined) await refuseOldServer(sql);
      const migrated = await migrate(sql, options.migrations, clock.now());
      return {
        sql,
        embedded,
        migrated,
        async [Symbol.asyncDispose]() {
          await pool.end();
          await embedded?.[Symbol.asyncDispose]();
        },
      };
    } catch (error) {
      await pool.end();
      throw toCatalogError(error);
    }
  } catch (error) {
    await embedded?.[Symbol.asyncDispose]();
    throw error;
  }
}

function openPool(options: CatalogOptions, embedded: EmbeddedPostgres | undefined): pg.Pool {
  const common = {
    max: options.maxConnections ?? 8,
    idleTimeoutMillis: options.idleCloseMs ?? 60_000,
    connectionTimeoutMillis: 15_000,
    application_name: "earshot",
    types: catalogTypes,
    allowExitOnIdle: false,
  };
  if (embedded !== undefined) return new pg.Pool({ ...common, ...embedded.address });
  const url = URL.parse(options.url ?? "");
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new EarshotError("CONFIG_INVALID", "EARSHOT_DATABASE_URL: expected postgres://user:password@host:port/database");
  }
  return new pg.Pool({ ...common, connectionString: url.href });
}

async function refuseOldServer(sql: Sql): Promise<void> {
  const { rows } = await sql.query("select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding");
  const version = rows[0]?.["version"];
  const encoding = rows[0]?.["encoding"];
  if (typeof version !== "number" || version < oldestVersion) {
    throw new EarshotError("POSTGRES_VERSION", `catalog: expected Postgres ${oldestVersion / 10_000} or newer, came ${String(version)}`);
  }
  if (encoding !== "UTF8") throw new EarshotError("CONFIG_INVALID", `catalog: expected a database with encoding UTF8, came ${String(encoding)}`);
}
