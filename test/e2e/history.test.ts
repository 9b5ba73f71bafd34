import assert from "node:assert/strict";
import { test } from "node:test";
import type { TermConfig } from "../../src/core/config.ts";
import { makeFrameBatchBuilder } from "../../src/core/log.ts";
import { encodeRaw, sourceOfRaw } from "../../src/runtime/raw-frame.ts";
import { sourceOfRejected } from "../../src/runtime/rejected.ts";
import { brands } from "../../world/brands.ts";
import type { RollupRow } from "../../world/rollups.ts";
import { idsOf, indexed, makeFolder, type Running, settle, startIn, until } from "./system.fixtures.ts";

const terms = Object.fromEntries(brands.map(({ id, name }): [string, Partial<TermConfig> & { name: string; query: string }] => [id, { name, query: name }]));
const world = { seed: 7, ratePerSecond: 0.01, historyPosts: 2_500, historyDays: 30 };

/** What the world's own oracle counts, over the wire: by day, platform and brand, before the given day. */
async function truthOf(running: Running, beforeDay: string): Promise<ReadonlyMap<string, number>> {
  const source = (await running.engine.sources()).find(({ connector }) => connector === "mastodon");
  const response = await fetch(`${String(source?.options["server"])}/oracle/rollups`);
  const rows: readonly RollupRow[] = (await response.text())
    .split("\n")
    .filter((line) => line !== "")
    .map((line): RollupRow => JSON.parse(line));
  const sums = new Map<string, number>();
  for (const row of rows) {
    const day = row.minute.slice(0, 10);
    if (day >= beforeDay) continue;
    const key = `${day} ${row.platform} ${row.by === "brand" ? row.brand : ""}`;
    sums.set(key, (sums.get(key) ?? 0) + row.posts);
  }
  return sums;
}

async function countsOf({ engine }: Running, beforeDay: string): Promise<ReadonlyMap<string, number>> {
  const toMs = Date.parse(`${beforeDay}T00:00:00Z`);
  const sums = new Map<string, number>();
  for (const by of [["platform"], ["platform", "term"]] as const) {
    const { rows } = await engine.rollups({ fromMs: toMs - 31 * 86_400_000, toMs, grain: "day", by, filter: {} });
    for (const row of rows) sums.set(`${new Date(row.at ?? 0).toISOString().slice(0, 10)} ${row.platform ?? ""} ${row.term ?? ""}`, row.posts);
  }
  return sums;
}

/** Messages of the source that the log still holds. */
async function framesOf({ system }: Running, source: string): Promise<{ readonly events: number; readonly rejected: number }> {
  const { log } = system.base;
  const count = async (topic: "events" | "rejected", sourceOf: (payload: Uint8Array) => string | undefined) => {
    let frames = 0;
    for (let partition = 0; partition < log.partitions; partition++)
      for await (const { frames: some } of log.read(topic, partition, 0))
        for (let i = 0; i < some.count; i++) if (sourceOf(some.bytes.subarray(some.ends[i], some.ends[i + 1])) === source) frames++;
    return frames;
  };
  return { events: await count("events", sourceOfRaw), rejected: await count("rejected", sourceOfRejected) };
}

const isLoaded = (running: Running) =>
  until(
    () => "the history is loaded",
    async () => (await running.engine.world())?.state === "running",
  );

