import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { loadConfig } from "../src/runtime/load-config.ts";
import { earshot, makePlace } from "./start.fixtures.ts";

async function run(words: readonly string[], config: string) {
  return earshot(["init", ...words], { env: { EARSHOT_CONFIG: config } }).exit;
}

test("answers by flags make a configuration that loads", async () => {
  await using place = await makePlace();
  const file = join(place.folder, "earshot.config.ts");
  const { code, output } = await run(["--brand", "Acme", "--brand", "Acme Coffee", "--topic", "flat white", "--bluesky", "--forget-within-hours", "12"], file);
  assert.equal(code, 0, output);
  const { config, sources } = await loadConfig(file);
  assert.deepEqual(Object.keys(config.terms), ["acme", "acme-coffee", "flat-white"]);
  assert.deepEqual(
    sources.map(({ id, keep }) => [id, keep]),
    [["bluesky", "matching"]],
  );
  assert.equal(config.forgetWithinHours, 12);
  assert.match(await readFile(file, "utf8"), /^import \{ defineConfig \} from ".*src\/core\/config\.ts";\n/);
  assert.deepEqual(
    readdirSync(place.folder).filter((name) => name.endsWith(".new")),
    [],
  );
});

test("a file that stands there is shown as it would change, and changed only when that is said", async () => {
  await using place = await makePlace();
  const text = `export default {\n  terms: { old: { name: "Old", query: "old" } },\n  limits: { logMaxGb: 3 },\n};\n`;
  const file = await place.config("earshot.config.ts", text);
  const answers = join(place.folder, "answers.json");
  await writeFile(answers, JSON.stringify({ brands: [{ name: "New", handles: ["new.example"] }], hackerNews: true }));
  const refused = await run(["--json", answers], file);
  assert.equal(refused.code, 64);
  assert.match(refused.output, /^\+ +name: "New",$/m);
  assert.match(refused.output, /Nothing was written/);
  assert.equal(await readFile(file, "utf8"), text);
  const done = await run(["--json", answers, "--yes"], file);
  assert.equal(done.code, 0, done.output);
  const { config } = await loadConfig(file);
  assert.deepEqual(Object.keys(config.terms), ["old", "new"]);
  assert.equal(config.limits.logMaxGb, 3);
  const again = await run(["--json", answers, "--yes"], file);
  assert.equal(again.code, 0);
  assert.match(again.output, /says all of that already/);
});

test("answers that are wrong write nothing, and name every fault", async () => {
  await using place = await makePlace();
  const file = join(place.folder, "earshot.config.ts");
  const answers = join(place.folder, "answers.json");
  await writeFile(answers, JSON.stringify({ topics: [{ name: "x", query: "(((" }], forgetWithinHours: 5_000, colour: "red" }));
  const faults = await run(["--json", answers], file);
  assert.equal(faults.code, 78);
  for (const place of ["forgetWithinHours", "colour"]) assert.match(faults.output, new RegExp(place));
  await writeFile(answers, JSON.stringify({ topics: [{ name: "x", query: "(((" }] }));
  const query = await run(["--json", answers], file);
  assert.equal(query.code, 78);
  assert.match(query.output, /terms\.x\.query/);
  const silent = await run([], file);
  assert.deepEqual([silent.code, /no terminal/.test(silent.output)], [64, true]);
  assert.equal(existsSync(file), false);
});
