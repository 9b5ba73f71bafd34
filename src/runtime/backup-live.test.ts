import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { type Home, makeHome, tell, told } from "./backup.fixtures.ts";
import { restoreBackup, verifyBackup } from "./backup-restore.ts";
import type { LiveBackupEnd } from "./backup-state.ts";
import { exportErasures } from "./backup.ts";
import type { System } from "./system.ts";

const home = await makeHome();
const backup = `${home.data}-backup`;
const native = (author: string) => `did:native:${author}`;
after(() => home[Symbol.asyncDispose]());

async function ended(system: System): Promise<LiveBackupEnd> {
  const { last } = await whenOver(system);
  return last ?? assert.fail("it did not end");
}
async function whenOver(system: System) {
  for (;;) {
    const state = system.engine.backup.state();
    if (state.running === undefined) return state;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
async function taken(system: System) {
  system.engine.backup.start();
  const last = await ended(system);
  assert.ok("posts" in last, "message" in last ? last.message : "");
  return last;
}

const restore = (where: Home, erasuresFile?: string) =>
  restoreBackup({ ...where.context, from: backup, force: false, withoutErasures: false, forgetWithinHours: 24, ...(erasuresFile !== undefined && { erasuresFile }) });

const perBatch = 25;
const batch = (number: number) => Array.from({ length: perBatch }, (_, i) => ({ author: `writer${i % 7}`, text: `lantern batch${number} line${i}` }));

describe("a backup of a running system", () => {
  test("holds all that was acknowledged before it began, once, and nothing of what came after its moment", async () => {
    await home.running(async (system) => {
      let written = 0;
      let isOver = false;
      const writer = (async () => {
        while (!isOver) {
          await tell(system, batch(written));
          written++;
        }
      })();
      const enough = async (count: number) => {
        while (written < count) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      await enough(3);
      const before = written;
      const last = await taken(system);
      const afterwards = written;
      await enough(afterwards + 2);
      isOver = true;
      await writer;
      assert.ok(last.posts >= before * perBatch, `${last.posts} posts of ${before} batches`);
      assert.ok(last.posts < written * perBatch);
      assert.ok(last.pausedMs > 0 && last.pausedMs <= last.tookMs);
      assert.equal(system.engine.backup.state().folder, backup);

      // The original went on, whole.
      await system.threads.stores.caller.call("drain", undefined);
      const page = await system.engine.count("lantern", {});
      assert.equal(page.posts, written * perBatch);

      await using other = await makeHome();
      const { manifest } = await restore(other);
      assert.equal(manifest.posts, last.posts);
      await other.running(async (restored) => {
        const texts: string[] = [];
        for await (const posts of restored.engine.export("lantern", {}, AbortSignal.timeout(60_000))) texts.push(...posts.map((post) => post.text));
        assert.equal(new Set(texts).size, texts.length, "none is doubled");
        assert.equal(texts.length, last.posts, "as many as the backup says");
        assert.equal((await restored.engine.count("lantern", {})).posts, texts.length, "search and lake agree");
        const batches = new Map<number, number>();
        for (const text of texts) {
          const number = Number(/batch(\d+)/.exec(text)?.[1]);
          batches.set(number, (batches.get(number) ?? 0) + 1);
        }
        const partial = [...batches].filter(([, count]) => count < perBatch).map(([number]) => number);
        const highest = Math.max(...batches.keys());
        assert.ok(highest >= before - 1 && batches.size === highest + 1, "no batch is missing");
        assert.ok(
          partial.every((number) => number === highest),
          `only the last batch may be cut: ${partial.join()}`,
        );
        // What it goes on to take counts on from there, and what it has is known as such.
        await tell(restored, [{ author: "zoe", text: "lantern after the restore" }]);
        const again = await restored.engine.import(
          (async function* () {
            yield Buffer.from(
              `${JSON.stringify({ id: "lantern-batch0-line0", author: native("writer0"), text: "lantern batch0 line0", createdAt: new Date(Date.now() - 3_600_000).toISOString() })}\n`,
            );
          })(),
          { platform: "import" },
        );
        assert.equal(again.duplicate + again.accepted, 1);
        await restored.threads.stores.caller.call("drain", undefined);
        assert.equal((await restored.engine.count("lantern", {})).posts, texts.length + 1);
      });
    });
  });

  test("answers are given while it is taken, one at a time, and nothing of it stays beside the data", async () => {
    await home.running(async (system) => {
      system.engine.backup.start();
      assert.throws(() => system.engine.backup.start(), { code: "CONFLICT" });
      const found = await system.engine.count("lantern", {});
      assert.ok(found.posts > 0);
      assert.ok("posts" in (await ended(system)));
      assert.ok(!readdirSync(home.data).includes(".backup-snapshot"));
      assert.deepEqual(
        readdirSync(home.folder).filter((name) => name.startsWith("data-backup")),
        ["data-backup"],
      );
    });
    await verifyBackup({ ...home.context, from: backup });
  });

  test("whoever is erased while it is taken is gone from the data, and stays erased after a restore", async () => {
    const erasuresFile = join(home.folder, "erasures.json");
    await home.running(async (system) => {
      const [author] = await system.engine.resolveAuthor(native("writer3"));
      assert.ok(author !== undefined);
      system.engine.backup.start();
      const erased = await system.engine.erase(author.author, { reason: "subject-request", objection: false, now: true, actor: "test" });
      assert.equal(erased.state, "gone");
      assert.equal(system.engine.backup.state().running, undefined, "the bytes went when the snapshot was gone");
      assert.equal((await system.engine.find(native("writer3"))).total, 0);
    });
    await exportErasures({ ...home.context, out: erasuresFile });
    await using other = await makeHome();
    await restore(other, erasuresFile);
    await other.running(async (restored) => {
      const { searched, exported } = await told(restored, "line3");
      assert.deepEqual([searched, exported], [[], []]);
    });
  });

  test("one that would hold collection for too long is given up, and everything goes on", async () => {
    await using other = await makeHome();
    await writeFile(other.env["EARSHOT_CONFIG"] ?? "", "export default { world: false, workers: 1, partitions: 2, backup: { mostPauseSeconds: 0.001 } };\n");
    await other.running(async (system) => {
      await tell(system, batch(0));
      system.engine.backup.start();
      const last = await ended(system);
      assert.ok("code" in last && last.code === "LIMIT_REACHED", JSON.stringify(last));
      await tell(system, batch(1));
      await system.threads.stores.caller.call("drain", undefined);
      assert.equal((await system.engine.count("lantern", {})).posts, 2 * perBatch);
      assert.ok(!existsSync(`${other.data}-backup`));
      assert.deepEqual(
        readdirSync(other.folder).filter((name) => name.startsWith("data-backup")),
        [],
      );
    });
  });

  test("what a crash left of one goes with the next start", async () => {
    mkdirSync(join(home.data, ".backup-snapshot", "log"), { recursive: true });
    writeFileSync(join(home.data, ".backup-snapshot", "log", "x"), "x");
    await home.running(async () => assert.ok(!existsSync(join(home.data, ".backup-snapshot"))));
  });

  test("a stop does not wait for a long one, and the earlier backup stays whole", async () => {
    const before = await verifyBackup({ ...home.context, from: backup });
    await home.running((system) => Promise.resolve(system.engine.backup.start()));
    const now = await verifyBackup({ ...home.context, from: backup });
    assert.ok(now.createdAt >= before.createdAt);
    await rm(backup, { recursive: true });
  });
});
