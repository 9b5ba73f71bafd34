import assert from "node:assert/strict";
import { test } from "node:test";
import { makeServerClock, readRateLimit as readWith } from "./rate-limit.ts";
import { redactText, redactUrl } from "./redact.ts";

const now = Date.UTC(2026, 5, 1, 12);

function readRateLimit(headers: Headers, nowMs: number) {
  const clock = makeServerClock();
  clock.hear(headers, nowMs);
  return readWith(headers, nowMs, clock.skewMs());
}

test("Retry-After is read as seconds and as an HTTP date", () => {
  assert.equal(readRateLimit(new Headers({ "retry-after": "120" }), now).retryAt, now + 120_000);
  assert.equal(readRateLimit(new Headers({ "retry-after": "Mon, 01 Jun 2026 12:05:00 GMT" }), now).retryAt, now + 300_000);
  assert.equal(readRateLimit(new Headers({ "retry-after": "soon" }), now).retryAt, undefined);
  assert.equal(readRateLimit(new Headers({ "retry-after": "99999999" }), now).retryAt, now + 86_400_000);
});

test("X-RateLimit-Reset is read as seconds left, epoch seconds, epoch milliseconds and ISO 8601", () => {
  for (const reset of ["60", String((now + 60_000) / 1000), String(now + 60_000), new Date(now + 60_000).toISOString()]) {
    const told = readRateLimit(new Headers({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset }), now);
    assert.deepEqual([told.remaining, told.resetAt, told.isRounded], [0, now + 60_000, reset.length < 12 ? true : undefined]);
  }
});

test("X's, Reddit's and Mastodon's headers tell limit, remaining calls and end of the window", () => {
  const at = (now + 60_000) / 1_000;
  for (const [headers, remaining] of [
    [{ "x-rate-limit-limit": "450", "x-rate-limit-remaining": "12", "x-rate-limit-reset": String(at) }, 12],
    [{ "X-Ratelimit-Used": "437.5", "X-Ratelimit-Remaining": "12.5", "X-Ratelimit-Reset": "60" }, 12.5],
    [{ "X-RateLimit-Limit": "450", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": "2026-06-01T12:01:00.000000Z" }, 12],
    [{ "RateLimit-Limit": "450, 450;w=900", "RateLimit-Remaining": "12", "RateLimit-Reset": "60" }, 12],
    [{ RateLimit: "limit=450, remaining=12, reset=60" }, 12],
    [{ "RateLimit-Policy": '"day";q=9000;w=86400, "burst";q=450;w=900', RateLimit: '"day";r=8000;t=5000, "burst";r=12;t=60' }, 12],
  ] as const) {
    const told = readRateLimit(new Headers(headers), now);
    assert.deepEqual([told.limit, told.remaining, told.resetAt], [450, remaining, now + 60_000]);
  }
});

test("absolute times follow the server's clock, relative ones ours", () => {
  for (const skewMs of [-300_000, 300_000]) {
    const date = new Date(now + skewMs).toUTCString();
    const absolute = String((now + skewMs + 60_000) / 1_000);
    assert.equal(readRateLimit(new Headers({ date, "x-rate-limit-reset": absolute }), now).resetAt, now + 60_000);
    assert.equal(readRateLimit(new Headers({ date, "x-ratelimit-reset": "60" }), now).resetAt, now + 60_000);
    assert.equal(readRateLimit(new Headers({ date, "retry-after": new Date(now + skewMs + 5_000).toUTCString() }), now).retryAt, now + 5_000);
  }
});

test("a use of an app, page, account or business of Graph is waited out once it is full, as long as is told", () => {
  const retryIn = (headers: Record<string, string>) => {
    const { retryAt } = readRateLimit(new Headers(headers), now);
    return retryAt === undefined ? undefined : retryAt - now;
  };
  assert.equal(retryIn({ "x-app-usage": '{"call_count":99,"total_time":25,"total_cputime":40}' }), undefined);
  assert.equal(retryIn({ "x-app-usage": '{"call_count":28,"total_time":25,"total_cputime":100}' }), 300_000);
  assert.equal(retryIn({ "x-page-usage": '{"call_count":100}' }), 300_000);
  assert.equal(retryIn({ "x-ad-account-usage": '{"acc_id_util_pct":100,"reset_time_duration":100}' }), 100_000);
  assert.equal(
    retryIn({
      "x-business-use-case-usage":
        '{"17":[{"type":"pages","call_count":4,"estimated_time_to_regain_access":0},{"type":"instagram","call_count":100,"estimated_time_to_regain_access":19}]}',
    }),
    19 * 60_000,
  );
  for (const nonsense of ["", "{", "[]", "null", '{"17":[null,3]}', '{"call_count":"100"}'])
    assert.equal(retryIn({ "x-app-usage": nonsense, "x-business-use-case-usage": nonsense }), undefined);
});

test("a redacted address keeps what helps and hides what is secret", () => {
  assert.equal(redactUrl("https://u:p@a.test/x?access_token=s3cret&limit=4#frag"), "https://a.test/x?access_token=REDACTED&limit=4");
  assert.equal(redactUrl("nonsense"), "(not a URL)");
  assert.equal(redactText("failed at https://u:p@a.test with Bearer abc.def", ["zzzz"]), "failed at https://a.test with Bearer REDACTED");
});

test("a server's clock is known better with each answer, and a clock that is set is followed", () => {
  const clock = makeServerClock();
  const hear = (atMs: number, skewMs: number) => clock.hear(new Headers({ date: new Date(atMs + skewMs).toUTCString() }), atMs);
  hear(now + 900, 300_000);
  assert.equal(clock.skewMs(), 299_100);
  hear(now + 5_050, 300_000);
  hear(now + 9_500, 300_000);
  assert.equal(clock.skewMs(), 299_950);
  hear(now + 20_000, -60_000);
  assert.equal(clock.skewMs(), -60_000);
  hear(now + 30_000, 86_400_000 * 90);
  clock.hear(new Headers({ date: new Date(now).toUTCString(), age: "60" }), now + 60_000);
  assert.equal(clock.skewMs(), -60_000);
});
