import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openSettings } from "../src/registers/settings.ts";
import { isRecord, recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { earshot } from "./models.fixtures.ts";

const now = Date.now();
let posted = 0;
const post = (text: string, author = "ann") => ({ id: `u${++posted}`, platform: "forum", author, text, createdAt: new Date(now - 3_600_000 + posted * 1_000).toISOString() });
/** Nothing that the lexicon knows, and gladness all the same. */
const glad = "finally the new phone arrived and I could not be happier with it, what a day";
const german = "Heute ist ein wunderbarer Tag im Garten und ich freue mich sehr darüber";

describe("the switch of the embedded models", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { models: { spam: true } } });
    await api.import([post(glad), post(german, "bob"), post("I love this", "cat")]);
    await api.settle();
  });
  after(() => api[Symbol.asyncDispose]());

  const uses = async () => (await api.ask("GET", "/api/v1/models/use")).body;
  const useOf = async (model: string) => rowsOf(await uses(), "models").find((one) => one["model"] === model);
  const tasksIn = (found: unknown) =>
    isRecord(found) && Array.isArray(found["judgements"]) ? found["judgements"].filter(isRecord).map(({ task, model }) => `${String(task)} ${String(model).split("@")[0]}`) : [];
  const all = async () => rowsOf((await api.ask("GET", "/api/v1/posts?limit=50")).body).toReversed();

  it("tells what is on, by whom, and who says the sentiment", async () => {
    const states = rowsOf(await uses(), "models").map(({ model, state, origin }) => [model, state, origin]);
    assert.deepEqual(states, [
      ["social", "off", "default"],
      ["multilingual", "off", "default"],
      ["spam", "on", "configuration"],
      ["entities", "off", "default"],
      ["languages", "off", "default"],
    ]);
    assert.deepEqual(
      rowsOf(await uses(), "sentiment").map(({ language, by }) => `${String(language)} ${String(by)}`),
      ["de lexicon", "en lexicon", "es lexicon", "fr lexicon", "it lexicon", "pt lexicon"],
    );
  });

  it("measures what each costs on stored posts, and what share of the machine that is", async () => {
    await until("it is measured", async () => (await useOf("social"))?.["cost"] !== undefined);
    const [social, spam] = [recordAt(await useOf("social"), "cost"), recordAt(await useOf("spam"), "cost")];
    for (const cost of [social, spam]) {
      const [micros, share] = [Number(cost["microsecondsPerPost"]), Number(cost["machineShare"])];
      assert.ok(micros > 1 && micros < 1e6, String(micros));
      const { postsPerSecond, cores } = await uses();
      assert.ok(Math.abs(share - (micros * Number(cost["share"]) * Number(postsPerSecond)) / (Number(cores) * 1e6)) < 1e-9);
    }
    assert.ok(Math.abs(Number(social["share"]) - 2 / 3) < 1e-9, "two of three are English");
    assert.equal(spam["share"], 1);
  });

  it("refuses what the configuration file says, and changes nothing of what was asked beside", async () => {
    const { status, text } = await api.ask("PUT", "/api/v1/models/use", { body: { spam: false, social: true } });
    assert.equal(status, 409);
    assert.match(text, /models\.spam/);
    assert.equal((await useOf("social"))?.["state"], "off");
    assert.equal((await api.ask("PUT", "/api/v1/models/use", { body: {} })).status, 400);
  });

  it("judges new posts at once, without a restart, and leaves stored ones", async () => {
    const [before] = await all();
    assert.deepEqual(tasksIn(before), ["spam spam"]);
    const switched = await api.ask("PUT", "/api/v1/models/use", { body: { social: true, multilingual: true } });
    assert.equal(switched.status, 200, switched.text);
    assert.ok(rowsOf(switched.body, "sentiment").some(({ language, by }) => language === "en" && by === "social"));
    await api.import([post("I am so angry at this awful place", "dan")]);
    await api.settle();
    const posts = await all();
    assert.deepEqual(tasksIn(posts.at(-1)), ["sentiment social", "emotion social", "irony social", "offensive social", "hate social", "spam spam"]);
    assert.deepEqual(posts[0], before);
    const tasks = rowsOf((await api.ask("GET", "/api/v1/models")).body);
    assert.deepEqual(
      recordAt(
        tasks.find(({ task }) => task === "hate"),
        "judge",
      )["isOff"],
      false,
    );
  });

  it("marks the break on charts and in the audit", async () => {
    const to = new Date(Date.now() + 86_400_000).toISOString();
    const notes = rowsOf((await api.ask("GET", `/api/v1/annotations?from=2026-01-01T00:00:00Z&to=${to}`)).body)
      .map(({ text }) => String(text))
      .toSorted()
      .toReversed();
    assert.deepEqual(notes, [
      "social: the embedded model judges from here (sentiment, emotion, irony, offensive, hate)",
      "multilingual: the embedded model judges from here (sentiment)",
    ]);
    const actions = rowsOf((await api.ask("GET", "/api/v1/audit?action=model")).body).map(({ action }) => action);
    assert.deepEqual([...new Set(actions)], ["model.on"]);
  });

  it("judges stored posts anew on wish, with its progress; counts stay, sums follow", async () => {
    const sums = async () => rowsOf((await api.ask("GET", "/api/v1/explore?metric=posts&by=sentiment&from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z")).body, "whole");
    const total = (rows: ReturnType<typeof rowsOf>) => rows.reduce((sum, row) => sum + Number(row["posts"]), 0);
    const before = total(await sums());
    assert.equal((await api.ask("POST", "/api/v1/models/use/history")).status, 200);
    await until("it is over", async () => recordAt(await uses(), "history")["state"] === "done");
    const history = recordAt(await uses(), "history");
    assert.deepEqual([history["looked"], history["of"], history["changed"]], [4, 4, 3]);
    const posts = await all();
    assert.deepEqual(tasksIn(posts[0])[0], "sentiment social");
    assert.deepEqual(tasksIn(posts[1]), ["sentiment multilingual", "spam spam"]);
    const after = await sums();
    assert.equal(total(after), before);
    for (const label of ["negative", "positive"])
      assert.equal(after.find(({ key }) => key === label)?.["posts"] ?? 0, posts.filter(({ sentiment }) => sentiment === label).length, label);
    assert.equal((await api.ask("POST", "/api/v1/models/use/history")).status, 200);
    await until("a second time", async () => recordAt(await uses(), "history")["state"] === "done");
    assert.equal(recordAt(await uses(), "history")["changed"], 0, "the same again changes nothing");
  });

  it("keeps both of two changes that come at once", async () => {
    for (const on of [true, false, true, false]) {
      const answers = await Promise.all(["entities", "languages"].map((model) => api.ask("PUT", "/api/v1/models/use", { body: { [model]: on } })));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200],
      );
      const states = [await useOf("entities"), await useOf("languages")].map((one) => one?.["state"]);
      assert.deepEqual(states, on ? ["on", "on"] : ["off", "off"]);
    }
  });

  it("is moved from the command line, and stored posts with it", async () => {
    const off = await earshot(api, ["models", "off", "social", "--history"]);
    assert.equal(off.code, 0, off.err);
    assert.match(off.out, /^social: off/m);
    assert.match(off.out, /en lexicon/);
    assert.deepEqual(tasksIn((await all())[0]), ["spam spam"]);
    const on = await earshot(api, ["models", "on"]);
    assert.equal(on.code, 0, on.err);
    assert.match(on.out, /^social: on[\s\S]*^spam: on, by the configuration[\s\S]*^languages: on/m);
    assert.equal((await earshot(api, ["models", "off", "spam"])).code !== 0, true);
    assert.match((await earshot(api, ["models", "use"])).out, /µs a post/);
    assert.match((await api.ask("GET", "/api/v1/configuration")).text, /social: true/);
  });
});

