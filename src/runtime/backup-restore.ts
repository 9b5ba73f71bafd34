import { randomBytes } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { configSchema } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { holdFolder, lockFileName } from "../core/folder-lock.ts";
import { formatVersion, openBase } from "./boot.ts";
import type { BackupContext } from "./backup.ts";
import type { BackupProgress } from "./backup-state.ts";
import { holdsTables, loadCatalog, migrationsOfDump, openRawCatalog } from "./backup-catalog.ts";
import { applyErasures, type KnownErasure, laterErasures, readErasureFile, readErasures } from "./backup-erasures.ts";
import { copyDurable, makeFoldersFor, verifyFiles } from "./backup-files.ts";
import { type BackupManifest, configName, filesFolder, readDataMark, readManifest, stampOf } from "./backup-format.ts";
import { migrations } from "./migrations.ts";

export interface RestoreOptions extends BackupContext {
  readonly from: string;
  /** Data that stand there already are moved aside; without it they are refused. */
  readonly force: boolean;
  /** A file of `exportErasures`: what was erased since the backup, beside what the data folder's own register tells. */
  readonly erasuresFile?: string;
  /** Goes on where the register of the present data cannot be read: erasures since the backup may come back. */
  readonly withoutErasures: boolean;
  readonly forgetWithinHours: number;
}

export interface RestoreAnswer {
  readonly folder: string;
  readonly manifest: BackupManifest;
  /** Where the data went that stood there. */
  readonly movedTo?: string;
  /** Where the tables went that stood in the operator's Postgres. */
  readonly movedSchema?: string;
  /** Erasures that the backup did not know. */
  readonly erasures: number;
  /** kept: another one stands there and stays. */
  readonly config: "restored" | "same" | "kept" | "none";
}

/** Reads all of a backup. @throws STORE_CORRUPT naming every file that is missing or damaged */
export async function verifyBackup(options: { readonly files: Files; readonly from: string; readonly onProgress?: (progress: BackupProgress) => void }): Promise<BackupManifest> {
  const from = resolve(options.from);
  const manifest = await readManifest(options.files, from);
  if (manifest.data.format > formatVersion)
    throw new EarshotError("FORMAT_UNKNOWN", `${from}: its data are of a newer Earshot (format ${manifest.data.format}); this one knows ${formatVersion}`);
  migrationsOfDump(manifest.catalog, migrations);
  const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let doneBytes = 0;
  await verifyFiles(options.files, from, manifest.files, (bytes) => {
    doneBytes += bytes;
    options.onProgress?.({ step: "verify", share: totalBytes === 0 ? 1 : doneBytes / totalBytes, detail: "checksums" });
  });
  return manifest;
}

/**
 * Puts a backup in the place of the data folder: first all checksums, then a folder beside it that becomes whole and opens,
 * with later erasures in its register and log, and then a rename. Up to the rename nothing of the present data is changed.
 * @throws FOLDER_IN_USE, FOLDER_UNUSABLE (data stand there, no space, a mount point), STORE_CORRUPT, FORMAT_UNKNOWN, KEY_MISSING
 */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreAnswer> {
  const { files, clock, environment } = options;
  const from = resolve(options.from);
  const folder = resolve(environment.EARSHOT_DATA);
  const stood = await whatStands(files, folder);
  if (stood === "something" && !options.force) throw new EarshotError("FOLDER_UNUSABLE", `${folder}: expected an empty data folder; --force moves what is there aside`);
  refuseMountPoint(folder);
  using held = existsSync(folder) ? await holdStopped(folder) : undefined;
  const manifest = await verifyBackup(options);
  await refuseLittleSpace(files, folder, manifest);
  const later = await knownErasures(options, folder, manifest);

  const stamp = stampOf(clock.now());
  const fresh = `${folder}.restore-${stamp}-${randomBytes(3).toString("hex")}`;
  try {
    await copyFiles(options, from, fresh, manifest);
    const movedSchema = await fillCatalog(options, from, fresh, manifest);
    const applied = await addErasures(options, fresh, manifest, later);
    const movedTo = stood === "something" ? `${folder}.before-restore-${stamp}` : undefined;
    // There an open file keeps its folder from being renamed.
    if (process.platform === "win32") held?.[Symbol.dispose]();
    await swap(files, fresh, folder, movedTo);
    const config = await restoreConfig(files, from, resolve(environment.EARSHOT_CONFIG), manifest);
    return { folder, manifest, erasures: applied, config, ...(movedTo !== undefined && { movedTo }), ...(movedSchema !== undefined && { movedSchema }) };
  } catch (thrown) {
    await files.removeFolder(fresh).catch(() => undefined);
    throw thrown;
  }
}

