import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { From } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import { type AuthorId, bigOf, idBytes, idKey, idWords, type PostId, postIdFrom } from "../core/ids.ts";
import type { ErasedAuthor, Mark } from "./note.ts";
import { makeNames, makePacker, makeUnpacker } from "./pack.ts";
import { packRow, type Row, unpackRow } from "./row.ts";

const applicationId = 0x45_4c_44_47;
const formatVersion = 2;
/** Pages in the journal before they are moved into the file: 16 MB. */
const journalPages = 4_000;

/** How far the ledger has come. */
export interface LedgerPosition {
  /** Next offset of `posts` to catch up from. */
  readonly postsOffset: number;
  /** Last place of `events` that is refined; offset -1 at the beginning. */
  readonly events: From;
  readonly generation: number;
}

/** Beside the position: the last change, so that a repeat of it in `posts` is known; how much is held for posts to come. */
export interface Progress extends LedgerPosition {
  readonly applied: { readonly from: From; readonly generation: number };
  readonly pendingRows: number;
  readonly loneMarks: number;
}

export const noProgress: Progress = {
  postsOffset: 0,
  events: { offset: -1, index: 0 },
  generation: 0,
  applied: { from: { offset: -1, index: 0 }, generation: 0 },
  pendingRows: 0,
  loneMarks: 0,
};

/** A mark and the post that it stands on; absent where it was withdrawn before it came. */
export interface PlacedMark extends Mark {
  readonly post?: PostId;
}

export interface Changes {
  /** undefined: the row goes. */
  readonly rows: ReadonlyMap<PostId, Row | undefined>;
  readonly marks: ReadonlyMap<string, PlacedMark>;
  readonly erased: ReadonlyMap<string, ErasedAuthor>;
  /** Posts that no longer are the author's. */
  readonly unlinked: readonly { readonly id: PostId; readonly author: AuthorId }[];
  readonly progress: Progress;
}

export interface StoredRow {
  readonly id: PostId;
  readonly row: Row;
}

export type Table = ReturnType<typeof openTable>;

export function ledgerPath(folder: string, partition: number): string {
  return path.join(folder, `${String(partition).padStart(3, "0")}.sqlite`);
}

/** Removes the file with what SQLite keeps beside it. */
export async function removeDatabase(files: Files, file: string): Promise<void> {
  for (const suffix of ["-wal", "-shm", ""]) {
    if ((await files.sizeBytes(file + suffix)) !== undefined) await files.remove(file + suffix);
  }
  await files.syncFolder(path.dirname(file));
}

/**
 * One partition's file. Rows are appended under a number; two narrow trees lead to it: by the first 8 bytes of the PostId (in the
 * rare case that another post has them, by one of the next keys), and by 31 bits of the author with the number. Random writes
 * touch the narrow trees only. Throws LEDGER_CORRUPT where the file is damaged or older, FORMAT_UNKNOWN where a newer version wrote it.
 */
