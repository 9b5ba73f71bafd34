import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

describe("the page of sources", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  const folder = mkdtempSync(join(tmpdir(), "earshot-page-sources-"));
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    writeFileSync(
      join(folder, "posts.ndjson"),
      Array.from(
        { length: 7 },
        (_, i) => `${JSON.stringify({ id: `n${i}`, author: `a${i}`, text: `an okapi, number ${i}`, createdAt: new Date(Date.now() - 60_000 * i).toISOString() })}\n`,
      ).join(""),
    );
    api = await startApi({ pages: true, config: { sources: { fixed: { use: "files", keep: "everything", paths: [join(folder, "none.ndjson")], watch: true } } } });
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));
  const toStep = (page: Page, name: string) => page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name }).click();
  const tryAndSave = async (page: Page) => {
    await toStep(page, "Try");
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("It works: the platform answers.").waitFor();
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "Save", exact: true }).click();
  };
  const activityOf = async (id: string) => rowsOf((await api.ask("GET", "/api/v1/sources/activity")).body).find((row) => row["id"] === id);

  it("adds one from the catalogue by its form, which is tried before it is saved", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources`);
      await page.getByRole("link", { name: "Add a source" }).first().click();
      await page.getByRole("link", { name: "Choose Files and watched folders" }).press("Enter");
      assert.equal(new URL(page.url()).searchParams.get("add"), "files");
      await page.getByLabel("Name of the source").fill("notes");
      await page.getByLabel("paths").fill(join(folder, "missing.ndjson"));
      await toStep(page, "Access");
      await page.getByText("No key, no account.").waitFor();
      await toStep(page, "Limits and cost");
      await page.getByText("does not tell in advance").waitFor();
      await toStep(page, "Try");
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByText("It does not work as it is").waitFor();
      assert.equal((await activityOf("notes")) === undefined, true, "what does not work is not saved by itself");
      await toStep(page, "What to listen to");
      await page.getByLabel("paths").fill(join(folder, "posts.ndjson"));
      await page.getByText("More options").press("Enter");
      await page.getByRole("checkbox", { name: "watch" }).check();
      await toStep(page, "Limits and cost");
      await page.getByLabel("settleSeconds").fill("1");
      await tryAndSave(page);
      await page.getByText("notes is added.").waitFor();
      await until("all are read", async () => recordAt(await activityOf("notes"), "day")["messages"] === 7);
      await api.settle();
      const row = page.getByRole("row", { name: /^notes/ });
      await until("the table says what the API says", async () => {
        const day = recordAt(await activityOf("notes"), "day");
        const [posts, messages] = await row.locator("td.figure").allInnerTexts();
        return posts === String(day["posts"]) && messages === String(day["messages"]);
      });
    }));

  it("opens one with its figures, its place and its hours, and changes and pauses it", (t) =>
    withPage(t, async (page) => {
      appendFileSync(join(folder, "posts.ndjson"), `${JSON.stringify({ id: "later", author: "a", text: "a later okapi", createdAt: new Date().toISOString() })}\n`);
      await until("where it stands is saved", async () => (await activityOf("notes"))?.["position"] !== undefined);
      await api.settle();
      await page.goto(`${api.address}/sources`);
      await page
        .getByRole("row", { name: /^notes/ })
        .getByRole("button")
        .press("Enter");
      const dialog = page.getByRole("dialog", { name: "Source notes" });
      await dialog.getByText("Keeps everything that it brings.").waitFor();
      const figures = dialog.locator("dl.figures");
      await figures.waitFor();
      const day = recordAt(await activityOf("notes"), "day");
      assert.match(await figures.innerText(), new RegExp(`Messages\\s+${String(day["messages"])}\\s+Posts\\s+${String(day["posts"])}`));
      await dialog.getByRole("application").waitFor();
      await dialog.getByText("Where it goes on after a restart.").waitFor();
      await dialog.getByText("nothing is known to be missing").waitFor();
      await dialog.getByRole("button", { name: "Pause" }).click();
      await dialog.getByRole("button", { name: "Resume" }).waitFor();
      await dialog.getByRole("button", { name: "Resume" }).click();
      await dialog.getByRole("link", { name: "Change", exact: true }).click();
      await toStep(page, "Limits and cost");
      await page.getByRole("radio", { name: /Only posts that match/ }).check();
      await tryAndSave(page);
      await page.getByText("notes is changed.").waitFor();
      const changed = rowsOf((await api.ask("GET", "/api/v1/sources")).body).find((source) => source["id"] === "notes");
      assert.deepEqual([changed?.["keep"], recordAt(changed, "options")["watch"]], ["matching", true]);
    }));

  it("asks for the place of a secret, and never for the secret", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources?add=mastodon`);
      await page.getByLabel("server").fill("http://127.0.0.1:9");
      await page.getByRole("button", { name: "Next" }).click();
      await page.getByText("A secret never goes through this page").waitFor();
      const place = page.getByRole("textbox", { name: "token: Environment variable" });
      await place.fill("NO_SUCH_TOKEN");
      await place.blur();
      await page.getByText("It cannot be read yet").waitFor();
      await place.fill("EARSHOT_DATA");
      await place.blur();
      await page.getByText("It is there, and can be read.").waitFor();
      await place.fill("NO_SUCH_TOKEN");
      await toStep(page, "Try");
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByText("CONFIG_SECRET_MISSING").waitFor();
      await page.getByText("Set the variable, or lay the file").waitFor();
      assert.equal(await page.locator("input[type=password]").count(), 0);
    }));

  it("says of one from the configuration file where it is changed", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources?open=fixed`);
      const dialog = page.getByRole("dialog");
      await dialog.getByText("change sources.fixed there").waitFor();
      assert.equal(await dialog.getByRole("button", { name: /Pause|Remove/ }).count(), 0);
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          for (const [shown, path, ready] of [
            ["list", "", "table"],
            ["catalogue", "?add=any", ".catalogue"],
            ["nothing", "?add=any&find=nosuchplatform", ".empty"],
            ["form", "?add=mastodon", ".source-form"],
            ["access", "?add=mastodon&step=access", ".source-form .grants"],
            ["cost", "?add=x&step=cost", ".forecast"],
            ["try", "?add=rss&step=try", ".source-form"],
            ["save", "?add=webhook&step=save", ".source-form pre"],
            ["detail", "?open=notes", "dialog .figures"],
          ] as const) {
            await page.goto(`${api.address}/sources${path}`);
            await page.locator(ready).first().waitFor();
            for (const details of await page.locator("details summary").all()) await details.click();
            await until("all is loaded", async () => (await page.locator(".loading").count()) === 0);
            await assertSound(page, `sources-${shown}-${name}`);
          }
        },
        options,
      ));
  }

  it("removes one with its posts once its name is typed, and says how many go and where", (t) =>
    withPage(t, async (page) => {
      const before = Number((await api.ask("GET", "/api/v1/posts/count?q=source:notes")).body["posts"]);
      assert.ok(before > 0);
      await page.goto(`${api.address}/sources?open=notes`);
      await page.getByRole("button", { name: "Remove …" }).click();
      const dialog = page.getByRole("dialog", { name: "Remove notes" });
      await dialog.getByRole("checkbox").check();
      await dialog.getByText(`${before} posts go from the ledger, the search, the lake and the sums.`).waitFor();
      await dialog.getByRole("button", { name: "Remove", exact: true }).click();
      await dialog.getByLabel("Type notes to confirm").fill("notes");
      await page.keyboard.press("Enter");
      await page.getByText(`notes is removed; ${before} posts were deleted with it.`).waitFor();
      assert.equal((await api.ask("GET", "/api/v1/posts/count?q=source:notes")).body["posts"], 0);
    }));
});
