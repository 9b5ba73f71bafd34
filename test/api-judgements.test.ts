import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const at = (minute: number) => `2026-11-01T00:${String(minute).padStart(2, "0")}:00Z`;
const lines = [
  { id: "1", platform: "forum", author: "ann", text: "I love this new phone, it is the best thing that I ever had and I am so happy", createdAt: at(1) },
  { id: "2", platform: "forum", author: "bob", text: "write to keeper@zoo-mail.example, Barack Obama loves this wonderful London and I am so happy", createdAt: at(2) },
  { id: "3", platform: "forum", author: "cat", text: "Heute ist ein wunderbarer Tag im Garten und ich freue mich sehr darüber", createdAt: at(3) },
];

describe("judgements of language models", () => {
  let api: RunningApi;
  let posts: ReturnType<typeof rowsOf>;
  before(async () => {
    api = await startApi({ config: { models: { social: true, spam: true, entities: true } } });
    await api.import(lines);
    await api.settle();
    posts = rowsOf((await api.ask("GET", "/api/v1/posts?limit=10")).body).toReversed();
  });
  after(() => api[Symbol.asyncDispose]());

  it("stand beside the post with probabilities and version, and the sentiment is the model's", () => {
    const [english, , german] = posts;
    const judgements = rowsOf(english ?? {}, "judgements");
    assert.deepEqual(
      judgements.map(({ task }) => task),
      ["sentiment", "emotion", "irony", "offensive", "hate", "spam"],
    );
    for (const { model, probabilities } of judgements) {
      assert.match(String(model), /^(?:social|spam)@[0-9a-f]{8}$/);
      const sum = Object.values(recordAt({ probabilities }, "probabilities")).reduce((so: number, share) => so + Number(share), 0);
      assert.ok(Math.abs(sum - 1) < 0.01, String(sum));
    }
    assert.equal(judgements[0]?.["label"], "positive");
    assert.equal(english?.["sentiment"], "positive");
    const { positive, negative } = recordAt(judgements[0], "probabilities");
    assert.ok(Math.abs(Number(english?.["sentimentScore"]) - (Number(positive) - Number(negative))) < 0.011);
    assert.deepEqual(
      rowsOf(german ?? {}, "judgements").map(({ task }) => task),
      ["spam"],
    );
    assert.notEqual(german?.["sentiment"], null);
  });

  it("are found, counted and compared by what they say", async () => {
    const said = new Map(posts.map((post) => [post["id"], rowsOf(post, "judgements").filter(({ task, label }) => task === "emotion" && label !== undefined)]));
    const joyful = posts.filter(({ id }) => said.get(id)?.[0]?.["label"] === "joy").map(({ id }) => id);
    assert.ok(joyful.length > 0);
    const found = rowsOf((await api.ask("GET", "/api/v1/posts?q=judged:emotion/joy")).body);
    assert.deepEqual(new Set(found.map(({ id }) => id)), new Set(joyful));
    const { body } = await api.ask("GET", "/api/v1/posts/facets?by=judged");
    const facets = rowsOf(recordAt(body, "facets"), "judged");
    assert.deepEqual(
      facets.find(({ value }) => value === "emotion/joy"),
      { value: "emotion/joy", posts: joyful.length },
    );
    assert.ok(
      facets.every(({ value }) => !/(?:^sentiment\/|\/no$|\/ham$)/.test(String(value))),
      "sentiment has a field of its own, and nothing is named that is not there",
    );
    const explored = await api.ask("GET", "/api/v1/explore?metric=posts&by=judged&from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z");
    assert.equal(explored.status, 200, explored.text);
    assert.equal(explored.body["answeredBy"], "search");
    assert.deepEqual(rowsOf(explored.body, "whole").find(({ key }) => key === "emotion/joy")?.["posts"], joyful.length, explored.text);
  });

  it("are listed by task and class, found by the index or, where it names none, by looking", async () => {
    const listed = async (task: string, label: string) => {
      const { body } = await api.ask("GET", `/api/v1/models/tasks/${task}/posts?label=${label}`);
      return { ids: rowsOf(body).map(({ id }) => id), looked: body["looked"] };
    };
    const bearing = (task: string, label: string) =>
      posts
        .toReversed()
        .filter((post) => rowsOf(post, "judgements").some((one) => one["task"] === task && one["label"] === label))
        .map(({ id }) => id);
    for (const [task, label] of [
      ["emotion", "joy"],
      ["sentiment", "positive"],
    ] as const) {
      const ids = bearing(task, label);
      assert.ok(ids.length > 0);
      const found = await listed(task, label);
      assert.deepEqual(found.ids, ids, task);
      if (task === "emotion") assert.equal(found.looked, ids.length);
    }
    assert.deepEqual(await listed("hate", "no"), { ids: bearing("hate", "no"), looked: posts.length });
  });

  it("name what stands in the text as it is shown", () => {
    const text = String(posts[1]?.["text"]);
    assert.match(text, /^write to \[email\], /);
    const names = rowsOf(recordAt(posts[1], "entities"), "spans").map(({ start, end, kind }) => [text.slice(Number(start), Number(end)), kind]);
    assert.deepEqual(names, [
      ["Barack Obama", "person"],
      ["London", "place"],
    ]);
  });

  it("are explained: words that add, the edit that changes it, and how far that can be relied on", async () => {
    const { body } = await api.ask("GET", `/api/v1/posts/${String(posts[0]?.["id"])}/judgements?task=sentiment`);
    const words = rowsOf(body, "words");
    const most = words.toSorted((a, b) => Number(b["adds"]) - Number(a["adds"])).slice(0, 5);
    assert.ok(
      most.some(({ word }) => word === "love" || word === "best" || word === "happy"),
      JSON.stringify(most),
    );
    assert.equal(body["chosen"], "positive");
    assert.equal(body["model"], recordAt(body, "noted")["model"]);
    const { ranked, random } = recordAt(body, "faithfulness");
    assert.ok(Number(ranked) > Number(random));
    assert.equal(
      words.every(({ word, start, end }) => lines[0]?.text.slice(Number(start), Number(end)) === word),
      true,
    );
  });

  it("are explained on the masked text, and only where there are any", async () => {
    const { text } = await api.ask("GET", `/api/v1/posts/${String(posts[1]?.["id"])}/judgements?task=sentiment`);
    assert.match(text, /\[email\]/);
    assert.doesNotMatch(text, /zoo-mail/);
    assert.equal((await api.ask("GET", `/api/v1/posts/${String(posts[2]?.["id"])}/judgements?task=sentiment`)).status, 404);
    assert.equal((await api.ask("GET", `/api/v1/posts/${String(posts[0]?.["id"])}/judgements?task=nothing`)).status, 404);
    assert.equal((await api.ask("GET", `/api/v1/posts/${String(posts[0]?.["id"])}/judgements`)).status, 400);
  });

  it("are kept as reasons with a decision against them: places in the text, never its words", async () => {
    const id = String(posts[0]?.["id"]);
    const { body: now } = await api.ask("GET", `/api/v1/posts/${id}/judgements?task=sentiment`);
    const put = await api.ask("PUT", `/api/v1/posts/${id}/labels/sentiment`, { body: { to: "negative" } });
    assert.equal(put.status, 200, put.text);
    const reasons = recordAt(put.body, "reasons");
    assert.deepEqual([reasons["model"], reasons["chosen"]], [now["model"], "positive"]);
    const strongest = rowsOf(now, "words").toSorted((a, b) => Math.abs(Number(b["adds"])) - Math.abs(Number(a["adds"])))[0];
    assert.deepEqual([rowsOf(reasons, "words")[0]?.["start"], rowsOf(reasons, "words")[0]?.["end"]], [strongest?.["start"], strongest?.["end"]]);
    assert.equal(recordAt(reasons, "counterfactual")["chosen"], recordAt(now, "counterfactual")["chosen"]);
    const text = String(posts[0]?.["text"]);
    assert.deepEqual(
      rowsOf(recordAt(reasons, "counterfactual"), "without").map(({ start, end }) => text.slice(Number(start), Number(end))),
      recordAt(now, "counterfactual")["without"],
    );
    const { rows } = await api.system.engine.sql.query("select reasons::text as reasons from labels where post = $1", [id]);
    assert.ok(String(rows[0]?.["reasons"]).includes("social@") && !/phone|love|happy/.test(String(rows[0]?.["reasons"])));
    const german = await api.ask("PUT", `/api/v1/posts/${String(posts[2]?.["id"])}/labels/sentiment`, { body: { to: "negative" } });
    assert.equal(german.body["reasons"], undefined, "the lexicon judged it");
  });

  it("are told in the post's way, where the lexicon leaves the sentiment to them", async () => {
    const { body } = await api.ask("GET", `/api/v1/posts/${String(posts[0]?.["id"])}/trace`);
    const stages = recordAt(body, "stages");
    assert.deepEqual(stages["differs"], []);
    assert.equal(rowsOf(stages, "judge").length, 6);
    assert.deepEqual(recordAt(stages, "sentiment")["signs"], []);
  });
});
