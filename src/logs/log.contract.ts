import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EarshotError } from "../core/errors.ts";
import { type Delivery, type FrameBatch, type Log, makeFrameBatchBuilder, type Offset, type Topic } from "../core/log.ts";

/** A place where a log can be opened again and again. */
export interface LogPlace extends AsyncDisposable {
  open(): Promise<Log>;
}

export interface PlainFrame {
  readonly key: number;
  readonly actor: number;
  readonly time: number;
  readonly text: string;
}

export function batchOf(frames: readonly PlainFrame[]): FrameBatch {
  const builder = makeFrameBatchBuilder();
  for (const [i, { key, actor, time, text }] of frames.entries())
    builder.add({ keyHigh: key, keyLow: key + 1, actorHigh: actor, actorLow: actor + 1, time, from: { offset: key * 10, index: i }, generation: 3 }, text);
  return builder.take();
}

export function batchOfTexts(texts: readonly string[]): FrameBatch {
  return batchOf(texts.map((text, i) => ({ key: i + 1, actor: 7, time: 1_700_000_000_000 + i, text })));
}

export function textsOf(frames: FrameBatch): string[] {
  const bytes = Buffer.from(frames.bytes.buffer, frames.bytes.byteOffset, frames.bytes.byteLength);
  return Array.from({ length: frames.count }, (_, i) => bytes.toString("utf8", frames.ends[i], frames.ends[i + 1]));
}

/** All that a read gives, offset by offset. */
export async function readTexts(log: Log, topic: Topic, partition: number, from: Offset = 0, to?: Offset): Promise<Map<Offset, string>> {
  const found = new Map<Offset, string>();
  for await (const { firstOffset, frames } of log.read(topic, partition, from, to)) {
    for (const [i, text] of textsOf(frames).entries()) {
      assert.equal(found.has(firstOffset + i), false, `offset ${firstOffset + i} came twice`);
      found.set(firstOffset + i, text);
    }
  }
  return found;
}

/** Takes deliveries of a subscription until `enough`. */
export async function takeUntil(
  log: Log,
  group: string,
  options: Parameters<Log["subscribe"]>[2],
  enough: (taken: readonly Delivery[]) => boolean,
  topic: Topic = "posts",
): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  const done = new AbortController();
  for await (const delivery of log.subscribe(topic, group, options, done.signal)) {
    taken.push(delivery);
    if (enough(taken)) done.abort();
  }
  return taken;
}

export function countOf(deliveries: readonly Delivery[]): number {
  return deliveries.reduce((sum, { frames }) => sum + frames.count, 0);
}

export function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof EarshotError && error.code === code;
}

