import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBreaker } from "./breaker.ts";

function openedAt(nowMs: number) {
  const breaker = makeBreaker();
  for (let i = 0; i < 5; i++) {
    assert.equal(breaker.take(nowMs), 0);
    breaker.failed(nowMs);
  }
  return breaker;
}

test("while half-open one probe goes out, and its end decides", () => {
  const breaker = openedAt(0);
  assert.deepEqual(breaker.state(0), { state: "open", openUntil: 5_000, opened: 1 });
  assert.equal(breaker.take(1_000), 4_000);
  assert.equal(breaker.state(5_000).state, "half-open");
  assert.equal(breaker.take(5_000), 0);
  assert.ok(breaker.take(5_000) > 0, "the second one waits for the probe");
  breaker.failed(5_100);
  assert.deepEqual(breaker.state(5_100), { state: "open", openUntil: 15_100, opened: 2 });
  assert.equal(breaker.take(15_100), 0);
  breaker.succeeded();
  assert.deepEqual(breaker.state(15_100), { state: "closed", opened: 2 });
  assert.equal(breaker.take(15_100), 0);
});

test("calls that were on their way when it opened do not prolong the pause, and a probe that was aborted lets another one go", () => {
  const breaker = openedAt(0);
  breaker.failed(4_000);
  assert.equal(breaker.waitMs(5_000), 0);
  assert.equal(breaker.take(5_000), 0);
  breaker.abandoned();
  assert.equal(breaker.take(5_000), 0);
});
