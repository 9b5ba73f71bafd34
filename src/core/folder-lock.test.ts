import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { EarshotError } from "./errors.ts";
import { holdFolder, lockFileName } from "./folder-lock.ts";

async function makeFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-lock-"));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

const isInUse = (error: unknown): boolean => error instanceof EarshotError && error.code === "FOLDER_IN_USE";

describe("the lock of a folder", { timeout: 30_000 }, () => {
  test("a second hold is refused, in this process too, until the first lets go", async () => {
    await using place = await makeFolder();
    {
      using _held = await holdFolder(path.join(place.folder, "new"));
      await assert.rejects(holdFolder(path.join(place.folder, "new")), isInUse);
    }
    using again = await holdFolder(path.join(place.folder, "new"));
    assert.ok(again);
  });

  test("a process that is killed with SIGKILL frees it, and while it lives it is held", async () => {
    await using place = await makeFolder();
    const program = `import { holdFolder } from ${JSON.stringify(new URL("folder-lock.ts", import.meta.url).href)};
      await holdFolder(process.argv[1]); console.log("held"); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, place.folder], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    await assert.rejects(holdFolder(place.folder), isInUse);
    child.kill("SIGKILL");
    await once(child, "exit");
    using held = await holdFolder(place.folder);
    assert.ok(held);
  });

  test("a place where no folder can be made is FOLDER_UNUSABLE, at once", { skip: existsSync("/proc/self") ? false : "needs /proc" }, async () => {
    await assert.rejects(holdFolder("/proc/earshot/data"), (error) => error instanceof EarshotError && error.code === "FOLDER_UNUSABLE");
  });

  test("a lock file that is something else is FOLDER_UNUSABLE", async () => {
    await using place = await makeFolder();
    await writeFile(path.join(place.folder, lockFileName), "not a database, but long enough to be read as one".repeat(100));
    await assert.rejects(holdFolder(place.folder), (error) => error instanceof EarshotError && error.code === "FOLDER_UNUSABLE");
  });
});
