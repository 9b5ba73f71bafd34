import assert from "node:assert/strict";
import { test } from "node:test";
import type { Post } from "../../src/core/event.ts";
import { importLines, makeFolder, nobody, settle, startIn } from "./system.fixtures.ts";

const at = Date.parse("2026-01-05T10:00:00Z");

test("posts are read whole, by search, by id and by export, when their bodies have left the index for the lake", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {});
  const { engine, system } = running;
  // A block of bodies is released once it is full.
  const lines = Array.from({ length: 2_000 }, (_, i) => ({
    id: `n${i}`,
    platform: "paper",
    author: `a${i % 7}`,
    text: `wombat number ${i}`,
    createdAt: new Date(at + i * 1_000).toISOString(),
  }));
  await importLines(running, lines);
  await settle(running);
  const before = await engine.search({ q: "wombat", filter: {}, limit: 1_000 });
  const released = await system.threads.stores.caller.call("releaseBodies", { beforeMs: Date.now() + 1_000 });
  assert.ok(released > 0);
  const after = await engine.search({ q: "wombat", filter: {}, limit: 1_000 });
  assert.deepEqual(
    after.items.map((post) => post.text),
    before.items.map((post) => post.text),
  );
  const oldest = await engine.search({ q: '"wombat number 0"', filter: {}, limit: 1 });
  const [first] = oldest.items;
  assert.equal(first?.text, "wombat number 0");
  assert.equal((await engine.post(first.id, {}))?.text, "wombat number 0");
  const exported: Post[] = [];
  for await (const page of engine.export("wombat", {}, nobody)) exported.push(...page);
  assert.deepEqual(new Set(exported.map((post) => post.text)), new Set(lines.map((line) => line.text)));
});

test("a post is found by its id as soon as the index has it, and an unknown one is told apart", async () => {
  using folder = makeFolder();
  await using running = await startIn(folder.path, {});
  await importLines(running, [{ id: "one", platform: "paper", author: "a", text: "a lone quokka", createdAt: new Date(at).toISOString() }]);
  await settle(running);
  const id = running.pseudonyms.postId("paper", "one");
  assert.equal((await running.engine.post(id, {}))?.text, "a lone quokka");
  assert.equal(await running.engine.post(running.pseudonyms.postId("paper", "two"), {}), undefined);
});
