import { DatabaseSync } from "node:sqlite";
import path from "node:path";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { From } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import { type AuthorId, idBytes, type PostId, postIdFrom } from "../core/ids.ts";
import type { ErasedAuthor, Mark } from "./note.ts";
import { makeNames, makePacker, makeUnpacker } from "./pack.ts";
import { packRow, type Row, unpackRow } from "./row.ts";

const applicationId = 0x45_4c_44_47;
const formatVersion = 1;

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
 * One partition's file. A row's key is the first 8 bytes of its PostId; in the rare case that another post has it, one of the
 * next 255. Throws LEDGER_CORRUPT where the file is damaged, FORMAT_UNKNOWN where a newer version wrote it.
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
    row: database.prepare("select body from post where id = ?"),
    mark: database.prepare("select post, at, flags from mark where id = ?"),
    erased: database.prepare("select up_to, objection from erased where author = ?"),
    author: database.prepare("select id, body from post where author = ?"),
    after: database.prepare("select id, body from post where id > ? order by id limit ?"),
    progress: database.prepare("select * from progress"),
  }));
  select.author.setReadBigInts(true);
  select.after.setReadBigInts(true);
  const readNames = () => makeNames(parseNames(database.prepare("select id, name from name order by id").all()));
  let names = told(readNames);
  const packer = makePacker();
  /** Posts that do not lie under their own key, and how many keys further they do. */
  const displaced = new Map<PostId, number>();

  function unpackBody(body: Uint8Array): Row {
    const packed = body.subarray(9);
    try {
      return unpackRow(makeUnpacker(packed), names);
    } catch (error) {
      // A reader meets names that came after it opened.
      if (!options.readOnly) throw error;
      names = readNames();
      return unpackRow(makeUnpacker(packed), names);
    }
  }

  function stored(found: Record<string, unknown>): StoredRow {
    const { id, body } = found;
    if (typeof id !== "bigint" || !(body instanceof Uint8Array)) throw new EarshotError("LEDGER_CORRUPT", `${where}: a row is not of its kind`);
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64BE(BigInt.asIntN(64, id - BigInt(body[0] ?? 0)));
    bytes.set(body.subarray(1, 9), 8);
    return { id: postIdFrom(bytes), row: unpackBody(body) };
  }

  return {
    file,
    get(id: PostId): Row | undefined {
      const bytes = idBytes(id);
      let key = bytes.readBigInt64BE(0);
      for (let step = 0; ; step++) {
        const found = select.row.get(key);
        if (found === undefined) {
          if (step > 0) displaced.set(id, step);
          return undefined;
        }
        const { body } = found;
        if (!(body instanceof Uint8Array)) throw new EarshotError("LEDGER_CORRUPT", `${where}: a row is not of its kind`);
        if (body[0] === step && bytes.compare(body, 1, 9, 8, 16) === 0) {
          if (step > 0) displaced.set(id, step);
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
      return select.author
        .all(authorWord(author))
        .map(stored)
        .filter(({ row }) => row.status === "post" && row.contribution.author === author);
    },
    /** All rows in bounded steps, in the order of their keys. */
    *scan(): Iterable<StoredRow> {
      let after = -(2n ** 63n);
      for (;;) {
        const found = select.after.all(after, 1_000);
        for (const row of found) yield stored(row);
        const last = found.at(-1)?.["id"];
        if (typeof last !== "bigint") return;
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
    run: (sql: string): void => told(() => database.exec(sql)),
    database,
    close: () => database.close(),
  };

  function makeWriter(): (changes: Changes) => void {
    const putRow = database.prepare("insert into post (id, author, body) values (?, ?, ?) on conflict (id) do update set author = excluded.author, body = excluded.body");
    const dropRow = database.prepare("delete from post where id = ?");
    const putMark = database.prepare("insert or replace into mark (id, post, at, flags) values (?, ?, ?, ?)");
    const putErased = database.prepare("insert or replace into erased (author, word, up_to, objection) values (?, ?, ?, ?)");
    const putName = database.prepare("insert or replace into name (id, name) values (?, ?)");
    const putProgress = database.prepare("insert or replace into progress values (0, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    return ({ rows, marks, erased, progress }) =>
      told(() => {
        database.exec("begin immediate");
        try {
          for (const [id, row] of rows) {
            const bytes = idBytes(id);
            const step = displaced.size === 0 ? 0 : (displaced.get(id) ?? 0);
            const own = bytes.readBigInt64BE(0);
            const key = step === 0 ? own : BigInt.asIntN(64, own + BigInt(step));
            if (row === undefined) {
              dropRow.run(key);
              continue;
            }
            packer.byte(step);
            packer.bytes(bytes.subarray(8));
            packRow(packer, row, names);
            putRow.run(key, row.status === "post" ? authorWord(row.contribution.author) : null, packer.take());
          }
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
      create table post (id integer primary key, author integer, body blob not null);
      create index post_author on post (author) where author is not null;
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
  }
  // NORMAL: a power cut may lose the last commits, never the file's sense; `posts` gives them again.
  database.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma secure_delete = on; pragma temp_store = memory;");
}

/** 48 bits of the pseudonym: finds candidates, which are then compared whole. */
function authorWord(author: AuthorId): number {
  return idBytes(author).readUIntBE(0, 6);
}

/** The first 32 bits of an erased author's hash. */
export function erasedWord(author: string): number {
  return Number.parseInt(author.slice(0, 8), 16);
}

function markKey(mark: string): bigint {
  return BigInt.asIntN(64, BigInt(`0x${mark}`));
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
