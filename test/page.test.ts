import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";

const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const words = ["zebra", "okapi"];
const posts = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `n${from + i}`,
    platform: i % 3 === 0 ? "forum" : "diary",
    author: `author-${i % 5}`,
    text: `post number${from + i}: what a wonderful ${words[i % 2]} that is today`,
    createdAt: new Date(Date.parse("2026-11-01T00:00:00Z") + (from + i) * 60_000).toISOString(),
    likes: i,
  }));

describe("the page", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let state: Awaited<ReturnType<Awaited<ReturnType<Browser["newContext"]>>["storageState"]>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true });
    await api.import(posts(0, 100));
    await api.settle();
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  /** Runs in a tab of its own; whatever the console complains of is a failure. */
  async function withPage(
    t: TestContext,
    run: (page: Page) => Promise<void>,
    options: BrowserContextOptions & { readonly expected?: RegExp; readonly signedOut?: boolean } = {},
  ): Promise<void> {
    if (!("browser" in opened)) {
      t.skip(opened.reason);
      return;
    }
    const { expected, signedOut, ...rest } = options;
    if (state === undefined && signedOut !== true) {
      const context = await opened.browser.newContext();
      const page = await context.newPage();
      await page.goto(`${api.address}/#code=${await api.system.makeLink()}`);
      await page.getByRole("heading", { name: "Live" }).waitFor();
      state = await context.storageState();
      await context.close();
    }
    const context = await opened.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, ...(signedOut !== true && { storageState: state }), ...rest });
    const complaints: string[] = [];
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && expected?.test(message.text()) !== true) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    try {
      await run(page);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  }
  const articles = (page: Page) => page.locator("article.post");
  const hint = (page: Page, text: string) => page.locator(".hint", { hasText: text }).waitFor();

  it("signs in by its link, takes the code out of the address, and shows posts as they come", (t) =>
    withPage(
      t,
      async (page) => {
        const link = `${api.address}/#code=${await api.system.makeLink()}`;
        await page.goto(link);
        await page.getByText("live", { exact: true }).waitFor();
        assert.equal(page.url(), `${api.address}/live`);
        await api.import(posts(500, 1).map((post) => ({ ...post, text: "a capybara arrives" })));
        await articles(page).filter({ hasText: "a capybara arrives" }).waitFor();
        await page.getByRole("button", { name: "Pause" }).click();
        await page.getByText("paused", { exact: true }).waitFor();
      },
      { signedOut: true },
    ));

  it("says how to sign in when the link was used already, and when there is none", (t) =>
    withPage(
      t,
      async (page) => {
        await page.goto(api.address);
        await page.getByText("npm run earshot -- link").waitFor();
        await page.goto(`${api.address}/live#code=used-already-long-ago`);
        await page.getByRole("alert").filter({ hasText: "used already" }).waitFor();
      },
      { signedOut: true, expected: /status of 401/ },
    ));

  it("searches, narrows by facets, pages, and keeps all of it in the address", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/live`);
      await page.getByText("live", { exact: true }).waitFor();
      await page.keyboard.press("/");
      const field = page.getByRole("searchbox", { name: "Search posts" });
      await until("the field has the focus", () => field.evaluate((element) => element === element.ownerDocument.activeElement));
      await page.keyboard.type("zebra OR okapi");
      await page.keyboard.press("Enter");
      await hint(page, "100 posts, newest first");
      await page.getByRole("link", { name: "forum 34 posts" }).click();
      await hint(page, "34 posts");
      assert.equal(new URL(page.url()).searchParams.get("q"), "(zebra OR okapi) platform:forum");
      assert.equal(await articles(page).count(), 30);
      await page.getByRole("button", { name: "More" }).click();
      await page.getByText("That is all.").waitFor();
      assert.equal(await articles(page).count(), 34);
      await page.reload();
      await page.getByText("That is all.").waitFor();
      assert.equal(await articles(page).count(), 34);
      await page.getByRole("link", { name: "remove forum" }).click();
      await hint(page, "100 posts");
      await page.goBack();
      await hint(page, "34 posts");
      assert.equal(await field.inputValue(), "(zebra OR okapi) platform:forum");
      await page.goBack();
      await hint(page, "100 posts");
      assert.equal(await page.title(), "zebra OR okapi · Earshot");
    }));

  it("names personal data that it found in a text, and does not show it", (t) =>
    withPage(t, async (page) => {
      await api.import(posts(800, 1).map((post) => ({ ...post, text: "the numbat pays with 4111 1111 1111 1111 today" })));
      await until("it is searchable", async () => (await api.ask("GET", "/api/v1/posts/count?q=numbat")).body["posts"] === 1);
      await page.goto(`${api.address}/search?q=numbat`);
      await articles(page).first().waitFor();
      const text = await articles(page).first().locator("p").first().innerText();
      assert.match(text, /^the numbat pays with .*masked.* today$/);
      assert.doesNotMatch(text, /4111/);
    }));

  it("goes by keys: through the posts, to the live view, to the list of keys and out of it", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/search?q=zebra`);
      await hint(page, "50 posts");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      await page.keyboard.press("k");
      assert.equal(
        await articles(page)
          .first()
          .evaluate((element) => element === element.ownerDocument.activeElement),
        true,
      );
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
      await page.keyboard.press("l");
      await page.getByRole("heading", { name: "Live" }).waitFor();
      assert.equal(new URL(page.url()).pathname, "/live");
    }));

  it("tells no hits, wrong queries and a silent server apart", (t) =>
    withPage(
      t,
      async (page) => {
        await page.goto(`${api.address}/search?q=nothinglikeit`);
        await page.getByText("No post matches.").waitFor();
        await page.goto(`${api.address}/search?q=${encodeURIComponent('"open')}`);
        const alert = page.getByRole("alert").filter({ hasText: "The search failed" });
        await alert.waitFor();
        assert.match(await alert.innerText(), /column 1[^]*QUERY_INVALID/);
        await page.goto(`${api.address}/search?q=zebra`);
        await hint(page, "50 posts");
        await page.route("**/api/v1/status", (route) => route.abort());
        await page.getByRole("alert").filter({ hasText: "no answer since" }).waitFor();
      },
      { expected: /status of 400|ERR_FAILED/ },
    ));

  it("signs out, and says so when the session ends elsewhere", (t) =>
    withPage(
      t,
      async (page) => {
        await page.goto(`${api.address}/#code=${await api.system.makeLink()}`);
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.getByText("npm run earshot -- link").waitFor();
        await page.goto(`${api.address}/#code=${await api.system.makeLink()}`);
        await page.getByRole("heading", { name: "Live" }).waitFor();
        await page.context().clearCookies();
        await page.getByText("npm run earshot -- link").waitFor();
      },
      { signedOut: true, expected: /status of 401/ },
    ));

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      it(`is accessible and fits, ${colorScheme}, ${width} pixels wide`, (t) =>
        withPage(
          t,
          async (page) => {
            for (const path of ["/live", "/search?q=zebra", "/search?q=nothinglikeit"]) {
              await page.goto(api.address + path);
              await (path.includes("nothing") ? page.getByText("No post matches.") : articles(page).first()).waitFor();
              await page.evaluate(axeSource);
              const faults: unknown = await page.evaluate(
                "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((found) => found.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 2).map((n) => n.html.slice(0, 120) + ' ' + n.failureSummary).join(' | ')))",
              );
              assert.deepEqual(faults, [], path);
              assert.equal(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), false, `${path} fits`);
            }
          },
          { colorScheme, viewport: { width, height: 800 } },
        ));
    }
  }
});
