import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { isPostId } from "../src/core/ids.ts";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { askAs, signInAs } from "./people.fixtures.ts";

const good = [
  "I love the Lumen kettle",
  "the Lumen lamp is lovely, thank you",
  "so happy with my kettle",
  "best lamp I ever had",
  "wonderful service from Lumen today",
  "this kettle is great",
];
const bad = [
  "my Lumen kettle leaks",
  "the lamp broke at once, awful",
  "angry: no refund for the kettle",
  "worst lamp ever",
  "terrible service from Lumen today",
  "this kettle is rubbish",
];
const line = (text: string, i: number, author = `u${i}`) => ({ id: `l${i}`, platform: "forum", author, text, createdAt: new Date(Date.UTC(2026, 9, 1 + i)).toISOString() });

describe("label sets", () => {
  let api: RunningApi;
  let ann: string;
  let ben: string;
  before(async () => {
    api = await startApi();
    const texts = [...good, ...bad];
    await api.import([
      ...texts.map((text, i) => line(text, i)),
      line("write to kim@example.org, @kim", 40),
      line("a post of somebody who will be erased, about a kettle", 41, "gone"),
    ]);
    await api.settle();
    ann = await signInAs(api, { name: "ann", role: "analyst" });
    ben = await signInAs(api, { name: "ben", role: "analyst" });
  });
  after(() => api[Symbol.asyncDispose]());

  async function makeSet(cookie: string, name: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { status, body, text } = await askAs(api, cookie, "POST", "/api/v1/label-sets", {
      name,
      kind: "classes",
      classes: ["praise", "complaint"],
      guidelines: "Of the product.",
      ...more,
    });
    assert.equal(status, 200, text);
    return `/api/v1/label-sets/${String(body["id"])}`;
  }
  const next = async (cookie: string, set: string) => rowsOf((await askAs(api, cookie, "GET", `${set}/next?limit=50`)).body);
  const label = (cookie: string, set: string, item: unknown, body: unknown) => askAs(api, cookie, "PUT", `${set}/items/${String(item)}/annotation`, body);
  const upload = (set: string, as: string, raw: string, type = "text/csv") => api.ask("POST", `${set}/import?as=${as}`, { raw, headers: { "content-type": type } });

  it("draws posts, hides what others say until one has said something, and tells who agrees", async () => {
    const set = await makeSet(ann, "hidden", { perText: 2 });
    const drawn = await askAs(api, ann, "POST", `${set}/draw`, { q: "kettle", count: 4, how: "diverse" });
    assert.equal(drawn.body["added"], 4, drawn.text);
    const [first, second] = await next(ann, set);
    await label(ann, set, first?.["id"], { label: "praise", tookMs: 900 });
    await label(ann, set, second?.["id"], { label: "praise" });
    const [hidden] = await next(ben, set);
    assert.equal(hidden?.["id"], first?.["id"]);
    for (const name of ["others", "mine", "label"]) assert.equal(name in (hidden ?? {}), false, name);
    const all = rowsOf((await askAs(api, ben, "GET", `${set}/items`)).body);
    assert.ok(all.every((item) => !("others" in item) && !("label" in item)));
    const said = await label(ben, set, first?.["id"], { label: "complaint" });
    assert.deepEqual(said.body["others"], [{ annotator: "ann", label: "praise" }]);
    assert.equal(said.body["state"], "conflict");
    await label(ben, set, second?.["id"], { label: "praise" });
    const { body } = await askAs(api, ann, "GET", `${set}/agreement`);
    assert.deepEqual([body["units"], body["observed"], body["alpha"]], [2, 0.5, 0]);
    assert.equal((await askAs(api, ben, "PUT", `${set}/items/${String(first?.["id"])}/label`, { label: "praise" })).status, 403, "who does not own the set adjudicates nothing");
    const settled = await askAs(api, ann, "PUT", `${set}/items/${String(first?.["id"])}/label`, { label: "complaint" });
    assert.deepEqual([settled.body["state"], settled.body["label"], settled.body["settledBy"]], ["settled", "complaint", "ann"]);
  });

  it("refuses labels that the set has not, and undoes one's own word", async () => {
    const set = await makeSet(ann, "undo");
    await askAs(api, ann, "POST", `${set}/draw`, { q: "lamp", count: 2 });
    const [item] = await next(ann, set);
    for (const body of [{ label: "anger" }, { spans: [] }, { label: "praise", spans: [] }, {}]) assert.equal((await label(ann, set, item?.["id"], body)).status, 400);
    await label(ann, set, item?.["id"], { skipped: true });
    assert.equal((await next(ann, set)).length, 1);
    assert.equal(recordAt((await askAs(api, ann, "POST", `${set}/undo`)).body, "item")["id"], item?.["id"]);
    assert.equal((await next(ann, set)).length, 2);
    assert.equal((await askAs(api, ann, "POST", `${set}/undo`)).body["item"], null);
  });

  it("chooses by the doubt of what is labelled so far, and says so", async () => {
    const set = await makeSet(ann, "doubt");
    const rows = [...good.slice(0, 5).map((text) => `${text},praise`), ...bad.slice(0, 5).map((text) => `"${text}",complaint`)];
    // Their commas are quoted.
    const csv = ["text,label", ...rows.map((row) => (row.startsWith('"') ? row : `"${row.slice(0, row.lastIndexOf(","))}"${row.slice(row.lastIndexOf(","))}`))].join("\n");
    assert.deepEqual((await upload(set, "csv", csv)).body, { added: 10, known: 0, labels: 10, rejected: 0, faults: [] });
    const { body } = await askAs(api, ann, "POST", `${set}/draw`, { q: "", count: 3 });
    assert.deepEqual([body["added"], body["model"]], [3, "10 labels"]);
    const waiting = await next(ann, set);
    assert.deepEqual(
      waiting.map((item) => recordAt(item, "origin")["by"]),
      ["uncertain", "uncertain", "uncertain"],
    );
    assert.ok(
      waiting.every((item) => typeof recordAt(item, "origin")["doubt"] === "number" && !("guess" in recordAt(item, "origin"))),
      "a guess would sway who labels",
    );
    assert.equal(typeof recordAt((await label(ann, set, waiting[0]?.["id"], { label: "praise" })).body, "origin")["guess"], "string");
    assert.equal((await askAs(api, ann, "POST", `${set}/reorder`)).body["of"], 2);
  });

  it("imports with faults by line, masks what is personal, and gives back what it was given", async () => {
    const set = await makeSet(ann, "files", { kind: "spans", classes: ["product"] });
    const rows = ['{"text":"@kim_b the Lumen kettle, kim@example.org","spans":[[11,23,"product"]],"author":"kim","platform":"forum"}', '{"text":"x","label":"product"}', "{"];
    const { body } = await upload(set, "jsonl", rows.join("\n"), "application/x-ndjson");
    assert.deepEqual([body["added"], body["labels"], body["rejected"]], [1, 1, 2]);
    assert.deepEqual(
      rowsOf(body, "faults").map((fault) => [fault["line"], fault["code"]]),
      [
        [2, "FIELD_INVALID"],
        [3, "JSON_INVALID"],
      ],
    );
    const { text, type } = await api.ask("GET", `${set}/export?as=jsonl`);
    assert.equal(type, "application/x-ndjson");
    const told: unknown = JSON.parse(text);
    const item = recordAt({ told }, "told");
    const masked = String(item["text"]);
    assert.match(masked, /^@m_[\w-]{22} the Lumen kettle, \[email\]$/);
    assert.match(String(item["author"]), /^a\d+_/);
    const [span] = Array.isArray(item["spans"]) ? item["spans"] : [];
    assert.equal(masked.slice(Number(recordAt(span)["start"]), Number(recordAt(span)["end"])), "Lumen kettle");
    const other = await makeSet(ann, "files again", { kind: "spans", classes: ["product"] });
    const conll = (await api.ask("GET", `${set}/export?as=conll`)).text;
    assert.deepEqual((await upload(other, "conll", conll, "text/plain")).body, { added: 1, known: 0, labels: 1, rejected: 0, faults: [] });
    const again = (await api.ask("GET", `${other}/export?as=jsonl`)).text;
    assert.deepEqual({ ...JSON.parse(again), id: "" }, { ...JSON.parse(text), id: "" });
    assert.equal((await upload(set, "csv", "a,b\n1,2")).status, 400);
  });

  it("takes corrections of posts as labels of who made them", async () => {
    const { body } = await api.ask("GET", "/api/v1/posts?q=rubbish");
    const post = String(rowsOf(body)[0]?.["id"]);
    const stored = String(rowsOf(body)[0]?.["sentiment"]);
    const to = stored === "negative" ? "neutral" : "negative";
    assert.equal((await askAs(api, ann, "PUT", `/api/v1/posts/${post}/labels/sentiment`, { to })).status, 200);
    const set = await makeSet(ben, "corrected", { classes: ["negative", "neutral", "positive"] });
    const answer = await askAs(api, ben, "POST", `${set}/corrections`, { what: "sentiment" });
    assert.deepEqual([answer.body["added"], answer.body["labels"]], [1, 1]);
    const progress = recordAt((await askAs(api, ben, "GET", set)).body, "progress");
    assert.deepEqual(
      rowsOf(progress, "annotators").map((one) => one["name"]),
      ["ann"],
    );
    assert.deepEqual(recordAt(progress, "byClass"), { [to]: 1 });
  });

  it("freezes versions, and an erased author goes from set and version, found before and not after", async () => {
    const set = await makeSet(ann, "frozen");
    await askAs(api, ann, "POST", `${set}/draw`, { q: "kettle", count: 50, how: "random" });
    const waiting = await next(ann, set);
    for (const item of waiting) await label(ann, set, item["id"], { label: "praise" });
    const frozen = await askAs(api, ann, "POST", `${set}/versions`);
    assert.deepEqual([frozen.status, frozen.body["version"], frozen.body["count"]], [200, 1, waiting.length]);
    assert.equal((await askAs(api, ann, "POST", `${set}/versions`)).status, 409);
    const id = set.split("/").at(-1) ?? "";
    const { labelSets, resolveAuthor, erase } = api.system.engine;
    const before = await labelSets.readVersion(id, 1);
    assert.ok(before.texts.every(({ part, label: given }) => ["train", "validation", "gold"].includes(part) && given === "praise"));
    const find = async () => rowsOf((await api.ask("POST", "/api/v1/find", { body: { author: "gone" } })).body, "stores").find((row) => row["store"] === "label-sets")?.["hits"];
    assert.ok(Number(await find()) >= 1);
    const [author] = (await resolveAuthor("gone")).map((one) => one.author);
    assert.ok(author !== undefined);
    const erasure = await erase(author, { reason: "subject-request", objection: false, now: true, actor: "admin" });
    assert.deepEqual(
      erasure.proofs.filter((proof) => proof.store === "label-sets").map((proof) => proof.physical),
      [true],
    );
    assert.equal(await find(), 0);
    const after = await labelSets.readVersion(id, 1);
    assert.deepEqual([after.gone, after.texts.length, after.version.hash], [1, before.texts.length - 1, before.version.hash]);
    assert.ok(before.texts.some((text) => text.author === author) && after.texts.every((text) => text.author !== author));
    const [row] = rowsOf((await askAs(api, ann, "GET", `${set}/versions`)).body);
    assert.equal(row?.["gone"], 1);
    const exported = (await api.ask("GET", `${set}/export?version=1&as=csv`)).text;
    assert.equal(exported.trim().split("\r\n").length, after.texts.length + 1);
    assert.ok(!exported.includes("somebody who will be erased"));
    assert.ok(after.texts.every(({ id: item }) => item.length === 36) && waiting.every((item) => isPostId(item["post"])));
  });

  it("lets its owner and admins change and remove a set, and nobody else", async () => {
    const set = await makeSet(ann, "owned");
    assert.equal((await askAs(api, ben, "PATCH", set, { guidelines: "mine" })).status, 403);
    assert.equal((await askAs(api, ben, "DELETE", set)).status, 403);
    assert.equal((await askAs(api, ann, "PATCH", set, { classes: ["praise", "complaint", "question"] })).status, 200);
    assert.equal((await askAs(api, ann, "POST", "/api/v1/label-sets", { name: "owned", kind: "classes", classes: ["a"], guidelines: "" })).status, 409);
    assert.equal((await api.ask("DELETE", set)).status, 204);
    assert.equal((await askAs(api, ann, "GET", set)).status, 404);
  });
});
