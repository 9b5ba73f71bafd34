import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { registerMigrations } from "./migrations.ts";
import { judgesAfter, type ModelFields, type Models, openModels } from "./models.ts";

let postgres: TestPostgres;
let models: Models;
let nowMs = Date.UTC(2026, 10, 22);
before(async () => {
  postgres = await startTestPostgres();
  models = openModels(await postgres.database("models", registerMigrations), () => nowMs++);
});
after(() => postgres[Symbol.asyncDispose]());

const fields = (id: string, more: Partial<ModelFields> = {}): ModelFields => ({
  id,
  task: id.slice(0, id.indexOf("@")),
  classes: ["no", "yes"],
  weightsSha256: id.padEnd(64, "0"),
  weightsBytes: 9_000,
  labelSet: { id: "set", name: "Spam", version: 1, hash: "f".repeat(64) },
  codeVersion: "0.1.0+aa",
  parameters: { seed: 1 },
  figures: { figure: { value: 0.7, low: 0.6, high: 0.8 } },
  functional: null,
  ...more,
});

describe("the register of models", () => {
  test("keeps a model as it was given, once, and refuses another under the same digits", async () => {
    const added = await models.add(fields("a@1"), "ann");
    assert.deepEqual([added.state, added.actor, added.parameters, added.figures], ["candidate", "ann", { seed: 1 }, { figure: { value: 0.7, low: 0.6, high: 0.8 } }]);
    assert.deepEqual(await models.add(fields("a@1"), "bob"), added);
    assert.deepEqual(await models.get("a@1"), added);
    await assert.rejects(models.add(fields("a@1", { weightsSha256: "b".repeat(64) }), "bob"), /another one/);
    await assert.rejects(models.get("a@9"), { code: "NOT_FOUND" });
  });

  test("says who judges after promotions and rollbacks, and refuses a move from what holds no longer", async () => {
    for (const id of ["b@1", "b@2", "b@3"]) await models.add(fields(id), "ann");
    const promote = (model: string, was?: string) => models.move({ task: "b", kind: "promote", model, ...(was !== undefined && { was }), evidence: { n: 20 } }, "ann");
    await promote("b@1");
    await promote("b@2", "b@1");
    assert.deepEqual(await Promise.all(["b@1", "b@2"].map(async (id) => (await models.get(id)).state)), ["retired", "promoted"]);
    await assert.rejects(promote("b@3", "b@1"), { code: "CONFLICT" });
    await models.move({ task: "b", kind: "rollback", was: "b@2", model: "b@1", evidence: null }, "ann");
    assert.deepEqual(judgesAfter(await models.moves("b")), ["b@1"]);
    await models.move({ task: "b", kind: "rollback", was: "b@1", evidence: null }, "ann");
    assert.deepEqual(judgesAfter(await models.moves("b")), []);
    assert.deepEqual(await Promise.all(["b@1", "b@2", "b@3"].map(async (id) => (await models.get(id)).state)), ["retired", "retired", "candidate"]);
    const [first] = await models.moves("b");
    assert.deepEqual([first?.kind, first?.model, first?.was, first?.evidence], ["promote", "b@1", undefined, { n: 20 }]);
  });

  test("of two promotions at once one holds", async () => {
    for (const id of ["c@1", "c@2"]) await models.add(fields(id), "ann");
    const results = await Promise.allSettled(["c@1", "c@2"].map((model) => models.move({ task: "c", kind: "promote", model, evidence: null }, "ann")));
    assert.deepEqual(results.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    assert.equal((await models.moves("c")).length, 1);
    const states = await Promise.all(["c@1", "c@2"].map(async (id) => (await models.get(id)).state));
    assert.deepEqual(states.sort(), ["candidate", "promoted"]);
  });

  test("a model cannot be promoted for another task", async () => {
    await models.add(fields("d@1"), "ann");
    await assert.rejects(models.move({ task: "e", kind: "promote", model: "d@1", evidence: null }, "ann"), { code: "NOT_FOUND" });
    assert.deepEqual(await models.moves("e"), []);
  });

  test("counts what a candidate says beside, anew each time it begins, and ends with its promotion", async () => {
    await models.add(fields("g@1"), "ann");
    await models.beginShadow("g@1", 0.5);
    await models.addPairs("g@1", { "no\tyes": 2, "no\tno": 5 });
    await models.addPairs("g@1", { "no\tyes": 1 });
    assert.deepEqual((await models.shadow("g@1"))?.pairs, { "no\tyes": 3, "no\tno": 5 });
    assert.equal((await models.get("g@1")).state, "shadow");
    await models.endShadow("g@1");
    assert.equal((await models.get("g@1")).state, "candidate");
    await assert.rejects(models.endShadow("g@1"), { code: "NOT_FOUND" });
    assert.deepEqual((await models.beginShadow("g@1", 1)).pairs, {});
    await models.move({ task: "g", kind: "promote", model: "g@1", evidence: null }, "ann");
    assert.ok(((await models.shadow("g@1"))?.endedAt ?? 0) > 0);
    await assert.rejects(models.beginShadow("g@1", 1), { code: "NOT_FOUND" });
  });
});
