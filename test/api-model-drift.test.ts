import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const dayMs = 86_400_000;
const today = Math.floor(Date.now() / dayMs) * dayMs;
const dayOf = (daysAgo: number): string => new Date(today - daysAgo * dayMs).toISOString().slice(0, 10);

/** Posts over a day, each by one of forty accounts; the seed picks the words. */
function postsOf(daysAgo: number, count: number, subjects: readonly string[], platform: string) {
  const pick = <T>(list: readonly T[], seed: number): T | undefined => list[(seed * 7_919) % list.length];
  return Array.from({ length: count }, (_, i) => {
    const tone = i % 2 === 0 ? pick(["lovely", "wonderful", "great", "superb"], i) : pick(["awful", "horrible", "terrible", "dreadful"], i);
    return {
      id: `${platform}-${daysAgo}-${i}`,
      platform,
      author: `author ${i % 40}`,
      text: `I think that the ${pick(subjects, i + daysAgo)} was really ${tone} ${pick(["today", "again", "this week", "as always", "for us"], i * 3 + 1)} and we said so to everybody`,
      createdAt: new Date(today - daysAgo * dayMs + Math.floor((i * dayMs) / count)).toISOString(),
    };
  });
}
const usual = ["train", "garden", "phone", "kitchen", "concert", "bakery", "library"];
const news = ["strike", "election", "tax", "parliament", "referendum"];

describe("drift of what is judged", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { models: { social: true, spam: true, drift: { referenceDays: 5, texts: 400, label: 5 } } } });
    const lines = [6, 5, 4, 3].flatMap((daysAgo) => postsOf(daysAgo, 120, usual, "forum"));
    await api.import([...lines, ...postsOf(2, 200, news, "forum"), ...postsOf(3, 20, usual, "board")]);
    await api.settle();
  });
  after(() => api[Symbol.asyncDispose]());

  it("is nothing on a day like those before, and told on a day of other subjects, in each slice that has enough posts", async () => {
    const calm = await api.ask("POST", "/api/v1/models/drift/look", { body: { day: dayOf(3) } });
    assert.equal(calm.status, 200, calm.text);
    assert.deepEqual([...new Set(rowsOf(calm.body).map(({ kind }) => kind))], ["none"]);
    const moved = await api.ask("POST", "/api/v1/models/drift/look", { body: { day: dayOf(2) } });
    const rows = rowsOf(moved.body);
    assert.deepEqual(
      rows.filter(({ task }) => task === "sentiment").map(({ slice }) => slice),
      ["all", "platform:forum", "language:en"],
    );
    assert.deepEqual([...new Set(rows.map(({ task }) => task))], ["sentiment", "emotion", "irony", "offensive", "hate", "spam"]);
    for (const { kind, model, auc } of rows) {
      assert.equal(kind, "text");
      assert.match(String(model), /^(?:social|spam)@[0-9a-f]{8}$/);
      assert.ok(Number(auc) > 0.9);
    }
    const words = rowsOf(rows[0] ?? {}, "words");
    assert.ok(
      words.some(({ word, z }) => word === "election" && Number(z) > 0),
      JSON.stringify(words),
    );
  });

  it("is listed by task with the newest day first, and the posts that look newest are those of the other subjects", async () => {
    const { body } = await api.ask("GET", "/api/v1/models/drift?task=hate");
    assert.deepEqual(
      rowsOf(body).map(({ day, slice }) => [String(day).slice(0, 10), slice]),
      [dayOf(2), dayOf(3)].flatMap((day) => ["all", "language:en", "platform:forum"].map((slice) => [day, slice])),
    );
    const examples = await api.ask("GET", `/api/v1/models/drift/examples?day=${dayOf(2)}&task=hate&slice=platform:forum`);
    assert.equal(rowsOf(examples.body).length, 20);
    for (const { text } of rowsOf(examples.body)) assert.ok(news.some((subject) => String(text).includes(subject)));
    assert.equal((await api.ask("GET", `/api/v1/models/drift/examples?day=${dayOf(2)}&task=hate&slice=platform:other`)).status, 404);
  });

  it("is an alarm while the latest day that was looked at shows it", async () => {
    const alarms = rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter(({ kind }) => kind === "model-drift");
    assert.ok(alarms.some(({ source, task, moved }) => source === "all" && task === "sentiment" && moved === "text"));
  });

  it("opens a labelling task where texts moved, one for each judged task, and adds to it", async () => {
    const setsOf = async () => rowsOf((await api.ask("GET", "/api/v1/label-sets")).body).filter(({ name }) => String(name).startsWith("Drift: "));
    assert.deepEqual(await setsOf(), []);
    await api.ask("POST", "/api/v1/models/drift/look", { body: { day: dayOf(3), label: true } });
    assert.deepEqual(await setsOf(), [], "a calm day asks for nothing");
    await api.ask("POST", "/api/v1/models/drift/look", { body: { day: dayOf(2), label: true } });
    const sets = await setsOf();
    assert.deepEqual(sets.map(({ name }) => String(name).slice(7)).toSorted(), ["emotion", "hate", "irony", "offensive", "sentiment", "spam"]);
    const sentiment = sets.find(({ name }) => name === "Drift: sentiment");
    assert.deepEqual(sentiment?.["classes"], ["negative", "neutral", "positive"]);
    const items = async () => rowsOf((await api.ask("GET", `/api/v1/label-sets/${String(sentiment?.["id"])}/items?limit=100`)).body);
    const drawn = await items();
    assert.equal(drawn.length, 5);
    for (const { text } of drawn) assert.ok(news.some((subject) => String(text).includes(subject)));
    await api.ask("POST", "/api/v1/models/drift/look", { body: { day: dayOf(2), label: true } });
    assert.equal((await items()).length, 10);
    assert.equal((await setsOf()).length, 6);
  });

  it("is looked for by analysts, at one day at a time", async () => {
    const refused = await api.ask("POST", "/api/v1/models/drift/look", { body: { day: "yesterday" } });
    assert.equal(refused.status, 400);
    assert.equal(recordAt(refused, "body")["code"], "USAGE");
    const both = await Promise.all([dayOf(3), dayOf(3)].map((day) => api.ask("POST", "/api/v1/models/drift/look", { body: { day } })));
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 409]);
  });
});
