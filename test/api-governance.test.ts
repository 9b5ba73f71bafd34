import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const line = (id: string, text: string, more: Readonly<Record<string, unknown>> = {}) => ({
  id,
  platform: "forum",
  author: "someone",
  text,
  createdAt: "2026-11-01T00:00:00Z",
  ...more,
});

/** A platform that knows nothing: its sources wait and try again. */
async function startPlatform(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_request, response) => response.writeHead(404, { "content-type": "application/json" }).end("{}"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return {
    url: `http://127.0.0.1:${address.port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("governance through the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api[Symbol.asyncDispose]());
  const countOf = async (q: string) => (await api.ask("GET", `/api/v1/posts/count?q=${encodeURIComponent(q)}`)).body["posts"];

  it("adds, pauses, resumes and removes a source, and tells why it collects nothing", async () => {
    await using platform = await startPlatform();
    const body = { use: "mastodon", server: platform.url, timelines: ["public"], keep: "everything", paused: true };
    const put = await api.ask("PUT", "/api/v1/sources/fediverse", { body });
    assert.equal(put.status, 200, put.text);
    assert.deepEqual([put.body["origin"], put.body["paused"]], ["dashboard", true]);
    const resumed = await api.ask("PATCH", "/api/v1/sources/fediverse", { body: { paused: false } });
    assert.deepEqual([resumed.status, resumed.body["paused"]], [200, false]);
    const stateOf = async () => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find((source) => source["id"] === "fediverse");
    await until("the platform's refusal is told", async () => (await stateOf())?.["lastError"] !== undefined);
    assert.match(String(recordAt(await stateOf(), "lastError")["code"]), /^UPSTREAM_/);
    const failed = async () => rowsOf((await api.ask("GET", "/api/v1/failures?source=fediverse")).body).length;
    assert.ok((await failed()) > 0);
    assert.equal((await api.ask("PATCH", "/api/v1/sources/nobody", { body: { paused: true } })).status, 404);
    assert.deepEqual((await api.ask("DELETE", "/api/v1/sources/fediverse?data=true")).body, { removedPosts: 0 });
    assert.equal(await stateOf(), undefined);
    assert.equal(await failed(), 0);
    assert.equal((await api.ask("DELETE", "/api/v1/sources/fediverse")).status, 404);
  });

  it("lists what was rejected with its reason and raw, replays it, and takes it off the list", async () => {
    await api.import(["broken one", "broken two", line("q1", "fine"), line("q2", "late", { createdAt: "whenever" })]);
    await until("the quarantine has all", async () => rowsOf((await api.ask("GET", "/api/v1/quarantine?state=open")).body).length === 3);
    const all = (await api.ask("GET", "/api/v1/quarantine?limit=2")).body;
    assert.equal(rowsOf(all).length, 2);
    const rest = (await api.ask("GET", `/api/v1/quarantine?limit=2&cursor=${encodeURIComponent(String(all["next"]))}`)).body;
    assert.deepEqual([rowsOf(rest).length, rest["next"]], [1, null]);
    assert.deepEqual(
      rowsOf(all, "reasons")
        .map((reason) => [reason["code"], reason["count"]])
        .toSorted(),
      [
        ["DATE_INVALID", 1],
        ["JSON_INVALID", 2],
      ],
    );
    const [broken] = rowsOf((await api.ask("GET", "/api/v1/quarantine?code=JSON_INVALID")).body);
    const one = await api.ask("GET", `/api/v1/quarantine/${encodeURIComponent(String(broken?.["id"]))}`);
    assert.equal(one.body["raw"], undefined);
    const path = `/api/v1/quarantine/${encodeURIComponent(String(broken?.["id"]))}?reveal=to+see+what+came`;
    assert.match(String((await api.ask("GET", path)).body["raw"]), /^broken (one|two)$/);
    const replayed = await api.ask("POST", "/api/v1/quarantine/replay", { body: { code: "JSON_INVALID" } });
    assert.deepEqual(replayed.body, { read: 2, kept: 0, unchanged: 0, rejected: 2 });
    await until("those that were rejected again are listed", async () => rowsOf((await api.ask("GET", "/api/v1/quarantine?state=open")).body).length === 3);
    const open = rowsOf((await api.ask("GET", "/api/v1/quarantine?state=open")).body).map((item) => item["id"]);
    const dismissed = await api.ask("POST", "/api/v1/quarantine/dismiss", { body: { ids: open } });
    assert.deepEqual(dismissed.body, { dismissed: open.length });
    assert.deepEqual(rowsOf((await api.ask("GET", "/api/v1/quarantine?state=open")).body), []);
    assert.equal((await api.ask("GET", "/api/v1/quarantine/none")).status, 404);
    assert.equal((await api.ask("GET", "/api/v1/quarantine?cursor=nonsense")).status, 400);
    assert.equal((await api.ask("POST", "/api/v1/replay", { body: { source: "import" } })).status, 200);
  });

  it("erases an author: found before in every store, in none after, refused when sent again", async () => {
    const lines = [line("e1", "the quokka smiles", { author: "quokka-lover" }), line("e2", "the quokka jumps", { author: "quokka-lover" }), line("e3", "a quokka of another")];
    await api.import(lines);
    await api.settle();
    await until("they are searchable", async () => (await countOf("quokka")) === 3);
    const found = await api.ask("GET", "/api/v1/authors?q=forum:quokka-lover");
    assert.deepEqual(
      rowsOf(found.body).map((row) => [row["platform"], row["posts"]]),
      [["forum", 2]],
    );
    const before = await api.ask("POST", "/api/v1/find", { body: { author: "forum:quokka-lover" } });
    assert.ok(Number(before.body["total"]) > 0);
    const erased = await api.ask("POST", "/api/v1/erasures", { body: { author: "forum:quokka-lover", now: true, objection: true, reason: "objection" } });
    assert.equal(erased.status, 200, erased.text);
    const [erasure] = rowsOf(erased.body);
    assert.deepEqual([erasure?.["state"], erasure?.["posts"], erasure?.["objection"]], ["gone", 2, true]);
    assert.equal(await countOf("quokka"), 1);
    const author = rowsOf(found.body)[0]?.["author"];
    const after = await api.ask("POST", "/api/v1/find", { body: { author } });
    assert.deepEqual([after.body["total"], rowsOf(after.body, "stores").filter((store) => Number(store["hits"]) > 0)], [0, []]);
    assert.equal(rowsOf((await api.ask("GET", "/api/v1/erasures")).body).length, 1);
    const again = await api.import([...lines, line("e4", "a new quokka", { author: "quokka-lover" })]);
    assert.equal(again["accepted"], 0);
    assert.equal((await api.ask("POST", "/api/v1/erasures", { body: { author: "nobody-at-all" } })).status, 404);
  });

  it("measures itself as OpenMetrics", async () => {
    await api.import([line("m1", "counted")]);
    await until("what was imported is counted", async () => /^earshot_frames_total\{outcome="kept"\} [1-9]/m.test((await api.ask("GET", "/metrics")).text));
    const { status, text, headers } = await api.ask("GET", "/metrics");
    assert.equal(status, 200);
    assert.match(headers.get("content-type") ?? "", /^application\/openmetrics-text; version=1\.0\.0/);
    checkOpenMetrics(text);
    assert.match(text, /^earshot_store_posts\{store="search"\} \d/m);
    assert.equal((await api.ask("GET", "/metrics", { token: null })).status, 401);
  });

  it("tells new posts as they come, with a tick each second", async () => {
    const token = await api.makeToken("viewer");
    const abort = new AbortController();
    const response = await fetch(`${api.address}/api/v1/live`, { headers: { authorization: `Bearer ${token}` }, signal: abort.signal });
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    await api.import([line("l1", "a living capybara")]);
    let text = "";
    const decoder = new TextDecoder();
    for await (const piece of response.body ?? []) {
      text += decoder.decode(piece, { stream: true });
      if (/event: post\ndata: .*capybara/.test(text) && /event: tick\ndata: \{"at":"[^"]+","posts":[1-9]/.test(text)) break;
    }
    assert.match(text, /event: post\ndata: \{"id":"p_[^\n]*a living capybara[^\n]*\}\n\n/);
    abort.abort();
  });

  it("writes down the configuration that runs", async () => {
    await api.ask("PUT", "/api/v1/terms/acme", { body: { name: "Acme", query: '"acme corporation"' } });
    const { type, text } = await api.ask("GET", "/api/v1/configuration");
    assert.equal(type, "text/plain");
    assert.match(text, /export default defineConfig\([^]*acme corporation/);
  });
});

/** The lines' form and order as OpenMetrics 1.0 has them: metadata before samples, families together, one end. */
function checkOpenMetrics(text: string): void {
  assert.ok(text.endsWith("# EOF\n"));
  const types = new Map<string, string>();
  const ended = new Set<string>();
  const series = new Set<string>();
  let family = "";
  for (const at of text.trimEnd().split("\n").slice(0, -1)) {
    const meta = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][\w:]*) (.+)$/.exec(at);
    if (meta !== null) {
      const [, kind = "", name = "", rest = ""] = meta;
      if (name !== family) {
        if (family !== "") ended.add(family);
        assert.ok(!ended.has(name), `${name} is one block`);
        family = name;
      }
      if (kind === "TYPE") types.set(name, rest);
      if (kind === "UNIT") assert.ok(name.endsWith(`_${rest}`), `${name} ends in its unit`);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(at);
    assert.ok(sample !== null, `a sample: ${at}`);
    const [, name = "", labels = ""] = sample;
    assert.equal(types.get(family) === "counter" ? `${family}_total` : family, name, at);
    assert.ok(!series.has(name + labels), `${at} stands once`);
    series.add(name + labels);
  }
  assert.ok(series.size > 10);
}
