import assert from "node:assert/strict";
import { test } from "node:test";
import { startGraph } from "../../world/servers/graph.ts";
import { makeFakeClock } from "../core/clock.ts";
import { makeContext } from "../connectors/source.fixtures.ts";
import { defineSource } from "./collect.ts";
import { makeShadow } from "./parts/shadow.ts";

const dayMs = 86_400_000;

async function start(seed: string) {
  const clock = makeFakeClock(Date.UTC(2026, 10, 1, 12));
  const world = await startGraph({ seed, nowMs: () => clock.now(), pages: 1, oldestVersion: 21 });
  for (let left = 20; left > 0; left--) {
    const atMs = clock.now() - left * 0.2 * dayMs;
    const post = world.content.publish(world.pages[0] ?? "", atMs);
    world.content.comment(post, atMs + 60_000);
  }
  const context = makeContext({ clock, secrets: { "env:TOKEN": world.token, "env:SECRET": world.appSecret } });
  const options = {
    pages: world.pages,
    token: "env:TOKEN",
    appSecret: "env:SECRET",
    server: world.url,
    backfillDays: 30,
    requestsPerHour: 100_000,
    simulated: true,
    version: "v24.0",
  };
  const definition = await defineSource("page", { use: "facebook", paused: false, ...options }, "dashboard", []);
  assert.ok(definition !== undefined);
  const shadow = makeShadow({ ...context, definitions: new Map([["page", definition]]), egress: {} });
  return {
    clock,
    world,
    options,
    shadow,
    /** Lets the network run, and the fake time beside it, until the run ends. */
    async compare(more: Record<string, unknown>) {
      await shadow.startShadow("page", { options: { ...options, ...more }, forMs: 10 * 60_000, mostPosts: 1_000 });
      for (let turn = 0; shadow.shadow("page")?.state === "running" && turn < 20_000; turn++) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (world.figures.open === 0) await clock.advance(100);
      }
      const view = shadow.shadow("page");
      assert.ok(view !== undefined);
      return view;
    },
    async [Symbol.asyncDispose]() {
      await shadow.stopShadows();
      await context[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}

test("two versions of an API that bring the same are the same", async () => {
  await using at = await start("shadow-same");
  const view = await at.compare({ version: "v25.0" });
  assert.equal(view.state, "done");
  assert.equal(view.old.posts, 40);
  assert.deepEqual([view.both, view.same, view.onlyOld.posts, view.onlyFresh.posts], [40, 40, 0, 0]);
  assert.deepEqual(view.fields, []);
});

test("what a second configuration does not bring is named", async () => {
  await using at = await start("shadow-less");
  const view = await at.compare({ collect: ["posts"] });
  assert.deepEqual([view.both, view.onlyOld.posts, view.onlyFresh.posts], [20, 20, 0]);
  assert.equal(view.onlyOld.examples.length, 10);
});

test("a version that is retired fails with its code, and the old side is read all the same", async () => {
  await using at = await start("shadow-retired");
  const view = await at.compare({ version: "v20.0" });
  assert.equal(view.fresh.state, "failed");
  assert.equal(view.fresh.error?.code, "UPSTREAM_VERSION");
  assert.equal(view.old.posts, 40);
});
