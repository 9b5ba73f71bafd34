import { hash } from "node:crypto";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { canonicalLinksOf } from "../core/canonical-link.ts";
import { EarshotError } from "../core/errors.ts";
import type { Contribution, Counts, Post } from "../core/event.ts";
import { type AuthorId, authorIdFrom, idBytes, type PostId } from "../core/ids.ts";

/** Rises when a file of an older form can no longer be read. */
export const searchVersion = 1;

/** The words of `toIndexText` are parted by spaces alone; this tokenizer leaves each of them whole, whatever its script. */
const tokenizer = "ascii tokenchars ''_-''";

/**
 * One file a month of createdAt. `docs.row` is the millisecond of the month (two rows each), or the next that is free: rows are in
 * time order, and (id, createdAt) finds a row without an index.
 * fts: words of the text; and tags, which begin with - so that no text can forge them: author, hashtag, host, what models say, and is said of terms, by their numbers, posts that it refers to, pages that it links.
 * profiles: the columns of few values, together; conditions on them are decided on this small table.
 * crowded: rows outside the window of their millisecond.
 * applied: the last change in this file for each partition; bodies, forgotten: see recent.ts.
 */
const schema = `
CREATE VIRTUAL TABLE fts USING fts5(text, content='', contentless_delete=1, tokenize='${tokenizer}');
INSERT INTO fts(fts, rank) VALUES ('hashsize', 33554432);
INSERT INTO fts(fts, rank) VALUES ('automerge', 16);
CREATE TABLE docs (row INTEGER PRIMARY KEY, id BLOB NOT NULL, author INTEGER NOT NULL, profile INTEGER NOT NULL, flags INTEGER NOT NULL,
  shift INTEGER NOT NULL, body INTEGER NOT NULL, tags BLOB, terms BLOB, counts BLOB);
CREATE TABLE crowded (id BLOB PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE authors (author INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE);
CREATE TABLE profiles (profile INTEGER PRIMARY KEY, platform TEXT NOT NULL, source TEXT NOT NULL, language TEXT NOT NULL,
  sentiment TEXT NOT NULL, sensitivity TEXT NOT NULL, region TEXT NOT NULL);
CREATE TABLE tags (tag INTEGER PRIMARY KEY, kind TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (kind, text));
CREATE TABLE term_rows (term INTEGER, row INTEGER, PRIMARY KEY (term, row)) WITHOUT ROWID;
CREATE TABLE summary (day INTEGER, profile INTEGER, posts INTEGER NOT NULL, PRIMARY KEY (day, profile)) WITHOUT ROWID;
CREATE TABLE applied (partition INTEGER PRIMARY KEY, generation INTEGER NOT NULL, from_offset INTEGER NOT NULL, from_index INTEGER NOT NULL);
CREATE TABLE bodies (block INTEGER PRIMARY KEY, written_at INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE forgotten (body INTEGER PRIMARY KEY);
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
`;

export const positionsSchema = `
CREATE TABLE positions (partition INTEGER PRIMARY KEY, next_offset INTEGER NOT NULL, generation INTEGER NOT NULL, from_offset INTEGER NOT NULL, from_index INTEGER NOT NULL);
`;

export const flags = { reply: 1, reshare: 2, link: 4, media: 8, pii: 16, quote: 32, languages: 64, hidden: 1_024 } as const;

/**
 * Room for 2,000 posts a second in order; more are crowded. Each doubling makes the distances between rows in the index longer,
 * by about 2 bytes a post.
 */
export const rowsPerMs = 2;
/** Rows of one millisecond are sought, and first placed, among so many. */
export const windowRows = 16;

/** An even sample of rows is those whose `sampleSql` is below a number of at most this. */
export const sampleScale = 65_536;
/** Fibonacci hashing (Knuth, TAOCP 3, 6.4), the upper half of 32 bits: whether a row is in the sample does not depend on what it holds. */
export function sampleSql(row: string): string {
  return `(((${row} & 4294967295) * 1640531527) >> 16 & 65535)`;
}

/**
 * Rows from :lo to :hi. node:sqlite binds every number as REAL, and FTS5 takes a bound of rowids only where it is an INTEGER
 * (`fts5GetRowidLimit` in fts5_main.c, SQLite 3.53): without the cast a list of words is read from its end whatever the range.
 */
