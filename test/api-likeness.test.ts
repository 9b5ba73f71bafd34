import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isAuthorId } from "../src/core/ids.ts";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const now = Date.now();
const robot = Array.from({ length: 30 }, (_, i) => ({
  id: `r${i}`,
  platform: "forum",
  author: "robo",
  text: `Water level at the old bridge: ${100 + i} cm, wind ${i % 9} km/h`,
  createdAt: new Date(now - 3_600_000 - i * 60_000).toISOString(),
}));
const texts = [
  "what a day",
  "Has anybody seen the comet last night? It was so bright over the lake",
  "tea time",
  "I think that the new timetable is worse than the old one, honestly",
  "lol",
  "On my way home now",
];
const person = texts.map((text, i) => ({ id: `p${i}`, platform: "diary", author: "ann", text, createdAt: new Date(now - 7_000_000 - i * i * 777_777).toISOString() }));

describe("how authors post", () => {
  let api: RunningApi;
  let authors: ReadonlyMap<unknown, string>;
  before(async () => {
    api = await startApi();
    await api.import([...robot, ...person]);
    await api.settle();
    authors = new Map(rowsOf((await api.ask("GET", "/api/v1/posts?limit=100")).body).map((post) => [post["platform"], String(post["author"])]));
  });
  after(() => api[Symbol.asyncDispose]());
  const likeness = async (platform: string) => (await api.ask("GET", `/api/v1/authors/${authors.get(platform) ?? ""}/likeness`)).body;

  it("is told with its reasons, the strongest first", async () => {
    const body = await likeness("forum");
    assert.equal(body["posts"], 30);
    assert.ok(Number(body["score"]) > 0.9);
    const features = rowsOf(body, "features");
    assert.equal(features[0]?.["name"], "rhythm");
    assert.equal(features[0]["everySeconds"], 60);
    const sizes = features.map(({ adds }) => Math.abs(Number(adds)));
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
    assert.equal(body["from"], robot.at(-1)?.createdAt);
  });

  it("is not told of too few posts, and of no author whom nobody stored", async () => {
    const body = await likeness("diary");
    assert.equal(body["score"], null);
    assert.deepEqual(body["features"], []);
    for (const id of [`a1_${"x".repeat(22)}`, "ann", "a1_"]) assert.equal((await api.ask("GET", `/api/v1/authors/${id}/likeness`)).status, 404, id);
  });

  it("looks at no posts that are not for the viewer", async () => {
    const { likeness: reading } = api.system.engine;
    const id = authors.get("forum");
    assert.ok(id !== undefined && isAuthorId(id));
    assert.equal(await reading.of(id, { platforms: ["diary"] }), undefined);
    assert.equal((await reading.of(id, { platforms: ["forum"] }))?.posts, 30);
    const active = await reading.active({ hours: 24, top: 5, nowMs: now }, { platforms: ["diary"] });
    assert.ok(active.authors.every((one) => one.author === authors.get("diary")));
  });

  it("tells the most active of the last hours, the likest first", async () => {
    const { body } = await api.ask("GET", "/api/v1/authors/likeness?hours=24&top=5");
    const items = rowsOf(body, "items");
    assert.deepEqual(
      items.map(({ author }) => author),
      [authors.get("forum"), authors.get("diary")],
    );
    assert.equal(items[1]?.["score"], null);
    assert.equal(body["more"], false);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/authors/likeness?hours=24&top=1")).body, "items").length, 1);
    assert.equal((await api.ask("GET", "/api/v1/authors/likeness?hours=0")).status, 400);
  });
});
