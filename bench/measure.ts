import { spawn } from "node:child_process";
import { once } from "node:events";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { familyOf, readStat } from "./processes.ts";

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
