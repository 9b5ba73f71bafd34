import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { randomUUID } from "node:crypto";
import { parquetLines } from "../../connectors/files/parquet.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";

/** Uploads lie here while they are read: Parquet ends with its table of contents. What a crash left is removed at the first upload after it. */
const folderName = "uploads";
const longestBytes = 8 * 1024 ** 3;

/** An uploaded Parquet file as lines of an import, a line a row. */
export function makeParquetImport(dataFolder: string) {
  const folder = join(dataFolder, folderName);
  let emptied: Promise<void> | undefined;
  return async function* (
    chunks: AsyncIterable<Uint8Array>,
    fields: Readonly<Record<string, string>>,
    mustCollect: () => Promise<void>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    await (emptied ??= rm(folder, { recursive: true, force: true }));
    await mustCollect();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${randomUUID()}.parquet`);
    let sizeBytes = 0;
    const bounded = async function* () {
      for await (const chunk of chunks) {
        sizeBytes += chunk.length;
        if (sizeBytes > longestBytes) throw new EarshotError("ITEM_TOO_LARGE", `import: expected at most ${longestBytes} bytes`);
        yield chunk;
      }
    };
    try {
      await pipeline(Readable.from(bounded()), createWriteStream(path, { mode: 0o600 }), { signal });
      yield* parquetLines(path, fields, signal);
    } catch (thrown) {
      throw toEarshotError(thrown, signal.aborted ? "UPSTREAM_CUT" : "PARQUET_INVALID", "import");
    } finally {
      await rm(path, { force: true });
    }
  };
}
