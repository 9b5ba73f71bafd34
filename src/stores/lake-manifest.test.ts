import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { makeFakeClock } from "../core/clock.ts";
import { makeDiskFiles } from "../core/disk-files.ts";
import { contributionOf } from "../core/event.ts";
import { type Lake, openLake } from "./lake.ts";
import { type LakeFile, type LakeManifest, type LakeState, makeFileManifest, makeFileManifestReader } from "./lake-manifest.ts";
import { lakeMigrations, makeCatalogManifest } from "./lake-manifest-catalog.ts";
import { describeStore } from "./store.contract.ts";
import { makeAuthorId, totalsOf } from "./store.fixtures.ts";

const files = makeDiskFiles();
let postgres: TestPostgres;
let folder: string;
before(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(path.join(tmpdir(), "earshot-manifest-"));
});
after(async () => {
  await postgres[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const file = (name: string, seq: number): LakeFile => ({
  path: `posts/platform=bluesky/date=2026-11-22/${name}.parquet`,
  dataset: "posts",
  level: 1,
  format: 1,
  platform: "bluesky",
  date: "2026-11-22",
  bucket: 3,
  buckets: 8,
  seq,
  rows: 1_000,
  sizeBytes: 81_000,
  fromMs: 1_795_305_600_000,
  toMs: 1_795_305_999_999,
});
const positions = new Map([[2, { offset: 5_000_000_000, from: { offset: 7, index: 1 }, generation: 3 }]]);

/** What a state holds, in an order that does not depend on the manifest. */
function settled(state: LakeState): unknown {
  return { ...state, files: state.files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), positions: [...state.positions] };
}

function describeManifest(name: string, open: (own: string) => Promise<LakeManifest>): void {
  describe(`the manifest as ${name}`, () => {
    test("begins empty, at version 0", async () => {
      const state = await (await open("empty")).load();
      assert.deepEqual([state.version, state.seq, state.files.length, state.positions.size], [0, 0, 0, 0]);
    });

    test("keeps files, rules, garbage and positions of its commits, also for the next to open it", async () => {
      const manifest = await open("kept");
      await manifest.load();
      const first = await manifest.commit({ version: 0, seq: 1, add: [file("a", 1), file("b", 1)], positions });
      const rules = [
        { seq: 2, author: makeAuthorId(1), upToMs: 1_795_305_600_000 },
        { seq: 3, source: "world" },
      ];
      const second = await manifest.commit({ version: first.version, seq: 3, add: [file("c", 1)], remove: [file("a", 1).path], removedAt: 50, addRules: rules });
      assert.deepEqual(settled(await (await open("kept")).load()), settled(second));
      assert.deepEqual(second.garbage, [{ path: file("a", 1).path, removedAt: 50 }]);
      const third = await manifest.commit({ version: second.version, seq: 3, swept: [file("a", 1).path], dropRules: [2] });
      assert.deepEqual(settled(await (await open("kept")).load()), settled(third));
      assert.deepEqual([third.garbage, third.rules], [[], rules.slice(1)]);
      assert.deepEqual(third.positions, positions);
    });

    test("gives the known state itself while nothing was committed", async () => {
      const manifest = await open("known");
      await manifest.load();
      const state = await manifest.commit({ version: 0, seq: 1, add: [file("a", 1)] });
      assert.equal(await manifest.load(state), state);
    });

    test("refuses an edit of an older version, and changes nothing", async () => {
      const manifest = await open("conflict");
      await manifest.load();
      await manifest.commit({ version: 0, seq: 1, add: [file("a", 1)] });
      await assert.rejects(manifest.commit({ version: 0, seq: 1, add: [file("b", 1)] }), { code: "CONFLICT" });
      assert.equal((await (await open("conflict")).load()).files.length, 1);
    });

    test("refuses to remove a file that it does not name", async () => {
      const manifest = await open("absent");
      await manifest.load();
      await assert.rejects(manifest.commit({ version: 0, seq: 1, remove: ["posts/none.parquet"] }), { code: "INVARIANT" });
    });
  });
}

const inFile = async (own: string): Promise<LakeManifest> => {
  await files.makeFolder(path.join(folder, own));
  return makeFileManifest(files, path.join(folder, own));
};
const inCatalog = async (own: string): Promise<LakeManifest> => makeCatalogManifest(await postgres.database("manifest", lakeMigrations), own);
describeManifest("a file", inFile);
describeManifest("tables of the catalog", inCatalog);

test("two writers of one lake in the catalog: the second to commit is refused", async () => {
  const [one, other] = [await inCatalog("two"), await inCatalog("two")];
  await one.load();
  await other.load();
  await one.commit({ version: 0, seq: 1, add: [file("a", 1)] });
  await assert.rejects(other.commit({ version: 0, seq: 1, add: [file("b", 1)] }), { code: "CONFLICT" });
});

test("a reader of the file sees the newest commit, and the known state while there is none", async () => {
  const manifest = await inFile("reader");
  const reader = makeFileManifestReader(files, path.join(folder, "reader"));
  assert.equal((await reader.load()).version, 0);
  await manifest.load();
  await manifest.commit({ version: 0, seq: 1, add: [file("a", 1)] });
  const seen = await reader.load();
  assert.equal(seen.files.length, 1);
  assert.equal(await reader.load(seen), seen);
});

test("a manifest file with a turned bit, or of a newer format, is refused and not repaired", async () => {
  const manifest = await inFile("damaged");
  await manifest.load();
  await manifest.commit({ version: 0, seq: 1, add: [file("a", 1)] });
  const target = path.join(folder, "damaged", "manifest.json");
  const bytes = await readFile(target);
  bytes[120] = (bytes[120] ?? 0) ^ 1;
  await writeFile(target, bytes);
  await assert.rejects(makeFileManifest(files, path.join(folder, "damaged")).load(), { code: "STORE_CORRUPT" });
});

const lakes = new WeakMap<object, Lake>();
const postsOf = async (store: object) => (await lakes.get(store)?.reader.posts({}, 1_000_000))?.posts ?? [];
describeStore({
  name: "lake with its manifest in the catalog",
  inFolder: false,
  async open(own) {
    const manifest = await inCatalog(own);
    const lake = await openLake({ folder: own, files, clock: makeFakeClock(Date.UTC(2026, 10, 22)), manifest, limits: { bufferedChanges: 90 } });
    lakes.set(lake, lake);
    return lake;
  },
  totals: async (_folder, store) => totalsOf((await postsOf(store)).map(contributionOf)),
  ids: async (_folder, store) => (await postsOf(store)).map(({ id }) => id),
});
