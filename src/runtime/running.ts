import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { readPostmasterFile } from "../catalog/postmaster.ts";
import { catalogTypes, makeSql } from "../catalog/postgres-sql.ts";
import { lockFileName } from "../core/folder-lock.ts";
import type { Sql } from "../core/sql.ts";

/** Whether an Earshot runs on the folder. Asks for a shared lock only, which another process's exclusive one refuses. */
export function isHeld(folder: string): boolean {
  const place = join(folder, lockFileName);
  if (!existsSync(place)) return false;
  try {
    using database = new DatabaseSync(place, { readOnly: true, timeout: 0 });
    database.prepare("select count(*) from sqlite_schema").get();
    return false;
  } catch (thrown) {
    return thrown instanceof Error && /locked|busy/i.test(thrown.message);
  }
}

/** The catalog beside an Earshot that runs, or the operator's; for reading. Undefined: nothing is there to be asked. */
export function openRunningCatalog(folder: string, url: string | undefined): (AsyncDisposable & { readonly sql: Sql }) | undefined {
  const connection = url === undefined ? embeddedAddress(join(folder, "postgres")) : { connectionString: url };
  if (connection === undefined) return undefined;
  const options = "-c default_transaction_read_only=on";
  const pool = new pg.Pool({
    ...connection,
    ...(url === undefined && { options }),
    max: 1,
    connectionTimeoutMillis: 5_000,
    application_name: "earshot-beside",
    types: catalogTypes,
  });
  pool.on("error", () => undefined);
  return { sql: makeSql(pool), [Symbol.asyncDispose]: () => pool.end() };
}

function embeddedAddress(folder: string): pg.PoolConfig | undefined {
  const file = readPostmasterFile(join(folder, "data"));
  if (file?.status !== "ready") return undefined;
  const password = readFileSync(join(folder, "password"), "utf8").trim();
  return { host: file.socketFolder === "" ? "127.0.0.1" : file.socketFolder, port: file.port, user: "earshot", password, database: "earshot" };
}
