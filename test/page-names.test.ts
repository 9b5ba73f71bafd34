import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

describe("the register of names, as a page", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { models: { entities: true }, terms: { fruit: { name: "Fruit Company", query: "entity:apple" } } } });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));

  it("adds an entry by the keyboard, and a post that means it is counted and shows its link", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/names`);
      await page.getByText("There is no name yet.").waitFor();
      await page.getByRole("button", { name: "Add a name" }).press("Enter");
      const dialog = page.getByRole("dialog", { name: "New name" });
      await dialog.getByLabel("Name", { exact: true }).fill("Apple");
      await dialog.getByRole("combobox", { name: /^Brand/ }).selectOption("fruit");
      const context = dialog.getByLabel("Words that stand near it");
      await context.fill("iphone, keynote");
      await context.press("Enter");
      const against = dialog.getByLabel("Words that speak against it");
      await against.fill("pie");
      await against.press("Enter");
      await dialog.getByRole("button", { name: "Save" }).press("Enter");
      await page.getByText("Apple is saved as version 1.").waitFor();
      const now = new Date().toISOString();
      await api.import([
        { id: "1", platform: "forum", author: "ann", text: "The iPhone at the keynote of Apple in London", createdAt: now },
        { id: "2", platform: "forum", author: "bob", text: "Baking an apple pie", createdAt: now },
      ]);
      await api.settle();
      await page.reload();
      const row = page.getByRole("row", { name: /^Apple brand/ });
      await row.getByRole("link", { name: "1", exact: true }).waitFor();
      await row.getByRole("link", { name: "1", exact: true }).click();
      await page.getByText("The iPhone at the keynote of").waitFor();
      const [meant] = rowsOf((await api.ask("GET", "/api/v1/posts?q=iphone")).body);
      assert.deepEqual(meant?.["terms"], ["fruit"]);
      await page.goto(`${api.address}/post/${String(meant["id"])}`);
      await page
        .getByRole("region", { name: "Names in the text" })
        .getByRole("row", { name: /^Apple organisation apple \d+%/ })
        .waitFor();
    }));

  it("links what is stored by a new entry, and shows how far it is", (t) =>
    withPage(t, async (page) => {
      await api.import([{ id: "n1", platform: "forum", author: "ann", text: "Nimbus ships a router", createdAt: new Date().toISOString() }]);
      await api.settle();
      assert.equal((await api.ask("PUT", "/api/v1/entities/nimbus", { body: { name: "Nimbus", kind: "brand", context: ["router"] } })).status, 200);
      await page.goto(`${api.address}/names`);
      const row = page.getByRole("row", { name: /^Nimbus brand/ });
      await row.getByText("linked", { exact: true }).waitFor();
      await row.getByRole("link", { name: "1", exact: true }).waitFor();
    }));

  it("imports a file, exports it, and brings back what was removed", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/names?view=import`);
      const dialog = page.getByRole("dialog", { name: "Import names" });
      await page.getByLabel("or its text").fill("id,name,kind,country\nparis,Paris,place,fr\n");
      await dialog.getByRole("button", { name: "Import CSV" }).click();
      await page.getByText("1 added, 0 changed, 0 as they were.").waitFor();
      await page.getByRole("button", { name: "Paris" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
      await page.getByRole("button", { name: "Undo" }).click();
      await page.getByText("Paris is saved as version 3.").waitFor();
      const exported = page.waitForEvent("download");
      await page.getByRole("link", { name: "Export CSV" }).click();
      assert.equal((await exported).suggestedFilename(), "names.csv");
      assert.equal(recordAt((await api.ask("PUT", "/api/v1/entities/paris", { body: { name: "Paris", kind: "place", country: "fr", context: ["eiffel"] } })).body)["version"], 4);
    }));

  for (const [name, options] of views)
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/names`);
          await page.getByRole("row", { name: /^Paris/ }).waitFor();
          await assertSound(page, `names-${name}`);
          await page.goto(`${api.address}/names?open=paris`);
          await page.getByRole("dialog").getByLabel("Latitude").waitFor();
          await assertSound(page, `names-edit-${name}`);
          await page.goto(`${api.address}/names?open=paris&view=versions`);
          await page.getByText("Version 4").waitFor();
          await assertSound(page, `names-versions-${name}`);
        },
        options,
      ));
});
