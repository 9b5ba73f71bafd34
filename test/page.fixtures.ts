import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { openBrowser } from "./browser.ts";

const axeSource = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const rules = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
/** Where set, each page that is looked at is also drawn into this folder. */
const shots = process.env["EARSHOT_SHOTS"];

/** What a page must never do, whatever it shows. */
export function collectComplaints(page: Page, expected?: RegExp): readonly string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && expected?.test(message.text()) !== true) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}

/** axe finds nothing, and nothing sticks out to the right. */
export async function assertSound(page: Page, name: string): Promise<void> {
  // Colours on their way from one scheme to the other are none that anybody reads.
  await page.evaluate("Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity).map((one) => one.finished))");
  await draw(page, name);
  await page.evaluate(axeSource);
  const faults: unknown = await page.evaluate(
    `axe.run(document, { runOnly: ${rules} }).then((found) => found.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 2).map((n) => n.html.slice(0, 160) + ' ' + n.failureSummary).join(' | ')))`,
  );
  assert.deepEqual(faults, [], name);
  assert.equal(await page.evaluate("document.documentElement.scrollWidth > innerWidth"), false, `${name} fits`);
}

export async function draw(page: Page, name: string): Promise<void> {
  if (shots === undefined) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** As each page is looked at. */
export const views = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["narrow", { viewport: { width: 360, height: 740 } }],
] as const satisfies readonly (readonly [string, BrowserContextOptions])[];

/** Runs a test on a fresh page of the admin, and holds it to what a page must never do; skips it, with the reason, where no browser is. */
export function pagesOf(of: () => { readonly opened: Awaited<ReturnType<typeof openBrowser>>; readonly api: SignedApi }) {
  let signed: Signed | undefined;
  return async (t: TestContext, run: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> => {
    const { opened, api } = of();
    if (!("browser" in opened)) return t.skip(opened.reason);
    signed ??= await signInAs(opened.browser, api);
    await signed(run, options);
  };
}

interface SignedApi {
  readonly address: string;
  readonly system: { makeLink(): Promise<string> };
}

type Signed = (run: (page: Page) => Promise<void>, options?: BrowserContextOptions) => Promise<void>;

export async function signInAs(browser: Browser, api: SignedApi): Promise<Signed> {
  const first = await browser.newContext();
  const page = await first.newPage();
  await page.goto(`${api.address}/#code=${await api.system.makeLink()}`);
  await page.locator("main h2, main h3").first().waitFor();
  const storageState = await first.storageState();
  await first.close();
  return async (run, options = {}) => {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 }, storageState, ...options });
    const fresh = await context.newPage();
    fresh.setDefaultTimeout(20_000);
    const complaints = collectComplaints(fresh);
    try {
      await run(fresh);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  };
}
