import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Report } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Files } from "../../core/files.ts";
import { judgesAfter, type ModelRecord, type Models } from "../../registers/models.ts";
import { staleBase } from "../registry-models.ts";
import type { WorkerModel, WorkerModels } from "../worker-data.ts";

export interface ModelStoreOptions {
  /** Versions of the embedded models that models build on. */
  readonly baseVersions: () => readonly string[];
  readonly register: Models;
  readonly files: Files;
  /** The data folder. */
  readonly folder: string;
  readonly report: Report;
}

/** Where the weights of a model of the registry lie in the data folder. */
export const weightsPlace = (folder: string, task: string, sha256: string): string => join(folder, "classifiers", task, `${sha256}.bin`);

/** Weights of the registry's models, a file each: `classifiers/TASK/HASH.bin`. */
export function makeModelStore({ register, files, folder, report, baseVersions }: ModelStoreOptions) {
  /** Of models that were looked at, why they cannot judge: weights never change, nor do the embedded ones while this process runs. */
  const stale = new Map<string, string | undefined>();
  const placeOf = (task: string, hash: string): string => weightsPlace(folder, task, hash);

  async function keep(task: string, hash: string, bytes: Uint8Array): Promise<void> {
    await files.makeFolder(join(folder, "classifiers"));
    await files.makeFolder(join(folder, "classifiers", task));
    await files.replace(placeOf(task, hash), bytes);
  }

  /** @throws NOT_FOUND, STORE_CORRUPT */
  async function read({ id, task, weightsSha256 }: ModelRecord): Promise<Uint8Array> {
    const bytes = await files.read(placeOf(task, weightsSha256));
    const found = createHash("sha256").update(bytes).digest("hex");
    if (found !== weightsSha256) throw new EarshotError("STORE_CORRUPT", `model ${id}: its weights have the hash ${found.slice(0, 8)}; roll back, and train it anew`);
    return bytes;
  }

  /** In shared memory: threads hold one copy together. */
  async function workerModel(id: string): Promise<WorkerModel | undefined> {
    try {
      const record = await register.get(id);
      const bytes = await read(record);
      const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
      shared.set(bytes);
      return { id, task: record.task, bytes: shared };
    } catch (thrown) {
      // A model that cannot be read judges nothing; all else goes on.
      report("error", thrown instanceof Error ? thrown.message : String(thrown));
      return undefined;
    }
  }

  /** Why a model cannot judge beside today's embedded models; undefined: it can. */
  async function stoppedBy(id: string): Promise<string | undefined> {
    if (!stale.has(id)) stale.set(id, staleBase(await read(await register.get(id)), baseVersions()));
    return stale.get(id);
  }

  return {
    keep,
    read,
    stoppedBy,
    /** Who judges each task now; a task that the registry has no model of is left out. */
    async judges(): Promise<ReadonlyMap<string, string>> {
      const byTask = Map.groupBy(await register.moves(), ({ task }) => task);
      return new Map(
        [...byTask].flatMap(([task, moves]) =>
          judgesAfter(moves)
            .slice(-1)
            .map((model) => [task, model] as const),
        ),
      );
    },
    async workerModels(): Promise<WorkerModels> {
      const judges = [...(await this.judges()).values()];
      const promoted = (await Promise.all(judges.map(workerModel))).filter((one) => one !== undefined);
      const candidates: WorkerModels["candidates"][number][] = [];
      for (const { id, state } of await register.list()) {
        if (state !== "shadow") continue;
        const [shadow, model] = [await register.shadow(id), await workerModel(id)];
        if (shadow !== undefined && model !== undefined) candidates.push({ ...model, share: shadow.share });
      }
      return { promoted, candidates };
    },
  };
}
export type ModelStore = ReturnType<typeof makeModelStore>;
