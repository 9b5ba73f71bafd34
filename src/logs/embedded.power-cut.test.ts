import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { makeVolatileFiles } from "../core/volatile-files.ts";
import { type EmbeddedLog, openEmbeddedLog } from "./embedded.ts";
import type { LogFinding } from "./embedded-segments.ts";
import { batchOf, readTexts } from "./log.contract.ts";

const partitions = 2;
const seeds = 250;

function randomOf(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

interface Batch {
  readonly texts: readonly string[];
  first: number | undefined;
  failed: boolean;
}

/** What the world knows of one partition without looking at the log. */
interface Expected {
  readonly batches: Batch[];
  /** Actors forgotten for sure (resolved), and for perhaps (asked, cut). */
  readonly forgotten: Map<number, number>;
  readonly maybeForgotten: Set<number>;
  keepFrom: number;
  committed: number;
}

const actorOf = (text: string): number => Number(/actor (\d+)/.exec(text)?.[1] ?? -1);

/** Nothing acknowledged is lost, nothing is doubled or out of order, what is forgotten stays so. */
async function check(log: EmbeddedLog, partition: number, expected: Expected, seed: number): Promise<void> {
  const place = `seed ${seed}, partition ${partition}`;
  const state = (await log.state("posts"))[partition];
  assert.ok(state !== undefined);
  assert.ok(state.oldest <= expected.keepFrom, `${place}: oldest ${state.oldest} passed ${expected.keepFrom}`);
  const found = await readTexts(log, "posts", partition);
  assert.deepEqual(
    [...found.keys()],
    Array.from({ length: state.next - state.oldest }, (_, i) => state.oldest + i),
    `${place}: offsets`,
  );
  for (const { texts, first, failed } of expected.batches) {
    if (first === undefined) {
      const present = texts.filter((text) => [...found.values()].includes(text));
      if (failed) assert.deepEqual(present, [], `${place}: a batch whose append failed came back`);
      continue;
    }
    for (const [i, text] of texts.entries()) {
      const offset: number = first + i;
      if (offset < state.oldest) continue;
      const came = found.get(offset);
      const actor = actorOf(text);
      const forgottenUpTo = expected.forgotten.get(actor) ?? -1;
      if (offset < forgottenUpTo) assert.equal(came, "", `${place}: offset ${offset} of a forgotten actor`);
      else if (expected.maybeForgotten.has(actor)) assert.ok(came === "" || came === text, `${place}: offset ${offset} is ${came}`);
      else assert.equal(came, text, `${place}: offset ${offset}`);
    }
  }
  const texts = [...found.values()].filter((text) => text !== "");
  assert.equal(new Set(texts).size, texts.length, `${place}: a frame came twice`);
  const orders = texts.map((text) => Number(/^(\d+)/.exec(text)?.[1]));
  assert.deepEqual(
    orders,
    orders.toSorted((a, b) => a - b),
    `${place}: order`,
  );
}

async function life(seed: number): Promise<void> {
  const random = randomOf(seed);
  const clock = makeFakeClock(1_700_000_000_000);
  let files = makeVolatileFiles(seed);
  const findings: LogFinding[] = [];
  const expected: Expected[] = Array.from({ length: partitions }, () => ({ batches: [], forgotten: new Map(), maybeForgotten: new Set(), keepFrom: 0, committed: -1 }));
  let order = 0;
  for (let round = 0; round < 4; round++) {
    let isCut = false;
    let log: EmbeddedLog | undefined;
    if (random(4) === 0) files.failAfter(random(30));
    const open = () => openEmbeddedLog({ folder: "/data/log", files, partitions, clock, segmentBytes: 600 + random(3_000), found: (finding) => findings.push(finding) });
    try {
      log = await open();
      for (const [partition, some] of expected.entries()) await check(log, partition, some, seed);
      files.failAfter(random(250));
      const steps = 5 + random(40);
      for (let step = 0; step < steps; step++) await doStep(log);
    } catch (error) {
      assert.ok(error instanceof EarshotError && /power is off/.test(error.message), `seed ${seed}: ${String(error)}`);
      isCut = true;
    }
    const before = files;
    files = random(3) === 0 ? files.kill() : files.powerCut();
    assert.ok(isCut || before.changes > 0);
    await Promise.resolve(log?.[Symbol.asyncDispose]()).catch(() => {});
  }
  {
    await using log = await openEmbeddedLog({ folder: "/data/log", files: files.powerCut(), partitions, clock, found: (finding) => findings.push(finding) });
    for (const [partition, some] of expected.entries()) {
      await check(log, partition, some, seed);
      const next = (await log.state("posts"))[partition]?.next;
      assert.equal(await log.append("posts", partition, batchOf([{ key: 1, actor: 0, time: 0, text: "after" }])), next);
    }
  }
  assert.deepEqual(
    findings.filter(({ kind }) => kind === "corrupt"),
    [],
    `seed ${seed}: a power cut is no corruption`,
  );

  async function doStep(log: EmbeddedLog): Promise<void> {
    const partition = random(partitions);
    const some = expected[partition];
    assert.ok(some !== undefined);
    const luck = random(20);
    if (luck < 13) {
      const appends = Array.from({ length: 1 + random(4) }, () => {
        const frames = Array.from({ length: 1 + random(5) }, () => {
          const actor = random(6);
          order++;
          return { key: order, actor, time: order, text: `${order} actor ${actor} ${"y".repeat(random(200))}` };
        });
        const batch: Batch = { texts: frames.map(({ text }) => text), first: undefined, failed: false };
        some.batches.push(batch);
        return log.append("posts", partition, batchOf(frames)).then((first) => {
          batch.first = first;
        });
      });
      // Each is told by itself: one that resolved counts, whatever became of the others.
      const settled = await Promise.allSettled(appends);
      const rejected = settled.find(({ status }) => status === "rejected");
      if (rejected?.status === "rejected") throw rejected.reason;
    } else if (luck < 15) {
      const actor = random(6);
      some.maybeForgotten.add(actor);
      await log.forget("posts", partition, { remove: (_high, _low, actorHigh) => actorHigh === actor, needles: [] });
      some.forgotten.set(actor, (await log.state("posts"))[partition]?.next ?? 0);
    } else if (luck < 16) {
      const state = (await log.state("posts"))[partition];
      assert.ok(state !== undefined);
      some.keepFrom = Math.max(some.keepFrom, state.oldest + random(state.next - state.oldest + 1));
      await log.retain("posts", { maxAgeMs: random(2) === 0 ? 0 : 1e12, maxBytes: random(4_000), keepFrom: (p) => expected[p]?.keepFrom ?? 0 });
    } else if (luck < 18) {
      await log.maintain();
    } else {
      const state = (await log.state("posts"))[partition];
      const at = (await log.committed("posts", "group")).get(partition) ?? 0;
      if (state === undefined || Math.max(at, state.oldest) >= state.next) return;
      const done = new AbortController();
      for await (const delivery of log.subscribe("posts", "group", { partitions: [partition] }, done.signal)) {
        await delivery.commit();
        done.abort();
      }
      await clock.advance(200);
    }
  }
}

test(`after a power cut at any moment nothing acknowledged is lost, doubled or out of order, and the forgotten stays forgotten (${seeds} seeds)`, async () => {
  const only = process.env["SEED"];
  if (only !== undefined) return life(Number(only));
  for (let seed = 1; seed <= seeds; seed++) await life(seed);
  return undefined;
});
