import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { EarshotError } from "../core/errors.ts";
import type { Files } from "../core/files.ts";
import { type Lake, type LakeOptions, openLake } from "./lake.ts";
import { openLakeEngine, quoted } from "./lake-engine.ts";
import { emptyLakeState, makeFileManifest } from "./lake-manifest.ts";
import { hand } from "./store.contract.ts";
import { handoversOf, type History, historyStartMs, makeAuthorId, makeHistory, makePost, makePostId } from "./store.fixtures.ts";

const disk = makeDiskFiles();

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-lake-"));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const clock = makeFakeClock(Date.UTC(2026, 10, 22));
const open = (folder: string, options: Partial<LakeOptions> = {}) => openLake({ folder, files: disk, clock, manifest: makeFileManifest(disk, folder), ...options });

async function filled(lake: Lake, history: History, from = 0): Promise<void> {
  await hand(lake, handoversOf(history.entries.slice(from), 100));
  await lake.flush();
}

async function settled(lake: Lake, forget: boolean): Promise<void> {
  while ((await lake.maintain({ forget })).owed > 0);
}

/** 1,600 posts of forty authors in one day of one platform. */
function makeDay(): History {
  const history = makeHistory(1);
  for (let number = 0; number < 1_600; number++) history.post(makePost(number, { author: makeAuthorId(number % 40), createdAt: historyStartMs + number * 50_000 }));
  return history;
}
const bucketed = { limits: { bufferedChanges: 400 }, compaction: { freshFiles: 2, bucketRows: 500 } };

test("forgetting one author rewrites the files of the author's bucket and no other", () =>
  withFolder(async (folder) => {
    const history = makeDay();
    await using lake = await open(folder, bucketed);
    await filled(lake, history);
    await settled(lake, false);
    const before = new Set(lake.state().files.map((file) => file.path));
    assert.deepEqual(new Set(lake.state().files.map((file) => file.buckets)), new Set([8]));
    const proof = await lake.erase(makeAuthorId(7), Date.UTC(2100, 0, 1));
    assert.deepEqual([proof.removedPosts, proof.physical], [40, false]);
    await settled(lake, true);
    const after = lake.state().files;
    assert.equal(after.filter((file) => !before.has(file.path)).length, 1);
    assert.equal(after.length, before.size);
    assert.deepEqual(lake.state().rules, []);
    assert.deepEqual(await lake.erase(makeAuthorId(7), Date.UTC(2100, 0, 1)), { store: "lake", removedPosts: 0, physical: true });
  }));

test("rows lie sorted by time within each file, and a date's files hold that date alone", () =>
  withFolder(async (folder) => {
    const history = makeDay();
    await using lake = await open(folder, bucketed);
    await filled(lake, history);
    await settled(lake, false);
    await using engine = await openLakeEngine({ temporaryFolder: path.join(folder, "own"), memoryLimitBytes: 64 << 20, temporaryLimitBytes: 1 << 20, threads: 1 });
    for (const file of lake.state().files) {
      const rows = await engine.rows(`SELECT epoch_ms(created_at)::DOUBLE AS ms FROM read_parquet(${quoted(`${folder}/${file.path}`)}, hive_partitioning = false)`);
      const times = rows.map((row) => Number(row["ms"]));
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      );
      assert.deepEqual([times[0], times.at(-1), times.length], [file.fromMs, file.toMs, file.rows]);
      assert.equal(new Date(file.fromMs).toISOString().slice(0, 10), file.date);
      assert.equal(new Date(file.toMs).toISOString().slice(0, 10), file.date);
    }
  }));

test("patches that are folded in are dropped with the rows they were for", () =>
  withFolder(async (folder) => {
    const history = makeDay();
    await using lake = await open(folder, bucketed);
    await filled(lake, history);
    await settled(lake, false);
    const before = history.entries.length;
    for (let number = 0; number < 1_600; number++) history.counts(makePostId(number), { likes: number });
    await filled(lake, history, before);
    await settled(lake, false);
    assert.ok(
      lake.state().files.some((file) => file.dataset === "patches"),
      "too few to fold are kept",
    );
    for (let number = 0; number < 1_600; number += 3) history.remove(makePostId(number));
    await filled(lake, history, before + 1_600);
    await settled(lake, true);
    assert.deepEqual(
      lake.state().files.filter((file) => file.dataset === "patches"),
      [],
    );
    const { groups } = await lake.reader.groups({}, { by: [] });
    assert.deepEqual(
      groups.map(({ posts, likes }) => [posts, likes]),
      [[1_066, 852_267]],
    );
  }));

