import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { importModel } from "../src/models/deep/import.ts";
import { tinySentiment, writeTiny } from "../src/models/deep/tiny.fixtures.ts";
import { isRecord, recordAt, rowsOf, type RunningApi, startApi, until } from "./api.fixtures.ts";
import { seedSet, tones, trainModel } from "./models.fixtures.ts";

const words = { positive: "a good thing", negative: "a bad thing", neutral: "a day as others" } as const;
const gold = Object.entries(words).flatMap(([label, text]) => Array.from({ length: 12 }, (_, i) => ({ label, text: `${text} ${i}` })));
const tsv = gold.map(({ label, text }) => `${label}\t${text}`).join("\n");

describe("models compared on gold texts", () => {
  const data = mkdtempSync(join(tmpdir(), "earshot-api-bakeoff-"));
  /** Says positive to all, and to every second text nothing that counts. */
  let asked = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ choices: [{ message: { content: ++asked % 2 === 0 ? "positive" : "who knows" } }] }));
  });
  let api: RunningApi;
  before(async () => {
    await writeTiny(join(data, "from"), tinySentiment);
    await writeTiny(join(data, "other"), { labels: ["no", "yes"], words: { good: [0, 1] } });
    const into = join(data, "models");
    await importModel({ from: join(data, "from"), into, name: "tiny", task: "sentiment", licence: "MIT", now: new Date(0) });
    await importModel({ from: join(data, "other"), into, name: "other", task: "irony", now: new Date(0) });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
    const deep = [{ task: "sentiment", http: { url, model: "chatty", labels: ["negative", "neutral", "positive"] } }];
    api = await startApi({ env: { EARSHOT_DATA: data }, config: { models: { deep, promotion: { leastGold: 10, leastPerClass: 1 } } } });
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    server.close();
    rmSync(data, { recursive: true, force: true });
  });
  const ended = async () => {
    await until("the bake-off ends", async () => recordAt((await api.ask("GET", "/api/v1/models/bakeoff")).body, "bakeoff")["state"] !== "running", 120_000);
    return recordAt((await api.ask("GET", "/api/v1/models/bakeoff")).body, "bakeoff");
  };

  it("gives each its quality with an interval, its cost, memory and licence; what has no answer counts as wrong", async () => {
    assert.equal((await api.ask("GET", "/api/v1/models/bakeoff")).body["bakeoff"], null);
    const begun = await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", tsv } });
    assert.equal(begun.status, 202, begun.text);
    assert.equal((await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", tsv } })).status, 409);
    const found = await ended();
    assert.equal(found["state"], "done", JSON.stringify(found));
    assert.equal(found["n"], gold.length);
    const rows = new Map(rowsOf(found, "rows").map((row) => [row["kind"], row]));
    assert.deepEqual([...rows.keys()].toSorted(), ["embedded", "http", "lexicon", "onnx"]);
    const tiny = rows.get("onnx");
    assert.equal(tiny?.["licence"], "MIT");
    assert.deepEqual(recordAt(tiny, "figures", "macroF1"), { value: 1, low: 1, high: 1 });
    for (const row of rows.values()) {
      const figures = recordAt(row, "figures");
      assert.ok(Number(figures["microsPerPost"]) > 0 && Number(figures["cpuMicrosPerPost"]) > 0 && Number(figures["memoryMb"]) >= 0, JSON.stringify(row));
    }
    const chatty = recordAt(rows.get("http"), "figures");
    assert.equal(chatty["answered"], 0.5);
    // Right: the positive half of those answered. F1 of positive is 2·6 / (18 + 12), of the others 0.
    assert.ok(Math.abs(Number(recordAt(chatty, "macroF1")["value"]) - 0.4 / 3) < 1e-9, JSON.stringify(chatty));
    assert.equal(
      rowsOf(found, "rows").some(({ best }) => best === true),
      true,
    );
  });

  it("takes the gold part of a frozen version, and refuses one without", async () => {
    const { body: set } = await api.ask("POST", "/api/v1/label-sets", {
      body: { name: "Tone", kind: "classes", classes: ["negative", "neutral", "positive"], guidelines: "", perText: 1, splitBy: "author" },
    });
    const path = `/api/v1/label-sets/${String(set["id"])}`;
    const raw = gold.map(({ label, text }, i) => `${JSON.stringify({ text, label, part: i % 3 === 0 ? "train" : "gold" })}\n`).join("");
    const imported = await api.ask("POST", `${path}/import?as=jsonl`, { raw, headers: { "content-type": "application/x-ndjson" } });
    assert.equal(imported.status, 200, imported.text);
    const frozen = await api.ask("POST", `${path}/versions`);
    assert.equal(frozen.status, 200, frozen.text);
    assert.equal((await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", set: set["id"], version: 1 } })).status, 202);
    const found = await ended();
    assert.equal(found["n"], 24);
    assert.equal(recordAt(found, "gold")["hash"], frozen.body["hash"]);
    assert.equal((await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", set: set["id"], version: 9 } })).status, 404);
    const little = await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", tsv: "positive\tgood" } });
    assert.equal(little.status, 409);
    assert.match(String(little.body["detail"]), /10 to 5000/);
  });

  it("holds all against who judges now, models that were trained here among them", async () => {
    const set = await seedSet(api, "tone", ["complaint", "praise"], tones(120));
    const id = await trainModel(api, set);
    const promoted = await api.ask("POST", `/api/v1/models/${encodeURIComponent(id)}/promote`);
    await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "tone", set, version: 1 } });
    const [row] = rowsOf(await ended(), "rows");
    assert.deepEqual([row?.["kind"], row?.["name"], row?.["judges"]], ["trained", id, promoted.status === 200], promoted.text);
    await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", tsv } });
    const rows = rowsOf(await ended(), "rows");
    assert.deepEqual(
      rows.filter(({ judges }) => judges === true).map(({ kind }) => kind),
      ["embedded"],
    );
    for (const one of rows) {
      if (one["judges"] === true) assert.equal(one["difference"], undefined);
      else {
        const { value, low, high } = recordAt(one, "difference");
        assert.ok(Number(low) <= Number(value) && Number(value) <= Number(high));
        const f1Of = (kind: unknown) =>
          Number(
            recordAt(
              rows.find((other) => other["kind"] === kind),
              "figures",
              "macroF1",
            )["value"],
          );
        assert.ok(Math.abs(Number(value) - (f1Of(one["kind"]) - f1Of("embedded"))) < 1e-9);
      }
    }
  });

  it("is cancelled, and keeps no text", async () => {
    const secret = "zebra-crossing-words";
    await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "sentiment", tsv: `${tsv}\nneutral\t${secret}` } });
    assert.equal((await api.ask("DELETE", "/api/v1/models/bakeoff")).status, 204);
    const found = await ended();
    assert.equal(found["state"], "failed");
    const { rows } = await api.system.engine.sql.query("select value from settings where name = 'bakeoff.last'");
    assert.equal(rows.length, 1);
    assert.equal(JSON.stringify(rows).includes(secret), false);
  });

  it("leaves out, with the reason, who does not know the classes", async () => {
    await api.ask("POST", "/api/v1/models/bakeoff", { body: { task: "irony", tsv: gold.map(({ text }, i) => `${i % 2 === 0 ? "ironic" : "plain"}\t${text}`).join("\n") } });
    const rows = rowsOf(await ended(), "rows");
    assert.equal(rows.length, 2);
    for (const { reason } of rows) assert.match(String(reason), /does not know ironic, plain/);
  });

  it("tells what the larger models did", async () => {
    const [model] = rowsOf((await api.ask("GET", "/api/v1/models/deep")).body);
    assert.match(String(model?.["model"]), /^chatty@/);
    assert.deepEqual([model?.["use"], model?.["judged"]], ["abstained", 0]);
  });

  it("writes a frozen version for a trainer outside, without who wrote it", async () => {
    const sets = rowsOf((await api.ask("GET", "/api/v1/label-sets")).body);
    const set = sets.find(({ name }) => name === "Tone");
    const file = join(data, "labels.jsonl");
    const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
    const runs = join(data, "run.json");
    writeFileSync(runs, JSON.stringify({ version: 1, address: api.address, token: await api.makeToken("analyst"), pid: process.pid }));
    await promisify(execFile)(process.execPath, [main, "models", "export-labels", "--set", String(set?.["id"]), "--out", file], { env: { ...process.env, EARSHOT_DATA: data } });
    const [head, ...rows] = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    const versions = rowsOf((await api.ask("GET", `/api/v1/label-sets/${String(set?.["id"])}/versions`)).body);
    assert.ok(isRecord(head));
    assert.deepEqual(
      [head["format"], head["name"], head["version"], head["hash"], head["classes"]],
      ["earshot-labels-1", "Tone", 1, versions[0]?.["hash"], ["negative", "neutral", "positive"]],
    );
    assert.equal(rows.length, gold.length);
    for (const row of rows) assert.deepEqual(Object.keys(isRecord(row) ? row : {}).toSorted(), ["label", "part", "text"]);
  });

  it("prints the same on the command line", async () => {
    const file = join(data, "gold.tsv");
    writeFileSync(file, tsv);
    const config = join(data, "plain.mjs");
    writeFileSync(config, "export default {};\n");
    const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [main, "models", "bakeoff", "--task", "sentiment", "--tsv", file, "--json"], {
      env: { ...process.env, EARSHOT_DATA: data, EARSHOT_CONFIG: config },
    });
    const printed: unknown = JSON.parse(stdout);
    assert.ok(isRecord(printed));
    assert.deepEqual(
      rowsOf(printed, "rows")
        .map(({ kind }) => kind)
        .toSorted(),
      ["embedded", "lexicon", "onnx"],
    );
  });
});
