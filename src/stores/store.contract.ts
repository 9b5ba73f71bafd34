import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { idBytes, type PostId } from "../core/ids.ts";
import type { Store } from "../core/store.ts";
import {
  expectedTotals,
  type Handover,
  type History,
  handoversOf,
  historyStartMs,
  makeAuthorId,
  makeHistory,
  makePost,
  makePostId,
  makeRandomHistory,
  positionAfter,
  type Totals,
  uniqueWord,
} from "./store.fixtures.ts";

/** One store as the contract sees it. */
export interface StoreSubject {
  readonly name: string;
  /** An own, empty place for a test; `folder` is removed at the end. onStep, where the store can: called between its durable steps, where crashes are tried. */
  open(folder: string, onStep?: () => void): Promise<Store>;
  /** What a reader is shown after a flush. Absent: the store sums nothing up, and its ids alone are compared. */
  readonly totals?: (folder: string, store: Store) => Promise<Totals>;
  /** Ids that a reader is shown. Absent: the store keeps sums only, and the tests of single posts do not apply. */
  readonly ids?: (folder: string, store: Store) => Promise<readonly PostId[]>;
  /** Everything that the store keeps lies in the folder: a copy of it is what a crash leaves. */
  readonly inFolder: boolean;
  /** `maintain({ forget: true })` leaves no byte of the deleted in plain files. Absent: the files are packed, and the store's own test shows it. */
  readonly plainBytes?: boolean;
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-store-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export async function hand(store: Store, handovers: readonly Handover[]): Promise<void> {
  for (const { changes, upTo } of handovers) await store.apply(changes, upTo);
}

async function maintainAll(store: Store, forget: boolean): Promise<void> {
  for (let step = 0; step < 1_000; step++) {
    const { owed } = await store.maintain({ forget });
    if (owed === 0) return;
  }
  assert.fail("maintain: expected the debt to end within 1,000 steps");
}

async function bytesBelow(folder: string): Promise<Buffer> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Buffer.concat(await Promise.all(files.map((file) => readFile(file))));
}

function firstPost(history: History, where: (id: PostId) => boolean = () => true): PostId {
  const id = [...history.left.keys()].find(where);
  assert.ok(id);
  return id;
}

