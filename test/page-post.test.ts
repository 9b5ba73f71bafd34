import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

const at = (minute: number) => `2026-11-01T00:${String(minute).padStart(2, "0")}:00Z`;
const lines = [
  { id: "root", platform: "forum", author: "ann", handle: "ann.example", text: "The quokka is not very good but the keepers are WONDERFUL people", createdAt: at(0), likes: 3 },
  { id: "r1", platform: "forum", author: "bob", text: "I think that this is a terrible opinion about the animal", createdAt: at(1), replyTo: "root", root: "root" },
  { id: "r2", platform: "forum", author: "cat", text: "write to keeper@zoo-mail.example about the quokka please", createdAt: at(2), replyTo: "r1", root: "root" },
  { id: "q1", platform: "forum", author: "dan", text: "look at what somebody said about it", createdAt: at(4), quoteOf: "root" },
  { id: "two", platform: "forum", author: "eve", text: "I love the quokka, but the numbat is awful and I hate it", createdAt: at(5) },
];

describe("the page of a post", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  const ids = new Map<string, string>();
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { terms: { quokka: { name: "Quokka", query: "quokka OR wombat" }, numbat: { name: "Numbat", query: "numbat" } } } });
    await api.import(lines);
    await api.settle();
    const posts = rowsOf((await api.ask("GET", "/api/v1/posts?limit=50")).body);
    for (const line of lines) ids.set(line.id, String(posts.find((post) => post["createdAt"] === line.createdAt.replace("Z", ".000Z"))?.["id"]));
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  const withPage = pagesOf(() => ({ opened, api }));
  const pathOf = (name: string, show = "") => `${api.address}/post/${ids.get(name)}${show === "" ? "" : `?show=${show}`}`;
  const traceOf = async (name: string) => (await api.ask("GET", `/api/v1/posts/${ids.get(name)}/trace`)).body;

  it("shows what each stage made of it, as the API tells it", (t) =>
    withPage(t, async (page) => {
      const sentiment = recordAt(await traceOf("root"), "stages", "sentiment");
      await page.goto(pathOf("root"));
      await page.getByRole("link", { name: "How it was made" }).click();
      await page.getByText("Today's stages say of it what is stored.").waitFor();
      assert.equal(new URL(page.url()).searchParams.get("show"), "made");
      const rows = page.getByRole("region", { name: "Words that made the sentiment" }).locator("tbody tr");
      assert.deepEqual(
        await rows.allInnerTexts(),
        rowsOf(sentiment, "signs").map((sign) => {
          const shown = (value: unknown) => `${Number(value) > 0 ? "+" : "−"}${Math.abs(Number(value)).toFixed(2)}`;
          const why = sign["word"] === "good" ? "turned by “not”; raised by “very”; before a “but”: weighs less" : "in capitals; after a “but”: weighs more";
          return [sign["word"], shown(sign["valence"]), why, shown(sign["adds"])].join("\t");
        }),
      );
      await page.getByText(`score ${Number(sentiment["score"]).toFixed(2)}`).waitFor();
      await page.getByText("met in: quokka").waitFor();
      await page.getByRole("button", { name: "About Sentiment" }).click();
      await page.getByText("A lexicon does not understand irony").waitFor();
    }));

  it("shows where it is stored, and from which message", (t) =>
    withPage(t, async (page) => {
      const trace = await traceOf("r2");
      await page.goto(pathOf("r2", "stored"));
      const table = page.getByRole("region", { name: "Places of the post" });
      await table.waitFor();
      const told = await table.innerText();
      assert.ok(told.includes(`partition ${String(recordAt(trace, "raw")["partition"])}, offset ${String(recordAt(trace, "raw")["offset"])}`));
      assert.ok(told.includes(String(recordAt(trace, "places", "lake")["file"])));
      await page.getByRole("link", { name: "From which message" }).click();
      await page.locator("pre", { hasText: "•••" }).waitFor();
      assert.doesNotMatch(await page.locator("main").innerText(), /zoo-mail/);
      const form = page.locator("form.reveal", { hasText: "The whole message" });
      await form.getByLabel("Purpose").fill("to see what came");
      await page.keyboard.press("Enter");
      await form.locator("pre", { hasText: "keeper@zoo-mail.example" }).waitFor();
      const { rows } = await api.system.engine.sql.query("select actor, purpose from audit where action = 'post.raw'");
      assert.deepEqual(rows, [{ actor: "admin", purpose: "to see what came" }]);
    }));

  it("shows the thread around it, each answer below what it answers", (t) =>
    withPage(t, async (page) => {
      await page.goto(pathOf("r1", "conversation"));
      const thread = page.getByRole("list", { name: "Conversation" });
      await thread.waitFor();
      const texts = await thread.locator("article .what > p:first-child").allInnerTexts();
      assert.deepEqual(
        texts.map((text) => text.split(" ")[0]),
        ["The", "I", "write"],
      );
      await thread.getByRole("listitem").first().locator(".to-post").click();
      await page.waitForURL(`**/post/${ids.get("root")}*`);
      await page.getByRole("link", { name: "Conversation" }).click();
      await page.getByRole("region", { name: "Quoted by" }).getByText("look at what somebody said").waitFor();
    }));

  it("shows what it says of each brand, in which part, and which words say it", (t) =>
    withPage(t, async (page) => {
      await page.goto(pathOf("two"));
      const table = page.getByRole("region", { name: "What it says of each" });
      await table.waitFor();
      const rows = await table.locator("tbody tr").allInnerTexts();
      assert.deepEqual(
        rows.map((row) =>
          row
            .replace(/\s+/g, " ")
            .replace(/score .\d?\.?\d+/, "score")
            .trim(),
        ),
        ["numbat ▼ negative, score, from −1 to 1 “but the numbat is awful and I hate it”", "quokka ▲ positive, score, from −1 to 1 “I love the quokka,”"],
      );
      await page.getByRole("button", { name: "Which words say it" }).press("Enter");
      const words = async (id: string) => page.locator(`[data-words=${id}] li`).allInnerTexts();
      await page.locator("[data-words=quokka] li").first().waitFor();
      const [love] = await words("quokka");
      assert.match(love ?? "", /^love \+0\.\d\d$/);
      assert.deepEqual(
        (await words("numbat")).map((word) => word.replace(/ .*/, "")),
        ["awful", "hate"],
      );
      for (const name of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: name });
        await assertSound(page, `post-towards-${name}`);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      await assertSound(page, "post-towards-narrow");
    }));

  it("takes a correction, says who made it, and that the figures stay; and lets it be withdrawn", (t) =>
    withPage(t, async (page) => {
      await page.goto(pathOf("r1"));
      await page.getByRole("button", { name: "Correct the sentiment" }).press("Enter");
      await page.getByLabel(/Sentiment is negative, and should be/).selectOption("positive");
      await page.getByRole("button", { name: "Keep the correction" }).click();
      await page.getByText("Sentiment corrected from negative to positive by admin").waitFor();
      await page.getByText("The figures count it as before.").waitFor();
      const { items } = (await api.ask("GET", `/api/v1/posts/${ids.get("r1")}/labels`)).body;
      assert.equal(Array.isArray(items) && items.length, 1);
      await page.getByRole("button", { name: "Withdraw" }).click();
      await page.locator(".corrected").waitFor({ state: "detached" });
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds in any part, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          for (const show of ["", "conversation", "made", "stored", "raw", "history"]) {
            await page.goto(pathOf("root", show));
            await page.locator("article.post, .steps, table, pre").first().waitFor();
            await page.locator(".loading").waitFor({ state: "detached" });
            await assertSound(page, `post-${show === "" ? "facts" : show}-${name}`);
          }
        },
        options,
      ));
  }
});
