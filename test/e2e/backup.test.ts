import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { parseEnvironment } from "../../src/core/config.ts";
import { makeDiskFiles } from "../../src/core/disk-files.ts";
import { restoreBackup } from "../../src/runtime/backup-restore.ts";
import { startWorld } from "../../world/start.ts";
import { makeArrivals, makeFolder, idsOf, settle, startIn, totalsBy, until } from "./system.fixtures.ts";

const hourMs = 3_600_000;

test("a backup that is taken while a world is collected, restored elsewhere, goes on where it stood: nothing is missing and nothing is there twice", async () => {
  using first = makeFolder();
  using second = makeFolder();
  const sent: string[] = [];
  await using world = await startWorld(
    { seed: "backup", clock: "virtual", nowMs: Date.now() - 4 * hourMs, historyPosts: 1_500, historyHours: 3, accounts: 100, faults: "off", delayFactor: 2 },
    (delivery) => {
      if (delivery.platform === "bluesky") sent.push(delivery.wire);
    },
  );
  const config = { sources: { bluesky: { use: "bluesky", keep: "everything" as const, endpoints: [world.jetstreamUrl], startAt: "oldest" } } };
  const arrivals = makeArrivals();
  {
    await using running = await startIn(first.path, config);
    await until(
      () => "a part of the history has come",
      async () => (await running.system.base.log.state("events")).some(({ next }) => next > 100),
    );
    const before = [...sent];
    running.engine.backup.start();
    world.advanceBy(hourMs);
    await until(
      () => `the backup ends: ${JSON.stringify(running.engine.backup.state().running)}`,
      () => running.engine.backup.state().running === undefined,
    );
    const { last } = running.engine.backup.state();
    assert.ok(last !== undefined && "posts" in last, JSON.stringify(last));
    assert.ok(last.posts > 0 && before.length > 0);
    await arrivals.waitFor(running, [...sent]);
    await settle(running);
    assert.ok((await idsOf(running, "platform:bluesky")).size >= last.posts / 2);
  }
  const environment = parseEnvironment({ EARSHOT_DATA: join(second.path, "data"), EARSHOT_CONFIG: join(second.path, "earshot.config.ts") });
  const context = { environment, files: makeDiskFiles(), clock: systemClock, report: () => undefined };
  const { manifest } = await restoreBackup({ ...context, from: join(first.path, "data-backup"), force: false, withoutErasures: false, forgetWithinHours: 24 });

  const live = [...world.oracle.posts()].filter((truth) => truth.platform === "bluesky" && truth.delivered && truth.deleted === null);
  {
    await using restored = await startIn(second.path, config, { collect: false });
    await settle(restored);
    const stored = await idsOf(restored, "platform:bluesky");
    assert.equal(stored.size, manifest.posts, "the stores hold what the backup says");
    assert.equal((await totalsBy(restored, "platform"))["bluesky"]?.posts, stored.size, "search, lake and sums agree");
    const known = new Set([...world.oracle.posts()].map(({ id }) => restored.pseudonyms.postId("bluesky", id)));
    assert.deepEqual(
      [...stored].filter((id) => !known.has(id)),
      [],
      "nobody made up a post",
    );
  }
  await using restored = await startIn(second.path, config);
  await arrivalsOf(restored, live.length);
  const stored = await idsOf(restored, "platform:bluesky");
  const missing = live.filter(({ id }) => !stored.has(restored.pseudonyms.postId("bluesky", id)));
  assert.deepEqual(
    missing.map(({ id }) => id),
    [],
  );
  assert.equal((await totalsBy(restored, "platform"))["bluesky"]?.posts, stored.size);

  /** From where its own cursor stood; what it had already is not read again. */
  async function arrivalsOf(running: typeof restored, atLeast: number): Promise<void> {
    await until(
      () => "the restored system has caught up with the world",
      async () => {
        await settle(running);
        return (await idsOf(running, "platform:bluesky")).size >= atLeast;
      },
    );
  }
});
