import { type DuckDBConnection, DuckDBInstance, type DuckDBResult } from "@duckdb/node-api";
import { EarshotError, toEarshotError } from "../core/errors.ts";

export interface EngineOptions {
  /** Spilled sorts go here; it is ours alone and emptied on open. */
  readonly temporaryFolder: string;
  /** DuckDB's own memory, the staged rows included. */
  readonly memoryLimitBytes: number;
  readonly temporaryLimitBytes: number;
  readonly threads: number;
}

export type LakeRow = Readonly<Record<string, unknown>>;

/** An in-process DuckDB without a database file: it holds staged rows and reads and writes Parquet by path. */
export interface LakeEngine extends AsyncDisposable {
  /** Each call has a connection of its own, so statements of one `work` run one after another and apart from others. */
  connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  run(sql: string): Promise<void>;
  rows(sql: string): Promise<LakeRow[]>;
  /** A vector of rows at a time, as they are made. */
  stream(sql: string): AsyncIterable<LakeRow[]>;
}

export async function openLakeEngine(options: EngineOptions): Promise<LakeEngine> {
  let instance: DuckDBInstance;
  try {
    instance = await DuckDBInstance.create(":memory:", {
      threads: String(options.threads),
      memory_limit: `${Math.floor(options.memoryLimitBytes / 1024)}KiB`,
      temp_directory: options.temporaryFolder,
      max_temp_directory_size: `${Math.floor(options.temporaryLimitBytes / 1024)}KiB`,
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      // Files here never change under a name; the operating system's cache is enough, and a second one doubles memory.
      enable_external_file_cache: "false",
      // Partitioned writes get sorted rows, so a partition need not be gathered in memory before it is written.
      partitioned_write_flush_threshold: "20480",
      partitioned_write_max_open_files: "4",
    });
  } catch (error) {
    throw toEarshotError(error, "STORE_UNAVAILABLE", "lake engine");
  }
  let idle: DuckDBConnection[] = [];

  async function connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = idle.pop() ?? (await instance.connect());
    try {
      const value = await work(connection);
      idle.push(connection);
      return value;
    } catch (error) {
      connection.closeSync();
      throw engineError(error);
    }
  }

  return {
    connected,
    run: (sql) =>
      connected(async (connection) => {
        await connection.run(sql);
      }),
    rows: (sql) => connected(async (connection) => rowsOf(await connection.run(sql))),
    async *stream(sql) {
      const connection = await instance.connect();
      try {
        for await (const rows of (await connection.stream(sql)).yieldRowObjectJs()) yield rows;
      } catch (error) {
        throw engineError(error);
      } finally {
        connection.closeSync();
      }
    },
    async [Symbol.asyncDispose]() {
      for (const connection of idle) connection.closeSync();
      idle = [];
      instance.closeSync();
    },
  };
}

/** Plain values: text, number, bigint beyond 2^53, boolean, Date, null, arrays. */
export async function rowsOf(result: DuckDBResult): Promise<LakeRow[]> {
  return result.getRowObjectsJS();
}

function engineError(error: unknown): EarshotError {
  const message = error instanceof Error ? error.message : String(error);
  if (/No space left|max_temp_directory_size|Disk quota/i.test(message)) return new EarshotError("DISK_FULL", `lake engine: ${message}`, { cause: error });
  if (/No files found|No such file|Cannot open file/i.test(message)) return new EarshotError("NOT_FOUND", `lake engine: ${message}`, { cause: error });
  if (/Invalid Input Error: .*(parquet|magic)|Snappy|ZSTD|TProtocol|corrupt/i.test(message)) return new EarshotError("STORE_CORRUPT", `lake engine: ${message}`, { cause: error });
  return toEarshotError(error, "STORE_UNAVAILABLE", "lake engine");
}

/** A SQL string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A SQL list of string literals. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(", ")}]`;
}

/** Any number type that DuckDB gives, as a number. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  throw new EarshotError("INVARIANT", `lake engine: a number was expected, came ${value === null ? "null" : typeof value}`);
}
