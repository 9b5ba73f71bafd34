import type { DatabaseSync } from "node:sqlite";
import { type AuthorId, idBytes, idWords, type PostId, postIdFrom } from "../core/ids.ts";
import type { StorePosition } from "../core/store.ts";
import type { DuplicatesIndex } from "./duplicates-index.ts";
import type { Sketch } from "./duplicates-sketch.ts";
import { authorFrom, authorKey, bytesIn, numberIn, openSearchFile, type Row } from "./search-schema.ts";

/**
 * recent: the newest posts whose texts are long enough, with their sketches, by number.
 * members: posts that are copies of each other, of any age. A group is known by the number of its first post.
 */
const schema = `
CREATE TABLE recent (number INTEGER PRIMARY KEY, id BLOB NOT NULL, author BLOB NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL, runs INTEGER NOT NULL, sketch BLOB NOT NULL);
CREATE TABLE members (id BLOB PRIMARY KEY, grp INTEGER NOT NULL, at INTEGER NOT NULL, author BLOB NOT NULL, source TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX members_grp ON members (grp, at, id);
CREATE TABLE positions (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL, generation INTEGER NOT NULL, from_offset INTEGER NOT NULL, from_index INTEGER NOT NULL);
`;

export const duplicatesFile = "duplicates.sqlite";

/** The tables of the store, as statements; transactions are the caller's. */
export interface DuplicatesTables {
  readonly db: DatabaseSync;
  positions(): Map<number, StorePosition>;
  setPosition(partition: number, position: StorePosition): void;
  /** Fills the index with what the newest `capacity` numbers hold; gives the next number. */
  load(index: DuplicatesIndex, capacity: number): number;
  addRecent(number: number, id: PostId, author: AuthorId, source: string, at: number, sketch: Sketch): void;
  removeRecent(number: number): void;
  /** At most so many rows; tells how many, and how many of them no group keeps. */
  removeOlder(beforeNumber: number, rows: number): { readonly removed: number; readonly gone: number };
  /** The group that the post of a number is in; undefined: none. */
  groupOf(number: number): number | undefined;
  /** Puts the post of a number into a group. */
  join(number: number, group: number): void;
  /** Takes a post out of its group; a group of one is none, so that the other leaves too. undefined: it was in none. */
  leave(id: PostId): { readonly alone?: PostId } | undefined;
  /** Made up to a time, milliseconds UTC; absent: all. By all rows, without the index. */
  ofAuthor(author: AuthorId, upToMs?: number): readonly PostId[];
  /** The same for the numbers that the index told, what is older than they reach, and groups. */
  ofAuthorAmong(numbers: readonly number[], olderThan: number, author: AuthorId, upToMs: number): readonly PostId[];
  ofSource(source: string): readonly PostId[];
  before(beforeMs: number): readonly PostId[];
  /** Takes the write-ahead log into the file; false: a reader stands in the way. */
  settle(): boolean;
  /** Reads all rows: for the start. */
  count(): number;
}

