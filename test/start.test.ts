import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { until } from "./api.fixtures.ts";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { z } from "zod";
import { earshot, importPosts, makePlace, type Program, root, textsFor, token } from "./start.fixtures.ts";

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;
const quiet = "export default { world: false };\n";
const configExit = 78;

/** Runs a start that must refuse; its sentence, without the steps before it. */
async function refused(env: Readonly<Record<string, string>>, uid?: number): Promise<string> {
  const program = earshot(["start"], { env, ...(uid !== undefined && { uid }) });
  const { code, output } = await program.exit;
  assert.equal(code, configExit, output);
  assert.doesNotMatch(output, /\n\s+at /, "no stack trace");
  return output;
}

const place = await makePlace();
const EARSHOT_CONFIG = await place.config("quiet.ts", quiet);
after(() => place[Symbol.asyncDispose]());

describe("a start that cannot work says why, ends with 78 and touches nothing", () => {
  test("every fault of the configuration is named with its place", async () => {
    const config = await place.config(
      "faulty.ts",
      'export default { bogus: 1, sources: { a: { use: "nope" }, b: { use: "mastodon" }, C: { use: "bluesky", via: "pigeon", keep: 4 } }, terms: { t: { name: "", query: "(a OR" } }, limits: { logMaxGb: -1, wrong: 2 } };\n',
    );
    const data = join(place.folder, "never-made");
    const output = await refused({ EARSHOT_CONFIG: config, EARSHOT_DATA: data });
    assert.match(output, /CONFIG_INVALID: .*faulty\.ts: \d+ faults/);
    for (const where of [
      "bogus",
      "sources.a.use",
      "sources.b.server",
      "sources.C",
      "sources.C.keep",
      "sources.C.via",
      "terms.t.name",
      "terms.t.query",
      "limits.logMaxGb",
      "limits.wrong",
    ])
      assert.match(output, new RegExp(`^ {2}${where.replaceAll(".", "\\.")}: .`, "m"));
    assert.equal(existsSync(data), false);
  });

  test("a configuration that was named and is not there is not taken for an empty one", async () => {
    const config = join(place.folder, "erashot.config.ts");
    assert.match(await refused({ EARSHOT_CONFIG: config, EARSHOT_DATA: join(place.folder, "never-made") }), /CONFIG_INVALID: EARSHOT_CONFIG: .*erashot\.config\.ts/);
  });

  test("a configuration that is no program is named with its file", async () => {
    const config = await place.config("broken.ts", "export default { world: \n");
    assert.match(await refused({ EARSHOT_CONFIG: config, EARSHOT_DATA: join(place.folder, "never-made") }), /CONFIG_INVALID: .*broken\.ts: /);
  });

  test("every fault of the environment is named with its variable", async () => {
    const output = await refused({ EARSHOT_CONFIG, EARSHOT_PORT: "99999", EARSHOT_TOKEN: "short", EARSHOT_LOG: "loud", EARSHOT_DATA: join(place.folder, "never-made") });
    assert.match(output, /CONFIG_INVALID: environment: 3 faults/);
    for (const name of ["EARSHOT_PORT", "EARSHOT_TOKEN", "EARSHOT_LOG"]) assert.match(output, new RegExp(`^ {2}${name}: `, "m"));
  });

  test("a file in the place of the data folder stays as it is", async () => {
    const file = join(place.folder, "file");
    await writeFile(file, "mine");
    assert.match(await refused({ EARSHOT_CONFIG, EARSHOT_DATA: file }), /FOLDER_UNUSABLE: .*file: expected a folder, a file stands there/);
    assert.equal(readFileSync(file, "utf8"), "mine");
  });

  test("a data folder of a newer version is not opened", async () => {
    const data = join(place.folder, "newer");
    await mkdir(data);
    const mark = JSON.stringify({ format: "earshot", version: 999, partitions: 4, keyCheck: "0", createdAt: 0 });
    await writeFile(join(data, "format.json"), mark);
    assert.match(await refused({ EARSHOT_CONFIG, EARSHOT_DATA: data }), /FORMAT_UNKNOWN: .*newer Earshot \(format 999\)/);
    assert.equal(readFileSync(join(data, "format.json"), "utf8"), mark);
  });

  test(
    "a folder that another user owns is refused by a sentence about permission",
    { skip: nobodyRuns() ? false : "needs root, and a program folder that other users may read" },
    async () => {
      const data = join(place.folder, "theirs");
      await mkdir(data, { mode: 0o755 });
      await chmod(place.folder, 0o755);
      assert.match(await refused({ EARSHOT_CONFIG, EARSHOT_DATA: data }, nobody), /FOLDER_UNUSABLE: .*no permission/);
      assert.match(await refused({ EARSHOT_CONFIG, EARSHOT_DATA: join(data, "below") }, nobody), /FOLDER_UNUSABLE: .*no permission/);
      assert.deepEqual(readdirSync(data), []);
    },
  );

  test("too small a disk is refused before Postgres is made on it", { skip: canMount() ? false : "needs the right to mount a small disk" }, async () => {
    const disk = join(place.folder, "disk");
    await mkdir(disk);
    const script = `mount -t tmpfs -o size=60m none "$1" && EARSHOT_DATA="$1/data" exec "$2" "$3" start`;
    const { status, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", script, "sh", disk, process.execPath, join(root, "bin", "earshot.mjs")], {
      encoding: "utf8",
      env: { ...process.env, EARSHOT_CONFIG, EARSHOT_PORT: "0" },
    });
    assert.equal(status, configExit, stderr);
    assert.match(stderr, /(FOLDER_UNUSABLE|DISK_FULL): .*free space/);
  });
});

