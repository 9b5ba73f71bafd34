import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const line = { id: "1", platform: "forum", author: "ann", text: "I love this new phone from London, it is the best thing ever", createdAt: "2026-11-01T00:00:00Z" };

describe("what language models say, on the page of a post", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let id = "";
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { models: { social: true, spam: true, entities: true } } });
    await api.import([line]);
    await api.settle();
    id = String(rowsOf((await api.ask("GET", "/api/v1/posts")).body)[0]?.["id"]);
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));

  it("shows each answer with its model, and its reasons when they are asked for", (t) =>
    withPage(t, async (page) => {
      const { body } = await api.ask("GET", `/api/v1/posts/${id}/judgements?task=sentiment`);
      await page.goto(`${api.address}/post/${id}`);
      const rows = page.getByRole("region", { name: "What language models say" }).locator("tbody tr");
      await rows.first().waitFor();
      const first = await rows.first().innerText();
      assert.match(first, /^Sentiment\s+positive\s+negative \d+%, neutral \d+%, positive \d+%\s+social@[0-9a-f]{8}\s+Why$/);
      assert.equal(await rows.count(), 6);
      await page
        .getByRole("region", { name: "Names in the text" })
        .getByRole("row", { name: /^London place no entry of the register London, England, GB \(51\.\d\d, -0\.\d\d\), \d+%$/ })
        .waitFor();
      await page.getByRole("button", { name: "Why: Sentiment" }).press("Enter");
      const why = page.getByRole("region", { name: "Why: Sentiment" });
      await why.getByText("For the text as it is shown here: positive").waitFor();
      assert.deepEqual(
        await why.getByRole("listitem").allInnerTexts(),
        rowsOf(body, "words").map(({ word, adds }) => `${String(word)} ${Number(adds) > 0 ? "+" : Number(adds) < 0 ? "−" : ""}${Math.abs(Number(adds)).toFixed(2)}`),
      );
      await why.getByText(`falls by ${Math.round(Number(recordAt(body, "faithfulness")["ranked"]) * 100)}% in the mean`).waitFor();
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          await page.goto(`${api.address}/post/${id}`);
          await page.getByRole("button", { name: "Why: Irony" }).click();
          await page.getByRole("region", { name: "Why: Irony" }).getByText("For the text").waitFor();
          await assertSound(page, `post-judged-${name}`);
          await page.goto(`${api.address}/post/${id}?show=made`);
          await page.getByText("Left to the language model.").waitFor();
          await assertSound(page, `post-judged-made-${name}`);
        },
        options,
      ));
  }
});
