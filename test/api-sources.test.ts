import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { describeCursor } from "../src/runtime/describe-cursor.ts";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const line = (id: string) => `${JSON.stringify({ id, author: `author-${id}`, text: `a post about ${id}`, createdAt: new Date(Date.now() - 60_000).toISOString() })}\n`;
const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Zoo</title><item><title>An okapi</title><guid isPermaLink="false">zoo-1</guid><pubDate>${new Date(Date.now() - 60_000).toUTCString()}</pubDate></item></channel></rss>`;

describe("what sources do", () => {
  let api: RunningApi;
  let server: Server;
  let address = "";
  const folder = mkdtempSync(join(tmpdir(), "earshot-sources-"));
  before(async () => {
    server = createServer((request, response) => {
      response.setHeader("x-ratelimit-remaining", "41").setHeader("x-ratelimit-reset", "600");
      if (request.url !== "/feed.xml") response.writeHead(404).end();
      else if (request.headers["if-none-match"] === '"one"') response.writeHead(304).end();
      else response.setHeader("content-type", "application/rss+xml").setHeader("etag", '"one"').end(feed);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const at = server.address();
    address = typeof at === "object" && at !== null ? `http://127.0.0.1:${at.port}` : "";
    writeFileSync(join(folder, "posts.ndjson"), line("one") + line("two"));
    api = await startApi();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  const put = (id: string, body: unknown) => api.ask("PUT", `/api/v1/sources/${id}`, { body });
  const activityOf = async (id: string) => rowsOf((await api.ask("GET", "/api/v1/sources/activity")).body).find((row) => row["id"] === id);
  const dayOf = async (id: string) => recordAt(await activityOf(id), "day");

  it("is counted by the hour, goes on over a change of the source, and ends where it ends", async () => {
    assert.equal((await put("notes", { use: "files", keep: "everything", paths: [join(folder, "posts.ndjson")], watch: true, pollSeconds: 0.1, settleSeconds: 0 })).status, 200);
    await until("both are read", async () => (await dayOf("notes"))["messages"] === 2);
    await api.settle();
    assert.equal((await dayOf("notes"))["posts"], 2);
    assert.equal((await put("notes", { use: "files", keep: "everything", paths: [join(folder, "posts.ndjson")], watch: true, pollSeconds: 0.2, settleSeconds: 0 })).status, 200);
    appendFileSync(join(folder, "posts.ndjson"), line("three"));
    await until("the third is counted on top", async () => (await dayOf("notes"))["messages"] === 3);
    const { hours } = (await api.ask("GET", "/api/v1/sources/notes/activity?days=1")).body;
    assert.ok(Array.isArray(hours));
    assert.equal(
      rowsOf({ items: hours }).reduce((sum, hour) => sum + Number(hour["messages"]), 0),
      3,
    );
    assert.ok(Number((await dayOf("notes"))["bytes"]) > 100);
    const activity = await activityOf("notes");
    assert.ok(Date.parse(String(activity?.["lastItemAt"])) > Date.now() - 60_000);
    assert.ok(recordAt(activity, "position")["text"] !== "");
  });

  it("tells requests, what was saved by asking for changes alone, and what is left of a budget", async () => {
    assert.equal((await put("zoo", { use: "rss", feeds: [`${address}/feed.xml`], pollSeconds: 1 })).status, 200);
    await until("the feed was asked twice", async () => Number((await dayOf("zoo"))["saved"]) >= 1);
    const day = await dayOf("zoo");
    assert.ok(Number(day["requests"]) > Number(day["saved"]));
    const [budget] = rowsOf(recordAt(await activityOf("zoo")), "budgets");
    assert.match(String(budget?.["name"]), /^rss 127\.0\.0\.1/);
    assert.deepEqual(budget?.["limit"], { requests: 60, perMs: 60_000 });
    assert.ok(Number(budget?.["left"]) < 60);
    // The server tells 41 each time; a call on its way is taken off already.
    assert.ok([40, 41].includes(Number(budget?.["toldLeft"])), JSON.stringify(budget));
  });

  it("counts failures by their code", async () => {
    await put("gone", { use: "mastodon", server: address });
    await until("it failed", async () => Number((await dayOf("gone"))["errors"]) >= 1);
    const { hours } = (await api.ask("GET", "/api/v1/sources/gone/activity")).body;
    const codes = rowsOf({ items: hours }).flatMap((hour) => Object.keys(recordAt(hour, "errors")));
    assert.ok(
      codes.some((code) => code.startsWith("UPSTREAM_")),
      codes.join(),
    );
    assert.equal((await api.ask("DELETE", "/api/v1/sources/gone")).status, 200);
  });

  it("never takes a secret, only the name of its place", async () => {
    const refused = await put("fedi", { use: "mastodon", server: address, token: "s3cr3t-t0ken" });
    assert.equal(refused.status, 422);
    assert.match(refused.text, /env:NAME or file:/);
    assert.doesNotMatch(refused.text, /s3cr3t/);
    const checked = await api.ask("POST", "/api/v1/sources/check", { body: { use: "mastodon", options: { server: address, token: "s3cr3t-t0ken" } } });
    assert.equal(checked.body["ok"], false);
    assert.doesNotMatch(checked.text, /s3cr3t/);
  });

  it("tells a cursor as people read it", () => {
    assert.equal(describeCursor("1764310000000000"), "messages up to 2025-11-28T06:06:40.000Z");
    assert.equal(describeCursor("42"), "42");
    assert.equal(describeCursor('{"last":{"public":"115","#zoo":"9"}}'), "last public: 115, last #zoo: 9");
    assert.match(describeCursor(JSON.stringify({ feeds: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`https://a/${i}`, "x".repeat(50)])) })), /^feeds: 40 entries$/);
    assert.ok(describeCursor("x".repeat(5_000)).length < 300);
  });
});
