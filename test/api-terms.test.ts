import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const minuteMs = 60_000;

describe("terms through the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { terms: { fixed: { name: "Fixed", query: "fixed", colour: "#1f5fbf" } } } });
    const now = Date.now();
    await api.import(
      Array.from({ length: 60 }, (_, i) => ({
        id: `n${i}`,
        platform: "forum",
        author: `author-${i % 7}`,
        text: `post ${i} about ${i % 3 === 0 ? "zebras" : "okapis"}`,
        createdAt: new Date(now - (i + 1) * minuteMs).toISOString(),
      })),
    );
    await api.settle();
  });
  after(() => api[Symbol.asyncDispose]());

  const termsNow = async () => rowsOf((await api.ask("GET", "/api/v1/terms")).body);
  const put = (id: string, body: unknown, token?: string) => api.ask("PUT", `/api/v1/terms/${id}`, { body, ...(token !== undefined && { token }) });
  const versionsOf = async (id: string) => rowsOf((await api.ask("GET", `/api/v1/terms/${id}/versions`)).body);
  const countOf = async (q: string) => (await api.ask("GET", `/api/v1/posts/count?q=${encodeURIComponent(q)}`)).body["posts"];
  const settled = (q: string, posts: number) => until(`${q} finds ${posts}`, async () => (await countOf(q)) === posts);

  it("keeps each version with who and when, and restores one as a new version", async () => {
    const analyst = await api.makeToken("analyst");
    await put("zebra", { name: "Zebra", kind: "campaign", query: "zebras", colour: "#aa3300", handles: ["zebra.example"] });
    await put("zebra", { name: "Zebras", kind: "campaign", query: "zebras" }, analyst);
    await put("zebra", { name: "Zebras", kind: "campaign", query: "okapis" }, analyst);
    await settled("term:zebra", 40);
    const versions = await versionsOf("zebra");
    assert.deepEqual(
      versions.map((version) => [version["version"], version["name"], version["query"], version["colour"], version["actor"]]),
      [
        [3, "Zebras", "okapis", undefined, "admin/a analyst"],
        [2, "Zebras", "zebras", undefined, "admin/a analyst"],
        [1, "Zebra", "zebras", "#aa3300", versions[2]?.["actor"]],
      ],
    );
    assert.ok(versions.every((version) => Math.abs(Date.parse(String(version["at"])) - Date.now()) < minuteMs));
    const restored = await api.ask("POST", "/api/v1/terms/zebra/versions/1/restore");
    assert.deepEqual([restored.body["version"], restored.body["query"], restored.body["colour"], restored.body["handles"]], [4, "zebras", "#aa3300", ["zebra.example"]]);
    assert.equal((await versionsOf("zebra"))[0]?.["restoredFrom"], 1);
    await settled("term:zebra", 20);
    assert.equal((await api.ask("POST", "/api/v1/terms/zebra/versions/99/restore")).body["code"], "NOT_FOUND");
    assert.equal((await api.ask("GET", "/api/v1/terms/never/versions")).status, 404);
  });

  it("lists what was removed, takes its tags, and brings it back", async () => {
    await put("okapi", { name: "Okapi", kind: "topic", query: "okapis" });
    await settled("term:okapi", 40);
    assert.equal((await api.ask("DELETE", "/api/v1/terms/okapi")).status, 204);
    await settled("term:okapi", 0);
    await until("the removal is settled", async () =>
      rowsOf((await api.ask("GET", "/api/v1/terms/removed")).body).some((term) => term["id"] === "okapi" && term["retagged"] === 1),
    );
    assert.equal((await api.ask("POST", "/api/v1/terms/okapi/versions/2/restore")).body["version"], 3);
    assert.ok((await termsNow()).some((term) => term["id"] === "okapi"));
    await settled("term:okapi", 40);
    assert.deepEqual(rowsOf((await api.ask("GET", "/api/v1/terms/removed")).body), []);
  });

  it("leaves alone what the configuration file says, and prints kind and colour as code", async () => {
    assert.equal((await put("fixed", { name: "Other", query: "other" })).body["code"], "CONFLICT");
    assert.equal((await api.ask("DELETE", "/api/v1/terms/fixed")).body["code"], "CONFLICT");
    assert.equal((await api.ask("POST", "/api/v1/terms/fixed/versions/1/restore")).body["code"], "CONFLICT");
    assert.equal((await versionsOf("fixed"))[0]?.["actor"], "configuration");
    const { text } = await api.ask("GET", "/api/v1/configuration");
    assert.match(text, /fixed: \{[^}]*colour: "#1f5fbf"/);
    assert.match(text, /zebra: \{[^}]*kind: "campaign"/);
  });

  it("audits each change by its actor", async () => {
    const { rows } = await api.system.engine.sql.query("select actor, action, subject from audit where subject = 'zebra' order by number");
    assert.deepEqual(
      rows.map((row) => row["action"]),
      ["term.put", "term.put", "term.put", "term.restore"],
    );
    assert.equal(rows[1]?.["actor"], "admin/a analyst");
  });

  it("lets viewers read and analysts change", async () => {
    const viewer = await api.makeToken("viewer");
    for (const path of ["/api/v1/terms", "/api/v1/terms/removed", "/api/v1/terms/zebra/versions"]) assert.equal((await api.ask("GET", path, { token: viewer })).status, 200);
    assert.equal((await put("mine", { name: "Mine", query: "mine" }, viewer)).status, 403);
    assert.equal((await api.ask("DELETE", "/api/v1/terms/zebra", { token: viewer })).status, 403);
    assert.equal((await api.ask("POST", "/api/v1/terms/zebra/versions/1/restore", { token: viewer })).status, 403);
  });

  it("reads a query into rows and back, and names column and reason of a wrong one", async () => {
    const parse = async (body: unknown) => (await api.ask("POST", "/api/v1/query/parse", { body })).body;
    const read = await parse({ q: 'Acme "jet pack" (en OR de) NOT cartoon is:reply' });
    const form = recordAt(read, "form");
    assert.deepEqual([form["all"], form["phrases"], form["any"], form["none"], form["others"]], [["acme"], ["jet pack"], ["en", "de"], ["cartoon"], ["is:reply"]]);
    assert.deepEqual(read["problems"], []);
    const written = await parse({ form: { any: ["acme", "acme corporation"], none: ["cartoon"] } });
    assert.equal(written["q"], '(acme OR "acme corporation") NOT cartoon');
    assert.deepEqual((await parse({ q: "acme AND (" }))["problems"], [{ column: 11, message: "expected a word, a phrase, a field or (, came the end of the query" }]);
    assert.deepEqual((await parse({ q: "term:acme", use: "term" }))["problems"], [{ message: "term: cannot be asked in a term" }]);
    assert.deepEqual((await parse({ q: "term:acme" }))["problems"], []);
    assert.equal((await api.ask("POST", "/api/v1/query/parse", { body: { form: { bogus: [] } } })).status, 400);
  });

  it("says honestly that imports give no pace, and refuses a wrong query", async () => {
    const estimate = await api.ask("POST", "/api/v1/estimate", { body: { query: "zebras" } });
    assert.deepEqual([estimate.status, estimate.body["state"], estimate.body["storedPerDay"]], [200, "no-sample", undefined]);
    assert.equal((await api.ask("POST", "/api/v1/estimate", { body: { query: "(zebras" } })).body["code"], "QUERY_INVALID");
  });
});
