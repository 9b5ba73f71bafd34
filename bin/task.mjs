#!/usr/bin/env node
// The developer's tasks, each on the right Node: `npm test`, `npm run check`, …
import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { programFlags, root, runNode } from "./node24.mjs";

function filesUnder(folders, ends) {
  const found = [];
  const walk = (folder) => {
    for (const name of readdirSync(folder)) {
      if (name === "node_modules" || name === "dist" || name === "peers") continue;
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (ends.test(name)) found.push(relative(root, path));
    }
  };
  for (const folder of folders) {
    try {
      walk(join(root, folder));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  return found.sort();
}

const quiet = "--disable-warning=ExperimentalWarning";
const testFolders = ["src", "world", "test", "bench", "web"];
const modules = (path) => join(root, "node_modules", path);

async function inTurn(steps) {
  let worst = 0;
  for (const [name, args] of steps) {
    const startedAt = performance.now();
    const code = await runNode(args, { cwd: root });
    console.log(`${code === 0 ? "ok  " : "FAIL"} ${name} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
    worst ||= code;
  }
  return worst;
}

const test = (files, rest) =>
  runNode(
    [
      quiet,
      "--test",
      "--test-concurrency=2",
      "--test-timeout=240000",
      "--test-reporter=dot",
      "--test-reporter-destination=stderr",
      "--test-reporter=./bin/test-summary.mjs",
      "--test-reporter-destination=stdout",
      ...rest,
      ...files,
    ],
    { cwd: root },
  );

const tasks = {
  async test(rest) {
    const named = rest.filter((word) => !word.startsWith("-"));
    const files = filesUnder(testFolders, /\.test\.tsx?$/).filter((path) => !/\.live\.test\.tsx?$/.test(path));
    const wanted = named.length === 0 ? files : files.filter((path) => named.some((word) => path.includes(word)));
    return test(
      wanted,
      rest.filter((word) => word.startsWith("-")),
    );
  },
  "test:live": (rest) =>
    test(
      filesUnder(testFolders, /\.live\.test\.tsx?$/).filter((path) => rest.length === 0 || rest.some((word) => path.includes(word))),
      ["--test-timeout=900000"],
    ),
  check: () =>
    inTurn([
      ["types", [modules("typescript/bin/tsc"), "-p", "tsconfig.json"]],
      ["types of the pages", [modules("typescript/bin/tsc"), "-p", "web/tsconfig.json"]],
      ["lint", [modules("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings", "."]],
      ["format", [modules("oxfmt/bin/oxfmt"), "--check", "."]],
      ["unused code", [modules("knip/bin/knip.js"), "--no-progress"]],
      ["layers, circles, sizes", [quiet, "--test", "--test-reporter=./bin/test-summary.mjs", "test/layers.test.ts"]],
    ]),
  format: () => runNode([modules("oxfmt/bin/oxfmt"), "."], { cwd: root }),
  bench: (rest) => runNode([...programFlags, "bench/main.ts", ...rest], { cwd: root }),
  "bench:pages": (rest) => runNode([...programFlags, "bench/pages.ts", ...rest], { cwd: root }),
  "bench:storm": (rest) => runNode([...programFlags, "bench/storm.ts", ...rest], { cwd: root }),
  "bench:parse": (rest) => runNode([...programFlags, "bench/parse.ts", ...rest], { cwd: root }),
  "bench:normal": (rest) => runNode([...programFlags, "bench/normal.ts", ...rest], { cwd: root }),
  "bench:explore": (rest) => runNode([...programFlags, "bench/explore.ts", ...rest], { cwd: root }),
  drill: (rest) => runNode([...programFlags, "test/drill/main.ts", ...rest], { cwd: root }),
  docs: (rest) => runNode([quiet, "bin/reference.ts", ...rest], { cwd: root }),
};

const [name = "", ...rest] = process.argv.slice(2);
const task = tasks[name];
if (task === undefined) {
  console.error(`tasks: ${Object.keys(tasks).join(", ")}`);
  process.exitCode = 64;
} else process.exitCode = await task(rest);
