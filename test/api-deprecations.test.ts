import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeDiskFiles } from "../src/core/disk-files.ts";
import { makeFakeClock } from "../src/core/clock.ts";
import { listen, type Loopback, quiet } from "../src/http/loopback.fixtures.ts";
import rss from "../src/connectors/rss.ts";
import { examine } from "../src/runtime/doctor.ts";
import { root } from "../src/runtime/system.ts";
import { defineSource } from "../src/runtime/collect.ts";
import { makeDeprecations } from "../src/runtime/parts/deprecations.ts";
import { rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const dayMs = 86_400_000;
const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Zoo</title><item><title>An okapi</title><guid isPermaLink="false">zoo-1</guid><pubDate>${new Date(Date.now() - 60_000).toUTCString()}</pubDate></item></channel></rss>`;

describe("what platforms are about to end", () => {
  let api: RunningApi;
  let site: Loopback;
  let sunset = new Date(Date.now() + 20 * dayMs);
  before(async () => {
    site = await listen((request, response) => {
      if (request.url?.startsWith("/feed") !== true) return void response.writeHead(404).end();
      response.setHeader("content-type", "application/rss+xml").setHeader("sunset", sunset.toUTCString()).setHeader("link", '</move>; rel="sunset"').end(feed);
    });
    api = await startApi({ config: { deprecations: { changelogs: false } } });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });
  const notices = async () => rowsOf((await api.ask("GET", "/api/v1/deprecations")).body);
  const change = (id: unknown, body: unknown) => api.ask("PATCH", `/api/v1/deprecations/${String(id)}`, { body });

  it("is noticed in the headers of an answer, once for two sources of one endpoint", async () => {
    assert.deepEqual(await notices(), []);
    for (const id of ["zoo", "park"]) await api.ask("PUT", `/api/v1/sources/${id}`, { body: { use: "rss", feeds: [`${site.url}/feed.xml`], pollSeconds: 1 } });
    await until("both were told", async () => String((await notices())[0]?.["sources"]) === "park,zoo");
    const [notice, ...more] = await notices();
    assert.equal(more.length, 0);
    assert.equal(notice?.["origin"], "answer");
    assert.equal(notice["state"], "open");
    assert.equal(notice["link"], `${site.url}/move`);
    assert.match(String(notice["endpoint"]), /\/feed\.xml$/);
    assert.equal(Date.parse(String(notice["effectiveAt"])), Math.floor(sunset.getTime() / 1_000) * 1_000);
  });

  it("is a warning of the doctor while the system runs", async () => {
    const { EARSHOT_DATA, EARSHOT_CONFIG } = api.system.environment;
    const checks = await examine({ env: { EARSHOT_DATA, EARSHOT_CONFIG, EARSHOT_PORT: "0" }, root, files: makeDiskFiles(), maxCheckedBytes: 1_000 });
    const found = checks.find(({ name }) => name === "what platforms end");
    assert.equal(found?.status, "warn", found?.detail);
    assert.match(found.detail, /1 within 30 days: GET .*feed\.xml on \d{4}-/);
  });

  it("is an alarm within thirty days, until it is done", async () => {
    const [notice] = await notices();
    const alarms = async () => rowsOf((await api.ask("GET", "/api/v1/alarms")).body).filter(({ kind }) => kind === "deprecation");
    assert.equal((await alarms()).length, 1);
    assert.equal((await change(notice?.["id"], { state: "done" })).status, 200);
    assert.deepEqual(await alarms(), []);
  });

  it("has an owner and a due date, which stand in the audit and can be taken away", async () => {
    const [notice] = await notices();
    const due = new Date(Date.now() + 10 * dayMs).toISOString();
    const { body } = await change(notice?.["id"], { state: "planned", owner: "gina", due });
    assert.deepEqual([body["state"], body["owner"], body["dueAt"]], ["planned", "gina", due]);
    const [entry] = rowsOf((await api.ask("GET", "/api/v1/audit?action=deprecation.set")).body);
    assert.equal(entry?.["subject"], String(notice?.["id"]));
    assert.equal((await change(notice?.["id"], { owner: null })).body["owner"], undefined);
    assert.equal((await change(notice?.["id"], { state: "gone" })).status, 400);
    assert.equal((await change(999, { state: "done" })).status, 404);
  });

  it("names the terms and shared views that depend on it", async () => {
    await api.ask("PUT", "/api/v1/terms/okapi", { body: { name: "Okapi", query: "okapi" } });
    await api.ask("POST", "/api/v1/views", { body: { name: "Zoo alone", path: "/search", query: "q=source%3Azoo", shared: true } });
    await api.ask("POST", "/api/v1/views", { body: { name: "Zoos", path: "/search", query: "q=zoos", shared: true } });
    await until("the term has posts of it", async () => String((await notices())[0]?.["terms"]) === "okapi");
    assert.deepEqual((await notices())[0]?.["views"], ["Zoo alone"]);
  });

  it("is open again when another day is told", async () => {
    const [notice] = await notices();
    await change(notice?.["id"], { state: "dismissed" });
    sunset = new Date(Date.now() + 200 * dayMs);
    await until("the day is another one", async () => Date.parse(String((await notices())[0]?.["effectiveAt"])) > Date.now() + 100 * dayMs);
    assert.equal((await notices())[0]?.["state"], "open");
  });

  it("is read from a platform's changelog, and from the version that a connector asks for", async () => {
    const clock = makeFakeClock(Date.parse("2026-03-01T00:00:00Z"));
    const entry = (id: string, title: string, day: string, text: string) =>
      `<item><guid>${id}</guid><title>${title}</title><link>/news/${id}</link><pubDate>${day}</pubDate><description>${text}</description></item>`;
    await using changelog = await listen((request, response) => {
      if (request.url === "/robots.txt") return void response.writeHead(404).end();
      response.end(
        `<rss version="2.0"><channel><title>News</title>${[
          entry("1", "Lists", "Mon, 02 Feb 2026 00:00:00 GMT", "A new endpoint for lists."),
          entry("2", "Search v1", "Mon, 02 Feb 2026 00:00:00 GMT", "We are &lt;b&gt;deprecating&lt;/b&gt; it on May 4, 2026."),
          entry("3", "Older", "Mon, 06 Feb 2023 00:00:00 GMT", "This was deprecated."),
        ].join("")}</channel></rss>`,
      );
    });
    const definition = await defineSource("paper", { use: "rss", paused: false, feeds: ["https://paper.example/feed"] }, "dashboard", []);
    assert.ok(definition !== undefined);
    const connector = {
      ...definition.connector,
      changelogs: [`${changelog.url}/rss.xml`],
      apiVersion: { name: "v9", retiresAt: "2026-03-20", source: "https://paper.example/versions" },
    };
    assert.equal(definition.connector, rss);
    const { openHttp } = await import("../src/http/client.ts");
    await using http = openHttp({ clock, report: quiet, env: {} });
    const watch = makeDeprecations({
      sql: api.system.base.catalog.sql,
      clock,
      report: (_level, message) => assert.fail(message),
      http,
      definitions: new Map([["paper", { ...definition, connector }]]),
      warnDays: 30,
      changelogs: true,
    });
    await watch.readChangelogs();
    await watch.readChangelogs();
    const found = (await notices()).filter(({ sources }) => String(sources) === "paper");
    assert.deepEqual(
      found.map(({ origin, text, effectiveAt, link }) => [origin, text, effectiveAt, link]),
      [
        ["version", "The version v9 of the API ends.", "2026-03-20T00:00:00.000Z", "https://paper.example/versions"],
        ["changelog", "Search v1", "2026-05-04T00:00:00.000Z", `${changelog.url}/news/2`],
      ],
    );
    assert.deepEqual(
      (await watch.alarms()).map(({ source, effectiveAt }) => [source, effectiveAt]).filter(([source]) => source === "paper"),
      [["paper", Date.parse("2026-03-20")]],
    );
  });
});