test("thirty days of the simulated world come in through its connectors, go on after a stop in the middle, and equal what the world knows", async () => {
  using folder = makeFolder();
  const collected = async ({ system }: Running) => (await system.base.log.state("events")).reduce((sum, { next }) => sum + next, 0);
  let halfway = 0;
  {
    await using running = await startIn(folder.path, { world, terms });
    await until(
      () => "the first posts are collected",
      async () => (await collected(running)) > 200,
    );
    halfway = await collected(running);
    assert.notEqual((await running.engine.world())?.state, "running");
  }
  {
    await using running = await startIn(folder.path, { world, terms });
    const shares: number[] = [];
    let seen: unknown;
    await until(
      () => `the history is loaded: ${JSON.stringify(seen)}`,
      async () => {
        const view = await running.engine.world();
        seen = [view, (await running.engine.sources()).map(({ id, cursor, status, collected, lastError }) => ({ id, cursor, status, collected, lastError }))];
        if (view?.state === "loading") shares.push(view.posts / view.of);
        return view?.state === "running";
      },
    );
    assert.ok(shares.every((share) => share >= 0 && share <= 1));
    await settle(running);
    const whole = await collected(running);
    assert.ok(halfway < whole / 2, `${halfway} of ${whole} messages before the stop`);
    const today = new Date().toISOString().slice(0, 10);
    const truth = await truthOf(running, today);
    assert.ok(new Set([...truth.keys()].map((key) => key.slice(0, 10))).size >= 29, "every day has posts");
    const counts = await countsOf(running, today);
    const wrong = [...new Set([...counts.keys(), ...truth.keys()])].filter((key) => counts.get(key) !== truth.get(key));
    assert.deepEqual(
      wrong.map((key) => `${key}: ${counts.get(key) ?? 0} counted, ${truth.get(key) ?? 0} made`),
      [],
    );
    const view = await running.engine.world();
    assert.ok(view !== undefined && view.of > 2_000);
    const found = await idsOf(running, `created:..${today}`);
    const posts = [...truth].reduce((sum, [key, count]) => sum + (key.endsWith(" ") ? count : 0), 0);
    assert.equal(found.size, posts, "each is searchable, once");
    // The crisis bends what is thought of its brand.
    const negative = async (fromDays: number, toDays: number) => {
      const span = { fromMs: Date.now() - fromDays * 86_400_000, toMs: Date.now() - toDays * 86_400_000 };
      const [row] = (await running.engine.rollups({ ...span, grain: "all", by: ["term"], terms: ["quantrix"], filter: {} })).rows;
      assert.ok(row !== undefined);
      return row.negative / (row.negative + row.neutral + row.positive);
    };
    assert.ok((await negative(12, 9)) > 2 * (await negative(30, 13)));
  }
  await using running = await startIn(folder.path, { world, terms });
  const before = await collected(running);
  await isLoaded(running);
  await settle(running);
  assert.ok((await collected(running)) - before < 300, "what is loaded is not told again");
});

test("the removed simulated world is in no store and not in the log, and does not come back at the next start", async () => {
  using folder = makeFolder();
  {
    await using running = await startIn(folder.path, { world: { ...world, historyPosts: 400 } });
    await isLoaded(running);
    const stored = (await idsOf(running, "")).size;
    // How many of the 400 are left in the end depends on the minute at which the history ends.
    assert.ok(stored > 200, `${stored} stored`);
    const unreadable = makeFrameBatchBuilder();
    unreadable.add({ keyHigh: 0, keyLow: 0, actorHigh: 0, actorLow: 0, time: Date.now() }, encodeRaw("raw", "world-bluesky", Buffer.from("{ no post")));
    await running.system.base.log.append("events", 0, unreadable.take());
    await settle(running);
    await indexed(running);
    const rejectedOf = async () => (await running.engine.quarantine({ limit: 1, source: "world-bluesky" })).items.length;
    assert.equal(await rejectedOf(), 1);
    const removal = running.engine.removeWorld();
    const view = await running.engine.world();
    assert.ok(view === undefined || ["running", "removing"].includes(view.state));
    assert.ok(Math.abs((await removal).removedPosts - stored) < 10);
    assert.equal(await running.engine.world(), undefined);
    assert.equal((await idsOf(running, "")).size, 0);
    const { stores } = await running.engine.find("simulated.example");
    assert.deepEqual(
      stores.filter(({ store, hits }) => hits > 0 && ["log", "search"].includes(store)).map(({ store, places }) => [store, places.slice(0, 3)]),
      [],
    );
    // What could not be read bears neither post nor author, and goes too.
    assert.equal(await rejectedOf(), 0);
    assert.deepEqual(await framesOf(running, "world-bluesky"), { events: 0, rejected: 0 });
  }
  await using running = await startIn(folder.path, { world });
  assert.equal(await running.engine.world(), undefined);
  assert.deepEqual(await running.engine.sources(), []);
});
