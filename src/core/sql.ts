import { EarshotError } from "./errors.ts";

export type SqlValue = string | number | bigint | boolean | null | Uint8Array | readonly string[] | readonly number[] | readonly bigint[] | readonly Uint8Array[];
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** Rows returned or changed. */
  readonly count: number;
}

/**
 * The relational catalog as stores and registers see it: Postgres' dialect, `$1` parameters only.
 * int8 comes back as a number (a string outside ±2^53), jsonb parsed, bytea as a Buffer.
 * Throws STORE_UNAVAILABLE (no answer, worth another try), DISK_FULL, CONFLICT (a unique or foreign key), INVARIANT (anything else).
 */
export interface Sql {
  query(text: string, values?: readonly SqlValue[]): Promise<SqlResult>;
  /** Commits when `work` resolves, else rolls back. Inside a transaction: a savepoint. Serialisation faults and deadlocks are tried again, so `work` may run more than once. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
}

/** Applied once, in order, forward only; `sql` never changes after a release. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

function wrong(row: SqlRow, column: string, expected: string): EarshotError {
  const value = row[column];
  return new EarshotError("INVARIANT", `catalog column ${column}: expected ${expected}, came ${value === null ? "null" : typeof value}`);
}

export function textIn(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw wrong(row, column, "text");
  return value;
}

export function numberIn(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw wrong(row, column, "a number");
  return value;
}

export function booleanIn(row: SqlRow, column: string): boolean {
  const value = row[column];
  if (typeof value !== "boolean") throw wrong(row, column, "a boolean");
  return value;
}

export function bytesIn(row: SqlRow, column: string): Buffer {
  const value = row[column];
  if (!Buffer.isBuffer(value)) throw wrong(row, column, "bytes");
  return value;
}

export function textsIn(row: SqlRow, column: string): readonly string[] {
  const value = row[column];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw wrong(row, column, "a list of texts");
  return value;
}

/** Absent for null. */
export function optionalTextIn(row: SqlRow, column: string): string | undefined {
  return row[column] === null ? undefined : textIn(row, column);
}

/** Absent for null. */
export function optionalNumberIn(row: SqlRow, column: string): number | undefined {
  return row[column] === null ? undefined : numberIn(row, column);
}

/** One of a closed list; anything else is INVARIANT. */
export function oneOfIn<T extends string>(row: SqlRow, column: string, choices: readonly T[]): T {
  const value = row[column];
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw wrong(row, column, choices.join(" or "));
  return found;
}

/** The only row; NOT_FOUND without one. */
export function firstRow(result: SqlResult, what: string): SqlRow {
  const row = result.rows[0];
  if (row === undefined) throw new EarshotError("NOT_FOUND", `${what}: there is none`);
  return row;
}
