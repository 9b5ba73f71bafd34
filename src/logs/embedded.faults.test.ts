import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import { makeVolatileFiles } from "../core/volatile-files.ts";
import { openEmbeddedLog, type EmbeddedLogOptions } from "./embedded.ts";
import type { LogFinding } from "./embedded-segments.ts";
import { batchOf, batchOfTexts, countOf, isCode, readTexts, takeUntil } from "./log.contract.ts";

const folder = "/data/log";
const segment = `${folder}/posts/0/0000000000000000.seg`;

function setUp(options: Partial<EmbeddedLogOptions> = {}) {
  const files = makeVolatileFiles(7);
  const findings: LogFinding[] = [];
  const clock = makeFakeClock(1_700_000_000_000);
  const open = (more: Partial<EmbeddedLogOptions> = {}) =>
    openEmbeddedLog({ folder, files, clock, partitions: 1, found: (finding) => findings.push(finding), ...options, ...more });
  return { files, findings, clock, open };
}

describe("the embedded log, when the disk fails", () => {
  test("a flipped bit in an acknowledged batch is told at open, and a read of it throws LOG_CORRUPT with its offsets", async () => {
    const { files, findings, open } = setUp();
    {
      await using log = await open();
      for (const text of ["one", "two", "three"]) await log.append("posts", 0, batchOfTexts([text, text.toUpperCase()]));
    }
    const at = (await files.read(segment)).indexOf("two");
    files.flipBit(segment, at);
    await using log = await open();
    assert.deepEqual(
      findings.map(({ kind, from, to, path }) => ({ kind, from, to, path })),
      [{ kind: "corrupt", from: 2, to: 4, path: segment }],
    );
    await assert.rejects(readTexts(log, "posts", 0), (error) => isCode("LOG_CORRUPT")(error) && /offsets 2 to 3/.test(String(error)));
    assert.deepEqual([...(await readTexts(log, "posts", 0, 0, 2)).values()], ["one", "ONE"]);
    assert.deepEqual([...(await readTexts(log, "posts", 0, 4)).values()], ["three", "THREE"]);
    assert.equal(await log.append("posts", 0, batchOfTexts(["four"])), 6);
  });

  test("a damaged header of a batch is told as corrupt too", async () => {
    const { files, findings, open } = setUp();
    {
      await using log = await open();
      for (const text of ["one", "two", "three"]) await log.append("posts", 0, batchOfTexts([text]));
    }
    const second = (await files.read(segment)).indexOf("EBAT", 48);
    files.flipBit(segment, second + 16);
    await using log = await open();
    assert.deepEqual(
      findings.map(({ kind, from, to }) => ({ kind, from, to })),
      [{ kind: "corrupt", from: 1, to: 2 }],
    );
    await assert.rejects(readTexts(log, "posts", 0, 1, 2), isCode("LOG_CORRUPT"));
    assert.deepEqual([...(await readTexts(log, "posts", 0, 2)).values()], ["three"]);
  });

  test("a torn tail is cut and told", async () => {
    const { files, findings, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["whole"]));
    }
    const sizeBytes = await files.sizeBytes(segment);
    assert.ok(sizeBytes !== undefined);
    await using file = await files.open(segment, "append");
    await file.append([Buffer.from("EBAT and no more")]);
    await using log = await open();
    assert.deepEqual(
      findings.map(({ kind, from, atByte, sizeBytes: size }) => ({ kind, from, atByte, size })),
      [{ kind: "torn", from: 1, atByte: sizeBytes, size: 16 }],
    );
    assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["whole"]);
  });

  test("a full disk rejects the append with DISK_FULL; what came before is there, and appends work again when there is room", async () => {
    const { files, findings, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["before"]));
      files.inject({ on: "append", error: "ENOSPC" });
      await assert.rejects(log.append("posts", 0, batchOfTexts(["lost ".repeat(100)])), isCode("DISK_FULL"));
      assert.equal(await log.append("posts", 0, batchOfTexts(["after"])), 1);
    }
    await using log = await open();
    assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["before", "after"]);
    assert.deepEqual(findings, []);
  });

  test("a full disk that refuses the truncation too leaves nothing of the batch behind", async () => {
    const { files, open } = setUp();
    await using log = await open();
    await log.append("posts", 0, batchOfTexts(["before"]));
    files.inject({ on: "append", error: "ENOSPC" });
    files.inject({ on: "truncate", error: "EIO" });
    await assert.rejects(log.append("posts", 0, batchOfTexts(["lost ".repeat(100)])), isCode("DISK_FULL"));
    assert.equal(await log.append("posts", 0, batchOfTexts(["after"])), 1);
    assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["before", "after"]);
  });

  test("after a failed sync the partition refuses appends until the log is opened anew, and nothing of the batch comes back", async () => {
    const { files, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["before"]));
      files.inject({ on: "sync", error: "EIO" });
      await assert.rejects(log.append("posts", 0, batchOfTexts(["lost"])), isCode("FOLDER_UNUSABLE"));
      await assert.rejects(log.append("posts", 0, batchOfTexts(["refused"])), isCode("FOLDER_UNUSABLE"));
      assert.equal(await log.append("events", 0, batchOfTexts(["another topic"])), 0);
    }
    await using log = await open();
    assert.equal(await log.append("posts", 0, batchOfTexts(["after"])), 1);
    assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["before", "after"]);
  });

  test("a disk that is found full by the sync rejects with DISK_FULL, and appends go on in a new segment", async () => {
    const { files, findings, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["before"]));
      files.inject({ on: "sync", error: "ENOSPC" });
      await assert.rejects(log.append("posts", 0, batchOfTexts(["lost"])), isCode("DISK_FULL"));
      assert.equal(await log.append("posts", 0, batchOfTexts(["after"])), 1);
    }
    await using log = await open();
    assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["before", "after"]);
    assert.equal((await files.list(`${folder}/posts/0`)).length, 2);
    assert.deepEqual(findings, []);
  });

  test("a damaged last batch that a group has read is told as corrupt, and its offset is not given again", async () => {
    const { files, findings, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["one"]));
      await log.append("posts", 0, batchOfTexts(["two"]));
      for (const delivery of await takeUntil(log, "group", {}, (some) => countOf(some) === 2)) await delivery.commit();
    }
    files.flipBit(segment, (await files.read(segment)).indexOf("two"));
    for (let time = 0; time < 2; time++) {
      await using log = await open();
      await assert.rejects(readTexts(log, "posts", 0, 1), isCode("LOG_CORRUPT"));
      assert.equal(await log.append("posts", 0, batchOfTexts(["three"])), 2 + time);
    }
    assert.deepEqual(
      findings.map(({ kind, from, to }) => ({ kind, from, to })),
      [
        { kind: "torn", from: 1, to: undefined },
        { kind: "corrupt", from: 1, to: 2 },
      ],
    );
  });

  test("a segment of a newer version, or a file that is no segment, is refused with FORMAT_UNKNOWN", async () => {
    const { files, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["one"]));
    }
    const bytes = await files.read(segment);
    bytes.writeUInt16LE(2, 8);
    await files.replace(segment, bytes);
    await assert.rejects(open(), isCode("FORMAT_UNKNOWN"));
    await files.replace(segment, Buffer.alloc(100, "x"));
    await assert.rejects(open(), isCode("FORMAT_UNKNOWN"));
  });

  test("another count of partitions is refused", async () => {
    const { open } = setUp();
    await (await open())[Symbol.asyncDispose]();
    await assert.rejects(open({ partitions: 2 }), isCode("CONFIG_INVALID"));
  });

  test("positions of a group that fail their checksum are refused with LOG_CORRUPT", async () => {
    const { files, open } = setUp();
    {
      await using log = await open();
      await log.append("posts", 0, batchOfTexts(["one"]));
      const [taken] = await takeUntil(log, "group", {}, () => true);
      await taken?.commit();
    }
    const [name] = await files.list(`${folder}/groups`);
    assert.ok(name !== undefined);
    files.flipBit(`${folder}/groups/${name}`, 16);
    await assert.rejects(open(), isCode("LOG_CORRUPT"));
  });

  test("forget goes through the whole partition and then tells of the batch that it could not read", async () => {
    const { files, open } = setUp({ segmentBytes: 300 });
    await using log = await open();
    for (const text of ["one", "two", "three", "four"]) await log.append("posts", 0, batchOfTexts([text]));
    files.flipBit(segment, (await files.read(segment)).indexOf("one"));
    await assert.rejects(log.forget("posts", 0, { remove: () => true, needles: [] }), isCode("LOG_CORRUPT"));
    const [last] = await Array.fromAsync(log.read("posts", 0, 3));
    assert.equal(last?.frames.ends[1], 0);
  });
});