/** The promises of the Store port, run on every implementation. */
export function describeStore(subject: StoreSubject): void {
  const { ids } = subject;

  const holds = async (folder: string, store: Store, history: Pick<History, "left">) => {
    assert.ok(subject.totals || ids, "totals or ids: expected at least one of them");
    if (subject.totals) assert.deepEqual(await subject.totals(folder, store), expectedTotals(history));
    if (ids) assert.deepEqual([...(await ids(folder, store))].sort(), [...history.left.keys()].sort());
  };
  const use = (run: (store: Store, folder: string) => Promise<void>) =>
    withFolder(async (folder) => {
      await using store = await subject.open(folder);
      await run(store, folder);
    });

  describe(`${subject.name} as a store`, () => {
    test("a new store stands nowhere and holds nothing", () =>
      use(async (store, folder) => {
        assert.equal((await store.positions()).size, 0);
        assert.equal((await store.size()).posts, 0);
        await holds(folder, store, { left: new Map() });
      }));

    test("after a flush it holds what a history of posts, edits, counts, terms, deletes and erasures leaves", () =>
      use(async (store, folder) => {
        const history = makeRandomHistory(1, 600);
        await hand(store, handoversOf(history.entries, 37));
        await store.flush();
        await holds(folder, store, history);
        if (ids) assert.equal((await store.size()).posts, history.left.size);
      }));

    test("the same changes in one batch or one by one leave the same", () =>
      use(async (store, folder) => {
        const history = makeRandomHistory(2, 200);
        await hand(store, handoversOf(history.entries, 1));
        await store.flush();
        await holds(folder, store, history);
        await withFolder(async (other) => {
          await using whole = await subject.open(other);
          await hand(whole, handoversOf(history.entries, 1_000));
          await whole.flush();
          await holds(other, whole, history);
        });
      }));

    test("positions tell what is durable, and a reopened store goes on from there", () =>
      withFolder(async (folder) => {
        const history = makeRandomHistory(3, 300);
        const half = history.entries.slice(0, 150);
        {
          await using store = await subject.open(folder);
          await hand(store, handoversOf(half, 20));
          await store.flush();
          const positions = await store.positions();
          for (const [partition, group] of Map.groupBy(half, ({ change }) => change.partition)) {
            const last = group.at(-1);
            assert.ok(last);
            assert.deepEqual(positions.get(partition), positionAfter(last));
          }
        }
        await using store = await subject.open(folder);
        await hand(store, handoversOf(history.entries, 20, await store.positions()));
        await store.flush();
        await holds(folder, store, history);
      }));

    test("closing flushes what was applied", () =>
      withFolder(async (folder) => {
        const history = makeRandomHistory(4, 100);
        {
          await using store = await subject.open(folder);
          await hand(store, handoversOf(history.entries, 100));
        }
        await using store = await subject.open(folder);
        assert.equal(handoversOf(history.entries, 100, await store.positions()).length, 0);
        await holds(folder, store, history);
      }));

    test("an empty batch moves the position", () =>
      use(async (store) => {
        const upTo = new Map([[0, { offset: 12, from: { offset: 30, index: 1 }, generation: 0 }]]);
        await store.apply([], upTo);
        await store.flush();
        assert.deepEqual(await store.positions(), upTo);
      }));

    test("a change that is handed over again after a failure is counted once", () =>
      use(async (store, folder) => {
        const history = makeRandomHistory(5, 200);
        const handovers = handoversOf(history.entries, 25);
        await hand(store, handovers.slice(0, 6));
        await hand(store, handoversOf(history.entries, 25, await store.positions()));
        await store.flush();
        await holds(folder, store, history);
      }));

    test("batches of several partitions that come at the same time are all applied", () =>
      use(async (store, folder) => {
        const history = makeRandomHistory(6, 300, 4);
        const byPartition = Map.groupBy(history.entries, ({ change }) => change.partition);
        await Promise.all([...byPartition.values()].map((entries) => hand(store, handoversOf(entries, 10))));
        await store.flush();
        await holds(folder, store, history);
      }));

    test("a delete of a post that never came leaves nothing", () =>
      use(async (store, folder) => {
        const history = makeHistory();
        history.remove(makePostId(7));
        await hand(store, handoversOf(history.entries, 10));
        await store.flush();
        await holds(folder, store, history);
      }));

    test("one source is removed whole, and the rest stays", () =>
      use(async (store, folder) => {
        const history = makeRandomHistory(8, 300);
        await hand(store, handoversOf(history.entries, 50));
        const { removedPosts } = await store.removeSource("world");
        const left = new Map([...history.left].filter(([, post]) => post.source !== "world"));
        if (ids) assert.equal(removedPosts, history.left.size - left.size);
        await holds(folder, store, { left });
      }));

    test("maintenance pays its debt and changes nothing that is shown", () =>
      use(async (store, folder) => {
        const history = makeRandomHistory(9, 400);
        await hand(store, handoversOf(history.entries, 15));
        await store.flush();
        await maintainAll(store, false);
        await holds(folder, store, history);
        await maintainAll(store, true);
        await holds(folder, store, history);
      }));

    if (subject.inFolder) describeCrashes(subject, holds);
    if (ids) describePosts(subject, ids, use, holds);
  });
}

type Holds = (folder: string, store: Store, history: Pick<History, "left">) => Promise<void>;

function describeCrashes(subject: StoreSubject, holds: Holds): void {
  test("whatever moment of applying a crash leaves, handing over from its positions completes it exactly", () =>
    withFolder(async (root) => {
      const history = makeRandomHistory(20, 500);
      const live = path.join(root, "live");
      await mkdir(live);
      const copies: string[] = [];
      {
        // Copied without a turn of the event loop within, so that no write of this thread is torn by the copy.
        const crash = () => {
          const copy = path.join(root, `crash-${copies.length}`);
          cpSync(live, copy, { recursive: true });
          copies.push(copy);
        };
        await using store = await subject.open(live, crash);
        for (const [index, { changes, upTo }] of handoversOf(history.entries, 12).entries()) {
          await store.apply(changes, upTo);
          crash();
          if (index % 5 === 4) await store.flush();
          if (index % 17 === 16) await store.maintain({ forget: index % 2 === 0 });
          await setImmediate();
          crash();
        }
      }
      assert.ok(copies.length >= 3, `copies: expected at least 3, came ${copies.length}`);
      for (let index = 0; index < copies.length; index += Math.ceil(copies.length / 40)) await completes(subject, copies[index] ?? live, history, holds);
    }));
}

async function completes(subject: StoreSubject, folder: string, history: History, holds: Holds): Promise<void> {
  await using store = await subject.open(folder);
  await hand(store, handoversOf(history.entries, 30, await store.positions()));
  await store.flush();
  await holds(folder, store, history);
}

type Ids = NonNullable<StoreSubject["ids"]>;
type Use = (run: (store: Store, folder: string) => Promise<void>) => Promise<void>;

