import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { type Failures, openFailures } from "./failures.ts";
import { registerMigrations } from "./migrations.ts";

let postgres: TestPostgres;
let failures: Failures;
before(async () => {
  postgres = await startTestPostgres();
  failures = openFailures(await postgres.database("failures", registerMigrations));
});
after(() => postgres[Symbol.asyncDispose]());

test("whatever a platform puts into an answer, its failure is written and read again", async () => {
  const hourMs = Date.UTC(2026, 10, 28);
  const texts = [
    // An answer's own escapes stand in its excerpt letter by letter.
    String.raw`{"message":"\u0000"}`,
    String.raw`cut within a pair \ud83d`,
    String.raw`\\u0000 and \\ud83d\ude00`,
    "a NUL \0, half a pair \ud83d and a whole one 😀",
    String.raw`"quoted" \" and \\`,
  ];
  for (const [at, text] of texts.entries()) {
    const sample = { at, message: text, excerpt: text, request: text, requestId: text };
    await failures.add([
      { source: "s", failure: `f${at}`, hourMs, class: "server", code: "UPSTREAM_UNAVAILABLE", count: 1, firstAt: hourMs, lastAt: hourMs, samples: [sample] },
      { source: "s", failure: `f${at}`, hourMs, class: "server", code: "UPSTREAM_UNAVAILABLE", count: 1, firstAt: hourMs, lastAt: hourMs, samples: [sample] },
    ]);
  }
  const rows = await failures.list({ fromMs: hourMs, toMs: hourMs + 1 }, 10);
  assert.deepEqual(
    rows.map(({ failure, count, samples }) => [failure, count, samples.length]),
    texts.map((_text, at) => [`f${at}`, 2, 2]),
  );
  assert.deepEqual(rows.map(({ samples: [sample] }) => sample?.excerpt).slice(0, 3), texts.slice(0, 3));
  assert.equal(rows[3]?.samples[0]?.excerpt, "a NUL , half a pair \ufffd and a whole one 😀");
});
