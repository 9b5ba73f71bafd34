import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it, type TestContext } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { isRecord, recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, collectComplaints } from "./page.fixtures.ts";

const hourMs = 3_600_000;
const nowMs = Date.now();
const iso = (ms: number) => new Date(ms).toISOString();
const texts = ["what a wonderful sunny morning, I love this great place", "this is a terrible and awful day, I hate the horrible noise", "今日は東京でとても良い天気です"];
const lines = Array.from({ length: 180 }, (_, i) => ({
  id: `n${i}`,
  platform: i % 3 === 0 ? "forum" : "diary",
  author: `author-${i % 13}`,
  text: `${texts[i % 3]} ${i % 2 === 0 ? "zebra" : "okapi"} ${i % 5 === 0 ? "#river" : ""} number${i}`,
  createdAt: iso(nowMs - 60_000 - i * 15 * 60_000),
  likes: (i * 7) % 11,
}));

describe("Explore and Search in a browser", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { terms: { zebra: { name: "Zebra", query: "zebra" }, okapi: { name: "Okapi", query: "okapi", kind: "competitor" } } } });
    const named = { name: "Zebra Company", kind: "brand", hashtags: ["zebra"], aliases: ["zebra"], context: ["number7"] };
    assert.equal((await api.ask("PUT", "/api/v1/entities/zebra-co", { body: named })).status, 200);
    await api.import(lines);
    await api.settle();
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  async function withPage(
    t: TestContext,
    run: (page: Page) => Promise<void>,
    options: BrowserContextOptions & { readonly code?: string; readonly expected?: RegExp } = {},
  ): Promise<void> {
    if (!("browser" in opened)) {
      t.skip(opened.reason);
      return;
    }
    const { code, expected, ...rest } = options;
    const context = await opened.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 }, ...rest });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints = collectComplaints(page, expected);
    try {
      await page.goto(`${api.address}/#code=${code ?? (await api.system.makeLink())}`);
      await page.locator("main h2").first().waitFor();
      await run(page);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  }
  const ask = async (path: string) => (await api.ask("GET", path)).body;
  const countOf = async (q: string) => Number((await ask(`/api/v1/posts/count?${new URLSearchParams({ q }).toString()}`))["posts"]);
  const number = (text: string) => Number(text.replaceAll(/[,%+]/g, ""));
  const shownCount = async (page: Page) => number(/^([\d,]+) post/.exec(await page.locator(".search-bar .hint").innerText())?.[1] ?? "");
  /** The way from a figure to its posts: Search finds as many, and says so. */
  async function leadsTo(page: Page, posts: number): Promise<void> {
    await page.waitForURL(/\/search\?/);
    await until(`Search tells ${posts} posts`, async () => (await page.locator(".search-bar .hint").count()) === 1 && (await shownCount(page)) === posts);
    assert.equal(await countOf(new URL(page.url()).searchParams.get("q") ?? ""), posts);
  }

  for (const by of ["platform", "language", "term", "sentiment", "hashtag", "source", "entity"]) {
    it(`each row by ${by} leads to as many posts as it counts, with a query beside it`, (t) =>
      withPage(t, async (page) => {
        const q = by === "platform" ? "" : "zebra OR number7*";
        await page.goto(`${api.address}/explore?${new URLSearchParams({ by, range: "24h", ...(q !== "" && { q }) }).toString()}`);
        const row = page.locator("section table tbody tr").first();
        await row.waitFor();
        const posts = number(await row.locator("td").first().innerText());
        assert.ok(posts > 0);
        await row.getByRole("link", { name: "Show these posts" }).click();
        await leadsTo(page, posts);
      }));
  }

  it("a point of the chart and an hour of the week lead to exactly their posts, by mouse and by keys", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/explore?by=platform&range=24h`);
      const chart = page.getByRole("application");
      await chart.focus();
      for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
      const told = await page.locator(".told").first().innerText();
      const [, name = "", value = ""] = /› (\w+): ([\d,]+)/.exec(told) ?? [];
      assert.ok(name !== "", told);
      await page.keyboard.press("Enter");
      await leadsTo(page, number(value));
      assert.match(new URL(page.url()).searchParams.get("q") ?? "", new RegExp(`^platform:${name} created:`));
      await page.goto(`${api.address}/explore?by=hour-of-week&range=7d`);
      const heat = page.getByRole("application");
      await heat.focus();
      const fullest = rowsOf(await ask(`/api/v1/explore?by=hour-of-week&from=${iso(nowMs - 7 * 24 * hourMs)}&to=${iso(nowMs + hourMs)}`), "whole")[0];
      const [day = "1", hour = "00"] = String(fullest?.["key"]).split("-");
      await page.keyboard.press("ArrowRight");
      for (let i = 1; i < Number(day); i++) await page.keyboard.press("ArrowDown");
      for (let i = 0; i < Number(hour); i++) await page.keyboard.press("ArrowRight");
      await page.locator(".heat .told", { hasText: `${hour}:00 · ${String(fullest?.["posts"])}` }).waitFor();
      await page.keyboard.press("Enter");
      await leadsTo(page, Number(fullest?.["posts"]));
    }));

  it("names of the register stand by their names, with the period before, and the share of posts that are linked", (t) =>
    withPage(t, async (page) => {
      const [from, to] = [Math.floor((nowMs - 30 * hourMs) / hourMs) * hourMs, Math.floor((nowMs - 10 * hourMs) / hourMs) * hourMs];
      await page.goto(`${api.address}/explore?${new URLSearchParams({ by: "entity", from: iso(from), to: iso(to) }).toString()}`);
      const answer = async (a: number, b: number) => ask(`/api/v1/explore?grain=hour&by=entity&from=${iso(a)}&to=${iso(b)}`);
      const [now, before] = [await answer(from, to), await answer(2 * from - to, from)];
      const posts = (body: typeof now) => rowsOf(body, "whole").find(({ key }) => key === "zebra-co")?.["posts"];
      assert.ok(Number(posts(now)) > 0 && Number(posts(before)) > 0);
      const row = page.locator("section table tbody tr", { hasText: "Zebra Company" });
      await until(
        "the row says what the API says",
        async () => JSON.stringify((await row.locator("td").allInnerTexts()).slice(0, 2).map(number)) === JSON.stringify([posts(now), posts(before)]),
      );
      await page.getByRole("button", { name: "About Posts" }).click();
      const about = await page.getByRole("dialog", { name: /About this data/ }).innerText();
      const placed = Number(now["placed"]);
      assert.ok(placed > 0 && placed <= Number(recordAt(now, "total")["posts"]));
      assert.ok(about.includes(`(${placed} of ${Number(recordAt(now, "total")["posts"])})`), about);
    }));

  it("what was before and the other brand stand beside each figure, as the API tells them", (t) =>
    withPage(t, async (page) => {
      const [from, to] = [Math.floor((nowMs - 30 * hourMs) / hourMs) * hourMs, Math.floor((nowMs - 10 * hourMs) / hourMs) * hourMs];
      await page.goto(`${api.address}/explore?${new URLSearchParams({ from: iso(from), to: iso(to), term: "zebra", vs: "okapi" }).toString()}`);
      const postsOf = async (a: number, b: number, term: string) => recordAt(await ask(`/api/v1/explore?grain=hour&from=${iso(a)}&to=${iso(b)}&term=${term}`), "total")["posts"];
      const expected = [await postsOf(from, to, "zebra"), await postsOf(from, to, "okapi"), await postsOf(2 * from - to, from, "zebra")];
      const cells = page.locator("section table tbody tr").first().locator("td");
      await until("the row says what the API says", async () => JSON.stringify((await cells.allInnerTexts()).slice(0, 3).map(number)) === JSON.stringify(expected));
      assert.equal(number((await cells.allInnerTexts())[3] ?? ""), Number(expected[0]) - Number(expected[2]));
      await page.locator(".legend li", { hasText: "Okapi" }).waitFor();
      await page.getByRole("button", { name: "About Posts" }).click();
      const about = page.getByRole("dialog", { name: /About this data/ });
      assert.match(await about.innerText(), /posts 1[^]*% of the posts are not scored[^]*Every message that came in this time could be read[^]*No source told of a gap/);
    }));

  it("a note is added, marked in the chart, changed, removed and brought back", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/explore?range=24h`);
      await page.getByRole("button", { name: "Note something" }).click();
      await page.getByLabel("What happened").fill("Launch of the zebra");
      await page.getByLabel("When (UTC)").fill(iso(nowMs - 5 * hourMs).slice(0, 16));
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.locator(".note text", { hasText: "Launch of the zebra" }).waitFor();
      const [note] = rowsOf(await ask(`/api/v1/annotations?from=${iso(nowMs - 24 * hourMs)}&to=${iso(nowMs)}`));
      assert.equal(String(note?.["at"]).slice(0, 16), iso(nowMs - 5 * hourMs).slice(0, 16));
      await page.getByRole("button", { name: "Change: Launch of the zebra" }).click();
      await page.getByLabel("What happened").fill("Launch, put off");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("button", { name: "Remove: Launch, put off" }).click();
      await page.getByText("Removed.").waitFor();
      await until("it is gone", async () => rowsOf(await ask(`/api/v1/annotations?from=${iso(nowMs - 24 * hourMs)}&to=${iso(nowMs)}`)).length === 0);
      await page.getByRole("button", { name: "Undo" }).click();
      await page.locator(".note text", { hasText: "Launch, put off" }).waitFor();
    }));

  it("a view is saved, shared, pinned and opened; who is kept to a brand sees at its address only what is theirs", async (t) => {
    await withPage(t, async (page) => {
      await page.goto(`${api.address}/explore?by=term&metric=engagement&range=7d`);
      await page.getByRole("button", { name: "Views" }).click();
      const panel = page.getByRole("dialog", { name: "Saved views" });
      await panel.getByLabel("Name").fill("Brands at a glance");
      await panel.getByLabel("Everybody may open it").check();
      await panel.getByRole("button", { name: "Save this view" }).click();
      await panel.getByRole("button", { name: "Pin: Brands at a glance" }).click();
      await panel.getByRole("button", { name: "Unpin: Brands at a glance" }).waitFor();
      await page.keyboard.press("Escape");
      await page.goto(`${api.address}/explore`);
      await page.getByRole("link", { name: "Brands at a glance" }).click();
      assert.equal(new URL(page.url()).search, "?by=term&metric=engagement&range=7d");
      await page.getByRole("rowheader", { name: "Zebra" }).waitFor();
      await page.getByRole("rowheader", { name: "Okapi" }).waitFor();
    });
    if (!("browser" in opened)) return;
    const invited = await api.ask("POST", "/api/v1/users", { body: { name: "kit", role: "viewer", terms: ["okapi"] } });
    await withPage(
      t,
      async (page) => {
        // Its name would tell of other brands; its address tells nothing that is not theirs.
        await page.goto(`${api.address}/explore?by=term&metric=engagement&range=7d`);
        await page.getByRole("button", { name: "Views" }).click();
        await page.getByText("Nothing is saved yet.").waitFor();
        await page.keyboard.press("Escape");
        const row = page.getByRole("row", { name: /^Okapi/ });
        const likes = lines.filter((line) => line.text.includes("okapi")).reduce((sum, line) => sum + line.likes, 0);
        await until("their brand's figure stands there", async () => (await row.count()) === 1 && number(await row.locator("td").first().innerText()) === likes);
        assert.equal(await page.getByRole("rowheader").count(), 1);
      },
      { code: String(recordAt(invited.body, "invitation")["code"]) },
    );
  });

  it("Search leaves out by a facet, orders, is written in rows, and shows the place of a fault", (t) =>
    withPage(
      t,
      async (page) => {
        await page.goto(`${api.address}/search?q=zebra`);
        await page.getByRole("link", { name: "Leave out forum" }).click();
        await leadsTo(page, await countOf("zebra -platform:forum"));
        assert.equal(new URL(page.url()).searchParams.get("q"), "zebra -platform:forum");
        await page.getByRole("link", { name: "Let in forum again" }).click();
        await leadsTo(page, 90);
        await page.getByLabel("Order").selectOption("engaged");
        const best = rowsOf(await ask("/api/v1/posts?q=zebra&order=engaged&limit=5")).map((post) => String(post["id"]));
        await until("the most engaged come first", async () => {
          const links = await page.locator("article.post .to-post").evaluateAll((found) => found.slice(0, 5).map((link) => link.getAttribute("href")));
          return JSON.stringify(links) === JSON.stringify(best.map((id) => `/post/${id}`));
        });
        await page.getByRole("button", { name: "Rows" }).click();
        const any = page.getByRole("textbox", { name: "Any of these" });
        await any.fill("okapi");
        await any.press("Enter");
        const field = page.getByRole("searchbox", { name: "Search posts" });
        await until("the rows stand in the text", async () => (await field.inputValue()).includes("okapi"));
        await field.fill('"number7" zebra (');
        await page.locator(".query-fault mark").waitFor();
        assert.match(await page.locator(".query-fault").innerText(), /column 18/);
        assert.match(String(await page.getByRole("link", { name: "Make a brand of this" }).getAttribute("href")), /^\/terms\?new=brand&q=zebra$/);
      },
      { expected: /status of 400/ },
    ));

  it("an export tells how many before, and holds exactly these as CSV and NDJSON", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/search?q=zebra&platform=diary`);
      const posts = await countOf("zebra platform:diary");
      for (const format of ["csv", "ndjson"]) {
        await page.getByRole("button", { name: "Export …" }).click();
        const dialog = page.getByRole("dialog", { name: "Export the posts found" });
        await dialog.getByText(`${posts} posts.`).waitFor();
        await dialog.getByLabel("Format").selectOption(format);
        const [file] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Export", exact: true }).click()]);
        await dialog.getByText(`${posts} posts are in the file.`).waitFor();
        const text = readFileSync(await file.path(), "utf8");
        if (format === "ndjson") {
          const found = text
            .trim()
            .split("\n")
            .map((line): unknown => JSON.parse(line));
          assert.equal(found.length, posts);
          assert.ok(found.every((post) => isRecord(post) && post["platform"] === "diary"));
        } else assert.equal(text.trim().split("\r\n").length, posts + 1);
        await page.keyboard.press("Escape");
      }
    }));

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      it(`is accessible and fits, ${colorScheme}, ${width} pixels wide`, (t) =>
        withPage(
          t,
          async (page) => {
            const places = {
              "explore-term": "/explore?by=term&range=7d&vs=okapi",
              "explore-heat": "/explore?by=hour-of-week&range=7d",
              "search-rows": "/search?q=zebra+-platform:forum&rows=yes",
            };
            for (const [name, path] of Object.entries(places)) {
              await page.goto(api.address + path);
              await page
                .locator(path.startsWith("/explore") ? ".headline" : "article.post")
                .first()
                .waitFor();
              await page.locator(".loading").waitFor({ state: "detached" });
              await assertSound(page, `${name}-${colorScheme}-${width}`);
            }
            await page.goto(`${api.address}/explore`);
            await page.getByRole("button", { name: "Views" }).click();
            await page.getByRole("dialog", { name: "Saved views" }).waitFor();
            await assertSound(page, `views-${colorScheme}-${width}`);
          },
          { colorScheme, viewport: { width, height: 900 } },
        ));
    }
  }
});
