import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { seedSet, tones, trainModel } from "./models.fixtures.ts";

describe("candidates that are trained by themselves", () => {
  let api: RunningApi;
  let set = "";
  before(async () => {
    api = await startApi({ config: { models: { promotion: { leastGold: 10, leastPerClass: 1 } } } });
    set = await seedSet(api, "Tone", ["complaint", "praise"], tones(50));
  });
  after(() => api[Symbol.asyncDispose]());
  const path = () => `/api/v1/models/retraining/${set}`;
  const shown = async () => rowsOf((await api.ask("GET", "/api/v1/models/retraining")).body)[0];
  const lastRun = async () => rowsOf((await shown()) ?? {}, "runs")[0];
  const over = (runs: number) =>
    until("the training by itself is over", async () => rowsOf((await shown()) ?? {}, "runs").length === runs && (await lastRun())?.["outcome"] !== "running");
  const plan = (more: object = {}) => api.ask("PUT", path(), { body: { every: "never", onDrift: false, promotes: false, ...more } });

  it("are planned by an admin, and the plan tells the next moment", async () => {
    const { status, text } = await plan({ every: "weekly", afterLabels: 500 });
    assert.equal(status, 200, text);
    const view = await shown();
    assert.deepEqual([view?.["name"], recordAt(view, "schedule")["every"], recordAt(view, "schedule")["afterLabels"]], ["Tone", "weekly", 500]);
    const next = new Date(String(view?.["nextAt"]));
    assert.deepEqual([next.getUTCDay(), next.getUTCHours(), next.getTime() > Date.now()], [1, 3, true]);
    assert.equal((await api.ask("PUT", "/api/v1/models/retraining/none", { body: { every: "daily", onDrift: false, promotes: false } })).status, 404);
  });

  it("are trained on what is labelled, compared by slice, judge beside, and are told as better until somebody decides", async () => {
    assert.equal((await api.ask("POST", `${path()}/run`)).status, 204);
    await over(1);
    const run = await lastRun();
    assert.deepEqual([run?.["cause"], run?.["outcome"], run?.["version"], run?.["promoted"]], ["asked", "trained", 1, false], JSON.stringify(run));
    const evidence = recordAt(run, "evidence");
    assert.deepEqual([evidence["against"], evidence["n"], evidence["allowed"]], ["nobody", 10, true]);
    assert.deepEqual(rowsOf(evidence, "slices"), [], "no slice of ten texts is large enough to be told");
    const model = String(run?.["model"]);
    assert.equal((await api.ask("GET", `/api/v1/models/${model}`)).body["state"], "shadow");
    const alarms = rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter(({ kind }) => kind === "model-better");
    assert.deepEqual(
      alarms.map(({ source, task, low }) => [source, task, Number(low) > 0]),
      [[model, "tone", true]],
    );
    assert.equal((await api.ask("POST", `/api/v1/models/${model}/promote`)).status, 200);
    assert.deepEqual(
      rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter(({ kind }) => kind === "model-better"),
      [],
      "it was decided",
    );
  });

  it("are not trained twice on the same labels, and the history says so", async () => {
    assert.equal((await api.ask("POST", `${path()}/run`)).status, 204);
    await over(2);
    assert.equal((await lastRun())?.["outcome"], "skipped");
    assert.match(String((await lastRun())?.["reason"]), /no label is new since version 1/);
  });

  it("wait while a training runs that somebody asked for, and end with their plan", async () => {
    const other = trainModel(api, set, { seed: 7 });
    await until("it runs", async () => rowsOf((await api.ask("GET", "/api/v1/models/runs")).body)[0]?.["state"] === "running");
    assert.equal((await api.ask("POST", `${path()}/run`)).status, 409);
    await other;
    assert.equal((await api.ask("DELETE", path())).status, 204);
    assert.equal(await shown(), undefined);
    assert.equal((await api.ask("POST", `${path()}/run`)).status, 404);
  });
});
