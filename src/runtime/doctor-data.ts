import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Environment } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { File, Files } from "../core/files.ts";
import { numberIn, type Sql, textIn } from "../core/sql.ts";
import { openKeys } from "../ledger/keys.ts";
import { openEmbeddedLog } from "../logs/embedded.ts";
import { formatVersion } from "./boot.ts";
import { readDataMark } from "./backup-format.ts";
import { type Check, type Finding, makeChecks } from "./doctor-check.ts";
import { openDeprecations } from "../registers/deprecations.ts";
import { isHeld, openRunningCatalog } from "./running.ts";

export interface DataOptions {
  readonly folder: string;
  readonly environment: Environment;
  readonly files: Files;
  readonly maxCheckedBytes: number;
  /** So many days before something ends it is a warning. */
  readonly warnDays: number;
  readonly onProgress?: (name: string) => void;
}

/** What lies in the data folder; read only, whether Earshot runs or not. */
export async function checkData(options: DataOptions): Promise<{ readonly checks: readonly Check[]; readonly isRunning: boolean }> {
  const { folder, files } = options;
  const { checks, add } = makeChecks(options.onProgress);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return { checks, isRunning: false };
  const isRunning = isHeld(folder);
  await add("lock", () => ({ status: "ok", detail: isRunning ? "held: Earshot is running" : "free: Earshot is not running" }));
  const mark = await readDataMark(files, folder).catch((thrown: unknown) => toEarshotError(thrown, "FORMAT_UNKNOWN", folder));
  if (mark instanceof EarshotError) {
    await add("format", () => Promise.reject(mark));
    return { checks, isRunning };
  }
  if (mark === undefined) {
    await add("format", () => ({ status: "ok", detail: "no data yet" }));
    return { checks, isRunning };
  }
  await add("format", () =>
    mark.format > formatVersion
      ? {
          status: "fail",
          detail: `written by a newer Earshot (format ${mark.format}); this one knows ${formatVersion}`,
          advice: "start the newer version, or restore a backup made by this one",
        }
      : { status: "ok", detail: `version ${mark.format}, ${mark.partitions} partitions` },
  );
  const dry = makeDryFiles(files);
  await add("keys", async () => {
    await using _keys = await openKeys({ files: dry, folder: join(folder, "keys"), create: false, expectedCheck: mark.keyCheck });
    return { status: "ok", detail: "those that the data was written under" };
  });
  await add("log", async () => (isRunning ? { status: "skip", detail: "in use; a start checks it" } : checkLog(dry, folder, mark.partitions)));
  await add("databases", () => checkDatabases(folder, options.maxCheckedBytes));
  await add("lake files", () => checkParquet(join(folder, "lake")));
  await add("lake manifest", () => checkManifest(options, isRunning));
  await add("what platforms end", () => checkDeprecations(options, isRunning));
  return { checks, isRunning };
}

/** Reads as the files are, and takes every write for done without doing it: a recovery can be tried on it. */
export function makeDryFiles(files: Files): Files {
  const nothing = () => Promise.resolve();
  const dry = (file: File): File => ({
    get sizeBytes() {
      return file.sizeBytes;
    },
    read: (into, atByte) => file.read(into, atByte),
    append: nothing,
    write: nothing,
    truncate: nothing,
    sync: nothing,
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  });
  const empty: File = { sizeBytes: 0, read: () => Promise.resolve(0), append: nothing, write: nothing, truncate: nothing, sync: nothing, [Symbol.asyncDispose]: nothing };
  return {
    ...files,
    open: async (path, mode) => (mode !== "read" && (await files.sizeBytes(path)) === undefined ? empty : dry(await files.open(path, "read"))),
    replace: nothing,
    rename: nothing,
    remove: nothing,
    makeFolder: nothing,
    removeFolder: nothing,
    syncFolder: nothing,
    syncPath: nothing,
  };
}

async function checkLog(dry: Files, folder: string, partitions: number): Promise<Finding> {
  let tornBytes = 0;
  let tornPlaces = 0;
  const corrupt: string[] = [];
  await using log = await openEmbeddedLog({
    folder: join(folder, "log"),
    files: dry,
    partitions,
    found: ({ kind, topic, partition, from, to, sizeBytes }) => {
      if (kind === "corrupt") corrupt.push(`${topic}/${partition} from ${from}${to === undefined ? " on" : ` to ${to}`}`);
      else {
        tornBytes += sizeBytes;
        tornPlaces++;
      }
    },
  });
  const frames = (await log.state("events")).reduce((sum, { oldest, next }) => sum + next - oldest, 0);
  if (corrupt.length > 0)
    return {
      status: "fail",
      detail: `acknowledged frames cannot be read: ${corrupt.slice(0, 10).join(", ")}`,
      advice: "restore a backup; what is stored in lake and search stays readable",
    };
  if (tornPlaces > 0)
    return { status: "warn", detail: `${tornPlaces} torn tails, ${tornBytes} bytes: writes that were never acknowledged`, advice: "nothing: the next start cuts them off" };
  return { status: "ok", detail: `${frames} raw messages kept` };
}

