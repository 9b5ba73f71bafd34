import type { DatabaseSync } from "node:sqlite";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { makeBucketReader } from "./bucket-keys.ts";
import { identityPath } from "./identities.ts";
import { authorKey, bucketOf, bucketRange, type IdentityTable, makeLookup, openIdentityFile, postKey, sealedFor } from "./identity-file.ts";
import { authorTag, type Identity, type PostIdentity, unpackIdentity, unpackPostIdentity } from "./identity-record.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Keys } from "./keys.ts";
import { makeSeal, unseal } from "./seal.ts";

export interface VaultOptions {
  readonly files: Files;
  readonly folder: string;
  readonly partitions: number;
}

/** Reads identities of all partitions, from any thread. Whoever asks answers for purpose and audit. */
export interface IdentityReader extends Disposable {
  /** The latest that is known; undefined: unknown, or erased. */
  resolve(author: AuthorId): Promise<Identity | undefined>;
  resolvePost(post: PostId, author: AuthorId): Promise<PostIdentity | undefined>;
  /** With or without @, in any case. Without a platform: on each. One identity for each pseudonym. */
  findByHandle(platform: string | undefined, handle: string): Promise<readonly Identity[]>;
  findByNativeId(platform: string | undefined, nativeId: string): Promise<readonly Identity[]>;
}

interface Sealed {
  readonly id: bigint;
  readonly version: number;
  readonly sealed: Uint8Array;
}

type Buckets = ReturnType<typeof makeBucketReader>;

export function openIdentityReader(options: VaultOptions & { readonly ring: KeyRing }): IdentityReader {
  const { ring } = options;
  const buckets = makeBucketReader(ring.buckets);
  const lookup = makeLookup(ring.lookup);
  const opened = new Map<number, DatabaseSync>();

  /** A partition's file may come later than the reader. */
  async function* databases(): AsyncIterable<DatabaseSync> {
    for (let partition = 0; partition < options.partitions; partition++) {
      const known = opened.get(partition);
      if (known) {
        yield known;
        continue;
      }
      const file = identityPath(options.folder, partition);
      if ((await options.files.sizeBytes(file)) === undefined) continue;
      const database = openIdentityFile(file, ring.check, { readOnly: true });
      opened.set(partition, database);
      yield database;
    }
  }

  async function find(column: "native" | "handle", word: number, wanted: (identity: Identity) => boolean): Promise<readonly Identity[]> {
    const found = new Map<AuthorId, Identity>();
    for await (const database of databases()) {
      for (const row of rowsOf(database, `select id, version, sealed from author where ${column} = ?`, word)) {
        const text = openRow(buckets, "author", row);
        if (text === undefined) continue;
        const identity = unpackIdentity(text);
        const known = found.get(identity.author);
        if (wanted(identity) && (known === undefined || known.seenAt <= identity.seenAt)) found.set(identity.author, identity);
      }
    }
    return [...found.values()];
  }

  async function resolve(author: AuthorId): Promise<Identity | undefined> {
    let best: Identity | undefined;
    for await (const database of databases()) {
      for (const row of rowsOf(database, "select id, version, sealed from author where id = ?", authorKey(author))) {
        const text = openRow(buckets, "author", row);
        const identity = text === undefined ? undefined : unpackIdentity(text);
        if (identity?.author === author && (best === undefined || best.seenAt <= identity.seenAt)) best = identity;
      }
    }
    return best;
  }

  return {
    resolve,
    async resolvePost(post, author) {
      for await (const database of databases()) {
        for (const row of rowsOf(database, "select id, version, sealed from post where id = ?", postKey(author, post))) {
          const text = openRow(buckets, "post", row);
          if (text?.startsWith(authorTag(author))) return unpackPostIdentity(text, await resolve(author));
        }
      }
      return undefined;
    },
    async findByHandle(platform, handle) {
      const plain = handle.replace(/^@/, "").toLowerCase();
      return find("handle", lookup.handle(plain), (identity) => identity.handle?.toLowerCase() === plain && (platform === undefined || identity.platform === platform));
    },
    findByNativeId: (platform, nativeId) =>
      find("native", lookup.native(nativeId), (identity) => identity.nativeId === nativeId && (platform === undefined || identity.platform === platform)),
    [Symbol.dispose]() {
      for (const database of opened.values()) database.close();
      opened.clear();
    },
  };
}

export interface IdentityErasure {
  readonly removedAuthors: number;
  readonly removedPosts: number;
  /** Rows of others that lie under fresh keys now. */
  readonly resealedRows: number;
}

/** Rows of one transaction, so that writers never wait long. */
const rowsAtOnce = 2_000;

/**
 * Removes the authors with all their posts, then makes what journals, free pages, snapshots and backups still hold unreadable:
 * a fresh key for each of their buckets, every row of the bucket sealed anew, the old key destroyed. A crash leaves both keys;
 * the same call again, or `finishRenewals`, ends it.
 */
