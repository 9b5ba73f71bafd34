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
    assert.deepEqual([kept?.["name"], kept?.["version"], kept?.["mapping"], kept?.["actor"]], ["press", 1, proposed.body, "command line"]);
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

  const preview = async (file: string | Uint8Array, more: Readonly<Record<string, unknown>> = {}) => {
    const { head = Buffer.from(file).toString("base64"), ...rest } = more;
    return api.ask("POST", `${path}/preview`, { body: { format: "csv", head, whole: true, ...rest } });
  };

  it("shows what an import would make of a file: its columns, its posts, and what would be refused, and keeps nothing of it", async () => {
    const before = (await api.ask("GET", "/api/v1/posts/count")).body;
    for (const file of [tsv, Buffer.from(`\ufeff${tsv}`, "utf16le")]) {
      const { body, status, text } = await preview(file);
      assert.equal(status, 200, text);
      assert.deepEqual(
        rowsOf(body, "columns").map(({ name, filled }) => [name, filled]),
        header.map((name, column) => [name, rows.filter((row) => row[column] !== "").length]),
      );
      assert.deepEqual(rowsOf(body, "columns")[5]?.["samples"], ["@ann", "Jane"]);
      assert.deepEqual([body["rows"], body["accepted"], body["missing"]], [3, 2, []]);
      const [tweet] = rowsOf(body, "posts");
      assert.deepEqual([tweet?.["row"], recordAt(tweet, "line")["id"], recordAt(tweet, "line")["platform"]], [1, "1234567890", "x"]);
      const refused = recordAt(body, "rejected");
      assert.deepEqual([refused["rows"], rowsOf(refused, "first").map(({ row, code }) => [row, code])], [1, [[3, "DATE_INVALID"]]]);
    }
    await api.settle();
    assert.deepEqual((await api.ask("GET", "/api/v1/posts/count")).body, before);
  });

  it("shows a file of which no column is known, by the mapping that it is given", async () => {
    const file = "Report of a shop\nWann;Wo;Was\n07/08/2026 10:00;https://x.com/ann/status/9;ein Okapi\n07/08/2026;;\n";
    const blind = await preview(file);
    assert.equal(blind.status, 200, blind.text);
    assert.deepEqual(
      rowsOf(blind.body, "columns").map(({ name }) => name),
      ["Wann", "Wo", "Was"],
    );
    assert.deepEqual([blind.body["preamble"], blind.body["accepted"], recordAt(blind.body, "rejected")["rows"]], ["Report of a shop", 0, 2]);
    const mapping = { vendor: "other", fields: { date: ["Wann"], url: ["Wo"], text: ["Was", "Wie"] }, dayFirst: true };
    const seen = await preview(file, { mapping });
    assert.deepEqual([seen.body["accepted"], seen.body["missing"]], [1, ["Wie"]]);
    assert.equal(recordAt(rowsOf(seen.body, "posts")[0], "line")["createdAt"], "2026-08-07T10:00:00.000Z");
    assert.deepEqual(
      rowsOf(recordAt(seen.body, "rejected"), "first").map(({ row, code }) => [row, code]),
      [[2, "FIELD_MISSING"]],
    );
  });

  it("does not count the row or the object that the beginning of a file cuts off", async () => {
    const cut = tsv.slice(0, tsv.indexOf("never"));
    assert.equal((await preview(`${cut}nev`, { whole: false })).body["rows"], 2);
    assert.equal((await preview(`${cut}nev`)).body["rows"], 3);
    const items = [1, 2, 3].map((n) => ({
      url: `https://x.com/ann/status/${n}`,
      fullText: 'a "{[" okapi',
      date: "2026-07-01 10:00",
      author: "ann",
      resourceId: `r${n}`,
      queryId: n,
      pageType: "x",
    }));
    const json = JSON.stringify({ resultsTotal: 3, results: items });
    assert.deepEqual([(await preview(json, { format: "json" })).body["accepted"]], [3]);
    const part = await preview(json.slice(0, json.indexOf('"r3"')), { format: "json", whole: false });
    assert.deepEqual([part.status, part.body["rows"], part.body["accepted"]], [200, 2, 2]);
    assert.equal((await preview(json.slice(0, json.indexOf('"r3"')), { format: "json" })).status, 400);
  });

  it("refuses what is too large, has too many columns, is no base64, or names no columns at all", async () => {
    assert.equal((await preview("", { head: "A".repeat(2_820_000) })).status, 400);
    assert.equal((await preview("", { head: "A".repeat(9_000_000) })).status, 413);
    assert.equal((await preview("", { head: "../etc/passwd" })).status, 400);
    const wide = await preview(`Url,Date,${Array.from({ length: 1_000 }, (_, i) => `c${i}`).join(",")}\n`);
    assert.deepEqual([wide.status, wide.body["code"]], [400, "CSV_INVALID"]);
    assert.equal((await preview("one column\nand no more\n")).body["code"], "CSV_INVALID");
    assert.equal((await preview(tsv, { mapping: { vendor: "other", fields: {}, timeZone: "Mars/Base" } })).status, 422);
  });

  it("keeps every version of a mapping, and imports by the one that is named", async () => {
    const of = (dayFirst: boolean) => ({ vendor: "other", fields: { date: ["When"], url: ["Where"], text: ["What"] }, timeZone: "UTC", dayFirst });
    for (const mapping of [of(true), of(false), of(false)]) assert.equal((await api.ask("PUT", `${path}/shop`, { body: mapping })).status, 200);
    const { body } = await api.ask("GET", `${path}/shop/versions`);
    assert.deepEqual(
      rowsOf(body).map(({ version, mapping }) => [version, mapping]),
      [
        [2, of(false)],
        [1, of(true)],
      ],
    );
    for (const [version, day] of [
      [1, "2026-08-07"],
      [2, "2026-07-08"],
    ] as const) {
      const file = `When,Where,What\n07/08/2026 10:00,https://x.com/ann/status/77${version},versioned gnu\n`;
      const taken = await api.ask("POST", `/api/v1/import?mapping=shop&version=${version}`, { raw: file, headers: { "content-type": "text/csv" } });
      assert.equal(taken.body["accepted"], 1, taken.text);
      await api.settle();
      const dates = rowsOf((await api.ask("GET", "/api/v1/posts?q=versioned")).body).map((post) => String(post["createdAt"]).slice(0, 10));
      assert.ok(dates.includes(day), dates.join());
    }
    assert.equal((await api.ask("POST", "/api/v1/import?mapping=shop&version=3", { raw: "x", headers: { "content-type": "text/csv" } })).status, 404);
    await Promise.all([1, 2, 3].map((n) => api.ask("PUT", `${path}/shop`, { body: { ...of(true), fields: { date: ["When"], url: [`Where ${n}`] } } })));
    assert.deepEqual(
      rowsOf((await api.ask("GET", `${path}/shop/versions`)).body).map(({ version }) => version),
      [5, 4, 3, 2, 1],
    );
    assert.equal((await api.ask("DELETE", `${path}/shop`)).status, 204);
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
