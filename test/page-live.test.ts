import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type RunningApi, rowsOf, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf } from "./page.fixtures.ts";

const minuteMs = 60_000;
const moods = ["what a wonderful day", "this is a terrible and awful failure", "the train leaves at noon"];
const post = (id: string, createdMs: number, text: string, platform = "forum") => ({
  id,
  platform,
  author: `author-${id.length}`,
  text,
  language: "en",
  createdAt: new Date(createdMs).toISOString(),
});

/** Sums what the stream counts, and times each frame, before the page's own code runs. */
const watching = `
  window.heard = { posts: 0, told: 0 };
  window.frames = [];
  window.longTasks = [];
  const Own = window.EventSource;
  window.EventSource = class extends Own {
    constructor(...rest) {
      super(...rest);
      this.addEventListener("tick", (event) => { window.heard.posts += JSON.parse(event.data).posts; });
      this.addEventListener("post", () => { window.heard.told += 1; });
    }
  };
  let last;
  const onFrame = (now) => { if (last !== undefined) window.frames.push(now - last); last = now; requestAnimationFrame(onFrame); };
  requestAnimationFrame(onFrame);
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.longTasks.push(entry.duration); }).observe({ type: "longtask", buffered: true });
`;

describe("Live", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { terms: { zebra: { name: "Zebra", query: "zebra" } } } });
    const now = Date.now();
    await api.import([
      ...Array.from({ length: 60 }, (_, i) => post(`old-${i}`, now - 3 * 60 * minuteMs - i * 10 * minuteMs, `quiet morning ${i} ${i % 6 === 0 ? "#coffee" : ""}`)),
      ...Array.from({ length: 45 }, (_, i) =>
        post(`new-${i}`, now - 5 * minuteMs - i * minuteMs, `${moods[i % 3] ?? ""} ${i % 2 === 0 ? "zebra #launch" : "okapi"} ${i}`, i % 3 === 0 ? "diary" : "forum"),
      ),
    ]);
    await api.settle();
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const run = pagesOf(() => ({ opened, api }));

  it("shows the last hour's volume and sentiment as the API has them, and keeps both and the list to the brand of the bar", (t) =>
    run(t, async (page) => {
      const figure = async (name: string) => (await page.locator(`[data-figure=${name}]`).innerText()).replace(/[▼▲]\s*/u, "");
      const hour = async (query: string) => {
        const { body } = await api.ask("GET", `/api/v1/rollups?grain=all&from=${new Date(Math.floor(Date.now() / minuteMs - 59) * minuteMs).toISOString()}${query}`);
        const [row] = rowsOf(body, "rows");
        assert.ok(row !== undefined);
        const [posts, negative, neutral, positive] = [Number(row["posts"]), Number(row["negative"]), Number(row["neutral"]), Number(row["positive"])];
        const percent = (part: number) => `${Math.round((part / (negative + neutral + positive)) * 1_000) / 10}%`;
        return { posts: String(posts), negative: percent(negative), positive: percent(positive) };
      };
      await page.goto(`${api.address}/live`);
      const shown = async () => ({ posts: await figure("posts"), negative: await figure("negative"), positive: await figure("positive") });
      const whole = await hour("");
      assert.equal(whole.posts, "45");
      assert.deepEqual(await shown(), whole);
      await page.getByLabel("Brands").selectOption("zebra");
      await until("the brand's figures", async () => (await figure("posts")) === "23");
      assert.deepEqual(await shown(), await hour("&term=zebra"));
      await page.locator("article.post").first().waitFor();
      for (const text of await page.locator("article.post p").allInnerTexts()) assert.match(text, /zebra/);
      assert.equal(new URL(page.url()).searchParams.get("term"), "zebra");
      await api.import([post("brand-1", Date.now(), "a zebra arrives"), post("brand-2", Date.now(), "an okapi arrives")]);
      await page.locator("article.post", { hasText: "a zebra arrives" }).waitFor();
      assert.equal(await page.locator("article.post", { hasText: "an okapi arrives" }).count(), 0);
    }));

  it("names what trends against the day before, with the way to its posts and the method", (t) =>
    run(t, async (page) => {
      await page.goto(`${api.address}/live`);
      await page.getByRole("link", { name: "#launch" }).waitFor();
      assert.equal(await page.getByRole("link", { name: "#coffee" }).count(), 0);
      await page.getByRole("button", { name: "About Trending now" }).click();
      await page.getByText("log-likelihood ratio").waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("link", { name: "#launch" }).click();
      await page.locator("article.post", { hasText: "#launch" }).first().waitFor();
    }));

  it("stops at P, says so in its address, and goes on", (t) =>
    run(t, async (page) => {
      await page.goto(`${api.address}/live`);
      await page.getByText("live", { exact: true }).waitFor();
      await page.keyboard.press("p");
      await page.getByText("paused", { exact: true }).waitFor();
      assert.equal(new URL(page.url()).searchParams.get("paused"), "yes");
      await page.keyboard.press("p");
      await page.getByText("live", { exact: true }).waitFor();
    }));

  it("counts each of some thousand posts that come at once, draws a bounded list of them, and stays quick", (t) =>
    run(t, async (page) => {
      await page.addInitScript(watching);
      await page.goto(`${api.address}/live`);
      await page.getByText("live", { exact: true }).waitFor();
      const heard = async () => Number(await page.evaluate("heard.posts"));
      const before = await heard();
      await page.evaluate("frames.length = 0; longTasks.length = 0");
      const startedAt = performance.now();
      const batch = 500;
      const batches = 10;
      for (let i = 0; i < batches; i++) {
        await api.import(Array.from({ length: batch }, (_, n) => post(`many-${i}-${n}`, Date.now() - n, `${moods[n % 3] ?? ""} okapi ${i} ${n}`)));
        assert.ok((await page.locator("article.post").count()) <= 60);
      }
      await until("every post is counted", async () => (await heard()) - before >= batch * batches);
      assert.equal((await heard()) - before, batch * batches);
      const seconds = (performance.now() - startedAt) / 1_000;
      assert.ok(Number(await page.evaluate("heard.told")) <= 20 * (seconds + 2), "at most 20 a second are told");
      const measured = String(
        await page.evaluate(
          "(() => { const f = [...frames].sort((a, b) => a - b); return JSON.stringify({ p50: f[f.length >> 1], p95: f[Math.floor(f.length * 0.95)], longest: Math.max(0, ...longTasks) }) })()",
        ),
      );
      t.diagnostic(`${Math.round((batch * batches) / seconds)} posts/s; frame and long task, ms: ${measured}`);
    }));

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      it(`is accessible and fits, ${colorScheme}, ${width} pixels wide`, (t) =>
        run(
          t,
          async (page) => {
            await page.goto(`${api.address}/live`);
            await page.locator(".live-figure .time-chart svg").nth(1).waitFor();
            await assertSound(page, `live-${colorScheme}-${width}`);
          },
          { colorScheme, viewport: { width, height: 900 } },
        ));
    }
  }
});
