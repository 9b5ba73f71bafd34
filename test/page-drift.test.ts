import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { openRenaming } from "./drift.fixtures.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

describe("the pages of drift and of failed calls", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let platform: Awaited<ReturnType<typeof openRenaming>>;
  let closed: Awaited<ReturnType<typeof openRenaming>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    platform = await openRenaming();
    closed = await openRenaming({ isClosed: true });
    const own = { use: "mastodon", server: platform.address, transport: "polling", pollSeconds: 1, startAt: "oldest", refreshMinutes: 0 };
    api = await startApi({
      pages: true,
      config: { sources: { fedi: own, closed: { ...own, server: closed.address } }, alarms: { failuresPerHour: { permission: 1, auth: 1, "not-found": 1, request: 1 } } },
    });
    await until("all of the first are stored", async () => Number((await api.ask("GET", "/api/v1/posts/count?q=source:fedi")).body["posts"]) === platform.perPhase);
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    platform.close();
    closed.close();
  });
  const withPage = pagesOf(() => ({ opened, api }));

  it("teaches, while all comes as expected, what is listed there", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/drift`);
      await page.getByText("Everything comes as it is expected.").waitFor();
      await assertSound(page, "drift-empty");
    }));

  for (const [name, options] of views) {
    it(`shows fields with their share, an alarm and a proposal (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          platform.rename();
          await until("the field is named", async () => (await api.ask("GET", "/api/v1/drift")).text.includes('"missing"'));
          await page.goto(`${api.address}/drift`);
          const table = page.getByRole("region", { name: "Drift of the last 24 hours" });
          await table.getByRole("row", { name: /content/ }).waitFor();
          assert.match(await table.getByRole("row", { name: /content/ }).innerText(), /missing alarm/);
          await page.getByText("contenu may be the new name of content").waitFor();
          await assertSound(page, `drift-${name}`);
          await table.getByRole("button", { name: "content" }).click();
          await page.getByRole("dialog").getByText("The platform promises this field").waitFor();
          await assertSound(page, `drift-field-${name}`);
        },
        options,
      ));
  }

  it("accepts the proposal, previews what reading again brings, and reads again", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/drift`);
      await page.getByRole("button", { name: "Read it as content" }).click();
      await page.getByText("contenu is read as content from now on.").waitFor();
      await page.getByRole("link", { name: "Read fedi again" }).click();
      const dialog = page.getByRole("dialog", { name: "Reading fedi again" });
      await dialog.getByText("New posts").waitFor();
      assert.match(await dialog.innerText(), new RegExp(`New posts\\s+${platform.perPhase}`));
      await assertSound(page, "drift-replay");
      await dialog.getByRole("button", { name: "Read again and replace" }).click();
      await page.getByText(/\d+ read again: \d+ taken/).waitFor();
      await api.settle();
      await until("all are searchable", async () => Number((await api.ask("GET", "/api/v1/posts/count?q=source:fedi")).body["posts"]) === 2 * platform.perPhase);
    }));

  for (const [name, options] of views) {
    it(`shows failed calls by class, samples and what to do, and the alarm (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/sources`);
          await page.getByText("To be looked at").waitFor();
          await assertSound(page, `sources-alarms-${name}`);
          await page.getByRole("link", { name: /^closed: \d+ failed call/ }).click();
          const dialog = page.getByRole("dialog");
          await dialog.getByText("Failed calls of seven days").waitFor();
          await dialog.getByText(/^Samples of/).click();
          await dialog.getByText("Request id, for the platform's support").first().waitFor();
          await dialog
            .getByText(/call-\d+/)
            .first()
            .waitFor();
          await dialog.getByText(/^Samples of/).scrollIntoViewIfNeeded();
          await assertSound(page, `sources-failures-${name}`);
        },
        options,
      ));
  }
});
