import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { type RunningApi, startApi } from "./api.fixtures.ts";

const key = "a key that both sides know";
const post = (id: string, text: string) => ({ id, author: `author-${id}`, text, createdAt: new Date(Date.now() - 60_000).toISOString() });

describe("what is sent to us", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ env: { HOOK_KEY: key } });
    assert.equal((await api.ask("PUT", "/api/v1/sources/hook", { body: { use: "webhook", platform: "forum", secrets: ["env:HOOK_KEY"] } })).status, 200);
  });
  after(() => api[Symbol.asyncDispose]());

  const send = (value: unknown, { id = "msg", secret = key, source = "hook", type = "application/json" } = {}) => {
    const raw = typeof value === "string" ? value : JSON.stringify(value);
    const at = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", secret).update(`${id}.${at}.${raw}`).digest("base64");
    const headers = { "content-type": type, "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
    return api.ask("POST", `/api/v1/in/${source}`, { token: null, raw, headers });
  };
  const count = async (q: string) => {
    await api.settle();
    return (await api.ask("GET", `/api/v1/posts/count?q=${q}`)).body["posts"];
  };
  const appended = async () => (await api.system.base.log.state("events")).reduce((sum, { next }) => sum + next, 0);

  it("is searchable, and durable when it is answered, without a session", async () => {
    const before_ = await appended();
    const answer = await send([post("1", "an okapi"), post("2", "another okapi")], { id: "one" });
    assert.deepEqual([answer.status, answer.body], [202, { received: 2 }]);
    assert.equal((await appended()) - before_, 2);
    assert.equal(await count("okapi"), 2);
  });

  it("is taken once under one delivery's id, also when it comes twice at once", async () => {
    const before_ = await appended();
    const body = [post("3", "a tapir")];
    const answers = await Promise.all([send(body, { id: "twice" }), send(body, { id: "twice" })]);
    answers.push(await send(body, { id: "twice" }));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 202, 202],
    );
    assert.equal((await appended()) - before_, 1);
    assert.equal(await count("tapir"), 1);
  });

  it("goes nowhere with a wrong signature, to a source that does not receive, or with a body that is none", async () => {
    const before_ = await appended();
    const codes = [];
    for (const answer of [
      await send([post("4", "a zebra")], { id: "bad", secret: "guess" }),
      await send([post("4", "a zebra")], { id: "nowhere", source: "nothing" }),
      await send("zebra", { id: "body" }),
      await send(`{"x":"${"y".repeat(2 * 1024 * 1024)}"}`, { id: "large" }),
    ])
      codes.push([answer.status, answer.type, answer.body["code"]]);
    assert.deepEqual(codes, [
      [401, "application/problem+json", "UNAUTHENTICATED"],
      [404, "application/problem+json", "NOT_FOUND"],
      [400, "application/problem+json", "USAGE"],
      [413, "application/problem+json", "ITEM_TOO_LARGE"],
    ]);
    assert.equal(await appended(), before_);
  });

  it("is asked for again later while the source is paused", async () => {
    assert.equal((await api.ask("PATCH", "/api/v1/sources/hook", { body: { paused: true } })).status, 200);
    const answer = await send([post("5", "a lemur")], { id: "later" });
    assert.equal(answer.status, 503);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
    assert.equal((await api.ask("PATCH", "/api/v1/sources/hook", { body: { paused: false } })).status, 200);
    assert.equal((await send([post("5", "a lemur")], { id: "later" })).status, 202);
    assert.equal(await count("lemur"), 1);
  });

  it("is counted, and a line that cannot be read is in the quarantine", async () => {
    assert.equal((await send(`{"id":"6"}\n${JSON.stringify(post("7", "a quokka"))}\n`, { id: "lines", type: "application/x-ndjson" })).body["received"], 2);
    assert.equal(await count("quokka"), 1);
    const { body } = await api.ask("GET", "/api/v1/quarantine?source=hook");
    assert.match(JSON.stringify(body), /FIELD_MISSING/);
    const sources = (await api.ask("GET", "/api/v1/sources")).body["items"];
    assert.match(JSON.stringify(sources), /POST \/api\/v1\/in\/hook/);
  });
});
