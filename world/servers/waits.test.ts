import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWaits } from "./waits.ts";

test("a hold that is over when the next call comes was waited for; one that nobody came after was not", () => {
  let now = 0;
  const waits = makeWaits(() => now);
  assert.equal(waits.comes(), true);
  waits.hold(100);
  assert.equal(waits.forcedMs, 0);
  now = 100;
  assert.equal(waits.comes(), true);
  assert.deepEqual([waits.forcedMs, waits.beyond], [100, 0]);
  waits.hold(500);
  assert.equal(waits.forcedMs, 100);
});

test("a call that comes too early is told so and counted, but for one that was under way", () => {
  let now = 0;
  const waits = makeWaits(() => now, 10);
  waits.hold(100);
  now = 10;
  assert.equal(waits.comes(), false);
  assert.equal(waits.beyond, 0);
  now = 99;
  assert.equal(waits.comes(), false);
  assert.equal(waits.beyond, 1);
});

test("who waits alone and what holds for everybody are added up without counting the same moment twice", () => {
  let now = 0;
  const waits = makeWaits(() => now);
  waits.hold(100, "one");
  waits.hold(40, "other");
  now = 50;
  assert.equal(waits.comes("other"), true);
  waits.hold(150);
  assert.equal(waits.comes("other"), false);
  now = 150;
  assert.equal(waits.comes("one"), true);
  assert.equal(waits.forcedMs, 150);
  waits.hold(180, "one");
  now = 200;
  assert.equal(waits.comes("one"), true);
  assert.deepEqual([waits.forcedMs, waits.beyond], [180, 0]);
});
