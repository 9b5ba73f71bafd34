import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";

const main = join(import.meta.dirname, "main.ts");

async function serve(...rest: string[]) {
  const child = spawn(process.execPath, [main, "serve", "--seed", "child", "--rate", "5", "--history", "50", ...rest], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) return { child, ended, ready: JSON.parse(line) };
  throw new Error("expected a line of JSON, the process said nothing");
}

test("serve tells its addresses on one line and ends when its standard input closes", async () => {
  const { child, ended, ready } = await serve();
  const summary: unknown = await (await fetch(ready.oracle)).json();
  assert.ok(typeof summary === "object" && summary !== null && "posts" in summary && Number(summary.posts) >= 40);
  assert.equal(ready.simulated, true);
  assert.match(ready.jetstream, /^ws:\/\/127\.0\.0\.1:\d+\/subscribe$/u);
  child.stdin.end();
  assert.deepEqual(await ended, [0, null]);
});

test("serve ends at SIGTERM", async () => {
  const { child, ended } = await serve("--faults", "storm");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

test("a wrong option is named, and the exit code is 1", async () => {
  const child = spawn(process.execPath, [main, "serve", "--rate", "fast"], { stdio: ["pipe", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  assert.deepEqual(await once(child, "close"), [1, null]);
  assert.match(said, /--rate: expected a number of 0 or more, got "fast"/u);
});
