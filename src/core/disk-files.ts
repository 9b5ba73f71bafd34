import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, statfs, unlink } from "node:fs/promises";
import path from "node:path";
import { EarshotError } from "./errors.ts";
import type { File, Files } from "./files.ts";

const flags = {
  read: constants.O_RDONLY,
  append: constants.O_RDWR | constants.O_CREAT,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  update: constants.O_RDWR | constants.O_CREAT,
};

/** writev takes at most 1,024 parts (IOV_MAX). */
const mostParts = 1_000;

/** The real file system. */
export function makeDiskFiles(): Files {
  let temporaryCount = 0;

  async function syncFolder(folder: string): Promise<void> {
    // Windows cannot sync a folder: its file system journals names itself.
    if (process.platform === "win32") return;
    await told(folder, async () => {
      const handle = await open(folder, constants.O_RDONLY);
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  return {
    async open(file, mode) {
      return told(file, async () => {
        const handle = await open(file, flags[mode], 0o600);
        try {
          const { size } = await handle.stat();
          return makeFile(file, handle, size);
        } catch (error) {
          await handle.close();
          throw error;
        }
      });
    },
    read: (file) => told(file, () => readFile(file)),
    async replace(file, bytes) {
      const temporary = `${file}.${process.pid}-${++temporaryCount}.tmp`;
      await told(file, async () => {
        const handle = await open(temporary, "wx", 0o600);
        try {
          await writeAll(handle, bytes, 0);
          await handle.datasync();
          await handle.close();
          await rename(temporary, file);
        } catch (error) {
          await handle.close().catch(() => {});
          await rm(temporary, { force: true }).catch(() => {});
          throw error;
        }
      });
      await syncFolder(path.dirname(file));
    },
    rename: (from, to) => told(from, () => rename(from, to)),
    remove: (file) => told(file, () => unlink(file)),
    list: (folder) =>
      told(folder, async () => {
        try {
          return (await readdir(folder)).sort();
        } catch (error) {
          if (codeOf(error) === "ENOENT") return [];
          throw error;
        }
      }),
    makeFolder: (folder) =>
      told(folder, async () => {
        // Every folder that is new is a name in its parent.
        for (const made of await makeMissing(path.resolve(folder))) await syncFolder(path.dirname(made));
      }),
    removeFolder: (folder) => told(folder, () => rm(folder, { recursive: true, force: true })),
    sizeBytes: (file) =>
      told(file, async () => {
        try {
          return (await stat(file)).size;
        } catch (error) {
          if (codeOf(error) === "ENOENT") return undefined;
          throw error;
        }
      }),
    syncFolder,
    syncPath: (file) =>
      told(file, async () => {
        const handle = await open(file, constants.O_RDWR);
        try {
          await handle.sync();
        } finally {
          await handle.close();
        }
      }),
    freeBytes: (file) =>
      told(file, async () => {
        const { bavail, bsize } = await statfs(file);
        return bavail * bsize;
      }),
  };
}

/**
 * The folders that were made, outermost first. Not mkdir's own recursion: it never ends where a folder refuses children as
 * missing, as /proc does (Node 24.21).
 */
async function makeMissing(folder: string): Promise<readonly string[]> {
  const parent = path.dirname(folder);
  let made: readonly string[] = [];
  try {
    await mkdir(folder, { mode: 0o700 }).catch(async (error: unknown) => {
      if (codeOf(error) !== "ENOENT" || parent === folder) throw error;
      made = await makeMissing(parent);
      await mkdir(folder, { mode: 0o700 });
    });
    return [...made, folder];
  } catch (error) {
    if ((await stat(folder).catch(() => undefined))?.isDirectory() === true) return made;
    if (codeOf(error) === "ENOENT") throw new EarshotError("FOLDER_UNUSABLE", `${folder}: no folder can be made there`, { cause: error });
    throw error;
  }
}

function makeFile(file: string, handle: FileHandle, startBytes: number): File {
  let sizeBytes = startBytes;
  let closed = false;
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    read: (into, atByte) =>
      told(file, async () => {
        let filled = 0;
        while (filled < into.length) {
          const { bytesRead } = await handle.read(into, filled, into.length - filled, atByte + filled);
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return filled;
      }),
    append: (parts) =>
      told(file, async () => {
        for (let start = 0; start < parts.length; start += mostParts) {
          const some = parts.slice(start, start + mostParts).filter((part) => part.length > 0);
          if (some.length > 0) sizeBytes = await appendParts(handle, some, sizeBytes);
        }
      }),
    write: (bytes, atByte) =>
      told(file, async () => {
        await writeAll(handle, bytes, atByte);
        sizeBytes = Math.max(sizeBytes, atByte + bytes.length);
      }),
    truncate: (to) =>
      told(file, async () => {
        await handle.truncate(to);
        sizeBytes = to;
      }),
    sync: () => told(file, () => handle.datasync()),
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await handle.close();
    },
  };
}

/** Returns the size after it; on failure what was written in part stays past the caller's `sizeBytes`. */
async function appendParts(handle: FileHandle, parts: readonly Uint8Array[], atByte: number): Promise<number> {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const { bytesWritten } = await handle.writev(parts, atByte);
  let written = bytesWritten;
  if (written < total) {
    // The kernel took a part only (a signal, a limit, a disk that filled up): go on from there, which names the cause.
    let skip = written;
    for (const part of parts) {
      if (skip >= part.length) {
        skip -= part.length;
        continue;
      }
      await writeAll(handle, part.subarray(skip), atByte + written);
      written += part.length - skip;
      skip = 0;
    }
  }
  return atByte + total;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, atByte: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, atByte + done);
    done += bytesWritten;
  }
}

async function told<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, file);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

const plainWords: Readonly<Record<string, string>> = {
  EEXIST: "expected a folder, a file stands there",
  ENOTDIR: "expected a folder on the way, a file stands there",
  EACCES: "the user that runs Earshot has no permission",
  EPERM: "the user that runs Earshot has no permission",
  EROFS: "the file system is read-only",
  ENAMETOOLONG: "the name is too long for the file system",
};

/** What the operating system says, as one of ours. */
function fileError(error: unknown, file: string): EarshotError {
  if (error instanceof EarshotError) return error;
  const code = codeOf(error);
  if (code === "ENOENT") return new EarshotError("NOT_FOUND", `${file}: there is no such file`, { cause: error });
  if (code === "ENOSPC" || code === "EDQUOT") return new EarshotError("DISK_FULL", `${file}: no space is left on the disk`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  const words = code === undefined ? undefined : plainWords[code];
  return new EarshotError("FOLDER_UNUSABLE", `${file}: ${words === undefined ? message : `${words} (${message})`}`, { cause: error });
}
