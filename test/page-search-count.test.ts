import assert from "node:assert/strict";
import { test } from "node:test";
import { startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { signInAs } from "./page.fixtures.ts";

test("where many posts match the search tells about how many and between which numbers, and counts them all when asked", { timeout: 200_000 }, async (t) => {
  const opened = await openBrowser();
  if (!("browser" in opened)) {
    t.skip(opened.reason);
    return;
  }
  await using api = await startApi({ pages: true, config: { world: { seed: 3, ratePerSecond: 0.01, historyPosts: 20_000, historyDays: 30 } } });
  try {
    await until("the world is loaded", async () => (await api.system.engine.world())?.state === "running", 120_000);
    const signed = await signInAs(opened.browser, api);
    await signed(async (page) => {
      await page.goto(`${api.address}/search?q=${encodeURIComponent("NOT is:reshare")}`);
      const status = page.locator(".search-bar [role=status]");
      await status.filter({ hasText: /^about [\d,]+ posts \(estimated, 95%: [\d,]+ to [\d,]+\)/ }).waitFor();
      const told = /about ([\d,]+) posts \(estimated, 95%: ([\d,]+) to ([\d,]+)\)/.exec(await status.innerText());
      const [about = 0, low = 0, high = 0] = (told ?? []).slice(1).map((digits) => Number(digits.replaceAll(",", "")));
      assert.ok(low < about && about < high, `${low} < ${about} < ${high}`);
      await page.getByRole("button", { name: "Count exactly" }).click();
      await status.filter({ hasText: /^[\d,]+ posts,/ }).waitFor();
      const { posts } = (await api.ask("GET", `/api/v1/posts/count?q=${encodeURIComponent("NOT is:reshare")}&exact=true`)).body;
      assert.ok((await status.innerText()).startsWith(`${Number(posts).toLocaleString("en")} posts`));
      assert.ok(Math.abs(Number(posts) - about) < (high - low) * 2, `${String(posts)}, about ${about}`);
      assert.equal(new URL(page.url()).searchParams.get("count"), "exact");
      assert.equal(await page.getByRole("button", { name: "Count exactly" }).count(), 0);
      await page.getByRole("searchbox", { name: "Search posts" }).fill("okapi");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await status.filter({ hasText: /posts?,/ }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("count"), null, "another search is counted in little time again");
    });
  } finally {
    await opened.browser.close();
  }
});
