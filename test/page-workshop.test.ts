import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { labelByKeys } from "./labels.fixtures.ts";
import { signInAs } from "./page.fixtures.ts";

const openers = [
  "yesterday somebody asked me about the",
  "honestly I wonder what happened to the",
  "perhaps you remember that we ordered the",
  "neighbours keep asking where we got the",
  "question for whoever looks after the",
  "suddenly nobody can find a manual of the",
  "tomorrow I would like to pick up the",
  "finally my sister brought back the",
  "certainly worth a second look is the",
  "something seems odd with the",
  "thinking again of changing the",
  "whatever you do keep hold of the",
];
const ends = [
  "since the long weekend",
  "that came in two boxes",
  "before my holiday begins",
  "and nobody answered so far",
  "which a friend told us of",
  "from the second catalogue",
  "without paying any more",
  "that we saw last autumn",
  "although the colour is new",
  "because mine is too old",
  "after only three weeks",
  "with the invoice from march",
];
const desks = ["kitchen", "garden"] as const;
/** What a desk answers for; the new goods bear names that speak for the other desk, so that only labels tell. */
const goods = {
  old: { kitchen: ["kettle", "saucepan", "toaster", "oven", "whisk"], garden: ["spade", "rake", "hose", "hedge", "wheelbarrow"] },
  new: { kitchen: ["Maple", "Meadow"], garden: ["Copper", "Pepper"] },
};

interface Said {
  readonly text: string;
  readonly desk: (typeof desks)[number];
}

/** No two share both opener and end, and neither tells the desk. @param place 0 to 143 */
function said(place: number, age: keyof typeof goods): Said {
  const mixed = (place * 35) % (openers.length * ends.length);
  const [opener, end] = [Math.floor(mixed / ends.length), mixed % ends.length];
  const desk = (opener + end) % 2 === 0 ? "kitchen" : "garden";
  const all = goods[age][desk];
  return { text: `${openers[opener] ?? ""} ${all[place % all.length] ?? ""} ${ends[end] ?? ""}`, desk };
}
const run = (from: number, count: number, age: keyof typeof goods) => Array.from({ length: count }, (_, i) => said(from + i, age));
const csv = (texts: readonly Said[], part: "train" | "gold") =>
  Buffer.from(["text,label,language,part", ...texts.map(({ text, desk }) => `${text},${desk},en,${part}`)].join("\n"));

const posts = run(0, 50, "old");
const gold = [...run(50, 30, "old"), ...run(80, 20, "new")];
const later = run(100, 40, "new");