export function openTable(file: string, options: { readonly readOnly?: boolean; readonly cacheBytes?: number } = {}) {
  const where = `ledger ${file}`;
  const told = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toEarshotError(error, "LEDGER_CORRUPT", where);
    }
  };
  const database = told(() => new DatabaseSync(file, { readOnly: options.readOnly ?? false, timeout: 5_000 }));
  try {
    if (!options.readOnly) told(() => prepareFile(database, where));
    database.exec(`pragma cache_size = -${Math.ceil((options.cacheBytes ?? 8 * 1024 * 1024) / 1024)}`);
  } catch (error) {
    database.close();
    throw error;
  }
  const select = told(() => ({
    key: database.prepare("select n from key where id = ?"),
    row: database.prepare("select body from post where n = ?"),
    mark: database.prepare("select post, at, flags from mark where id = ?"),
    erased: database.prepare("select up_to, objection from erased where author = ?"),
    author: database.prepare("select body from post where n in (select id & 4294967295 from author where id between ? and ?)"),
    after: database.prepare("select n, body from post where n > ? order by n limit ?"),
    last: database.prepare("select max(n) as n from post"),
    progress: database.prepare("select * from progress"),
  }));
  const readNames = () => makeNames(parseNames(database.prepare("select id, name from name order by id").all()));
  let names = told(readNames);
  const packer = makePacker();
  /** Numbers of the rows that were read since the last write. */
  const numbers = new Map<PostId, number>();
  /** Posts that do not lie under their own key, and how many keys further they do. */
  const displaced = new Map<PostId, number>();

  function unpackBody(body: Uint8Array): Row {
    const packed = body.subarray(16);
    try {
      return unpackRow(makeUnpacker(packed), names);
    } catch (error) {
      // A reader meets names that came after it opened.
      if (!options.readOnly) throw error;
      names = readNames();
      return unpackRow(makeUnpacker(packed), names);
    }
  }

  function stored({ body }: Record<string, unknown>): StoredRow {
    if (!(body instanceof Uint8Array)) throw new EarshotError("LEDGER_CORRUPT", `${where}: a row is not of its kind`);
    return { id: postIdFrom(body.subarray(0, 16)), row: unpackBody(body) };
  }

  return {
    file,
    get(id: PostId): Row | undefined {
      let key = idKey(id);
      for (let step = 0; ; step++) {
        // Most posts are new: the narrow tree alone answers for them.
        const n = select.key.get(key)?.["n"];
        if (n === undefined) {
          if (step > 0) displaced.set(id, step);
          return undefined;
        }
        const body = typeof n === "number" ? select.row.get(n)?.["body"] : undefined;
        if (!(body instanceof Uint8Array) || typeof n !== "number") throw new EarshotError("LEDGER_CORRUPT", `${where}: a key leads to no row`);
        if (idBytes(id).compare(body, 0, 16) === 0) {
          if (step > 0) displaced.set(id, step);
          if (!options.readOnly) numbers.set(id, n);
          return unpackBody(body);
        }
        key = BigInt.asIntN(64, key + 1n);
      }
    },
    mark(mark: string): PlacedMark | undefined {
      const found = select.mark.get(markKey(mark));
      if (found === undefined) return undefined;
      const { post, at, flags } = found;
      if (typeof at !== "number" || typeof flags !== "number") throw new EarshotError("LEDGER_CORRUPT", `${where}: a mark is not of its kind`);
      return { mark, at, count: flags >> 1, gone: (flags & 1) === 1, ...(post instanceof Uint8Array && { post: postIdFrom(post) }) };
    },
    erased(author: string): ErasedAuthor | undefined {
      const found = select.erased.get(Buffer.from(author, "hex"));
      if (found === undefined) return undefined;
      return { author, upToMs: Number(found["up_to"]), objection: found["objection"] === 1 };
    },
    /** Every erased author, as `erasedWord` of it. */
    *erasedWords(): Iterable<number> {
      for (const row of database.prepare("select word from erased").iterate()) yield Number(row["word"]);
    },
    postsOf(author: AuthorId): StoredRow[] {
      const first = authorLink(author, 0);
      return select.author
        .all(first, first + 0xffffffffn)
        .map(stored)
        .filter(({ row }) => row.status === "post" && row.contribution.author === author);
    },
    /** All rows in bounded steps, the oldest first. */
    *scan(): Iterable<StoredRow> {
      for (let after = -1; ;) {
        const found = select.after.all(after, 1_000);
        for (const row of found) yield stored(row);
        const last = found.at(-1)?.["n"];
        if (typeof last !== "number") return;
        after = last;
      }
    },
    /** Drops marks older than these times; returns how many of them were lone ones. */
    expireMarks(beforeMs: number, loneBeforeMs: number): number {
      return told(() => {
        database.prepare("delete from mark where post is not null and at < ?").run(beforeMs);
        return Number(database.prepare("delete from mark where post is null and at < ?").run(loneBeforeMs).changes);
      });
    },
    progress(): Progress {
      return parseProgress(select.progress.get());
    },
    meta(name: string): string | undefined {
      const value = database.prepare("select value from meta where name = ?").get(name)?.["value"];
      return typeof value === "string" ? value : undefined;
    },
    setMeta(name: string, value: string): void {
      database.prepare("insert into meta values (?, ?) on conflict (name) do update set value = excluded.value").run(name, value);
    },
    write: options.readOnly ? () => {} : makeWriter(),
    /** Throws STORE_UNAVAILABLE where a reader kept the journal from being emptied: then it is to be tried again. */
    rewrite(): void {
      const busy = told(() => {
        database.exec("vacuum");
        return database.prepare("pragma wal_checkpoint(truncate)").get()?.["busy"];
      });
      if (busy !== 0) throw new EarshotError("STORE_UNAVAILABLE", `${where}: the journal could not be emptied, a reader holds it; try again`);
    },
    close: () => database.close(),
  };

  function makeWriter(): (changes: Changes) => void {
    const putRow = database.prepare("insert into post (n, body) values (?, ?)");
    const changeRow = database.prepare("update post set body = ? where n = ?");
    const dropRow = database.prepare("delete from post where n = ?");
    const putKey = database.prepare("insert into key (id, n) values (?, ?)");
    const dropKey = database.prepare("delete from key where id = ?");
    const link = database.prepare("insert or ignore into author (id) values (?)");
    const unlink = database.prepare("delete from author where id = ?");
    const putMark = database.prepare("insert or replace into mark (id, post, at, flags) values (?, ?, ?, ?)");
    const putErased = database.prepare("insert or replace into erased (author, word, up_to, objection) values (?, ?, ?, ?)");
    const putName = database.prepare("insert or replace into name (id, name) values (?, ?)");
    const putProgress = database.prepare("insert or replace into progress values (0, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const ownKey = (id: PostId): bigint => {
      const key = idKey(id);
      return displaced.size === 0 ? key : BigInt.asIntN(64, key + BigInt(displaced.get(id) ?? 0));
    };
    return ({ rows, marks, erased, unlinked, progress }) =>
      told(() => {
        database.exec("begin immediate");
        try {
          for (const { id, author } of unlinked) {
            const n = numbers.get(id);
            if (n !== undefined) unlink.run(authorLink(author, n));
          }
          let last = Number(select.last.get()?.["n"] ?? 0);
          // Sorted, so that neighbours in a tree are written together.
          const keys: { readonly order: number; readonly key: bigint; readonly n: number }[] = [];
          const links: { readonly order: number; readonly key: bigint }[] = [];
          const inOrder = [...rows].map(([id, row]) => ({ id, row, known: numbers.get(id) }));
          inOrder.sort((a, b) => (a.known ?? Infinity) - (b.known ?? Infinity) || 0);
          for (const { id, row, known } of inOrder) {
            if (row === undefined) {
              if (known === undefined) continue;
              dropRow.run(known);
              dropKey.run(ownKey(id));
              continue;
            }
            const n = known ?? ++last;
            packer.base64(id.slice(2));
            packRow(packer, row, names);
            if (known === undefined) {
              putRow.run(n, packer.take());
              const key = ownKey(id);
              keys.push({ order: Number(key), key, n });
            } else changeRow.run(packer.take(), n);
            if (row.status !== "post") continue;
            const key = authorLink(row.contribution.author, n);
            links.push({ order: Number(key), key });
          }
          for (const { key, n } of keys.sort((a, b) => a.order - b.order)) putKey.run(key, n);
          for (const { key } of links.sort((a, b) => a.order - b.order)) link.run(key);
          for (const mark of marks.values()) {
            putMark.run(markKey(mark.mark), mark.post === undefined ? null : idBytes(mark.post), mark.at, mark.count * 2 + (mark.gone ? 1 : 0));
          }
          for (const { author, upToMs, objection } of erased.values()) {
            putErased.run(Buffer.from(author, "hex"), erasedWord(author), upToMs, objection ? 1 : 0);
          }
          for (const { id, name } of names.fresh()) putName.run(id, name);
          const { postsOffset, events, generation, applied, pendingRows, loneMarks } = progress;
          putProgress.run(postsOffset, events.offset, events.index, generation, applied.from.offset, applied.from.index, applied.generation, pendingRows, loneMarks);
          database.exec("commit");
          names.settle();
          numbers.clear();
          displaced.clear();
        } catch (error) {
          if (database.isTransaction) database.exec("rollback");
          throw error;
        }
      });
  }
}

