import {
  DOUBLE,
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  type DuckDBType,
  DuckDBUUIDValue,
  DuckDBUUIDVector,
  DuckDBVarCharVector,
  INTEGER,
  UUID,
  VARCHAR,
} from "@duckdb/node-api";
import { EarshotError } from "../core/errors.ts";
import type { Contribution } from "../core/event.ts";
import type { AuthorId, MentionId, PostId } from "../core/ids.ts";

/** Rows of a DuckDB vector: what an appender takes at once. */
const chunkRows = 2_048;
/** Between the items of a list in a staged text; it is a control character, which no item keeps. */
export const listSeparator = "\u001f";

type Kind = "uuid" | "integer" | "double" | "text";
const types: Record<Kind, { readonly type: DuckDBType; readonly sql: string }> = {
  uuid: { type: UUID, sql: "UUID" },
  integer: { type: INTEGER, sql: "INTEGER" },
  double: { type: DOUBLE, sql: "DOUBLE" },
  text: { type: VARCHAR, sql: "VARCHAR" },
};

export interface StageColumn<K extends Kind = Kind> {
  /** Its place in the table. */
  readonly at: number;
  readonly kind: K;
}
export type StageColumns = Readonly<Record<string, StageColumn>>;

export const uuid = (at: number): StageColumn<"uuid"> => ({ at, kind: "uuid" });
export const integer = (at: number): StageColumn<"integer"> => ({ at, kind: "integer" });
export const double = (at: number): StageColumn<"double"> => ({ at, kind: "double" });
export const text = (at: number): StageColumn<"text"> => ({ at, kind: "text" });

/** An in-memory table of DuckDB that grows by whole chunks. Absent texts and ids are null; numbers are never null. */
export interface StageTable {
  readonly name: string;
  readonly rows: number;
  uuid(column: StageColumn<"uuid">, id: PostId | AuthorId | undefined): void;
  number(column: StageColumn<"integer" | "double">, value: number): void;
  text(column: StageColumn<"text">, value: string | undefined): void;
  list(column: StageColumn<"text">, values: readonly (string | MentionId)[]): void;
  endRow(): void;
  /** Everything so far is in the table. */
  seal(): void;
  drop(): Promise<void>;
}

export async function makeStageTable(connection: DuckDBConnection, name: string, columns: StageColumns): Promise<StageTable> {
  const kinds = Object.values(columns).map((column) => column.kind);
  const list = Object.entries(columns).map(([column, { kind }]) => `${column} ${types[kind].sql}`);
  await connection.run(`CREATE TABLE ${name} (${list.join(", ")})`);
  const appender: DuckDBAppender = await connection.createAppender(name);
  const chunkTypes = kinds.map((kind) => types[kind].type);

  let chunk: DuckDBDataChunk;
  let uuids: (DuckDBUUIDVector | undefined)[] = [];
  let integers: (DuckDBIntegerVector | undefined)[] = [];
  let doubles: (DuckDBDoubleVector | undefined)[] = [];
  let texts: (DuckDBVarCharVector | undefined)[] = [];
  let row = 0;
  let total = 0;

  function begin(): void {
    chunk = DuckDBDataChunk.create(chunkTypes, chunkRows);
    const vectors = kinds.map((_, column) => chunk.getColumnVector(column));
    uuids = vectors.map((vector) => (vector instanceof DuckDBUUIDVector ? vector : undefined));
    integers = vectors.map((vector) => (vector instanceof DuckDBIntegerVector ? vector : undefined));
    doubles = vectors.map((vector) => (vector instanceof DuckDBDoubleVector ? vector : undefined));
    texts = vectors.map((vector) => (vector instanceof DuckDBVarCharVector ? vector : undefined));
    row = 0;
  }

  function append(): void {
    if (row === 0) return;
    for (let column = 0; column < kinds.length; column++) (uuids[column] ?? integers[column] ?? doubles[column] ?? texts[column])?.flush();
    chunk.rowCount = row;
    appender.appendDataChunk(chunk);
    begin();
  }

  begin();
  return {
    name,
    get rows() {
      return total;
    },
    uuid(column, id) {
      uuids[column.at]?.setItem(row, id === undefined ? null : uuidOf(id));
    },
    number(column, value) {
      (integers[column.at] ?? doubles[column.at])?.setItem(row, value);
    },
    text(column, value) {
      texts[column.at]?.setItem(row, value ?? null);
    },
    list(column, values) {
      texts[column.at]?.setItem(row, values.length === 0 ? null : joined(values));
    },
    endRow() {
      row++;
      total++;
      if (row === chunkRows) append();
    },
    seal() {
      append();
      appender.flushSync();
    },
    async drop() {
      appender.closeSync();
      await connection.run(`DROP TABLE IF EXISTS ${name}`);
    },
  };
}

function joined(values: readonly string[]): string {
  // A separator inside an item would make two of it.
  const clean = values.some((value) => value.includes(listSeparator)) ? values.map((value) => value.replaceAll(listSeparator, "")) : values;
  return clean.length === 1 ? (clean[0] ?? "") : clean.join(listSeparator);
}

const scratch = Buffer.alloc(16);
const halves = new DataView(scratch.buffer, scratch.byteOffset, 16);

function uuidOf(id: PostId | AuthorId): DuckDBUUIDValue {
  if (scratch.write(id.slice(id.indexOf("_") + 1), "base64url") !== 16) throw new EarshotError("INVARIANT", `lake: 16 bytes were expected behind ${id}`);
  // DuckDB keeps a UUID as a signed 128-bit number with its highest bit turned.
  scratch[0] = (scratch[0] ?? 0) ^ 0x80;
  return DuckDBUUIDValue.fromStoredHugeInt((halves.getBigInt64(0) << 64n) | halves.getBigUint64(8));
}

/** Small numbers for texts that repeat (languages, sources); 0 is null. The staged number is turned into the text by SQL. */
export interface Codes {
  readonly values: readonly string[];
  of(value: string | undefined): number;
}

export function makeCodes(): Codes {
  const values: string[] = [];
  const codes = new Map<string, number>();
  return {
    values,
    of(value) {
      if (value === undefined) return 0;
      const known = codes.get(value);
      if (known !== undefined) return known;
      values.push(value);
      codes.set(value, values.length);
      return values.length;
    },
  };
}

export interface StagedPatch {
  gone: boolean;
  readonly was: Contribution;
  is: Contribution | undefined;
}
