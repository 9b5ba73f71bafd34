import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isMainThread } from "node:worker_threads";
import { makeDiskFiles } from "./disk-files.ts";
import { EarshotError } from "./errors.ts";

/** The file beside the data; nothing but SQLite may open it: closing another handle of it would free the lock (POSIX). */
export const lockFileName = "earshot.lock";

/** Keeps the databases from being collected, which would close them. */
const heldDatabases = new Set<DatabaseSync>();

/**
 * Holds the folder for this process until disposed. The operating system frees it when the process dies, however it dies.
 * It is the lock of a SQLite database, which also holds between containers that share a volume. Main thread only: the
 * threads of the process stand behind it. Throws FOLDER_IN_USE, FOLDER_UNUSABLE.
 */
export async function holdFolder(folder: string): Promise<Disposable> {
  if (!isMainThread) throw new TypeError("holdFolder: expected the main thread");
  const place = path.join(folder, lockFileName);
  await makeDiskFiles().makeFolder(folder);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(place, { timeout: 0 });
    // Without a journal no second file is left behind by a crash.
    database.exec("pragma journal_mode = memory");
    database.exec("begin exclusive");
  } catch (error) {
    database?.close();
    const message = error instanceof Error ? error.message : String(error);
    if (/locked|busy/i.test(message)) throw new EarshotError("FOLDER_IN_USE", `${folder}: another Earshot holds the folder`, { cause: error });
    const closed = /unable to open|readonly/i.test(message) ? "the user that runs Earshot has no permission to write it" : undefined;
    throw new EarshotError("FOLDER_UNUSABLE", `${place}: ${closed === undefined ? message : `${closed} (${message})`}`, { cause: error });
  }
  const held = database;
  heldDatabases.add(held);
  return {
    [Symbol.dispose]() {
      heldDatabases.delete(held);
      if (held.isOpen) held.close();
    },
  };
}
