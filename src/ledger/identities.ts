import type { DatabaseSync, StatementSync } from "node:sqlite";
import path from "node:path";
import { toEarshotError } from "../core/errors.ts";
import type { From, SourceAuthor } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import type { AuthorId, PostId } from "../core/ids.ts";
import { makeBucketReader } from "./bucket-keys.ts";
import { authorKey, bucketOf, makeLookup, openIdentityFile, sealedFor } from "./identity-file.ts";
import { makeChunk } from "./identity-chunk.ts";
import { type Identity, packIdentity } from "./identity-record.ts";
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
 * Writes the identities that one partition sees: `put` remembers, `flush` settles what was put. Settled identities are held in
 * memory and written in large transactions; `position` tells up to where they are in the file, so that after a crash the
 * rest is read again from the raw.
 */
export interface Identities extends Disposable {
  /**
   * An author that is unchanged since it was last written costs nothing.
   * @param seenAt milliseconds UTC: of the records of several partitions the latest holds
   */
  put(platform: string, author: AuthorId, source: SourceAuthor, post?: PutPost, seenAt?: number): void;
  /** @param events where in `events` what was put was seen: it may be held on. Absent: everything goes to the file now. */
  flush(events?: From): void;
  /** The last `events` whose identities are in the file. */
  position(): From | undefined;
  /** Forgets what was put since the last flush. */
  rollback(): void;
  /** Forgets what is held of the author: to be called when its erasure passes, before the file is cleared of it. */
  drop(author: AuthorId): void;
}

export interface IdentitiesOptions {
  readonly files: Files;
  /** Absolute; made where missing. */
  readonly folder: string;
  readonly partition: number;
  readonly ring: KeyRing;
  /** Authors whose last written form is remembered. */
  readonly maxCachedAuthors?: number;
  /** Posts and authors that are held in memory before they are written. */
  readonly maxHeld?: number;
}

export function identityPath(folder: string, partition: number): string {
  return path.join(folder, `${String(partition).padStart(3, "0")}.sqlite`);
}

export async function openIdentities(options: IdentitiesOptions): Promise<Identities> {
  const { files, folder, partition, ring } = options;
  await files.makeFolder(folder);
  const file = identityPath(folder, partition);
  const database = openIdentityFile(file, ring.check);
  return makeWriter(database, file, options);
}

interface Waiting {
  readonly platform: string;
  readonly author: AuthorId;
  readonly source: SourceAuthor;
  /** False: the author is as it was written before. */
  readonly isNews: boolean;
  readonly post: PutPost | undefined;
  readonly seenAt: number;
}

/** What was last written of an author, and under which version of its bucket's key. */
interface Written {
  readonly version: number;
  readonly form: Form;
}

/** Records sealed together: one seal for many, and little to open for one. */
const recordsOfChunk = 48;

