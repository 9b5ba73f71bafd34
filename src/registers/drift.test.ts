import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { emptyShape } from "../core/shape.ts";
import { type Drift, openDrift } from "./drift.ts";
import { registerMigrations } from "./migrations.ts";

let postgres: TestPostgres;
let drift: Drift;
before(async () => {
  postgres = await startTestPostgres();
  drift = openDrift(await postgres.database("drift", registerMigrations));
});
after(() => postgres[Symbol.asyncDispose]());

test("fields that are met no more are forgotten with their hours, unless somebody knows of them", async () => {
  const dayMs = 86_400_000;
  const count = (field: string, at: number) => ({
    source: "s",
    entity: "post",
    field,
    change: "unknown" as const,
    weight: 1,
    rejected: 0,
    firstAt: at,
    lastAt: at,
    shape: emptyShape(),
  });
  await drift.add([{ source: "s", entity: "post", weight: 3, rejected: 0, lastAt: dayMs }], [count("old", dayMs), count("known", dayMs), count("new", 3 * dayMs)]);
  await drift.setKnown({ source: "s", entity: "post", field: "known", change: "unknown" }, dayMs);
  // Two fields and what was seen.
  assert.equal(await drift.expire(2 * dayMs, 2 * dayMs), 3);
  assert.deepEqual(
    (await drift.fields("s")).map(({ field }) => field),
    ["new", "known"],
  );
  assert.deepEqual(
    (await drift.hours({ fromMs: 0 })).map(({ field }) => field),
    ["new"],
  );
});

test("what is known of a source goes with it, and nothing of others", async () => {
  const at = 9 * 86_400_000;
  const of = (source: string) => ({ source, entity: "post", field: "f", change: "unknown" as const, weight: 1, rejected: 0, firstAt: at, lastAt: at, shape: emptyShape() });
  for (const source of ["gone", "stays"]) {
    await drift.add([{ source, entity: "post", weight: 1, rejected: 0, lastAt: at }], [of(source)]);
    await drift.addRename({ source, entity: "post", from: "f", to: "text", actor: "ann", at });
  }
  await drift.removeSource("gone");
  const left = await Promise.all([drift.hours({ fromMs: at }), drift.seen({ fromMs: at }), drift.fields(), drift.renames()]);
  for (const rows of left) assert.deepEqual([rows.some(({ source }) => source === "gone"), rows.some(({ source }) => source === "stays")], [false, true]);
});

test("a field of two hours, and names that the catalog cannot tell apart, are counted once each, together or not at all", async () => {
  const hour = 3_600_000;
  const at = 20 * 86_400_000;
  const count = (field: string, lastAt: number, weight: number) => ({
    source: "hours",
    entity: "post",
    field,
    change: "unknown" as const,
    weight,
    rejected: 0,
    firstAt: lastAt - 5,
    lastAt,
    shape: emptyShape(),
  });
  await drift.add([], [count("f", at + 10, 2), count("f", at + hour, 3), count("f\0", at + hour + 1, 4)]);
  const [field] = await drift.fields("hours");
  assert.deepEqual([field?.firstAt, field?.lastAt], [at + 5, at + hour + 1]);
  const weights = async () => (await drift.hours({ source: "hours", fromMs: at })).map(({ hourMs, weight }) => [hourMs, weight]);
  const counted = [
    [at + hour, 7],
    [at, 2],
  ];
  assert.deepEqual(await weights(), counted);
  await assert.rejects(drift.add([], [count("f", at + 20, 1), { ...count("g", at, 1), firstAt: Number.NaN }]));
  assert.deepEqual(await weights(), counted);
});
