import assert from "node:assert/strict";
import { test } from "node:test";
import { credentialWarnings } from "./credential-warnings.ts";

const now = Date.UTC(2026, 10, 1, 12);
const hourMs = 3_600_000;

test("a credential is spoken of from two weeks before its end, and when it could not be renewed", () => {
  const at = (endsAt: number) => credentialWarnings([{ name: "c", endsAt }], now)[0]?.replace("; grant access again, or set a new one", "");
  assert.equal(at(now + 15 * 24 * hourMs), undefined);
  assert.equal(at(now + 13.5 * 24 * hourMs), "c: it ends in 13 days (2026-11-15)");
  assert.equal(at(now + 25 * hourMs), "c: it ends in 1 day (2026-11-02)");
  assert.equal(at(now + hourMs), "c: it ends today (2026-11-01)");
  assert.equal(at(now), "c: it ended on 2026-11-01");
  assert.deepEqual(credentialWarnings([{ name: "c" }], now), []);
  assert.deepEqual(credentialWarnings([{ name: "c", failure: { code: "UPSTREAM_AUTH", message: "invalid_grant", at: now } }], now), [
    "c: it could not be renewed (UPSTREAM_AUTH): invalid_grant",
  ]);
});
