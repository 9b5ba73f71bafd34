import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";

/** What `postmaster.pid` tells (src/include/utils/pidfile.h of Postgres: one fact a line). */
export interface PostmasterFile {
  readonly pid: number;
  readonly dataFolder: string;
  /** Seconds UTC. */
  readonly startedAtSeconds: number;
  readonly port: number;
  readonly socketFolder: string;
  readonly status: "starting" | "stopping" | "ready" | "standby" | "unknown";
}

export function readPostmasterFile(dataFolder: string): PostmasterFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(dataFolder, "postmaster.pid"), "utf8");
  } catch {
    return undefined;
  }
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  // A negative one is a single-user backend.
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  return {
    pid: Math.abs(pid),
    dataFolder: lines[1] ?? "",
    startedAtSeconds: Number(lines[2]) || 0,
    port: Number(lines[3]) || 0,
    socketFolder: lines[4] ?? "",
    status: statuses.find((status) => status === lines[7]) ?? "unknown",
  };
}
const statuses = ["starting", "stopping", "ready", "standby"] as const;

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
  // What was killed and not yet collected by its parent holds nothing any more.
  return process.platform !== "linux" || procField(pid, "State")?.startsWith("Z") !== true;
}

function procField(pid: number, name: string): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];
  } catch {
    return undefined;
  }
}

/** Whether the pid is a Postgres of this folder, and no other program that got the number later. */
export function isPostmasterOf(file: PostmasterFile, dataFolder: string): boolean {
  if (!isAlive(file.pid)) return false;
  if (process.platform === "win32") return true;
  const words = commandOf(file.pid);
  if (words === undefined) return true;
  if (!/postgres/.test(words)) return false;
  return [dataFolder, realPath(dataFolder), file.dataFolder].some((folder) => folder !== "" && words.includes(folder));
}

function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Postgres itself takes any living process under the recorded pid for its own and would refuse to start. */
export function removeStaleFile(dataFolder: string): void {
  rmSync(join(dataFolder, "postmaster.pid"), { force: true });
}

export interface StopOptions {
  readonly pid: number;
  readonly dataFolder: string;
  readonly clock: Clock;
  /** Asks for a stop where signals do not reach (Windows). */
  readonly askToStop?: () => void;
  readonly graceMs: number;
}

/** Fast stop (clients are cut, a checkpoint is written); after `graceMs` an immediate one, which the next start recovers from. */
export async function stopPostmaster({ pid, dataFolder, clock, askToStop, graceMs }: StopOptions): Promise<void> {
  const signal = (name: "SIGINT" | "SIGQUIT") => {
    if (askToStop) return askToStop();
    try {
      process.kill(pid, name);
    } catch {
      // Gone already.
    }
  };
  signal("SIGINT");
  if (await isGoneWithin(pid, clock, graceMs)) return;
  signal("SIGQUIT");
  if (await isGoneWithin(pid, clock, 10_000)) return;
  throw new EarshotError("POSTGRES_UNUSABLE", `embedded Postgres: process ${pid} of ${dataFolder} does not stop; end it, then start again`);
}

export async function isGoneWithin(pid: number, clock: Clock, ms: number): Promise<boolean> {
  const endMs = clock.monotonicMs() + ms;
  while (isAlive(pid)) {
    if (clock.monotonicMs() > endMs) return false;
    await clock.sleep(15);
  }
  return true;
}

/** Memory of the postmaster and its children, shared pages by share (PSS); undefined where the system does not tell. */
export function pssBytesOf(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const own = pssOf(pid);
  if (own === undefined) return undefined;
  let children = "";
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  } catch {
    // A kernel without the list: the postmaster alone.
  }
  return children.split(" ").reduce((sum, child) => sum + (child === "" ? 0 : (pssOf(Number(child)) ?? 0)), own);
}

function pssOf(pid: number): number | undefined {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
