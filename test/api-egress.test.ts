import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { listen, listenAsProxy, type Loopback } from "../src/http/loopback.fixtures.ts";
import { checkConfig } from "../src/runtime/load-config.ts";
import { rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Zoo</title><item><title>An okapi</title><guid isPermaLink="false">zoo-1</guid><pubDate>${new Date(Date.now() - 60_000).toUTCString()}</pubDate></item></channel></rss>`;

describe("the ways that sources go out", () => {
  let api: RunningApi;
  let site: Loopback;
  const proxies: Loopback[] = [];
  const asked: string[][] = [[], []];
  before(async () => {
    for (const list of asked) proxies.push(await listenAsProxy(list));
    site = await listen((request, response) => {
      if (request.url === "/robots.txt") response.end("User-agent: *\nDisallow: /closed");
      else response.setHeader("content-type", "application/rss+xml").end(feed);
    });
    const [first = "", second = ""] = proxies.map(({ url }) => url);
    api = await startApi({
      config: { egress: { partner: { proxies: ["env:PARTNER_PROXY"], fixed: true }, pool: { proxies: [first, second], rotation: "each-call" } } },
      env: { PARTNER_PROXY: first },
    });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    for (const each of [site, ...proxies]) await each[Symbol.asyncDispose]();
  });
  const put = (id: string, body: unknown) => api.ask("PUT", `/api/v1/sources/${id}`, { body });

  it("sends all calls of a source through its profile, and says which it is", async () => {
    const { status, body } = await put("zoo", { use: "rss", feeds: [`${site.url}/feed.xml`], egress: "partner", pollSeconds: 1 });
    assert.equal(status, 200);
    assert.equal(body["egress"], "partner");
    await until("the feed was read", async () => Number(rowsOf((await api.ask("GET", "/api/v1/sources")).body)[0]?.["collected"]) === 1);
    assert.ok((asked[0]?.length ?? 0) > 0);
    assert.deepEqual(asked[1], []);
    assert.match(await api.system.engine.configuration(), /egress: "partner"/);
  });

  it("refuses a rotating profile to a platform that is asked from one address, and writes it down", async () => {
    const body = { use: "x", queries: ["okapi"], token: "env:X_TOKEN", paused: true };
    const refused = await put("bird", { ...body, egress: "pool" });
    assert.equal(refused.status, 422);
    assert.equal(refused.body["code"], "CONFIG_INVALID");
    assert.match(refused.text, /one address/);
    const [entry] = rowsOf((await api.ask("GET", "/api/v1/audit?action=egress.refuse")).body);
    assert.equal(entry?.["subject"], "bird");
    assert.equal((await put("bird", { ...body, egress: "partner" })).status, 200);
    assert.equal((await put("bird", { ...body, egress: "nowhere" })).status, 422);
    const checked = await api.ask("POST", "/api/v1/sources/check", { body: { use: "x", options: { queries: ["okapi"], token: "env:X_TOKEN", egress: "pool" } } });
    assert.equal(checked.body["code"], "CONFIG_INVALID");
  });

  it("names such a fault of a configuration file with its place", async () => {
    const egress = { pool: { proxies: ["http://a.example:1", "http://b.example:1"], rotation: "sticky" } };
    const sources = { bird: { use: "x", queries: ["okapi"], token: "env:X_TOKEN", egress: "pool" }, zoo: { use: "rss", feeds: ["https://zoo.example/feed"], egress: "pool" } };
    await assert.rejects(checkConfig({ egress, sources }, "test"), /1 fault\n {2}sources\.bird\.egress: x is asked from one address/);
    await checkConfig({ egress: { pool: { ...egress.pool, rotation: "none" } }, sources }, "test");
  });

  it("does not read a feed that the site's robots.txt closes, and says so", async () => {
    await put("closed", { use: "rss", feeds: [`${site.url}/closed/feed.xml`], pollSeconds: 1 });
    await until("it was refused", async () => rowsOf((await api.ask("GET", "/api/v1/failures?source=closed")).body).length > 0);
    const [record] = rowsOf((await api.ask("GET", "/api/v1/failures?source=closed")).body);
    assert.equal(record?.["failure"], "client.robots");
    assert.equal(record?.["class"], "blocked");
    assert.equal(record?.["code"], "UPSTREAM_REFUSED");
  });
});
