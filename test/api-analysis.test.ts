import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openGaps } from "../src/registers/gaps.ts";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { askAs, signInAs } from "./people.fixtures.ts";

const hourMs = 3_600_000;
const nowMs = Date.now();
const iso = (ms: number) => new Date(ms).toISOString();

describe("annotations, views and coverage through the API", () => {
  let api: RunningApi;
  let analyst: string;
  let viewer: string;
  let kept: string;
  before(async () => {
    api = await startApi({ config: { terms: { zebra: { name: "Zebra", query: "zebra" }, okapi: { name: "Okapi", query: "okapi" } } } });
    await api.import([
      ...Array.from({ length: 30 }, (_, i) => ({
        id: `n${i}`,
        platform: "forum",
        author: `author-${i % 4}`,
        text: i % 3 === 0 ? "今日は東京でとても良い天気です" : `what a wonderful morning with ${i % 2 === 0 ? "a zebra" : "an okapi"}`,
        createdAt: iso(nowMs - (i + 1) * 10 * 60_000),
      })),
      { id: "broken", platform: "forum", author: "x", text: "no date" },
    ]);
    await api.settle();
    analyst = await signInAs(api, { name: "ana", role: "analyst" });
    viewer = await signInAs(api, { name: "vic", role: "viewer" });
    kept = await signInAs(api, { name: "kit", role: "viewer", terms: ["okapi"] });
  });
  after(() => api[Symbol.asyncDispose]());

  it("a note on a time is added, changed and removed by analysts, and tells who and when", async () => {
    const added = await askAs(api, analyst, "POST", "/api/v1/annotations", { at: iso(nowMs - hourMs), text: "Launch of the zebra", term: "zebra" });
    assert.equal(added.status, 200, added.text);
    assert.deepEqual([added.body["actor"], added.body["term"], Math.abs(Date.parse(String(added.body["createdAt"])) - Date.now()) < 60_000], ["ana", "zebra", true]);
    const id = String(added.body["id"]);
    const changed = await askAs(api, analyst, "PUT", `/api/v1/annotations/${id}`, { at: iso(nowMs - 2 * hourMs), text: "Launch, corrected" });
    assert.deepEqual([changed.body["text"], changed.body["term"], changed.body["at"]], ["Launch, corrected", undefined, iso(nowMs - 2 * hourMs)]);
    const listed = async (from: number, to: number) =>
      rowsOf((await askAs(api, viewer, "GET", `/api/v1/annotations?from=${iso(from)}&to=${iso(to)}`)).body).map((row) => row["id"]);
    assert.deepEqual(await listed(nowMs - 3 * hourMs, nowMs), [id]);
    assert.deepEqual(await listed(nowMs - hourMs, nowMs), [], "it speaks of another time");
    assert.equal((await askAs(api, viewer, "DELETE", `/api/v1/annotations/${id}`)).status, 403);
    assert.equal((await askAs(api, analyst, "DELETE", `/api/v1/annotations/${id}`)).status, 204);
    assert.equal((await askAs(api, analyst, "DELETE", `/api/v1/annotations/${id}`)).status, 404);
    const { rows } = await api.system.engine.sql.query("select action from audit where action like 'annotation.%' order by number");
    assert.deepEqual(
      rows.map((row) => row["action"]),
      ["annotation.add", "annotation.change", "annotation.remove"],
    );
  });

  it("who is kept to a term reads no note of another, nor those of all", async () => {
    for (const body of [
      { at: iso(nowMs), text: "about zebras", term: "zebra" },
      { at: iso(nowMs), text: "about okapis", term: "okapi" },
      { at: iso(nowMs), text: "about all" },
    ])
      await askAs(api, analyst, "POST", "/api/v1/annotations", body);
    const { body } = await askAs(api, kept, "GET", `/api/v1/annotations?from=${iso(nowMs - 1)}&to=${iso(nowMs + 1)}`);
    assert.deepEqual(
      rowsOf(body)
        .map((row) => row["text"])
        .toSorted(),
      ["about okapis"],
    );
  });

  it("a view is saved, renamed, shared, pinned and removed by its owner; others open it and change nothing", async () => {
    const names = async (cookie: string) => rowsOf((await askAs(api, cookie, "GET", "/api/v1/views")).body).map((row) => row["name"]);
    const saved = await askAs(api, analyst, "POST", "/api/v1/views", { name: "Zebras by day", path: "/explore", query: "term=zebra&range=7d" });
    assert.equal(saved.status, 200, saved.text);
    const id = String(saved.body["id"]);
    assert.deepEqual([saved.body["shared"], saved.body["owner"], saved.body["mine"], saved.body["pinned"]], [false, "ana", true, false]);
    assert.deepEqual([await names(analyst), await names(viewer)], [["Zebras by day"], []]);
    assert.equal((await askAs(api, viewer, "PATCH", `/api/v1/views/${id}`, { name: "Mine" })).status, 404, "a private one is not even known");
    assert.equal((await askAs(api, analyst, "POST", "/api/v1/views", { name: "Zebras by day", path: "/explore", query: "" })).body["code"], "CONFLICT");
    await askAs(api, analyst, "PATCH", `/api/v1/views/${id}`, { shared: true, name: "Zebras" });
    const [shown] = rowsOf((await askAs(api, viewer, "GET", "/api/v1/views")).body);
    assert.deepEqual([shown?.["name"], shown?.["query"], shown?.["mine"]], ["Zebras", "term=zebra&range=7d", false]);
    assert.equal((await askAs(api, viewer, "PATCH", `/api/v1/views/${id}`, { name: "Mine" })).status, 403);
    assert.equal((await askAs(api, viewer, "DELETE", `/api/v1/views/${id}`)).status, 403);
    await askAs(api, viewer, "POST", "/api/v1/views", { name: "A first one", path: "/search", query: "q=okapi" });
    assert.equal((await askAs(api, viewer, "POST", "/api/v1/views", { name: "For all", path: "/search", query: "", shared: true })).status, 403);
    await askAs(api, viewer, "PUT", `/api/v1/views/${id}/pin`, { pinned: true });
    assert.deepEqual(await names(viewer), ["Zebras", "A first one"], "pinned ones come first, for who pinned them");
    assert.deepEqual(
      rowsOf((await askAs(api, analyst, "GET", "/api/v1/views")).body).map((row) => row["pinned"]),
      [false],
    );
    assert.equal((await api.ask("PATCH", `/api/v1/views/${id}`, { body: { query: "term=zebra" } })).status, 200, "an admin may");
    assert.equal((await askAs(api, analyst, "DELETE", `/api/v1/views/${id}`)).status, 204);
    assert.deepEqual(await names(viewer), ["A first one"]);
  });

  it("who is kept to a term is not shown the views of others, and one that is handed to them shows only what is theirs", async () => {
    const query = "metric=posts&grain=all&by=term";
    const shared = await askAs(api, analyst, "POST", "/api/v1/views", { name: "All terms", path: "/explore", query, shared: true });
    assert.deepEqual(rowsOf((await askAs(api, kept, "GET", "/api/v1/views")).body), []);
    assert.equal((await askAs(api, kept, "PUT", `/api/v1/views/${String(shared.body["id"])}/pin`, { pinned: true })).status, 404);
    const answer = await askAs(api, kept, "GET", `/api/v1/explore?${query}`);
    assert.deepEqual(
      rowsOf(answer.body, "whole").map((row) => [row["key"], row["posts"]]),
      [["okapi", 10]],
    );
    assert.equal(recordAt(answer.body, "total")["posts"], 10);
  });

  it("coverage tells posts, what is not scored, what was rejected, gaps, since when and how fresh", async () => {
    const gaps = openGaps(api.system.engine.sql, () => Date.now());
    await gaps.add({ source: "import", fromMs: nowMs - 3 * hourMs, toMs: nowMs - 2 * hourMs, reason: "the server no longer holds it" });
    await gaps.add({ source: "import", fromMs: nowMs - 90 * hourMs, toMs: nowMs - 80 * hourMs, reason: "long ago" });
    const ask = async (cookie: string, fromMs: number) => (await askAs(api, cookie, "GET", `/api/v1/coverage?from=${iso(fromMs)}&to=${iso(Date.now() + 1_000)}`)).body;
    await until("the quarantine has it", async () => Number(recordAt(await ask(viewer, nowMs - 24 * hourMs), "rejected")["messages"]) === 1);
    const body = await ask(viewer, nowMs - 24 * hourMs);
    const counted = async (q: string) => Number((await api.ask("GET", `/api/v1/posts/count?q=${encodeURIComponent(q)}`)).body["posts"]);
    assert.deepEqual([body["posts"], body["unscored"]], [await counted(""), await counted("sentiment:none")]);
    assert.ok(Number(body["unscored"]) >= 10);
    assert.deepEqual(recordAt(body, "rejected"), { messages: 1, reasons: [{ code: "FIELD_MISSING", messages: 1 }] });
    assert.deepEqual(
      rowsOf(body, "gaps").map((gap) => gap["reason"]),
      ["the server no longer holds it"],
    );
    assert.equal(rowsOf(await ask(viewer, nowMs - 100 * hourMs), "gaps").length, 2);
    assert.equal(String(body["since"]), `${iso(nowMs - 300 * 60_000).slice(0, 10)}T00:00:00.000Z`);
    assert.ok(Math.abs(Date.parse(String(body["freshAt"])) - Date.now()) < 10 * 60_000);
    assert.equal((await ask(kept, nowMs - 24 * hourMs))["posts"], 10, "of what one may see");
  });
});
