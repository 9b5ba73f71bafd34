import pg from "pg";
import { EarshotError } from "../core/errors.ts";

export interface PostgresAddress {
  /** Folder of the Unix socket, or a loopback address. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Any two words of ours; the lock lives in the maintenance database. */
const lockWords = [0x6561_7273, 0x686f_7400 & 0x7fff_ffff];

/**
 * Holds the server for this process by a lock that ends with the connection, so with the process however it ends.
 * Makes our database where it is missing.
 * @throws FOLDER_IN_USE when another process holds it
 */
export async function holdPostgres(address: PostgresAddress): Promise<{ release(): Promise<void> }> {
  const client = new pg.Client({ ...address, database: "postgres", application_name: "earshot lock", connectionTimeoutMillis: 10_000, keepAlive: false });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const locked = await client.query<{ locked: unknown }>("select pg_try_advisory_lock($1, $2) as locked", lockWords);
    if (locked.rows[0]?.locked !== true) throw new EarshotError("FOLDER_IN_USE", "embedded Postgres: another Earshot holds it");
    const found = await client.query("select from pg_database where datname = $1", [address.database]);
    if (found.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(address.database)}`);
  } catch (error) {
    await client.end();
    throw error;
  }
  return { release: () => client.end() };
}