function describePosts(subject: StoreSubject, ids: Ids, use: Use, holds: Holds): void {
  test("a deleted post is gone from results once apply resolves", () =>
    use(async (store, folder) => {
      const history = makeRandomHistory(30, 120);
      await hand(store, handoversOf(history.entries, 200));
      await store.flush();
      const before = history.entries.length;
      const id = firstPost(history);
      history.remove(id);
      await hand(store, handoversOf(history.entries.slice(before), 10));
      assert.ok(!(await ids(folder, store)).includes(id));
    }));

  test("a post that an edit moves to another month is shown once", () =>
    use(async (store, folder) => {
      const history = makeHistory();
      history.post(makePost(1, { createdAt: Date.UTC(2026, 9, 31, 23, 59) }));
      await hand(store, handoversOf(history.entries, 10));
      await store.flush();
      history.post(makePost(1, { createdAt: Date.UTC(2026, 10, 1), revision: 1 }));
      await hand(store, handoversOf(history.entries.slice(1), 10));
      await store.flush();
      assert.deepEqual(await ids(folder, store), [makePostId(1)]);
      await holds(folder, store, history);
    }));

  test("erasing an author hides the posts made up to that time, and keeps later ones", () =>
    use(async (store, folder) => {
      const history = makeHistory();
      for (let number = 0; number < 60; number++) history.post(makePost(number));
      await hand(store, handoversOf(history.entries, 25));
      const author = makeAuthorId(3);
      const upToMs = historyStartMs + 33_000;
      const proof = await store.erase(author, upToMs);
      const left = new Map([...history.left].filter(([, post]) => post.author !== author || post.createdAt > upToMs));
      assert.equal(proof.removedPosts, 60 - left.size);
      await holds(folder, store, { left });
      assert.deepEqual([...(await store.find(author)).posts].sort(), [43, 53].map(makePostId).sort());
    }));

  test("find names every post of an author, flushed or not", () =>
    use(async (store) => {
      const history = makeRandomHistory(31, 300);
      await hand(store, handoversOf(history.entries, 40));
      const author = makeAuthorId(5);
      const expected = [...history.left.values()].filter((post) => post.author === author).map(({ id }) => id);
      const found = await store.find(author);
      assert.ok(expected.length > 0);
      assert.deepEqual([...found.posts].sort(), expected.sort());
      assert.deepEqual((await store.find(makeAuthorId(999))).posts, []);
    }));

  test("an erasure counts once, also when its changes come through the log afterwards", () =>
    use(async (store, folder) => {
      const history = makeRandomHistory(32, 200);
      await hand(store, handoversOf(history.entries, 50));
      const before = history.entries.length;
      const author = makeAuthorId(2);
      await store.erase(author, Date.UTC(2100, 0, 1));
      assert.equal((await store.erase(author, Date.UTC(2100, 0, 1))).removedPosts, 0);
      history.erase(author);
      await hand(store, handoversOf(history.entries.slice(before), 10));
      await store.flush();
      await holds(folder, store, history);
    }));

  test("posts older than a time expire, in the middle of a month too", () =>
    use(async (store, folder) => {
      const history = makeRandomHistory(33, 300);
      await hand(store, handoversOf(history.entries, 50));
      const beforeMs = Date.UTC(2026, 10, 8, 12);
      const left = new Map([...history.left].filter(([, post]) => post.createdAt >= beforeMs));
      const { removedPosts } = await store.expire(beforeMs);
      assert.equal(removedPosts, history.left.size - left.size);
      await holds(folder, store, { left });
    }));

  if (subject.plainBytes) {
    test("after forgetting, neither words nor ids nor authors of the deleted are in any file", () =>
      use(async (store, folder) => {
        const history = makeHistory();
        for (let number = 0; number < 400; number++)
          history.post(makePost(number, { author: makeAuthorId(number % 40), text: `common words of the test ${uniqueWord(number)}`, hashtags: [`tag${number % 50}x`] }));
        await hand(store, handoversOf(history.entries, 60));
        await store.flush();
        const before = history.entries.length;
        for (let number = 0; number < 400; number += 50) history.remove(makePostId(number));
        history.erase(makeAuthorId(7));
        await hand(store, handoversOf(history.entries.slice(before), 60));
        await store.flush();
        await maintainAll(store, true);
        const bytes = await bytesBelow(folder);
        for (const number of [0, 50, 350, 7, 47, 367]) {
          assert.ok(!bytes.includes(uniqueWord(number)), `word of ${number}`);
          assert.ok(!bytes.includes(idBytes(makePostId(number))), `id of ${number}`);
          assert.ok(!bytes.includes(makePostId(number)), `id of ${number} as text`);
        }
        assert.ok(!bytes.includes(idBytes(makeAuthorId(7))), "author");
        assert.ok(!bytes.includes("tag0x"), "a hashtag that only the deleted bore");
        assert.ok(bytes.includes(idBytes(makePostId(1))) || bytes.includes(makePostId(1)), "the scan sees what is left");
        await holds(folder, store, history);
      }));
  }
}
