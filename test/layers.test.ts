import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function filesUnder(folder: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(join(root, folder))) {
    if (name === "node_modules" || name === "dist") continue;
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) found.push(...filesUnder(path));
    else if (/\.(ts|tsx|mts|mjs)$/.test(name)) found.push(path);
  }
  return found;
}

/** Type-only imports count too: they bind two rooms as much as a call does. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  const found: string[] = [];
  for (const match of text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew URL\(\s*)"(\.{1,2}\/[^"]+\.(?:ts|tsx|mjs))"/g)) {
    const target = match[1];
    if (target !== undefined) found.push(relative(root, resolve(root, dirname(path), target)));
  }
  return found;
}

const files = ["src", "world", "web", "bench", "test", "bin"].flatMap((folder) => {
  try {
    return filesUnder(folder);
  } catch {
    return [];
  }
});
const graph = new Map(files.map((path) => [path, importsOf(path)]));
const isTest = (path: string) => /\.(test|contract|fixtures)\.tsx?$|^test\/|^bench\//.test(path);

const components = ["connectors", "logs", "stages", "stores", "destinations", "registers", "policies", "metrics", "detectors", "catalog", "ledger", "models"];
const order: Record<string, number> = { core: 0, http: 1, jobs: 3, runtime: 4, api: 5, cli: 6, web: 7 };
for (const name of components) order[name] = 2;

function roomOf(path: string): string {
  const parts = path.split("/");
  return parts[0] === "src" ? (parts[1] ?? "src") : (parts[0] ?? "");
}

test("arrows point one way, and peers never import each other", () => {
  const wrong: string[] = [];
  for (const [path, targets] of graph) {
    if (isTest(path)) continue;
    const room = roomOf(path);
    for (const target of targets) {
      const other = roomOf(target);
      if (room === other) continue;
      if (room === "world" || other === "world") wrong.push(`${path} -> ${target}: the world shares no code with what it judges`);
      const from = order[room];
      const to = order[other];
      if (from === undefined || to === undefined) continue;
      if (to > from) wrong.push(`${path} -> ${target}: ${other} stands above ${room}`);
      else if (to === from) wrong.push(`${path} -> ${target}: peers`);
    }
  }
  assert.deepEqual(wrong, []);
});

test("no import goes in a circle", () => {
  const state = new Map<string, "open" | "done">();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" -> "));
      return;
    }
    state.set(path, "open");
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    state.set(path, "done");
  };
  for (const path of graph.keys()) visit(path, []);
  assert.deepEqual(circles, []);
});

test("no file is longer than 400 lines", () => {
  const long = files.map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").split("\n").length - 1 })).filter(({ lines }) => lines > 400);
  assert.deepEqual(long, []);
});

test("every relative import leads to a file", () => {
  const known = new Set(files);
  const broken = [...graph].flatMap(([path, targets]) => targets.filter((target) => !known.has(target)).map((target) => `${path} -> ${target}`));
  assert.deepEqual(broken, []);
});
