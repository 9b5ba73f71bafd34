import { readFileSync } from "node:fs";
import { familyOf } from "./processes.ts";

/** Sums the memory of a process and its descendants again and again; writes the highest sum (MB) when its standard input ends. */
const [root = 0, everyMs = 250] = process.argv.slice(2).map(Number);
let peakMb = 0;

function bytesOf(pid: number, field: "Pss" | "Pss_File"): number {
  try {
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function look(): void {
  let sum = 0;
  for (const { pid } of familyOf(root, new Set([process.pid]))) sum += bytesOf(pid, "Pss");
  // The program's own pages are shared with this process: without it they would all be theirs.
  sum += bytesOf(process.pid, "Pss_File");
  peakMb = Math.max(peakMb, sum / 1e6);
}

const timer = setInterval(look, everyMs);
process.stdin
  .on("end", () => {
    clearInterval(timer);
    look();
    process.stdout.write(String(peakMb));
  })
  .resume();
