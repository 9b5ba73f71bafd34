import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { appendFile, cp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { makeDiskFiles } from "../core/disk-files.ts";
import { type Home, makeHome, tell } from "./backup.fixtures.ts";
import { examine } from "./doctor.ts";
import type { Check } from "./doctor-check.ts";
import { root } from "./system.ts";

const files = makeDiskFiles();

async function check(home: Home, env: Readonly<Record<string, string>> = {}): Promise<ReadonlyMap<string, Check>> {
  const checks = await examine({ env: { ...home.env, EARSHOT_PORT: "0", ...env }, root, files, maxCheckedBytes: 1_000_000_000 });
  return new Map(checks.map((each) => [each.name, each]));
}

const failed = (checks: ReadonlyMap<string, Check>) => [...checks.values()].filter((each) => each.status === "fail").map((each) => each.name);

/** Names, sizes, contents and times of all that lies in a folder. */
function picture(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stat = statSync(join(folder, name));
      const content =
        stat.isFile() && name !== "earshot.lock"
          ? createHash("sha256")
              .update(readFileSync(join(folder, name)))
              .digest("hex")
          : "";
      return `${name} ${stat.size} ${stat.mtimeMs} ${content}`;
    })
    .join("\n");
}

describe("the doctor, before a first start", () => {
  test("finds nothing wrong, and makes no folder", async () => {
    await using home = await makeHome();
    const checks = await check(home);
    assert.deepEqual(failed(checks), []);
    assert.equal(existsSync(home.data), false);
    assert.match(checks.get("Postgres")?.detail ?? "", /^embedded \d+, starts /);
  });

  test("names every fault of environment, configuration, secrets and proxy, and goes on to the end", async () => {
    await using home = await makeHome();
    const faulty = join(home.folder, "faulty.ts");
    await writeFile(faulty, 'export default { sources: { m: { use: "mastodon", server: "https://m.example", token: "env:NOT_SET_ANYWHERE" } } };\n');
    const checks = await check(home, { EARSHOT_CONFIG: faulty, EARSHOT_TOKEN: "short", EARSHOT_LOG: "loud", HTTPS_PROXY: "ftp://proxy.example" });
    assert.match(checks.get("environment")?.detail ?? "", /EARSHOT_TOKEN.*EARSHOT_LOG/s);
    assert.match(checks.get("secrets")?.detail ?? "", /sources\.m\.token: .*NOT_SET_ANYWHERE/);
    assert.deepEqual(failed(checks), ["environment", "secrets", "proxy"]);
    assert.ok(checks.has("pages"));
    const broken = join(home.folder, "broken.ts");
    await writeFile(broken, "export default { bogus: 1, limits: { logMaxGb: -1 } };\n");
    assert.match((await check(home, { EARSHOT_CONFIG: broken })).get("configuration")?.detail ?? "", /limits\.logMaxGb: .*bogus: /s);
  });

  test("warns of a variable that is not known, which may be a slip of the pen", async () => {
    await using home = await makeHome();
    const environment = (await check(home, { EARSHOT_PROT: "4311" })).get("environment");
    assert.equal(environment?.status, "warn");
    assert.match(environment.detail, /EARSHOT_PROT/);
  });

  test("tells of a port that is taken and a file in the folder's place", async () => {
    await using home = await makeHome();
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const at = server.address();
    assert.ok(typeof at === "object" && at !== null);
    await writeFile(home.data, "a file");
    try {
      assert.deepEqual(failed(await check(home, { EARSHOT_PORT: String(at.port) })), ["data folder", "port"]);
    } finally {
      server.close();
    }
  });

  test("tells of a Postgres that does not answer, and not its password", async () => {
    await using home = await makeHome();
    const checks = await check(home, { EARSHOT_DATABASE_URL: "postgres://someone:a-secret-word@127.0.0.1:1/earshot" });
    assert.deepEqual(failed(checks), ["Postgres"]);
    assert.doesNotMatch(JSON.stringify([...checks]), /a-secret-word/);
  });
});

describe("the doctor, on data", () => {
  let home: Home;
  before(async () => {
    home = await makeHome();
    await home.running(async (system) => {
      await tell(system, [
        { author: "alice", text: "lantern by alice" },
        { author: "berta", text: "lantern by berta" },
      ]);
      const checks = await check(home);
      assert.deepEqual(failed(checks), [], "while it runs");
      assert.match(checks.get("lock")?.detail ?? "", /^held/);
      assert.deepEqual([checks.get("lake manifest")?.status, checks.get("log")?.status], ["ok", "skip"]);
    });
  });
  after(() => home[Symbol.asyncDispose]());

  test("finds it well and changes nothing", async () => {
    const seen = picture(home.data);
    const checks = await check(home);
    assert.deepEqual(failed(checks), []);
    assert.match(checks.get("log")?.detail ?? "", /^[1-9]\d* raw messages kept/);
    assert.equal(picture(home.data), seen);
  });

  const segment = (data: string) =>
    readdirSync(join(data, "log", "events", "0"))
      .map((name) => join(data, "log", "events", "0", name))
      .at(-1) ?? "";
  const parquet = (data: string) =>
    readdirSync(join(data, "lake"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".parquet"))
      .map((name) => join(data, "lake", name))[0] ?? "";
  const damages: readonly (readonly [what: string, found: string, status: Check["status"], harm: (data: string) => Promise<unknown>])[] = [
    ["a torn tail of the log", "log", "warn", (data) => appendFile(segment(data), Buffer.alloc(100, 7))],
    ["a database that is overwritten", "databases", "fail", (data) => writeFile(join(data, "ledger", "000.sqlite"), Buffer.alloc(8_192, 7))],
    ["a Parquet file cut off", "lake files", "fail", async (data) => writeFile(parquet(data), readFileSync(parquet(data)).subarray(0, -9))],
    ["keys that are gone", "keys", "fail", (data) => rm(join(data, "keys", "keys.json"))],
    ["another version of Postgres", "Postgres", "fail", (data) => writeFile(join(data, "postgres", "data", "PG_VERSION"), "16\n")],
    [
      "a newer format",
      "format",
      "fail",
      async (data) => writeFile(join(data, "format.json"), readFileSync(join(data, "format.json"), "utf8").replace('"version":1', '"version":2')),
    ],
  ];
  for (const [what, name, status, harm] of damages) {
    test(`finds ${what}, and leaves it as it is`, async () => {
      const whole = join(home.folder, "whole");
      await cp(home.data, whole, { recursive: true });
      try {
        await harm(home.data);
        const seen = picture(home.data);
        const found = (await check(home)).get(name);
        assert.equal(found?.status, status, found?.detail);
        assert.equal(picture(home.data), seen);
      } finally {
        await rm(home.data, { recursive: true });
        await rename(whole, home.data);
      }
    });
  }
});
