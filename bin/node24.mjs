// Plain JavaScript: it must run on the oldest Node that npm itself runs on, to find a newer one.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Node to run Earshot on: this one from 24.4 on, else the one that came with `npm ci`. Undefined: there is none. */
export function findNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const suits = (major === 24 && minor >= 4) || major > 24;
  const folder = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const binary = process.platform === "win32" ? "node.exe" : "node";
  try {
    const manifest = createRequire(import.meta.url).resolve(`${folder}/package.json`);
    const path = join(dirname(manifest), "bin", binary);
    if (existsSync(path)) return path;
  } catch {
    // not every platform has such a package
  }
  return suits ? process.execPath : undefined;
}

/**
 * The program runs several threads on few cores, so the collector's own helper threads only get in their way:
 * without them the whole spends a sixth less CPU. Each thread has a heap of its own; half the usual room for young objects
 * saves 200 MB of them together. Old objects are collected once they are 40% more than what was left the last time: left alone, a thread
 * of 80 MB of them comes to hold 200.
 */
export const programFlags = ["--disable-warning=ExperimentalWarning", "--single-threaded-gc", "--max-semi-space-size=8", "--heap-growing-percent=40"];

/** Buffers of half a megabyte and more go back to the system when they are freed, instead of lying in the heap of one of few arenas. */
const memory = { MALLOC_ARENA_MAX: "2", MALLOC_MMAP_THRESHOLD_: "524288" };

/** Parent and grandparent: npm starts a shell that starts us. */
function ancestorsOf() {
  try {
    return `${process.ppid} ${readFileSync(`/proc/${process.ppid}/stat`, "utf8").replace(/^.*\) \S+ (\d+) .*$/s, "$1")}`;
  } catch {
    return String(process.ppid);
  }
}

/** Runs Node with the arguments, passes signals on, and resolves with the exit code. */
export function runNode(args, options = {}) {
  const node = findNode();
  if (node === undefined) {
    console.error(`Earshot needs Node 24 or newer; this is ${process.versions.node}. Run \`npm ci\` (it brings one for Linux and Windows), or install Node 24.`);
    return Promise.resolve(78);
  }
  const path = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH ?? ""}`;
  const child = spawn(node, args, {
    stdio: "inherit",
    cwd: options.cwd ?? process.cwd(),
    env: { ...memory, ...process.env, PATH: path, EARSHOT_LAUNCHER: String(process.pid), ...options.env },
  });
  // A terminal's Ctrl-C reaches the child too; this process only has to outlive it.
  const pass = (signal) => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, pass);
  // Killed without a word, npm leaves its children behind: then the program is to stop too.
  const ancestors = ancestorsOf();
  if (process.env.npm_lifecycle_event !== undefined) setInterval(() => ancestorsOf() !== ancestors && child.kill("SIGTERM"), 500).unref();
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`Node could not be started: ${error.message}`);
      resolve(71);
    });
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : signal === "SIGTERM" ? 143 : 1)));
  });
}
