import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { EarshotError } from "../../core/errors.ts";
import { makeModelRuns } from "./model-runs.ts";

const never = () => new Promise<never>(() => undefined);

test("closing ends a training whose thread is only starting, and nothing begins after it", { timeout: 60_000 }, async () => {
  const runs = makeModelRuns({ clock: systemClock, report: () => undefined });
  const { id } = runs.begin({ set: "ls1", task: "tone", version: 1 }, never);
  await runs.close();
  assert.equal((await runs.ended(id)).state, "cancelled");
  const stopping = { code: "STORE_UNAVAILABLE" };
  assert.throws(() => runs.begin({ set: "ls1", task: "tone", version: 2 }, never), stopping);
  await assert.rejects(runs.withThread(never), stopping);
});

test("closing ends a training that runs", { timeout: 60_000 }, async () => {
  const runs = makeModelRuns({ clock: systemClock, report: () => undefined });
  const begun = Promise.withResolvers<void>();
  const { id } = runs.begin({ set: "ls1", task: "tone", version: 1 }, () => {
    begun.resolve();
    return never();
  });
  await begun.promise;
  assert.equal(runs.isRunning(), true);
  await runs.close();
  assert.equal(runs.isRunning(), false);
  assert.equal(runs.runs()[0]?.state, "cancelled");
  assert.equal(runs.runs()[0]?.id, id);
});

test("a few threads work at once; who comes later waits for a place, and is refused where many wait", { timeout: 120_000 }, async () => {
  const runs = makeModelRuns({ clock: systemClock, report: () => undefined });
  const others = makeModelRuns({ clock: systemClock, report: () => undefined });
  let working = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++working);
    // As long as a further thread would take to start.
    await others.withThread(async () => undefined);
    working--;
  };
  await Promise.all(Array.from({ length: 5 }, () => runs.withThread(work)));
  assert.ok(most <= 3, String(most));
  const many = await Promise.allSettled([...Array.from({ length: 33 }, () => runs.withThread(never)), runs.withThread(never), runs.close()]);
  const codes = many.map((end) => (end.status === "rejected" && end.reason instanceof EarshotError ? end.reason.code : end.status));
  assert.equal(codes.filter((code) => code === "LIMIT_REACHED").length, 1);
  assert.equal(codes.filter((code) => code === "STORE_UNAVAILABLE").length, 33);
});
