import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { importModel } from "../src/models/deep/import.ts";
import { tinySentiment, writeTiny } from "../src/models/deep/tiny.fixtures.ts";
import { type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const tsv = ["positive\ta good thing that I love", "negative\ta bad thing that I hate", "neutral\ta day as others"]
  .flatMap((line) => Array.from({ length: 10 }, (_, i) => `${line} ${i}`))
  .join("\n");

describe("the bake-off's page", () => {
  const data = mkdtempSync(join(tmpdir(), "earshot-page-bakeoff-"));
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    for (const [name, good] of [
      ["tiny", 3],
      ["tiny-worse", -3],
    ] as const) {
      await writeTiny(join(data, name), { ...tinySentiment, words: { ...tinySentiment.words, good: [0, 0, good] } });
      await importModel({ from: join(data, name), into: join(data, "models"), name, task: "sentiment", licence: "MIT", now: new Date(0) });
    }
    api = await startApi({ pages: true, env: { EARSHOT_DATA: data }, config: { models: { deep: [{ task: "sentiment", model: "tiny" }] } } });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    rmSync(data, { recursive: true, force: true });
  });
  const withPage = pagesOf(() => ({ opened, api }));

  it("says what it needs while none was held, and holds one on a file", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/models`);
      await page.getByRole("navigation").getByRole("link", { name: "Bake-off" }).click();
      await page.getByText("Models are compared here on your own gold texts").waitFor();
      await assertSound(page, "bakeoff-empty");
      const start = page.getByRole("button", { name: "Compare" });
      assert.equal(await start.isDisabled(), true);
      await page.getByLabel("File: a label, a tab, a text; a line").setInputFiles({ name: "gold.tsv", mimeType: "text/plain", buffer: Buffer.from(tsv) });
      await start.click();
      await page.getByText("sentiment on 30 texts of an uploaded file.").waitFor({ timeout: 60_000 });
      await page.getByRole("heading", { name: "Larger models that are asked" }).waitFor();
      assert.match((await page.locator("tbody tr", { hasText: "posts that nobody else judges" }).textContent()) ?? "", /^tiny@[0-9a-f]{8}sentiment/);
      assert.equal(await page.locator("tbody tr").count(), 5);
      assert.match((await page.locator("tbody tr", { hasText: "tiny@" }).first().textContent()) ?? "", /ONNX100\.0 \(100\.0–100\.0\).*MIT/);
    }));

  for (const [name, options] of views) {
    it(`shows quality against cost, as a picture and a table (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/bake-off`);
          await page.getByRole("figure", { name: "Quality against cost" }).waitFor();
          assert.equal(await page.locator(".bakeoff-mark").count(), 4);
          await assertSound(page, `bakeoff-${name}`);
        },
        options,
      ));
  }

  it("tells each model of the picture to the keyboard, from the cheapest on", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/bake-off`);
      const picture = page.getByRole("application", { name: /Quality against cost/ });
      await picture.focus();
      const told: string[] = [];
      for (let i = 0; i < 4; i++) {
        await page.keyboard.press("ArrowRight");
        told.push((await page.locator(".bakeoff-plot .told").textContent()) ?? "");
      }
      assert.equal(new Set(told).size, 4);
      const micros = told.map((text) => Number(/([\d,]+) µs a post/.exec(text)?.[1]?.replaceAll(",", "")));
      assert.deepEqual(
        micros,
        micros.toSorted((a, b) => a - b),
      );
      await page.keyboard.press("Escape");
      assert.equal((await page.locator(".bakeoff-plot .told").textContent())?.trim(), "");
    }));
});
