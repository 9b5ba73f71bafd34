import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { listen, listenAsProxy, type Loopback } from "../src/http/loopback.fixtures.ts";
import { rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Zoo</title><item><title>An okapi</title><guid isPermaLink="false">zoo-1</guid><pubDate>${new Date(Date.now() - 60_000).toUTCString()}</pubDate></item></channel></rss>`;
const createdAt = new Date(Date.now() - 60_000).toISOString();
const lines = (posts: readonly object[]) => posts.map((post) => `${JSON.stringify({ author: "ann", createdAt, ...post })}\n`).join("");
describe("connections and shadow runs", () => {
  let api: RunningApi;
  let site: Loopback;
  let proxy: Loopback;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  const folder = mkdtempSync(join(tmpdir(), "earshot-connections-"));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return [join(folder, name)];
  };
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    site = await listen((request, response) => {
      if (request.url !== "/feed.xml") return void response.writeHead(404).end();
      if (request.headers["if-none-match"] === '"1"') return void response.writeHead(304, { etag: '"1"' }).end();
      response.writeHead(200, { "content-type": "application/rss+xml", etag: '"1"' }).end(feed);
    });
    proxy = await listenAsProxy([]);
    api = await startApi({ pages: true, config: { egress: { pool: { proxies: [proxy.url, proxy.url], rotation: "each-call" } } } });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));
  const cellsOf = (page: Page, text: string) => page.locator("tr", { hasText: text }).first().locator("td").allTextContents();

  it("say what will stand there while nothing went out", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/connections`);
      await page.getByText("No call has gone out since the start.").waitFor();
      await page.getByText("Nothing was refused.").waitFor();
      await assertSound(page, "connections-empty");
      await page.goto(`${api.address}/shadow`);
      await page.getByText("There is no source to run another configuration beside.").waitFor();
      await assertSound(page, "shadow-empty");
    }));

  for (const [name, options] of views) {
    it(`show hosts, ways out and what was refused (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          await api.ask("PUT", "/api/v1/sources/zoo", { body: { use: "rss", feeds: [`${site.url}/feed.xml`], pollSeconds: 1, egress: "pool" } });
          await api.ask("PUT", "/api/v1/sources/gone", { body: { use: "rss", feeds: [`${site.url}/none.xml`], pollSeconds: 1 } });
          await api.ask("PUT", "/api/v1/sources/bird", { body: { use: "x", queries: ["okapi"], token: "env:X_TOKEN", paused: true, egress: "pool" } });
          const { host } = new URL(site.url);
          await until("calls were saved and failed", async () => {
            const first = rowsOf((await api.ask("GET", "/api/v1/connections")).body, "hosts").find((row) => row["host"] === host);
            return Number(first?.["failed"] ?? 0) > 0 && Number(first?.["calls"] ?? 0) > 2;
          });
          await page.goto(`${api.address}/connections`);
          await page.getByRole("cell", { name: "closed: calls go out" }).first().waitFor();
          assert.match((await cellsOf(page, host)).join("|"), /closed: calls go out/);
          assert.match((await cellsOf(page, "pool: Proxy 1")).join("|"), /each-call\|\d+\|\d+\|/);
          await page.getByRole("cell", { name: "bird" }).first().waitFor();
          await assertSound(page, `connections-${name}`);
        },
        options,
      ));
  }

  it("run a second configuration from the page, and tell what it would bring", (t) =>
    withPage(t, async (page) => {
      const paths = file("old.ndjson", lines([1, 2, 3].map((id) => ({ id: `p${id}`, text: `an okapi ${id}`, url: `https://zoo.example/${id}` }))));
      const fresh = file(
        "fresh.ndjson",
        `${lines([
          { id: "p2", text: "an okapi 2", url: "https://zoo.example/moved" },
          { id: "p4", text: "new" },
        ])}not json\n`,
      );
      await api.ask("PUT", "/api/v1/sources/archive", { body: { use: "files", keep: "everything", paths } });
      await page.goto(`${api.address}/shadow?source=archive`);
      await page.getByText("No second configuration ran beside this source").waitFor();
      const options = page.getByLabel("Second configuration (JSON");
      assert.match(await options.inputValue(), /old\.ndjson/);
      await options.fill("{ no");
      await page.getByText("This is no JSON object.").waitFor();
      assert.equal(await page.getByRole("button", { name: "Run both" }).isDisabled(), true);
      await options.fill(JSON.stringify({ paths: fresh }));
      await page.getByRole("button", { name: "Run both" }).press("Enter");
      await page.getByText("Done", { exact: true }).waitFor();
      await page.getByText("Posts in both: 1. Alike in every field: 0.").waitFor();
      await page.getByText("Only as it is: 2").waitFor();
      assert.match((await cellsOf(page, "Second configuration")).join("|"), /ended\|3\|2\|JSON_INVALID 1/);
      assert.match((await cellsOf(page, "permalink")).join("|"), /p2: was https:\/\/zoo\.example\/2, is https:\/\/zoo\.example\/moved/);
    }));

  for (const [name, options] of views) {
    it(`show a run that is over by its address (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/shadow?source=archive`);
          await page.getByRole("heading", { name: "Fields that differ" }).waitFor();
          await assertSound(page, `shadow-${name}`);
        },
        options,
      ));
  }
});
