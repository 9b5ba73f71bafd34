import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";
import { setAside } from "./quarantine.fixtures.ts";

const line = (id: string, text: string) => ({ id, platform: "forum", author: `author-${id}`, text, createdAt: "2026-11-01T00:00:00Z" });

describe("the page of the quarantine", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));
  const counts = async () => recordAt((await api.ask("GET", "/api/v1/quarantine")).body, "counts");

  it("teaches, while it is empty, what comes there", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/quarantine`);
      await page.getByText("Nothing is set aside.").waitFor();
      await assertSound(page, "quarantine-empty");
    }));

  it("shows reasons with the API's numbers, a preview, and reads a reason again", (t) =>
    withPage(t, async (page) => {
      await api.import([{ id: "x1", platform: "forum", author: "Rumpelstilz", text: "a secret word", createdAt: "whenever" }, "broken"]);
      await setAside(api, line("o1", "the numbat is wonderful, write to keeper@zoo-mail.example"), 1_000);
      await setAside(api, line("o2", "another one of the older kind"), 1_001);
      await until("all are listed", async () => Number((await counts())["open"]) === 4);
      await page.goto(`${api.address}/quarantine`);
      await page.getByRole("link", { name: "Open (4)" }).waitFor();
      const table = page.getByRole("region", { name: "By reason" });
      assert.equal(await table.locator("tbody tr").count(), 3);
      assert.equal(
        await table
          .getByRole("row", { name: /PARSER_FAILED/ })
          .locator("td.figure")
          .innerText(),
        "2",
      );
      await table.getByRole("button", { name: "PARSER_FAILED" }).press("Enter");
      await page.getByText("read it again with the next version").waitFor();
      await page.getByRole("button", { name: "Preview" }).click();
      const dialog = page.getByRole("dialog", { name: "What today's parser makes of it" });
      await dialog.getByText("2 of 2 looked at would become posts").waitFor();
      await dialog.getByText("write to [email]").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Read all again" }).click();
      await page.getByText("2 read again: 2 became posts").waitFor();
      await page.getByRole("link", { name: "Read again (2)" }).waitFor();
      assert.equal((await counts())["replayed"], 2);
    }));

  it("shows one with its shape alone, all of it for a purpose, and takes a dismissal back", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/quarantine`);
      await page
        .getByRole("region", { name: "Messages set aside" })
        .getByRole("row", { name: /DATE_INVALID/ })
        .getByRole("button")
        .click();
      const dialog = page.getByRole("dialog");
      await dialog.locator("pre", { hasText: "•••" }).waitFor();
      await dialog.getByText("Still rejected:").waitFor();
      assert.doesNotMatch(await dialog.innerText(), /Rumpelstilz|secret/);
      await dialog.getByLabel("Purpose").fill("to see what came");
      await dialog.getByRole("button", { name: "Show it" }).click();
      await dialog.locator("pre", { hasText: "Rumpelstilz" }).waitFor();
      await dialog.getByRole("button", { name: "Dismiss" }).click();
      await page.getByText("1 dismissed.").waitFor();
      assert.equal((await counts())["dismissed"], 1);
      await page.getByRole("button", { name: "Undo" }).click();
      await page.getByText("1 is back on the list.").waitFor();
      assert.equal((await counts())["dismissed"], 0);
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/quarantine`);
          await page.getByRole("region", { name: "By reason" }).waitFor();
          await assertSound(page, `quarantine-${name}`);
          await page.goto(`${api.address}/quarantine?code=DATE_INVALID&source=import&preview=yes`);
          await page.getByRole("dialog").getByText("Still rejected:").waitFor();
          await assertSound(page, `quarantine-preview-${name}`);
          const [item] = (await api.system.engine.quarantine({ limit: 1 })).items;
          await page.goto(`${api.address}/quarantine?open=${item?.id ?? ""}`);
          await page.getByRole("dialog").getByText("Before:").waitFor();
          await assertSound(page, `quarantine-item-${name}`);
        },
        options,
      ));
  }
});