async function whatStands(files: Files, folder: string): Promise<"nothing" | "something"> {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) throw new EarshotError("FOLDER_UNUSABLE", `${folder}: expected a folder, a file is there`);
  const names = (await files.list(folder)).filter((name) => name !== lockFileName && name !== "lost+found");
  return names.length === 0 ? "nothing" : "something";
}

function refuseMountPoint(folder: string): void {
  const own = statSync(folder, { throwIfNoEntry: false });
  const above = statSync(dirname(folder), { throwIfNoEntry: false });
  if (own === undefined || above === undefined || own.dev === above.dev) return;
  throw new EarshotError("FOLDER_UNUSABLE", `${folder}: it is a mount point, which cannot be replaced as a whole; set EARSHOT_DATA to a folder inside of it and restore there`);
}

async function holdStopped(folder: string): Promise<Disposable> {
  try {
    return await holdFolder(folder);
  } catch (thrown) {
    if (!(thrown instanceof EarshotError) || thrown.code !== "FOLDER_IN_USE") throw thrown;
    throw new EarshotError("FOLDER_IN_USE", `${folder}: Earshot runs on it; stop it (Ctrl-C, or SIGTERM), then restore`, { cause: thrown });
  }
}

async function refuseLittleSpace(files: Files, folder: string, manifest: BackupManifest): Promise<void> {
  let near = dirname(folder);
  while (!existsSync(near) && dirname(near) !== near) near = dirname(near);
  const catalogBytes = 200_000_000;
  const neededBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, catalogBytes);
  const freeBytes = await files.freeBytes(near);
  if (freeBytes < neededBytes) throw new EarshotError("DISK_FULL", `${near}: the restored data need about ${neededBytes} bytes, ${freeBytes} are free`);
}

/** All erasures that are told of anywhere: the file that was named, and the register of the data that stand there. */
async function knownErasures(options: RestoreOptions, folder: string, manifest: BackupManifest): Promise<readonly KnownErasure[]> {
  const { files, clock, report, environment, erasuresFile } = options;
  const told = erasuresFile === undefined ? [] : await readErasureFile(files, resolve(erasuresFile), manifest.data.keyCheck);
  const url = environment.EARSHOT_DATABASE_URL;
  const embedded = join(folder, "postgres");
  if (options.withoutErasures || (url === undefined && !existsSync(join(embedded, "data")))) return told;
  options.onProgress?.({ step: "erasures", detail: "reading the present register" });
  try {
    const mark = await readDataMark(files, folder);
    // Pseudonyms of other keys name nobody here.
    if (mark !== undefined && mark.keyCheck !== manifest.data.keyCheck) {
      report("warn", `${folder}: its data were made with other keys than the backup's, so its erasures do not apply`);
      return told;
    }
    await using catalog = await openRawCatalog({ url, folder: embedded, clock, report });
    return [...told, ...(await readErasures(catalog.sql))];
  } catch (thrown) {
    const error = toEarshotError(thrown, "POSTGRES_UNUSABLE", "catalog");
    if (erasuresFile !== undefined) {
      report("warn", `the present register of erasures cannot be read, the file's are applied: ${error.message}`);
      return told;
    }
    throw new EarshotError(
      error.kind === "config" ? error.code : "POSTGRES_UNUSABLE",
      `${folder}: its register of erasures cannot be read, so who was erased after the backup would come back: ${error.message}\nGive an export of it (--erasures FILE, made by \`earshot backup --erasures-only\`), or accept it (--without-erasures).`,
      { cause: thrown },
    );
  }
}

