import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type Catalog, openCatalog } from "../catalog/catalog.ts";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import type { Config, Environment } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { holdFolder } from "../core/folder-lock.ts";
import { idWords } from "../core/ids.ts";
import type { Migration } from "../core/sql.ts";
import { finishRenewals } from "../ledger/identity-vault.ts";
import { type Keys, openKeys } from "../ledger/keys.ts";
import { type EmbeddedLog, openEmbeddedLog } from "../logs/embedded.ts";
import { makeSharedLogState } from "../logs/embedded-shared.ts";
import { buildLanguageTable } from "../stages/language-table.ts";
import { partitionOf } from "./ingest.ts";
import { migrations } from "./migrations.ts";
import type { DeepHandlers } from "./deep-worker.ts";
import { startDeep } from "./deep-start.ts";
import type { ReadHandlers, ReadWorkerData, ReadWorkerNeeds } from "./read-worker.ts";
import type { RefineHandlers } from "./refine-worker.ts";
import type { StoreHandlers } from "./store-worker.ts";
import { serve } from "./rpc.ts";
import { startThread, type Thread } from "./threads.ts";
import type { PostgresSettings, RefineWorkerData, StoreWorkerData, WorkerModels, WorkerSource, WorkerTerm } from "./worker-data.ts";

/** What lies in the data folder and holds it together; a newer version than this is refused. */
const formatSchema = z.object({ format: z.literal("earshot"), version: z.int(), partitions: z.int(), keyCheck: z.string(), createdAt: z.number() });
export const formatVersion = 1;
const waitForFolderMs = 5_000;

export interface Base extends AsyncDisposable {
  readonly folder: string;
  readonly partitions: number;
  readonly keys: Keys;
  readonly catalog: Catalog;
  readonly log: EmbeddedLog;
  readonly postgres: PostgresSettings;
}

export interface BaseOptions {
  readonly environment: Environment;
  readonly config: Config;
  readonly files: Files;
  readonly clock: Clock;
  readonly report: Report;
  readonly extraMigrations?: readonly Migration[];
}

/** The folder, its lock, its keys, the catalog and the log: what everything else stands on. */
export async function openBase(options: BaseOptions): Promise<Base> {
  const { environment, config, files, clock, report } = options;
  const folder = resolve(environment.EARSHOT_DATA);
  await files.makeFolder(folder);
  const held = await holdWhenFree(folder, clock, report);
  const undo: (() => PromiseLike<void>)[] = [async () => held[Symbol.dispose]()];
  const unwind = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const known = await readFormat(files, folder);
    const partitions = known?.partitions ?? config.partitions;
    if (partitions !== config.partitions) report("warn", `partitions: the data folder was made with ${partitions}, which stays; the configuration says ${config.partitions}`);
    const keys = await openKeys({ files, folder: join(folder, "keys"), create: known === undefined, ...(known !== undefined && { expectedCheck: known.keyCheck }) });
    undo.push(() => keys[Symbol.asyncDispose]());
    if (known === undefined) {
      const text = JSON.stringify({ format: "earshot", version: formatVersion, partitions, keyCheck: keys.ring.check, createdAt: clock.now() } satisfies z.output<
        typeof formatSchema
      >);
      await files.replace(join(folder, "format.json"), Buffer.from(`${text}\n`));
    }
    const vault = { files, folder: join(folder, "identities"), partitions };
    await finishRenewals({ ...vault, keys });
    const opening = openCatalog({
      folder: join(folder, "postgres"),
      clock,
      report,
      migrations,
      ...(environment.EARSHOT_DATABASE_URL !== undefined && { url: environment.EARSHOT_DATABASE_URL }),
    });
    const [catalog, log] = await settleBoth(
      opening,
      openEmbeddedLog({
        folder: join(folder, "log"),
        files,
        partitions,
        shared: makeSharedLogState(partitions),
        clock,
        found: (finding) => report("warn", `log: ${JSON.stringify(finding)}`),
      }),
    );
    undo.push(
      () => catalog[Symbol.asyncDispose](),
      () => log[Symbol.asyncDispose](),
    );
    const postgres: PostgresSettings = catalog.embedded?.address ?? { connectionString: environment.EARSHOT_DATABASE_URL ?? "" };
    return { folder, partitions, keys, catalog, log, postgres, [Symbol.asyncDispose]: unwind };
  } catch (thrown) {
    await unwind();
    throw thrown;
  }
}

/** One that is just stopping is waited for. */
async function holdWhenFree(folder: string, clock: Clock, report: Report): Promise<Disposable> {
  const until = clock.monotonicMs() + waitForFolderMs;
  for (let tried = 0; ; tried++) {
    try {
      return await holdFolder(folder);
    } catch (thrown) {
      if (!(thrown instanceof EarshotError) || thrown.code !== "FOLDER_IN_USE" || clock.monotonicMs() >= until) throw thrown;
      if (tried === 0) report("info", `another Earshot holds ${folder}; waiting a moment in case it is stopping`);
      await clock.sleep(200);
    }
  }
}

/** Both, or neither: what did open is closed again when the other failed. */
async function settleBoth<A extends AsyncDisposable, B extends AsyncDisposable>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "fulfilled" && b.status === "fulfilled") return [a.value, b.value];
  if (a.status === "fulfilled") await a.value[Symbol.asyncDispose]();
  if (b.status === "fulfilled") await b.value[Symbol.asyncDispose]();
  throw a.status === "rejected" ? a.reason : b.status === "rejected" ? b.reason : new EarshotError("INVARIANT", "start");
}

