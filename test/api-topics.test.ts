import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeFakeClock } from "../src/core/clock.ts";
import { makeTopics } from "../src/runtime/parts/topics.ts";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { postsAbout, type Subject, wordsAbout } from "./topics.fixtures.ts";

const hourMs = 3_600_000;
const firstHour = Date.UTC(2026, 10, 1, 8);
const secondHour = firstHour + hourMs;
const span = (fromMs: number, toMs: number) => `from=${new Date(fromMs).toISOString()}&to=${new Date(toMs).toISOString()}`;
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);
const isAbout = (topic: Readonly<Record<string, unknown>>, subject: Subject) =>
  textsOf(topic["words"])
    .slice(0, 3)
    .every((word) => wordsAbout(subject).has(word));

describe("topics, over the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi();
    await api.import([
      ...postsAbout("football", 60, firstHour),
      ...postsAbout("cooking", 60, firstHour),
      ...postsAbout("football", 80, secondHour),
      ...postsAbout("elections", 60, secondHour),
      ...postsAbout("elections", 40, secondHour, { author: "one-alone", platform: "blog" }),
    ]);
    await api.settle();
  });
  after(async () => api[Symbol.asyncDispose]());

  const topicsIn = async (query: string) => (await api.ask("GET", `/api/v1/topics?${query}`)).body;
  const follow = (nowMs: number) =>
    makeTopics({
      sql: api.system.engine.sql,
      clock: makeFakeClock(nowMs),
      threads: api.system.threads,
      narrow: (filter) => filter,
      simulated: () => Promise.resolve("none"),
      signal: new AbortController().signal,
    });

  it("tells what posts speak of, how many, in which tone and when, with posts that stand for each", async () => {
    const body = await topicsIn(span(firstHour, secondHour));
    const topics = rowsOf(body, "topics");
    assert.deepEqual([body["posts"], body["read"]], [120, 120]);
    assert.ok(topics.some((topic) => isAbout(topic, "football")) && topics.some((topic) => isAbout(topic, "cooking")), JSON.stringify(topics.map(({ words }) => words)));
    assert.equal(
      topics.some((topic) => isAbout(topic, "elections")),
      false,
    );
    for (const topic of topics) {
      const series = Array.isArray(topic["series"]) ? topic["series"].map(Number) : [];
      assert.equal(series.length, 24);
      assert.equal(
        series.reduce((sum, value) => sum + value, 0),
        topic["posts"],
      );
      assert.equal(
        Object.values(recordAt(topic["sentiment"])).reduce<number>((sum, value) => sum + Number(value), 0),
        topic["posts"],
      );
    }
    const [first] = topics;
    const middle = textsOf(first?.["middle"]);
    assert.ok(middle.length >= 2);
    const post = (await api.ask("GET", `/api/v1/posts/${middle[0]}`)).body;
    assert.ok(textsOf(first?.["words"]).some((word) => String(post["text"]).includes(word)));
  });

  it("compares with the time before: what goes on, what is new, what is no more", async () => {
    const body = await topicsIn(`${span(secondHour, secondHour + hourMs)}&compare=before`);
    const changeOf = (subject: Subject) => rowsOf(body, "topics").find((topic) => isAbout(topic, subject))?.["change"];
    assert.deepEqual([changeOf("football"), changeOf("elections")], ["goes-on", "new"]);
    assert.ok(rowsOf(body, "ended").some((topic) => isAbout(topic, "cooking")));
  });

  it("does not tell of what fewer than five authors wrote", async () => {
    const body = await topicsIn(`${span(secondHour, secondHour + hourMs)}&q=platform:blog`);
    assert.deepEqual([body["posts"], rowsOf(body, "topics")], [40, []]);
  });

  it("follows topics through the hours that have ended, each once, and their posts go with their authors", async () => {
    const topics = follow(secondHour + 2 * hourMs);
    await topics.follow();
    await topics.follow();
    const body = async () => (await api.ask("GET", `/api/v1/topics/lines?${span(firstHour, secondHour + hourMs)}`)).body;
    const lineOf = async (subject: Subject) => rowsOf(await body()).find((line) => isAbout(line, subject));
    const football = await lineOf("football");
    assert.deepEqual(
      rowsOf(football ?? {}, "hours").map(({ at }) => Date.parse(String(at))),
      [firstHour, secondHour],
    );
    assert.deepEqual([Date.parse(String((await lineOf("cooking"))?.["lastAt"])), Date.parse(String((await lineOf("elections"))?.["bornAt"]))], [firstHour, secondHour]);
    const before = textsOf(football?.["middle"]);
    assert.ok(before.length > 0);
    const authors = await Promise.all(before.map(async (id) => String((await api.ask("GET", `/api/v1/posts/${id}`)).body["author"])));
    const erased = await api.ask("POST", "/api/v1/erasures", { body: { author: authors[0], now: true } });
    assert.ok(erased.status < 300, erased.text);
    const left = textsOf((await lineOf("football"))?.["middle"]);
    assert.equal(left.includes(before[0] ?? ""), false);
    const found = (await api.ask("POST", "/api/v1/find", { body: { author: authors[0] } })).body;
    assert.equal(rowsOf(found, "stores").find(({ store }) => store === "topics")?.["hits"], 0);
  });

  it("lets go of posts that are deleted, and of lines that are too old", async () => {
    const lines = async () => rowsOf((await api.ask("GET", `/api/v1/topics/lines?${span(firstHour, secondHour + hourMs)}`)).body);
    assert.ok((await lines()).length > 0);
    await follow(secondHour + 40 * 24 * hourMs).sweep();
    assert.deepEqual(await lines(), []);
  });
});