function makeWriter(database: DatabaseSync, file: string, options: IdentitiesOptions): Identities {
  const { ring, maxCachedAuthors = 15_000, maxHeld = 10_000 } = options;
  const buckets = makeBucketReader(ring.buckets);
  const lookup = makeLookup(ring.lookup);
  const seal = makeSeal();
  const written = makeCache<Written>(maxCachedAuthors);
  const putChunk = database.prepare("insert into chunk (n, bucket, version, sealed) values (?, ?, ?, ?)");
  const put = {
    author: database.prepare("insert or replace into author (id, n) values (?, ?)"),
    native: database.prepare("insert or ignore into native (word, n) values (?, ?)"),
    handle: database.prepare("insert or ignore into handle (word, n) values (?, ?)"),
  };
  const hasAuthor = database.prepare("select n from author where id = ?");
  const putPosition = database.prepare("update progress set events_offset = ?, events_index = ?, serial = ?");
  const getProgress = database.prepare("select events_offset, events_index, serial from progress");
  let waiting: Waiting[] = [];
  /** Of all that waits, and more. */
  let waitingAuthors = new Set<AuthorId>();
  let settled = 0;
  let events = readPosition(getProgress);

  /** Chunks of one bucket each, then what leads to them, in the order of their trees. */
  function write(): void {
    let serial = Number(getProgress.get()?.["serial"] ?? 0);
    const links: Record<"author" | "native" | "handle", { readonly order: number; readonly key: bigint | number; readonly n: number }[]> = {
      author: [],
      native: [],
      handle: [],
    };
    const byBucket = Map.groupBy(waiting.values().take(settled), ({ author }) => bucketOf(author));
    for (const [bucket, all] of [...byBucket].sort(([a], [b]) => a - b)) {
      const { key, version } = buckets.current(bucket);
      for (let start = 0; start < all.length; start += recordsOfChunk) {
        const n = ++serial;
        const chunk = makeChunk();
        const lead = (tree: keyof typeof links, to: bigint | number) => links[tree].push({ order: Number(to), key: to, n });
        for (const { platform, author, source, isNews, post, seenAt } of all.slice(start, start + recordsOfChunk)) {
          if (isNews) {
            chunk.addAuthor(author, packIdentity({ author, platform, seenAt, ...identityOf(source) }));
            lead("author", authorKey(author));
            lead("native", lookup.native(source.id));
            if (source.handle !== undefined) lead("handle", lookup.handle(source.handle));
          }
          if (post) chunk.addPost(post.id, post, author, source);
        }
        putChunk.run(n, bucket, version, seal.close(key, sealedFor(n), chunk.text()));
      }
    }
    for (const tree of ["author", "native", "handle"] as const) {
      for (const { key, n } of links[tree].sort((a, b) => a.order - b.order || a.n - b.n)) put[tree].run(key, n);
    }
    putPosition.run(events?.offset ?? null, events?.index ?? null, serial);
  }

  function flush(at?: From): void {
    settled = waiting.length;
    events = at ?? events;
    if (at ? settled < maxHeld : settled === 0 && samePlace(events, readPosition(getProgress))) return;
    try {
      // The keys are read inside of the transaction: a renewal that began before it is seen, one that begins later waits for it.
      database.exec("begin immediate");
      write();
      database.exec("commit");
      waiting = [];
      waitingAuthors = new Set();
      settled = 0;
    } catch (error) {
      if (database.isTransaction) database.exec("rollback");
      throw toEarshotError(error, "STORE_CORRUPT", `identities ${file}`);
    }
  }

  function rollback(): void {
    for (const { author } of waiting.splice(settled)) written.drop(author);
  }

  return {
    put(platform, author, source, post, seenAt = 0) {
      // A bucket's key is renewed when somebody is erased: what was written before may be gone, and is written once more.
      const { version } = buckets.current(bucketOf(author));
      const last = written.get(author);
      // A post that names nobody takes no handle and no name away that were told before.
      const namesNobody = source.handle === undefined && source.name === undefined;
      const isKnown =
        (last !== undefined && last.version === version && (namesNobody || isOfForm(source, last.form))) || (namesNobody && hasAuthor.get(authorKey(author)) !== undefined);
      if (last === undefined || !isKnown) written.put(author, { version, form: formOf(source) });
      if (isKnown && post === undefined) return;
      waiting.push({ platform, author, source, isNews: !isKnown, post, seenAt });
      waitingAuthors.add(author);
    },
    flush,
    position: () => readPosition(getProgress),
    rollback,
    drop(author) {
      written.drop(author);
      if (!waitingAuthors.delete(author)) return;
      const isOther = (each: Waiting) => each.author !== author;
      const [before, after] = [waiting.slice(0, settled).filter(isOther), waiting.slice(settled).filter(isOther)];
      waiting = [...before, ...after];
      settled = before.length;
    },
    [Symbol.dispose]() {
      rollback();
      try {
        flush();
      } finally {
        database.close();
      }
    },
  };
}

function samePlace(a: From | undefined, b: From | undefined): boolean {
  return a?.offset === b?.offset && a?.index === b?.index;
}

function readPosition(statement: StatementSync): From | undefined {
  const found = statement.get();
  return found && found["events_offset"] !== null ? { offset: Number(found["events_offset"]), index: Number(found["events_index"]) } : undefined;
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

/** What of an author is looked at, to know whether it has changed. */
type Form = Pick<SourceAuthor, "handle" | "name" | "avatarUrl" | "profileUrl" | "followers">;

function formOf({ handle, name, avatarUrl, profileUrl, followers }: SourceAuthor): Form {
  return {
    ...(handle !== undefined && { handle }),
    ...(name !== undefined && { name }),
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(profileUrl !== undefined && { profileUrl }),
    ...(followers !== undefined && { followers }),
  };
}

function isOfForm(source: SourceAuthor, form: Form): boolean {
  return (
    source.handle === form.handle &&
    source.name === form.name &&
    source.avatarUrl === form.avatarUrl &&
    source.profileUrl === form.profileUrl &&
    magnitudeOf(source.followers) === magnitudeOf(form.followers)
  );
}

/** To the nearest power of two: a number that moves with every post is no change of who somebody is. */
function magnitudeOf(followers: number | undefined): number {
  return followers === undefined ? -1 : Math.round(Math.log2(followers + 1));
}
