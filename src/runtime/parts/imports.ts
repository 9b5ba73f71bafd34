import type { Settings } from "../../registers/settings.ts";
import type { ImportAnswer, ImportOptions } from "../engine.ts";
import { type ImportDependencies, importLines } from "../import.ts";
import { makeMappings } from "../import-mappings.ts";
import type { makeParquetImport } from "./import-parquet.ts";

export interface ImportsOptions extends ImportDependencies {
  readonly settings: Settings;
  readonly parquet: ReturnType<typeof makeParquetImport>;
  /** Real data comes: what is simulated is left out of answers. */
  readonly noteImport: () => Promise<void>;
}

export function makeImports({ settings, parquet, noteImport, ...dependencies }: ImportsOptions) {
  return {
    mappings: makeMappings(settings, () => dependencies.clock.now()),
    async import(chunks: AsyncIterable<Uint8Array>, how: ImportOptions): Promise<ImportAnswer> {
      await noteImport();
      const lines = how.parquet === undefined ? chunks : parquet(chunks, how.parquet, dependencies.mustCollect, how.signal ?? new AbortController().signal);
      return importLines(lines, how, dependencies);
    },
  };
}
