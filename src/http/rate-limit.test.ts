import assert from "node:assert/strict";
import { test } from "node:test";
import { makeBudget } from "./budget.ts";
import { readRateLimit } from "./rate-limit.ts";
import { redactText, redactUrl } from "./redact.ts";

const now = Date.UTC(2026, 5, 1, 12);

test("Retry-After is read as seconds and as an HTTP date", () => {
  assert.equal(readRateLimit(new Headers({ "retry-after": "120" }), now).retryAt, now + 120_000);
  assert.equal(readRateLimit(new Headers({ "retry-after": "Mon, 01 Jun 2026 12:05:00 GMT" }), now).retryAt, now + 300_000);
  assert.equal(readRateLimit(new Headers({ "retry-after": "soon" }), now).retryAt, undefined);
  assert.equal(readRateLimit(new Headers({ "retry-after": "99999999" }), now).retryAt, now + 86_400_000);
});

test("X-RateLimit-Reset is read as seconds left, epoch seconds, epoch milliseconds and ISO 8601", () => {
  for (const reset of ["60", String((now + 60_000) / 1000), String(now + 60_000), new Date(now + 60_000).toISOString()]) {
    assert.deepEqual(readRateLimit(new Headers({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset }), now), { remaining: 0, resetAt: now + 60_000 });
  }
});

test("a budget gives no more calls than the server says are left until the window ends", () => {
  const budget = makeBudget(undefined);
  budget.learn({ remaining: 2, resetAt: now + 1_000 }, now);
  assert.equal(budget.take(now), 0);
  assert.equal(budget.take(now), 0);
  assert.equal(budget.take(now), 1_000);
  assert.equal(budget.take(now + 1_000), 0);
});

test("a redacted address keeps what helps and hides what is secret", () => {
  assert.equal(redactUrl("https://u:p@a.test/x?access_token=s3cret&limit=4#frag"), "https://a.test/x?access_token=REDACTED&limit=4");
  assert.equal(redactUrl("nonsense"), "(not a URL)");
  assert.equal(redactText("failed at https://u:p@a.test with Bearer abc.def", ["zzzz"]), "failed at https://a.test with Bearer REDACTED");
});
