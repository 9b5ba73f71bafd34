import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { oauthStyles } from "../world/servers/oauth-styles.ts";
import { rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { appSecret, type GrantWorld, secretName, startGrantedGraph, startGrantedMastodon, startGrantedX } from "./grant-worlds.fixtures.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";

describe("granting access in the browser", () => {
  let api: RunningApi;
  let x: GrantWorld;
  let facebook: GrantWorld;
  let mastodon: GrantWorld;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    x = await startGrantedX();
    // Ten days are left when it begins: who looks is warned.
    facebook = await startGrantedGraph("facebook", { ...oauthStyles.facebook, accessSeconds: 10 * 86_400 });
    mastodon = await startGrantedMastodon();
    api = await startApi({ pages: true, env: { [secretName]: appSecret } });
    for (const world of [x, facebook, mastodon]) {
      world.redirectUris.push(`${api.address}/api/v1/grants/callback`);
      world.platform.consent = "ask";
    }
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    for (const one of [api, x, facebook, mastodon]) await one[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));
  const next = (page: Page) => page.getByRole("button", { name: "Next" }).click();
  const count = async (id: string) => Number((await api.ask("GET", `/api/v1/posts/count?q=source:${id}`)).body["posts"]);
  const choose = async (page: Page, name: string) => {
    await page.goto(`${api.address}/sources?add=any`);
    await page.getByRole("link", { name: `Choose ${name}`, exact: true }).press("Enter");
  };
  const more = (page: Page) => page.getByText("More options").press("Enter");
  const secretAt = async (page: Page, name: string) => {
    const box = page.getByRole("textbox", { name: `${name}: Environment variable` });
    await box.fill(secretName);
    await box.blur();
    await page.getByText("It is there, and can be read.").waitFor();
  };
  const trySaveAndWait = async (page: Page, id: string, posts: number) => {
    await page.getByRole("button", { name: "Try it" }).click();
    await page.getByText("It works: the platform answers.").waitFor();
    await next(page);
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText(`${id} is added.`).waitFor();
    await until("all posts arrive", async () => (await count(id)) >= posts);
    assert.equal(await count(id), posts);
    assert.doesNotMatch(await page.content(), new RegExp(appSecret));
    assert.equal(await page.evaluate("sessionStorage.length"), 0);
  };

  it("leads from X in the catalogue, by a no and a yes at its page, to posts", (t) =>
    withPage(t, async (page) => {
      await choose(page, "X");
      await page.getByLabel("queries", { exact: true }).fill("okapi");
      await more(page);
      await page.getByLabel("server", { exact: true }).fill(x.platform.url);
      await next(page);
      await page.getByLabel("clientId", { exact: true }).fill("client-of-x");
      await secretAt(page, "clientSecret");
      await page.getByRole("button", { name: "Grant access …" }).click();
      await page.getByText("would like to read as you").waitFor();
      assert.equal(new URL(page.url()).pathname, "/i/oauth2/authorize");
      await page.getByRole("button", { name: "Cancel" }).click();
      await page.getByText("Access was not granted").waitFor();
      await page.getByText("access_denied").waitFor();
      await assertSound(page, "grant-denied");
      await page.getByRole("button", { name: "Grant access …" }).click();
      await page.getByRole("button", { name: "Authorize app" }).click();
      await page.getByText("Access is granted as x.").waitFor();
      assert.equal(await page.getByText("Access was not granted").count(), 0);
      await next(page);
      await page.getByLabel("startAt").selectOption("oldest");
      await page.getByLabel("pollSeconds").fill("1");
      await page.getByLabel("complianceHours").fill("0");
      await next(page);
      await trySaveAndWait(page, "x", x.posts);
    }));

  it("asks for access at Facebook first, lets a page be chosen, and reads that page alone", (t) =>
    withPage(t, async (page) => {
      await choose(page, "Facebook pages");
      assert.match(await page.getByRole("navigation", { name: "Steps" }).innerText(), /^1\. Access\s+2\. What to listen to/);
      await page.getByRole("link", { name: "2. What to listen to" }).press("Enter");
      await more(page);
      await page.getByLabel("server", { exact: true }).fill(facebook.platform.url);
      await page.getByRole("link", { name: "1. Access" }).press("Enter");
      await page.getByLabel("appId", { exact: true }).fill("4242");
      await secretAt(page, "appSecret");
      assert.equal(await page.getByRole("group", { name: /can read$/ }).count(), 0, "nothing to choose from without access");
      await page.getByRole("button", { name: "Grant access …" }).click();
      await page.getByText("pages_read_engagement").waitFor();
      await page.getByRole("button", { name: "Continue as Ann" }).click();
      await page.getByText("Access is granted as facebook.").waitFor();
      const offers = page.getByRole("group", { name: "What facebook can read" });
      await offers.getByText("Simulated page 0").waitFor();
      assert.equal(await offers.getByRole("checkbox").count(), 2);
      await offers.getByRole("checkbox", { name: /Simulated page 1/ }).check();
      await assertSound(page, "grant-offers");
      await next(page);
      assert.equal(await page.getByLabel("pages", { exact: true }).inputValue(), "770000001");
      await next(page);
      await page.getByLabel("pollSeconds").fill("10");
      await next(page);
      await trySaveAndWait(page, "facebook", facebook.posts);
      await page
        .getByRole("row", { name: /^facebook/ })
        .getByText("access ends")
        .waitFor();
    }));

  it("registers an app at a server of Mastodon by itself, and shows a grant that died with the way to grant it again", (t) =>
    withPage(t, async (page) => {
      await choose(page, "Mastodon");
      await page.getByLabel("server", { exact: true }).fill(mastodon.platform.url);
      await more(page);
      await page.getByLabel("transport").selectOption("polling");
      await next(page);
      await page.getByRole("button", { name: "Grant access …" }).click();
      await page.getByText("Earshot would like to read as you").waitFor();
      await page.getByRole("button", { name: "Authorize" }).click();
      await page.getByText("Access is granted as mastodon.").waitFor();
      await next(page);
      await page.getByLabel("startAt").selectOption("oldest");
      await page.getByLabel("pollSeconds").fill("1");
      await page.getByLabel("refreshMinutes").fill("0");
      await next(page);
      await trySaveAndWait(page, "mastodon", mastodon.posts);

      mastodon.platform.revokeAll();
      await page.goto(`${api.address}/sources?open=mastodon`);
      const granted = page.getByRole("region", { name: "Access granted in the browser" });
      await granted.getByText("does not take this access any more").waitFor();
      await assertSound(page, "grant-died");
      await granted.getByRole("button", { name: "Grant access again" }).click();
      await page.getByRole("button", { name: "Authorize" }).click();
      await granted.getByText("Access is granted as mastodon.").waitFor();
      await until("it polls again", async () => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find(({ id }) => id === "mastodon")?.["state"] === "polling");
      assert.equal(mastodon.platform.registered.length, 2, "an app for each grant");
    }));

  it("lists the accounts under Connections, where access is granted again and given back", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/connections`);
      const row = page.getByRole("row", { name: /^facebook/ });
      await row.getByText("Holds until").waitFor();
      facebook.platform.leavesOut.add("pages_read_user_content");
      await row.getByRole("button", { name: "Grant access again … as facebook" }).click();
      await page.getByRole("button", { name: "Continue as Ann" }).click();
      await page.getByText("Access is granted as facebook.").waitFor();
      await row.getByText("The owner left out: pages_read_user_content.").waitFor();
      await assertSound(page, "connections-grants");
      await page.getByRole("button", { name: "Revoke access of x" }).click();
      const dialog = page.getByRole("dialog", { name: "Revoke access of x" });
      await dialog.getByText("These sources stop: x.").waitFor();
      await dialog.getByLabel("Type x to confirm").fill("x");
      await page.keyboard.press("Enter");
      await page.getByRole("row", { name: /^x/ }).waitFor({ state: "detached" });
      assert.equal(x.platform.givenBack, 1);
    }));

  for (const [name, options] of views) {
    it(`has no fault that axe finds, ${name}`, (t) =>
      withPage(
        t,
        async (page) => {
          for (const [shown, path, ready] of [
            ["accounts", "/connections", "caption:has-text('Accounts that granted')"],
            ["offers", "/sources?edit=facebook&step=access", ".offers input"],
            ["failed", "/sources?add=mastodon&step=access&grantError=UPSTREAM_AUTH&grantReason=invalid_client", ".grants .problem"],
            ["warned", "/sources?open=facebook", ".granted .trouble"],
          ] as const) {
            await page.goto(`${api.address}${path}`);
            const first = page.locator(ready).first();
            await first.waitFor();
            await first.scrollIntoViewIfNeeded();
            await until("all is loaded", async () => (await page.locator(".loading").count()) === 0);
            await assertSound(page, `grant-${shown}-${name}`);
          }
        },
        options,
      ));
  }
});
