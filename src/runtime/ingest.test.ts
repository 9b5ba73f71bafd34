import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { makeFrameBatchBuilder } from "../core/log.ts";
import type { Raw, Source, SourcePage, SourceStatus } from "../core/source.ts";
import { makeVolatileFiles } from "../core/volatile-files.ts";
import { type EmbeddedLog, openEmbeddedLog } from "../logs/embedded.ts";
import { type HashWords, ingest, type IngestOptions, partitionOf } from "./ingest.ts";
import { decodeRaw, encodeRaw } from "./raw-frame.ts";

const partitions = 3;
/** FNV-1a: any even spread will do. */
function hashOf(text: string): HashWords {
  let high = 2_166_136_261;
  for (const byte of Buffer.from(text)) high = Math.imul(high ^ byte, 16_777_619) >>> 0;
  return { high, low: high ^ 1 };
}
const raw = (key: Raw["key"], text: string): Raw => ({ key, bytes: Buffer.from(text), receivedAt: 5 });

function sourceOf(read: (cursor: string | undefined) => AsyncIterable<SourcePage>): () => Promise<Source> {
  return () => Promise.resolve({ read, [Symbol.asyncDispose]: () => Promise.resolve() });
}

async function textsOf(log: EmbeddedLog): Promise<string[][]> {
  const names = new Map<string, string>();
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      const texts: string[] = [];
      for await (const { frames } of log.read("events", partition, 0)) {
        for (let i = 0; i < frames.count; i++) texts.push(Buffer.from(decodeRaw(frames, i, names)?.bytes ?? []).toString("utf8"));
      }
      return texts;
    }),
  );
}

async function withIngest(
  run: (tools: {
    readonly log: EmbeddedLog;
    readonly start: (open: IngestOptions["open"], more?: Partial<IngestOptions>) => ReturnType<typeof ingest>;
    readonly saved: string[];
  }) => Promise<void>,
): Promise<void> {
  await using log = await openEmbeddedLog({ folder: "/log", files: makeVolatileFiles(1), partitions, clock: systemClock });
  const saved: string[] = [];
  const start = (open: IngestOptions["open"], more: Partial<IngestOptions> = {}) =>
    ingest(
      {
        id: "paper",
        platform: "paper",
        open,
        log,
        hashes: { post: (_platform, id) => hashOf(id), actor: (_platform, id) => hashOf(id) },
        cursors: { load: () => Promise.resolve(saved.at(-1)), save: (_id, cursor) => Promise.resolve(void saved.push(cursor)) },
        clock: systemClock,
        report: () => undefined,
        onStatus: () => undefined,
        mayCollect: () => Promise.resolve(),
        saveEveryMs: 0,
        ...more,
      },
      { items: 0, bytes: 0, pages: 0, gaps: 0, errors: 0 },
      new AbortController().signal,
    );
  await run({ log, start, saved });
}

test("a page is durable in the log before its cursor is saved", () =>
  withIngest(async ({ log, start, saved }) => {
    const ends: number[] = [];
    const total = async () => (await log.state("events")).reduce((sum, { next }) => sum + next, 0);
    const open = sourceOf(async function* () {
      yield { items: [raw("a", "1"), raw("b", "2")], cursor: "2" };
      yield { items: [raw("c", "3")], cursor: "3" };
    });
    const save = async (_id: string, cursor: string) => {
      ends.push(await total());
      saved.push(cursor);
    };
    assert.equal(await start(open, { cursors: { load: () => Promise.resolve(undefined), save } }), "done");
    assert.deepEqual(
      [saved, ends],
      [
        ["2", "3"],
        [2, 3],
      ],
    );
  }));

test("what a key names goes to one partition, what concerns all to each, and what nobody can read is spread", () =>
  withIngest(async ({ log, start }) => {
    const open = sourceOf(async function* () {
      yield { items: [raw("a", "first"), raw("a", "second"), raw({ all: true }, "gone"), raw(undefined, "x"), raw(undefined, "y"), raw(undefined, "z")], cursor: "1" };
    });
    await start(open);
    const texts = await textsOf(log);
    const own = texts[partitionOf(hashOf("a"), partitions)] ?? [];
    assert.deepEqual(
      own.filter((text) => text === "first" || text === "second"),
      ["first", "second"],
    );
    assert.equal(texts.flat().filter((text) => text === "first").length, 1);
    assert.ok(texts.every((part) => part.includes("gone")));
    assert.deepEqual(
      texts.map((part) => part.filter((text) => ["x", "y", "z"].includes(text)).length),
      [1, 1, 1],
    );
  }));

test("after a cut it waits as long as the platform asks, and goes on from the last page", () =>
  withIngest(async ({ log, start }) => {
    const clock = makeFakeClock(1_000_000);
    const asked: (string | undefined)[] = [];
    const told: SourceStatus[] = [];
    const open = sourceOf(async function* (cursor) {
      asked.push(cursor);
      if (cursor === undefined) {
        yield { items: [raw("a", "1")], cursor: "one" };
        throw new EarshotError("UPSTREAM_RATE_LIMITED", "paper: wait", { retryAt: 1_090_000 });
      }
      yield { items: [raw("b", "2")], cursor: "two", gap: { toMs: 5, reason: "too old" } };
    });
    const waiting = Promise.withResolvers<void>();
    const running = start(open, {
      clock,
      random: () => 0.5,
      onStatus: (status) => {
        told.push(status);
        if (status.state === "waiting") waiting.resolve();
      },
    });
    await waiting.promise;
    assert.equal(told.at(-1)?.retryAt, 1_090_000);
    await clock.advance(89_000);
    assert.equal(asked.length, 1);
    await clock.advance(1_000);
    assert.equal(await running, "done");
    assert.deepEqual(asked, [undefined, "one"]);
    assert.deepEqual((await textsOf(log)).flat().toSorted(), ["1", "2"]);
  }));

test("a fault of the configuration ends the source instead of being tried again", () =>
  withIngest(async ({ start }) => {
    await assert.rejects(
      start(() => Promise.reject(new EarshotError("CONFIG_SECRET_MISSING", "env:TOKEN is not there"))),
      { code: "CONFIG_SECRET_MISSING" },
    );
  }));

test("a frame of raw gives back the source and the very bytes", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), fc.uint8Array({ maxLength: 200 }), fc.constantFrom("raw", "command"), (source, bytes, kind) => {
      const builder = makeFrameBatchBuilder();
      builder.add({ keyHigh: 1, keyLow: 2, actorHigh: 0, actorLow: 0, time: 1 }, encodeRaw(kind, "before", Buffer.from("other")));
      builder.add({ keyHigh: 1, keyLow: 2, actorHigh: 0, actorLow: 0, time: 1 }, encodeRaw(kind, source, bytes));
      const decoded = decodeRaw(builder.take(), 1, new Map());
      assert.deepEqual({ ...decoded, bytes: Buffer.from(decoded?.bytes ?? []) }, { kind, source, bytes: Buffer.from(bytes) });
    }),
  );
});
