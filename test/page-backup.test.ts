import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { rowsOf, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";

const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

test("an admin takes a backup on the page of the data, sees how it ends, and it is written into the audit log", async (t) => {
  const opened = await openBrowser();
  if (!("browser" in opened)) {
    t.skip(opened.reason);
    return;
  }
  const { browser } = opened;
  await using api = await startApi({ pages: true });
  try {
    await api.import([{ id: "1", platform: "forum", author: "ann", text: "the okapi", createdAt: "2026-11-01T10:00:00Z" }]);
    await api.settle();
    const page = await (await browser.newContext({ locale: "en-GB", viewport: { width: 360, height: 800 } })).newPage();
    page.setDefaultTimeout(20_000);
    await page.goto(`${api.address}/data#code=${await api.system.makeLink()}`);
    await page.getByRole("button", { name: "Take a backup now" }).click();
    await page.getByText(/^The last one is of .* UTC: 1 post, \d+ files, .* Collection was held for [\d,]+ ms\./).waitFor();
    const found: unknown = await page.evaluate(
      `${axeSource}; axe.run().then((result) => result.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html).join(" ")))`,
    );
    assert.deepEqual(found, []);
    const wide: unknown = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
    assert.equal(wide, 0);
    const { body } = await api.ask("GET", "/api/v1/backup");
    assert.ok(existsSync(join(String(body["folder"]), "backup.json")));
    const actions = rowsOf((await api.ask("GET", "/api/v1/audit")).body).map((entry) => entry["action"]);
    assert.ok(actions.includes("backup.take"), actions.join());
    assert.equal((await api.ask("POST", "/api/v1/backup?folder=/tmp/elsewhere")).status, 400);
  } finally {
    await browser.close();
  }
});
