import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, collectComplaints, pagesOf, views } from "./page.fixtures.ts";

const at = (hour: number, minute = 0) => `2026-11-01T${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}:00Z`;
const story = "https://news.example/quokka";
const lines = [
  { id: "origin", platform: "mastodon", author: "ann", text: `the quokka is out ${story}`, createdAt: at(0) },
  ...Array.from({ length: 12 }, (_, i) => ({ id: `boost-${i}`, platform: "mastodon", author: `b${i}`, text: "", reshareOf: "origin", createdAt: at(i % 4, 5 + i) })),
  { id: "quote", platform: "mastodon", author: "dan", text: "look at what somebody found", quoteOf: "origin", createdAt: at(1) },
  { id: "tweet", platform: "x", author: "fay", text: `so it happened http://m.news.example/quokka/?utm_source=x`, createdAt: at(2) },
  { id: "retweet", platform: "x", author: "gil", text: "", reshareOf: "tweet", createdAt: at(2, 30) },
  { id: "t3_b", platform: "reddit", author: "ivy", text: `animals on the run https://l.facebook.com/l.php?u=${encodeURIComponent(story)}`, createdAt: at(6) },
  { id: "alone", platform: "mastodon", author: "mia", text: "nothing to do with it", createdAt: at(3) },
];

describe("the spread on the page of a post", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  const ids = new Map<string, string>();
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { terms: { quokka: { name: "Quokka", query: "quokka" } } } });
    await api.import(lines);
    await api.settle();
    const posts = rowsOf((await api.ask("GET", "/api/v1/posts?limit=50")).body);
    for (const line of lines)
      ids.set(line.id, String(posts.find((post) => post["createdAt"] === line.createdAt.replace("Z", ".000Z") && post["platform"] === line.platform)?.["id"]));
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));
  const open = async (page: Page, name: string, more = "") => {
    await page.goto(`${api.address}/post/${ids.get(name)}?show=spread${more}`);
    await page.locator(".spread-picture, .empty").first().waitFor();
  };

  it("draws every post at its time with what it comes from, and lists the same for who does not see it", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/post/${ids.get("origin")}`);
      await page.getByRole("link", { name: "Spread" }).click();
      await page.getByText("16 posts on 3 platforms").waitFor();
      assert.equal(await page.locator(".spread-dot").count(), 17);
      assert.equal(await page.locator(".spread-edge").count(), 16);
      const table = page.getByRole("region", { name: "Posts that spread it", exact: true });
      assert.equal(await table.locator("tbody tr").count(), 16);
      assert.deepEqual(
        (await page.getByRole("list", { name: "By kind" }).getByRole("listitem").allInnerTexts()).map((text) => text.trim().replaceAll(/\s+/g, " ")),
        ["boost 12", "same page 2", "quote 1", "retweet 1"],
      );
      await page.getByLabel("Lanes").selectOption("kind");
      assert.equal(new URL(page.url()).searchParams.get("lanes"), "kind");
      assert.deepEqual(await page.locator(".spread-picture .lane + text").allTextContents(), ["original", "boost", "quote", "same page", "retweet"]);
      await page.getByRole("link", { name: `Search who links ${story}` }).click();
      await page.getByRole("status").filter({ hasText: "3 posts" }).waitFor();
    }));

  it("is one stop of the tab key: arrows go from post to post, Enter opens one", (t) =>
    withPage(t, async (page) => {
      await open(page, "origin");
      await page.getByLabel("Lanes").focus();
      await page.keyboard.press("Tab");
      const focused = () => page.evaluate("document.activeElement?.getAttribute('aria-label')");
      assert.match(String(await focused()), /^original, mastodon/);
      await page.keyboard.press("ArrowRight");
      assert.match(String(await focused()), /^boost, mastodon/);
      await page
        .getByRole("group", { name: "How it spread" })
        .locator("xpath=..")
        .getByText(/^boost, mastodon/)
        .waitFor();
      await page.keyboard.press("End");
      assert.match(String(await focused()), /^same page, reddit/);
      await page.keyboard.press("ArrowUp");
      assert.match(String(await focused()), /, (?:x|mastodon), /);
      await page.keyboard.press("End");
      await page.keyboard.press("Enter");
      await page.waitForURL(`**/post/${ids.get("t3_b")}?show=spread`);
    }));

  it("leads from a share to what it shares, and teaches where there is nothing", (t) =>
    withPage(t, async (page) => {
      await open(page, "retweet");
      await page.getByRole("link", { name: "Go to the original" }).click();
      await page.waitForURL(`**/post/${ids.get("tweet")}?show=spread`);
      await open(page, "alone");
      await page.getByText("No post that is stored shares this one").waitFor();
      await page.getByRole("link", { name: "Look at the sources" }).waitFor();
    }));

  it("shows who is kept to a brand their part alone, and asks for nothing that is refused to them", async (t) => {
    if (!("browser" in opened)) return t.skip(opened.reason);
    const invited = await api.ask("POST", "/api/v1/users", { body: { name: "kit", role: "viewer", terms: ["quokka"] } });
    const context = await opened.browser.newContext({ locale: "en-GB" });
    const page = await context.newPage();
    const complaints = collectComplaints(page);
    await page.goto(`${api.address}/#code=${String(recordAt(invited.body, "invitation")["code"])}`);
    await page.locator("main h2, main h3").first().waitFor();
    await open(page, "origin");
    assert.deepEqual(await page.getByRole("navigation", { name: "Parts of the page" }).getByRole("link").allInnerTexts(), ["What is known of it", "Conversation", "Spread"]);
    await page.locator(".loading").waitFor({ state: "detached" });
    // Boosts have no words, and the quote says nothing of it.
    assert.equal(
      await page
        .locator("main")
        .getByText(/^(?:boost|quote)/)
        .count(),
      0,
    );
    assert.deepEqual(complaints, []);
    await context.close();
  });

  it("folds in Search to one post of each group, and says how many more are like it", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/search?order=oldest`);
      const feed = page.getByRole("feed", { name: "Posts found" });
      await feed.waitFor();
      assert.equal(await feed.locator("article.post").count(), lines.length);
      await page.getByLabel("Fold").selectOption("spread");
      assert.equal(new URL(page.url()).searchParams.get("copies"), "spread");
      const more = feed.getByRole("button", { name: /more like it/ });
      await more.first().waitFor();
      // The quote has its own words and shares nothing again.
      assert.deepEqual(await feed.locator("article.post .what > p:first-child").allInnerTexts(), [
        `the quokka is out ${story}`,
        "look at what somebody found",
        "nothing to do with it",
      ]);
      assert.equal(await more.innerText(), "and 15 more like it");
      await more.press("Enter");
      assert.equal(await feed.locator("article.post").count(), lines.length);
      await feed.getByRole("link", { name: "how it spread" }).click();
      await page.getByText("16 posts on 3 platforms").waitFor();
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/search?copies=spread&order=oldest`);
          await page.getByRole("button", { name: /more like it/ }).waitFor();
          await assertSound(page, `search-folded-${name}`);
          for (const [post, more] of [
            ["origin", ""],
            ["origin", "&lanes=kind"],
            ["alone", ""],
          ] as const) {
            await open(page, post, more);
            await page.locator(".loading").waitFor({ state: "detached" });
            await page
              .locator(".spread-picture")
              .scrollIntoViewIfNeeded({ timeout: 1_000 })
              .catch(() => undefined);
            await assertSound(page, `spread-${post}${more.replace("&lanes=", "-")}-${name}`);
          }
        },
        options,
      ));
  }
});
