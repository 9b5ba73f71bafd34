import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

const program = join(dirname(dirname(fileURLToPath(import.meta.url))), "bin", "earshot.mjs");
const file = ["Wann;Wo;Was", "07/08/2026 10:00;https://x.com/ann/status/9;an okapi", "someday;https://x.com/ann/status/10;another"].join("\n");
const mapping = (dayFirst: boolean) => ({ vendor: "other", fields: { date: ["Wann"], url: ["Wo"], text: ["Was"] }, timeZone: "UTC", dayFirst });

describe("exports of vendors from the terminal", () => {
  let api: RunningApi;
  let folder: string;
  before(async () => {
    api = await startApi({ collect: false });
    folder = mkdtempSync(join(tmpdir(), "earshot-exports-"));
    writeFileSync(join(folder, "shop.csv"), file);
    for (const dayFirst of [true, false]) assert.equal((await api.ask("PUT", "/api/v1/import/mappings/shop", { body: mapping(dayFirst) })).status, 200);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...words: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>((resolve) => {
      const { EARSHOT_DATA, EARSHOT_CONFIG } = api.system.environment;
      const env = { ...process.env, EARSHOT_DATA, EARSHOT_CONFIG };
      execFile(process.execPath, [program, "import", ...words, join(folder, "shop.csv")], { env }, (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr }),
      );
    });

  it("shows what a file would become by a kept mapping or one of its versions, and imports nothing", async () => {
    const { stdout, code, stderr } = await run("--preview", "--mapping", "shop");
    assert.equal(code, 0, stderr);
    assert.match(stdout, /of the first 2 rows 1 would be taken, 1 refused/);
    assert.match(stdout, /^ {2}Wann \(2\): 07\/08\/2026 10:00 \| someday$/m);
    assert.match(stdout, /^ {2}1: x 2026-07-08T10:00:00\.000Z an okapi$/m);
    assert.match(stdout, /^ {2}2: DATE_INVALID: /m);
    const told = recordAt({ told: JSON.parse((await run("--preview", "--mapping", "shop", "--version", "1", "--json")).stdout) as unknown }, "told");
    assert.equal(recordAt(rowsOf(told, "posts")[0], "line")["createdAt"], "2026-08-07T10:00:00.000Z");
    // Without a mapping the columns are shown, as none of them is known.
    assert.match((await run("--preview")).stdout, /of the first 2 rows 0 would be taken, 2 refused/);
    assert.equal((await api.ask("GET", "/api/v1/posts/count")).body["posts"], 0);
  });

  it("imports by the version that is named", async () => {
    assert.match((await run("--mapping", "shop", "--version", "7")).stderr, /the mapping shop has none/);
    assert.match((await run("--mapping", "shop", "--version", "1")).stdout, /^1 accepted, 0 known already, 1 rejected/);
    await api.settle();
    assert.deepEqual(
      rowsOf((await api.ask("GET", "/api/v1/posts")).body).map((post) => post["createdAt"]),
      ["2026-08-07T10:00:00.000Z"],
    );
  });
});
