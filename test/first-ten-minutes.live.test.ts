import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { openBrowser } from "./browser.ts";
import { collectComplaints, draw } from "./page.fixtures.ts";
import { installPds, type Pds, startPds } from "./peers/atproto.fixtures.ts";
import { earshot, makePlace, token } from "./start.fixtures.ts";

const post = "app.bsky.feed.post";

test("a newcomer hears a real network within seconds, sees a deletion go, and an ended account with it", { timeout: 500_000 }, async (t) => {
  const opened = await openBrowser();
  if (!("browser" in opened)) return t.skip(opened.reason);
  let started: Pds;
  try {
    started = await startPds(await installPds());
  } catch (error) {
    await opened.browser.close();
    return t.skip(`no real PDS here: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`);
  }
  await using pds = started;
  await using place = await makePlace();
  const program = earshot(["start"], {
    env: { EARSHOT_DATA: join(place.folder, "data"), EARSHOT_CONFIG: await place.config("plain.ts", "export default {};\n"), EARSHOT_TOKEN: token },
  });
  try {
    const address = await program.ready;
    const link = /http:\S+#code=\S+/.exec(program.output())?.[0] ?? "";
    const page = await (await opened.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 } })).newPage();
    page.setDefaultTimeout(60_000);
    const complaints = collectComplaints(page);
    const [ann, eve] = [await pds.join("ann"), await pds.join("eve")];

    await page.goto(link);
    await page.getByRole("heading", { name: "What do you want to hear?" }).waitFor();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("okapi");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "Change okapi" }).waitFor();
    // The network here is one server of its own: its address is what the configuration would hold.
    const added = await fetch(`${address}/api/v1/sources/network`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ use: "bluesky", via: "firehose", keep: "matching", endpoints: [pds.url.replace("http", "ws")], startAt: "oldest" }),
    });
    assert.equal(added.status, 200, await added.text());
    await page.getByRole("link", { name: "Next: where from" }).click();
    await page.getByText(/Added: network/).waitFor();
    await page.getByRole("link", { name: "Next: listen" }).click();

    const heard = page.getByRole("region", { name: "Newest that match" }).locator("article.post");
    const first = await pds.write(ann, post, { text: "an okapi in the park", langs: ["en"] });
    await pds.write(ann, post, { text: "nothing that anybody listens for", langs: ["en"] });
    const writtenAt = performance.now();
    await pds.write(eve, post, { text: "my okapi too", langs: ["en"] });
    await heard.filter({ hasText: "my okapi too" }).waitFor();
    t.diagnostic(`from the network to the page: ${Math.round(performance.now() - writtenAt)} ms`);
    await heard.filter({ hasText: "an okapi in the park" }).waitFor();
    assert.equal(await heard.count(), 2);
    await page.getByText("A simulated world is stored too.").first().waitFor();

    await pds.remove(ann, first.uri);
    await heard.filter({ hasText: "an okapi in the park" }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Remove the simulated world", exact: true }).click();
    await page.getByText("The simulated world is gone").waitFor();
    await pds.call("com.atproto.server.deactivateAccount", {}, eve.accessJwt);
    await heard.first().waitFor({ state: "detached" });
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Data", exact: true }).click();
    await page
      .getByRole("row", { name: /account-deleted/ })
      .first()
      .waitFor();
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Search", exact: true }).click();
    await page.locator(".hint", { hasText: /^0 posts/ }).waitFor();
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
      await draw(page, `first-live-failed-${i}`);
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
