import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { makeDiskFiles } from "./disk-files.ts";
import { EarshotError } from "./errors.ts";
import { testFiles } from "./files.contract.ts";
import { makeVolatileFiles } from "./volatile-files.ts";

testFiles("the disk", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-files-"));
  return { files: makeDiskFiles(), folder: path.join(folder, "new"), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
});

testFiles("the memory", async () => ({ files: makeVolatileFiles(1), folder: "/data", async [Symbol.asyncDispose]() {} }));

describe("volatile files, when the power goes", () => {
  async function outcomes(write: (files: ReturnType<typeof makeVolatileFiles>) => Promise<void>): Promise<Set<string>> {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 60; seed++) {
      const files = makeVolatileFiles(seed);
      await files.makeFolder("/f");
      await write(files);
      const after = files.powerCut();
      const names = await after.list("/f");
      seen.add((await Promise.all(names.map(async (name) => `${name}=${(await after.read(`/f/${name}`)).toString("latin1")}`))).join(" "));
    }
    return seen;
  }

  test("what was synced, with its name, is always there", async () => {
    const seen = await outcomes(async (files) => {
      const file = await files.open("/f/a", "create");
      await file.append([Buffer.from("abc")]);
      await file.sync();
      await files.syncFolder("/f");
    });
    assert.deepEqual([...seen], ["a=abc"]);
  });

  test("a write that was not synced is kept, lost or torn", async () => {
    const seen = await outcomes(async (files) => {
      await files.replace("/f/a", Buffer.from("12"));
      const file = await files.open("/f/a", "append");
      await file.append([Buffer.from("abc")]);
    });
    for (const one of ["a=12", "a=12abc", "a=12a", "a=12ab"]) assert.ok(seen.has(one), one);
    assert.ok(
      [...seen].some((one) => one.includes("\0")),
      "an end without its beginning",
    );
  });

  test("a name that was not synced is kept or lost, and so is a rename and a removal", async () => {
    const seen = await outcomes(async (files) => {
      await files.replace("/f/a", Buffer.from("old"));
      await files.replace("/f/b", Buffer.from("new"));
      await files.rename("/f/b", "/f/a");
    });
    assert.deepEqual([...seen].sort(), ["a=new", "a=old b=new"]);
    const removed = await outcomes(async (files) => {
      await files.replace("/f/a", Buffer.from("old"));
      await files.remove("/f/a");
      await files.open("/f/c", "create");
    });
    assert.deepEqual([...removed].sort(), ["", "a=old", "a=old c=", "c="]);
  });

  test("a failed sync loses what it should have saved, whatever a later sync says", async () => {
    const seen = await outcomes(async (files) => {
      await files.replace("/f/a", Buffer.alloc(0));
      const file = await files.open("/f/a", "append");
      await file.append([Buffer.from("abc")]);
      files.inject({ on: "sync", error: "EIO" });
      await assert.rejects(file.sync(), EarshotError);
      await file.sync();
    });
    assert.ok(seen.has("a=") && seen.has("a=abc"));
  });

  test("what was opened before the cut or the kill fails after it; a kill loses nothing", async () => {
    const files = makeVolatileFiles(3);
    await files.makeFolder("/f");
    const file = await files.open("/f/a", "create");
    await file.append([Buffer.from("abc")]);
    const next = files.kill();
    await assert.rejects(file.append([Buffer.from("d")]), /power is off/);
    await assert.rejects(files.read("/f/a"), /power is off/);
    assert.equal((await next.read("/f/a")).toString(), "abc");
  });

  test("a full disk takes a part and says so", async () => {
    const files = makeVolatileFiles(3);
    await files.makeFolder("/f");
    files.setRoomBytes(5);
    const file = await files.open("/f/a", "create");
    await file.append([Buffer.from("abc")]);
    await assert.rejects(file.append([Buffer.from("def")]), (error) => error instanceof EarshotError && error.code === "DISK_FULL");
    assert.equal(file.sizeBytes, 5);
    assert.equal(await files.freeBytes("/f"), 0);
  });
});