test("steps that need more memory than there is are taken in halves, and end", () =>
  withFolder(async (folder) => {
    const history = makeHistory(1);
    for (let number = 0; number < 6_000; number++) history.post(makePost(number, { text: `${number} `.repeat(700) }));
    await using lake = await open(folder, { limits: { bufferedChanges: 500, memoryBytes: 24 << 20 }, compaction: { freshFiles: 4 } });
    await filled(lake, history);
    await settled(lake, false);
    assert.equal((await lake.size()).posts, 6_000);
  }));

test("a full disk loses nothing: the changes stay, the next try writes them, and no more are taken meanwhile", () =>
  withFolder(async (folder) => {
    let full = false;
    const files: Files = {
      ...disk,
      syncPath: (file) => (full ? Promise.reject(new EarshotError("DISK_FULL", `${file}: no space is left on the disk`)) : disk.syncPath(file)),
    };
    const history = makeDay();
    const handovers = handoversOf(history.entries, 100);
    await using lake = await open(folder, { files, limits: { bufferedChanges: 250 } });
    full = true;
    let refused = 0;
    for (const handover of handovers.slice(0, 8)) await lake.apply(handover.changes, handover.upTo).catch(() => refused++);
    assert.ok(refused >= 5, `${refused} refused`);
    assert.equal((await lake.positions()).size, 0);
    full = false;
    await hand(lake, handovers);
    await lake.flush();
    assert.equal((await lake.size()).posts, 1_600);
    assert.deepEqual((await lake.positions()).get(0)?.offset, 1_600);
  }));

test("a file without a name in the manifest is swept on open; one that is missing refuses the open", () =>
  withFolder(async (folder) => {
    {
      await using lake = await open(folder);
      await filled(lake, makeDay());
    }
    const [fresh = ""] = await readdir(path.join(folder, "fresh"));
    await disk.replace(path.join(folder, "fresh", "orphan.parquet"), Buffer.from("half"));
    await (await open(folder))[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(path.join(folder, "fresh")), [fresh]);
    await rm(path.join(folder, "fresh", fresh));
    await assert.rejects(open(folder), { code: "STORE_CORRUPT" });
  }));

test("files of an older format, which lack columns, stay readable beside new ones", () =>
  withFolder(async (folder) => {
    await using engine = await openLakeEngine({ temporaryFolder: path.join(folder, "own"), memoryLimitBytes: 64 << 20, temporaryLimitBytes: 1 << 20, threads: 1 });
    const manifest = makeFileManifest(disk, folder);
    {
      await using lake = await open(folder, { manifest });
      await filled(lake, makeDay());
    }
    const state = await manifest.load();
    const [file] = state.files;
    assert.ok(file);
    const older = "fresh/older.parquet";
    await engine.run(`COPY (SELECT * EXCLUDE (notes, extra) FROM read_parquet(${quoted(`${folder}/${file.path}`)})) TO ${quoted(`${folder}/${older}`)} (FORMAT parquet)`);
    await manifest.commit({ version: state.version, seq: state.seq, add: [{ ...file, path: older, format: 0 }], remove: [file.path] });
    await using lake = await open(folder, { manifest });
    assert.equal((await lake.reader.posts({}, 5_000)).posts.length, 1_600);
    const history = makeHistory(1);
    for (let number = 2_000; number < 2_100; number++) history.post(makePost(number));
    await lake.apply(
      history.entries.map(({ change }) => ({ ...change, partition: 1 })),
      new Map([[1, { offset: 100, from: { offset: 999, index: 0 }, generation: 0 }]]),
    );
    await lake.flush();
    assert.equal((await lake.reader.posts({}, 5_000)).posts.length, 1_700);
  }));

test("a lake works in a worker thread while another reads its files in the main thread", () =>
  withFolder(async (folder) => {
    const source = `
      import { workerData, parentPort } from "node:worker_threads";
      const [{ openLake }, { makeFileManifest }, { makeDiskFiles }, { makeFakeClock }, fixtures] = await Promise.all(workerData.modules.map((module) => import(module)));
      const files = makeDiskFiles();
      const lake = await openLake({ folder: workerData.folder, files, clock: makeFakeClock(0), manifest: makeFileManifest(files, workerData.folder) });
      const history = fixtures.makeHistory(1);
      for (let number = 0; number < 500; number++) history.post(fixtures.makePost(number));
      for (const { changes, upTo } of fixtures.handoversOf(history.entries, 100)) await lake.apply(changes, upTo);
      await lake[Symbol.asyncDispose]();
      parentPort.postMessage("closed");`;
    const modules = ["./lake.ts", "./lake-manifest.ts", "../core/disk-files.ts", "../core/clock.ts", "./store.fixtures.ts"].map((name) => new URL(name, import.meta.url).href);
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: { folder, modules } });
    await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    await worker.terminate();
    await using lake = await open(folder);
    assert.equal((await lake.size()).posts, 500);
    assert.notEqual(lake.state().version, emptyLakeState.version);
  }));