describe("one data folder, in a closed home and under a path too long for a socket, through its life", () => {
  const home = join(place.folder, "home");
  const data = join(home, "a-long-name-".repeat(10), "and-another-long-name-".repeat(4), "data");
  const env = { EARSHOT_CONFIG, EARSHOT_DATA: data, EARSHOT_TOKEN: token };
  const posts = ["lighthouse one", "lighthouse two"];
  let running: Program | undefined;

  after(async () => {
    running?.kill("SIGINT");
    await running?.exit;
  });

  test("the first start works there, as root too", async () => {
    await mkdir(home, { mode: 0o700 });
    await mkdir(join(data, ".."), { recursive: true });
    assert.ok(data.length > 200);
    running = earshot(["start"], { env });
    const address = await running.ready;
    assert.deepEqual(await (await fetch(`${address}/health`)).json(), { status: "ok" });
    assert.partialDeepStrictEqual(await importPosts(address, posts), { accepted: 2, duplicate: 0, rejected: 0 });
  });

  test("a second Earshot on the folder is refused, and the first goes on", async () => {
    assert.match(await refused(env), /FOLDER_IN_USE: /);
    const address = await must(running).ready;
    assert.deepEqual(await textsFor(address, "lighthouse"), posts);
  });

  test("Ctrl-C ends it within 15 s with exit code 0", async () => {
    const before = performance.now();
    must(running).kill("SIGINT");
    const { code, output } = await must(running).exit;
    running = undefined;
    assert.equal(code, 0, output);
    assert.ok(performance.now() - before < 15_000);
    assert.match(output, /stopped\n/);
    assert.equal(existsSync(join(data, "run.json")), false);
  });

  test("another version of Postgres in the folder is refused and can be put right", async () => {
    const file = join(data, "postgres", "data", "PG_VERSION");
    const right = readFileSync(file, "utf8");
    await writeFile(file, "16\n");
    assert.match(await refused(env), /POSTGRES_VERSION: .*belongs to Postgres 16, this Earshot brings \d+/);
    assert.equal(readFileSync(file, "utf8"), "16\n");
    await writeFile(file, right);
  });

  test("a port that is taken is refused, and the data stay", async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const at = server.address();
    assert.ok(typeof at === "object" && at !== null);
    try {
      assert.match(
        await refused({ ...env, EARSHOT_PORT: String(at.port) }),
        new RegExp(`PORT_IN_USE: port ${at.port} on 127\\.0\\.0\\.1: another program listens there; set EARSHOT_PORT`),
      );
    } finally {
      server.close();
    }
  });

  test("the next start goes on with what the first stored", async () => {
    running = earshot(["start"], { env });
    assert.deepEqual(await textsFor(await running.ready, "lighthouse"), posts);
  });

  test(
    "after a kill -9 that leaves Postgres behind, a start works and nothing is lost",
    { skip: process.platform === "linux" ? false : "the orphan is made through /proc" },
    async () => {
      assert.partialDeepStrictEqual(await importPosts(await must(running).ready, ["lighthouse three"]), { accepted: 1, duplicate: 0, rejected: 0 });
      const postmaster = Number(readFileSync(join(data, "postgres", "data", "postmaster.pid"), "utf8").split("\n")[0]);
      const { pid } = z.object({ pid: z.number() }).parse(JSON.parse(readFileSync(join(data, "run.json"), "utf8")));
      // The watch would stop it within a moment: an orphan is what is left when both die.
      for (const watch of watchesOf(postmaster)) process.kill(watch, "SIGKILL");
      process.kill(pid, "SIGKILL");
      await must(running).exit;
      assert.doesNotThrow(() => process.kill(postmaster, 0), "Postgres is left behind");
      running = earshot(["start"], { env });
      // What was acknowledged is in the log; the index follows it within moments.
      const address = await running.ready;
      const expected = ["lighthouse one", "lighthouse three", "lighthouse two"];
      for (const until = Date.now() + 20_000; Date.now() < until;) if ((await textsFor(address, "lighthouse")).length === expected.length) break;
      assert.deepEqual(await textsFor(address, "lighthouse"), expected);
      // Whoever adopted it may take a moment to bury it.
      await until("the Postgres that was left behind has ended", () => {
        try {
          return readFileSync(`/proc/${postmaster}/stat`, "utf8").includes(") Z ");
        } catch {
          return true;
        }
      });
    },
  );

  test("SIGTERM, as a supervisor sends it, ends it like Ctrl-C", async () => {
    must(running).kill("SIGTERM");
    const { code, output } = await must(running).exit;
    running = undefined;
    assert.equal(code, 0, output);
  });
});

function must(program: Program | undefined): Program {
  assert.ok(program !== undefined, "the test before left none running");
  return program;
}

function nobodyRuns(): boolean {
  if (!isRoot) return false;
  const { status } = spawnSync(process.execPath, [join(root, "bin", "earshot.mjs"), "--help"], { uid: nobody, gid: nobody, cwd: "/" });
  return status === 0;
}

function canMount(): boolean {
  return isRoot && spawnSync("unshare", ["--mount", "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;
}

function watchesOf(postmaster: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return words.includes("earshot-watch") && words.includes(String(postmaster));
      } catch {
        return false;
      }
    });
}
