import pg from "pg";
import { EarshotError } from "../core/errors.ts";
import type { Sql, SqlResult, SqlValue } from "../core/sql.ts";

type Client = pg.Pool | pg.PoolClient;

const { builtins } = pg.types;

/** int8 as a number where it is exact. */
export const catalogTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === builtins.INT8 && format !== "binary") return parseInt8;
    return pg.types.getTypeParser(oid, format ?? "text");
  },
};

function parseInt8(text: string): number | string {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : text;
}

const unavailable = /^(08|57P0|53[0234]|58)/;
const connectionFaults = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ENOENT", "ETIMEDOUT", "EHOSTUNREACH", "ENOTFOUND", "EAI_AGAIN"]);
const retried = new Set(["40001", "40P01"]);
const maxTries = 4;

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : "";
}

/** What Postgres or its driver threw, by how we react. A statement's values never stand in the message. */
export function toCatalogError(thrown: unknown): EarshotError {
  if (thrown instanceof EarshotError) return thrown;
  const code = codeOf(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const told = code === "" ? message : `${message} (${code})`;
  const error = (kind: "DISK_FULL" | "STORE_UNAVAILABLE" | "CONFLICT" | "FORBIDDEN" | "STORE_CORRUPT" | "INVARIANT") =>
    new EarshotError(kind, `catalog: ${told}`, { cause: thrown });
  if (code === "53100" || /No space left on device/.test(message)) return error("DISK_FULL");
  if (code === "XX001" || code === "XX002") return error("STORE_CORRUPT");
  if (code === "42501") return error("FORBIDDEN");
  if (code === "23505" || code === "23503") return error("CONFLICT");
  if (unavailable.test(code) || connectionFaults.has(code) || retried.has(code) || code === "57014" || code === "55P03") return error("STORE_UNAVAILABLE");
  if (code === "" && /Connection terminated|connection timeout|timeout exceeded|Client has encountered|not queryable|pool after calling end/i.test(message))
    return error("STORE_UNAVAILABLE");
  return error("INVARIANT");
}

async function run(client: Client, text: string, values: readonly SqlValue[]): Promise<SqlResult> {
  try {
    const result = await client.query<Record<string, unknown>>(text, [...values]);
    return { rows: result.rows, count: result.rowCount ?? 0 };
  } catch (thrown) {
    throw toCatalogError(thrown);
  }
}

export function makeSql(pool: pg.Pool): Sql {
  return {
    query: (text, values = []) => run(pool, text, values),
    async transaction(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await inTransaction(pool, work);
        } catch (thrown) {
          const cause = thrown instanceof EarshotError ? thrown.cause : thrown;
          if (!retried.has(codeOf(cause)) || tries === maxTries) throw toCatalogError(thrown);
        }
      }
    },
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((thrown: unknown) => {
    throw toCatalogError(thrown);
  });
  let broken: Error | undefined;
  try {
    await run(client, "begin", []);
    const value = await work(within(client, 1));
    await run(client, "commit", []);
    return value;
  } catch (thrown) {
    await client.query("rollback").catch((error: unknown) => (broken = error instanceof Error ? error : new Error(String(error))));
    throw thrown;
  } finally {
    client.release(broken);
  }
}

function within(client: pg.PoolClient, depth: number): Sql {
  const sql: Sql = {
    query: (text, values = []) => run(client, text, values),
    async transaction(work) {
      const name = `inner_${depth}`;
      await sql.query(`savepoint ${name}`);
      try {
        const value = await work(within(client, depth + 1));
        await sql.query(`release savepoint ${name}`);
        return value;
      } catch (thrown) {
        await sql.query(`rollback to savepoint ${name}`);
        throw thrown;
      }
    },
  };
  return sql;
}
