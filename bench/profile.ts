import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";

const profileSchema = z.object({
  nodes: z.array(
    z.object({ id: z.number(), callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.number() }), children: z.array(z.number()).optional() }),
  ),
  samples: z.array(z.number()),
  timeDeltas: z.array(z.number()),
});

const top = 15;
const topFiles = 30;

/** Prints, for each thread, the functions with the most time of their own and the sum by file of ours that called. */
export async function printProfiles(folder: string, posts: number, say: (line: string) => void): Promise<void> {
  for (const file of readdirSync(folder).toSorted()) {
    const profile = profileSchema.parse(JSON.parse(readFileSync(join(folder, file), "utf8")));
    const parents = new Map<number, number>();
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node.id);
    const own = new Map<string, number>();
    const byCaller = new Map<string, number>();
    const byFile = new Map<string, number>();
    let busyMicros = 0;
    for (const [i, id] of profile.samples.entries()) {
      const micros = profile.timeDeltas[i] ?? 0;
      const node = nodes.get(id);
      if (node === undefined || node.callFrame.functionName === "(idle)") continue;
      busyMicros += micros;
      const { functionName, url, lineNumber } = node.callFrame;
      const name = `${functionName || "(anonymous)"} ${placeOf(url)}${url === "" || url.startsWith("node:") ? "" : `:${lineNumber + 1}`}`;
      own.set(name, (own.get(name) ?? 0) + micros);
      let at: number | undefined = id;
      let file = functionName;
      let caller = functionName;
      while (at !== undefined) {
        const frame = nodes.get(at)?.callFrame;
        if (frame !== undefined && (frame.url.includes("/src/") || frame.url.includes("/bench/")) && !frame.url.includes("node_modules")) {
          file = placeOf(frame.url);
          caller = `${frame.functionName || "(anonymous)"} ${file}:${frame.lineNumber + 1}`;
          break;
        }
        at = parents.get(at);
      }
      byCaller.set(caller, (byCaller.get(caller) ?? 0) + micros);
      byFile.set(file, (byFile.get(file) ?? 0) + micros);
    }
    say(`\n${basename(file, ".cpuprofile")}: busy ${(busyMicros / 1e6).toFixed(1)} s, ${(busyMicros / posts).toFixed(1)} µs a post`);
    const print = (sums: ReadonlyMap<string, number>, most = top) => {
      for (const [name, micros] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, most))
        say(`  ${(micros / posts).toFixed(2).padStart(7)} ${((100 * micros) / busyMicros).toFixed(1).padStart(5)}%  ${name}`);
    };
    say(" own time, µs a post, by function:");
    print(own);
    say(" by function of ours, with what it calls outside:");
    print(byCaller);
    say(" by file of ours, with what it calls outside:");
    print(byFile, topFiles);
  }
}

function placeOf(url: string): string {
  const ours = /\/(src|bench|world)\/(.*)$/.exec(url);
  if (ours !== null && !url.includes("node_modules")) return `${ours[1]}/${ours[2]}`;
  const foreign = /node_modules\/(.*)$/.exec(url);
  return foreign?.[1] ?? url;
}