describe("from posts to a model that judges them", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if ("browser" in opened) api = await startApi({ pages: true });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  let imported = 0;
  async function importPosts(texts: readonly Said[]): Promise<void> {
    const start = Date.now() - 600_000;
    await api.import(
      texts.map(({ text }) => ({ id: `w${++imported}`, platform: "forum", author: `u${imported % 25}`, text, createdAt: new Date(start + imported * 1_000).toISOString() })),
    );
    await api.settle();
  }
  async function bringIn(page: Page, texts: readonly Said[], part: "train" | "gold"): Promise<void> {
    await page.getByLabel("File", { exact: true }).setInputFiles({ name: "texts.csv", mimeType: "text/csv", buffer: csv(texts, part) });
    await page.getByText(`${texts.length} texts and ${texts.length} labels came in; 0 were known, 0 refused.`).waitFor();
  }
  /** From the versions of a set. @returns the new model, which is shown */
  async function trainOn(page: Page, version: number, former: string): Promise<string> {
    await page.getByRole("button", { name: "Freeze a version" }).click();
    await page.getByText(`Version ${version} is frozen:`).waitFor();
    await page.getByRole("link", { name: "Train a model on the newest version" }).click();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    const made = page
      .getByRole("status")
      .getByRole("link", { name: /^desk@[0-9a-f]{8}$/ })
      .filter({ hasNotText: former });
    await made.waitFor({ timeout: 120_000 });
    const model = await made.innerText();
    await made.click();
    await page.getByRole("heading", { name: model, exact: true }).waitFor();
    const row = page.getByRole("region", { name: "Models of desk" }).getByRole("row").filter({ hasText: model });
    assert.match(await row.locator(".interval-text").innerText(), /^Macro-F1 [\d.]+ \([\d.]+ to [\d.]+; \d+ texts\)$/);
    return model;
  }
  async function promote(page: Page, model: string, former: string): Promise<void> {
    await page.getByRole("button", { name: "Promote", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: `Promote ${model}` });
    await dialog.getByText(`From the next post on ${model} judges desk in the place of ${former}.`).waitFor({ timeout: 60_000 });
    // Fewer gold texts than a promotion needs: it takes a reason, which is written down.
    await dialog.getByRole("alert").getByText("of the 100 that a promotion needs").waitFor();
    const now = dialog.getByRole("button", { name: "Promote now" });
    assert.equal(await now.isDisabled(), true);
    await dialog.getByLabel(/Promote it all the same, because/).fill("a first try on a desk of our own");
    await now.click();
    await page.getByText(`${model} was promoted, in the place of ${former}`).waitFor();
  }
  /** A post that comes now bears the model's word: in the list of the task, on its own page, and through the API. */
  async function seeJudged(page: Page, model: string, post: Said, expected: RegExp): Promise<void> {
    await importPosts([post]);
    await page.goto(`${api.address}/models?task=desk`);
    await page.getByRole("heading", { name: `Newest posts judged by ${model}` }).waitFor();
    const item = page.getByRole("listitem").filter({ hasText: post.text });
    await item.waitFor();
    const told = await item.innerText();
    assert.match(told, expected);
    await item.getByRole("link").click();
    await page.getByRole("region", { name: "What language models say" }).getByRole("row", { name: /^desk/ }).getByText(model).waitFor();
    const [newest] = rowsOf((await api.ask("GET", "/api/v1/posts?limit=1")).body);
    assert.equal(newest?.["text"], post.text);
    const judgement = rowsOf(recordAt({ newest }, "newest"), "judgements").find(({ task }) => task === "desk");
    assert.equal(judgement?.["model"], model);
    assert.ok(told.startsWith(String(judgement?.["label"])), told);
  }

  it("labels 50 posts by keyboard, trains, promotes, trains a better one, promotes it, and rolls back to the former", async (t) => {
    if (!("browser" in opened)) return t.skip(opened.reason);
    await importPosts(posts);
    const signed = await signInAs(opened.browser, api);
    await signed(async (page) => {
      await page.goto(`${api.address}/labels`);
      await page.getByRole("button", { name: "New label set" }).click();
      await page.getByLabel("Name").fill("Desk");
      await page.getByLabel(/^Classes, one a line/).fill(desks.join("\n"));
      await page.getByRole("button", { name: "Make it" }).click();
      await page.getByRole("heading", { name: "Desk" }).waitFor();
      await page.getByLabel("Texts", { exact: true }).fill("50");
      await page.getByRole("button", { name: "Choose", exact: true }).click();
      await page.getByText(/^50 texts added, out of 50\./).waitFor();
      // A gold part that was labelled elsewhere: that of fifty texts is too small to tell two models apart.
      await bringIn(page, gold, "gold");
      const set = new URL(page.url()).pathname;
      await page.getByRole("link", { name: "Label", exact: true }).press("Enter");
      const known = new Map(posts.map(({ text, desk }) => [text, desk]));
      await labelByKeys(page, posts.length, (text) => {
        assert.ok(known.has(text), text);
        return known.get(text) === "kitchen" ? "1" : "2";
      });
      await page.getByText("Nothing is left for you in this set.").waitFor();
      await page.getByRole("link", { name: "Freeze a version" }).click();
      const first = await trainOn(page, 1, "nobody");
      const { body } = await api.ask("GET", `/api/v1${set.replace("labels", "label-sets")}`);
      const labelled = rowsOf(recordAt(body, "progress"), "annotators").map((one) => Number(one["labelled"]));
      assert.deepEqual(
        labelled.toSorted((a, b) => a - b),
        [50, 50],
        "fifty by keyboard, fifty from the file",
      );
      await promote(page, first, "nobody");
      const old = said(140, "old");
      // Of what some fifty labels taught, one answer proves nothing.
      await seeJudged(page, first, old, /^(?:kitchen|garden)/);

      await page.goto(`${api.address}${set}`);
      await bringIn(page, later, "train");
      await page.getByRole("link", { name: "Versions", exact: true }).click();
      const second = await trainOn(page, 2, first);
      await promote(page, second, first);
      const promoted = rowsOf((await api.ask("GET", "/api/v1/audit?action=model.promote")).body);
      assert.deepEqual(
        promoted.map(({ details }) => recordAt({ details }, "details")["reason"]),
        ["a first try on a desk of our own", "a first try on a desk of our own"],
      );
      const fresh = said(141, "new");
      await seeJudged(page, second, fresh, new RegExp(`^${fresh.desk}`));

      await page.goto(`${api.address}/models?task=desk`);
      await page.getByRole("button", { name: "Roll back" }).click();
      const back = page.getByRole("dialog", { name: "Roll back desk" });
      await back.getByText(`${first} judges in the place of ${second}`).waitFor();
      await back.getByRole("button", { name: "Roll back now" }).click();
      await page.getByText(`desk is judged by ${first} again.`).waitFor();
      const last = said(142, "old");
      await seeJudged(page, first, last, /^(?:kitchen|garden)/);
    });
  });
});
