import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { after, before, describe, it } from "node:test";
import { z } from "zod";
import { listConnectors } from "../src/connectors/directory.ts";
import { listen, type Loopback } from "../src/http/loopback.fixtures.ts";
import { type RunningApi, startApi } from "./api.fixtures.ts";

const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title><link>http://feed.example/</link>
<item><guid>g1</guid><title>One</title><description>An anvil</description><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>`;

function answer(request: IncomingMessage, response: ServerResponse): void {
  const { url = "" } = request;
  if (url === "/feed.xml") return void response.setHeader("content-type", "application/rss+xml").end(feed);
  if (url === "/empty.xml") return void response.setHeader("content-type", "application/rss+xml").end(feed.replace(/<item>[^]*<\/item>/, ""));
  if (url.startsWith("/api/v1/timelines/public"))
    return void response.writeHead(401, { "content-type": "application/json" }).end('{"error":"This API requires an authenticated user"}');
  response.writeHead(404).end();
}

describe("trying a source before it is saved", () => {
  let api: RunningApi;
  let peer: Loopback;
  before(async () => {
    api = await startApi();
    peer = await listen(answer);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await peer[Symbol.asyncDispose]();
  });
  const check = async (use: string, options: unknown, token?: string) =>
    api.ask("POST", "/api/v1/sources/check", { body: { use, options }, ...(token !== undefined && { token }) });

  it("says that a feed answers, also an empty one, and keeps nothing", async () => {
    assert.deepEqual((await check("rss", { feeds: [`${peer.url}/feed.xml`] })).body, { ok: true });
    assert.deepEqual((await check("rss", { feeds: [`${peer.url}/empty.xml`] })).body, { ok: true });
    assert.deepEqual((await api.ask("GET", "/api/v1/sources")).body["items"], []);
    assert.equal((await api.ask("GET", "/api/v1/posts/count?q=anvil")).body["posts"], 0);
  });

  it("tells a server that wants a token, an address without a feed, wrong options and an unknown connector apart", async () => {
    const codes = [
      await check("mastodon", { server: peer.url, timelines: ["public"] }),
      await check("rss", { feeds: [`${peer.url}/nothing`] }),
      await check("rss", { feeds: ["not an address"] }),
      await check("nope", {}),
    ].map(({ body }) => [body["ok"], body["code"]]);
    assert.deepEqual(codes, [
      [false, "UPSTREAM_AUTH"],
      [false, "UPSTREAM_NOT_FOUND"],
      [false, "CONFIG_INVALID"],
      [false, "CONFIG_INVALID"],
    ]);
  });

  it("the catalogue names every connector with a schema of what it asks for", async () => {
    const { status, body } = await api.ask("GET", "/api/v1/connectors");
    assert.equal(status, 200);
    const items = z.array(z.looseObject({ name: z.string(), options: z.looseObject({ properties: z.record(z.string(), z.unknown()) }) })).parse(body["items"]);
    assert.deepEqual(
      items.map(({ name }) => name),
      listConnectors(),
    );
    assert.ok("feeds" in (items.find(({ name }) => name === "rss")?.options.properties ?? {}));
  });

  it("is for admins alone: it makes this server ask others", async () => {
    assert.equal((await check("rss", { feeds: [`${peer.url}/feed.xml`] }, await api.makeToken("analyst"))).status, 403);
  });
});
