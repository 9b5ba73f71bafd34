import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { isRecord, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { earshot } from "./start.fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-parquet-"));
after(() => rmSync(folder, { recursive: true, force: true }));

async function write(name: string, select: string, how = ""): Promise<string> {
  const path = join(folder, name);
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  await connection.run(`COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet${how})`);
  connection.closeSync();
  instance.closeSync();
  return path;
}

describe("Parquet through the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api[Symbol.asyncDispose]());
  const upload = (raw: Uint8Array, query = "") => api.ask("POST", `/api/v1/import${query}`, { raw, headers: { "content-type": "application/vnd.apache.parquet" } });
  const find = async (q: string) => rowsOf((await api.ask("GET", `/api/v1/posts?q=${encodeURIComponent(q)}`)).body);

  it("brings every row once, with ids, dates, counts and other columns as they stand in the file, and leaves no upload behind", async () => {
    const file = await write(
      "good.parquet",
      `SELECT 1800000000000000000 + i AS id, 'forum' AS platform, 'ann' || (i % 7) AS author, 'an aardvark ' || i AS text, TIMESTAMPTZ '2026-05-01 12:00:00+00' + INTERVAL (i) SECOND AS createdAt, i AS likes, 'de' AS language, [1, i] AS list, 'NaN'::DOUBLE AS score FROM range(5000) t(i)`,
      ", ROW_GROUP_SIZE 2048, COMPRESSION zstd",
    );
    const answer = await upload(readFileSync(file));
    assert.deepEqual(answer.body, { accepted: 5_000, duplicate: 0, rejected: 0, dropped: 0, errors: [] });
    assert.deepEqual((await upload(readFileSync(file))).body, { accepted: 0, duplicate: 5_000, rejected: 0, dropped: 0, errors: [] });
    await api.settle();
    await until("the rows are found", async () => (await find("aardvark 4321")).length === 1);
    const [post] = await find("aardvark 4321");
    assert.ok(post);
    assert.deepEqual([post["platform"], post["language"], post["createdAt"]], ["forum", "de", "2026-05-01T13:12:01.000Z"]);
    assert.deepEqual(isRecord(post["counts"]) && post["counts"]["likes"], 4_321);
    assert.deepEqual(readdirSync(join(api.system.base.folder, "uploads")), []);
  });

  it("takes columns of other names, and names the ones that are not there", async () => {
    const file = readFileSync(
      await write("other.parquet", `SELECT 'x' || i AS nr, 'bob' AS "who, me", 'a badger' AS body, DATE '2026-05-02' AS day, 'not this' AS text FROM range(3) t(i)`),
    );
    const answer = await upload(file, `?platform=forum&fields=${encodeURIComponent("id:nr,text:body,createdAt:day")}`);
    assert.equal(answer.body["accepted"], 3, answer.text);
    const refused = await upload(file, `?fields=${encodeURIComponent("id:nr,text:nothing")}`);
    assert.deepEqual([refused.status, refused.body["code"]], [400, "PARQUET_INVALID"]);
    assert.match(refused.text, /there is no column/);
    assert.equal((await upload(file, "?fields=nonsense:nr")).status, 400);
  });

  it("rejects bad rows with their code and row, keeps the others, and refuses what is no Parquet", async () => {
    const file = await write(
      "bad.parquet",
      `SELECT CASE WHEN i = 10 THEN NULL ELSE 'b' || i END AS id, 'eve' AS author, 'a civet number ' || i AS text, CASE WHEN i = 20 THEN 'someday' ELSE '2026-05-03T00:00:00Z' END AS createdAt FROM range(6000) t(i)`,
      ", COMPRESSION uncompressed",
    );
    const bytes = readFileSync(file);
    bytes[bytes.indexOf("a civet number 5000") + 2] = 0xff;
    const answer = await upload(bytes);
    assert.deepEqual([answer.body["accepted"], answer.body["rejected"]], [5_997, 3], answer.text);
    assert.deepEqual(
      rowsOf(answer.body, "errors").map((error) => [error["line"], error["code"]]),
      [
        [11, "FIELD_MISSING"],
        [21, "DATE_INVALID"],
        [5_001, "UTF8_INVALID"],
      ],
    );
    for (const broken of [Buffer.from("PAR1xxxxPAR1"), Buffer.from("hello"), Buffer.alloc(0), bytes.subarray(0, 9_000)]) {
      const refused = await upload(broken);
      assert.deepEqual([refused.status, refused.body["code"]], [400, "PARQUET_INVALID"], refused.text);
      assert.doesNotMatch(refused.text, /uploads|\/tmp/);
    }
  });
});

it("the command line imports a Parquet file, with columns of other names", async () => {
  const file = await write("it's [cli]*.parquet", `SELECT 'c' || i AS nr, 'ann' AS author, 'a dingo' AS text, 1777636800 AS createdAt FROM range(4000) t(i)`);
  const config = join(folder, "config.mjs");
  writeFileSync(config, "export default { world: false, partitions: 1, workers: 1, limits: { minFreeGb: 0 } };\n");
  const env = { EARSHOT_DATA: join(folder, "data"), EARSHOT_CONFIG: config };
  const { code, output } = await earshot(["import", file, "--field", "id=nr"], { env }).exit;
  assert.equal(code, 0, output);
  assert.match(output, /4000 accepted, 0 known already, 0 rejected/);
});
