import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { allTime, idsOf, importLines, indexed, makeFolder, nobody, type Running, settle, startIn, totalsBy, until } from "./system.fixtures.ts";
import type { QuarantinePage } from "../../src/runtime/engine.ts";

const inShort = (reasons: QuarantinePage["reasons"]) => reasons.map(({ code, source, count }) => ({ code, source, count }));

const at = "2026-01-05T10:00:00Z";

async function settled(running: Running, items: number): Promise<void> {
  await until(
    () => `${items} items collected`,
    async () => (await running.engine.sources()).reduce((sum, source) => sum + source.collected, 0) >= items,
  );
  await settle(running);
  await indexed(running);
}

/** All that can be asked, in an order of its own. */
async function stateOf({ engine }: Running) {
  const posts: unknown[] = [];
  for await (const page of engine.export("", {}, nobody)) posts.push(...page);
  const rollups = await engine.rollups({ ...allTime, grain: "hour", by: ["platform", "source", "language", "term"], filter: {} });
  const facets = await engine.facets({ q: "", filter: {}, by: ["platform", "language", "sentiment", "term", "hashtag", "day"], top: 50 });
  const byKey = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
  return { posts: posts.toSorted(byKey), rollups: rollups.rows.toSorted(byKey), facets };
}

test("rejected items become posts once the source's options fit them, by id, by source and by a range of raw", async () => {
  using folder = makeFolder();
  const file = join(folder.path, "posts.ndjson");
  const lines = Array.from({ length: 30 }, (_, i) => ({ nr: `n${i}`, words: `words number ${i}`, who: `author${i % 3}.simulated.example`, when: at }));
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const source = { use: "files", paths: [file], platform: "paper" };
  {
    await using running = await startIn(folder.path, { sources: { paper: source } });
    await settled(running, 30);
    const page = await running.engine.quarantine({ limit: 100 });
    assert.equal(page.items.length, 30);
    assert.deepEqual(inShort(page.reasons), [{ code: "FIELD_MISSING", source: "paper", count: 30 }]);
    const again = await running.engine.replay({ kind: "quarantine", source: "paper" });
    assert.deepEqual(again, { read: 30, kept: 0, unchanged: 0, rejected: 30 });
    await settled(running, 30);
    assert.deepEqual(
      inShort((await running.engine.quarantine({ limit: 1 })).reasons),
      [{ code: "FIELD_MISSING", source: "paper", count: 30 }],
      "what is rejected again is there once",
    );
  }
  const fitting = { ...source, fields: { id: "nr", text: "words", author: "who", createdAt: "when" } };
  await using running = await startIn(folder.path, { sources: { paper: fitting } }, { collect: false });
  const open = await running.engine.quarantine({ limit: 100, state: "open" });
  const [one, two] = open.items;
  assert.ok(one && two);
  assert.deepEqual(await running.engine.replay({ kind: "quarantine", ids: [one.id, two.id] }), { read: 2, kept: 2, unchanged: 0, rejected: 0 });
  assert.equal((await running.engine.quarantineItem(one.id))?.state, "replayed");
  assert.deepEqual(await running.engine.replay({ kind: "quarantine", code: "FIELD_MISSING" }), { read: 28, kept: 28, unchanged: 0, rejected: 0 });
  await settle(running);
  assert.equal((await idsOf(running, "words")).size, 30);
  assert.deepEqual(await totalsBy(running, "source"), { paper: { posts: 30, likes: 0, shares: 0, replies: 0 } });
  assert.deepEqual((await running.engine.quarantine({ limit: 1 })).reasons, []);
  const raw = await running.engine.replay({ kind: "raw", source: "paper", fromMs: 0, toMs: Date.now() + 1 });
  assert.equal(raw.rejected, 0);
  await settle(running);
  assert.equal((await idsOf(running, "words")).size, 30);
});

