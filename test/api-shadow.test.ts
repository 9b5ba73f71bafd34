import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const createdAt = new Date(Date.now() - 60_000).toISOString();
const lines = (posts: readonly object[]) => posts.map((post) => `${JSON.stringify({ author: "author-of-all", createdAt, ...post })}\n`).join("");

describe("a second configuration beside a source", () => {
  let api: RunningApi;
  const folder = mkdtempSync(join(tmpdir(), "earshot-shadow-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return [join(folder, name)];
  };
  before(async () => {
    api = await startApi();
    const paths = file("old.ndjson", lines([1, 2, 3].map((id) => ({ id: `p${id}`, text: `an okapi ${id}`, url: `https://zoo.example/${id}` }))));
    await api.ask("PUT", "/api/v1/sources/zoo", { body: { use: "files", keep: "everything", paths } });
    await until("all are read", async () => Number(rowsOf((await api.ask("GET", "/api/v1/sources")).body)[0]?.["collected"]) === 3);
    await api.settle();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (options: unknown, more: object = {}) => api.ask("POST", "/api/v1/sources/zoo/shadow", { body: { options, ...more } });
  const look = async () => (await api.ask("GET", "/api/v1/sources/zoo/shadow")).body;
  const posts = async () => (await api.ask("GET", "/api/v1/posts/count?q=source:zoo")).body["posts"];

  it("tells what only one of them has and what differs, without words or names, and stores nothing", async () => {
    assert.equal((await api.ask("GET", "/api/v1/sources/zoo/shadow")).status, 404);
    assert.deepEqual(rowsOf((await api.ask("GET", "/api/v1/shadow-runs")).body), []);
    const fresh = [
      { id: "p2", text: "a secret okapi", url: "https://zoo.example/2" },
      { id: "p3", text: "an okapi 3", url: "https://zoo.example/moved" },
      { id: "p4", text: "an okapi 4" },
    ];
    const paths = file("fresh.ndjson", `${lines(fresh)}not json\n`);
    assert.equal((await run({ paths })).status, 200);
    await until("both are read", async () => (await look())["state"] === "done");
    const view = await look();
    assert.deepEqual([view["both"], view["same"]], [2, 0]);
    assert.deepEqual(view["onlyOld"], { posts: 1, examples: ["p1"] });
    assert.deepEqual(view["onlyFresh"], { posts: 1, examples: ["p4"] });
    const fields = rowsOf(view, "fields");
    assert.deepEqual(
      fields.map(({ name, posts: count }) => [name, count]),
      [
        ["permalink", 1],
        ["text", 1],
      ],
    );
    assert.deepEqual(fields[0]?.["examples"], [{ id: "p3", was: "https://zoo.example/3", is: "https://zoo.example/moved" }]);
    assert.doesNotMatch(JSON.stringify(view), /secret|author-of-all/);
    assert.deepEqual(recordAt(view, "fresh", "rejected"), { JSON_INVALID: 1 });
    assert.equal(await posts(), 3);
  });

  it("ends after so many posts, is one at a time, and can be ended", async () => {
    const watched = { paths: file("many.ndjson", lines([1, 2, 3].map((id) => ({ id: `p${id}`, text: "okapi" })))), watch: true };
    await run(watched, { posts: 2 });
    await until("it is done", async () => (await look())["state"] === "done");
    assert.equal(recordAt(await look(), "fresh")["posts"], 2);
    await run(watched);
    assert.equal((await run(watched)).status, 409);
    assert.equal((await api.ask("DELETE", "/api/v1/sources/zoo/shadow")).status, 204);
    assert.equal((await look())["state"], "cancelled");
    assert.deepEqual(
      rowsOf((await api.ask("GET", "/api/v1/shadow-runs")).body).map(({ source, state }) => [source, state]),
      [["zoo", "cancelled"]],
    );
    assert.equal(await posts(), 3);
  });

  it("refuses options that are none, and a source that is not there", async () => {
    assert.equal((await run({ paths: 7 })).status, 422);
    assert.equal((await api.ask("POST", "/api/v1/sources/nothing/shadow", { body: { options: {} } })).status, 404);
  });
});