it("a switch outlives a restart, and a judging of stored posts that was cut goes on", async () => {
  const data = mkdtempSync(join(tmpdir(), "earshot-use-"));
  const options = { env: { EARSHOT_DATA: data } };
  try {
    {
      await using api = await startApi(options);
      await api.import([post(glad)]);
      await api.settle();
      await api.ask("PUT", "/api/v1/models/use", { body: { social: true } });
      await openSettings(api.system.engine.sql, () => Date.now()).set("models.history", { askedAt: Date.now(), actor: "admin" });
    }
    await using api = await startApi(options);
    await until("it is judged", async () => {
      const [found] = rowsOf((await api.ask("GET", "/api/v1/posts?limit=1")).body);
      return Array.isArray(found?.["judgements"]);
    });
    await until("it is noted", async () => (await openSettings(api.system.engine.sql, () => Date.now()).get("models.history")) === null);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

it("a stored post whose body is kept nowhere any more is not made anew of nothing", async () => {
  await using api = await startApi({ config: { terms: { phones: { name: "Phones", query: "phone" } } } });
  await api.import(Array.from({ length: 130 }, (_, i) => post(`${glad} ${i}`)));
  await api.settle();
  const { stores } = api.system.threads;
  // As the lake's limit does where it is shorter than that of the search.
  assert.equal(await stores.caller.call("releaseBodies", { beforeMs: Date.now() + 60_000 }), 1);
  await stores.caller.call("expire", { store: "lake", beforeMs: Date.now() + 60_000 });
  const found = () => Promise.all(["phone", "term:phones"].map(async (q) => (await api.system.engine.count(q, {})).posts));
  assert.deepEqual(await found(), [130, 130]);
  await api.ask("PUT", "/api/v1/models/use", { body: { social: true } });
  await api.ask("POST", "/api/v1/models/use/history");
  const history = async () => recordAt((await api.ask("GET", "/api/v1/models/use")).body, "history");
  await until("it is over", async () => (await history())["state"] === "done");
  assert.equal((await history())["changed"], 2, "of the block that is open");
  assert.deepEqual(await found(), [130, 130]);
});
