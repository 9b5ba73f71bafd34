import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { toEarshotError } from "../core/errors.ts";
import type { Change, Post } from "../core/event.ts";
import { idWords, type PostId } from "../core/ids.ts";
import type { Store, StorePosition } from "../core/store.ts";
import { duplicatesFile, openDuplicatesTables } from "./duplicates-file.ts";
import { makeDuplicatesIndex } from "./duplicates-index.ts";
import { sketchOf } from "./duplicates-sketch.ts";
import { isAbove } from "./search-batch.ts";

export interface DuplicatesOptions {
  /** Its own; made when missing. */
  readonly folder: string;
  /** A new post is compared with so many before it; a power of two. About 200 bytes of memory each. */
  readonly capacity?: number;
}

const usualCapacity = 1 << 18;
const rowsPerStep = 20_000;
const mostUnsynced = 8_000;

/**
 * Which posts are copies of each other: a group for each text that several posts share, but for a few words before or after.
 * Reshares are left out, as they name their original. Each `apply` is one transaction with its positions; some share a sync.
 */
export async function openDuplicates(options: DuplicatesOptions): Promise<Store> {
  const { folder, capacity = usualCapacity } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, duplicatesFile);
  const tables = openDuplicatesTables(file);
  const { db } = tables;
  let index = makeDuplicatesIndex(capacity);
  let nextNumber = tables.load(index, capacity);
  let posts = tables.count();
  let durable: ReadonlyMap<number, StorePosition> = tables.positions();
  /** What is committed, though a power cut may take it. */
  let taken = durable;
  let unsynced = 0;
  db.exec("PRAGMA synchronous=NORMAL");
  /** Bytes of removed posts may still lie in the write-ahead log; after a start nobody knows. */
  let owesForget = true;

  function transact<T>(run: () => T): T {
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = run();
      db.exec("COMMIT");
      return result;
    } catch (thrown) {
      if (db.isTransaction) db.exec("ROLLBACK");
      index = makeDuplicatesIndex(capacity);
      nextNumber = tables.load(index, capacity);
      posts = tables.count();
      throw toEarshotError(thrown, "STORE_UNAVAILABLE", "duplicates");
    }
  }

  /** One sync for all transactions since the last: they lie in one journal. */
  function sync(): void {
    unsynced = 0;
    if (durable === taken) return;
    db.exec("PRAGMA synchronous=FULL");
    transact(() => {
      for (const [partition, position] of taken) tables.setPosition(partition, position);
    });
    db.exec("PRAGMA synchronous=NORMAL");
    durable = taken;
  }

  function isHeld(id: PostId): boolean {
    const { high, low } = idWords(id);
    return index.numberOf(high, low) !== undefined;
  }

  function remove(id: PostId): boolean {
    const { high, low } = idWords(id);
    const number = index.numberOf(high, low);
    if (number !== undefined) {
      index.remove(number);
      tables.removeRecent(number);
    }
    const left = tables.leave(id);
    if (number === undefined && left === undefined) return false;
    owesForget = true;
    posts--;
    // The other of two goes with it where the ring no longer holds it.
    if (left?.alone !== undefined && !isHeld(left.alone)) posts--;
    return true;
  }

  function add(post: Post): void {
    const sketch = post.reshareOf === undefined ? sketchOf(post.text) : undefined;
    if (sketch === undefined) return;
    const { high, low } = idWords(post.id);
    const number = nextNumber++;
    const copy = index.find(sketch);
    tables.addRecent(number, post.id, post.author, post.source, post.createdAt, sketch);
    index.add(number, sketch, high, low, idWords(post.author).high);
    posts++;
    if (copy === undefined) return;
    const group = tables.groupOf(copy);
    if (group === undefined) tables.join(copy, copy);
    tables.join(number, group ?? copy);
  }

  /**
   * Its text is what it was (stored posts are judged anew by the million): added again it would push newer texts out of the ring. Of a
   * post that left the ring nobody knows what its text was: its group stays.
   */
  function staysAsItIs({ id, was, post }: Change): boolean {
    if (was === undefined || post === undefined) return false;
    if (was.createdAt !== post.createdAt || was.author !== post.author || was.source !== post.source) return false;
    const { high, low } = idWords(id);
    const number = index.numberOf(high, low);
    if (number === undefined) return nextNumber > capacity;
    const sketch = sketchOf(post.text);
    return sketch !== undefined && index.isSame(number, sketch);
  }

  function take(change: Change): void {
    const { was, is, post } = change;
    if (change.kind !== "post" && (is !== undefined || was === undefined)) return;
    if (staysAsItIs(change)) return;
    if (was !== undefined) remove(change.id);
    if (post !== undefined) add(post);
  }

  const removeAll = (ids: readonly PostId[]): number => transact(() => ids.filter(remove).length);

  return {
    name: "duplicates",
    async positions() {
      return new Map(durable);
    },
    async apply(changes, upTo) {
      const moved: [number, StorePosition][] = [...upTo].filter(([partition, position]) => position.offset >= (taken.get(partition)?.offset ?? 0));
      transact(() => {
        for (const change of changes) if (isAbove(change, taken.get(change.partition))) take(change);
        for (const [partition, position] of moved) tables.setPosition(partition, position);
      });
      taken = new Map([...taken, ...moved]);
      unsynced += changes.length;
      if (unsynced >= mostUnsynced) sync();
    },
    async flush() {
      sync();
    },
    async maintain({ forget }) {
      sync();
      const { removed, gone } = transact(() => tables.removeOlder(nextNumber - capacity, rowsPerStep));
      posts -= gone;
      if (removed > 0) owesForget = true;
      if (removed === rowsPerStep) return { owed: 1 };
      if (forget && owesForget) owesForget = !tables.settle();
      return { owed: forget && owesForget ? 1 : 0 };
    },
    async erase(author, upToMs) {
      const removedPosts = removeAll(tables.ofAuthorAmong(index.ofAuthor(idWords(author).high), nextNumber - capacity, author, upToMs));
      return { store: "duplicates", removedPosts, physical: removedPosts === 0 && !owesForget };
    },
    async find(author) {
      return { store: "duplicates", posts: tables.ofAuthor(author) };
    },
    async size() {
      const sizeBytes = ["", "-wal", "-shm"].reduce((sum, suffix) => sum + (statSync(file + suffix, { throwIfNoEntry: false })?.size ?? 0), 0);
      return { store: "duplicates", sizeBytes, posts };
    },
    removeSource: async (source) => ({ removedPosts: removeAll(tables.ofSource(source)) }),
    expire: async (beforeMs) => ({ removedPosts: removeAll(tables.before(beforeMs)) }),
    async [Symbol.asyncDispose]() {
      try {
        sync();
      } finally {
        db.close();
      }
    },
  };
}
