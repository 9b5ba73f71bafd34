import assert from "node:assert/strict";
import { mkdtemp, rename, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { EarshotError } from "../core/errors.ts";
import { contributionOf } from "../core/event.ts";
import type { Files } from "../core/files.ts";
import { type Lake, openLake } from "./lake.ts";
import { makeFileManifest } from "./lake-manifest.ts";
import { hand } from "./store.contract.ts";
import { expectedTotals, handoversOf, type History, historyStartMs, makeAuthorId, makeHistory, makePost, makePostId, totalsOf } from "./store.fixtures.ts";

const disk = makeDiskFiles();

interface CutFiles extends Files {
  readonly operations: number;
  /** What was not synced is forgotten: names go back, contents are torn. */
  powerCut(): Promise<void>;
}

/** The real disk up to operation `stopAt`, which fails as every later one does: the process is dead. */
function makeCutFiles(stopAt: number): CutFiles {
  let operations = 0;
  const renamed = new Map<string, string>();
  const removed = new Map<string, string>();
  const unsynced = new Set<string>();
  const step = <T>(work: () => Promise<T>): Promise<T> => {
    if (++operations >= stopAt) return Promise.reject(new EarshotError("FOLDER_UNUSABLE", "the process is dead"));
    return work();
  };
  return {
    get operations() {
      return operations;
    },
    open: (file, mode) => step(() => disk.open(file, mode)),
    read: (file) => disk.read(file),
    replace: (file, bytes) => step(() => disk.replace(file, bytes)),
    rename: (from, to) =>
      step(async () => {
        await disk.rename(from, to);
        renamed.set(to, from);
        if (unsynced.delete(from) || !synced.has(from)) unsynced.add(to);
      }),
    remove: (file) =>
      step(async () => {
        await disk.rename(file, `${file}.removed`);
        removed.set(file, `${file}.removed`);
      }),
    list: (folder) => disk.list(folder),
    makeFolder: (folder) => step(() => disk.makeFolder(folder)),
    removeFolder: (folder) => step(() => disk.removeFolder(folder)),
    sizeBytes: (file) => disk.sizeBytes(file),
    syncFolder: (folder) =>
      step(async () => {
        for (const to of renamed.keys()) if (path.dirname(to) === folder) renamed.delete(to);
        for (const [file, kept] of removed) if (path.dirname(file) === folder && removed.delete(file)) await rm(kept);
      }),
    syncPath: (file) =>
      step(async () => {
        synced.add(file);
        unsynced.delete(file);
      }),
    freeBytes: (file) => disk.freeBytes(file),
    async powerCut() {
      for (const file of unsynced) await truncate(file, 10);
      for (const [to, from] of renamed) await rename(to, from);
      for (const [file, kept] of removed) await rename(kept, file);
    },
  };
}
const synced = new Set<string>();

const open = (folder: string, files: Files) =>
  openLake({
    folder,
    files,
    clock: makeFakeClock(Date.UTC(2026, 10, 22)),
    manifest: makeFileManifest(files, folder),
    limits: { bufferedChanges: 12 },
    compaction: { stepRows: 200, freshFiles: 2, joinFiles: 2, bucketRows: 30, graceMs: 0 },
  });

async function live(lake: Lake, history: History): Promise<void> {
  for (const [index, handover] of handoversOf(history.entries, 6).entries()) {
    await hand(lake, [handover]);
    if (index % 3 === 2) await lake.maintain({ forget: false });
    if (index % 4 === 3) await lake.maintain({ forget: true });
  }
}

/** Closing flushes, which a dead process cannot. */
async function closed(lake: Lake): Promise<void> {
  try {
    await lake[Symbol.asyncDispose]();
  } catch (error) {
    assert.ok(error instanceof EarshotError);
  }
}

/** Two dates of one platform: every kind of change, in few files. */
function makeShortHistory(): History {
  const history = makeHistory(1);
  for (let number = 0; number < 40; number++) {
    history.post(makePost(number, { createdAt: historyStartMs + number * 3_600_000 }));
    if (number % 4 === 1) history.counts(makePostId(number - 1), { likes: number, views: 7 });
    if (number % 5 === 2) history.post(makePost(number - 2, { createdAt: historyStartMs + (number - 2) * 3_600_000, revision: 1, text: "edited" }));
    if (number % 6 === 3) history.remove(makePostId(number - 3));
    if (number === 30) history.erase(makeAuthorId(5));
  }
  return history;
}

for (const power of [false, true]) {
  test(`${power ? "a power cut" : "a kill"} at any file operation of writing, compacting and forgetting loses and doubles nothing`, async () => {
    const history = makeShortHistory();
    let finished = false;
    for (let stopAt = power ? 4 : 2; !finished; stopAt += 11) {
      const folder = await mkdtemp(path.join(tmpdir(), "earshot-lake-"));
      const files = makeCutFiles(stopAt);
      try {
        const lake = await open(folder, files).catch(() => undefined);
        if (lake !== undefined) {
          finished = await live(lake, history).then(
            () => true,
            () => false,
          );
          await closed(lake);
        }
        if (power) await files.powerCut();
        await using again = await open(folder, disk);
        await hand(again, handoversOf(history.entries, 30, await again.positions()));
        await again.flush();
        const { posts } = await again.reader.posts({}, 10_000);
        assert.deepEqual(totalsOf(posts.map(contributionOf)), expectedTotals(history), `cut at operation ${stopAt}`);
        assert.deepEqual(posts.map(({ id }) => id).sort(), [...history.left.keys()].sort());
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    }
  });
}
