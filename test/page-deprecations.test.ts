import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { listen, type Loopback } from "../src/http/loopback.fixtures.ts";
import { type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Zoo</title><item><title>An okapi</title><guid isPermaLink="false">zoo-1</guid><pubDate>${new Date(Date.now() - 60_000).toUTCString()}</pubDate></item></channel></rss>`;

describe("the calendar of what platforms end", () => {
  let api: RunningApi;
  let site: Loopback;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    site = await listen((request, response) => {
      if (request.url?.startsWith("/feed") !== true) return void response.writeHead(404).end();
      const headers: Record<string, string> = request.url.includes("soon") ? { sunset: new Date(Date.now() + 5 * 86_400_000).toUTCString() } : { deprecation: "true" };
      response.writeHead(200, { "content-type": "application/rss+xml", ...headers }).end(feed);
    });
    api = await startApi({ pages: true, config: { deprecations: { changelogs: false } } });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));

  it("says what will be listed there while nothing ends", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/deprecations`);
      await page.getByText("No platform has said that anything in use ends.").waitFor();
      await assertSound(page, "deprecations-empty");
    }));

  for (const [name, options] of views) {
    it(`shows notices by month (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          await api.ask("PUT", "/api/v1/sources/zoo", { body: { use: "rss", feeds: [`${site.url}/feed-soon.xml`, `${site.url}/feed.xml`], pollSeconds: 1 } });
          await until("both are told", async () => (await api.ask("GET", "/api/v1/deprecations")).text.split('"endpoint"').length === 3);
          await page.goto(`${api.address}/deprecations`);
          await page.getByRole("heading", { name: "No day told" }).waitFor();
          await page.getByText(/5 days left/).waitFor();
          await assertSound(page, `deprecations-${name}`);
          await page.goto(`${api.address}/sources`);
          await page.getByRole("link", { name: /zoo: .* Ends/ }).waitFor();
        },
        options,
      ));
  }

  it("plans one with the keyboard alone", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/deprecations`);
      const plan = page.locator("summary", { hasText: /^Plan:/ }).first();
      await plan.focus();
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      await page.keyboard.type("planned");
      await page.keyboard.press("Tab");
      await page.keyboard.type("gina");
      await page.keyboard.press("Enter");
      await page.getByText(/^Saved:/).waitFor();
      await assertSound(page, "deprecations-planned");
      const { text } = await api.ask("GET", "/api/v1/deprecations");
      assert.match(text, /"state":"planned"/);
      assert.match(text, /"owner":"gina"/);
    }));
});
