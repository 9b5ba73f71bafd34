import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isRecord, recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { earshot, seedSet, tones, toneOf, toneText, trainModel } from "./models.fixtures.ts";

const classes = ["complaint", "praise"];
let posts = 0;

describe("the registry of models", () => {
  let api: RunningApi;
  let set = "";
  let first = "";
  before(async () => {
    api = await startApi({ config: { models: { promotion: { leastGold: 10, leastPerClass: 1 } } } });
    set = await seedSet(api, "Tone", classes, tones(50));
  });
  after(() => api[Symbol.asyncDispose]());

  async function importPost(n: number): Promise<Record<string, unknown>> {
    const id = `m${++posts}`;
    await api.import([{ id, platform: "forum", author: "ann", text: toneText(n, toneOf(n)), createdAt: new Date(Date.now() - 60_000 + posts).toISOString() }]);
    await api.settle();
    return rowsOf((await api.ask("GET", "/api/v1/posts?limit=1")).body)[0] ?? {};
  }
  const judgementsOf = (post: Record<string, unknown>) => (Array.isArray(post["judgements"]) ? post["judgements"].filter(isRecord) : []);
  const taskOf = async (task: string) => rowsOf((await api.ask("GET", "/api/v1/models")).body).find((one) => one["task"] === task);

  it("shows the embedded models as the first versions of their tasks", async () => {
    const spam = await taskOf("spam");
    assert.match(String(spam?.["embedded"]), /^spam@[0-9a-f]{8}$/);
    assert.deepEqual(recordAt(spam, "judge"), { model: spam?.["embedded"], isEmbedded: true, isOff: true });
  });

  it("trains on fifty labels, and tells data, code, figure with interval, slices and functional tests", async () => {
    first = await trainModel(api, set);
    assert.match(first, /^tone@[0-9a-f]{8}$/);
    const { body } = await api.ask("GET", `/api/v1/models/${first}`);
    assert.equal(body["state"], "candidate");
    assert.deepEqual([recordAt(body, "labelSet")["id"], recordAt(body, "labelSet")["version"]], [set, 1]);
    const figure = recordAt(body, "figures", "figure");
    assert.ok(Number(figure["low"]) <= Number(figure["value"]) && Number(figure["value"]) <= Number(figure["high"]));
    assert.ok(Number(figure["value"]) > 0.8, JSON.stringify(figure));
    assert.equal(recordAt(body, "figures")["n"], 10);
    assert.ok(Number(recordAt(body, "functional")["cases"]) > 0);
    assert.equal(recordAt(body, "parameters")["chosenBy"], "cross-validation");
    assert.ok(!JSON.stringify(body).includes("heater"), "nothing of the texts is kept");
    assert.equal(readdirSync(join(api.system.base.folder, "classifiers", "tone")).length, 1);
    assert.equal(await trainModel(api, set), first, "the same data and seed give the same model");
  });

  it("lets a candidate judge beside without effect, and tells where it differs", async () => {
    assert.equal((await api.ask("PUT", `/api/v1/models/${first}/shadow`, { body: { share: 1 } })).status, 204);
    const post = await importPost(100);
    assert.deepEqual(judgementsOf(post), []);
    const { body } = await api.ask("GET", `/api/v1/models/${first}/shadow`);
    assert.deepEqual([body["judged"], body["agreed"]], [1, 0]);
    const [difference] = rowsOf(body, "differences");
    assert.deepEqual([difference?.["said"], difference?.["candidate"], recordAt(difference, "about")["id"]], ["", "complaint", post["id"]]);
    assert.equal((await api.ask("DELETE", `/api/v1/models/${first}/shadow`)).status, 204);
    await importPost(101);
    assert.equal((await api.ask("GET", `/api/v1/models/${first}/shadow`)).body["judged"], 1);
  });

  it("promotes where the interval of the difference is above zero: new posts bear its version, and can be found by it", async () => {
    const { body: check } = await api.ask("GET", `/api/v1/models/${first}/check`);
    assert.equal(check["allowed"], true, JSON.stringify(check));
    assert.ok(Number(recordAt(check, "comparison", "difference")["low"]) > 0);
    const promoted = await api.ask("POST", `/api/v1/models/${first}/promote`);
    assert.equal(promoted.status, 200, promoted.text);
    const post = await importPost(102);
    assert.deepEqual(
      judgementsOf(post).map(({ task, model, label }) => [task, model, label]),
      [["tone", first, "complaint"]],
    );
    const found = await api.ask("GET", `/api/v1/models/tasks/tone/posts?label=complaint&model=${first}`);
    assert.deepEqual(
      rowsOf(found.body).map(({ id }) => id),
      [post["id"]],
    );
    assert.deepEqual([found.body["looked"], found.body["all"]], [1, true], "the index finds it: none of the others is looked at");
    const narrowed = await api.ask("GET", `/api/v1/models/tasks/tone/posts?label=complaint&q=${encodeURIComponent("platform:forum OR nothing")}`);
    assert.equal(rowsOf(narrowed.body).length, 1);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/models/tasks/tone/posts?label=complaint&q=platform:elsewhere")).body).length, 0);
    assert.equal((await api.ask("GET", "/api/v1/models/tasks/tone/posts?label=complaint&q=(x")).status, 400);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/models/tasks/tone/posts?label=praise")).body).length, 0);
    const why = await api.ask("GET", `/api/v1/posts/${String(post["id"])}/judgements?task=tone`);
    assert.equal(why.body["model"], first);
    const { ranked, random } = recordAt(why.body, "faithfulness");
    assert.ok(Number(ranked) > Number(random));
  });

  it("measures and explains a model on texts of whoever asks, which are kept nowhere", async () => {
    const texts = Array.from({ length: 20 }, (_, n) => ({ text: toneText(300 + n, toneOf(n)), label: toneOf(n) }));
    const wrong = texts.map(({ text, label }, n) => ({ text, label: n < 5 ? (label === "praise" ? "complaint" : "praise") : label }));
    const [right, other] = [
      await api.ask("POST", `/api/v1/models/${first}/evaluate`, { body: { texts } }),
      await api.ask("POST", `/api/v1/models/${first}/evaluate`, { body: { texts: wrong } }),
    ];
    assert.equal(right.status, 200, right.text);
    assert.deepEqual([right.body["model"], right.body["n"], right.body["accuracy"]], [first, 20, 1]);
    assert.equal(other.body["accuracy"], 0.75, "five labels are wrong");
    const odd = await api.ask("POST", `/api/v1/models/${first}/evaluate`, { body: { texts: [{ text: "a", label: "joy" }] } });
    assert.deepEqual([odd.status, odd.body["code"]], [400, "USAGE"]);
    const why = await api.ask("POST", `/api/v1/models/${first}/explain`, { body: { text: "this ticket is broken again" } });
    assert.equal(why.body["chosen"], "complaint", why.text);
    const words = rowsOf(why.body, "words");
    assert.deepEqual(
      words.map(({ word }) => word),
      ["this", "ticket", "is", "broken", "again"],
    );
    assert.equal(words.toSorted((a, b) => Number(b["adds"]) - Number(a["adds"]))[0]?.["word"], "broken");
    const without = await api.ask("POST", `/api/v1/models/${first}/explain`, { body: { text: "this ticket is again" } });
    const logOdds = (body: Record<string, unknown>) => {
      const p = Number(recordAt(body, "probabilities")["complaint"]);
      return Math.log(p / (1 - p));
    };
    const told = Number(words.find(({ word }) => word === "broken")?.["adds"]);
    assert.ok(Math.abs(told - (logOdds(why.body) - logOdds(without.body))) < 0.05, `${told}`);
  });

  it("marks the break: periods by model, a note on charts, entries in the audit", async () => {
    const periods = rowsOf((await api.ask("GET", "/api/v1/models/periods?task=tone")).body);
    assert.deepEqual(
      periods.map(({ model, from, to }) => [model, from === undefined, to === undefined]),
      [
        [null, true, false],
        [first, false, true],
      ],
    );
    const notes = rowsOf((await api.ask("GET", `/api/v1/annotations?from=2026-01-01T00:00:00Z&to=${new Date(Date.now() + 86_400_000).toISOString()}`)).body);
    assert.deepEqual(
      notes.map(({ text }) => text),
      [`tone: ${first} judges from here, before it nobody`],
    );
    const { body } = await api.ask("GET", "/api/v1/audit?action=model");
    assert.deepEqual([...new Set(rowsOf(body).map(({ action }) => action))].sort(), ["model.promote", "model.shadow", "model.shadow-end", "model.train"]);
  });

  it("refuses a model that is no better than who judges, whoever asks", async () => {
    const second = await trainModel(api, set, { seed: 2, stacked: false });
    assert.notEqual(second, first);
    const { body } = await api.ask("GET", `/api/v1/models/${second}/check`);
    assert.equal(body["allowed"], false);
    const refused = await api.ask("POST", `/api/v1/models/${second}/promote`);
    assert.equal(refused.status, 409);
    assert.match(refused.text, /not above zero/);
    assert.equal(recordAt(await taskOf("tone"), "judge")["model"], first);
    const compared = await api.ask("GET", `/api/v1/models/compare?a=${first}&b=${second}`);
    assert.equal(compared.body["n"], 10);
  });

  it("rolls back at once: the next post is judged by who judged before", async () => {
    const { status } = await api.ask("POST", "/api/v1/models/tasks/tone/rollback");
    assert.equal(status, 200);
    assert.deepEqual(judgementsOf(await importPost(104)), []);
    assert.equal((await taskOf("tone"))?.["judge"], undefined);
    assert.equal((await api.ask("POST", "/api/v1/models/tasks/tone/rollback")).status, 409);
  });

  it("judges anew what is kept, and says from when on", async () => {
    await api.ask("POST", `/api/v1/models/${first}/promote`);
    assert.equal((await api.ask("POST", "/api/v1/models/tasks/tone/rescore")).status, 200);
    await until("the replay is over", async () => (await taskOf("tone")) !== undefined && rowsOf((await taskOf("tone")) ?? {}, "moves")[0]?.["rescoredAt"] !== undefined);
    await api.settle();
    const all = rowsOf((await api.ask("GET", "/api/v1/posts?limit=50")).body);
    assert.ok(all.length >= 4);
    for (const post of all) assert.equal(judgementsOf(post)[0]?.["model"], first, JSON.stringify(post));
    const periods = rowsOf((await api.ask("GET", "/api/v1/models/periods?task=tone")).body);
    assert.equal(periods.at(-1)?.["model"], first);
    assert.ok(Date.parse(String(periods.at(-1)?.["from"])) <= Date.parse(String(all.at(-1)?.["receivedAt"])));
  });

  it("refuses what cannot be learnt from, with what to do", async () => {
    const one = await seedSet(
      api,
      "Lone",
      ["a", "b"],
      tones(20).map((text) => ({ ...text, label: "a" })),
    );
    const begun = await api.ask("POST", "/api/v1/models/runs", { body: { set: one } });
    await until("it fails", async () => rowsOf((await api.ask("GET", "/api/v1/models/runs")).body).find(({ id }) => id === begun.body["id"])?.["state"] === "failed");
    assert.match(JSON.stringify((await api.ask("GET", "/api/v1/models/runs")).body), /label some more/);
    const hate = await seedSet(
      api,
      "Hate",
      ["mild", "strong"],
      tones(20).map((text, n) => ({ ...text, label: n % 2 === 0 ? "mild" : "strong" })),
    );
    const refused = await api.ask("POST", "/api/v1/models/runs", { body: { set: hate } });
    assert.deepEqual([refused.status, refused.body["code"]], [400, "USAGE"]);
  });
});