describe("the embedded log, kept small", () => {
  const fill = (count: number, from = 0) =>
    batchOf(Array.from({ length: count }, (_, i) => ({ key: i + 1, actor: i % 5, time: i, text: `{"text":"words that repeat themselves, number ${from + i}"}` })));

  test("maintain compresses closed segments one by one, and every frame reads the same", async () => {
    const { open } = setUp({ segmentBytes: 20_000 });
    await using log = await open();
    for (let i = 0; i < 12; i++) await log.append("posts", 0, fill(100, i * 100));
    const before = await readTexts(log, "posts", 0);
    const [sizeBefore] = await log.state("posts");
    const owed: number[] = [];
    for (;;) {
      const step = await log.maintain();
      owed.push(step.owed);
      if (step.owed === 0) break;
    }
    const [sizeAfter] = await log.state("posts");
    assert.ok(owed.length > 3 && owed.every((left, i) => i === 0 || left < (owed[i - 1] ?? 0)), String(owed));
    assert.ok((sizeAfter?.sizeBytes ?? 0) < (sizeBefore?.sizeBytes ?? 0) / 2, `${sizeBefore?.sizeBytes} to ${sizeAfter?.sizeBytes}`);
    assert.deepEqual(await readTexts(log, "posts", 0), before);
    assert.deepEqual([...(await readTexts(log, "posts", 0, 555, 557)).keys()], [555, 556]);
  });

  test("a reader goes on while what it reads is compressed, forgotten and removed under it", async () => {
    const { open } = setUp({ segmentBytes: 20_000 });
    await using log = await open();
    for (let i = 0; i < 12; i++) await log.append("posts", 0, fill(100, i * 100));
    const seen = new Map<number, boolean>();
    let step = 0;
    for await (const { firstOffset, frames } of log.read("posts", 0, 0)) {
      for (let i = 0; i < frames.count; i++) seen.set(firstOffset + i, frames.ends[i] === frames.ends[i + 1]);
      step++;
      if (step === 1) await log.maintain();
      if (step === 2) await log.forget("posts", 0, { remove: (_high, _low, actorHigh) => actorHigh === 1, needles: [] });
      if (step === 4) await log.retain("posts", { maxAgeMs: 1e12, maxBytes: 0, keepFrom: () => 800 });
    }
    const after = [...seen].filter(([offset]) => offset >= 900);
    assert.ok(after.length === 300 && after.every(([offset, isEmpty]) => isEmpty === (offset % 5 === 1)), "the last frames");
    assert.ok(
      [...seen.keys()].every((offset, i, all) => i === 0 || offset > (all[i - 1] ?? 0)),
      "order",
    );
  });

  test("retain removes by age, but never past what is still to be read", async () => {
    const { open, clock } = setUp({ segmentBytes: 20_000 });
    await using log = await open();
    for (let i = 0; i < 4; i++) {
      await log.append("posts", 0, fill(300, i * 300));
      await clock.advance(1_000);
    }
    assert.equal(await log.retain("posts", { maxAgeMs: 10_000, maxBytes: 1e12, keepFrom: () => 1_200 }), 0);
    await clock.advance(9_000);
    assert.equal(await log.retain("posts", { maxAgeMs: 10_000, maxBytes: 1e12, keepFrom: () => 299 }), 0);
    assert.ok((await log.retain("posts", { maxAgeMs: 10_000, maxBytes: 1e12, keepFrom: () => 1_200 })) > 10_000);
    const [state] = await log.state("posts");
    assert.deepEqual([state?.oldest, state?.next], [900, 1_200]);
    assert.equal((await readTexts(log, "posts", 0)).size, 300);
  });

  test("an erasure that finds nothing leaves every file as it is", async () => {
    const { files, open } = setUp({ segmentBytes: 20_000 });
    await using log = await open();
    for (let i = 0; i < 6; i++) await log.append("posts", 0, fill(100, i * 100));
    const before = files.changes;
    const names = await files.list(`${folder}/posts/0`);
    assert.deepEqual(await log.forget("posts", 0, { remove: () => false, needles: [Buffer.from("nowhere")] }), { removedFrames: 0, redactedFrames: 0 });
    assert.deepEqual(await files.list(`${folder}/posts/0`), names);
    assert.ok(files.changes - before < 20);
  });

  test("a subscriber that lags behind what retention removed goes on at the oldest frame", { timeout: 20_000 }, async () => {
    const { open } = setUp({ segmentBytes: 20_000 });
    await using log = await open();
    for (let i = 0; i < 6; i++) await log.append("posts", 0, fill(300, i * 300));
    await log.retain("posts", { maxAgeMs: 1e12, maxBytes: 0, keepFrom: () => 1_500 });
    const taken = await takeUntil(log, "late", { from: async () => 10 }, (some) => countOf(some) >= 300);
    assert.equal(taken[0]?.firstOffset, 1_500);
  });
});
