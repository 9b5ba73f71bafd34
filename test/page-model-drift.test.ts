import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const dayMs = 86_400_000;
const today = Math.floor(Date.now() / dayMs) * dayMs;
const yesterday = new Date(today - dayMs).toISOString().slice(0, 10);

function postsOf(daysAgo: number, subjects: readonly string[]) {
  return Array.from({ length: 150 }, (_, i) => ({
    id: `${daysAgo}-${i}`,
    platform: "forum",
    author: `author ${i % 30}`,
    text: `We all think that the ${subjects[i % subjects.length] ?? ""} was ${["lovely", "awful", "great", "terrible"][(i * 7) % 4] ?? ""} and we said so ${["today", "again", "to everybody"][i % 3] ?? ""}`,
    createdAt: new Date(today - daysAgo * dayMs + Math.floor((i * dayMs) / 150)).toISOString(),
  }));
}

describe("the page of drift", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { models: { social: true, drift: { referenceDays: 3, texts: 300 } } } });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));

  it("says when days are looked at while none was", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/model-drift`);
      await page.getByText(/No day was looked at yet/).waitFor();
      await assertSound(page, "model-drift-empty");
    }));

  it("looks at a day by the keyboard, and leads from its mark to the words and posts that moved", (t) =>
    withPage(t, async (page) => {
      await api.import([...[4, 3, 2].flatMap((ago) => postsOf(ago, ["train", "garden", "kitchen", "library"])), ...postsOf(1, ["strike", "election", "parliament"])]);
      await api.settle();
      await page.goto(`${api.address}/model-drift?task=hate`);
      await page.getByLabel("Day", { exact: true }).fill(yesterday);
      await page.keyboard.press("Enter");
      await page.getByText("3 slices looked at.").waitFor({ timeout: 120_000 });
      const mark = page.getByRole("button", { name: `${yesterday}, all posts: texts moved` });
      await mark.focus();
      await page.keyboard.press("Enter");
      const panel = page.getByRole("dialog");
      await panel.getByText("The texts are others than before.", { exact: false }).waitFor();
      await panel.getByRole("listitem").filter({ hasText: "election" }).first().waitFor();
      assert.equal(new URL(page.url()).searchParams.get("open"), `${yesterday} all`);
      const posts = panel.getByRole("article");
      await posts.first().waitFor({ timeout: 120_000 });
      assert.equal(await posts.count(), 20);
      for (const text of await posts.allInnerTexts()) assert.match(text, /strike|election|parliament/);
    }));

  for (const [name, options] of views) {
    it(`is sound, and so is the panel of a day (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/model-drift`);
          await page.getByRole("button", { name: `${yesterday}, platform:forum: texts moved` }).waitFor();
          await assertSound(page, `model-drift-${name}`);
          await page.goto(`${api.address}/model-drift?task=sentiment&open=${yesterday}+platform:forum`);
          await page.getByRole("article").first().waitFor({ timeout: 120_000 });
          await assertSound(page, `model-drift-open-${name}`);
        },
        options,
      ));
  }

  it("is told on Live", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/live`);
      await page.getByRole("link", { name: /^sentiment: texts of .* are others than before/ }).click();
      await page.getByRole("dialog").waitFor();
    }));
});
