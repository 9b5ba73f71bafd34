import type { DatabaseSync } from "node:sqlite";
import { idBytes, type PostId } from "../core/ids.ts";
import { bytesIn, homeRow, type MonthName, numberIn, packNumbers, type Row, timeOfHome, unpackNumbers, windowRows } from "./search-schema.ts";

/** What removing or changing a post must know of its row. */
export interface StoredRow {
  readonly row: number;
  readonly id: Uint8Array;
  readonly profile: number;
  readonly flags: number;
  readonly createdAt: number;
  readonly body: number;
  readonly terms: readonly number[];
}

export interface RowFields {
  readonly id: Uint8Array;
  readonly author: number;
  readonly profile: number;
  readonly flags: number;
  readonly body: number;
  readonly tags: Uint8Array | null;
  readonly terms: Uint8Array | null;
  readonly counts: Uint8Array | null;
}

/** The table `docs` and what hangs on its row numbers. */
export interface SearchRows {
  find(id: PostId, createdAt: number): StoredRow | undefined;
  /** Takes the home row or the next that is free. */
  insert(home: number, fields: RowFields): number;
  replace(row: StoredRow, fields: RowFields): number;
  remove(row: StoredRow): void;
  setCounts(row: number, counts: Uint8Array | null): void;
  setFlags(row: number, flags: number): void;
  /** alsoDocs: the column in `docs` too. */
  setTerms(row: number, was: readonly number[], is: readonly number[], alsoDocs?: boolean): void;
  /** most: -1 for all. */
  ofAuthor(author: number, upToMs: number | undefined, most: number): readonly StoredRow[];
  /** The same by the index: `word` is the author's. */
  ofAuthorWord(word: string, author: number, upToMs: number, most: number): readonly StoredRow[];
  ofProfiles(profiles: readonly number[], most: number): readonly StoredRow[];
  before(beforeMs: number, most: number): readonly StoredRow[];
  oldestAt(): number | undefined;
  /** What is gathered for the end of a transaction. */
  write(): void;
  reset(): void;
}

const columns = "row, id, profile, flags, shift, body, terms";
/** Milliseconds whose next free row is remembered. */
const mostHints = 256;

