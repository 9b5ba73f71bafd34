import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { openBrowser } from "./browser.ts";
import { labelByKeys } from "./labels.fixtures.ts";
import { assertSound, pagesOf, views } from "./page.fixtures.ts";
import { askAs, signInAs as signInUser } from "./people.fixtures.ts";

const things = ["kettle", "lamp", "phone", "toaster", "radio", "mirror"];
const goods = ["I love my new", "so happy with this", "thank you for the lovely", "the best ever is my", "what a wonderful"];
const bads = ["awful, it broke: the", "no refund for the broken", "never again, worst", "angry about my leaking", "the parcel was lost with the"];
/** Sixty texts of thirty people; every other one complains. */
const texts = things.flatMap((thing, i) =>
  [...goods, ...bads].map((start, j) => ({ text: `${start} ${thing} from Lumen`, author: `u${i * 5 + (j % 5)}`, isBad: goods.length <= j })),
);

describe("labelling in the browser", () => {
  let api: RunningApi;
  let opened: Awaited<ReturnType<typeof openBrowser>>;
  let ben: string;
  before(async () => {
    opened = await openBrowser();
    if (!("browser" in opened)) return;
    api = await startApi({ pages: true });
    await api.import(
      texts.map(({ text, author }, i) => ({ id: `l${i}`, platform: "forum", author, text, createdAt: new Date(Date.UTC(2026, 9, 1) + i * 3_600_000).toISOString() })),
    );
    await api.settle();
    ben = await signInUser(api, { name: "ben", role: "analyst" });
  });
  after(async () => {
    if (!("browser" in opened)) return;
    await opened.browser.close();
    await api[Symbol.asyncDispose]();
  });
  const withPage = pagesOf(() => ({ opened, api }));
  const sets = async () => rowsOf((await api.ask("GET", "/api/v1/label-sets")).body);
  const setNamed = async (name: string) => `/api/v1/label-sets/${String((await sets()).find((set) => set["name"] === name)?.["id"])}`;
  const settled = async (path: string) => Number(recordAt((await api.ask("GET", path)).body, "progress", "byState")["settled"]);
  /** By text: what is settled. */
  const exported = async (path: string) => {
    const { text } = await api.ask("GET", `${path}/export?as=jsonl`);
    const rows = text
      .trim()
      .split("\n")
      .map((line) => recordAt({ row: JSON.parse(line) as unknown }, "row"));
    return new Map(rows.map((row) => [String(row["text"]), row]));
  };
  const idOf = (path: string) => path.split("/").at(-1) ?? "";

  it("teaches the first step where there is no set, and makes one", (t) =>
    withPage(t, async (page) => {
      await page.goto(`${api.address}/labels`);
      await page.getByText("No label set yet.").waitFor();
      await assertSound(page, "labels-empty");
      await page.getByRole("button", { name: "New label set" }).click();
      await page.getByLabel("Name").fill("Complaints");
      await page.getByLabel(/^Classes, one a line/).fill("complaint\npraise\nother");
      await page.getByLabel("Guidelines").fill("A complaint names a fault of a product or of a service.\nPraise says that something is good.");
      await assertSound(page, "labels-new");
      await page.getByRole("button", { name: "Make it" }).click();
      await page.getByRole("heading", { name: "Complaints" }).waitFor();
      await page.getByLabel("Texts", { exact: true }).fill("55");
      await page.getByRole("button", { name: "Choose", exact: true }).click();
      await page.getByText(/^55 texts added, out of 60\./).waitFor();
    }));

  it("labels 50 posts with the keyboard alone, undoes, looks back and freezes a version", (t) =>
    withPage(t, async (page) => {
      const path = await setNamed("Complaints");
      await page.goto(`${api.address}/labels/${idOf(path)}`);
      await page.getByRole("link", { name: "Label", exact: true }).focus();
      await page.keyboard.press("Enter");
      const text = page.getByRole("region", { name: "The text" });
      const keyOf = (said: string) => {
        const isBad = texts.find((one) => one.text === said)?.isBad;
        assert.notEqual(isBad, undefined, said);
        return isBad === true ? "1" : "2";
      };
      const before = await labelByKeys(page, 50, keyOf, async (place) => {
        if (place !== 20) return;
        await page.getByText(/^Last: .*Nobody else has labelled it\.$/).waitFor();
        await assertSound(page, "labels-work");
      });
      await until("all are taken", async () => (await settled(path)) === 50);
      await page.getByText("5 left for you").waitFor();
      await page.keyboard.press("u");
      await page.getByText("Taken back.").waitFor();
      assert.equal(await text.textContent(), before, "the text that was taken back comes again");
      assert.equal(await settled(path), 49);
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Enter");
      await until("the arrows chose", async () => (await settled(path)) === 50);
      await page.keyboard.press("s");
      await page.getByText("Last: skipped").waitFor();
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft");
      await page.getByText(/^You said praise;/).waitFor();
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys while labelling" }).waitFor();
      await assertSound(page, "labels-help");
      await page.keyboard.press("Escape");
      const told = [...(await exported(path))].filter(([, row]) => typeof row["label"] === "string");
      assert.equal(told.length, 50);
      const otherwise = told.filter(([said, row]) => (row["label"] === "complaint") !== texts.find((one) => one.text === said)?.isBad).map(([said]) => said);
      assert.deepEqual(
        otherwise.filter((said) => said !== before),
        [],
        "what was pressed is what is kept",
      );
      await page.goto(`${api.address}/labels/${idOf(path)}?view=versions`);
      await page.getByRole("button", { name: "Freeze a version" }).click();
      await page.getByText("Version 1 is frozen: 50 texts.").waitFor();
      await assertSound(page, "labels-versions");
    }));

  it("chooses the next by the doubt of what was labelled, tells why, and what others said only after", (t) =>
    withPage(t, async (page) => {
      const path = await setNamed("Complaints");
      await api.ask("PATCH", path, { body: { perText: 2 } });
      await page.goto(`${api.address}/labels/${idOf(path)}`);
      await page.getByLabel("Texts", { exact: true }).fill("3");
      await page.getByRole("button", { name: "Choose", exact: true }).click();
      await page.getByText(/^3 texts added, out of 5\. Doubt of: 50 labels\.$/).waitFor();
      const [first] = rowsOf((await askAs(api, ben, "GET", `${path}/next`)).body);
      await askAs(api, ben, "PUT", `${path}/items/${String(first?.["id"])}/annotation`, { label: "other" });
      await page.getByRole("link", { name: "Label", exact: true }).click();
      await page.getByText(String(first?.["text"])).waitFor();
      await page.getByText(/Chosen by doubt [01]\.\d\d of 5 texts \(50 labels\)/).waitFor();
      assert.equal(await page.getByText("ben said").count(), 0);
      await page.keyboard.press("2");
      await page.getByText(/Last: praise · ben said other\. · A model would say/).waitFor();
      await page.goto(`${api.address}/labels/${idOf(path)}?view=conflicts`);
      await page.getByText(/you: praise · ben: other|ben: other/).waitFor();
      await assertSound(page, "labels-conflicts");
      await page.getByRole("button", { name: "Choose praise" }).click();
      await page.getByText("No conflict.").waitFor();
      await page.goto(`${api.address}/labels/${idOf(path)}?view=agreement`);
      await page.getByText("Pairs that agree").waitFor();
      await assertSound(page, "labels-agreement");
    }));

  it("marks spans with the keyboard and with the mouse", (t) =>
    withPage(t, async (page) => {
      await api.ask("POST", "/api/v1/label-sets", { body: { name: "Products", kind: "spans", classes: ["product", "brand"], guidelines: "" } });
      const path = await setNamed("Products");
      await api.ask("POST", `${path}/import?as=jsonl`, {
        raw: '{"text":"my Lumen kettle leaks again"}\n{"text":"Lumen lamps are fine"}',
        headers: { "content-type": "application/x-ndjson" },
      });
      await page.goto(`${api.address}/labels/${idOf(path)}/work`);
      await page.getByRole("region", { name: "The text" }).waitFor();
      const [one] = rowsOf((await api.ask("GET", `${path}/next`)).body);
      assert.equal(one?.["text"], "my Lumen kettle leaks again");
      for (const key of ["ArrowRight", "2", "ArrowRight", "Shift+ArrowRight", "1"]) await page.keyboard.press(key);
      await page.locator(".label-spans li", { hasText: /^product: kettle leaks/ }).waitFor();
      for (const key of ["Delete", "ArrowLeft", "1"]) await page.keyboard.press(key);
      await page.locator(".label-spans li", { hasText: /^product: kettle / }).waitFor();
      await assertSound(page, "labels-spans");
      await page.keyboard.press("Enter");
      await page.getByText("Lumen lamps are fine").waitFor();
      const box = await page.locator(".label-marks").boundingBox();
      assert.ok(box !== null);
      const word = page.locator(".label-marks [data-start]").first();
      await word.waitFor();
      await page.locator(".label-marks").dblclick({ position: { x: 70, y: 14 } });
      await page.getByText("Words: lamps").waitFor();
      await page.getByRole("button", { name: "1 product" }).click();
      await page.getByRole("button", { name: /^Done, next/ }).click();
      await page.getByText("Nothing is left for you in this set.").waitFor();
      await until("both are taken", async () => (await settled(path)) === 2);
      const told = await exported(path);
      assert.deepEqual(told.get("my Lumen kettle leaks again")?.["spans"], [
        { start: 3, end: 8, kind: "brand" },
        { start: 9, end: 15, kind: "product" },
      ]);
      assert.deepEqual(told.get("Lumen lamps are fine")?.["spans"], [{ start: 6, end: 11, kind: "product" }]);
    }));

  for (const [name, options] of views) {
    it(`looks as it should (${name})`, (t) =>
      withPage(
        t,
        async (page) => {
          const path = await setNamed("Complaints");
          for (const [at, what] of [
            ["/labels", "Complaints"],
            [`/labels/${idOf(path)}`, "Choose posts to label"],
            [`/labels/${idOf(path)}?edit=1`, "Parts by"],
            [`/labels/${idOf(path)}/work`, "Guidelines"],
          ] as const) {
            await page.goto(`${api.address}${at}`);
            await page.getByText(what).first().waitFor();
            await page.locator(".loading").waitFor({ state: "detached" });
            await assertSound(page, `labels-${name}${at.replace(idOf(path), "set").replaceAll(/[^a-z]+/g, "-")}`);
          }
        },
        options,
      ));
  }

  it("keeps viewers out", async (t) => {
    if (!("browser" in opened)) return t.skip(opened.reason);
    const viewer = await signInUser(api, { name: "vera", role: "viewer" });
    const context = await opened.browser.newContext();
    const [name = "", value = ""] = viewer.split("=");
    await context.addCookies([{ name, value, url: api.address }]);
    const page = await context.newPage();
    await page.goto(`${api.address}/labels`);
    await page.getByText("This page needs the role analyst.").waitFor();
    assert.equal(await page.getByRole("link", { name: "Labels" }).count(), 0);
    await context.close();
  });
});
