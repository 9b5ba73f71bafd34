import { createHash } from "node:crypto";
import { copyFile, constants, link, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { lockFileName } from "../core/folder-lock.ts";
import type { BackupFile } from "./backup-format.ts";

const chunkBytes = 1024 * 1024;

/** The catalog is dumped by rows; the rest of these belongs to a running process, or is made anew. */
const left = new Set(["postgres", lockFileName, `${lockFileName}-journal`, "run.json"]);

export interface FoundFile {
  /** Within the folder, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Everything of a data folder that a backup copies as files, sorted by path. */
export async function listDataFiles(folder: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  const walk = async (within: string) => {
    for (const name of (await readdir(join(folder, within))).sort()) {
      if (within === "" && (left.has(name) || name.startsWith("."))) continue;
      if (/\.tmp$|-shm$/.test(name)) continue;
      const path = within === "" ? name : `${within}/${name}`;
      // Follows links: a part of the data may lie on another disk.
      const entry = await stat(join(folder, path));
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) found.push({ path, sizeBytes: entry.size, modifiedMs: entry.mtimeMs });
    }
  };
  await walk("");
  return found;
}

/** Files that are never changed in place: Parquet files, and segments of the log that a newer one follows. */
export function immutableAmong(found: readonly FoundFile[]): ReadonlySet<string> {
  const immutable = new Set<string>();
  const newest = new Map<string, string>();
  for (const { path } of found) {
    if (path.endsWith(".parquet")) immutable.add(path);
    if (!path.endsWith(".seg")) continue;
    const earlier = newest.get(dirname(path));
    if (earlier !== undefined) immutable.add(earlier);
    newest.set(dirname(path), path);
  }
  return immutable;
}

/** Copies and hashes in one pass; durable when it resolves. */
export async function copyHashed(files: Files, from: string, to: string, onBytes: (bytes: number) => void): Promise<{ readonly sizeBytes: number; readonly sha256: string }> {
  await using source = await files.open(from, "read");
  await using target = await files.open(to, "create");
  const hash = createHash("sha256");
  const room = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, source.sizeBytes)));
  let atByte = 0;
  while (atByte < source.sizeBytes) {
    const count = await source.read(room, atByte);
    if (count === 0) break;
    const bytes = room.subarray(0, count);
    hash.update(bytes);
    await target.append([bytes]);
    atByte += count;
    onBytes(count);
  }
  await target.sync();
  return { sizeBytes: atByte, sha256: hash.digest("hex") };
}

export async function hashFile(files: Files, path: string, onBytes: (bytes: number) => void): Promise<string> {
  await using source = await files.open(path, "read");
  const hash = createHash("sha256");
  const room = Buffer.allocUnsafe(Math.min(chunkBytes, Math.max(1, source.sizeBytes)));
  for (let atByte = 0; atByte < source.sizeBytes;) {
    const count = await source.read(room, atByte);
    if (count === 0) break;
    hash.update(room.subarray(0, count));
    atByte += count;
    onBytes(count);
  }
  return hash.digest("hex");
}

/** A second name for the same bytes; false where the file systems do not allow it. */
export async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    return false;
  }
}

/** A copy of its own, by reference where the file system can; durable when it resolves. */
export async function copyDurable(files: Files, from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  } catch (thrown) {
    throw toEarshotError(thrown, "FOLDER_UNUSABLE", to);
  }
  await files.syncPath(to);
}

/** Makes the folders that these files lie in, and says how their names are made durable afterwards. */
export async function makeFoldersFor(files: Files, folder: string, paths: readonly string[]): Promise<{ sync(): Promise<void> }> {
  const folders = new Set([folder, ...paths.map((path) => dirname(join(folder, path)))]);
  for (const each of folders) await files.makeFolder(each);
  return {
    async sync() {
      for (const each of folders) await files.syncFolder(each);
    },
  };
}

/** Reads every file of a backup; names all that are missing or changed at once. @throws STORE_CORRUPT */
export async function verifyFiles(files: Files, folder: string, expected: readonly BackupFile[], onBytes: (bytes: number) => void): Promise<void> {
  const faults: string[] = [];
  for (const { path, sizeBytes, sha256 } of expected) {
    const found = await files.sizeBytes(join(folder, path));
    if (found === undefined) faults.push(`${path}: missing`);
    else if (found !== sizeBytes) faults.push(`${path}: expected ${sizeBytes} bytes, came ${found}`);
    else if ((await hashFile(files, join(folder, path), onBytes)) !== sha256) faults.push(`${path}: the checksum does not hold`);
  }
  if (faults.length === 0) return;
  const shown = faults.slice(0, 20).map((fault) => `  ${fault}`);
  if (faults.length > shown.length) shown.push(`  and ${faults.length - shown.length} more`);
  throw new EarshotError("STORE_CORRUPT", `${folder}: ${faults.length} of ${expected.length} files are damaged; nothing was restored, take another backup\n${shown.join("\n")}`);
}
