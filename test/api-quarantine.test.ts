import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { setAside } from "./quarantine.fixtures.ts";

const line = (id: string, text: string) => ({ id, platform: "forum", author: `author-${id}`, text, createdAt: "2026-11-01T00:00:00Z" });

describe("what was set aside", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { terms: { numbat: { name: "Numbat", query: "numbat" } } } });
    await api.import([{ id: "x1", platform: "forum", author: "Rumpelstilz", text: "a secret word", createdAt: "whenever" }, "broken"]);
    await setAside(api, line("o1", "the numbat is wonderful, write to keeper@zoo-mail.example"), 1_000);
    await setAside(api, line("o2", "another one of the older kind"), 1_001);
    await until("all are listed", async () => Number(recordAt((await api.ask("GET", "/api/v1/quarantine")).body, "counts")["open"]) === 4);
  });
  after(() => api[Symbol.asyncDispose]());
  const page = async (query = "") => (await api.ask("GET", `/api/v1/quarantine?state=open${query}`)).body;
  const countOf = async (q: string) => (await api.ask("GET", `/api/v1/posts/count?q=${encodeURIComponent(q)}`)).body["posts"];

  it("is told by reason, with first, last and a sample", async () => {
    const reasons = rowsOf(await page(), "reasons");
    assert.deepEqual(
      reasons.map((reason) => [reason["code"], reason["source"], reason["count"]]),
      [
        ["PARSER_FAILED", "import", 2],
        ["DATE_INVALID", "import", 1],
        ["JSON_INVALID", "import", 1],
      ],
    );
    for (const reason of reasons) {
      assert.ok(String(reason["firstAt"]) <= String(reason["lastAt"]));
      const sample = await api.ask("GET", `/api/v1/quarantine/${String(reason["sample"])}`);
      assert.equal(sample.body["code"], reason["code"]);
    }
  });

  it("shows analysts the shape of a message, and admins all of it for a purpose that is written down", async () => {
    const [item] = rowsOf(await page("&code=DATE_INVALID"));
    const path = `/api/v1/quarantine/${String(item?.["id"])}`;
    const analyst = await api.makeToken("analyst");
    const shape = await api.ask("GET", path, { token: analyst });
    assert.match(String(recordAt(shape.body, "masked")["text"]), /"text": "•••"/);
    assert.doesNotMatch(shape.text, /Rumpelstilz|secret/);
    assert.equal((await api.ask("GET", `${path}?reveal=to+see+it`, { token: analyst })).status, 403);
    assert.match(String((await api.ask("GET", `${path}?reveal=to+see+it`)).body["raw"]), /Rumpelstilz/);
    const { rows } = await api.system.engine.sql.query("select subject, purpose from audit where action = 'quarantine.raw'");
    assert.deepEqual(rows, [{ subject: item?.["id"], purpose: "to see it" }]);
  });

  it("tells what today's parser makes of it, and changes nothing by that", async () => {
    const before = (await page())["counts"];
    const better = (await api.ask("POST", "/api/v1/quarantine/preview", { body: { code: "PARSER_FAILED", source: "import" } })).body;
    assert.equal(better["of"], 2);
    const made = rowsOf(better).map((row) => recordAt(row, "made"));
    assert.deepEqual(
      made.map((one) => one["outcome"]),
      ["kept", "kept"],
    );
    const numbat = made.flatMap((one) => rowsOf(one, "posts")).find((post) => String(post["text"]).includes("numbat"));
    assert.deepEqual(
      [numbat?.["text"], numbat?.["language"], numbat?.["sentiment"], numbat?.["terms"]],
      ["the numbat is wonderful, write to [email]", "en", "positive", ["numbat"]],
    );
    const [worse] = rowsOf((await api.ask("POST", "/api/v1/quarantine/preview", { body: { code: "JSON_INVALID" } })).body);
    assert.deepEqual([recordAt(worse, "made")["outcome"], recordAt(worse, "made")["code"]], ["rejected", "JSON_INVALID"]);
    assert.equal((await api.ask("POST", "/api/v1/quarantine/preview", { body: {} })).status, 400);
    assert.deepEqual((await page())["counts"], before);
    assert.equal(await countOf("numbat"), 0);
  });

  it("is dismissed and put back, one or a reason", async () => {
    assert.deepEqual((await api.ask("POST", "/api/v1/quarantine/dismiss", { body: { code: "DATE_INVALID", source: "import" } })).body, { dismissed: 1 });
    const gone = (await api.ask("GET", "/api/v1/quarantine?state=dismissed")).body;
    assert.deepEqual(recordAt(gone, "counts"), { open: 3, dismissed: 1, replayed: 0 });
    assert.equal(rowsOf(gone, "reasons")[0]?.["code"], "DATE_INVALID");
    const ids = rowsOf(gone).map((item) => item["id"]);
    assert.deepEqual((await api.ask("POST", "/api/v1/quarantine/reopen", { body: { ids } })).body, { reopened: 1 });
    assert.deepEqual((await api.ask("POST", "/api/v1/quarantine/reopen", { body: { ids } })).body, { reopened: 0 }, "what is open is not put back twice");
    assert.equal((await api.ask("POST", "/api/v1/quarantine/dismiss", { body: {} })).status, 400, "everything is never meant by accident");
  });

  it("is read again, with its progress, and what is replayed cannot be dismissed or put back", async () => {
    const replayed = await api.ask("POST", "/api/v1/quarantine/replay", { body: { code: "PARSER_FAILED" } });
    assert.deepEqual(replayed.body, { read: 2, kept: 2, unchanged: 0, rejected: 0 });
    const run = recordAt((await api.ask("GET", "/api/v1/quarantine/replay")).body, "run");
    assert.deepEqual([run["state"], run["read"], run["of"], run["kept"]], ["done", 2, 2, 2]);
    await api.settle();
    assert.equal(await countOf("numbat"), 1);
    const counts = recordAt((await api.ask("GET", "/api/v1/quarantine?state=replayed")).body, "counts");
    assert.deepEqual([counts["replayed"], counts["dismissed"]], [2, 0]);
    assert.deepEqual((await api.ask("POST", "/api/v1/quarantine/reopen", { body: { code: "PARSER_FAILED" } })).body, { reopened: 0 });
  });
});
