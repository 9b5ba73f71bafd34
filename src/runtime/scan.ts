import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { zstdDecompressSync } from "node:zlib";

/**
 * Looks for byte strings in whatever lies in a folder, knowing nothing of who wrote it: raw bytes of every file, every
 * zstd frame inside of them (log batches, Parquet pages), and every value of every table of SQLite files, whose larger
 * values lie in pieces. It shares no code with the stores: it is to find what they forgot to forget.
 */
export interface ScanResult {
  readonly files: number;
  readonly bytesScanned: number;
  readonly hits: number;
  /** Where, relative to the folder, with the needle's name; the first hundred. */
  readonly places: readonly string[];
}

export interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

const windowBytes = 8 * 1024 * 1024;
/** A frame that is longer is none of ours. */
const maxOpenFrameBytes = 64 * 1024 * 1024;
const mostPlaces = 100;
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const maxFrameBytes = 256 * 1024 * 1024;
const sqliteMagic = "SQLite format 3\u0000";

function filesUnder(folder: string): string[] {
  const found: string[] = [];
  const walk = (at: string) => {
    let names: string[];
    try {
      names = readdirSync(at);
    } catch {
      return;
    }
    for (const name of names) {
      const path = join(at, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isDirectory() === true) walk(path);
      else if (stat?.isFile() === true) found.push(path);
    }
  };
  walk(folder);
  return found;
}

/** @param skip files, relative to the folder, that hold what is sought by design */
export function scanFolder(folder: string, needles: readonly Needle[], skip: (path: string) => boolean = () => false): ScanResult {
  const result = { files: 0, bytesScanned: 0, hits: 0, places: [] as string[] };
  const meet = (place: string) => {
    result.hits++;
    if (result.places.length < mostPlaces) result.places.push(place);
  };
  const look = (bytes: Buffer, place: string) => {
    for (const needle of needles) {
      for (let at = bytes.indexOf(needle.bytes); at >= 0; at = bytes.indexOf(needle.bytes, at + needle.bytes.length)) meet(`${place}: ${needle.name}`);
    }
  };
  const longest = Math.max(1, ...needles.map((needle) => needle.bytes.length));
  for (const path of filesUnder(folder)) {
    const name = relative(folder, path).split(sep).join("/");
    if (skip(name)) continue;
    result.files++;
    result.bytesScanned += scanFile(path, name, longest, look);
  }
  return result;
}

type Look = (bytes: Buffer, place: string) => void;

function scanFile(path: string, name: string, longest: number, look: Look): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return 0;
  }
  let at = 0;
  let isSqlite = false;
  try {
    const block = Buffer.alloc(windowBytes);
    let window = Buffer.alloc(0);
    /** Where in the file the window begins. */
    let windowAt = 0;
    /** Where frames begin that went on beyond the last window. */
    let open: readonly number[] = [];
    for (;;) {
      const read = readSync(descriptor, block, 0, windowBytes, at);
      if (read === 0) break;
      if (at === 0) isSqlite = block.toString("latin1", 0, 16) === sqliteMagic;
      window = Buffer.concat([window, block.subarray(0, read)]);
      look(window.subarray(Math.max(0, at - windowAt - (longest - 1))), name);
      const end = at + read;
      if (!isSqlite) open = lookIntoFrames(window, windowAt, [...open, ...frameStarts(window, windowAt, Math.max(windowAt, at - 3))], name, look);
      open = open.filter((start) => end - start < maxOpenFrameBytes);
      const keepFrom = Math.max(windowAt, Math.min(end - Math.max(3, longest - 1), ...open));
      window = Buffer.from(window.subarray(keepFrom - windowAt));
      windowAt = keepFrom;
      at = end;
    }
  } finally {
    closeSync(descriptor);
  }
  if (isSqlite) lookIntoSqlite(path, name, look);
  return at;
}

/** Where in the file a zstd frame may begin. */
function* frameStarts(window: Buffer, windowAt: number, from: number): Iterable<number> {
  for (let at = window.indexOf(zstdMagic, from - windowAt); at >= 0; at = window.indexOf(zstdMagic, at + 4)) yield windowAt + at;
}

/** Returns the starts of frames whose end lies beyond the window. */
function lookIntoFrames(window: Buffer, windowAt: number, starts: readonly number[], name: string, look: Look): readonly number[] {
  return starts.filter((start) => {
    const bytes = window.subarray(start - windowAt);
    const length = frameLength(bytes);
    if (length === "more") return true;
    const inside = length === undefined ? undefined : decompress(bytes.subarray(0, length));
    if (inside !== undefined) look(inside, `${name} (compressed)`);
    return false;
  });
}

function decompress(frame: Buffer): Buffer | undefined {
  try {
    return zstdDecompressSync(frame, { maxOutputLength: maxFrameBytes });
  } catch {
    return undefined;
  }
}

/** Length of a zstd frame by its block headers (RFC 8878, 3.1.1); undefined: none begins here; "more": it goes on beyond these bytes. */
function frameLength(bytes: Buffer): number | "more" | undefined {
  const descriptor = bytes[4];
  if (descriptor === undefined) return "more";
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = 5 + (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (;;) {
    if (at + 3 > bytes.length) return "more";
    const header = bytes.readUIntLE(at, 3);
    const type = (header >> 1) & 3;
    if (type === 3) return undefined;
    at += 3 + (type === 1 ? 1 : header >> 3);
    if ((header & 1) === 1) break;
  }
  if ((descriptor & 4) !== 0) at += 4;
  return at <= bytes.length ? at : "more";
}

function lookIntoSqlite(path: string, name: string, look: Look): void {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: 2_000 });
  } catch {
    return;
  }
  try {
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND (sql LIKE 'CREATE TABLE%')").all();
    for (const table of tables) {
      const title = String(table["name"]);
      const rows = database.prepare(`SELECT * FROM "${title.replaceAll('"', '""')}"`);
      rows.setReadBigInts(true);
      for (const row of rows.iterate()) {
        for (const value of Object.values(row)) {
          if (typeof value === "string" && value.length > 3_000) look(Buffer.from(value), `${name} table ${title}`);
          if (!(value instanceof Uint8Array) || value.length < 9) continue;
          const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
          if (bytes.length > 3_000) look(bytes, `${name} table ${title}`);
          for (let at = bytes.indexOf(zstdMagic); at >= 0; at = bytes.indexOf(zstdMagic, at + 4)) {
            const length = frameLength(bytes.subarray(at));
            const inside = typeof length === "number" ? decompress(bytes.subarray(at, at + length)) : undefined;
            if (inside !== undefined) look(inside, `${name} table ${title} (compressed)`);
          }
        }
      }
    }
  } catch {
    // A virtual table's shadow, or a file under repair: its raw bytes were looked at.
  } finally {
    database.close();
  }
}