export async function eraseIdentities(options: VaultOptions & { readonly keys: Keys }, authors: readonly AuthorId[]): Promise<IdentityErasure> {
  const wanted = new Map<number, AuthorId[]>();
  for (const author of authors) {
    const bucket = bucketOf(author);
    wanted.set(bucket, [...(wanted.get(bucket) ?? []), author]);
  }
  return renew(options, wanted);
}

/** Ends renewals that a crash broke off; for the start, before anything else writes. */
export function finishRenewals(options: VaultOptions & { readonly keys: Keys }): Promise<IdentityErasure> {
  return renew(options, new Map(options.keys.unfinishedBuckets().map((bucket) => [bucket, []])));
}

async function renew(options: VaultOptions & { readonly keys: Keys }, wanted: ReadonlyMap<number, readonly AuthorId[]>): Promise<IdentityErasure> {
  const { files, folder, partitions, keys } = options;
  const total = { removedAuthors: 0, removedPosts: 0, resealedRows: 0 };
  if (wanted.size === 0) return total;
  const buckets = makeBucketReader(keys.ring.buckets);
  for (const bucket of wanted.keys()) await keys.renewBucketKey(bucket);
  for (let partition = 0; partition < partitions; partition++) {
    const file = identityPath(folder, partition);
    if ((await files.sizeBytes(file)) === undefined) continue;
    const database = openIdentityFile(file, keys.ring.check);
    try {
      for (const [bucket, authors] of wanted) resealBucket(database, buckets, bucket, authors, total);
      emptyJournal(database, file);
    } finally {
      database.close();
    }
    // The old key goes only when nothing durable needs it any more.
    await files.syncPath(file);
  }
  for (const bucket of wanted.keys()) await keys.destroyOldBucketKey(bucket);
  buckets.prune();
  return total;
}

function resealBucket(
  database: DatabaseSync,
  buckets: Buckets,
  bucket: number,
  authors: readonly AuthorId[],
  total: { removedAuthors: number; removedPosts: number; resealedRows: number },
): void {
  const seal = makeSeal();
  const current = buckets.current(bucket);
  const tags = new Set(authors.map(authorTag));
  const erased = new Set<string>(authors);
  const isAuthorErased = (text: string) => erased.has(unpackIdentity(text).author);
  for (const [table, isErased] of [
    ["post", (text: string) => tags.has(text.slice(0, 6))],
    ["author", isAuthorErased],
  ] as const) {
    const reseal = database.prepare(`update ${table} set version = ?, sealed = ? where id = ?`);
    const remove = database.prepare(`delete from ${table} where id = ?`);
    const [first, last] = bucketRange(bucket);
    let after = first - 1n;
    for (;;) {
      database.exec("begin immediate");
      try {
        const rows = rowsOf(database, `select id, version, sealed from ${table} where id > ? and id <= ? order by id limit ${rowsAtOnce}`, after, last);
        for (const row of rows) {
          const text = openRow(buckets, table, row);
          if (text === undefined || isErased(text)) {
            remove.run(row.id);
            if (text !== undefined) total[table === "post" ? "removedPosts" : "removedAuthors"]++;
          } else if (row.version !== current.version) {
            reseal.run(current.version, seal.close(current.key, sealedFor(table, row.id), text), row.id);
            total.resealedRows++;
          }
          after = row.id;
        }
        database.exec("commit");
        if (rows.length < rowsAtOnce) break;
      } catch (error) {
        if (database.isTransaction) database.exec("rollback");
        throw toEarshotError(error, "STORE_CORRUPT", "identities: sealing a bucket anew");
      }
    }
  }
}

/** undefined: its key is destroyed. */
function openRow(buckets: Buckets, table: IdentityTable, row: Sealed): string | undefined {
  const key = buckets.ofVersion(Number(row.id >> 52n), row.version);
  return key && unseal(key.key, sealedFor(table, row.id), row.sealed);
}

function rowsOf(database: DatabaseSync, sql: string, ...values: (number | bigint)[]): Sealed[] {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  return statement.all(...values).map(({ id, version, sealed }) => {
    if (typeof id !== "bigint" || typeof version !== "bigint" || !(sealed instanceof Uint8Array)) throw new EarshotError("STORE_CORRUPT", "identities: a row is not of its kind");
    return { id, version: Number(version), sealed };
  });
}

/** Moves the journal into the file and empties it. Waits for readers, up to the connection's timeout. */
function emptyJournal(database: DatabaseSync, file: string): void {
  const busy = database.prepare("pragma wal_checkpoint(truncate)").get()?.["busy"];
  if (busy !== 0) throw new EarshotError("STORE_UNAVAILABLE", `identities ${file}: the journal could not be emptied, a reader holds it; try again`);
}
