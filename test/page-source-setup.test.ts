import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { startFeeds } from "../world/servers/feeds.ts";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { assertSound, pagesOf } from "./page.fixtures.ts";
import { appSecret, type RunningReddit, startGrantedReddit } from "./source-setup.fixtures.ts";

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
/** Tells by itself when it ends (RFC 7519). */
const endingToken = `${part({ alg: "none" })}.${part({ exp: Math.floor(Date.now() / 1_000) + 5.5 * 86_400 })}.signature`;
const webhookKey = "key-of-the-sender";
const number = (value: unknown): string => new Intl.NumberFormat("en-GB").format(Number(value));

describe("the guided set-up of a source", () => {
  let api: RunningApi;
  let world: RunningReddit;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    world = await startGrantedReddit();
    api = await startApi({ pages: true, env: { REDDIT_APP_SECRET: appSecret, WEBHOOK_KEY: webhookKey, ENDING: endingToken } });
    world.redirectUris.push(`${api.address}/api/v1/grants/callback`);
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));
  const next = (page: Page) => page.getByRole("button", { name: "Next" }).click();
  const grants = async () => rowsOf((await api.ask("GET", "/api/v1/grants")).body);
  const count = async (id: string) => Number((await api.ask("GET", `/api/v1/posts/count?q=source:${id}`)).body["posts"]);

  /** From the catalogue to the step of access, with everything typed but the account. */
  async function toAccess(page: Page): Promise<void> {
    await page.goto(`${api.address}/sources?add=any`);
    await page.getByLabel("Find by name").fill("subreddits");
    await page.getByText("1 of").waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByLabel("subreddits", { exact: true }).fill("tea");
    await page.getByText("More options").press("Enter");
    await page.getByRole("checkbox", { name: "comments" }).uncheck();
    await page.getByLabel("server", { exact: true }).fill(world.reddit.url);
    await next(page);
    await page.getByLabel("clientId").fill("web-app");
    await page.getByLabel("contact").fill("ann_b");
    await page.getByLabel("tokenServer").fill(world.platform.url);
    const secret = page.getByRole("textbox", { name: "clientSecret: Environment variable" });
    await secret.fill("REDDIT_APP_SECRET");
    await secret.blur();
    await page.getByText("It is there, and can be read.").waitFor();
  }

  it("is walked through by arrow keys, narrowed by need, and teaches what to do where nothing fits", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources?add=any&need=receives`);
      await page.locator(".catalogue h3").first().waitFor();
      const names = await page.locator(".catalogue h3").allInnerTexts();
      const can = rowsOf((await api.ask("GET", "/api/v1/connectors")).body).filter((row) => row["receives"] === true);
      assert.equal(names.length, can.length);
      const links = page.locator(".catalogue a.button");
      await links.first().focus();
      for (const [key, at] of [
        ["ArrowRight", 1],
        ["End", names.length - 1],
        ["ArrowLeft", names.length - 2],
        ["Home", 0],
      ] as const) {
        await page.keyboard.press(key);
        assert.equal(await page.locator(".catalogue a.button:focus").getAttribute("aria-label"), `Choose ${names[at]}`, key);
      }
      await page.getByLabel("Find by name").fill("no such platform");
      await page.getByText(`0 of`).waitFor();
      await page.getByRole("link", { name: "Receive by webhook" }).press("Enter");
      assert.equal(new URL(page.url()).search, "?add=webhook");
    }));

  it("shows why an owner's no granted nothing, and keeps what was typed", (t) =>
    withPage(t, async (page) => {
      world.platform.consent = "deny";
      await toAccess(page);
      await page.getByRole("button", { name: "Grant access …" }).click();
      await page.getByText("Access was not granted").waitFor();
      await page.getByText("The owner said no").waitFor();
      assert.equal(await page.getByLabel("clientId").inputValue(), "web-app");
      assert.deepEqual(await grants(), []);
      world.platform.consent = "allow";
    }));

  it("goes from the catalogue by a grant and a forecast to posts", (t) =>
    withPage(t, async (page) => {
      await toAccess(page);
      await page.getByText(`${api.address}/api/v1/grants/callback`).waitFor();
      await page.getByLabel("Name of the account here").fill("brand");
      await page.getByRole("button", { name: "Grant access …" }).click();
      await page.getByText("Access is granted as brand.").waitFor();
      assert.equal(await page.getByRole("radio", { name: /^brand/ }).isChecked(), true);
      assert.equal(await page.getByLabel("clientId").inputValue(), "web-app", "what was typed is there after the way to the platform and back");
      assert.equal(await page.getByLabel("app", { exact: true }).inputValue(), "web", "what an account needs is chosen with it");
      assert.deepEqual(
        (await grants()).map(({ account, connector }) => [account, connector]),
        [["brand", "reddit"]],
      );
      await assertSound(page, "setup-granted");

      await next(page);
      await page.getByLabel("refreshMinutes").fill("0");
      await page.getByLabel("startAt").selectOption("oldest");
      await page.getByRole("button", { name: "Ask the platform" }).click();
      const forecast = page.locator(".forecast");
      await forecast.getByText("Posts a day").waitFor();
      const { body: told } = await api.ask("POST", "/api/v1/sources/forecast", { body: { use: "reddit", options: world.optionsFor("brand") } });
      assert.equal(told["state"], "told", JSON.stringify(told));
      const [cost] = rowsOf(told, "costs");
      const shown = await forecast.innerText();
      // The hour of the sample grows by the seconds between the two answers.
      const perDay = Number(/Posts a day\s+([\d,]+)/.exec(shown)?.[1]?.replaceAll(",", ""));
      assert.ok(Math.abs(perDay - Number(told["perDay"])) <= 5, `${perDay} is about ${JSON.stringify(told["perDay"])}`);
      assert.ok(shown.includes(`of ${number(cost?.["allowedPerDay"])} allowed`), shown);
      const meter = forecast.getByRole("meter");
      assert.equal(await meter.getAttribute("aria-valuenow"), String(Math.round(Number(cost?.["share"]) * 100)));
      assert.equal(await count("reddit"), 0, "nothing is collected before it is saved");
      await assertSound(page, "setup-forecast");

      await next(page);
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByText("It works: the platform answers.").waitFor();
      await next(page);
      await page.getByText("It was tried, and works.").waitFor();
      await page.getByText("env:REDDIT_APP_SECRET").waitFor();
      await assertSound(page, "setup-save");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("reddit is added.").waitFor();
      await until("all posts arrive", async () => (await count("reddit")) === 60);
      assert.deepEqual(
        (await grants()).map(({ sources }) => sources),
        [["reddit"]],
      );
      const saved = rowsOf((await api.ask("GET", "/api/v1/sources")).body).find(({ id }) => id === "reddit");
      assert.deepEqual(saved?.["options"], world.optionsFor("brand"));
      assert.doesNotMatch(await page.content(), new RegExp(appSecret));
      assert.equal(await page.evaluate("sessionStorage.length"), 0, "what was typed is not kept beyond");
    }));

  it("shows each allowance as a bar whose numbers are the API's, and when it is full again", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources?open=reddit`);
      const dialog = page.getByRole("dialog", { name: "Source reddit" });
      await until("the page says what the API says", async () => {
        const activity = rowsOf((await api.ask("GET", "/api/v1/sources/activity")).body).find(({ id }) => id === "reddit");
        const [budget] = activity === undefined ? [] : rowsOf(activity, "budgets");
        if (budget === undefined) return false;
        const limit = Number(recordAt(budget, "limit")["requests"]);
        const used = limit - Number(budget["left"]);
        const meter = dialog.getByRole("meter", { name: `Used of ${String(budget["name"])}` });
        await meter.waitFor();
        const text = `${number(used)} of ${number(limit)} used, ${number(budget["left"])} left.`;
        return (await meter.getAttribute("aria-valuetext"))?.endsWith(text) === true && (await dialog.getByText(text).count()) === 1;
      });
      await dialog.getByText("What is used is free again a minute later.").waitFor();
    }));

  it("says which access ends and what to do, and how many calls the cache saved", (t) =>
    withPage(t, async (page) => {
      await using feeds = await startFeeds({ seed: "setup", nowMs: () => Date.now(), blogs: 1, articlesEach: 3 });
      const [blog] = feeds.blogs;
      assert.ok(blog);
      await api.ask("PUT", "/api/v1/sources/ending", { body: { use: "mastodon", server: world.platform.url, transport: "polling", token: "env:ENDING" } });
      await api.ask("PUT", "/api/v1/sources/blog", { body: { use: "rss", feeds: [feeds.feedUrl(blog)], pollSeconds: 1 } });
      const dayOf = async () =>
        recordAt(
          rowsOf((await api.ask("GET", "/api/v1/sources/activity")).body).find(({ id }) => id === "blog"),
          "day",
        );
      const ending = async () => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find(({ id }) => id === "ending");
      await until("the source warns", async () => JSON.stringify((await ending())?.["warnings"] ?? "").includes("ends in 5 days"));
      await page.goto(`${api.address}/sources`);
      await page
        .getByRole("row", { name: /^ending/ })
        .getByText("access ends")
        .waitFor();
      await page.goto(`${api.address}/sources?open=ending`);
      const warned = page.getByRole("group", { name: "Somebody has to do something about the access" });
      await warned.getByText(/it ends in 5 days/).waitFor();
      await warned.getByText("lay a new token or key in the same place").waitFor();
      await assertSound(page, "setup-warned");
      await until("an answer was not modified", async () => Number((await dayOf())["saved"]) > 0);
      await page.goto(`${api.address}/sources?open=blog`);
      await until("the page says what the API says", async () => {
        const { requests, saved } = await dayOf();
        const text = await page.getByRole("dialog").getByText("did not have to come again").innerText();
        return text.startsWith(`${number(saved)} answer`) && text.endsWith(`; ${number(requests)} calls went out.`);
      });
      await assertSound(page, "setup-saved");
      for (const id of ["ending", "blog"]) await api.ask("DELETE", `/api/v1/sources/${id}`);
    }));

  it("gives access back once the account's name is typed, and names the sources that stop", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources?edit=reddit&step=access`);
      await page.getByText("Used by reddit.").waitFor();
      await page.getByRole("button", { name: "Revoke access of brand" }).click();
      const dialog = page.getByRole("dialog", { name: "Revoke access of brand" });
      await dialog.getByText("These sources stop: reddit.").waitFor();
      await assertSound(page, "setup-revoke");
      await dialog.getByLabel("Type brand to confirm").fill("brand");
      await page.keyboard.press("Enter");
      await dialog.waitFor({ state: "detached" });
      await page.getByText("The owner of an account says yes").waitFor();
      assert.deepEqual(await grants(), []);
    }));

  it("tells a webhook's address and form of signature, which a sender can follow", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/sources?add=webhook`);
      await page.getByLabel("Name of the source").fill("partner");
      await page.getByText("More options").press("Enter");
      await page.getByLabel("signature.header").fill("X-Partner-Signature");
      const form = await page.getByLabel("Address and form of a request").innerText();
      assert.deepEqual(form.split("\n").slice(0, 3), [
        `POST ${api.address}/api/v1/in/partner`,
        "content-type: application/json",
        "X-Partner-Signature: sha256=<hex of HMAC-SHA256(key, body)>",
      ]);
      await next(page);
      await page
        .getByRole("textbox", { name: "secrets 1: Environment variable" })
        .or(page.getByRole("textbox", { name: "secrets: Environment variable" }))
        .first()
        .fill("WEBHOOK_KEY");
      await next(page);
      await next(page);
      await page.getByRole("button", { name: "Try it" }).click();
      await page.getByText("It works: the platform answers.").waitFor();
      await next(page);
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByText("partner is added.").waitFor();
      const body = JSON.stringify({ id: "1", author: "a", text: "a signed okapi", createdAt: new Date().toISOString() });
      const signature = `sha256=${createHmac("sha256", webhookKey).update(body).digest("hex")}`;
      const sent = await fetch(`${api.address}/api/v1/in/partner`, { method: "POST", body, headers: { "content-type": "application/json", "X-Partner-Signature": signature } });
      assert.equal(sent.status, 202, await sent.text());
      await until("it arrives", async () => (await count("partner")) === 1);
    }));

  for (const [name, options] of [
    ["light", { colorScheme: "light" }],
    ["dark", { colorScheme: "dark" }],
    ["narrow", { viewport: { width: 360, height: 740 } }],
    ["narrow-dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
  ] as const) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          for (const [shown, path, ready] of [
            ["catalogue", "?add=any", ".catalogue"],
            ["access", "?add=reddit&step=access", ".grants"],
            ["cost", "?add=x&step=cost", ".forecast"],
            ["detail", "?open=reddit", "dialog .budgets"],
          ] as const) {
            await page.goto(`${api.address}/sources${path}`);
            await page.locator(ready).first().waitFor();
            await until("all is loaded", async () => (await page.locator(".loading").count()) === 0);
            await assertSound(page, `setup-${shown}-${name}`);
          }
        },
        options,
      ));
  }
});