async function readFormat(files: Files, folder: string): Promise<z.output<typeof formatSchema> | undefined> {
  const file = join(folder, "format.json");
  if ((await files.sizeBytes(file)) === undefined) return undefined;
  let parsed: z.output<typeof formatSchema>;
  try {
    parsed = formatSchema.parse(JSON.parse((await files.read(file)).toString("utf8")));
  } catch (thrown) {
    throw new EarshotError("FORMAT_UNKNOWN", `${file}: expected the mark of a data folder: ${toEarshotError(thrown, "FORMAT_UNKNOWN", file).message}`);
  }
  if (parsed.version > formatVersion) throw new EarshotError("FORMAT_UNKNOWN", `${file}: written by a newer Earshot (format ${parsed.version}); this one knows ${formatVersion}`);
  return parsed;
}

export interface Threads {
  readonly refine: readonly Thread<RefineHandlers>[];
  readonly stores: Thread<StoreHandlers>;
  readonly read: Thread<ReadHandlers>;
  /** Absent: no larger model is asked. */
  readonly deep?: Thread<DeepHandlers>;
  /** The thread that owns a partition. */
  refineOf(partition: number): Thread<RefineHandlers>;
  stop(): Promise<void>;
}

export interface ThreadsOptions {
  readonly base: Base;
  readonly config: Config;
  readonly sources: readonly WorkerSource[];
  readonly terms: readonly WorkerTerm[];
  readonly entities: RefineWorkerData["entities"];
  readonly erasures: RefineWorkerData["erasures"];
  readonly registry: WorkerModels;
  readonly models: RefineWorkerData["models"];
  readonly report: Report;
  readonly onFault: (error: EarshotError) => void;
  readonly onStoreMessage: (message: object) => void;
  readonly storeSettings?: Partial<Pick<StoreWorkerData, "maintainEveryMs" | "search" | "lake">>;
}

/** The refining threads, each with its share of the partitions; the thread of the stores; the thread that answers questions. */
export async function startThreads(options: ThreadsOptions): Promise<Threads> {
  const { base, config, report, onFault } = options;
  const { folder, partitions, log, keys } = base;
  const count = Math.min(config.workers ?? availableParallelism(), partitions);
  const languageTable = buildLanguageTable();
  const shares = Array.from({ length: count }, (_, i) => Array.from({ length: partitions }, (_unused, partition) => partition).filter((partition) => partition % count === i));
  const common = { report, onFault };
  const { deep, lines } = await startDeep({ ...common, folder, config, count });
  const starting = [
    ...shares.map((own, i) =>
      startThread<RefineHandlers>({
        ...common,
        name: `refine-${i}`,
        file: new URL("./refine-worker.ts", import.meta.url),
        ...(lines[i] !== undefined && { transfer: [lines[i].port] }),
        data: {
          folder,
          partitions,
          own,
          shared: log.shared,
          ring: keys.ring,
          sources: options.sources,
          terms: options.terms,
          languageTable,
          models: options.models,
          ...(lines[i] !== undefined && { deep: lines[i] }),
          registry: options.registry,
          entities: options.entities,
          erasures: options.erasures,
        } satisfies RefineWorkerData,
      }),
    ),
  ] as const;
  const storeData: StoreWorkerData = {
    folder,
    partitions,
    shared: log.shared,
    ring: keys.ring,
    postgres: base.postgres,
    maintainEveryMs: 10_000,
    recentForMs: 24 * 3_600_000,
    forgetWithinMs: config.forgetWithinHours * 3_600_000,
    nearDuplicates: config.nearDuplicates,
    search: {},
    lake: {},
    ...options.storeSettings,
  };
  const starts = await Promise.allSettled([
    startThread<StoreHandlers>({ ...common, name: "stores", file: new URL("./store-worker.ts", import.meta.url), data: storeData, onMessage: options.onStoreMessage }),
    startThread<ReadHandlers>({ ...common, name: "read", file: new URL("./read-worker.ts", import.meta.url), data: { folder } satisfies ReadWorkerData }),
    Promise.all(starting),
  ]);
  const [stores, read, refine] = starts;
  if (stores.status === "fulfilled" && read.status === "fulfilled" && refine.status === "fulfilled") {
    const owners = Array.from({ length: partitions }, (_, partition) => refine.value[partition % count]);
    const refineOf = (partition: number) => {
      const owner = owners[partition];
      if (owner === undefined) throw new EarshotError("INVARIANT", `partition ${partition}: nobody owns it`);
      return owner;
    };
    serve(read.value.worker, {
      bodies: (wanted) => stores.value.caller.call("bodies", wanted),
      createdAtOf(id) {
        const partition = partitionOf(idWords(id), partitions);
        return refineOf(partition).caller.call("createdAtOf", { partition, id });
      },
    } satisfies ReadWorkerNeeds);
    return {
      refine: refine.value,
      stores: stores.value,
      read: read.value,
      ...(deep !== undefined && { deep }),
      refineOf,
      async stop() {
        // What is refined goes into the stores before they close.
        await Promise.all(refine.value.map((thread) => thread.stop()));
        await deep?.stop();
        await stores.value.stop();
        await read.value.stop();
      },
    };
  }
  for (const start of [stores, read]) if (start.status === "fulfilled") await start.value.stop();
  for (const start of await Promise.allSettled(starting)) if (start.status === "fulfilled") await start.value.stop();
  await deep?.stop();
  const failed = starts.find((start) => start.status === "rejected");
  throw failed?.reason ?? new EarshotError("INVARIANT", "threads");
}
