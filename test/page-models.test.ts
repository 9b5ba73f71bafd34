import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { outdate, seedSet, tones, toneOf, toneText, trainModel } from "./models.fixtures.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

describe("the page of models", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { models: { promotion: { leastGold: 10, leastPerClass: 1 } } } });
    await seedSet(api, "Tone", ["complaint", "praise"], tones(60));
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));
  let posts = 0;
  async function importPost(n: number): Promise<void> {
    await api.import([{ id: `p${++posts}`, platform: "forum", author: "ann", text: toneText(n, toneOf(n)), createdAt: new Date(Date.now() - 60_000 + posts).toISOString() }]);
    await api.settle();
  }

  it("turns a model on by the keyboard, judges what is stored with its progress, and says who judges the sentiment", (t) =>
    withPage(t, async (page) => {
      await api.import([
        { id: "u1", platform: "forum", author: "una", text: "finally the new phone arrived and I could not be happier", createdAt: new Date(Date.now() - 90_000).toISOString() },
      ]);
      await api.settle();
      await page.goto(`${api.address}/models`);
      const region = page.getByRole("region", { name: "Models that ship with the program" });
      const row = region.getByRole("row", { name: /^Sentiment, emotion/ });
      await row.getByText(/^[\d,]+ µs$/).waitFor();
      await region.getByText("lists of words (de, en, es, fr, it, pt)").waitFor();
      await assertSound(page, "models-use");
      const toggle = region.getByRole("switch", { name: /^Sentiment, emotion/ });
      await toggle.press("Space");
      await region.getByText("the model (en); lists of words (de, es, fr, it, pt)").waitFor();
      assert.equal(await toggle.isChecked(), true);
      await region.getByRole("button", { name: "Judge stored posts anew" }).press("Enter");
      await region.getByText("Done: 1 stored posts judged, 1 changed.").waitFor();
      const [post] = rowsOf((await api.ask("GET", "/api/v1/posts?q=phone")).body);
      assert.equal(rowsOf(post ?? {}, "judgements").length, 5);
      await toggle.press("Space");
      await region.getByText("lists of words (de, en").waitFor();
      await region.getByRole("button", { name: "Turn all on" }).click();
      await region.getByText("the model of other languages").waitFor();
      await assertSound(page, "models-use-on");
      await region.getByRole("button", { name: "Turn all off" }).click();
      await region.getByText("lists of words (de, en").waitFor();
    }));

  it("trains, shows the figure with its interval, promotes, shows new posts judged by the version, and rolls back", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/models`);
      await page.getByRole("region", { name: "Tasks and who judges them" }).getByRole("row", { name: /^spam/ }).waitFor();
      await page.getByLabel("Label set (its newest version)").selectOption({ label: "Tone" });
      await page.getByRole("button", { name: "Train", exact: true }).press("Enter");
      await page.getByText("Trained:").waitFor({ timeout: 120_000 });
      await page
        .getByRole("status")
        .getByRole("link", { name: /^tone@/ })
        .click();
      const model = (await page.getByRole("heading", { name: /^tone@[0-9a-f]{8}$/ }).innerText()).trim();
      assert.match(await page.getByRole("region", { name: "Models of tone" }).locator(".interval-text").innerText(), /^Macro-F1 [\d.]+ \([\d.]+ to [\d.]+; 12 texts\)$/);
      assert.equal(new URL(page.url()).searchParams.get("model"), model);

      await page.getByRole("button", { name: "Promote", exact: true }).click();
      const dialog = page.getByRole("dialog", { name: `Promote ${model}` });
      await dialog.getByText("always the commonest class").waitFor({ timeout: 60_000 });
      await dialog.getByText(`From the next post on ${model} judges tone in the place of nobody.`).waitFor();
      await dialog.getByRole("button", { name: "Promote now" }).click();
      await dialog.waitFor({ state: "detached" });
      await page.getByText(`${model} was promoted, in the place of nobody`).waitFor();

      await importPost(200);
      await page.reload();
      const newest = page.getByRole("listitem").filter({ hasText: toneText(200, "complaint") });
      await newest.waitFor();
      assert.match(await newest.innerText(), /^complaint/);
      await newest.getByRole("link").click();
      await page.getByRole("region", { name: "What language models say" }).getByText(model).waitFor();

      await page.goto(`${api.address}/models?task=tone`);
      await page.getByRole("button", { name: "Roll back" }).click();
      const back = page.getByRole("dialog", { name: "Roll back tone" });
      await back.getByText(`nobody judges in the place of ${model}`).waitFor();
      await back.getByRole("button", { name: "Roll back now" }).click();
      await page.getByText("tone is judged by nobody again.").waitFor();
      await importPost(202);
      const [last] = rowsOf((await api.ask("GET", "/api/v1/posts?limit=1")).body);
      assert.equal(last?.["judgements"], undefined);
      await page.goto(`${api.address}/explore`);
      await page.getByText(`tone: ${model} judges from here, before it nobody`).filter({ visible: true }).first().waitFor();
    }));

  it("says why a model that is no better cannot be promoted, and offers no way around", (t) =>
    withPage(t, async (page) => {
      const set = await seedSet(
        api,
        "Mood",
        ["complaint", "praise"],
        tones(60, (n) => ((n * 7919) % 13 > 6 ? "complaint" : "praise")),
      );
      const model = await trainModel(api, set, { stacked: false });
      await page.goto(`${api.address}/models?model=${encodeURIComponent(model)}`);
      await page.getByRole("button", { name: "Promote", exact: true }).click();
      const dialog = page.getByRole("dialog", { name: `Promote ${model}` });
      await dialog.getByRole("alert").getByText("not above zero").waitFor({ timeout: 60_000 });
      assert.equal(await dialog.getByRole("button", { name: "Promote now" }).isDisabled(), true);
    }));

  it("plans trainings by itself, trains on the plan's word, and says what came of it", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/models`);
      const plan = page.getByRole("form", { name: "Train by itself" });
      await plan.getByLabel("Train on").selectOption({ label: "Tone" });
      await plan.getByLabel("By the calendar").selectOption({ label: "on Mondays, 03:00 UTC" });
      await plan.getByLabel("After so many new labels").fill("500");
      await plan.getByRole("button", { name: "Begin" }).press("Enter");
      const planned = page.getByRole("article", { name: "Tone" });
      await planned.getByText("on Mondays, 03:00 UTC; after 500 new labels; when posts of its task moved.").waitFor();
      await planned.getByText("It asks before it promotes.").waitFor();
      await planned.getByRole("button", { name: "Train now" }).click();
      const history = page.getByRole("list", { name: "What it did for Tone" });
      await history.getByText(/asked for: (?!training)/).waitFor({ timeout: 120_000 });
      assert.match(await history.innerText(), /asked for: (?:tone@[0-9a-f]{8} .*|did not train: no label is new|.*could not be compared|failed)/s);
      for (const name of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: name });
        await assertSound(page, `models-retraining-${name}`);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      await assertSound(page, "models-retraining-narrow");
      await planned.getByRole("button", { name: "No more by itself" }).click();
      await page.getByText("Nothing trains by itself.").waitFor();
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          const { body } = await api.ask("GET", "/api/v1/models");
          const versions = rowsOf(rowsOf(body).find(({ task }) => task === "tone") ?? {}, "versions");
          await page.goto(`${api.address}/models?model=${encodeURIComponent(String(versions[0]?.["id"]))}`);
          await page.getByText("Functional tests:").waitFor();
          await assertSound(page, `models-${name}`);
          await page.getByRole("button", { name: "Promote", exact: true }).click();
          await page.getByRole("dialog").getByText("Difference", { exact: true }).waitFor({ timeout: 60_000 });
          await assertSound(page, `models-promote-${name}`);
        },
        options,
      ));
  }

  it("says which model judges nothing since the embedded ones changed, and trains it anew in one press", (t) =>
    withPage(t, async (page) => {
      const { body } = await api.ask("GET", "/api/v1/models");
      const versions = rowsOf(rowsOf(body).find(({ task }) => task === "tone") ?? {}, "versions");
      const judge = versions.find(({ state }) => state === "promoted") ?? versions[0];
      const old = await outdate(api, String(judge?.["id"]));
      await page.goto(`${api.address}/models`);
      await page.getByText(`${old} was promoted for tone and judges nothing`).waitFor();
      await page.getByRole("region", { name: "Tasks and who judges them" }).getByText("It judges nothing").waitFor();
      await assertSound(page, "models-stopped");
      await page.getByRole("button", { name: /^Train it anew on version \d+ of Tone$/ }).press("Enter");
      await page.getByText("It is trained anew.").waitFor();
      await page.getByText("Trained:").waitFor({ timeout: 120_000 });
      await page.goto(`${api.address}/live`);
      await page.getByRole("link", { name: `tone: ${old} judges nothing since the embedded models changed; train it anew` }).waitFor();
    }));
});
