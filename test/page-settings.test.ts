import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { signInAs } from "./people.fixtures.ts";

const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

describe("the settings page", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let admin = "";
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true, config: { terms: { acme: { name: "Acme", query: "acme" }, zenithal: { name: "Zenith Holding", query: "zenith" } } } });
    const at = new Date().toISOString();
    await api.import([
      { id: "a", platform: "forum", author: "x", text: "acme is here", createdAt: at },
      { id: "z", platform: "diary", author: "x", text: "zenith is here", createdAt: at },
    ]);
    await api.settle();
    admin = await signInAs(api, { name: "ada", role: "admin" });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });

  async function withPage(t: TestContext, cookie: string | undefined, run: (page: Page, context: BrowserContext) => Promise<void>, options: BrowserContextOptions = {}) {
    if (!("browser" in opened)) {
      t.skip(opened.reason);
      return;
    }
    const context = await opened.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 }, ...options });
    const [name = "", value = ""] = (cookie ?? "").split("=");
    if (cookie !== undefined) await context.addCookies([{ name, value, url: api.address }]);
    const complaints: string[] = [];
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    try {
      await run(page, context);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  }

  it("invites a user by a link that signs them in to what they may see, changes them, and removes them by their name", (t) =>
    withPage(t, admin, async (page) => {
      await page.goto(`${api.address}/settings?tab=users`);
      await page.getByRole("button", { name: "Invite a user" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name").fill("bea");
      await dialog.getByRole("group", { name: "Brands and queries" }).getByLabel("Only").check();
      await dialog.getByLabel("Acme").check();
      await dialog.getByRole("button", { name: "Invite a user" }).click();
      const link = await dialog.getByLabel("One-time sign-in link").inputValue();
      assert.ok(link.startsWith(`${api.address}/#code=`));
      await dialog.getByRole("button", { name: "Close" }).click();
      await page.getByRole("row", { name: /^bea .*posts of Acme/ }).waitFor();

      await withPage(t, undefined, async (theirs) => {
        await theirs.goto(link);
        await theirs.getByRole("heading", { name: "Live" }).waitFor();
        assert.equal(await theirs.getByRole("link", { name: "Sources" }).count(), 0);
        await theirs.goto(`${api.address}/sources`);
        await theirs.getByText("This page speaks of all that is stored.").waitFor();
        await theirs.goto(`${api.address}/settings?tab=users`);
        await theirs.getByText("posts of acme").waitFor();
        assert.deepEqual(await theirs.locator(".settings-tabs a").allInnerTexts(), ["My account", "API tokens", "Brands and queries"]);
        await theirs.goto(`${api.address}/search?q=`);
        await theirs.getByText("acme is here").waitFor();
        assert.equal(await theirs.getByText("zenith is here").count(), 0);
      });

      await page.getByRole("button", { name: "bea" }).click();
      await dialog.getByLabel(/^analyst/).check();
      await dialog.getByRole("button", { name: "Save" }).click();
      await page.getByRole("row", { name: /^bea analyst/ }).waitFor();
      const user = rowsOf((await api.ask("GET", "/api/v1/users")).body).find((each) => each["name"] === "bea");
      assert.deepEqual([user?.["role"], user?.["terms"], user?.["sessions"]], ["analyst", ["acme"], 1]);

      await page.getByRole("button", { name: "bea" }).click();
      await dialog.getByRole("button", { name: "Remove" }).click();
      await dialog.getByText("1 open session ends at once.").waitFor();
      await dialog.getByLabel("Type bea to confirm").fill("be");
      await dialog.getByRole("button", { name: "Remove" }).click();
      assert.ok(await dialog.isVisible());
      await dialog.getByLabel("Type bea to confirm").fill("bea");
      await dialog.getByRole("button", { name: "Remove" }).click();
      await page.getByText("bea is removed.").waitFor();
      assert.ok(!rowsOf((await api.ask("GET", "/api/v1/users")).body).some((each) => each["name"] === "bea"));
    }));

  it("makes a token that may what was ticked, copies its secret once, and revokes it", (t) =>
    withPage(
      t,
      admin,
      async (page) => {
        await page.goto(`${api.address}/settings?tab=tokens`);
        await page.getByRole("button", { name: "Make a token" }).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByLabel("What it is for").fill("nightly");
        assert.ok(await dialog.getByRole("button", { name: "Make it" }).isDisabled());
        await dialog.getByLabel("read posts").check();
        await dialog.getByRole("button", { name: "Make it" }).click();
        const secret = await dialog.getByLabel("Secret").inputValue();
        await dialog.getByRole("button", { name: "Copy" }).click();
        await dialog.getByText("Copied.").waitFor();
        assert.equal(await page.evaluate("navigator.clipboard.readText()"), secret);
        await dialog.getByRole("button", { name: "Close" }).click();
        assert.equal((await api.ask("GET", "/api/v1/posts", { token: secret })).status, 200);
        assert.equal((await api.ask("GET", "/api/v1/terms", { token: secret })).status, 403);
        const row = page.getByRole("row", { name: /^nightly ada viewer posts:read/ });
        await row.waitFor();
        assert.ok(!(await page.content()).includes(secret));
        await row.getByRole("button", { name: "Revoke nightly" }).click();
        await dialog.getByLabel("Type nightly to confirm").fill("nightly");
        await dialog.getByRole("button", { name: "Revoke" }).click();
        await page.getByText("nightly is revoked.").waitFor();
        assert.equal((await api.ask("GET", "/api/v1/posts", { token: secret })).status, 401);
      },
      { permissions: ["clipboard-read", "clipboard-write"] },
    ));

  it("ends the other sessions of one's account, and leaves this one", (t) =>
    withPage(t, admin, async (page) => {
      const link = await api.ask("POST", "/api/v1/users/ada/link");
      await api.ask("POST", "/api/v1/session", { token: null, body: { code: link.body["code"] } });
      await page.goto(`${api.address}/settings`);
      await page.getByRole("button", { name: "Sign out everywhere else" }).click();
      await page.getByText("1 session ended.").waitFor();
      await page.getByText("this one").waitFor();
      assert.equal((await api.ask("GET", "/api/v1/sessions", { token: null, headers: { cookie: admin } })).status, 200);
    }));

  it("finds in the audit log who did what, and says how far the chain is verified", (t) =>
    withPage(t, admin, async (page) => {
      await api.ask("PUT", "/api/v1/terms/noted", { body: { name: "Noted", query: "noted" } });
      await page.goto(`${api.address}/settings?tab=audit`);
      await page.getByLabel("To what").fill("noted");
      await page.getByRole("button", { name: "Apply" }).click();
      await page.getByRole("row", { name: /command line term\.put noted/ }).waitFor();
      await until("the others are gone", async () => (await page.getByRole("row").count()) === 2);
      assert.equal(new URL(page.url()).searchParams.get("subject"), "noted");
      await page.getByRole("button", { name: "Verify the chain" }).click();
      const [last] = rowsOf((await api.ask("GET", "/api/v1/audit?limit=1")).body);
      await page.getByText(`${String(recordAt(last)["number"])} entries verified`).waitFor();
      await page.getByText(String(recordAt(last)["hash"])).waitFor();
    }));

  for (const [width, colorScheme] of [
    [1280, "light"],
    [360, "dark"],
  ] as const)
    it(`is accessible and fits ${width} px, in ${colorScheme}`, (t) =>
      withPage(
        t,
        admin,
        async (page) => {
          for (const path of [
            "",
            "?tab=users",
            "?tab=users&new=user",
            "?tab=users&open=ada",
            "?tab=users&open=ada&view=remove",
            "?tab=tokens",
            "?tab=tokens&new=token",
            "?tab=audit",
          ]) {
            await page.goto(`${api.address}/settings${path}`);
            await page.locator(".settings table").first().or(page.locator(".empty")).first().waitFor();
            if (path.includes("new") || path.includes("open")) await page.getByRole("dialog").waitFor();
            await page.evaluate(axeSource);
            const found = await page.evaluate(
              "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then((found) => found.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary).join(' | ')))",
            );
            assert.deepEqual(found, [], path);
            assert.equal(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true, path);
          }
        },
        { viewport: { width, height: 900 }, colorScheme },
      ));
});
