import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { recordAt, type RunningApi, startApi } from "./api.fixtures.ts";

const program = join(dirname(dirname(fileURLToPath(import.meta.url))), "bin", "earshot.mjs");

describe("label sets from the terminal", () => {
  let api: RunningApi;
  let folder: string;
  before(async () => {
    api = await startApi();
    folder = mkdtempSync(join(tmpdir(), "earshot-labels-"));
    await api.import(
      Array.from({ length: 12 }, (_, i) => ({ id: `k${i}`, platform: "forum", author: `u${i}`, text: `kettle number ${i} leaks again`, createdAt: "2026-11-20T09:00:00Z" })),
    );
    await api.settle();
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...words: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const { EARSHOT_DATA, EARSHOT_CONFIG } = api.system.environment;
      const env = { ...process.env, EARSHOT_DATA, EARSHOT_CONFIG };
      execFile(process.execPath, [program, "labels", ...words], { env }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });

  it("makes a set, brings labels in, draws posts, freezes, and writes what was frozen", async () => {
    assert.equal((await run("make", "--name", "care", "--class", "complaint", "--class", "praise")).code, 0);
    const file = join(folder, "labels.csv");
    writeFileSync(file, 'text,label,annotator\n"I love it, thanks",praise,ann\nit broke,complaint,ann\nit broke,praise,ben\nhmm,anger,ann\n');
    const brought = await run("import", "--set", "care", file);
    assert.match(brought.stdout, /^2 texts, 3 labels; 1 known already, 1 rejected/);
    assert.match(brought.stderr, /labels\.csv:5: FIELD_INVALID: label: expected one of complaint, praise/);
    assert.match((await run("agreement", "--set", "care")).stdout, /^α 0\.000 over 1 units; 0\.0% of pairs agree\n {2}complaint \/ praise: 1/);
    assert.match((await run("draw", "--set", "care", "--query", "kettle", "--count", "4")).stdout, /^4 texts added, out of 12/);
    assert.match((await run("list")).stdout, /^care: 1 of 6 labelled, 1 conflicts/);
    const frozen = recordAt({ told: JSON.parse((await run("freeze", "--set", "care", "--json")).stdout) as unknown }, "told");
    assert.deepEqual([frozen["version"], frozen["count"]], [1, 1]);
    const out = join(folder, "out.csv");
    assert.equal((await run("export", "--set", "care", "--version", "1", "--as", "csv", "--output", out)).code, 0);
    assert.match(readFileSync(out, "utf8"), /^id,text,label.*\r\n[0-9a-f-]{36},"I love it, thanks",praise,/);
  });

  it("says which set there is none of, with the code for wrong data", async () => {
    const { code, stderr } = await run("export", "--set", "nope");
    assert.equal(code, 65);
    assert.match(stderr, /^NOT_FOUND: --set nope: there is no label set of this name/);
  });
});