export function openSearchRows(db: DatabaseSync, month: MonthName): SearchRows {
  const findNear = db.prepare(`SELECT ${columns} FROM docs WHERE row >= ? AND row < ? AND id = ?`);
  const findRow = db.prepare(`SELECT ${columns} FROM docs WHERE row = ? AND id = ?`);
  const findCrowded = db.prepare("SELECT row FROM crowded WHERE id = ?");
  const addCrowded = db.prepare("INSERT OR REPLACE INTO crowded (id, row) VALUES (?, ?)");
  const removeCrowded = db.prepare("DELETE FROM crowded WHERE id = ?");
  const taken = db.prepare("SELECT row FROM docs WHERE row >= ? ORDER BY row LIMIT ?");
  const insert = db.prepare("INSERT OR IGNORE INTO docs (row, id, author, profile, flags, shift, body, tags, terms, counts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const update = db.prepare("UPDATE docs SET author = ?, profile = ?, flags = ?, body = ?, tags = ?, terms = ?, counts = ? WHERE row = ?");
  const remove = db.prepare("DELETE FROM docs WHERE row = ?");
  const setCounts = db.prepare("UPDATE docs SET counts = ? WHERE row = ?");
  const setFlags = db.prepare("UPDATE docs SET flags = ? WHERE row = ?");
  const setTerms = db.prepare("UPDATE docs SET terms = ? WHERE row = ?");
  const addTerm = db.prepare("INSERT OR IGNORE INTO term_rows (term, row) VALUES (?, ?)");
  const removeTerm = db.prepare("DELETE FROM term_rows WHERE term = ? AND row = ?");
  const ofAuthor = db.prepare(`SELECT ${columns} FROM docs WHERE author = ? AND row + shift <= ? ORDER BY row LIMIT ?`);
  const ofAuthorWord = db.prepare(`SELECT ${columns} FROM docs WHERE row IN (SELECT rowid FROM fts WHERE fts MATCH ?) AND author = ? AND row + shift <= ? ORDER BY row LIMIT ?`);
  const ofProfiles = db.prepare(`SELECT ${columns} FROM docs WHERE profile IN (SELECT value FROM json_each(?)) ORDER BY row LIMIT ?`);
  const before = db.prepare(`SELECT ${columns} FROM docs WHERE row + shift < ? ORDER BY row LIMIT ?`);
  const oldest = db.prepare("SELECT min(row + shift) AS row FROM (SELECT row, shift FROM docs ORDER BY row LIMIT 1000)");
  const raiseShift = db.prepare("INSERT INTO meta (name, value) VALUES ('max_shift', ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)");
  const hints = new Map<number, number>();
  const termRows: { term: number; row: number }[] = [];
  let last = 0;
  let maxShift = 0;

  const stored = (row: Row): StoredRow => ({
    row: numberIn(row, "row"),
    id: bytesIn(row, "id") ?? new Uint8Array(16),
    profile: numberIn(row, "profile"),
    flags: numberIn(row, "flags"),
    createdAt: timeOfHome(month, numberIn(row, "row") + numberIn(row, "shift")),
    body: numberIn(row, "body"),
    terms: unpackNumbers(bytesIn(row, "terms")),
  });

  /** The first row from `start` that is free. */
  const freeFrom = (start: number, chunk: number): number => {
    let free = start;
    for (;;) {
      const rows = taken.all(free, chunk);
      for (const row of rows) {
        if (numberIn(row, "row") !== free) return free;
        free++;
      }
      if (rows.length < chunk) return free;
    }
  };

  /** Of the few rows that a look-up by time reads; undefined: all are taken. */
  const freeInWindow = (home: number): number | undefined => {
    let free = home;
    for (const row of taken.all(home, windowRows)) {
      if (numberIn(row, "row") !== free) break;
      free++;
    }
    return free < home + windowRows ? free : undefined;
  };

  const tryInsert = (row: number, home: number, fields: RowFields): boolean =>
    insert.run(row, fields.id, fields.author, fields.profile, fields.flags, home - row, fields.body, fields.tags, fields.terms, fields.counts).changes === 1;

  const settle = (row: number, home: number): number => {
    last = row;
    maxShift = Math.max(maxShift, row - home);
    return row;
  };

  return {
    find(id, createdAt) {
      const home = homeRow(month, createdAt);
      const bytes = idBytes(id);
      let row = findNear.get(home, home + windowRows, bytes);
      if (row === undefined) {
        const crowded = findCrowded.get(bytes);
        if (crowded) row = findRow.get(numberIn(crowded, "row"), bytes);
      }
      return row && stored(row);
    },
    insert(home, fields) {
      // Posts come sorted: the row after the last one given is the likely first that is free.
      const guess = last >= home && last + 1 < home + windowRows ? last + 1 : home;
      if (tryInsert(guess, home, fields)) return settle(guess, home);
      const near = freeInWindow(home);
      if (near !== undefined && tryInsert(near, home, fields)) return settle(near, home);
      const far = freeFrom(Math.max(hints.get(home) ?? 0, last >= home ? last + 1 : 0, home + windowRows), 256);
      tryInsert(far, home, fields);
      addCrowded.run(fields.id, far);
      if (hints.size >= mostHints) hints.clear();
      hints.set(home, far + 1);
      return settle(far, home);
    },
    replace(row, fields) {
      update.run(fields.author, fields.profile, fields.flags, fields.body, fields.tags, fields.terms, fields.counts, row.row);
      return row.row;
    },
    remove(row) {
      remove.run(row.row);
      if (homeRow(month, row.createdAt) + windowRows <= row.row) removeCrowded.run(row.id);
    },
    setCounts: (row, counts) => void setCounts.run(counts, row),
    setFlags: (row, value) => void setFlags.run(value, row),
    setTerms(row, was, is, alsoDocs = false) {
      for (const term of was) if (!is.includes(term)) removeTerm.run(term, row);
      for (const term of is) if (!was.includes(term)) termRows.push({ term, row });
      if (alsoDocs) setTerms.run(packNumbers(is), row);
    },
    ofAuthor: (author, upToMs, most) => ofAuthor.all(author, upToMs === undefined ? Number.MAX_SAFE_INTEGER : homeRow(month, upToMs), most).map(stored),
    ofAuthorWord: (word, author, upToMs, most) => ofAuthorWord.all(`"${word}"`, author, homeRow(month, upToMs), most).map(stored),
    ofProfiles: (profiles, most) => ofProfiles.all(JSON.stringify(profiles), most).map(stored),
    before: (beforeMs, most) => before.all(homeRow(month, Math.ceil(beforeMs)), most).map(stored),
    oldestAt() {
      const row = oldest.get();
      return typeof row?.["row"] === "number" ? timeOfHome(month, row["row"]) : undefined;
    },
    write() {
      termRows.sort((a, b) => a.term - b.term || a.row - b.row);
      for (const { term, row } of termRows) addTerm.run(term, row);
      termRows.length = 0;
      last = 0;
      if (maxShift > 0) raiseShift.run(maxShift);
    },
    reset() {
      hints.clear();
      termRows.length = 0;
      last = 0;
      maxShift = 0;
    },
  };
}
