import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { type RunningApi, startApi } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { clientSecret, type RunningProvider, startProvider } from "./oidc.fixtures.ts";

const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

describe("the page of a sign-in by a provider", () => {
  let api: RunningApi;
  let provider: RunningProvider;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    provider = await startProvider();
    // The provider is at localhost, we are at 127.0.0.1: two sites to a browser.
    api = await startApi({
      pages: true,
      env: { OIDC_TEST_SECRET: clientSecret },
      config: {
        signIn: {
          oidc: {
            issuer: provider.issuer,
            clientId: "earshot",
            clientSecret: "env:OIDC_TEST_SECRET",
            name: "Example Works",
            scopes: ["openid", "profile", "groups"],
            rolesClaim: "groups",
            roles: { viewer: ["everybody"] },
          },
        },
      },
    });
    provider.enrol(api.address);
    provider.people.set("ann", { preferred_username: "ann", groups: ["everybody"] });
    provider.people.set("eve", { preferred_username: "eve", groups: [] });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });

  async function withPage(t: TestContext, run: (page: Page) => Promise<void>): Promise<void> {
    if (!("browser" in opened)) {
      t.skip(opened.reason);
      return;
    }
    const context = await opened.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const complaints: string[] = [];
    const isOurs = (url: string) => url.startsWith(api.address);
    page.on("console", (message) => {
      if (message.type() === "error" && isOurs(message.location().url) && !/status of 401/.test(message.text())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => isOurs(page.url()) && complaints.push(error.message));
    // The provider's own pages ask for a font of elsewhere.
    await page.route(/^https:/, (route) => route.abort());
    try {
      await run(page);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  }
  const button = (page: Page) => page.getByRole("button", { name: "Sign in with Example Works" });
  async function signInThere(page: Page, login: string): Promise<void> {
    await page.getByPlaceholder("Enter any login").fill(login);
    await page.getByPlaceholder("and password").fill("x");
    await page.getByRole("button", { name: /sign-in/i }).click();
  }
  async function findings(page: Page): Promise<readonly string[]> {
    const found: unknown = await page.evaluate(
      `${axeSource}; axe.run().then((result) => result.violations.map((one) => one.id + ": " + one.nodes.map((node) => node.html).join(" ")))`,
    );
    return Array.isArray(found) ? found.map(String) : [String(found)];
  }

  it("goes to the provider and comes back signed in to the page where it began, and stays so", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/search?q=zebra`);
      await button(page).waitFor();
      await page.getByText("npm run earshot -- link").waitFor();
      assert.deepEqual(await findings(page), []);
      await button(page).click();
      await page.waitForURL(`${provider.issuer}/**`);
      await signInThere(page, "ann");
      await page.getByRole("searchbox", { name: "Search posts" }).waitFor();
      assert.equal(page.url(), `${api.address}/search?q=zebra`);
      const cookies = await page.context().cookies(api.address);
      assert.deepEqual(
        cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite })),
        [{ name: "earshot_session", httpOnly: true, sameSite: "Strict" }],
      );
      await page.reload();
      await page.getByRole("searchbox", { name: "Search posts" }).waitFor();
      // The address with the code redirected on, so that going back meets the provider's page and no used code.
      await page.goBack();
      assert.ok(page.url().startsWith(provider.issuer), page.url());
    }));

  it("signs out here and at the provider, and comes back to its button", (t) =>
    withPage(t, async (page) => {
      await page.goto(api.address);
      await button(page).click();
      await signInThere(page, "ann");
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Sign out there" }).click();
      await page.waitForURL(`${api.address}/`);
      await button(page).waitFor();
      assert.deepEqual(await page.context().cookies(api.address), []);
      await button(page).click();
      await page.getByPlaceholder("Enter any login").waitFor();
    }));

  it("says in words why nobody was signed in, and lets another try", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/explore`);
      await button(page).click();
      await signInThere(page, "eve");
      await page.getByRole("alert").filter({ hasText: "none of your groups gives a role here" }).waitFor();
      assert.equal(page.url(), `${api.address}/explore?signIn=SIGN_IN_NO_ROLE`);
      assert.deepEqual(await findings(page), []);
      await page.goto(`${api.address}/?signIn=<b>Call%20555</b>`);
      await button(page).waitFor();
      assert.equal(await page.getByRole("alert").count(), 0, "words of an address are not shown");
      await page.goto(`${api.address}/?signIn=SOMETHING_NEW`);
      await page.getByRole("alert").filter({ hasText: "SOMETHING_NEW" }).waitFor();
    }));
});
