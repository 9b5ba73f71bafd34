import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readSecret } from "./secrets.ts";

test("a secret is what its reference names, and never nothing", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "earshot-secrets-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "key");
  await writeFile(file, " key\n");
  assert.equal(await readSecret(`file:${file}`, {}), "key");
  assert.equal(await readSecret("env:KEY", { KEY: "key" }), "key");
  await writeFile(file, "\n");
  for (const reference of [`file:${file}`, `file:${file}x`, "file:key", "env:KEY", "key"])
    await assert.rejects(readSecret(reference, { KEY: "" }), { code: "CONFIG_SECRET_MISSING" }, reference);
});
