import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import type { Config } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Files } from "../../core/files.ts";
import type { EngineStats } from "../engine.ts";

const gb = 1_000_000_000;

export interface Sizes {
  readonly logBytes: number;
  readonly lakeBytes: number;
  readonly searchBytes: number;
}

/** Guards disk and limits: above one, collection waits and says why; what is stored stays readable. */
export function makeLimits(options: { readonly config: Config; readonly folder: string; readonly files: Files; readonly clock: Clock; readonly report: Report }) {
  const { limits } = options.config;
  let rows: EngineStats["limits"] = [];
  let reason: string | undefined;
  let release = Promise.withResolvers<void>();
  let isOpen = true;

  let code: "DISK_FULL" | "LIMIT_REACHED" = "DISK_FULL";

  const exceeded = (): string | undefined => {
    for (const row of rows) {
      code = row.name === "free" ? "DISK_FULL" : "LIMIT_REACHED";
      if (row.name === "free") {
        if (row.value < row.limit) return `only ${row.value.toFixed(2)} GB of disk are free; collection waits for ${row.limit} GB (limits.minFreeGb)`;
      } else if (row.value >= row.limit) return `${row.name} takes ${row.value.toFixed(2)} GB of ${row.limit} GB; collection waits until there is room (limits.${row.name}MaxGb)`;
    }
    return undefined;
  };

  return {
    get rows() {
      return rows;
    },
    /** Why collection waits; undefined: it goes on. */
    get reason() {
      return reason;
    },
    async look(sizes: Sizes): Promise<void> {
      const freeBytes = await options.files.freeBytes(options.folder);
      rows = [
        { name: "log", value: sizes.logBytes / gb, limit: limits.logMaxGb, unit: "GB" },
        { name: "lake", value: sizes.lakeBytes / gb, limit: limits.lakeMaxGb, unit: "GB" },
        { name: "search", value: sizes.searchBytes / gb, limit: limits.searchMaxGb, unit: "GB" },
        { name: "free", value: freeBytes / gb, limit: limits.minFreeGb, unit: "GB" },
      ];
      const before = reason;
      reason = exceeded();
      if (reason !== undefined && before === undefined) {
        options.report("warn", reason);
        isOpen = false;
        release = Promise.withResolvers<void>();
      }
      if (reason === undefined && before !== undefined) {
        options.report("info", "there is room again; collection goes on");
        isOpen = true;
        release.resolve();
      }
    },
    /** For who waits for an answer and can send again. @throws DISK_FULL, LIMIT_REACHED while collection waits */
    async mustCollect(): Promise<void> {
      if (reason !== undefined) throw new EarshotError(code, `${reason}; what was accepted stays, send it again then`);
    },
    /** Resolves when collection may go on. */
    async mayCollect(signal: AbortSignal): Promise<void> {
      if (isOpen || signal.aborted) return;
      const aborted = Promise.withResolvers<void>();
      const stop = () => aborted.resolve();
      signal.addEventListener("abort", stop, { once: true });
      await Promise.race([release.promise, aborted.promise]);
      signal.removeEventListener("abort", stop);
    },
  };
}
export type Limits = ReturnType<typeof makeLimits>;
