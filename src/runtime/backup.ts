import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";
import { configSchema, type Environment } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { holdFolder } from "../core/folder-lock.ts";
import { numberIn, type Sql } from "../core/sql.ts";
import { openBase, type Base } from "./boot.ts";
import { dumpCatalog, openRawCatalog } from "./backup-catalog.ts";
import { readErasures, writeErasureFile } from "./backup-erasures.ts";
import { copyHashed, hashFile, immutableAmong, listDataFiles, makeFoldersFor, tryLink } from "./backup-files.ts";
import { type BackupFile, type BackupManifest, backupVersion, configName, filesFolder, manifestName, readDataMark, readManifest, stampOf, writeManifest } from "./backup-format.ts";
import type { BackupProgress } from "./backup-state.ts";
import { migrations } from "./migrations.ts";
import { isHeld, openRunningCatalog } from "./running.ts";
import { version } from "./version.ts";

export interface BackupContext {
  readonly environment: Environment;
  readonly files: Files;
  readonly clock: Clock;
  readonly report: Report;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupOptions extends BackupContext {
  /** New, empty, or a backup of the same data: that one is renewed, and stays whole until the new one is. */
  readonly out: string;
  /** An earlier backup whose immutable files are linked instead of copied; by default the one that is renewed. */
  readonly since?: string;
}

export interface BackupAnswer {
  readonly folder: string;
  readonly manifest: BackupManifest;
  readonly sizeBytes: number;
  /** Bytes that were linked from the earlier backup. */
  readonly linkedBytes: number;
}

/** Bytes that the backup may need beside the files: catalog, manifest. */
const reserveBytes = 64 * 1024 * 1024;

/** Opens the data folder as a start does, but never makes one. @throws NOT_FOUND, FOLDER_IN_USE */
async function openData(options: BackupContext): Promise<Base> {
  const folder = resolve(options.environment.EARSHOT_DATA);
  const mark = await readDataMark(options.files, folder);
  if (mark === undefined) throw noData(folder);
  try {
    return await openBase({ ...options, config: configSchema.parse({ partitions: mark.partitions }) });
  } catch (thrown) {
    if (thrown instanceof EarshotError && thrown.code === "FOLDER_IN_USE") {
      throw new EarshotError(
        "FOLDER_IN_USE",
        `${folder}: Earshot runs on it; stop it (Ctrl-C, or SIGTERM) and run this again: it starts where it stopped. Or take the backup from its page Data`,
        { cause: thrown },
      );
    }
    throw thrown;
  }
}

/** Data that a backup is taken of. */
export interface BackupSource {
  readonly folder: string;
  readonly sql: Sql;
  /** Brings everything to one moment, calls `begin` in it, and gives the folder whose files are of that moment. */
  still(begin: () => Promise<void>): Promise<string>;
}

/** Everything that a restore needs, from a system that is stopped. */
export async function takeBackup(options: BackupOptions): Promise<BackupAnswer> {
  const earlier = await findEarlier(options.files, resolve(options.out), options.since);
  await using base = await openData(options);
  const still = async (begin: () => Promise<void>) => {
    await begin();
    return base.folder;
  };
  return await writeBackup(options, { folder: base.folder, sql: base.catalog.sql, still }, earlier);
}

/**
 * Written beside `out` and moved there when whole and durable. Sealed segments and lake files that an earlier backup holds are
 * linked to it, so that a daily backup costs what is new.
 */
export async function writeBackup(options: BackupOptions, source: BackupSource, earlier: Earlier | undefined): Promise<BackupAnswer> {
  const { files, clock } = options;
  const out = resolve(options.out);
  const tell = options.onProgress ?? (() => undefined);
  if (isWithin(out, source.folder)) throw new EarshotError("USAGE", `--out: expected a folder outside of the data, came ${out}`);
  const mark = await readDataMark(files, source.folder);
  if (mark === undefined) throw new EarshotError("INVARIANT", `${source.folder}: format.json is gone`);
  if (earlier !== undefined && earlier.manifest.data.keyCheck !== mark.keyCheck)
    throw new EarshotError("CONFLICT", `${earlier.folder}: it is the backup of other data; name another folder`);

  await files.makeFolder(dirname(out));
  const folder = `${out}.new-${stampOf(clock.now())}`;
  let dumping: ReturnType<typeof dumpCatalog> | undefined;
  try {
    await files.makeFolder(folder);
    let posts = 0;
    let createdAt = clock.now();
    const from = await source.still(async () => {
      posts = await countPosts(source.sql);
      createdAt = clock.now();
      const begun = Promise.withResolvers<void>();
      const onRows = (table: string, rows: number) => tell({ step: "catalog", detail: `${table}: ${rows} rows` });
      dumping = dumpCatalog({ sql: source.sql, files, migrations, folder, onRows, onBegun: begun.resolve });
      await Promise.race([begun.promise, dumping]);
    });
    if (dumping === undefined) throw new EarshotError("INVARIANT", "backup: the catalog was not begun");
    const catalog = await dumping;
    const listed: BackupFile[] = [];
    for (const { path } of catalog.tables) {
      const sizeBytes = (await files.sizeBytes(join(folder, path))) ?? 0;
      listed.push({ path, sizeBytes, sha256: await hashFile(files, join(folder, path), () => undefined), modifiedMs: createdAt });
    }
    const copied = await copyData(options, from, folder, earlier);
    listed.push(...copied.files);
    const config = resolve(options.environment.EARSHOT_CONFIG);
    if (existsSync(config)) listed.push({ path: configName, ...(await copyHashed(files, config, join(folder, configName), () => undefined)), modifiedMs: createdAt });
    const manifest: BackupManifest = { format: "earshot-backup", version: backupVersion, createdAt, earshot: version, data: mark, posts, catalog, files: listed };
    tell({ step: "settle", detail: "making it durable" });
    await writeManifest(files, folder, manifest);
    await replaceFolder(files, folder, out);
    return { folder: out, manifest, sizeBytes: listed.reduce((sum, file) => sum + file.sizeBytes, 0), linkedBytes: copied.linkedBytes };
  } catch (thrown) {
    await dumping?.catch(() => undefined);
    await files.removeFolder(folder).catch(() => undefined);
    throw thrown;
  }
}

export interface Earlier {
  readonly folder: string;
  readonly manifest: BackupManifest;
}

/** @throws CONFLICT where `out` holds something else than a backup */
export async function findEarlier(files: Files, out: string, since: string | undefined): Promise<Earlier | undefined> {
  const names = await files.list(out).catch((cause: unknown) => {
    throw new EarshotError("USAGE", `--out: expected a folder, came ${out}`, { cause });
  });
  const isBackup = names.includes(manifestName);
  if (names.length > 0 && !isBackup) throw new EarshotError("CONFLICT", `${out}: expected a new or empty folder, or an earlier backup; it holds other files`);
  const folder = since === undefined ? (isBackup ? out : undefined) : resolve(since);
  return folder === undefined ? undefined : { folder, manifest: await readManifest(files, folder) };
}

async function copyData(
  options: BackupOptions,
  from: string,
  to: string,
  earlier: Earlier | undefined,
): Promise<{ readonly files: readonly BackupFile[]; readonly linkedBytes: number }> {
  const { files } = options;
  const found = await listDataFiles(from);
  const immutable = immutableAmong(found);
  const before = new Map(earlier?.manifest.files.map((file) => [file.path, file]));
  const known = (file: (typeof found)[number]) => {
    const same = before.get(`${filesFolder}/${file.path}`);
    return same !== undefined && immutable.has(file.path) && same.sizeBytes === file.sizeBytes && same.modifiedMs === file.modifiedMs ? same : undefined;
  };
  const totalBytes = found.reduce((sum, file) => sum + file.sizeBytes, 0);
  const neededBytes = found.reduce((sum, file) => sum + (known(file) === undefined ? file.sizeBytes : 0), reserveBytes);
  const freeBytes = await files.freeBytes(to);
  if (freeBytes < neededBytes) throw new EarshotError("DISK_FULL", `${dirname(to)}: the backup needs ${neededBytes} bytes, ${freeBytes} are free`);
  const folders = await makeFoldersFor(
    files,
    join(to, filesFolder),
    found.map((file) => file.path),
  );
  const listed: BackupFile[] = [];
  let doneBytes = 0;
  let linkedBytes = 0;
  for (const file of found) {
    const path = `${filesFolder}/${file.path}`;
    const told = (bytes: number) => options.onProgress?.({ step: "files", share: totalBytes === 0 ? 1 : (doneBytes += bytes) / totalBytes, detail: file.path });
    const same = known(file);
    if (same !== undefined && earlier !== undefined && (await tryLink(join(earlier.folder, path), join(to, path)))) {
      linkedBytes += file.sizeBytes;
      listed.push(same);
      told(file.sizeBytes);
      continue;
    }
    const copy = await copyHashed(files, join(from, file.path), join(to, path), told);
    if (copy.sizeBytes !== file.sizeBytes) throw new EarshotError("CONFLICT", `${file.path}: it changed while it was copied; another program writes into the data folder`);
    listed.push({ path, ...copy, modifiedMs: file.modifiedMs });
  }
  await folders.sync();
  return { files: listed, linkedBytes };
}

/** The earlier backup goes only when the new one stands in its place. */
async function replaceFolder(files: Files, from: string, to: string): Promise<void> {
  const old = `${from}.old`;
  const stands = existsSync(to);
  if (stands) await files.rename(to, old);
  try {
    await files.rename(from, to);
  } catch (thrown) {
    if (stands) await files.rename(old, to);
    throw thrown;
  }
  await files.syncFolder(dirname(to));
  if (stands) await files.removeFolder(old);
}

/** As the rollups count them: no store's file is touched. */
async function countPosts(sql: Sql): Promise<number> {
  const { rows } = await sql.query("select coalesce(sum(d.posts), 0)::bigint as posts from rollup_day d join rollup_key k on k.id = d.key where k.term = ''");
  return numberIn(rows[0] ?? {}, "posts");
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (!way.startsWith("..") && basename(folder) !== "" && resolve(folder, way) === path);
}

/** The register of erasures as a small file, to be kept apart from the backups: a restore applies it. Earshot may run. */
export async function exportErasures(options: BackupContext & { readonly out: string }): Promise<number> {
  const { files, clock, environment } = options;
  const out = resolve(options.out);
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory() === true) throw new EarshotError("USAGE", `--out: expected a file, came the folder ${out}`);
  const folder = resolve(environment.EARSHOT_DATA);
  const mark = await readDataMark(files, folder);
  if (mark === undefined) throw noData(folder);
  const erasures = await (async () => {
    if (isHeld(folder)) {
      await using beside = openRunningCatalog(folder, environment.EARSHOT_DATABASE_URL);
      if (beside === undefined) throw new EarshotError("STORE_UNAVAILABLE", `${folder}: Earshot is only starting or stopping; run this again`);
      return await readErasures(beside.sql);
    }
    using _held = await holdFolder(folder);
    await using catalog = await openRawCatalog({ ...options, url: environment.EARSHOT_DATABASE_URL, folder: join(folder, "postgres") });
    return await readErasures(catalog.sql);
  })();
  await files.makeFolder(dirname(out));
  await writeErasureFile(files, out, { keyCheck: mark.keyCheck, exportedAt: clock.now(), erasures });
  return erasures.length;
}

function noData(folder: string): EarshotError {
  return new EarshotError("NOT_FOUND", `${folder}: expected a data folder, there is none; EARSHOT_DATA names it`);
}