/** Registers the promises of every log. `makePlace` gives an empty place with at least two partitions. */
export function testLog(name: string, makePlace: () => Promise<LogPlace>): void {
  const withLog = async (work: (log: Log, place: LogPlace) => Promise<void>): Promise<void> => {
    await using place = await makePlace();
    await using log = await place.open();
    await work(log, place);
  };
  const numbered = (from: number, count: number) => Array.from({ length: count }, (_, i) => `text ${from + i} é`);

  describe(`${name} keeps the promises of a log`, () => {
    test("frames are read back with every column as they were appended", () =>
      withLog(async (log) => {
        const frames = batchOf([
          { key: 0xfffffff0, actor: 1, time: 1_700_000_000_123.5, text: "première" },
          { key: 0, actor: 0, time: 0, text: "" },
          { key: 5, actor: 6, time: -1, text: "{}" },
        ]);
        const first = await log.append("posts", 1, frames);
        const [delivery] = await Array.fromAsync(log.read("posts", 1, first));
        assert.ok(delivery !== undefined);
        assert.equal(delivery.firstOffset, first);
        assert.deepEqual({ ...delivery.frames, bytes: Buffer.from(delivery.frames.bytes).toString() }, { ...frames, bytes: Buffer.from(frames.bytes).toString() });
      }));

    test("offsets of one partition rise without a gap in the order of the calls", () =>
      withLog(async (log) => {
        const firsts = await Promise.all([3, 1, 4, 1, 5].map((count, i) => log.append("posts", 0, batchOfTexts(numbered(i * 10, count)))));
        assert.deepEqual(
          firsts.map((first) => first - (firsts[0] ?? 0)),
          [0, 3, 4, 8, 9],
        );
        const found = await readTexts(log, "posts", 0);
        assert.deepEqual([...found.values()], [...numbered(0, 3), ...numbered(10, 1), ...numbered(20, 4), ...numbered(30, 1), ...numbered(40, 5)]);
      }));

    test("topics and partitions are apart", () =>
      withLog(async (log) => {
        await log.append("posts", 0, batchOfTexts(["posts 0"]));
        await log.append("posts", 1, batchOfTexts(["posts 1"]));
        await log.append("events", 0, batchOfTexts(["events 0"]));
        assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["posts 0"]);
        assert.deepEqual([...(await readTexts(log, "posts", 1)).values()], ["posts 1"]);
        assert.deepEqual([...(await readTexts(log, "events", 0)).values()], ["events 0"]);
        assert.equal((await readTexts(log, "rejected", 0)).size, 0);
      }));

    test("an empty batch takes no offset", () =>
      withLog(async (log) => {
        await log.append("posts", 0, batchOfTexts(["one"]));
        await log.append("posts", 0, batchOfTexts([]));
        await log.append("posts", 0, batchOfTexts(["two"]));
        assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], ["one", "two"]);
      }));

    test("a read begins and ends at the offsets that it is given, within batches too", () =>
      withLog(async (log) => {
        const first = await log.append("posts", 0, batchOfTexts(numbered(0, 10)));
        await log.append("posts", 0, batchOfTexts(numbered(10, 10)));
        const found = await readTexts(log, "posts", 0, first + 7, first + 13);
        assert.deepEqual(
          [...found],
          numbered(7, 6).map((text, i) => [first + 7 + i, text]),
        );
        assert.equal((await readTexts(log, "posts", 0, first + 20)).size, 0);
      }));

    test("state tells the oldest and the next offset", () =>
      withLog(async (log) => {
        await log.append("posts", 1, batchOfTexts(numbered(0, 5)));
        const states = await log.state("posts");
        assert.equal(states.length, log.partitions);
        const state = states.find(({ partition }) => partition === 1);
        assert.ok(state !== undefined);
        assert.equal(state.next - state.oldest, 5);
        assert.ok(state.sizeBytes > 0);
      }));

    test("a subscriber gets what is there, then what comes", { timeout: 20_000 }, () =>
      withLog(async (log) => {
        await log.append("posts", 0, batchOfTexts(numbered(0, 2)));
        const taking = takeUntil(log, "tail", {}, (taken) => countOf(taken) === 5);
        await log.append("posts", 1, batchOfTexts(numbered(10, 2)));
        await log.append("posts", 0, batchOfTexts(numbered(2, 1)));
        const taken = await taking;
        const of = (partition: number) => taken.filter((delivery) => delivery.partition === partition).flatMap(({ frames }) => textsOf(frames));
        assert.deepEqual(of(0), numbered(0, 3));
        assert.deepEqual(of(1), numbered(10, 2));
      }),
    );

    test("a subscription ends when its signal aborts while it waits", { timeout: 20_000 }, () =>
      withLog(async (log) => {
        const done = new AbortController();
        const taking = Array.fromAsync(log.subscribe("posts", "idle", {}, done.signal));
        await log.append("rejected", 0, batchOfTexts(["another topic"]));
        done.abort();
        assert.deepEqual(await taking, []);
      }),
    );

    test("a group goes on after its last commit when the log is opened again", { timeout: 20_000 }, async () => {
      await using place = await makePlace();
      {
        await using log = await place.open();
        await log.append("posts", 0, batchOfTexts(numbered(0, 4)));
        const [taken] = await takeUntil(log, "group", { partitions: [0] }, () => true);
        await taken?.commit();
        await log.append("posts", 0, batchOfTexts(numbered(4, 2)));
      }
      await using log = await place.open();
      assert.equal((await log.committed("posts", "group")).has(0), true);
      assert.equal((await log.committed("posts", "other")).has(0), false);
      const taken = await takeUntil(log, "group", { partitions: [0] }, (some) => countOf(some) >= 2);
      assert.deepEqual(
        taken.flatMap(({ frames }) => textsOf(frames)),
        numbered(4, 2),
      );
    });

    test("a subscriber that knows its place begins there, whatever the group has committed", { timeout: 20_000 }, () =>
      withLog(async (log) => {
        const first = await log.append("posts", 0, batchOfTexts(numbered(0, 6)));
        const taken = await takeUntil(log, "own", { partitions: [0], from: async () => first + 4 }, (some) => countOf(some) >= 2);
        assert.deepEqual(
          taken.flatMap(({ frames }) => textsOf(frames)),
          numbered(4, 2),
        );
      }),
    );

    test("a delivery is no larger than asked, but one frame comes always", { timeout: 20_000 }, () =>
      withLog(async (log) => {
        await log.append("posts", 0, batchOfTexts(["a".repeat(40), "b".repeat(500), "c".repeat(40), "d".repeat(40)]));
        const taken = await takeUntil(log, "small", { partitions: [0], maxBatchBytes: 100 }, (some) => countOf(some) >= 4);
        assert.deepEqual(
          taken.map(({ frames }) => textsOf(frames).map((text) => text.length)),
          [[40], [500], [40, 40]],
        );
      }),
    );

    test("what was appended is there when the log is opened again, and offsets go on", async () => {
      await using place = await makePlace();
      let first = 0;
      {
        await using log = await place.open();
        first = await log.append("posts", 0, batchOfTexts(numbered(0, 3)));
      }
      await using log = await place.open();
      assert.equal(await log.append("posts", 0, batchOfTexts(numbered(3, 3))), first + 3);
      assert.deepEqual([...(await readTexts(log, "posts", 0)).values()], numbered(0, 6));
    });

    test("forget empties the frames asked for, or tells when they are gone", () =>
      withLog(async (log) => {
        const first = await log.append("posts", 0, batchOf([1, 2, 3].map((n) => ({ key: n, actor: n * 10, time: n, text: `of did:${n}` }))));
        const report = await log.forget("posts", 0, { remove: (_high, _low, actorHigh) => actorHigh === 20, needles: [Buffer.from("did:3")] });
        if (log.capabilities.forgets === "expires") {
          assert.ok(report.goneAt !== undefined);
          return;
        }
        assert.deepEqual(report, { removedFrames: 1, redactedFrames: 1 });
        const [delivery] = await Array.fromAsync(log.read("posts", 0, first));
        assert.ok(delivery !== undefined);
        assert.deepEqual(textsOf(delivery.frames), ["of did:1", "", "of xxxxx"]);
        assert.deepEqual([...delivery.frames.keys.subarray(2, 4), ...delivery.frames.actors.subarray(2, 4)], [0, 0, 0, 0]);
        assert.equal(await log.append("posts", 0, batchOfTexts(["after"])), first + 3);
      }));
  });
}
