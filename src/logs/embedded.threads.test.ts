import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { Worker } from "node:worker_threads";
import { makeDiskFiles } from "../core/disk-files.ts";
import { openEmbeddedLog } from "./embedded.ts";
import { freeLocksOf, makeSharedLogState, viewShared } from "./embedded-shared.ts";
import { batchOfTexts, readTexts, textsOf } from "./log.contract.ts";

const url = (file: string): string => JSON.stringify(new URL(file, import.meta.url).href);
const prologue = `
  import { parentPort, workerData } from "node:worker_threads";
  import { makeDiskFiles } from ${url("../core/disk-files.ts")};
  import { openEmbeddedLog } from ${url("embedded.ts")};
  import { viewShared } from ${url("embedded-shared.ts")};
  import { batchOfTexts, textsOf } from ${url("log.contract.ts")};
  const { folder, shared, partition } = workerData;
  const log = await openEmbeddedLog({ folder, files: makeDiskFiles(), partitions: 2, shared, segmentBytes: 4_000 });`;

function startThread(body: string, workerData: object): Worker {
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(prologue + body)}`), { workerData });
}

async function makePlace() {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-threads-"));
  return { folder: path.join(folder, "log"), shared: makeSharedLogState(2), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

describe("threads that share the embedded log", { timeout: 60_000 }, () => {
  test("each appends to its partition; a subscriber of another thread gets all, while this one erases, compresses and appends in between", async () => {
    await using place = await makePlace();
    await using log = await openEmbeddedLog({ folder: place.folder, files: makeDiskFiles(), partitions: 2, shared: place.shared, segmentBytes: 4_000 });
    const rounds = 60;
    const reader = startThread(
      `
      const done = new AbortController();
      const seen = [[], []];
      parentPort.postMessage("ready");
      for await (const { partition, firstOffset, frames, commit } of log.subscribe("posts", "group", {}, done.signal)) {
        for (const [i, text] of textsOf(frames).entries()) seen[partition].push([firstOffset + i, text]);
        await commit();
        if (seen[0].length + seen[1].length >= ${2 * rounds * 3 + rounds}) done.abort();
      }
      await log[Symbol.asyncDispose]();
      parentPort.postMessage(seen);`,
      place,
    );
    await once(reader, "message");
    const writers = [0, 1].map((partition) =>
      startThread(
        `for (let i = 0; i < ${rounds}; i++) await log.append("posts", partition, batchOfTexts([1, 2, 3].map((n) => "partition " + partition + " round " + i + " frame " + n)));
         await log[Symbol.asyncDispose]();`,
        { ...place, partition },
      ),
    );
    const seenByReader = once(reader, "message");
    const writersEnd = Promise.all(writers.map((writer) => once(writer, "exit")));
    for (let i = 0; i < rounds; i++) {
      await log.append("posts", i % 2, batchOfTexts([`main ${i}`]));
      if (i % 20 === 10) await log.forget("posts", i % 4 === 2 ? 1 : 0, { remove: () => false, needles: [Buffer.from(`main ${i - 1}`), Buffer.from(`main ${i}`)] });
      if (i % 10 === 5) await log.maintain();
    }
    await writersEnd;
    const [seen]: [number, string][][][] = await seenByReader;
    for (const partition of [0, 1]) {
      const all = await readTexts(log, "posts", partition);
      assert.deepEqual(
        [...all.keys()],
        Array.from({ length: rounds * 3 + rounds / 2 }, (_, i) => i),
      );
      assert.deepEqual(
        seen?.[partition]?.map(([offset]) => offset),
        [...all.keys()],
      );
      const mine = [...all.values()].filter((text) => text.startsWith("partition"));
      assert.deepEqual(
        mine,
        Array.from({ length: rounds * 3 }, (_, i) => `partition ${partition} round ${Math.floor(i / 3)} frame ${(i % 3) + 1}`),
      );
    }
    assert.deepEqual(
      [...(await log.committed("posts", "group"))],
      [0, 1].map((partition) => [partition, rounds * 3 + rounds / 2]),
    );
  });

  test("what a dead thread held is freed by who watches over it, and the log goes on", async () => {
    await using place = await makePlace();
    await using log = await openEmbeddedLog({ folder: place.folder, files: makeDiskFiles(), partitions: 2, shared: place.shared });
    await log.append("posts", 0, batchOfTexts(["before"]));
    const thread = startThread(`await viewShared(shared).slot("posts", 0).lockTail(); parentPort.postMessage("held"); setInterval(() => {}, 1_000);`, place);
    await once(thread, "message");
    const { threadId } = thread;
    const appending = log.append("posts", 0, batchOfTexts(["after"]));
    await thread.terminate();
    freeLocksOf(place.shared, threadId);
    assert.equal(await appending, 1);
    const deliveries = await Array.fromAsync(log.read("posts", 0, 0));
    assert.deepEqual(
      deliveries.flatMap(({ frames }) => textsOf(frames)),
      ["before", "after"],
    );
  });

  test("the shared state knows its own size", () => {
    assert.throws(() => viewShared(new SharedArrayBuffer(64)), TypeError);
    assert.throws(() => makeSharedLogState(0), TypeError);
  });
});
