import type { DatabaseSync, StatementSync } from "node:sqlite";
import path from "node:path";
import { toEarshotError } from "../core/errors.ts";
import type { From, SourceAuthor } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { makeBucketReader } from "./bucket-keys.ts";
import { authorKey, bucketOf, makeLookup, openIdentityFile, postKey, sealedFor } from "./identity-file.ts";
import { type Identity, packIdentity, packPostIdentity } from "./identity-record.ts";
import type { KeyRing } from "./key-ring.ts";
import { makeCache } from "./pseudonyms.ts";
import { makeSeal } from "./seal.ts";

/** The native side of a post. */
export interface PutPost {
  readonly id: PostId;
  readonly nativeId: string;
  readonly permalink?: string;
}

/**
 * Writes the identities that one partition sees. `put` only remembers; `flush` makes it one transaction. Flush before the
 * ledger commits: then whatever `posts` speaks of can be resolved.
 */
export interface Identities extends Disposable {
  /**
   * An author that is unchanged since it was last written costs nothing.
   * @param seenAt milliseconds UTC: of the records of several partitions the latest holds
   */
  put(platform: string, author: AuthorId, source: SourceAuthor, post?: PutPost, seenAt?: number): void;
  /** @param events where in `events` the identities were seen; kept with them, so that after a power cut the rest can be read again */
  flush(events?: From): void;
  /** As the last durable `flush` told it. */
  position(): From | undefined;
  /** Forgets what was put since the last flush. */
  rollback(): void;
}

export interface IdentitiesOptions {
  readonly files: Files;
  /** Absolute; made where missing. */
  readonly folder: string;
  readonly partition: number;
  readonly ring: KeyRing;
  /** Authors whose last written form is remembered. */
  readonly maxCachedAuthors?: number;
}

export function identityPath(folder: string, partition: number): string {
  return path.join(folder, `${String(partition).padStart(3, "0")}.sqlite`);
}

export async function openIdentities(options: IdentitiesOptions): Promise<Identities> {
  const { files, folder, partition, ring, maxCachedAuthors = 50_000 } = options;
  await files.makeFolder(folder);
  const file = identityPath(folder, partition);
  const database = openIdentityFile(file, ring.check);
  return makeWriter(database, file, ring, maxCachedAuthors);
}

interface Waiting {
  readonly platform: string;
  readonly author: AuthorId;
  readonly source: SourceAuthor;
  /** Its form, to know it again; undefined: the author is as it was written before. */
  readonly form: string | undefined;
  readonly post: PutPost | undefined;
  readonly seenAt: number;
}

function makeWriter(database: DatabaseSync, file: string, ring: KeyRing, maxCachedAuthors: number): Identities {
  const buckets = makeBucketReader(ring.buckets);
  const lookup = makeLookup(ring.lookup);
  const seal = makeSeal();
  const written = makeCache<string>(maxCachedAuthors);
  const putAuthor = database.prepare(
    "insert into author (id, version, native, handle, sealed) values (?, ?, ?, ?, ?) on conflict (id) do update set version = excluded.version, native = excluded.native, handle = excluded.handle, sealed = excluded.sealed",
  );
  const putPost = database.prepare("insert into post (id, version, sealed) values (?, ?, ?) on conflict (id) do update set version = excluded.version, sealed = excluded.sealed");
  const putPosition = database.prepare("insert or replace into progress values (0, ?, ?)");
  const getPosition = database.prepare("select events_offset, events_index from progress");
  let waiting: Waiting[] = [];

  function write({ platform, author, source, form, post, seenAt }: Waiting): void {
    const { key, version } = buckets.current(bucketOf(author));
    if (form !== undefined) {
      const id = authorKey(author);
      const handle = source.handle === undefined ? null : lookup.handle(source.handle);
      const sealed = seal.close(key, sealedFor("author", id), packIdentity({ author, platform, seenAt, ...identityOf(source) }));
      putAuthor.run(id, version, lookup.native(source.id), handle, sealed);
    }
    if (post) {
      const id = postKey(author, post.id);
      putPost.run(id, version, seal.close(key, sealedFor("post", id), packPostIdentity(post, author, source)));
    }
  }

  return {
    put(platform, author, source, post, seenAt = 0) {
      // A bucket's key is renewed when somebody is erased: what was written before may be gone, and is written once more.
      const form = `${buckets.current(bucketOf(author)).version}\n${formOf(source)}`;
      const isKnown = written.get(author) === form;
      if (isKnown && post === undefined) return;
      if (!isKnown) written.put(author, form);
      waiting.push({ platform, author, source, form: isKnown ? undefined : form, post, seenAt });
    },
    flush(events) {
      if (waiting.length === 0 && events === undefined) return;
      try {
        // The keys are read inside of the transaction: a renewal that began before it is seen, one that begins later waits for it.
        database.exec("begin immediate");
        for (const each of waiting) write(each);
        if (events) putPosition.run(events.offset, events.index);
        database.exec("commit");
        waiting = [];
      } catch (error) {
        if (database.isTransaction) database.exec("rollback");
        throw toEarshotError(error, "STORE_CORRUPT", `identities ${file}`);
      }
    },
    position: () => readPosition(getPosition),
    rollback() {
      for (const { author } of waiting) written.drop(author);
      waiting = [];
    },
    [Symbol.dispose]() {
      database.close();
    },
  };
}

function readPosition(statement: StatementSync): From | undefined {
  const found = statement.get();
  return found && { offset: Number(found["events_offset"]), index: Number(found["events_index"]) };
}

function identityOf(source: SourceAuthor): Omit<Identity, "author" | "platform" | "seenAt"> {
  const { id, handle, name, avatarUrl, profileUrl, followers, bot } = source;
  return {
    nativeId: id,
    ...(handle !== undefined && { handle }),
    ...(name !== undefined && { name }),
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(profileUrl !== undefined && { profileUrl }),
    ...(followers !== undefined && { followers }),
    ...(bot !== undefined && { bot }),
  };
}

/** Followers to the nearest power of two: a number that moves with every post is no change of who somebody is. */
function formOf(source: SourceAuthor): string {
  const followers = source.followers === undefined ? "" : Math.round(Math.log2(source.followers + 1));
  return `${source.handle ?? ""}\n${source.name ?? ""}\n${source.avatarUrl ?? ""}\n${source.profileUrl ?? ""}\n${followers}`;
}
