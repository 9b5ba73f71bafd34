import { type LakeEngine, numberOf, quotedList } from "./lake-engine.ts";
import type { LakeFile } from "./lake-manifest.ts";
import type { LakeSpan } from "./lake-view.ts";

interface RowGroup {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bytes: ReadonlyMap<string, number>;
}

/** Row groups remembered, over all files. */
const maxRowGroups = 20_000;

/** Bytes of the column chunks that a read cannot leave out: the row groups whose times meet the span, the columns asked for. */
export interface ScanMeter {
  bytes(files: readonly LakeFile[], spans: readonly LakeSpan[], columns?: readonly string[]): Promise<number>;
}

export function makeScanMeter(engine: LakeEngine, folder: string): ScanMeter {
  const known = new Map<string, readonly RowGroup[]>();
  let groups = 0;

  async function learn(files: readonly LakeFile[]): Promise<void> {
    const unknown = files.filter((file) => !known.has(file.path));
    if (unknown.length === 0) return;
    const rows = await engine.rows(`SELECT file_name AS file, row_group_id, list(split_part(path_in_schema, ',', 1)) AS columns, list(total_compressed_size::DOUBLE) AS bytes,
      epoch_ms(max(TRY_CAST(stats_min_value AS TIMESTAMP)) FILTER (path_in_schema = 'created_at'))::DOUBLE AS from_ms,
      epoch_ms(max(TRY_CAST(stats_max_value AS TIMESTAMP)) FILTER (path_in_schema = 'created_at'))::DOUBLE AS to_ms
      FROM parquet_metadata(${quotedList(unknown.map((file) => `${folder}/${file.path}`))}) GROUP BY file_name, row_group_id`);
    const byFile = Map.groupBy(rows, (row) => String(row["file"]));
    for (const file of unknown) {
      const own = (byFile.get(`${folder}/${file.path}`) ?? []).map((row) => ({
        fromMs: numberOf(row["from_ms"]),
        toMs: numberOf(row["to_ms"]),
        bytes: columnBytes(row["columns"], row["bytes"]),
      }));
      known.set(file.path, own);
      groups += own.length;
    }
    for (const [oldest, own] of known) {
      if (groups <= maxRowGroups) break;
      known.delete(oldest);
      groups -= own.length;
    }
  }

  return {
    async bytes(files, spans, columns) {
      await learn(files);
      let total = 0;
      for (const file of files) {
        for (const group of known.get(file.path) ?? []) {
          if (!spans.some(({ fromMs = -Infinity, toMs = Infinity }) => group.toMs >= fromMs && group.fromMs < toMs)) continue;
          for (const [column, bytes] of group.bytes) if (columns === undefined || columns.includes(column)) total += bytes;
        }
      }
      return total;
    },
  };
}

function columnBytes(columns: unknown, bytes: unknown): ReadonlyMap<string, number> {
  if (!Array.isArray(columns) || !Array.isArray(bytes)) return new Map();
  return new Map(columns.map((column: unknown, index) => [String(column), numberOf(bytes[index])]));
}
