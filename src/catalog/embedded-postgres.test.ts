import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { systemClock } from "../core/clock.ts";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { isAlive, isGoneWithin, readPostmasterFile } from "./postmaster.ts";

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), "earshot-embedded-"));
});
after(() => rm(root, { recursive: true, force: true }));

const said: string[] = [];
const start = (folder: string, temporaryFolder?: string): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ folder, clock: systemClock, report: (_level, message) => void said.push(message), temporaryFolder });

async function ask(postgres: EmbeddedPostgres, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(postgres.address);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const folder = () => join(root, "main");

/** Another Earshot, as a process of its own: prints the server's pid, then rests. */
async function startElsewhere(where: string): Promise<{ readonly pid: number; readonly postgresPid: number; kill(): Promise<void> }> {
  const script = `import { startEmbeddedPostgres } from ${JSON.stringify(new URL("./embedded-postgres.ts", import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL("../core/clock.ts", import.meta.url).href)};
    const postgres = await startEmbeddedPostgres({ folder: process.argv[1], clock: systemClock, report: () => undefined });
    console.log(postgres.pid);
    setInterval(() => undefined, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, where], { stdio: ["ignore", "pipe", "inherit"], cwd: fileURLToPath(new URL(".", import.meta.url)) });
  const ended = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const [line] = await once(lines, "line");
  return {
    pid: child.pid ?? 0,
    postgresPid: Number(line),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

describe("the embedded Postgres", () => {
  test("is made once with UTF-8, checksums and no network, and keeps its data over a restart", async () => {
    {
      await using postgres = await start(folder());
      await ask(postgres, "create table kept (a text); insert into kept values ('größe')");
      const [row] = await ask(
        postgres,
        "select current_setting('server_encoding') as encoding, current_setting('data_checksums') as checksums, current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync",
      );
      assert.deepEqual(row, { encoding: "UTF8", checksums: "on", addresses: process.platform === "win32" ? "127.0.0.1" : "", fsync: "on" });
    }
    await using postgres = await start(folder());
    assert.deepEqual(await ask(postgres, "select a from kept"), [{ a: "größe" }]);
    assert.ok((postgres.pssBytes() ?? 1) > 0);
  });

  test("ends when it is closed, and leaves neither process nor socket", async () => {
    const postgres = await start(folder());
    const { pid, address } = postgres;
    await postgres[Symbol.asyncDispose]();
    await postgres.ended;
    assert.equal(isAlive(pid), false);
    await assert.rejects(stat(address.host), { code: "ENOENT" });
  });

  test("wants its password even on the socket", async () => {
    await using postgres = await start(folder());
    const client = new pg.Client({ ...postgres.address, password: "wrong" });
    await assert.rejects(client.connect(), { code: "28P01" });
    assert.equal((await stat(join(folder(), "password"))).mode & 0o077, 0);
  });

  test("refuses a second Earshot on the folder and goes on for the first", async () => {
    const other = await startElsewhere(folder());
    try {
      await assert.rejects(start(folder()), { code: "FOLDER_IN_USE" });
      assert.equal(isAlive(other.postgresPid), true);
    } finally {
      await other.kill();
    }
    assert.equal(await isGoneWithin(other.postgresPid, systemClock, 20_000), true);
  });

  test("ends soon after a kill -9 of its Earshot, and the next start takes over undamaged", async () => {
    const other = await startElsewhere(folder());
    await other.kill();
    await using postgres = await start(folder());
    assert.notEqual(postgres.pid, other.postgresPid);
    assert.deepEqual(await ask(postgres, "select a from kept"), [{ a: "größe" }]);
  });

  test("starts after a kill -9 of the server itself, and after its pid went to another program", async () => {
    const first = await start(folder());
    process.kill(first.pid, "SIGKILL");
    await first.ended;
    await first[Symbol.asyncDispose]();
    const left = readPostmasterFile(join(folder(), "data"));
    assert.equal(left?.pid, first.pid);
    const path = join(folder(), "data", "postmaster.pid");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/^\d+/, String(process.pid)));
    await using postgres = await start(folder());
    assert.deepEqual(await ask(postgres, "select a from kept"), [{ a: "größe" }]);
  });

  test("refuses a folder of another major version, names the way and changes nothing", async () => {
    const other = join(root, "older");
    await mkdir(join(other, "data"), { recursive: true });
    await writeFile(join(other, "data", "PG_VERSION"), "17\n");
    await assert.rejects(start(other), (error: Error & { code?: string }) => error.code === "POSTGRES_VERSION" && /backup/.test(error.message) && /restore/.test(error.message));
    assert.deepEqual(await readdir(join(other, "data")), ["PG_VERSION"]);
  });

  test("works where the folder's path is too long for a socket, and where the temporary folder's is", async () => {
    const deep = join(root, ...Array.from({ length: 6 }, (_, i) => `${"long-name-".repeat(4)}${i}`), "with space and ü");
    const longTemporary = join(root, "t".repeat(90));
    await mkdir(longTemporary);
    await using postgres = await start(deep, longTemporary);
    assert.ok(Buffer.byteLength(join(postgres.address.host, ".s.PGSQL.5432")) <= 107);
    assert.deepEqual(await ask(postgres, "select 1 as one"), [{ one: 1 }]);
  });

  test("a first start that was cut leaves nothing that the next one stumbles over", async () => {
    const cut = join(root, "cut");
    await mkdir(join(cut, "data.new-abc"), { recursive: true });
    await writeFile(join(cut, "data.new-abc", "PG_VERSION"), "18");
    await using postgres = await start(cut);
    assert.deepEqual(await ask(postgres, "select 1 as one"), [{ one: 1 }]);
    assert.deepEqual((await readdir(cut)).sort(), ["data", "lib", "password", "postgres.log"]);
  });

  test("a place that is no folder is refused with its name", async () => {
    const file = join(root, "file");
    await writeFile(file, "");
    await assert.rejects(start(join(file, "below")), { code: "FOLDER_UNUSABLE" });
  });

  test("a folder that cannot be written is refused", { skip: process.getuid?.() === 0 && "root may write everywhere" }, async () => {
    const closed = join(root, "closed");
    await mkdir(closed);
    await chmod(closed, 0o500);
    await assert.rejects(start(join(closed, "below")), { code: "FOLDER_UNUSABLE" });
  });
});