export function openDuplicatesTables(path: string): DuplicatesTables {
  const db = openSearchFile(path, schema);
  // Small, and what is deleted must not be found in it: its pages are overwritten.
  db.exec("PRAGMA secure_delete=ON");
  const setPosition = db.prepare("INSERT OR REPLACE INTO positions (partition, next_offset, generation, from_offset, from_index) VALUES (?, ?, ?, ?, ?)");
  const insert = db.prepare("INSERT INTO recent (number, id, author, source, at, runs, sketch) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const remove = db.prepare("DELETE FROM recent WHERE number = ?");
  const older = db.prepare("DELETE FROM recent WHERE number IN (SELECT number FROM recent WHERE number < ? ORDER BY number LIMIT ?)");
  const lone = db.prepare(
    "SELECT count(*) AS gone FROM (SELECT id FROM recent WHERE number < ? ORDER BY number LIMIT ?) AS older WHERE NOT EXISTS (SELECT 1 FROM members WHERE members.id = older.id)",
  );
  const group = db.prepare("SELECT grp FROM members WHERE id = ?");
  const join = db.prepare("INSERT OR REPLACE INTO members (id, grp, at, author, source) SELECT id, ?, at, author, source FROM recent WHERE number = ?");
  const leave = db.prepare("DELETE FROM members WHERE id = ?");
  const two = db.prepare("SELECT id FROM members WHERE grp = ? LIMIT 2");
  const ofNumber = db.prepare("SELECT members.grp AS grp FROM recent JOIN members ON members.id = recent.id WHERE recent.number = ?");
  db.exec("CREATE INDEX IF NOT EXISTS members_author ON members (author)");
  const recentOf = db.prepare("SELECT id FROM recent WHERE number = ? AND author = ? AND at <= ?");
  const olderOf = db.prepare("SELECT id FROM recent WHERE number < ? AND author = ? AND at <= ?");
  const membersOf = db.prepare("SELECT id FROM members WHERE author = ? AND at <= ?");
  const groupNow = (id: Uint8Array): number | undefined => {
    const row = group.get(id);
    return row === undefined ? undefined : numberIn(row, "grp");
  };
  /** Each once, whichever table holds it. */
  const select = (where: string, ...values: readonly (string | number | Uint8Array)[]): readonly PostId[] =>
    db
      .prepare(`SELECT id FROM recent WHERE ${where} UNION SELECT id FROM members WHERE ${where}`)
      .all(...values, ...values)
      .map((row) => postIdFrom(bytesIn(row, "id") ?? new Uint8Array(16)));

  return {
    db,
    positions() {
      const rows: Row[] = db.prepare("SELECT * FROM positions").all();
      return new Map(
        rows.map((row) => [
          numberIn(row, "partition"),
          { offset: numberIn(row, "next_offset"), generation: numberIn(row, "generation"), from: { offset: numberIn(row, "from_offset"), index: numberIn(row, "from_index") } },
        ]),
      );
    },
    setPosition: (partition, { offset, generation, from }) => void setPosition.run(partition, offset, generation, from.offset, from.index),
    load(index, capacity) {
      const last = numberIn(db.prepare("SELECT coalesce(max(number), 0) AS last FROM recent").get(), "last");
      for (const row of db.prepare("SELECT number, id, author, runs, sketch FROM recent WHERE number > ? ORDER BY number").iterate(last - capacity)) {
        const { high, low } = idWords(postIdFrom(bytesIn(row, "id") ?? new Uint8Array(16)));
        const sketch = unpackSketch(bytesIn(row, "sketch") ?? new Uint8Array(4), numberIn(row, "runs"));
        index.add(numberIn(row, "number"), sketch, high, low, idWords(authorFrom(bytesIn(row, "author") ?? new Uint8Array(18))).high);
      }
      return last + 1;
    },
    addRecent: (number, id, author, source, at, sketch) => void insert.run(number, idBytes(id), authorKey(author), source, at, sketch.runs, packSketch(sketch)),
    removeRecent: (number) => void remove.run(number),
    removeOlder(beforeNumber, rows) {
      const gone = numberIn(lone.get(beforeNumber, rows), "gone");
      return { removed: Number(older.run(beforeNumber, rows).changes), gone };
    },
    groupOf(number) {
      const row = ofNumber.get(number);
      return row === undefined ? undefined : numberIn(row, "grp");
    },
    join: (number, into) => void join.run(into, number),
    leave(id) {
      const bytes = idBytes(id);
      const was = groupNow(bytes);
      if (was === undefined) return undefined;
      leave.run(bytes);
      const left = two.all(was);
      const [only] = left;
      if (left.length !== 1 || only === undefined) return {};
      const alone = bytesIn(only, "id") ?? bytes;
      leave.run(alone);
      return { alone: postIdFrom(alone) };
    },
    ofAuthor: (author, upToMs = Number.MAX_SAFE_INTEGER) => select("author = ? AND at <= ?", authorKey(author), upToMs),
    ofAuthorAmong(numbers, olderThan, author, upToMs) {
      const key = authorKey(author);
      const rows = [...olderOf.all(olderThan, key, upToMs), ...numbers.flatMap((number) => recentOf.all(number, key, upToMs)), ...membersOf.all(key, upToMs)];
      return [...new Set(rows.map((row) => postIdFrom(bytesIn(row, "id") ?? new Uint8Array(16))))];
    },
    ofSource: (source) => select("source = ?", source),
    before: (beforeMs) => select("at < ?", beforeMs),
    settle: () => numberIn(db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get(), "busy") === 0,
    count: () => numberIn(db.prepare("SELECT count(*) AS posts FROM (SELECT id FROM recent UNION SELECT id FROM members)").get(), "posts"),
  };
}

function packSketch({ hashes, keys }: Sketch): Uint8Array {
  const packed = new Uint32Array(keys.length + hashes.length + 1);
  packed[0] = keys.length;
  packed.set(keys, 1);
  packed.set(hashes, 1 + keys.length);
  return new Uint8Array(packed.buffer);
}

function unpackSketch(bytes: Uint8Array, runs: number): Sketch {
  const packed = new Uint32Array(bytes.slice().buffer);
  const keys = packed[0] ?? 0;
  return { keys: packed.slice(1, 1 + keys), hashes: packed.slice(1 + keys), runs };
}
