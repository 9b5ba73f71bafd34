import { DatabaseSync } from "node:sqlite";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import { type AuthorId, bigOf, idBytes, idWords, makeKeyedHash } from "../core/ids.ts";

const applicationId = 0x45_49_44_53;
const formatVersion = 5;
/** Had a tree of all posts, whose room and cost nobody asked for: a bucket's chunks are few. */
const withPostTree = 4;

/** An author's bucket: the first 10 bits of its pseudonym. */
export function bucketOf(author: AuthorId): number {
  return idWords(author).high >>> 22;
}

/**
 * Key of the tree that leads from an author to its chunk: the bucket in the high 10 bits, then 52 bits of the id after those that
 * chose the bucket.
 */
export function authorKey(author: AuthorId): bigint {
  const bytes = idBytes(author);
  const [high, low] = [bytes.readUInt32BE(2), bytes.readUInt32BE(6)];
  return bigOf((bucketOf(author) << 20) | (high >>> 12), (high << 20) | (low >>> 12));
}

/** What is authenticated with a sealed chunk: where it lies, so that chunks cannot be swapped. */
export function sealedFor(n: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(n);
  return bytes;
}

/** Keyed words (48 bits) by which rows are found: candidates, to be compared after decryption. */
export function makeLookup(key: Uint8Array) {
  const hash = makeKeyedHash(key);
  return {
    native: (nativeId: string): number => hash.digest(`native\n${nativeId}`).readIntBE(0, 6),
    handle: (handle: string): number => hash.digest(`handle\n${handle.toLowerCase()}`).readIntBE(0, 6),
  };
}

/** Throws KEY_MISSING where the file was written under other keys. */
export function openIdentityFile(file: string, check: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  const where = `identities ${file}`;
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: options.readOnly ?? false, timeout: 10_000 });
    if (!options.readOnly) prepareFile(database, where, check);
    const known = database.prepare("select value from meta where name = 'keys'").get()?.["value"];
    if (known !== check) throw new EarshotError("KEY_MISSING", `${where}: expected the keys that it was written under, came others`);
    return database;
  } catch (error) {
    database?.close();
    throw toEarshotError(error, "STORE_CORRUPT", where);
  }
}

function prepareFile(database: DatabaseSync, where: string, check: string): void {
  const version = Number(database.prepare("pragma user_version").get()?.["user_version"]);
  const owner = Number(database.prepare("pragma application_id").get()?.["application_id"]);
  if (owner === 0 && version === 0) {
    database.exec(`
      pragma journal_mode = wal;
      begin;
      create table chunk (n integer primary key, bucket integer not null, version integer not null, sealed blob not null);
      create index chunk_bucket on chunk (bucket);
      create table author (id integer primary key, n integer not null);
      create table native (word integer not null, n integer not null, primary key (word, n)) without rowid;
      create table handle (word integer not null, n integer not null, primary key (word, n)) without rowid;
      create table progress (id integer primary key, events_offset integer, events_index integer, serial integer not null);
      insert into progress values (0, null, null, 0);
      create table meta (name text primary key, value text not null) without rowid;
      insert into meta values ('keys', '${/^[0-9a-f]*$/.test(check) ? check : ""}');
      pragma application_id = ${applicationId};
      pragma user_version = ${formatVersion};
      commit;`);
  } else if (owner === applicationId && version === withPostTree) {
    database.exec(`begin immediate; drop table post; pragma user_version = ${formatVersion}; commit;`);
  } else if (owner !== applicationId || version !== formatVersion) {
    throw new EarshotError("FORMAT_UNKNOWN", `${where}: expected identities of version ${formatVersion}, came version ${version}`);
  }
  database.exec(
    "pragma journal_mode = wal; pragma synchronous = normal; pragma secure_delete = on; pragma temp_store = memory; pragma cache_size = -8192; pragma wal_autocheckpoint = 4000;",
  );
}
