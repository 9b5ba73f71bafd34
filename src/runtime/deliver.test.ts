import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { Change } from "../core/event.ts";
import { makeFrameBatchBuilder } from "../core/log.ts";
import type { Store, StorePosition, StorePositions } from "../core/store.ts";
import { makeVolatileFiles } from "../core/volatile-files.ts";
import { openEmbeddedLog } from "../logs/embedded.ts";
import { makePost } from "../stores/store.fixtures.ts";
import { deliver } from "./deliver.ts";

/** Keeps what it is handed, in order; `before` may wait or throw. */
function makeRecorder(name: string, before: (calls: number) => Promise<void> = async () => undefined) {
  const ids: string[] = [];
  const positions = new Map<number, StorePosition>();
  let calls = 0;
  const store: Store = {
    name,
    positions: async () => new Map(positions),
    async apply(changes: readonly Change[], upTo: StorePositions) {
      await before(++calls);
      for (const change of changes) ids.push(change.id);
      for (const [partition, position] of upTo) positions.set(partition, position);
    },
    flush: async () => undefined,
    maintain: async () => ({ owed: 0 }),
    erase: async () => ({ store: name, removedPosts: 0, physical: true }),
    find: async () => ({ store: name, posts: [] }),
    size: async () => ({ store: name, sizeBytes: 0, posts: ids.length }),
    removeSource: async () => ({ removedPosts: 0 }),
    expire: async () => ({ removedPosts: 0 }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { store, ids };
}

const batches = 60;
const perBatch = 5;

async function withLog(run: (feed: () => Promise<string[]>, start: (stores: readonly Store[]) => Promise<() => Promise<void>>) => Promise<void>): Promise<void> {
  await using log = await openEmbeddedLog({ folder: "/log", files: makeVolatileFiles(1), partitions: 1, clock: makeFakeClock(0) });
  const feed = async () => {
    const sent: string[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const builder = makeFrameBatchBuilder();
      for (let i = 0; i < perBatch; i++) {
        const number = batch * perBatch + i;
        const post = makePost(number);
        const change: Change = { kind: "post", id: post.id, at: post.createdAt, partition: 0, from: { offset: number, index: 0 }, generation: 0, post };
        builder.add({ keyHigh: 1, keyLow: 1, actorHigh: 0, actorLow: 0, time: 0, from: change.from }, JSON.stringify(change));
        sent.push(post.id);
      }
      await log.append("posts", 0, builder.take());
    }
    return sent;
  };
  await run(feed, async (stores) => {
    const abort = new AbortController();
    const { finished } = await deliver({ log, stores, clock: systemClock, report: () => undefined }, abort.signal);
    return async () => {
      abort.abort();
      await finished;
    };
  });
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test("a store that stands still holds up no other, and misses nothing when it goes on", () =>
  withLog(async (feed, start) => {
    const gate = Promise.withResolvers<void>();
    const quick = makeRecorder("quick");
    const slow = makeRecorder("slow", () => gate.promise);
    const stop = await start([quick.store, slow.store]);
    const sent = await feed();
    await until(() => quick.ids.length === sent.length);
    assert.deepEqual(quick.ids, sent);
    assert.equal(slow.ids.length, 0);
    gate.resolve();
    await until(() => slow.ids.length >= sent.length);
    assert.deepEqual(slow.ids, sent);
    await stop();
  }));

test("a store that fails goes on from what it has durably, without a gap and without a repeat", () =>
  withLog(async (feed, start) => {
    const quick = makeRecorder("quick");
    const frail = makeRecorder("frail", async (calls) => {
      if (calls === 3) throw new EarshotError("STORE_UNAVAILABLE", "frail: not now");
    });
    const stop = await start([quick.store, frail.store]);
    const sent = await feed();
    await until(() => frail.ids.length >= sent.length && quick.ids.length >= sent.length);
    assert.deepEqual(quick.ids, sent);
    assert.deepEqual(frail.ids, sent);
    await stop();
  }));

test("repeats in the log are handed to nobody", () =>
  withLog(async (feed, start) => {
    const store = makeRecorder("store");
    const stop = await start([store.store]);
    const sent = await feed();
    await feed();
    const marker = sent.length;
    await until(() => store.ids.length >= marker);
    await stop();
    assert.deepEqual(store.ids, sent);
  }));
