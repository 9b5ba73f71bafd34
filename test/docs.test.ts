import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const skipped = new Set(["node_modules", "dist", "data", ".git"]);

function pagesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (skipped.has(name)) return [];
    if (statSync(path).isDirectory()) return pagesUnder(path);
    return name.endsWith(".md") ? [path] : [];
  });
}
const pages = pagesUnder(root).map((path) => ({ name: relative(root, path), folder: dirname(path), text: readFileSync(path, "utf8") }));

/** As GitHub makes them of headings. */
function anchorsOf(text: string): Set<string> {
  return new Set(
    [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map((match) =>
      (match[1] ?? "")
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

test("the reference says what the code says", { timeout: 120_000 }, () => {
  const { status, stderr } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", join(root, "bin", "reference.ts"), "--check"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("every relative link in a page leads to a file, and to a heading where it names one", () => {
  assert.ok(pages.length > 5);
  const broken: string[] = [];
  for (const { name, folder, text } of pages) {
    for (const [, target = ""] of withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? join(root, name) : join(folder, path);
      if (!existsSync(file)) broken.push(`${name}: ${target}`);
      else if (anchor !== undefined && file.endsWith(".md") && !anchorsOf(readFileSync(file, "utf8")).has(anchor)) broken.push(`${name}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test("every file of ours that a page names in code is there", () => {
  const missing: string[] = [];
  for (const { name, text } of pages) {
    for (const [, path = ""] of text.matchAll(/`((?:src|world|bench|bin|web|docs|test|\.ci)\/[\w./-]+\.[a-z]+)`/g))
      if (!existsSync(join(root, path))) missing.push(`${name}: ${path}`);
  }
  assert.deepEqual(missing, []);
});

test("every test that a page cites by its title is there", () => {
  const missing: string[] = [];
  let cited = 0;
  for (const { name, text } of pages) {
    for (const line of text.split("\n")) {
      for (const [, path = "", titles = ""] of line.matchAll(/`((?:src|test|world)\/[\w./-]+\.(?:test|contract)\.ts)` \(([^)]*\*[^)]*)\)/g)) {
        const code = readFileSync(join(root, path), "utf8").replaceAll("\\", "");
        for (const [, title = ""] of titles.matchAll(/\*([^*]+)\*/g)) {
          cited++;
          if (!title.split("…").every((part) => code.includes(part.trim().replaceAll("`", "")))) missing.push(`${name}: ${path}: ${title}`);
        }
      }
    }
  }
  assert.ok(cited > 10);
  assert.deepEqual(missing, []);
});

test("every npm script and every command that a page calls exists", () => {
  const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
  const commands = new Set([...readFileSync(join(root, "docs", "reference", "commands.md"), "utf8").matchAll(/^## (\S+)/gm)].map((match) => match[1]));
  assert.ok(commands.has("start"));
  const unknown: string[] = [];
  for (const { name, text } of pages) {
    for (const [, script = ""] of text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)) if (!Object.hasOwn(scripts, script)) unknown.push(`${name}: npm run ${script}`);
    for (const [, command = ""] of text.matchAll(/npm run (?:--silent )?earshot -- ([a-z]+)/g)) if (!commands.has(command)) unknown.push(`${name}: earshot ${command}`);
  }
  assert.deepEqual(unknown, []);
});

test("a configuration that a page shows is one", async () => {
  const { configSchema } = await import("../src/core/config.ts");
  const { defineSource } = await import("../src/runtime/collect.ts");
  const shown = pages.flatMap(({ name, text }) => [...text.matchAll(/^```ts\n[^`]*?defineConfig\((\{[\s\S]*?\n\})\)/gm)].map((match) => ({ name, body: match[1] ?? "" })));
  assert.ok(shown.length > 0);
  for (const { name, body } of shown) {
    const module: { default: unknown } = await import(`data:text/javascript,${encodeURIComponent(`export default ${body};`)}`);
    const config = configSchema.parse(module.default);
    for (const [id, source] of Object.entries(config.sources)) {
      const faults: { place: string; message: string }[] = [];
      await defineSource(id, source, "configuration", faults);
      assert.deepEqual(faults, [], name);
    }
  }
});

/** With imports that lead where they would lead from the folder. */
function placed(code: string, folder: string): string {
  return code.replaceAll(/from "([^"]+)"/g, (_whole, path: string) => {
    if (path === "./board.ts") return `from "./board.mts"`;
    return `from "${path.startsWith(".") ? pathToFileURL(join(folder, path)).href : import.meta.resolve(path)}"`;
  });
}

test("the connector that CONTRIBUTING shows keeps the promises of a source", (t) => {
  const text = pages.find(({ name }) => name === "CONTRIBUTING.md")?.text ?? "";
  const folder = mkdtempSync(join(tmpdir(), "earshot-docs-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["board.ts", "board.test.ts"]) {
    const code = new RegExp(`^\\x60\\x60\\x60ts\\n// src/connectors/${name.replaceAll(".", "\\.")}\\n([\\s\\S]*?)^\\x60\\x60\\x60$`, "m").exec(text)?.[1];
    assert.ok(code !== undefined, name);
    writeFileSync(join(folder, name.replace(/ts$/, "mts")), placed(code, join(root, "src", "connectors")));
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "--test-reporter=spec", join(folder, "board.test.mts")], {
    encoding: "utf8",
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  assert.equal(status, 0, stdout + stderr);
});
