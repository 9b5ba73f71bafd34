import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { makeFakeClock } from "../src/core/clock.ts";
import { makeTopics } from "../src/runtime/parts/topics.ts";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";
import { postsAbout } from "./topics.fixtures.ts";

const hourMs = 3_600_000;
const firstHour = Date.UTC(2026, 10, 1, 8);
const at = (hours: number) => firstHour + hours * hourMs;
const span = `from=${new Date(at(1)).toISOString()}&to=${new Date(at(2)).toISOString()}`;
const allHours = `from=${new Date(at(0)).toISOString()}&to=${new Date(at(3)).toISOString()}`;

describe("topics, as a page", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true });
    await api.import([
      ...postsAbout("football", 60, at(0)),
      ...postsAbout("cooking", 60, at(0)),
      ...postsAbout("football", 90, at(1)),
      ...postsAbout("elections", 60, at(1)),
      ...postsAbout("football", 40, at(2)),
      ...postsAbout("elections", 100, at(2)),
    ]);
    await api.settle();
    const { system } = api;
    const options = { sql: system.engine.sql, clock: makeFakeClock(at(4)), threads: system.threads, simulated: () => Promise.resolve("none" as const) };
    await makeTopics({ ...options, narrow: (filter) => filter, signal: new AbortController().signal }).follow();
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));

  it("lists topics with size, change and tone; one opens with its posts and leads to the search", (t) =>
    withPage(t, async (page) => {
      const told = rowsOf((await api.ask("GET", `/api/v1/topics?${span}&compare=before`)).body, "topics");
      const first = recordAt(told[0]);
      const words = Array.isArray(first["words"]) ? first["words"].map(String) : [];
      await page.goto(`${api.address}/topics?${span}`);
      await page.getByText("150 of 150 posts were read").waitFor();
      const rows = page.getByRole("region", { name: "Topics, the largest first" }).locator("tbody tr");
      assert.equal(await rows.count(), told.length);
      const cells = await rows.first().locator("th, td").allInnerTexts();
      assert.deepEqual([cells[0], cells[2]], [words.slice(0, 5).join(", "), String(first["posts"])]);
      assert.match(cells[4] ?? "", first["change"] === "goes-on" ? /^[+−±]\d+%$/ : /^(?:new|split off)$/);
      await rows.first().getByRole("button").press("Enter");
      const dialog = page.getByRole("dialog");
      await dialog.getByText(`${Number(first["authors"])} authors`).waitFor();
      await dialog.getByRole("article").first().waitFor();
      await dialog.getByRole("link", { name: "Posts with these words" }).press("Enter");
      await page.waitForURL(/\/search\?q=/);
      await page.getByRole("article").first().waitFor();
      await page.goBack();
      await page.getByText("No more since the time before").waitFor();
    }));

  it("narrows to a query, and says so where nothing is found", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/topics?${span}`);
      await page.getByLabel("Query").fill("nosuchword");
      await page.getByRole("button", { name: "Find topics" }).click();
      await page.getByText("No topic is found").waitFor();
      await page.waitForURL(/q=nosuchword/);
    }));

  it("shows topics over time as a river and a table, each with when it was met", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/topics?view=lines&${allHours}`);
      await page.getByRole("img", { name: "Topics by the hour" }).waitFor();
      const row = page
        .getByRole("region", { name: "Topics over time" })
        .getByRole("row", { name: /ballot|election|senate|polls/ })
        .first();
      await row
        .getByText(/^1 Nov 2026 (?:09|10):00$/)
        .first()
        .waitFor();
      await row.getByRole("button").click();
      await page.getByRole("dialog").getByText("Posts that stand for it").waitFor();
    }));

  for (const [name, options] of views)
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/topics?${span}`);
          await page.getByText("150 of 150 posts were read").waitFor();
          await assertSound(page, `topics-${name}`);
          await page.getByRole("region", { name: "Topics, the largest first" }).getByRole("row").nth(1).getByRole("button").click();
          await page.getByRole("dialog").getByRole("article").first().waitFor();
          await assertSound(page, `topics-open-${name}`);
          await page.goto(`${api.address}/topics?view=lines&${allHours}`);
          await page.getByRole("img", { name: "Topics by the hour" }).waitFor();
          await assertSound(page, `topics-lines-${name}`);
        },
        options,
      ));
});