function checkDatabases(folder: string, maxCheckedBytes: number): Finding {
  const damaged: string[] = [];
  let checked = 0;
  let large = 0;
  for (const part of ["ledger", "identities", "search", "duplicates"]) {
    const within = join(folder, part);
    if (!existsSync(within)) continue;
    for (const name of readdirSync(within)) {
      if (!name.endsWith(".sqlite")) continue;
      const path = join(within, name);
      const isLarge = statSync(path).size > maxCheckedBytes;
      try {
        using database = openReadOnly(path);
        const fault = isLarge ? firstPage(database) : quickCheck(database);
        if (fault !== undefined) damaged.push(`${part}/${name}: ${fault}`);
      } catch (thrown) {
        damaged.push(`${part}/${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      }
      if (isLarge) large++;
      else checked++;
    }
  }
  if (damaged.length > 0)
    return { status: "fail", detail: damaged.slice(0, 10).join("; "), advice: "a ledger rebuilds itself from the log at the next start; for the others restore a backup" };
  return { status: "ok", detail: `${checked} read through${large > 0 ? `, ${large} large ones by their head only (--full reads them)` : ""}` };
}

/** Without a journal beside it the file is opened as unchanging: no lock, no file of SQLite's beside it. */
function openReadOnly(path: string): DatabaseSync {
  const journal = statSync(`${path}-wal`, { throwIfNoEntry: false });
  const url = pathToFileURL(path);
  if (journal === undefined || journal.size === 0) url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { readOnly: true, timeout: 2_000 });
}

function firstPage(database: DatabaseSync): string | undefined {
  database.prepare("select count(*) from sqlite_schema").get();
  return undefined;
}

function quickCheck(database: DatabaseSync): string | undefined {
  const rows = database.prepare("pragma quick_check(3)").all();
  const texts = rows.map((row) => String(Object.values(row)[0]));
  return texts.length === 1 && texts[0] === "ok" ? undefined : texts.join(", ").replaceAll("\n", " ");
}

const parquetMagic = "PAR1";

function checkParquet(folder: string): Finding {
  const damaged: string[] = [];
  let count = 0;
  if (existsSync(folder)) {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".parquet")) continue;
      count++;
      const fault = parquetFault(join(entry.parentPath, entry.name));
      if (fault !== undefined) damaged.push(`${entry.name}: ${fault}`);
    }
  }
  if (damaged.length > 0) return { status: "fail", detail: damaged.slice(0, 10).join("; "), advice: "restore a backup; the file's posts are missing until then" };
  return { status: "ok", detail: `${count} Parquet files are whole at both ends` };
}

/** Apache Parquet: the magic at both ends, the footer's length (4 bytes, little-endian) before the last. */
function parquetFault(path: string): string | undefined {
  const handle = openSync(path, "r");
  try {
    const { size } = statSync(path);
    if (size < 12) return `only ${size} bytes`;
    const head = Buffer.alloc(4);
    const tail = Buffer.alloc(8);
    readSync(handle, head, 0, 4, 0);
    readSync(handle, tail, 0, 8, size - 8);
    if (head.toString("latin1") !== parquetMagic || tail.toString("latin1", 4) !== parquetMagic) return "no Parquet file, or cut off";
    return tail.readUInt32LE(0) > size - 12 ? "its footer is longer than the file" : undefined;
  } finally {
    closeSync(handle);
  }
}

/** The manifest lies in the catalog, which is asked where it can be without a start. */
async function checkManifest(options: DataOptions, isRunning: boolean): Promise<Finding> {
  const { folder, environment } = options;
  await using catalog = isRunning || environment.EARSHOT_DATABASE_URL !== undefined ? openRunningCatalog(folder, environment.EARSHOT_DATABASE_URL) : undefined;
  if (catalog === undefined) return { status: "skip", detail: "in the catalog, which is read while Earshot runs" };
  if (!(await hasManifest(catalog.sql))) return { status: "skip", detail: "the catalog holds none yet" };
  const { rows } = await catalog.sql.query("select path, size_bytes from lake_file");
  const missing = rows.filter((row) => statSync(join(folder, "lake", textIn(row, "path")), { throwIfNoEntry: false })?.size !== numberIn(row, "size_bytes"));
  if (missing.length === 0) return { status: "ok", detail: `all ${rows.length} files are there` };
  const named = missing.slice(0, 5).map((row) => textIn(row, "path"));
  return { status: "fail", detail: `${missing.length} of ${rows.length} files are missing or of another size: ${named.join(", ")}`, advice: "restore a backup" };
}

async function hasManifest(sql: Sql): Promise<boolean> {
  return (await sql.query("select to_regclass('lake_file') is not null as there")).rows[0]?.["there"] === true;
}

const dayMs = 86_400_000;

async function checkDeprecations({ folder, environment, warnDays }: DataOptions, isRunning: boolean): Promise<Finding> {
  await using catalog = isRunning || environment.EARSHOT_DATABASE_URL !== undefined ? openRunningCatalog(folder, environment.EARSHOT_DATABASE_URL) : undefined;
  if (catalog === undefined) return { status: "skip", detail: "in the catalog, which is read while Earshot runs" };
  if ((await catalog.sql.query("select to_regclass('deprecations') is not null as there")).rows[0]?.["there"] !== true)
    return { status: "skip", detail: "the catalog holds none yet" };
  const waiting = (await openDeprecations(catalog.sql).list()).filter(({ state }) => state === "open" || state === "planned");
  const soon = waiting.filter(({ effectiveAt }) => effectiveAt !== undefined && effectiveAt - Date.now() <= warnDays * dayMs);
  if (soon.length === 0) return { status: "ok", detail: waiting.length === 0 ? "nothing that is used" : `${waiting.length} notices, none within ${warnDays} days` };
  const named = soon.slice(0, 5).map(({ endpoint, effectiveAt = 0 }) => `${endpoint} on ${new Date(effectiveAt).toISOString().slice(0, 10)}`);
  return { status: "warn", detail: `${soon.length} within ${warnDays} days: ${named.join(", ")}`, advice: "see Deprecations on the pages" };
}
