import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Clock ticks a second of /proc's times (USER_HZ is 100 on every Linux that Node runs on). */
const ticksPerSecond = 100;

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly ownSeconds: number;
  /** Of children that have ended and were waited for. */
  readonly endedSeconds: number;
}

function readStat(path: string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  // The name stands in brackets and may hold anything.
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  const at = (field: number) => Number(fields[field - 3] ?? 0);
  return {
    pid: Number(text.slice(0, open)),
    parent: at(4),
    name: text.slice(open + 1, close),
    ownSeconds: (at(14) + at(15)) / ticksPerSecond,
    endedSeconds: (at(16) + at(17)) / ticksPerSecond,
  };
}

/** A process and all that descend from it, those in `without` left out. */
export function familyOf(root: number, without: ReadonlySet<number> = new Set()): Stat[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(`/proc/${name}/stat`))
    .filter((stat) => stat !== undefined);
  const ours = new Set([root]);
  for (let before = 0; before !== ours.size;) {
    before = ours.size;
    for (const stat of all) if (ours.has(stat.parent) && !without.has(stat.pid)) ours.add(stat.pid);
  }
  return all.filter((stat) => ours.has(stat.pid));
}

export interface Cpu {
  /** User and system seconds of all processes. */
  readonly totalSeconds: number;
  /** By thread name of this process; `postgres` for the children. */
  readonly byPart: ReadonlyMap<string, number>;
}

/** What has been used up to now. */
export function readCpu(): Cpu {
  const byPart = new Map<string, number>();
  const add = (part: string, seconds: number) => byPart.set(part, (byPart.get(part) ?? 0) + seconds);
  for (const task of readdirSync("/proc/self/task")) {
    const stat = readStat(`/proc/self/task/${task}/stat`);
    if (stat !== undefined) add(partOf(stat.name), stat.ownSeconds);
  }
  const own = process.cpuUsage();
  let totalSeconds = (own.user + own.system) / 1e6;
  // Threads that have ended are in the process's sum alone.
  const threads = [...byPart.values()].reduce((sum, seconds) => sum + seconds, 0);
  byPart.set("ended threads", Math.max(0, totalSeconds - threads));
  for (const stat of familyOf(process.pid, samplers)) {
    if (stat.pid === process.pid) continue;
    const seconds = stat.ownSeconds + stat.endedSeconds;
    add("postgres", seconds);
    totalSeconds += seconds;
  }
  return { totalSeconds, byPart };
}

function partOf(thread: string): string {
  if (thread.startsWith("refine")) return "refine threads";
  if (thread === "stores" || thread === "read") return `${thread} thread`;
  if (thread.startsWith("MainThread") || thread === "node") return "main thread";
  if (thread.startsWith("V8Worker") || thread.startsWith("DelayedTask")) return "V8 (collection, compiling)";
  if (thread.startsWith("libuv")) return "files (libuv)";
  return thread;
}

export function cpuSince(before: Cpu): Cpu {
  const now = readCpu();
  return {
    totalSeconds: now.totalSeconds - before.totalSeconds,
    byPart: new Map([...now.byPart].map(([part, seconds]) => [part, seconds - (before.byPart.get(part) ?? 0)])),
  };
}

/** Processes of ours that only measure. */
const samplers = new Set<number>();

export interface MemoryWatch {
  /** Ends the watch; the highest sum of the proportional set sizes of all processes, megabytes (10^6). */
  stop(): Promise<number>;
}

/** A process of its own looks (sampler.ts): walking the page tables of a large process costs milliseconds each time. */
export function watchMemory(everyMs: number): MemoryWatch {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", fileURLToPath(new URL("./sampler.ts", import.meta.url)), String(process.pid), String(everyMs)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  if (child.pid !== undefined) samplers.add(child.pid);
  let told = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  return {
    async stop() {
      const ended = once(child, "close");
      child.stdin.end();
      await ended;
      return Number(told);
    },
  };
}

/** Bytes of all files below a folder; a missing one has none. */
export function folderBytes(folder: string): number {
  let sum = 0;
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return 0;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sum += folderBytes(path);
    else sum += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return sum;
}
