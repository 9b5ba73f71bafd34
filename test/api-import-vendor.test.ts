import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const header = ["Date", "Headline", "URL", "Opening Text", "Hit Sentence", "Influencer", "Sentiment", "Document ID"];
const at = "02-Mar-2026 10:00AM";
const rows = [
  [at, "", "https://x.com/ann/status/1234567890", "", "an okapi in a tweet", "@ann", "Negative", "doc-1"],
  [at, "Zoo opens", "https://paper.example/zoo", "an okapi is there", "", "Jane", "Neutral", "doc-2"],
  ["never", "Bad", "https://paper.example/bad", "", "", "", "", "doc-3"],
];
const tsv = [header, ...rows].map((cells) => cells.join("\t")).join("\r\n");

describe("exports of vendors", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ collect: false });
  });
  after(() => api[Symbol.asyncDispose]());
  const path = "/api/v1/import/mappings";
  const upload = (mapping: string, raw: string | Uint8Array, type = "text/csv") => api.ask("POST", `/api/v1/import?mapping=${mapping}`, { raw, headers: { "content-type": type } });

  it("suggests a mapping by the header, keeps it under a name, and gives it back", async () => {
    const proposed = await api.ask("POST", `${path}/proposal`, { body: { header, rows, preamble: "Timezone: Europe/Paris" } });
    assert.equal(proposed.status, 200, proposed.text);
    assert.deepEqual([proposed.body["vendor"], proposed.body["timeZone"]], ["meltwater", "Europe/Paris"]);
    assert.deepEqual(recordAt(proposed.body, "fields")["title"], ["Headline"]);
    assert.equal((await api.ask("PUT", `${path}/press`, { body: proposed.body })).status, 200);
    const [kept] = rowsOf((await api.ask("GET", path)).body);
    assert.deepEqual(kept, { name: "press", mapping: proposed.body });
    assert.equal((await api.ask("PUT", `${path}/press`, { body: { ...proposed.body, timeZone: "Mars/Base" } })).status, 422);
  });

  it("reads a file by a kept mapping, in the dates' zone; a post that our own connector brings is the same one", async () => {
    const answer = await upload("press", Buffer.from(`\ufeff${tsv}`, "utf16le"));
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual([answer.body["accepted"], answer.body["rejected"]], [2, 1]);
    assert.deepEqual(rowsOf(answer.body, "errors")[0]?.["code"], "DATE_INVALID");
    await api.settle();
    const found = rowsOf((await api.ask("GET", "/api/v1/posts?q=okapi")).body);
    assert.deepEqual(found.map((post) => [post["platform"], post["createdAt"]]).toSorted(), [
      ["web", "2026-03-02T09:00:00.000Z"],
      ["x", "2026-03-02T09:00:00.000Z"],
    ]);
    const own = await api.import([{ id: "1234567890", platform: "x", author: "ann", text: "an okapi in a tweet", createdAt: "2026-03-02T09:00:00.000Z" }]);
    assert.equal(own["accepted"], 0, JSON.stringify(own));
    assert.equal((await upload("press", tsv)).body["duplicate"], 2);
  });

  it("refuses a file without a mapping, one under a name that there is none of, and one that is no export", async () => {
    assert.equal((await api.ask("POST", "/api/v1/import", { raw: tsv, headers: { "content-type": "text/csv" } })).status, 400);
    assert.equal((await upload("nothing", tsv)).status, 404);
    assert.equal((await upload("press", "a,b\n1,2\n")).status, 400);
    assert.equal((await api.ask("DELETE", `${path}/press`)).status, 204);
    assert.equal((await api.ask("DELETE", `${path}/press`)).status, 404);
    assert.deepEqual((await api.ask("GET", path)).body["items"], []);
  });
});
