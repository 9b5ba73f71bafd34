import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const program = fileURLToPath(new URL("../../../bin/earshot.mjs", import.meta.url));

test("a file that cannot be read does not take along what the others hold, and wrong words are told", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "earshot-parse-"));
  t.after(() => rm(folder, { recursive: true }));
  const post = join(folder, "post.json");
  const deep = join(folder, "deep.json");
  await writeFile(post, JSON.stringify({ data: { id: "1", text: "hello", author_id: "2", created_at: "2026-05-01T12:00:00.000Z" } }));
  await writeFile(deep, `${'{"data":'.repeat(20_000)}1${"}".repeat(20_000)}`);
  const run = (...words: readonly string[]) => spawnSync(process.execPath, [program, "parse", ...words], { encoding: "utf8" });

  const hostile = run("x", deep, post);
  assert.equal(hostile.status, 65);
  assert.match(hostile.stdout, /^\{"type":"post","post":\{"id":"1"/);
  assert.doesNotMatch(hostile.stderr, /INVARIANT/);

  const missing = run("x", post, join(folder, "none.json"));
  assert.deepEqual([missing.status, missing.stdout.split("\n").length], [64, 2]);
  assert.match(missing.stderr, /^USAGE: .*ENOENT/);

  const wrong = run("rss", "--option", "feeds=3", post);
  assert.equal(wrong.status, 78);
  assert.match(wrong.stderr, /^CONFIG_INVALID: parse rss/);
});

test("the file source's own lines and tables are parsed, with a byte order mark too", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "earshot-parse-"));
  t.after(() => rm(folder, { recursive: true }));
  const lines = join(folder, "posts.ndjson");
  const table = join(folder, "posts.csv");
  await writeFile(lines, '\ufeff{"id":"1","author":"ann","text":"one","createdAt":"2026-05-01T12:00:00Z"}\n');
  await writeFile(table, '\ufeffid,author,text,createdAt\r\n2,ann,"two, and ""more""",2026-05-01T12:00:00Z\r\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "parse", "files", lines, table], { encoding: "utf8" });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(
    stdout
      .trim()
      .split("\n")
      .map((text) => /"text":"(.*?)",/.exec(text)?.[1]),
    ["one", 'two, and \\"more\\"'],
  );
});

test("a reader that has had enough of the output is no fault", { skip: process.platform === "win32" ? "needs a shell" : false }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "earshot-parse-"));
  t.after(() => rm(folder, { recursive: true }));
  const lines = join(folder, "posts.ndjson");
  await writeFile(lines, Array.from({ length: 20_000 }, (_, i) => `{"id":"${i}","author":"ann","text":"one","createdAt":"2026-05-01T12:00:00Z"}\n`).join(""));
  const { stdout, stderr } = spawnSync("sh", ["-c", `{ "$0" "$1" parse files "$2"; echo "ended with $?" >&2; } | head -n 1`, process.execPath, program, lines], {
    encoding: "utf8",
  });
  assert.match(stdout, /^\{"type":"post".*\n$/);
  assert.equal(stderr, "ended with 0\n");
});
