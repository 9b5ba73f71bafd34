import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { makeFakeClock, systemClock } from "./clock.ts";

describe("the fake clock", () => {
  test("time stands still until it is advanced", async () => {
    const clock = makeFakeClock(1_000);
    assert.deepEqual([clock.now(), clock.monotonicMs()], [1_000, 0]);
    await clock.advance(250);
    assert.deepEqual([clock.now(), clock.monotonicMs()], [1_250, 250]);
  });

  test("sleepers wake in the order of their time, each at its own time", async () => {
    const clock = makeFakeClock(0);
    const woken: string[] = [];
    for (const [name, ms] of [
      ["c", 30],
      ["a", 10],
      ["b", 20],
      ["d", 40],
    ] as const)
      void clock.sleep(ms).then(() => woken.push(`${name}${clock.now()}`));
    await clock.advance(30);
    await Promise.resolve();
    assert.deepEqual(woken, ["a10", "b20", "c30"]);
  });

  test("a sleeper that sleeps again within the advance wakes again", async () => {
    const clock = makeFakeClock(0);
    const ticks: number[] = [];
    const ticking = (async () => {
      for (let i = 0; i < 3; i++) {
        await clock.sleep(10);
        ticks.push(clock.now());
      }
    })();
    await clock.advance(100);
    await ticking;
    assert.deepEqual(ticks, [10, 20, 30]);
    assert.equal(clock.now(), 100);
  });

  for (const [name, clock] of [
    ["fake", makeFakeClock(0)],
    ["system", systemClock],
  ] as const) {
    test(`a sleep of the ${name} clock rejects with the reason of its signal, before or while it sleeps`, async () => {
      const reason = new Error("enough");
      await assert.rejects(clock.sleep(60_000, AbortSignal.abort(reason)), reason);
      const stop = new AbortController();
      const sleeping = clock.sleep(60_000, stop.signal);
      stop.abort(reason);
      await assert.rejects(sleeping, reason);
    });
  }
});
