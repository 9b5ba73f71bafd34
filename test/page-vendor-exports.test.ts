import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const header = ["Date", "Headline", "URL", "Opening Text", "Hit Sentence", "Influencer", "Sentiment", "Document ID"];
const rows = [
  ["02-Mar-2026 10:00AM", "", "https://x.com/ann/status/1234567890", "", "an okapi in a tweet", "@ann", "Negative", "doc-1"],
  ["02-Mar-2026 11:00AM", "Zoo opens", "https://paper.example/zoo", "an okapi is there", "", "Jane", "Neutral", "doc-2"],
  ["never", "Bad", "https://paper.example/bad", "", "", "", "", "doc-3"],
];
const meltwater = [header, ...rows].map((cells) => cells.join("\t")).join("\r\n");
const shop = "Wann;Wo;Was\n07/08/2026 10:00;https://x.com/ann/status/77;ein Gnu\n";

describe("the page of vendors' exports", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let folder: string;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    folder = mkdtempSync(join(tmpdir(), "earshot-exports-"));
    writeFileSync(join(folder, "meltwater.csv"), Buffer.from(`\ufeff${meltwater}`, "utf16le"));
    writeFileSync(join(folder, "shop.csv"), shop);
    const large = Array.from({ length: 60_000 }, (_, i) => `2026-03-02 10:00,https://x.com/ann/status/${i + 1},"line ${i} of a file that takes a while to go through"`);
    writeFileSync(join(folder, "large.csv"), ["Date,Url,Full Text,Query Id", ...large].join("\n"));
    writeFileSync(join(folder, "empty.csv"), "");
    writeFileSync(join(folder, "none.csv"), "no columns\nat all\n");
    api = await startApi({ pages: true, collect: false });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const withPage = pagesOf(() => ({ opened, api }));
  const choose = async (page: Page, name: string) => {
    await page.getByLabel(/^(?:Choose a file|Another file)$/).setInputFiles(join(folder, name));
  };
  const region = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

  it("shows a file's columns and what its header suggests, imports by it, and keeps it for the next file", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/vendor-exports`);
      await page.getByText("No mapping is kept yet.").waitFor();
      await choose(page, "meltwater.csv");
      await page.getByText("Of the first 3 rows 2 would be taken and 1 refused.").waitFor();
      const columns = region(page, "Columns of the file with samples").locator("tbody tr");
      assert.equal(await columns.count(), header.length);
      assert.match(await columns.nth(5).innerText(), /Influencer\s+2 of 3\s+@ann\s+Jane\s+Author's handle, Author's name/);
      assert.match(await columns.nth(6).innerText(), /kept beside the post/);
      assert.match(await region(page, "The first posts").innerText(), /x\s+2026-03-02 10:00:00 UTC\s+ann\s+an okapi in a tweet/);
      assert.match(await region(page, "What would be refused").innerText(), /3\s+DATE_INVALID/);
      await page.getByLabel("Name of the mapping").fill("press");
      await page.getByRole("button", { name: "Keep the mapping and import meltwater.csv" }).press("Enter");
      await page.getByText("2 new, 0 known already, 1 refused").waitFor();
      await page.getByText(/^Row 3: DATE_INVALID/).waitFor();
      await page.getByText("This is version 1 of press.").waitFor();
      await api.settle();
      assert.equal((await api.ask("GET", "/api/v1/posts/count?q=okapi")).body["posts"], 2);
      // The next file of the kind needs nothing but the name.
      await page.goto(`${api.address}/vendor-exports?mapping=press`);
      await choose(page, "meltwater.csv");
      await page.getByRole("button", { name: "Import meltwater.csv", exact: true }).click();
      await page.getByText("0 new, 2 known already, 1 refused").waitFor();
    }));

  it("takes corrections of a file of which it knows no column, shows at once what they change, and keeps each as a version", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/vendor-exports`);
      await choose(page, "shop.csv");
      await page.getByText("No row would become a post.").waitFor();
      await page.getByLabel("Add a column to Date", { exact: true }).selectOption("Wann");
      await page.getByLabel("Add a column to Address of the post").selectOption("Wo");
      await page.getByLabel("Add a column to Text").selectOption("Was");
      await region(page, "What would be refused").getByText("DATE_INVALID").waitFor();
      await page.getByLabel("Of 07/08/2026").selectOption("day");
      await region(page, "The first posts").getByText("2026-08-07 10:00:00 UTC").waitFor();
      await page.getByLabel("Name of the mapping").fill("shop");
      await page.getByRole("button", { name: "Keep this mapping" }).click();
      await page.getByText("This is version 1 of shop.").waitFor();
      await page.getByLabel("Of 07/08/2026").selectOption("month");
      await region(page, "The first posts").getByText("2026-07-08 10:00:00 UTC").waitFor();
      await page.getByText("Differs from version 1 of shop.").waitFor();
      await page.getByRole("button", { name: "Keep this mapping" }).click();
      await page.getByText("This is version 2 of shop.").waitFor();
      assert.deepEqual(
        rowsOf((await api.ask("GET", "/api/v1/import/mappings/shop/versions")).body).map((one) => recordAt(one, "mapping")["dayFirst"]),
        [false, true],
      );
      await page.getByRole("link", { name: "Versions of shop: 2" }).click();
      await page.getByRole("link", { name: "Load version 1" }).click();
      const place = new URL(page.url()).searchParams;
      assert.deepEqual([place.get("mapping"), place.get("version")], ["shop", "1"]);
      await region(page, "The first posts").getByText("2026-08-07 10:00:00 UTC").waitFor();
      await page.getByRole("button", { name: "Remove Was from Text" }).click();
      await page.getByText("Columns that this file does not have").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Delete shop" }).click();
      await page.getByLabel("Type shop to confirm").fill("shop");
      await page.keyboard.press("Enter");
      await page.getByRole("link", { name: "shop", exact: true }).waitFor({ state: "detached" });
    }));

  it("says what is wrong with a file that is none", async (t) => {
    if (!("browser" in opened)) return t.skip(opened.reason);
    // A refusal of the server is told by the browser too.
    const context = await opened.browser.newContext();
    const page = await context.newPage();
    await page.goto(`${api.address}/#code=${await api.system.makeLink()}`);
    await page.locator("main h2, main h3").first().waitFor();
    await page.goto(`${api.address}/vendor-exports`);
    await choose(page, "empty.csv");
    await page.getByRole("alert").getByText("empty.csv is empty.").waitFor();
    await choose(page, "none.csv");
    await page.getByRole("alert").getByText("CSV_INVALID").waitFor();
    await choose(page, "meltwater.csv");
    await page.getByText("Of the first 3 rows 2 would be taken").waitFor();
    await context.close();
  });

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/vendor-exports`);
          await page.getByLabel("Choose a file").waitFor();
          await page.locator(".loading").waitFor({ state: "detached" });
          await assertSound(page, `exports-${name}`);
          await choose(page, "meltwater.csv");
          await region(page, "The first posts").waitFor();
          await assertSound(page, `exports-file-${name}`);
          for (const [part, title] of [
            ["mapping", "Mapping"],
            ["preview", "What would be imported"],
          ] as const) {
            await page.getByRole("heading", { name: title, exact: true }).evaluate((element) => element.scrollIntoView());
            await assertSound(page, `exports-${part}-${name}`);
          }
        },
        options,
      ));
  }

  it("tells how far an import is, and stops it when asked; what was taken stays", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/vendor-exports`);
      await choose(page, "large.csv");
      await page.getByText("Of the first 200 rows 200 would be taken and 0 refused.").waitFor();
      await page.getByLabel("Name of the mapping").fill("large");
      await page.getByRole("button", { name: "Keep the mapping and import large.csv" }).click();
      await page.getByRole("progressbar", { name: "Import of large.csv" }).waitFor();
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("Stopped. What was taken until then stays").waitFor();
      await page.getByRole("progressbar").waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Import large.csv", exact: true }).waitFor();
    }));
});