test("a rejected import is replayed as what it was, with its platform", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {}, { collect: false });
  const answer = await importLines(
    running,
    [
      { id: "1", author: "a", text: "fine", createdAt: at },
      { id: "2", author: "a", createdAt: at },
    ],
    "papers",
  );
  assert.deepEqual([answer.accepted, answer.rejected, answer.errors[0]?.line, answer.errors[0]?.code], [1, 1, 2, "FIELD_MISSING"]);
  await indexed(running);
  assert.deepEqual(inShort((await running.engine.quarantine({ limit: 5 })).reasons), [{ code: "FIELD_MISSING", source: "import", count: 1 }]);
  assert.deepEqual(await running.engine.replay({ kind: "quarantine" }), { read: 1, kept: 0, unchanged: 0, rejected: 1 });
  await indexed(running);
  assert.deepEqual(
    inShort((await running.engine.quarantine({ limit: 5 })).reasons),
    [{ code: "FIELD_MISSING", source: "import", count: 1 }],
    "for the same reason, not as an unknown source",
  );
});

test("reading all raw again with the same parsers changes nothing that can be asked, however often, also after a restart", async () => {
  using folder = makeFolder();
  const terms = { acme: { name: "Acme", kind: "brand" as const, query: "acme OR #acme" } };
  const file = join(folder.path, "posts.ndjson");
  const make = (i: number) => ({
    id: `f${i}`,
    author: `writer${i % 7}.simulated.example`,
    text: `${i % 3 === 0 ? "acme" : "other"} story ${i} #tag${i % 5}`,
    createdAt: new Date(Date.parse(at) + i * 60_000).toISOString(),
    likes: i,
  });
  writeFileSync(file, Array.from({ length: 300 }, (_, i) => `${JSON.stringify(make(i))}\n`).join(""));
  const config = { terms, sources: { paper: { use: "files", paths: [file], platform: "paper" } } };
  let before: Awaited<ReturnType<typeof stateOf>>;
  {
    await using running = await startIn(folder.path, config);
    await settled(running, 300);
    const edits = [
      ...Array.from({ length: 40 }, (_, i) => ({ ...make(i), text: `acme edited ${i}`, editedAt: "2026-01-06T10:00:00Z", likes: 1_000 + i })),
      ...Array.from({ length: 40 }, (_, i) => ({ id: `f${i + 100}`, deleted: true, createdAt: at })),
      { id: "broken", text: 7 },
    ];
    appendFileSync(file, edits.map((line) => `${JSON.stringify(line)}\n`).join(""));
    // A source that has read its files looks again when it is started again.
    await running.engine.setSourcePaused("paper", true);
    await running.engine.setSourcePaused("paper", false);
    await settled(running, 381);
    assert.equal((await idsOf(running, "")).size, 260);
    before = await stateOf(running);
    for (let again = 0; again < 2; again++) {
      const answer = await running.engine.replay({ kind: "raw", fromMs: 0, toMs: Date.now() + 1 });
      assert.equal(
        answer.read,
        (await running.system.base.log.state("events")).reduce((sum, { next }) => sum + next, 0),
      );
      assert.equal(answer.rejected, 1);
      await settle(running);
      await indexed(running);
      assert.deepEqual(await stateOf(running), before);
      assert.deepEqual(
        (await running.engine.quarantine({ limit: 10 })).reasons.map(({ count }) => count),
        [1],
      );
    }
    // Live goes on after a replay, above its generation.
    await importLines(running, [{ ...make(1), id: "later", text: "later than the replay" }], "paper");
    await settle(running);
    assert.equal((await idsOf(running, "later")).size, 1);
    before = await stateOf(running);
  }
  await using running = await startIn(folder.path, config, { collect: false });
  await settle(running);
  assert.deepEqual(await stateOf(running), before);
  await running.engine.replay({ kind: "raw", fromMs: 0, toMs: Date.now() + 1 });
  await settle(running);
  assert.deepEqual(await stateOf(running), before);
});

test("a post whose edit gives it another date is found by its id at once", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {}, { collect: false });
  const { engine, system, pseudonyms } = running;
  const id = pseudonyms.postId("import", "moved");
  await importLines(running, [{ id: "moved", author: "a", text: "before", createdAt: at }]);
  for (const thread of system.threads.refine) await thread.caller.call("flush", undefined);
  await settle(running);
  assert.equal((await engine.post(id, {}))?.text, "before");
  await importLines(running, [{ id: "moved", author: "a", text: "after", createdAt: "2026-03-05T10:00:00Z", editedAt: "2026-03-05T10:00:00Z" }]);
  await settle(running);
  assert.equal((await engine.post(id, {}))?.text, "after");
  assert.deepEqual([...(await idsOf(running, ""))], [id]);
});
