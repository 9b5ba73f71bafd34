import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const posts = Array.from({ length: 30 }, (_, i) => ({
  id: `r${i}`,
  platform: "forum",
  author: "robo",
  text: `Water level at the old bridge: ${100 + i} cm`,
  createdAt: new Date(Date.UTC(2026, 10, 1) + i * 60_000).toISOString(),
}));

describe("how an author posts, on the page of a post", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let id = "";
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true });
    await api.import(posts);
    await api.settle();
    id = String(rowsOf((await api.ask("GET", "/api/v1/posts")).body)[0]?.["id"]);
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));

  for (const [name, options] of views) {
    it(`is told in words with what it does not know, when it is asked for, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/post/${id}`);
          await page.getByRole("button", { name: "How does this author post?" }).press("Enter");
          const habits = page.getByRole("region", { name: "How this author posts" });
          await habits.getByText("Posts like a program.").waitFor();
          const reasons = await habits.getByRole("listitem").allInnerTexts();
          assert.match(reasons.join("\n"), /100% of its posts follow one rhythm: every 60 s ± 0 s/);
          assert.match(reasons.join("\n"), /97% of its own posts are copies of earlier ones/);
          await habits.getByText("This is about how, not who").waitFor();
          await assertSound(page, `post-author-${name}`);
        },
        options,
      ));
  }
});
