import type { DuckDBConnection } from "@duckdb/node-api";
import { EarshotError, toEarshotError } from "../../core/errors.ts";

export interface ParquetFile extends AsyncDisposable {
  readonly rows: number;
  readonly columns: readonly string[];
  /** Rows from this one on (0 is the first), in their order, a few thousand at a time; a row that cannot be read has a fault. */
  read(from: number, signal: AbortSignal): AsyncIterable<readonly ParquetRow[]>;
}

export interface ParquetRow {
  /** 1 is the first. */
  readonly number: number;
  /** A JSON object of the row's columns. Absent: it could not be read. */
  readonly json?: string;
  readonly fault?: EarshotError;
}

/** Rows of one vector: what is read again in parts where one of them is broken. */
const spanRows = 2_048;
/** Broken rows that are looked for one by one; after them a broken vector is given up whole. */
const mostBroken = 1_000;
const memoryLimitMb = 512;

const rowNumber = "file_row_number";

/**
 * Opens a Parquet file by its path, with DuckDB in its own threads: the file is never held whole.
 * @param rename common field to the file's own name of the column
 * @throws PARQUET_INVALID
 */
export async function openParquet(path: string, rename: Readonly<Record<string, string>> = {}): Promise<ParquetFile> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "1",
    memory_limit: `${memoryLimitMb}MB`,
    temp_directory: "",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    enable_external_file_cache: "false",
  });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const source = `read_parquet(${quoted(path)}, binary_as_string = true, ${rowNumber} = true)`;
    const described = await (await connection.run(`DESCRIBE SELECT * FROM ${source}`)).getRows();
    const found = described.map(([name, type]) => ({ name: String(name), type: String(type) })).filter(({ name }) => name !== rowNumber);
    const [counted] = await (await connection.run(`SELECT num_rows FROM parquet_file_metadata(${quoted(path)})`)).getRows();
    const rows = Number(counted?.[0] ?? 0);
    const own = new Map(Object.entries(rename).map(([field, column]) => [column.toLowerCase(), field]));
    const taken = new Set(own.values());
    // A column that a renamed one takes the name of would stand there twice.
    const columns = found.flatMap(({ name, type }) => {
      const as = own.get(name.toLowerCase()) ?? (taken.has(name) ? undefined : name);
      return as === undefined ? [] : [{ name, type, as }];
    });
    for (const [column, field] of own) {
      if (!found.some(({ name }) => name.toLowerCase() === column))
        throw new EarshotError("PARQUET_INVALID", `fields.${field}: there is no column ${JSON.stringify(column.slice(0, 60))}`);
    }
    const object = columns.map(({ name, type, as }) => `${named(as)} := ${jsonOf(named(name), type)}`).join(", ");
    const select = `SELECT to_json(${columns.length === 0 ? "map()" : `struct_pack(${object})`})::VARCHAR FROM ${source}`;
    return {
      rows,
      columns: columns.map(({ as }) => as),
      read: (from, signal) => readRows(connection, select, rows, from, signal),
      async [Symbol.asyncDispose]() {
        close();
      },
    };
  } catch (thrown) {
    close();
    throw invalid(thrown);
  }
}

async function* readRows(connection: DuckDBConnection, select: string, rows: number, start: number, signal: AbortSignal): AsyncGenerator<readonly ParquetRow[]> {
  let from = start;
  let broken = 0;
  while (from < rows && !signal.aborted) {
    try {
      const result = await connection.stream(`${select} WHERE ${rowNumber} >= ${from}`);
      for (;;) {
        const chunk = await result.fetchChunk();
        if (chunk === null || chunk.rowCount === 0) break;
        const first = from;
        from += chunk.rowCount;
        yield chunk.getColumnValues(0).map((json, i) => ({ number: first + i + 1, json: String(json) }));
        if (signal.aborted) return;
      }
      return;
    } catch {
      // Where a vector cannot be read, its rows are, one by one where need be; then it goes on behind it.
      const end = Math.min(rows, from + spanRows);
      yield await span(from, end);
      from = end;
    }
  }

  async function span(first: number, end: number): Promise<ParquetRow[]> {
    let thrown: unknown;
    try {
      const result = await connection.run(`${select} WHERE ${rowNumber} >= ${first} AND ${rowNumber} < ${end}`);
      const found = await result.getRows();
      if (found.length === end - first) return found.map(([json], i) => ({ number: first + i + 1, json: String(json) }));
      thrown = new Error(`expected ${end - first} rows, came ${found.length}`);
    } catch (error) {
      thrown = error;
    }
    if (end - first > 1 && broken < mostBroken && !signal.aborted) {
      const middle = Math.floor((first + end) / 2);
      return [...(await span(first, middle)), ...(await span(middle, end))];
    }
    broken += end - first;
    const fault = invalid(thrown);
    return Array.from({ length: end - first }, (_, i) => ({ number: first + i + 1, fault }));
  }
}

/** Numbers that JSON does not hold exactly become text, and what JSON has no form for null. */
function jsonOf(column: string, type: string): string {
  if (/^(?:U?BIGINT|U?HUGEINT)$/.test(type))
    return `CASE WHEN ${column} BETWEEN -9007199254740991 AND 9007199254740991 THEN to_json(${column}) ELSE to_json(${column}::VARCHAR) END`;
  if (/^DECIMAL\((?:1[6-9]|[2-9]\d),/.test(type)) return `to_json(${column}::VARCHAR)`;
  if (type === "DOUBLE" || type === "FLOAT") return `CASE WHEN isfinite(${column}) THEN to_json(${column}) END`;
  if (type === "TIMESTAMP WITH TIME ZONE") return `to_json(${column}::TIMESTAMP)`;
  return `to_json(${column})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function named(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** The engine's own message may quote a value, which may be personal: it is not passed on. */
function invalid(thrown: unknown): EarshotError {
  if (thrown instanceof EarshotError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (/not valid UTF8/i.test(message)) return new EarshotError("UTF8_INVALID", "row: expected UTF-8");
  if (/Out of Memory/i.test(message)) return new EarshotError("PARQUET_INVALID", `file: a row group needs more than ${memoryLimitMb} MB`);
  if (/No files found|Cannot open file/i.test(message)) return toEarshotError(new Error("there is no such file"), "NOT_FOUND", "file");
  if (message.includes(rowNumber)) return new EarshotError("PARQUET_INVALID", `file: a column must not be called ${rowNumber}`);
  return new EarshotError("PARQUET_INVALID", "file: expected Parquet, came something else, or a part of it is damaged");
}

/** A rejected row as a line: the parser rejects it with the row's own code. */
export function faultLine(fault: EarshotError, row: number): string {
  return JSON.stringify({ $rejected: fault.code, reason: fault.message, record: row });
}

/** A Parquet file as NDJSON, a line a row. @throws PARQUET_INVALID */
export async function* parquetLines(
  path: string,
  rename: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onRows?: (done: number, all: number) => void,
): AsyncGenerator<Uint8Array> {
  await using file = await openParquet(path, rename);
  for await (const rows of file.read(0, signal)) {
    yield Buffer.from(rows.map(({ number, json, fault }) => `${json ?? faultLine(fault ?? new EarshotError("PARQUET_INVALID", "row: expected a row"), number)}\n`).join(""));
    onRows?.(rows.at(-1)?.number ?? 0, file.rows);
  }
}
