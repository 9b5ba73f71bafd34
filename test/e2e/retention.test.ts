import assert from "node:assert/strict";
import { test } from "node:test";
import { importLines, makeFolder, type Running, settle, startIn } from "./system.fixtures.ts";

const dayMs = 86_400_000;
const nowMs = Date.now();
const daysAgo = (days: number) => new Date(nowMs - days * dayMs).toISOString();
const line = (id: string, days: number) => ({ id, platform: "paper", author: `author of ${id}`, text: `echidna ${id}`, createdAt: daysAgo(days) });

async function postsIn({ system }: Running, store: string): Promise<number | undefined> {
  return (await system.threads.stores.caller.call("state", undefined)).find((size) => size.store === store)?.posts;
}

test("posts older than the limits leave search, lake and ledger, and younger ones and the sums stay", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, { limits: { minFreeGb: 0, searchMaxAgeDays: 30, lakeMaxAgeDays: 60 } });
  const { engine, system } = running;
  await importLines(running, [line("young", 2), line("middle", 45), line("old", 80), line("older", 200)]);
  await settle(running);
  assert.equal((await engine.count("echidna", {})).posts, 4);
  const whole = { fromMs: 0, toMs: Date.now() + dayMs, grain: "all", by: [], filter: {} } as const;
  const sums = await engine.rollups(whole);
  await system.retain();
  assert.deepEqual(
    (await engine.search({ q: "echidna", filter: {}, limit: 10 })).items.map((post) => post.text),
    ["echidna young"],
  );
  assert.equal(await postsIn(running, "search"), 1);
  assert.equal(await postsIn(running, "lake"), 2);
  assert.deepEqual((await engine.rollups(whole)).rows, sums.rows);
  // What the ledger still knows comes no second time; what it forgot may come again, and goes again.
  const again = await importLines(running, [line("young", 2), line("middle", 45), line("old", 80)]);
  assert.deepEqual([again.accepted, again.duplicate], [1, 2]);
  await settle(running);
  await system.retain();
  assert.equal(await postsIn(running, "search"), 1);
  assert.equal(await postsIn(running, "lake"), 2);
});
