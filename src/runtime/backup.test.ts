import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { EarshotError } from "../core/errors.ts";
import { exportErasures, takeBackup } from "./backup.ts";
import { makeHome, type Home, tell, told } from "./backup.fixtures.ts";
import { type RestoreOptions, restoreBackup, verifyBackup } from "./backup-restore.ts";

const home = await makeHome();
const backup = join(home.folder, "backup");
const erasuresFile = join(home.folder, "erasures.json");
const native = (author: string) => `did:native:${author}`;
after(() => home[Symbol.asyncDispose]());

function restore(where: Home, options: Partial<RestoreOptions> = {}) {
  return restoreBackup({ ...where.context, from: backup, force: false, withoutErasures: false, forgetWithinHours: 24, ...options });
}

function isCode(code: string, pattern?: RegExp) {
  return (error: unknown) => error instanceof EarshotError && error.code === code && (pattern === undefined || pattern.test(error.message));
}

describe("a backup and its restore", () => {
  test("a folder without data is refused, and none is made", async () => {
    await assert.rejects(takeBackup({ ...home.context, out: backup }), isCode("NOT_FOUND"));
    assert.equal(existsSync(home.data), false);
  });

  test("a backup is refused while Earshot runs, with what to do", async () => {
    await home.running(async (system) => {
      await tell(system, [
        { author: "alice", text: "lantern by alice" },
        { author: "alice", text: "harbour by alice" },
        { author: "berta", text: "lantern by berta" },
        { author: "carla", text: "lantern by carla" },
      ]);
      assert.ok((await system.engine.find(native("alice"))).total > 0);
    });
    await home.running(() => assert.rejects(takeBackup({ ...home.context, out: backup }), isCode("FOLDER_IN_USE", /stop it/)));
  });

  test("it counts the posts, holds no lock and no running process's file, and is for its owner only", async () => {
    const { manifest } = await takeBackup({ ...home.context, out: backup });
    assert.equal(manifest.posts, 4);
    assert.equal(statSync(backup).mode & 0o077, 0);
    const names = readdirSync(join(backup, "files"));
    for (const name of ["format.json", "keys", "log", "ledger", "identities", "lake", "search"]) assert.ok(names.includes(name), name);
    for (const name of ["earshot.lock", "run.json", "postgres"]) assert.ok(!names.includes(name), name);
    for (const path of manifest.files.map((file) => file.path)) assert.equal(statSync(join(backup, path)).mode & 0o077, 0, path);
    assert.equal((await verifyBackup({ ...home.context, from: backup })).createdAt, manifest.createdAt);
  });

  test("the second one links the files that never change, and takes the place of the first", async () => {
    const first = await verifyBackup({ ...home.context, from: backup });
    const parquet = first.files.filter((file) => file.path.endsWith(".parquet"));
    assert.ok(parquet.length > 0);
    const before = parquet.map((file) => statSync(join(backup, file.path)).ino);
    const { manifest, linkedBytes } = await takeBackup({ ...home.context, out: backup });
    assert.ok(linkedBytes >= parquet.reduce((sum, file) => sum + file.sizeBytes, 0));
    assert.deepEqual(
      parquet.map((file) => statSync(join(backup, file.path)).ino),
      before,
    );
    assert.ok(manifest.createdAt > first.createdAt);
    assert.deepEqual(
      readdirSync(home.folder).filter((name) => name.startsWith("backup")),
      ["backup"],
    );
  });

  test("a folder that holds something else is not written into", async () => {
    await assert.rejects(takeBackup({ ...home.context, out: home.folder }), isCode("CONFLICT"));
    await assert.rejects(takeBackup({ ...home.context, out: join(home.data, "inside") }), isCode("USAGE"));
  });

  test("data that stand there are refused without --force", async () => {
    await assert.rejects(restore(home), isCode("FOLDER_UNUSABLE", /--force/));
  });

  test("every damaged or missing file is named, and nothing is restored", async () => {
    const copy = join(home.folder, "damaged");
    await cp(backup, copy, { recursive: true });
    const manifest = await verifyBackup({ ...home.context, from: copy });
    const [first, second, third] = manifest.files.filter((file) => file.sizeBytes > 100).map((file) => file.path);
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const bytes = await readFile(join(copy, first));
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await writeFile(join(copy, first), bytes);
    await rm(join(copy, second));
    await writeFile(join(copy, third), "short");
    const place = statSync(home.data).ino;
    await assert.rejects(restore(home, { from: copy, force: true }), (error) => {
      assert.ok(error instanceof EarshotError && error.code === "STORE_CORRUPT");
      for (const path of [first, second, third]) assert.ok(error.message.includes(path), path);
      return true;
    });
    assert.equal(statSync(home.data).ino, place);
    await writeFile(join(copy, "backup.json"), (await readFile(join(copy, "backup.json"), "utf8")).replace('"posts":4', '"posts":5'));
    await assert.rejects(verifyBackup({ ...home.context, from: copy }), isCode("STORE_CORRUPT", /checksum/));
  });
});

