import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second of /proc's times (USER_HZ is 100 on every Linux that Node runs on). */
const ticksPerSecond = 100;

export interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly ownSeconds: number;
  /** Of children that have ended and were waited for. */
  readonly endedSeconds: number;
}

export function readStat(path: string): Stat | undefined {
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
