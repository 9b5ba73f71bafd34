import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf } from "./page.fixtures.ts";

const nowMs = Date.now();
const lines = Array.from({ length: 60 }, (_, i) => ({
  id: `n${i}`,
  platform: i % 3 === 0 ? "forum" : "diary",
  author: `author-${i % 5}`,
  text: i === 7 ? "please write to okapi@zoo-mail.example today" : `what a ${i % 4 === 0 ? "terrible" : "wonderful"} zebra number${i}`,
  createdAt: new Date(nowMs - (i + 1) * 10 * 60_000).toISOString(),
  likes: i,
}));

describe("the pages of the product", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true });
    await api.import(lines);
    await api.import([{ id: "broken", platform: "forum", author: "x", text: "no date" }]);
    await api.settle();
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));
  const ask = async (path: string) => (await api.ask("GET", path)).body;
  const figure = async (page: Page) => (await page.locator(".headline strong").innerText()).replaceAll(",", "");

  it("Explore tells what the API tells, keeps its state in the address, and leads to exactly those posts", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/explore?by=platform`);
      await page.locator(".headline").waitFor();
      const counted = Number((await ask("/api/v1/posts/count"))["posts"]);
      assert.equal(Number(await figure(page)), counted);
      const row = page.getByRole("row", { name: /^forum/ });
      const told = Number(await row.locator("td").first().innerText());
      assert.equal(told, (await ask("/api/v1/posts/count?q=platform:forum"))["posts"]);
      await row.getByRole("link", { name: "Show these posts" }).click();
      await page.locator(".hint", { hasText: `${told} posts` }).waitFor();
      await page.goBack();
      await page.locator(".explore-bar select").first().selectOption("engagement");
      assert.equal(new URL(page.url()).searchParams.get("metric"), "engagement");
      await until("the sum of likes stands there", async () => Number(await figure(page)) === lines.reduce((sum, line) => sum + line.likes, 0));
      await page.locator(".listen").getByLabel("Platforms").selectOption("diary");
      await until(
        "only one platform counts",
        async () => Number(await figure(page)) === lines.filter((line) => line.platform === "diary").reduce((sum, line) => sum + line.likes, 0),
      );
      const chart = page.getByRole("application");
      await chart.focus();
      await page.keyboard.press("ArrowLeft");
      await page.locator(".told", { hasText: "diary:" }).waitFor();
      await page.getByRole("button", { name: "Table" }).click();
      assert.ok((await page.locator(".chart-table tbody tr").count()) >= 24);
    }));

  it("a post tells what is known of it, and its personal data only for a purpose", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/search?q=please`);
      await page.locator("article.post .to-post").first().click();
      await page.getByRole("heading", { name: "What is known of it" }).waitFor();
      assert.doesNotMatch(await page.locator("main").innerText(), /zoo-mail/);
      await page.getByLabel("Purpose").fill("answering the person");
      await page.getByRole("button", { name: "Show it" }).click();
      await page.getByText("okapi@zoo-mail.example").waitFor();
      const { rows } = await api.system.engine.sql.query("select actor, purpose from audit where action = 'post.reveal'");
      assert.deepEqual(rows, [{ actor: "admin", purpose: "answering the person" }]);
    }));

  it("the page of data finds a person and erases them everywhere", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/data`);
      await page.getByRole("row", { name: /^Search/ }).waitFor();
      await page.getByLabel("Handle or id").fill("author-3");
      await page.getByRole("button", { name: "Find", exact: true }).click();
      await page.getByText("Met in").waitFor({ timeout: 60_000 });
      await page.getByRole("button", { name: "Erase …" }).first().click();
      const dialog = page.getByRole("dialog");
      const leaving = Number(/^(\d+) posts leave/m.exec(await dialog.innerText())?.[1]);
      assert.ok(leaving > 0);
      const before = Number((await ask("/api/v1/posts/count"))["posts"]);
      const name = /Erase (.*)/.exec(await dialog.getByRole("heading").innerText())?.[1] ?? "";
      await dialog.getByLabel("Wait until no byte is left").check();
      await dialog.getByLabel(/^Type /).fill(name);
      await dialog.getByRole("button", { name: "Erase", exact: true }).click();
      await page.getByText("Erased: gone.").waitFor({ timeout: 60_000 });
      await page.getByRole("row", { name: /gone, no byte left/ }).waitFor();
      assert.equal((await ask("/api/v1/posts/count"))["posts"], before - leaving);
    }));

  it("a source is listed, paused, gone on with and removed by its name", (t) =>
    withPage(t, async (page) => {
      await api.ask("PUT", "/api/v1/sources/papers", { body: { use: "files", paths: ["/nowhere/at/all.ndjson"], platform: "paper" } });
      await page.goto(`${api.address}/sources`);
      await page.getByRole("button", { name: "papers" }).click();
      const panel = page.getByRole("dialog");
      await panel.getByRole("button", { name: "Pause" }).click();
      await panel.getByRole("button", { name: "Resume" }).waitFor();
      await panel.getByRole("button", { name: "Remove …" }).click();
      await page.getByLabel(/^Type papers/).fill("papers");
      await page.getByRole("button", { name: "Remove", exact: true }).click();
      await page.getByText("papers is removed; its posts stay.").waitFor();
      assert.ok(!JSON.stringify(await ask("/api/v1/sources")).includes('"papers"'));
    }));

  it("shows what each version of a query changed, and restores an older one", (t) =>
    withPage(t, async (page) => {
      const put = (body: object) => api.ask("PUT", "/api/v1/terms/okapi", { body: { name: "Okapi", kind: "brand", ...body } });
      await put({ query: "okapi OR forest" });
      await put({ query: "okapi OR stripes", kind: "topic" });
      await page.goto(`${api.address}/terms?open=okapi&view=versions`);
      const dialog = page.getByRole("dialog");
      const newest = dialog.getByRole("listitem").first();
      await newest.getByText("current").waitFor();
      assert.deepEqual(
        [await newest.locator("del").allInnerTexts(), await newest.locator("ins").allInnerTexts()],
        [
          ["brand", "forest"],
          ["topic", "stripes"],
        ],
      );
      await assertSound(page, "terms-versions");
      await dialog.getByRole("button", { name: "Restore version 1" }).press("Enter");
      await page.getByText("Okapi saved as version 3").waitFor();
      const term = rowsOf((await api.ask("GET", "/api/v1/terms")).body).find(({ id }) => id === "okapi");
      assert.deepEqual([term?.["query"], term?.["kind"]], ["okapi OR forest", "brand"]);
    }));

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      it(`is accessible and fits, ${colorScheme}, ${width} pixels wide`, (t) =>
        withPage(
          t,
          async (page) => {
            const [first] = (await api.system.engine.search({ q: "", filter: {}, limit: 1 })).items;
            const pages = {
              explore: "/explore?by=platform&range=24h",
              post: `/post/${first?.id}`,
              sources: "/sources",
              quarantine: "/quarantine",
              data: "/data",
              terms: "/terms",
              welcome: "/welcome",
            };
            for (const [name, path] of Object.entries(pages)) {
              await page.goto(api.address + path);
              await page.getByRole("heading", { level: 2 }).first().waitFor();
              await page.locator(".loading").waitFor({ state: "detached" });
              if (name === "explore") await page.locator(".time-chart svg").waitFor();
              await assertSound(page, `${name}-${colorScheme}-${width}`);
            }
          },
          { colorScheme, viewport: { width, height: 900 } },
        ));
    }
  }
});