async function copyFiles(options: RestoreOptions, from: string, fresh: string, manifest: BackupManifest): Promise<void> {
  const { files } = options;
  const prefix = `${filesFolder}/`;
  const wanted = manifest.files.filter((file) => file.path.startsWith(prefix));
  const folders = await makeFoldersFor(
    files,
    fresh,
    wanted.map((file) => file.path.slice(prefix.length)),
  );
  const totalBytes = wanted.reduce((sum, file) => sum + file.sizeBytes, 0);
  let doneBytes = 0;
  for (const { path, sizeBytes } of wanted) {
    await copyDurable(files, join(from, path), join(fresh, path.slice(prefix.length)));
    doneBytes += sizeBytes;
    options.onProgress?.({ step: "files", share: totalBytes === 0 ? 1 : doneBytes / totalBytes, detail: path.slice(prefix.length) });
  }
  await folders.sync();
}

async function fillCatalog(options: RestoreOptions, from: string, fresh: string, manifest: BackupManifest): Promise<string | undefined> {
  const { clock, report, force } = options;
  const url = options.environment.EARSHOT_DATABASE_URL;
  options.onProgress?.({ step: "catalog", detail: "starting Postgres" });
  await using catalog = await openRawCatalog({ url, folder: join(fresh, "postgres"), clock, report });
  if (url !== undefined && !force && (await holdsTables(catalog.sql, migrations)))
    throw new EarshotError("CONFLICT", "EARSHOT_DATABASE_URL: the database holds Earshot's tables already; --force moves them into a schema of their own");
  const wanted = manifest.catalog.tables.reduce((sum, table) => sum + table.rows, 0);
  const done = new Map<string, number>();
  return await loadCatalog({
    sql: catalog.sql,
    dump: manifest.catalog,
    migrations,
    folder: from,
    now: clock.now(),
    onRows: (table, rows) => {
      done.set(table, rows);
      const sum = [...done.values()].reduce((all, one) => all + one, 0);
      options.onProgress?.({ step: "catalog", share: wanted === 0 ? 1 : sum / wanted, detail: table });
    },
  });
}

/** Opens the restored data once, which also proves that they open. */
async function addErasures(options: RestoreOptions, fresh: string, manifest: BackupManifest, all: readonly KnownErasure[]): Promise<number> {
  const { files, clock, report, environment } = options;
  options.onProgress?.({ step: "erasures", detail: `${all.length} known` });
  await using base = await openBase({
    files,
    clock,
    report,
    environment: { ...environment, EARSHOT_DATA: fresh },
    config: configSchema.parse({ partitions: manifest.data.partitions }),
  });
  const erasures = laterErasures(await readErasures(base.catalog.sql), all);
  const now = clock.now();
  await applyErasures({ sql: base.catalog.sql, log: base.log, erasures, now, dueAt: now + options.forgetWithinHours * 3_600_000 });
  return erasures.length;
}

async function swap(files: Files, fresh: string, folder: string, movedTo: string | undefined): Promise<void> {
  if (movedTo !== undefined) await files.rename(folder, movedTo);
  // An empty folder gives way; a lock file in it is nobody's.
  else if (existsSync(folder)) await files.removeFolder(folder);
  try {
    await files.rename(fresh, folder);
  } catch (thrown) {
    if (movedTo !== undefined) await files.rename(movedTo, folder);
    throw thrown;
  }
  await files.syncFolder(dirname(folder));
}

async function restoreConfig(files: Files, from: string, target: string, manifest: BackupManifest): Promise<RestoreAnswer["config"]> {
  if (!manifest.files.some((file) => file.path === configName)) return "none";
  const bytes = await files.read(join(from, configName));
  if (!existsSync(target)) {
    await files.makeFolder(dirname(target));
    await files.replace(target, bytes);
    return "restored";
  }
  return (await files.read(target)).equals(bytes) ? "same" : "kept";
}
