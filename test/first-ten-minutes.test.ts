import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import { assertSound, collectComplaints, draw } from "./page.fixtures.ts";
import { earshot, makePlace, token } from "./start.fixtures.ts";

const feed = `<?xml version="1.0"?><rss version="2.0"><channel><title>Zoo news</title><link>http://zoo.example</link><description>-</description>
${["An okapi was born", "The okapi drinks Norvella", "Penguins at noon"].map((title, i) => `<item><title>${title}</title><guid isPermaLink="false">zoo-${i}</guid><pubDate>${new Date(Date.now() - i * 60_000).toUTCString()}</pubDate><description>Read on</description></item>`).join("")}
</channel></rss>`;

/** Places that a newcomer names: a feed, and a Mastodon server that shows nothing without a token. */
async function openPlaces() {
  const server = createServer((request, response) => {
    if (request.url === "/feed.xml") response.setHeader("content-type", "application/rss+xml").end(feed);
    else if (request.url?.startsWith("/api/v1/timelines") === true)
      response.writeHead(422, { "content-type": "application/json" }).end('{"error":"This method requires an authenticated user"}');
    else response.writeHead(404, { "content-type": "application/json" }).end('{"error":"Not found"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return { url: `http://127.0.0.1:${address.port}`, [Symbol.asyncDispose]: async () => void (await new Promise((done) => (server.close(done), server.closeAllConnections()))) };
}

const field = (page: Page, name: string) => page.getByRole("textbox", { name, exact: true });

test("the first ten minutes of a newcomer, from the link in the terminal to real posts alone", { timeout: 230_000 }, async (t) => {
  const opened = await openBrowser();
  if (!("browser" in opened)) return t.skip(opened.reason);
  await using place = await makePlace();
  await using places = await openPlaces();
  const program = earshot(["start"], {
    env: { EARSHOT_DATA: join(place.folder, "data"), EARSHOT_CONFIG: await place.config("plain.ts", "export default {};\n"), EARSHOT_TOKEN: token },
  });
  try {
    const address = await program.ready;
    const link = /http:\S+#code=\S+/.exec(program.output())?.[0] ?? "";
    const api = async (path: string): Promise<Record<string, unknown>> => {
      const answer: unknown = await (await fetch(address + path, { headers: { authorization: `Bearer ${token}` } })).json();
      assert.ok(typeof answer === "object" && answer !== null);
      return { ...answer };
    };
    const context = await opened.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const complaints = collectComplaints(page);

    await page.goto(link);
    await page.getByRole("heading", { name: "What do you want to hear?" }).waitFor();
    assert.equal(new URL(page.url()).pathname, "/welcome");
    await page.getByText("Simulated data.").waitFor();
    await field(page, "Name").fill("Norvella");
    const preview = page.getByRole("region", { name: "Stored posts that match" });
    await preview.locator("article.post").first().waitFor();
    assert.match(await preview.locator("output").innerText(), /^[\d,]+ posts?$/);
    await preview.getByText("From the simulated world: says nothing about the real one.").waitFor({ timeout: 120_000 });
    await assertSound(page, "first-1-hear");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "Change Norvella" }).waitFor();
    await page.getByRole("radio", { name: "Topic" }).check();
    await field(page, "Name").fill("okapi");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "Change okapi" }).waitFor();

    await page.getByRole("link", { name: "Next: where from" }).click();
    const card = (name: string) => page.getByRole("region", { name, exact: true });
    const mastodon = card("Mastodon");
    await field(page, "Server").fill(places.url);
    await mastodon.getByRole("button", { name: "Check and add" }).click();
    await mastodon.getByRole("alert").getByText("This server shows its public timeline to signed-in accounts only.").waitFor();
    assert.ok(!JSON.stringify(await api("/api/v1/sources")).includes('"mastodon","simulated":false'), "what wants a token is not saved without one");
    await field(page, "Address of a feed").fill(`${places.url}/feed.xml`);
    await card("Feeds").getByRole("button", { name: "Check and add" }).click();
    await card("Feeds")
      .getByText(/^. Added: /)
      .waitFor();
    const line = JSON.stringify({ id: "f1", platform: "survey", author: "ann", text: "the okapi of my life, wonderful", createdAt: new Date().toISOString() });
    await page.getByLabel(/hoose/).setInputFiles({ name: "survey.ndjson", mimeType: "application/x-ndjson", buffer: Buffer.from(`${line}\n{"id":"f2"}\n`) });
    await card("Files").locator("[role=status]").first().waitFor();
    await assertSound(page, "first-2-sources");

    await page.getByRole("link", { name: "Next: listen" }).click();
    const heard = page.getByRole("region", { name: "Newest", exact: false }).locator("article.post");
    await heard.filter({ hasText: "the okapi of my life" }).waitFor();
    await heard.filter({ hasText: "An okapi was born" }).waitFor();
    await page.getByText("A simulated world is stored too.").first().waitFor();
    await assertSound(page, "first-3-listen");
    await page.getByRole("button", { name: "Remove the simulated world", exact: true }).click();
    await page.getByText("The simulated world is gone").waitFor({ timeout: 60_000 });
    assert.equal((await api("/api/v1/status"))["simulated"], "none");
    assert.equal((await api("/api/v1/posts/count"))["posts"], 4);

    await page
      .getByRole("link", { name: /Leave|Done|Live/ })
      .first()
      .click();
    for (const name of ["Explore", "Search", "Brands and queries", "Sources", "Quarantine", "Data", "Settings"]) {
      await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
      await page.getByRole("heading", { level: 2, name, exact: true }).waitFor();
      await page.locator(".loading").waitFor({ state: "detached" });
      await assertSound(page, `first-4-${name}`);
    }
    await page.keyboard.press("Control+k");
    await page.keyboard.type("norv");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/explore\?term=norvella/);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Live", exact: true }).click();
    await page.waitForURL(/\/live\?term=norvella/);
    await page.keyboard.press("/");
    await page.getByRole("searchbox", { name: "Search posts" }).fill("okapi");
    await page.keyboard.press("Enter");
    await page.locator(".hint", { hasText: "3 posts" }).waitFor();
    assert.deepEqual(complaints, []);
    program.kill("SIGINT");
    const late = setTimeout(() => program.kill("SIGKILL"), 60_000);
    const { code, output } = await program.exit;
    clearTimeout(late);
    assert.equal(code, 0, `it did not stop by itself within 60 s: ${output.slice(-1_000)}`);
  } catch (error) {
    for (const [i, page] of opened.browser
      .contexts()
      .flatMap((context) => context.pages())
      .entries())
      await draw(page, `first-failed-${i}`);
    t.diagnostic(
      program
        .output()
        .replaceAll(/#code=\S+/g, "#code=…")
        .slice(-2_000),
    );
    throw error;
  } finally {
    program.kill("SIGKILL");
    await program.exit;
    await opened.browser.close();
  }
});
