import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { environmentToken, recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";

const startMs = Date.parse("2026-11-01T00:00:00Z");
const line = (i: number, more: Readonly<Record<string, unknown>> = {}) => ({
  id: `n${i}`,
  platform: "forum",
  author: `author-${i % 7}`,
  text: `post number${i} about zebras`,
  createdAt: new Date(startMs + i * 60_000).toISOString(),
  ...more,
});

describe("data through the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api[Symbol.asyncDispose]());
  const search = async (q: string, more = "") => (await api.ask("GET", `/api/v1/posts?q=${encodeURIComponent(q)}${more}`)).body;
  const idsOf = (body: Record<string, unknown>) => rowsOf(body).map((post) => String(post["id"]));
  const countOf = async (q: string) => (await api.ask("GET", `/api/v1/posts/count?q=${encodeURIComponent(q)}`)).body["posts"];
  const settled = (q: string, posts: number) => until(`${q} finds ${posts}`, async () => (await countOf(q)) === posts);

  it("counts what an import brought exactly, and the same lines again as known", async () => {
    const lines = Array.from({ length: 120 }, (_, i) => line(i));
    assert.deepEqual(await api.import(lines), { accepted: 120, duplicate: 0, rejected: 0, dropped: 0, errors: [] });
    assert.deepEqual(await api.import(lines), { accepted: 0, duplicate: 120, rejected: 0, dropped: 0, errors: [] });
    await api.settle();
    await settled("zebras", 120);
  });

  it("names bad lines by number and reason, a line beyond 10 MB too, and keeps the good ones", async () => {
    const huge = JSON.stringify(line(900, { text: "x".repeat(10 * 1024 * 1024) }));
    const answer = await api.import([
      line(901, { text: "a quagga" }),
      "",
      "nonsense",
      line(902, { createdAt: "the day before" }),
      { id: "n903", author: "x" },
      huge,
      '{"id":1e999}',
      "[1]",
      line(904, { text: "another quagga" }),
    ]);
    assert.deepEqual([answer["accepted"], answer["duplicate"], answer["rejected"]], [2, 0, 6]);
    const errors = rowsOf(answer, "errors");
    assert.deepEqual(
      errors.map((error) => error["line"]),
      [3, 4, 5, 6, 7, 8],
    );
    assert.deepEqual(
      errors.slice(0, 4).map((error) => error["code"]),
      ["JSON_INVALID", "DATE_INVALID", "FIELD_MISSING", "ITEM_TOO_LARGE"],
    );
    await settled("quagga", 2);
    assert.deepEqual(await api.import([]), { accepted: 0, duplicate: 0, rejected: 0, dropped: 0, errors: [] });
  });

  it("reads lines whatever a sender calls their type", async () => {
    for (const [i, type] of ["application/x-jsonlines", "application/x-www-form-urlencoded", undefined].entries()) {
      const headers = { authorization: `Bearer ${environmentToken}`, ...(type !== undefined && { "content-type": type }) };
      const body = new TextEncoder().encode(`${JSON.stringify(line(950 + i, { text: "a kiang" }))}\n`);
      const answer = await fetch(`${api.address}/api/v1/import`, { method: "POST", headers, body });
      assert.deepEqual([answer.status, await answer.json()], [200, { accepted: 1, duplicate: 0, rejected: 0, dropped: 0, errors: [] }], type);
    }
    await settled("kiang", 3);
  });

  it("takes a byte order mark before the first line for what it is", async () => {
    assert.deepEqual(await api.import([960, 961].map((i) => `${i === 960 ? "\ufeff" : ""}${JSON.stringify(line(i, { text: "an onager" }))}\r`)), {
      accepted: 2,
      duplicate: 0,
      rejected: 0,
      dropped: 0,
      errors: [],
    });
  });

  it("goes on after a sender that goes away in the middle; sent again, nothing is there twice", async () => {
    const lines = Array.from({ length: 50 }, (_, i) => JSON.stringify(line(2_000 + i, { text: `okapi ${i}` })));
    const text = `${lines.join("\n")}\n`;
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(api.address).port), "127.0.0.1", () => {
        socket.write(
          `POST /api/v1/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${environmentToken}\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${text.length}\r\n\r\n${text.slice(0, text.length / 2)}`,
          () => socket.destroy(),
        );
      });
      socket.once("close", () => resolve());
    });
    const answer = await api.import(lines);
    assert.equal(Number(answer["accepted"]) + Number(answer["duplicate"]), 50);
    await settled("okapi", 50);
    assert.deepEqual((await api.ask("GET", "/health")).body, { status: "ok" });
  });

  it("finds words, phrases, prefixes, fields and times, and says where a query is wrong", async () => {
    assert.equal(rowsOf(await search("number17 zebras")).length, 1);
    assert.equal(rowsOf(await search('"number17 about zebras"')).length, 1);
    assert.equal(rowsOf(await search('"zebras about"')).length, 0);
    assert.equal(await countOf("number11*"), 11);
    assert.equal(await countOf("zebras NOT number1*"), 120 - 31);
    assert.equal(await countOf("platform:forum zebras"), 120);
    assert.equal(await countOf("created:2026-11-01..2026-11-02 zebras"), 120);
    const newest = rowsOf(await search("zebras", "&limit=3")).map((post) => post["createdAt"]);
    assert.deepEqual(
      newest,
      [119, 118, 117].map((i) => new Date(startMs + i * 60_000).toISOString()),
    );
    for (const q of ['"open', "(zebras", "nofield:x", "zebras AND"]) {
      const answer = await api.ask("GET", `/api/v1/posts?q=${encodeURIComponent(q)}`);
      assert.deepEqual([q, answer.status, answer.body["code"]], [q, 400, "QUERY_INVALID"]);
      assert.match(String(answer.body["detail"]), /column \d|nofield/);
    }
  });

  it("pages without repeats or gaps while new posts come, and refuses a cursor that it did not give", async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let round = 0; ; round++) {
      const page = await search("zebras number*", `&limit=25${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(...idsOf(page));
      await api.import([
        line(5_000 + round, { createdAt: new Date(startMs + 9_000_000 + round * 1_000).toISOString() }),
        line(6_000 + round, { createdAt: new Date(startMs + 100).toISOString(), text: "a gnu" }),
      ]);
      await api.settle();
      if (typeof page["next"] !== "string") break;
      cursor = page["next"];
    }
    assert.equal(new Set(seen).size, seen.length, "no post comes twice");
    assert.equal(seen.length, 120);
    for (const wrong of ["abc", "", "a".repeat(1_000)]) {
      const answer = await api.ask("GET", `/api/v1/posts?q=zebras&cursor=${wrong}`);
      assert.deepEqual([wrong, answer.status], [wrong, 400]);
    }
    assert.equal((await api.ask("GET", `/api/v1/posts?cursor=${"a".repeat(2_001)}`)).status, 400);
  });

  it("gives one post by its id, facets that sum to the count, and an export of every hit", async () => {
    const [first] = rowsOf(await search("number17 zebras"));
    const one = await api.ask("GET", `/api/v1/posts/${String(first?.["id"])}`);
    assert.deepEqual(one.body, first);
    assert.equal((await api.ask("GET", "/api/v1/posts/p_nothing")).status, 404);
    const facets = await api.ask("GET", "/api/v1/posts/facets?q=zebras&by=platform,day");
    const total = Number(facets.body["posts"]);
    for (const name of ["platform", "day"]) {
      assert.equal(
        rowsOf(recordAt(facets.body, "facets"), name).reduce((sum, row) => sum + Number(row["posts"]), 0),
        total,
        name,
      );
    }
    const exported = await api.ask("GET", "/api/v1/posts/export?q=zebras");
    assert.equal(exported.type, "application/x-ndjson");
    const ids = exported.text
      .trimEnd()
      .split("\n")
      .map((text) => recordAt({ post: JSON.parse(text) }, "post")["id"]);
    assert.deepEqual([ids.length, new Set(ids).size], [total, total]);
    const wrong = await api.ask("GET", "/api/v1/posts/export?q=%22");
    assert.deepEqual([wrong.status, wrong.body["code"], wrong.headers.get("content-disposition")], [400, "QUERY_INVALID", null]);
  });

  it("rolls up exactly what was imported", async () => {
    // Minutes are kept for 35 days.
    const dayMs = 86_400_000;
    const fromMs = (Math.floor(Date.now() / dayMs) - 2) * dayMs;
    const at = (ms: number) => new Date(fromMs + ms).toISOString();
    const lines = Array.from({ length: 90 }, (_, i) => line(i, { platform: "diary", id: `d${i}`, likes: i, shares: 1, createdAt: at(i * 60_000) }));
    await api.import(lines);
    await api.settle();
    const ask = async (more: string) => (await api.ask("GET", `/api/v1/rollups?from=${at(0)}&to=${at(dayMs)}${more}`)).body;
    await until("the rollups hold all", async () => Number(rowsOf(await ask("&grain=all"), "rows")[0]?.["posts"]) === 90);
    const [all] = rowsOf(await ask("&grain=all&by=platform"), "rows");
    assert.deepEqual([all?.["platform"], all?.["posts"], all?.["likes"], all?.["shares"], all?.["authors"]], ["diary", 90, (89 * 90) / 2, 90, 7]);
    const hours = rowsOf(await ask("&grain=hour"), "rows");
    assert.deepEqual(
      hours.map((row) => [row["at"], row["posts"]]),
      [
        [at(0), 60],
        [at(3_600_000), 30],
      ],
    );
    const minutes = rowsOf(await ask("&grain=minute"), "rows");
    assert.deepEqual([minutes.length, minutes.every((row) => row["posts"] === 1)], [90, true]);
    for (const row of [all, ...hours]) assert.equal(Number(row?.["negative"]) + Number(row?.["neutral"]) + Number(row?.["positive"]) + Number(row?.["unscored"]), row?.["posts"]);
  });

  it("tags stored history by a new term, and new posts at once; removed, its tags go", async () => {
    const body = { name: "Okapi", kind: "topic", query: "okapi NOT 7" };
    const put = await api.ask("PUT", "/api/v1/terms/okapi", { body });
    assert.equal(put.status, 200, put.text);
    await until("history is tagged", async () => rowsOf((await api.ask("GET", "/api/v1/terms")).body)[0]?.["retagged"] === 1);
    await settled("term:okapi", 49);
    await api.import([line(7_000, { text: "one more okapi" })]);
    await settled("term:okapi", 50);
    await api.ask("PUT", "/api/v1/terms/okapi", { body: { ...body, query: "okapi" } });
    await settled("term:okapi", 51);
    assert.equal((await api.ask("DELETE", "/api/v1/terms/okapi")).status, 204);
    await settled("term:okapi", 0);
    assert.equal((await api.ask("DELETE", "/api/v1/terms/okapi")).status, 404);
  });
});

it("an import is refused, and told why, while collection waits for room", async () => {
  await using api = await startApi({ config: { limits: { minFreeGb: 1_000_000 } } });
  await until("collection waits", async () => (await api.ask("GET", "/health")).body["status"] === "paused");
  const { status, body } = await api.ask("POST", "/api/v1/import", { raw: `${JSON.stringify(line(1))}\n`, headers: { "content-type": "application/x-ndjson" } });
  assert.deepEqual([status, body["code"]], [507, "DISK_FULL"]);
  assert.match(String(body["detail"]), /limits\.minFreeGb/);
  assert.equal((await api.ask("GET", "/api/v1/posts/count?q=zebras")).body["posts"], 0);
});
