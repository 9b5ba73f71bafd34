import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveSystem } from "../src/cli/serve.ts";
import { startSystem } from "../src/runtime/system.ts";
import { openBrowser } from "../test/browser.ts";

/** A first start as a user has it: until the simulated world is loaded, and until Live can be used in a real browser. */
const rounds = 9;
const say = (line: string) => process.stdout.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), "earshot-bench-pages-"));
const config = join(folder, "config.mjs");
writeFileSync(config, "export default {};\n");
const startedAt = performance.now();
const cpuBefore = process.cpuUsage();
const sinceStart = () => ((performance.now() - startedAt) / 1_000).toFixed(1);
const cpuSeconds = () => {
  const { user, system } = process.cpuUsage(cpuBefore);
  return ((user + system) / 1e6).toFixed(1);
};
const system = await startSystem({ collect: true, env: { EARSHOT_DATA: join(folder, "data"), EARSHOT_CONFIG: config } });
const served = await serveSystem(system, { host: "127.0.0.1", port: 0, pages: true });
try {
  say(`serving after ${sinceStart()} s; CPU ${cpuSeconds()} s`);
  for (;;) {
    const world = await system.engine.world();
    if (world?.state === "running") {
      say(`${world.of} posts of thirty days searchable and summed after ${sinceStart()} s; CPU of this process ${cpuSeconds()} s`);
      break;
    }
    if (world === undefined || world.state === "failed") throw new Error("the simulated world did not start");
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const opened = await openBrowser();
  if ("browser" in opened) {
    const page = await opened.browser.newPage();
    await page.goto(`${served.address}/#code=${await system.makeLink()}`);
    await page.locator("main h2, main h3").first().waitFor();
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const before = performance.now();
      await page.goto(`${served.address}/live`, { waitUntil: "commit" });
      await page.locator("article.post").first().waitFor();
      taken.push(performance.now() - before);
    }
    const sorted = taken.toSorted((a, b) => a - b).map((ms) => Math.round(ms));
    say(`Live, from navigation to the first post in the list: median ${sorted[rounds >> 1]} ms, worst ${sorted.at(-1)} ms of ${rounds}`);
    await opened.browser.close();
  } else say(`no browser: ${opened.reason}`);
} finally {
  await served.stop();
  rmSync(folder, { recursive: true, force: true });
}