describe("models on the command line", () => {
  it("trains on a label set with a figure, compares, promotes and rolls back", async () => {
    await using api = await startApi({ config: { models: { promotion: { leastGold: 10, leastPerClass: 1 } } } });
    await seedSet(api, "Tone", classes, tones(60));
    const run = (...words: readonly string[]) => earshot(api, ["models", ...words]);
    const trained = await run("train", "--set", "Tone", "--json");
    assert.equal(trained.code, 0, trained.err);
    const { id, figures } = recordAt({ model: JSON.parse(trained.out) }, "model");
    assert.equal(recordAt({ figures }, "figures")["n"], 12);
    const listed = await run("list");
    assert.match(listed.out, new RegExp(`tone +nobody\\n +candidate +${String(id)}: macroF1 [\\d.]+ \\([\\d.]+ to [\\d.]+\\) on 12 gold texts; functional tests \\d+ of \\d+`));
    assert.match((await run("test", String(id))).out, /\d+ of \d+ passed/);
    assert.match((await run("promote", String(id))).out, /judges tone from now on/);
    const again = await run("promote", String(id));
    assert.notEqual(again.code, 0);
    assert.match(again.err, /judges already/);
    assert.match((await run("rollback", "tone")).out, /tone is judged by the embedded model, or nobody again/);
    const folder = mkdtempSync(join(tmpdir(), "earshot-ask-"));
    const tsv = join(folder, "tones.tsv");
    writeFileSync(tsv, Array.from({ length: 10 }, (_, n) => `${toneOf(n)}\t${toneText(400 + n, toneOf(n))}\n`).join(""));
    for (const name of [String(id), "tone"]) assert.match((await run("evaluate", "--model", name, "--tsv", tsv)).out, /^n +10$/m);
    const why = await run("explain", "--model", String(id), "--text", "this ticket is broken again");
    assert.match(why.out, new RegExp(`^${String(id)}: complaint[^]*\\+[\\d.]+  broken`));
    assert.match((await run("evaluate", "--model", "nobody", "--tsv", tsv)).err, /expected one of tone@/);
    rmSync(folder, { recursive: true });
    const missing = await run("train", "--set", "Nothing");
    assert.match(missing.err, /expected one of Tone/);
  });
});