function prepareFile(database: DatabaseSync, where: string): void {
  const version = Number(database.prepare("pragma user_version").get()?.["user_version"]);
  const owner = Number(database.prepare("pragma application_id").get()?.["application_id"]);
  if (owner === 0 && version === 0) {
    database.exec(`
      pragma page_size = 4096;
      pragma journal_mode = wal;
      begin;
      create table post (n integer primary key, body blob not null);
      create table key (id integer primary key, n integer not null);
      create table author (id integer primary key);
      create table mark (id integer primary key, post blob, at integer not null, flags integer not null);
      create table erased (author blob primary key, word integer not null, up_to integer not null, objection integer not null) without rowid;
      create table name (id integer primary key, name text not null);
      create table meta (name text primary key, value text not null) without rowid;
      create table progress (
        id integer primary key, posts_offset integer not null, events_offset integer not null, events_index integer not null, generation integer not null,
        applied_offset integer not null, applied_index integer not null, applied_generation integer not null, pending_rows integer not null, lone_marks integer not null
      );
      pragma application_id = ${applicationId};
      pragma user_version = ${formatVersion};
      commit;`);
  } else if (owner !== applicationId || version > formatVersion) {
    throw new EarshotError("FORMAT_UNKNOWN", `${where}: expected a ledger of version ${formatVersion} or older, came version ${version}`);
  } else if (version < formatVersion) {
    throw new EarshotError("LEDGER_CORRUPT", `${where}: expected version ${formatVersion}, came version ${version}; it is made anew from the log`);
  }
  // NORMAL: a power cut may lose the last commits, never the file's sense; `posts` gives them again.
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma secure_delete = on; pragma temp_store = memory;");
  database.exec(`pragma wal_autocheckpoint = ${journalPages}`);
}

/** 31 bits of the pseudonym, then the row's number: finds candidates, which are then compared whole. */
function authorLink(author: AuthorId, n: number): bigint {
  return bigOf(idWords(author).high >>> 1, n);
}

/** The first 32 bits of an erased author's hash. */
export function erasedWord(author: string): number {
  return Number.parseInt(author.slice(0, 8), 16);
}

function markKey(mark: string): bigint {
  return bigOf(Number.parseInt(mark.slice(0, 8), 16), Number.parseInt(mark.slice(8), 16));
}

function* parseNames(rows: readonly Record<string, unknown>[]): Iterable<{ id: number; name: string }> {
  for (const { id, name } of rows) if (typeof id === "number" && typeof name === "string") yield { id, name };
}

function parseProgress(found: Record<string, unknown> | undefined): Progress {
  if (found === undefined) return noProgress;
  const read = (name: string) => Number(found[name]);
  return {
    postsOffset: read("posts_offset"),
    events: { offset: read("events_offset"), index: read("events_index") },
    generation: read("generation"),
    applied: { from: { offset: read("applied_offset"), index: read("applied_index") }, generation: read("applied_generation") },
    pendingRows: read("pending_rows"),
    loneMarks: read("lone_marks"),
  };
}
