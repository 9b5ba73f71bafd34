import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { buildPages } from "../src/cli/build-pages.ts";
import { startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { signInAs } from "./page.fixtures.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test("what is loaded before the first page is at most 200 kB compressed", async () => {
  const folder = await buildPages(root, () => undefined);
  const html = readFileSync(join(folder, "index.html"), "utf8");
  const loaded = [...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map(([, path = ""]) => path);
  assert.ok(loaded.some((path) => path.endsWith(".js")) && loaded.some((path) => path.endsWith(".css")), `${readdirSync(folder).join(", ")}: ${html}`);
  const bytes = loaded.reduce((sum, path) => sum + gzipSync(readFileSync(join(folder, path))).length, gzipSync(html).length);
  assert.ok(bytes <= 200_000, `${bytes} bytes`);
});

test("the banner says what the simulated world holds and removes it at one press, after its name is typed", async (t) => {
  const opened = await openBrowser();
  if (!("browser" in opened)) {
    t.skip(opened.reason);
    return;
  }
  await using api = await startApi({ pages: true, config: { world: { seed: 3, ratePerSecond: 0.01, historyPosts: 400, historyDays: 30 } } });
  try {
    await until("the world is loaded", async () => (await api.system.engine.world())?.state === "running", 60_000);
    const signed = await signInAs(opened.browser, api);
    await signed(async (page) => {
      await page.goto(`${api.address}/live`);
      await page.getByRole("button", { name: "Remove the simulated world" }).click();
      const dialog = page.getByRole("dialog", { name: "Remove the simulated world" });
      const stored = (await api.system.engine.world())?.stored ?? 0;
      assert.ok(stored > 300);
      await dialog.getByText(`${stored} simulated posts go from`).waitFor();
      await dialog.getByRole("button", { name: "Remove it" }).click();
      assert.equal((await api.system.engine.world())?.state, "running", "nothing goes without the name");
      await dialog.getByLabel("Type world to confirm").fill("world");
      await dialog.getByRole("button", { name: "Remove it" }).click();
      await page.getByText(/The simulated world is gone: \d+ posts were removed/).waitFor();
      assert.equal(await api.system.engine.world(), undefined);
      assert.equal((await api.ask("GET", "/api/v1/posts/count")).body["posts"], 0);
    });
  } finally {
    await opened.browser.close();
  }
});