export function withinSql(row: string): string {
  return `${row} BETWEEN CAST(:lo AS INTEGER) AND CAST(:hi AS INTEGER)`;
}

export type Row = Record<string, SQLOutputValue>;

export function numberIn(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value === "number") return value;
  throw new EarshotError("STORE_CORRUPT", `search: column ${column}: expected a number, came ${value === null ? "null" : typeof value}`);
}

export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return value;
  throw new EarshotError("STORE_CORRUPT", `search: column ${column}: expected text, came ${value === null ? "null" : typeof value}`);
}

export function bytesIn(row: Row | undefined, column: string): Uint8Array | undefined {
  const value = row?.[column];
  return value instanceof Uint8Array ? value : undefined;
}

export interface MonthName {
  /** 2026-11 */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

const months = new Map<number, MonthName>();

/** The month (UTC) that a time lies in. */
export function monthOf(timeMs: number): MonthName {
  const day = Math.floor(timeMs / 86_400_000);
  let month = months.get(day);
  if (month === undefined) {
    const date = new Date(timeMs);
    month = monthFrom(date.getUTCFullYear(), date.getUTCMonth());
    if (months.size > 4_000) months.clear();
    months.set(day, month);
  }
  return month;
}

function monthFrom(year: number, index: number): MonthName {
  const startMs = Date.UTC(year, index);
  return { name: `${String(year).padStart(4, "0")}-${String(index + 1).padStart(2, "0")}`, startMs, endMs: Date.UTC(year, index + 1) };
}

/** undefined: not the file of a month. */
export function monthOfFile(file: string): MonthName | undefined {
  const match = /^(\d{4})-(\d\d)\.sqlite$/.exec(file);
  return match ? monthFrom(Number(match[1]), Number(match[2]) - 1) : undefined;
}

/** The first row of a millisecond. */
export function homeRow(month: MonthName, createdAt: number): number {
  return (Math.floor(createdAt) - month.startMs) * rowsPerMs + 1;
}

/** What `homeRow` was made from; row + shift of a row in `docs` is its home. */
export function timeOfHome(month: MonthName, home: number): number {
  return month.startMs + Math.floor((home - 1) / rowsPerMs);
}

export interface Profile {
  readonly profile: number;
  readonly platform: string;
  readonly source: string;
  readonly language: string;
  /** "none": not scored. */
  readonly sentiment: string;
  readonly sensitivity: string;
  readonly region: string;
}

export function profileOf(
  contribution: Pick<Contribution, "platform" | "source" | "language" | "sensitivity" | "region">,
  sentiment: string | undefined,
): Omit<Profile, "profile"> {
  const { platform, source, language, sensitivity, region } = contribution;
  return { platform, source, language, sentiment: sentiment ?? "none", sensitivity, region };
}

export function profileFrom(row: Row): Profile {
  return {
    profile: numberIn(row, "profile"),
    platform: textIn(row, "platform"),
    source: textIn(row, "source"),
    language: textIn(row, "language"),
    sentiment: textIn(row, "sentiment"),
    sensitivity: textIn(row, "sensitivity"),
    region: textIn(row, "region"),
  };
}

export function flagsOf(post: Post): number {
  return (
    (post.replyTo === undefined ? 0 : flags.reply) |
    (post.reshareOf === undefined ? 0 : flags.reshare) |
    (post.quoteOf === undefined ? 0 : flags.quote) |
    (post.links.length === 0 ? 0 : flags.link) |
    (post.media === undefined || post.media.length === 0 ? 0 : flags.media) |
    (post.pii === undefined || post.pii.length === 0 ? 0 : flags.pii) |
    (post.notes?.languages === undefined ? 0 : flags.languages)
  );
}

/** Key version (two bytes) and the sixteen bytes of the pseudonym. */
export function authorKey(author: AuthorId): Buffer {
  const key = Buffer.allocUnsafe(18);
  key.writeUInt16BE(Number(author.slice(1, author.indexOf("_"))), 0);
  idBytes(author).copy(key, 2);
  return key;
}

export function authorFrom(key: Uint8Array): AuthorId {
  return authorIdFrom(((key[0] ?? 0) << 8) | (key[1] ?? 0), key.subarray(2));
}

/** Whole numbers from 0, seven bits a byte; null for none, which takes no room in SQLite. */
export function packNumbers(numbers: readonly number[]): Buffer | null {
  if (numbers.length === 0) return null;
  const bytes: number[] = [];
  for (let number of numbers) {
    while (number > 0x7f) {
      bytes.push((number % 0x80) | 0x80);
      number = Math.floor(number / 0x80);
    }
    bytes.push(number);
  }
  return Buffer.from(bytes);
}

export function unpackNumbers(bytes: Uint8Array | undefined): number[] {
  const numbers: number[] = [];
  let value = 0;
  let weight = 1;
  for (const byte of bytes ?? []) {
    value += (byte & 0x7f) * weight;
    weight *= 0x80;
    if (byte < 0x80) {
      numbers.push(value);
      value = 0;
      weight = 1;
    }
  }
  return numbers;
}

export function packCounts(counts: Counts): Buffer | null {
  const { likes, shares, replies, views } = counts;
  if (likes === 0 && shares === 0 && replies === 0 && views === 0) return null;
  return packNumbers([likes, shares, replies, views].map((count) => (count > 0 ? Math.floor(count) : 0)));
}

export function unpackCounts(bytes: Uint8Array | undefined): Counts {
  const [likes = 0, shares = 0, replies = 0, views = 0] = unpackNumbers(bytes);
  return { likes, shares, replies, views };
}

export function tagWord(kind: "a" | "h" | "l" | "j" | "e" | "w", number: number): string {
  return `-${kind}${number.toString(36)}`;
}

/** Pages of one post that the index knows. */
const mostLinks = 50;

const referenceLetters = { reply: "r", root: "o", quote: "q", reshare: "s" } as const;

/** The word under which what refers to a post is found: 64 bits of its id. */
export function referenceWord(field: keyof typeof referenceLetters, id: PostId): string {
  return `-${referenceLetters[field]}${idBytes(id).readBigUInt64BE().toString(36)}`;
}

/** Each with a space before it. */
export function referenceWords(post: Post): string {
  const { replyTo, root, quoteOf, reshareOf } = post;
  return (
    (replyTo === undefined ? "" : ` ${referenceWord("reply", replyTo)}`) +
    (root === undefined ? "" : ` ${referenceWord("root", root)}`) +
    (quoteOf === undefined ? "" : ` ${referenceWord("quote", quoteOf)}`) +
    (reshareOf === undefined ? "" : ` ${referenceWord("reshare", reshareOf)}`)
  );
}

/** The word under which what links to a page is found: 64 bits of a hash of its canonical address. */
export function linkWord(canonical: string): string {
  return `-u${hash("sha256", canonical, "buffer").readBigUInt64BE().toString(36)}`;
}

/** Each with a space before it. */
export function linkWords(links: readonly string[]): string {
  return links.length === 0
    ? ""
    : canonicalLinksOf(links.slice(0, mostLinks))
        .map((link) => ` ${linkWord(link)}`)
        .join("");
}

/** The sentence for a file that SQLite cannot read; the index is never the only copy of a post. */
export function corrupt(path: string, thrown: unknown): EarshotError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new EarshotError(
    "STORE_CORRUPT",
    `${path}: expected a sound search file, came: ${message}; stop Earshot, delete the folder that holds this file, and it is read again from the log and the lake`,
    { cause: thrown },
  );
}

/** SQLITE_CORRUPT (11), SQLITE_NOTADB (26), and FTS5's own SQLITE_CORRUPT_VTAB (267). */
export function isCorrupt(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const errcode = "errcode" in thrown && typeof thrown.errcode === "number" ? thrown.errcode & 0xff : 0;
  return errcode === 11 || errcode === 26;
}

/** Opens for writing; makes it when missing. Throws STORE_CORRUPT, FORMAT_UNKNOWN. */
export function openSearchFile(path: string, schemaSql = schema): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: 10_000 });
    db.exec(
      "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=FAST; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=33554432;",
    );
    const version = numberIn(db.prepare("PRAGMA user_version").get(), "user_version");
    const isEmpty = db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() === undefined;
    if (isEmpty) db.exec(`BEGIN; ${schemaSql} PRAGMA user_version=${searchVersion}; COMMIT`);
    else if (version !== searchVersion) throw new EarshotError("FORMAT_UNKNOWN", `${path}: expected a search file of version ${searchVersion}, came ${version}`);
    return db;
  } catch (thrown) {
    db?.close();
    throw isCorrupt(thrown) ? corrupt(path, thrown) : thrown;
  }
}
