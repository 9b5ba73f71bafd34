import type { DatabaseSync } from "node:sqlite";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { type AuthorId, isAuthorId, type PostId } from "../core/ids.ts";
import { makeBucketReader } from "./bucket-keys.ts";
import { identityPath } from "./identities.ts";
import { authorKey, bucketOf, makeLookup, openIdentityFile, sealedFor } from "./identity-file.ts";
import { authorTag, keyOfPost, repackChunk, unpackChunk, unpackPost } from "./identity-chunk.ts";
import { type Identity, type PostIdentity, unpackIdentity } from "./identity-record.ts";
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

  /** Chunks that a tree leads to. */
  function* chunks(database: DatabaseSync, tree: "author" | "native" | "handle", key: bigint | number): Iterable<{ readonly n: number; readonly text: string }> {
    const column = tree === "author" ? "id" : "word";
    for (const row of chunksOf(database, `select n, bucket, version, sealed from chunk where n in (select n from ${tree} where ${column} = ?)`, key)) {
      const text = openChunk(buckets, row);
      if (text !== undefined) yield { n: row.n, text };
    }
  }

  async function find(tree: "author" | "native" | "handle", key: bigint | number, wanted: (identity: Identity) => boolean): Promise<readonly Identity[]> {
    const found = new Map<AuthorId, Identity>();
    for await (const database of databases()) {
      for (const { n, text } of chunks(database, tree, key)) {
        for (const [id, record] of unpackChunk(text).records) {
          if (!isAuthorId(id)) continue;
          const identity = unpackIdentity(record);
          // An older record of the author, under the handle of then, is not followed.
          if (!wanted(identity) || chunkOfAuthor(database, id) !== n) continue;
          const known = found.get(id);
          if (known === undefined || known.seenAt <= identity.seenAt) found.set(id, identity);
        }
      }
    }
    return [...found.values()];
  }

  const resolve = async (author: AuthorId): Promise<Identity | undefined> => (await find("author", authorKey(author), (identity) => identity.author === author))[0];

  return {
    resolve,
    async resolvePost(post, author) {
      for await (const database of databases()) {
        // A post has no tree of its own: a thousandth of all chunks lies in its author's bucket. The latest record holds.
        for (const row of chunksOf(database, "select n, bucket, version, sealed from chunk where bucket = ? order by n desc", bucketOf(author))) {
          const text = openChunk(buckets, row);
          if (text === undefined) continue;
          const chunk = unpackChunk(text);
          const found = chunk.records.find(([key, record]) => key === keyOfPost(post) && record.startsWith(authorTag(author)));
          if (found) return unpackPost(chunk, found[1], await resolve(author));
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
  /** Chunks of records of others that lie under fresh keys now. */
  readonly resealedChunks: number;
}

/** Chunks of one transaction, so that writers never wait long. */
const chunksAtOnce = 500;

/**
 * Removes the authors with all their posts, then makes what journals, free pages, snapshots and backups still hold unreadable:
 * a fresh key for each of their buckets, every chunk of the bucket sealed anew, the old key destroyed. A crash leaves both keys;
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
  const total = { removedAuthors: 0, removedPosts: 0, resealedChunks: 0 };
  if (wanted.size === 0) return total;
  const buckets = makeBucketReader(keys.ring.buckets);
  for (const bucket of wanted.keys()) await keys.renewBucketKey(bucket);
  for (let partition = 0; partition < partitions; partition++) {
    const file = identityPath(folder, partition);
    if ((await files.sizeBytes(file)) === undefined) continue;
    const database = openIdentityFile(file, keys.ring.check);
    try {
      const reseal = makeReseal(database, buckets, makeLookup(keys.ring.lookup), total);
      for (const [bucket, authors] of wanted) reseal(bucket, new Set(authors));
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

function makeReseal(
  database: DatabaseSync,
  buckets: Buckets,
  lookup: ReturnType<typeof makeLookup>,
  total: { removedAuthors: number; removedPosts: number; resealedChunks: number },
) {
  const seal = makeSeal();
  const change = database.prepare("update chunk set version = ?, sealed = ? where n = ?");
  const remove = database.prepare("delete from chunk where n = ?");
  const unlinkAuthor = database.prepare("delete from author where id = ? and n = ?");
  const unlinkNative = database.prepare("delete from native where word = ? and n = ?");
  const unlinkHandle = database.prepare("delete from handle where word = ? and n = ?");

  /** True where the record stays. Authors' records that a later one replaced go too. */
  function keep(n: number, key: string, record: string, authors: ReadonlySet<AuthorId>, tags: ReadonlySet<string>): boolean {
    if (isAuthorId(key)) {
      const isErased = authors.has(key);
      if (!isErased && chunkOfAuthor(database, key) === n) return true;
      const { nativeId, handle } = unpackIdentity(record);
      unlinkAuthor.run(authorKey(key), n);
      unlinkNative.run(lookup.native(nativeId), n);
      if (handle !== undefined) unlinkHandle.run(lookup.handle(handle), n);
      if (isErased) total.removedAuthors++;
      return false;
    }
    if (!tags.has(record.slice(0, 6))) return true;
    total.removedPosts++;
    return false;
  }

  return (bucket: number, authors: ReadonlySet<AuthorId>): void => {
    const current = buckets.current(bucket);
    const tags = new Set([...authors].map(authorTag));
    let after = 0;
    for (;;) {
      database.exec("begin immediate");
      try {
        const chunks = chunksOf(database, `select n, bucket, version, sealed from chunk where bucket = ? and n > ? order by n limit ${chunksAtOnce}`, bucket, after);
        for (const chunk of chunks) {
          after = chunk.n;
          const text = openChunk(buckets, chunk);
          const found = text === undefined ? undefined : unpackChunk(text);
          const kept = found?.records.filter(([key, record]) => keep(chunk.n, key, record, authors, tags)) ?? [];
          if (found === undefined || kept.length === 0) remove.run(chunk.n);
          else {
            change.run(current.version, seal.close(current.key, sealedFor(chunk.n), repackChunk(found, kept)), chunk.n);
            total.resealedChunks++;
          }
        }
        database.exec("commit");
        if (chunks.length < chunksAtOnce) return;
      } catch (error) {
        if (database.isTransaction) database.exec("rollback");
        throw toEarshotError(error, "STORE_CORRUPT", "identities: sealing a bucket anew");
      }
    }
  };
}

interface Chunk {
  readonly n: number;
  readonly bucket: number;
  readonly version: number;
  readonly sealed: Uint8Array;
}

/** undefined: its key is destroyed. */
function openChunk(buckets: Buckets, { n, bucket, version, sealed }: Chunk): string | undefined {
  const key = buckets.ofVersion(bucket, version);
  return key && unseal(key.key, sealedFor(n), sealed);
}

function chunksOf(database: DatabaseSync, sql: string, ...values: (number | bigint)[]): Chunk[] {
  return database
    .prepare(sql)
    .all(...values)
    .map(({ n, bucket, version, sealed }) => {
      if (typeof n !== "number" || typeof bucket !== "number" || typeof version !== "number" || !(sealed instanceof Uint8Array))
        throw new EarshotError("STORE_CORRUPT", "identities: a chunk is not of its kind");
      return { n, bucket, version, sealed };
    });
}

function chunkOfAuthor(database: DatabaseSync, author: AuthorId): number | undefined {
  const n = database.prepare("select n from author where id = ?").get(authorKey(author))?.["n"];
  return typeof n === "number" ? n : undefined;
}

/** Moves the journal into the file and empties it. Waits for readers, up to the connection's timeout. */
function emptyJournal(database: DatabaseSync, file: string): void {
  const busy = database.prepare("pragma wal_checkpoint(truncate)").get()?.["busy"];
  if (busy !== 0) throw new EarshotError("STORE_UNAVAILABLE", `identities ${file}: the journal could not be emptied, a reader holds it; try again`);
}
