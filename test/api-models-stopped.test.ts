import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { outdate, seedSet, tones, trainModel } from "./models.fixtures.ts";

describe("models that must not judge, or cannot any more", () => {
  let api: RunningApi;
  let set = "";
  let first = "";
  before(async () => {
    api = await startApi();
    set = await seedSet(api, "Tone", ["complaint", "praise"], tones(50));
    first = await trainModel(api, set);
  });
  after(() => api[Symbol.asyncDispose]());
  const promote = (id: string, body?: object) => api.ask("POST", `/api/v1/models/${id}/promote`, body === undefined ? {} : { body });
  const taskOf = async (task: string) => rowsOf((await api.ask("GET", "/api/v1/models")).body).find((one) => one["task"] === task);
  const alarmsOf = async (kind: string) => rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter((one) => one["kind"] === kind);

  it("are not promoted on a handful of gold texts but with a reason, which stands in the audit", async () => {
    const { body } = await api.ask("GET", `/api/v1/models/${first}/check`);
    assert.deepEqual([body["allowed"], body["overridable"]], [false, true], JSON.stringify(body));
    assert.match(JSON.stringify(body["reasons"]), /^\["10 gold texts speak for it, of the 100 .*complaint there are 5, praise there are 5.*10 of each class/);
    assert.equal((await promote(first)).status, 409);
    assert.equal((await promote(first, { reason: "why not" })).status, 400, "that is no reason");
    assert.equal((await promote(first, { reason: "a trial with the people of the desk" })).status, 200);
    const [entry] = rowsOf((await api.ask("GET", "/api/v1/audit?action=model.promote")).body);
    assert.equal(recordAt(entry, "details")["reason"], "a trial with the people of the desk");
    const evidence = recordAt(rowsOf((await taskOf("tone")) ?? {}, "moves")[0], "evidence");
    assert.equal(evidence["reason"], "a trial with the people of the desk");
  });

  it("cannot be forced by a reason where the interval does not speak for them", async () => {
    const second = await trainModel(api, set, { seed: 2, stacked: false });
    const { body } = await api.ask("GET", `/api/v1/models/${second}/check`);
    assert.deepEqual([body["allowed"], body["overridable"]], [false, false]);
    assert.equal((await promote(second, { reason: "because I say that it is better" })).status, 409);
    assert.equal(recordAt(await taskOf("tone"), "judge")["model"], first);
  });

  it("are told by the models and the alarms once the embedded models are others, and are trained anew in one call", async () => {
    assert.deepEqual(await alarmsOf("model-stopped"), []);
    const old = await outdate(api, first);

    const judge = recordAt(await taskOf("tone"), "judge");
    assert.equal(judge["model"], old);
    assert.match(String(judge["stopped"]), /^it was trained on what social@00000000 and spam@00000000 say; here they are social@/);
    const [alarm] = await alarmsOf("model-stopped");
    assert.deepEqual([alarm?.["source"], alarm?.["task"]], [old, "tone"]);

    const begun = await api.ask("POST", `/api/v1/models/${old}/retrain`);
    assert.equal(begun.status, 200, begun.text);
    assert.deepEqual([begun.body["set"], begun.body["version"]], [set, 1]);
    const run = async () => rowsOf((await api.ask("GET", "/api/v1/models/runs")).body)[0];
    await until("the training is over", async () => (await run())?.["state"] !== "running");
    assert.equal((await run())?.["model"], first, "the same labels on today's models give the model that they gave before");
    const { body: check } = await api.ask("GET", `/api/v1/models/${first}/check`);
    assert.equal(recordAt(check, "comparison")["a"], "nobody", "who cannot judge is nobody to be better than");
    assert.equal((await promote(first, { reason: "it judged before the upgrade" })).status, 200);
    assert.deepEqual(await alarmsOf("model-stopped"), []);
  });
});
