import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeDiskFiles } from "../core/disk-files.ts";
import { makeVolatileFiles } from "../core/volatile-files.ts";
import { openEmbeddedLog } from "./embedded.ts";
import { testLog } from "./log.contract.ts";

testLog("the embedded log on disk", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "earshot-log-"));
  return {
    open: () => openEmbeddedLog({ folder: path.join(folder, "log"), files: makeDiskFiles(), partitions: 2 }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
});

testLog("the embedded log in memory", async () => {
  const files = makeVolatileFiles(1);
  return {
    open: () => openEmbeddedLog({ folder: "/log", files, partitions: 2, segmentBytes: 1_000 }),
    async [Symbol.asyncDispose]() {},
  };
});
