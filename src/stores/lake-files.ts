import path from "node:path";
import { type DuckDBConnection, type DuckDBValue } from "@duckdb/node-api";
import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { lakeFormat, parquetOptions } from "./lake-columns.ts";
import { quoted } from "./lake-engine.ts";
import type { LakeFile } from "./lake-manifest.ts";

/** Within the lake's folder: half-made files, emptied on open. */
export const temporaryName = "tmp";

/** A Parquet file that DuckDB has written. */
export interface WrittenFile {
  readonly path: string;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** Values of the columns that `partitions` named. */
  readonly partition: Readonly<Record<string, string>>;
}

const statsSchema = z.object({
  filename: z.string(),
  count: z.coerce.number(),
  file_size_bytes: z.coerce.number(),
  column_statistics: z.record(z.string(), z.record(z.string(), z.string())),
  partition_keys: z.record(z.string(), z.string()).nullable(),
});

/** Runs COPY and tells what came of it. @param to a file, or a folder with `partitions` */
export async function copyRows(connection: DuckDBConnection, select: string, to: string, partitions: readonly string[] = []): Promise<readonly WrittenFile[]> {
  const by = partitions.length === 0 ? "" : `, PARTITION_BY (${partitions.join(", ")}), WRITE_PARTITION_COLUMNS false`;
  const result = await connection.run(`COPY (${select}) TO ${quoted(to)} (${parquetOptions}${by})`);
  const rows = await result.convertRowObjects<unknown>(plain);
  return rows.map((row) => {
    const stats = statsSchema.parse(row);
    const created = stats.column_statistics['"created_at"'];
    if (created?.["min"] === undefined || created["max"] === undefined) throw new EarshotError("INVARIANT", `lake: ${stats.filename} has no statistics of created_at`);
    return {
      path: stats.filename,
      rows: stats.count,
      sizeBytes: stats.file_size_bytes,
      fromMs: timeOf(created["min"]),
      toMs: timeOf(created["max"]),
      partition: stats.partition_keys ?? {},
    };
  });
}

/** Maps as objects, the rest as text. */
function plain(value: DuckDBValue): unknown {
  if (value !== null && typeof value === "object" && "entries" in value && Array.isArray(value.entries)) {
    return Object.fromEntries(value.entries.map(({ key, value: inner }) => [String(key), plain(inner)]));
  }
  return value === null ? null : String(value);
}

/** @param text `2026-11-22 10:20:30.5`, UTC */
function timeOf(text: string): number {
  const ms = Date.parse(`${text.replace(" ", "T")}Z`);
  if (Number.isNaN(ms)) throw new EarshotError("INVARIANT", `lake: a time was expected, came ${text}`);
  return ms;
}

/** Makes the file durable, then gives it its name, then makes the name durable. A crash before the manifest's commit leaves an orphan. */
export async function placeFile(files: Files, folder: string, from: string, to: string): Promise<void> {
  const target = path.join(folder, to);
  await files.syncPath(from);
  await files.makeFolder(path.dirname(target));
  await files.rename(from, target);
  await files.syncFolder(path.dirname(target));
}

export function freshFile(dataset: LakeFile["dataset"], name: string, seq: number, written: WrittenFile): LakeFile {
  const { rows, sizeBytes, fromMs, toMs } = written;
  return { path: name, dataset, level: 0, format: lakeFormat, platform: "", date: "", bucket: 0, buckets: 1, seq, rows, sizeBytes, fromMs, toMs };
}

/** Every Parquet file in the lake's folder, by its path within it. */
export async function listLakeFiles(files: Files, folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  async function walk(within: string, depth: number): Promise<void> {
    for (const name of await files.list(path.join(folder, within))) {
      const inner = within === "" ? name : `${within}/${name}`;
      if (name.endsWith(".parquet")) found.push(inner);
      else if (depth > 0 && !name.includes(".")) await walk(inner, depth - 1);
    }
  }
  for (const dataset of ["fresh", "patches", "posts"]) await walk(dataset, 2);
  return found;
}