describe("who is erased after the backup", () => {
  test("stays erased after a restore over the present data: no search, no lake, no identity, no byte", async () => {
    await home.running(async (system) => {
      const [alice] = await system.engine.resolveAuthor(native("alice"));
      assert.ok(alice !== undefined);
      await system.engine.erase(alice.author, { reason: "subject-request", objection: false, now: true, actor: "test" });
      await tell(system, [{ author: "dora", text: "lantern by dora" }]);
      const whileItRuns = join(home.folder, "erasures-while-it-runs.json");
      assert.equal(await exportErasures({ ...home.context, out: whileItRuns }), 1);
    });
    assert.equal(await exportErasures({ ...home.context, out: erasuresFile }), 1);
    const answer = await restore(home, { force: true });
    assert.equal(answer.erasures, 1);
    assert.ok(answer.movedTo !== undefined && existsSync(join(answer.movedTo, "format.json")));
    await home.running(async (system) => {
      const expected = ["lantern by berta", "lantern by carla"];
      assert.deepEqual(await told(system, "lantern"), { searched: expected, exported: expected });
      assert.deepEqual(await told(system, "harbour"), { searched: [], exported: [] });
      const [erasure] = await system.engine.erasures();
      assert.deepEqual([erasure?.reason, erasure?.state], ["subject-request", "hidden"]);
      // The next one that waits for its bytes to go pays all that is owed.
      const [carla] = await system.engine.resolveAuthor(native("carla"));
      assert.ok(carla !== undefined);
      await system.engine.erase(carla.author, { reason: "subject-request", objection: false, now: true, actor: "test" });
      assert.deepEqual(await system.engine.resolveAuthor(native("alice")), []);
      assert.equal((await system.engine.find(native("alice"))).total, 0);
      assert.deepEqual(
        (await system.engine.erasures()).map((each) => each.state),
        ["gone", "gone"],
      );
    });
  });

  test("stays erased on another machine that knows only the exported register", async () => {
    await using other = await makeHome();
    const answer = await restore(other, { erasuresFile });
    assert.deepEqual([answer.erasures, answer.movedTo], [1, undefined]);
    await other.running(async (system) => {
      assert.deepEqual((await told(system, "by")).searched, ["lantern by berta", "lantern by carla"]);
      const [berta] = await system.engine.resolveAuthor(native("berta"));
      assert.equal(berta?.posts, 1);
    });
  });

  test("would come back where no register can be read, so that is refused until it is accepted", async () => {
    await using other = await makeHome();
    assert.equal((await restore(other)).erasures, 0);
    // That the tests above can fail at all:
    assert.deepEqual((await other.running((system) => told(system, "harbour"))).searched, ["harbour by alice"]);
    await writeFile(join(other.data, "postgres", "data", "PG_VERSION"), "9\n");
    await assert.rejects(restore(other, { force: true }), isCode("POSTGRES_VERSION", /--erasures FILE.*--without-erasures/s));
    assert.equal((await restore(other, { force: true, erasuresFile })).erasures, 1);
    await writeFile(join(other.data, "postgres", "data", "PG_VERSION"), "9\n");
    assert.equal((await restore(other, { force: true, withoutErasures: true })).erasures, 0);
  });

  test("an export made with other keys is refused", async () => {
    const foreign = join(home.folder, "foreign.json");
    await writeFile(foreign, (await readFile(erasuresFile, "utf8")).replace(/"keyCheck":"[0-9a-f]+"/, '"keyCheck":"0000000000000000"'));
    await using other = await makeHome();
    await assert.rejects(restore(other, { erasuresFile: foreign }), isCode("KEY_MISSING"));
    assert.equal(existsSync(other.data), false);
  });
});
