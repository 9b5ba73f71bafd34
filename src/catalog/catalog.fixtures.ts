import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import type { Migration, Sql } from "../core/sql.ts";
import { openCatalog, type Catalog } from "./catalog.ts";

/** A real Postgres for the tests of one file: one server, a schema for each name; it does not wait for the disk. */
export interface TestPostgres extends AsyncDisposable {
  /** The schema of this name with these migrations, made where missing. */
  database(name: string, migrations: readonly Migration[]): Promise<Sql>;
  /** Of the schema of this name, for a process of its own. */
  addressOf(name: string): string;
  readonly server: Catalog;
}

export async function startTestPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "earshot-pg-"));
  const common = { folder, clock: systemClock, report: () => undefined };
  const server = await openCatalog({ ...common, migrations: [] });
  await server.sql.query("alter system set fsync = off");
  await server.sql.query("select pg_reload_conf()");
  const opened = new Map<string, Promise<Catalog>>();
  const schemaOf = (name: string) => `t_${createHash("sha256").update(name).digest("hex").slice(0, 20)}`;
  const addressOf = (name: string) => `${urlOf(server, "earshot")}&options=-csearch_path%3D${schemaOf(name)}`;
  const make = async (name: string, migrations: readonly Migration[]): Promise<Catalog> => {
    await server.sql.query(`create schema ${schemaOf(name)}`);
    return openCatalog({ ...common, migrations, url: addressOf(name), maxConnections: 3, idleCloseMs: 20 });
  };
  return {
    server,
    addressOf,
    async database(name, migrations) {
      let catalog = opened.get(name);
      if (catalog === undefined) opened.set(name, (catalog = make(name, migrations)));
      return (await catalog).sql;
    },
    async [Symbol.asyncDispose]() {
      for (const catalog of await Promise.allSettled(opened.values())) if (catalog.status === "fulfilled") await catalog.value[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The embedded server as an address, as an operator would give one. */
export function urlOf(catalog: Catalog, database: string): string {
  const address = catalog.embedded?.address;
  if (address === undefined) throw new TypeError("catalog: expected an embedded one");
  return `postgres://${address.user}:${address.password}@localhost:${address.port}/${database}?host=${encodeURIComponent(address.host)}`;
}
