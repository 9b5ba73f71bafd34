/**
 * The only way to write durable files. Paths are absolute. Reads may use node:fs where an engine needs a path.
 * Promise: what `sync` (of a file) or `syncFolder` (of names: create, rename, remove) has resolved for survives a power cut;
 * nothing else does. The test form forgets the rest on `powerCut`, torn at any byte.
 * Failures are EarshotErrors: DISK_FULL, FOLDER_UNUSABLE; NOT_FOUND where a file is missing.
 */
export interface Files {
  open(path: string, mode: "read" | "append" | "create" | "update"): Promise<File>;
  read(path: string): Promise<Buffer>;
  /** Durable replacement of the whole file: temporary file, sync, rename, syncFolder. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in the folder, sorted; empty where the folder is missing. */
  list(folder: string): Promise<readonly string[]>;
  makeFolder(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  sizeBytes(path: string): Promise<number | undefined>;
  syncFolder(path: string): Promise<void>;
  /** Makes the content of a file that an engine wrote by its path durable. */
  syncPath(path: string): Promise<void>;
  /** Bytes free for us on the file system of `path`. */
  freeBytes(path: string): Promise<number>;
}

export interface File extends AsyncDisposable {
  readonly sizeBytes: number;
  /** Fills as much as there is; returns the count of bytes. */
  read(into: Uint8Array, atByte: number): Promise<number>;
  /** Appends (modes append, create). */
  append(parts: readonly Uint8Array[]): Promise<void>;
  /** Overwrites in place (mode update). */
  write(bytes: Uint8Array, atByte: number): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Content and size, not the name. */
  sync(): Promise<void>;
}
