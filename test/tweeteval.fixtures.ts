import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { makeFolder } from "./e2e/system.fixtures.ts";

const root = resolve(import.meta.dirname, "..");
const folder = resolve(root, "../shared/data/nlp/tweeteval");

/** The corpus' text files, a tweet a line; undefined: it is not here. */
export function tweetFiles(): readonly string[] | undefined {
  if (!existsSync(folder)) return undefined;
  const named = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith("_text.txt"));
  return named.toSorted().map((name) => join(folder, name));
}

const importedSchema = z.object({ accepted: z.number(), duplicate: z.number(), rejected: z.number(), dropped: z.number() });
const postSchema = z.object({ id: z.string(), text: z.string() });

/** Imports the files by one command into a fresh folder, then searches them by another. */
export async function importAndSearch(files: readonly string[], word: RegExp, query: string): Promise<void> {
  using temporary = makeFolder();
  const config = join(temporary.path, "config.mjs");
  writeFileSync(config, "export default { world: false, limits: { minFreeGb: 0 } };\n");
  const env = { PATH: process.env["PATH"], EARSHOT_DATA: join(temporary.path, "data"), EARSHOT_CONFIG: config, NO_COLOR: "1" };
  const run = async (...words: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, "bin/earshot.mjs"), ...words], { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  };
  const lines = files.flatMap((file) => readFileSync(file, "utf8").split("\n")).filter((line) => line.trim() !== "");
  const imported = importedSchema.parse(JSON.parse(await run("import", "--json", "--platform", "twitter", ...files)));
  assert.deepEqual(imported, { accepted: lines.length, duplicate: 0, rejected: 0, dropped: 0 });
  const found = (await run("search", "--json", "--limit", "50", query)).split("\n").filter((line) => line !== "");
  const items = found.map((line) => postSchema.parse(JSON.parse(line)));
  const matching = lines.filter((line) => word.test(line)).length;
  assert.equal(items.length, Math.min(50, matching));
  assert.ok(items.every(({ text }) => word.test(text)));
  const again = importedSchema.parse(JSON.parse(await run("import", "--json", "--platform", "twitter", ...files)));
  assert.deepEqual(again, { accepted: 0, duplicate: lines.length, rejected: 0, dropped: 0 }, "the same files once more");
}
