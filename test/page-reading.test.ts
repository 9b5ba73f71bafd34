import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const mixed = { id: "2", platform: "forum", author: "bob", text: "no puedo creer que ya es viernes, this week was so long", createdAt: "2026-10-31T00:00:00Z" };
const line = { id: "1", platform: "forum", author: "ann", text: "omg I h4te this sooo much 😂 #BlackLivesMatter", createdAt: "2026-11-01T00:00:00Z" };

describe("a post in other words, on its page", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let [id, mixedId]: (string | undefined)[] = [];
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { models: { languages: true } } });
    await api.import([line, mixed]);
    await api.settle();
    [id, mixedId] = rowsOf((await api.ask("GET", "/api/v1/posts")).body).map((post) => String(post["id"]));
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));

  for (const [name, options] of views) {
    it(`says it in plain words, and what was changed, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/post/${id ?? ""}`);
          await page.getByRole("button", { name: "Read in plain words" }).press("Enter");
          await page.getByText("oh my god I hate this so much face with tears of joy black lives matter").waitFor();
          const rows = page.getByRole("region", { name: "What reads otherwise" }).locator("tbody tr");
          assert.equal(await rows.count(), 5);
          assert.match(await rows.nth(1).innerText(), /^h4te\s+hate\s+hidden spelling$/);
          await assertSound(page, `post-reading-${name}`);
          await page.goto(`${api.address}/post/${mixedId ?? ""}`);
          const legend = page.getByRole("list", { name: "Languages in it" }).getByRole("listitem");
          await legend.first().waitFor();
          assert.match((await legend.allInnerTexts()).join("\n"), /^Spanish: .?no puedo creer que ya es viernes.? \d+%\nEnglish: .?this week was so long.? \d+%$/);
          assert.equal(await page.locator("span[lang=es]").innerText(), "no puedo creer que ya es viernes");
          await assertSound(page, `post-languages-${name}`);
        },
        options,
      ));
  }
});
