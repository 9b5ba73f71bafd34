import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { environmentToken, type RunningApi, startApi } from "./api.fixtures.ts";

describe("personal data in texts", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({});
    await api.import([
      { id: "1", platform: "paper", author: "a", text: "the numbat pays with 4111 1111 1111 1111 today", createdAt: "2026-11-01T00:00:00Z" },
      { id: "2", platform: "paper", author: "b", text: "ask numbat.keeper@zoo-mail.example about it", createdAt: "2026-11-02T00:00:00Z" },
    ]);
    await api.settle();
  });
  after(() => api[Symbol.asyncDispose]());
  const ask = async (path: string) => (await api.ask("GET", path)).body;
  const count = async (q: string) => (await ask(`/api/v1/posts/count?q=${encodeURIComponent(q)}`))["posts"];

  it("is masked in every answer that carries posts", async () => {
    const found = JSON.stringify(await ask("/api/v1/posts?q=numbat"));
    assert.match(found, /the numbat pays with \[card\] today/);
    const exported = await (await fetch(`${api.address}/api/v1/posts/export`, { headers: { authorization: `Bearer ${environmentToken}` } })).text();
    assert.match(exported, /ask \[email\] about it/);
    for (const text of [found, exported]) assert.doesNotMatch(text, /4111|zoo-mail/);
  });

  it("is not confirmed by searching for it", async () => {
    assert.equal(await count("numbat"), 1);
    for (const q of ['"4111 1111 1111 1111"', "4111", "keeper", "zoo-mail", '"zoo-mail.example"', "zoo*"]) assert.equal(await count(q), 0, q);
    assert.equal(await count('"ask about"'), 0);
    assert.equal(await count("card"), 1);
  });

  it("is told with a purpose, and that is written down", async () => {
    const page = await ask("/api/v1/posts?q=numbat");
    const id = /"id":"(p_[\w-]+)"/.exec(JSON.stringify(page))?.[1] ?? "";
    assert.match(JSON.stringify(await ask(`/api/v1/posts/${id}`)), /\[card\]/);
    const purpose = "a customer asked to have it removed";
    assert.match(JSON.stringify(await ask(`/api/v1/posts/${id}?reveal=${encodeURIComponent(purpose)}`)), /4111 1111 1111 1111/);
    const { rows } = await api.system.engine.sql.query("select actor, action, subject, purpose from audit where action = 'post.reveal'");
    assert.deepEqual(rows, [{ actor: (await ask("/api/v1/me"))["name"], action: "post.reveal", subject: id, purpose }]);
    assert.equal((await api.ask("GET", `/api/v1/posts/${id}?reveal=x`)).status, 400);
  });
});
