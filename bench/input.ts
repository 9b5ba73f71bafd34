import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const dataFolder = join(dirname(fileURLToPath(import.meta.url)), "data");
/** Rises when generated input of an older form must not be used any more. */
const inputVersion = 2;

const summarySchema = z.object({
  startMs: z.number(),
  hours: z.number(),
  ambiguousIds: z.array(z.string()),
  summary: z.object({ posts: z.number(), livePosts: z.number(), erasedAuthors: z.number() }),
  files: z.record(z.string(), z.object({ lines: z.number(), sizeBytes: z.number() })),
});

export interface Input {
  readonly folder: string;
  readonly jetstream: string;
  readonly mastodon: string;
  /** Posts of the truth, gone ones included. */
  readonly posts: number;
  readonly lines: Readonly<Record<"jetstream" | "mastodon", number>>;
  /** Of the messages alone. */
  readonly rawBytes: number;
  readonly startMs: number;
  readonly hours: number;
  readonly ambiguousIds: readonly string[];
}

export interface InputOptions {
  readonly seed: string;
  readonly posts: number;
  readonly startMs: number;
  readonly hours?: number;
}

/** The world's messages and truth, from the cache or generated; in another process' way only for the time of a rename. */
export async function ensureInput(options: InputOptions): Promise<Input> {
  const { seed, posts, startMs, hours = 72 } = options;
  const folder = join(dataFolder, `v${inputVersion}-${seed}-${posts}-${startMs.toString(36)}-${hours}h`);
  if (!existsSync(join(folder, "truth-summary.json")) || isOlderThanWorld(folder)) {
    const making = `${folder}.${process.pid}`;
    const script = fileURLToPath(new URL("./generate.ts", import.meta.url));
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, JSON.stringify({ seed, posts, startMs, hours, out: making })], { stdio: "inherit" });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`the world's messages were not made: exit code ${String(code)}`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  }
  return readInput(folder);
}

/** A change of the world makes its cached output stale. */
function isOlderThanWorld(folder: string): boolean {
  const madeAt = statSync(join(folder, "truth-summary.json")).mtimeMs;
  const world = join(dirname(dataFolder), "..", "world");
  return ["engine.ts", "sender.ts", "compose.ts", "make-post.ts", "oracle.ts", "truth.ts", "rollups.ts", "options.ts", "generate.ts"].some(
    (name) => statSync(join(world, name)).mtimeMs > madeAt,
  );
}

export function readInput(folder: string): Input {
  const summary = summarySchema.parse(JSON.parse(readFileSync(join(folder, "truth-summary.json"), "utf8")));
  const fileOf = (name: "jetstream" | "mastodon") => {
    const found = summary.files[`${name}.ndjson`];
    if (found === undefined) throw new Error(`${folder}: expected ${name}.ndjson in the summary`);
    return found;
  };
  return {
    folder,
    jetstream: join(folder, "jetstream.ndjson"),
    mastodon: join(folder, "mastodon.ndjson"),
    posts: summary.summary.posts,
    lines: { jetstream: fileOf("jetstream").lines, mastodon: fileOf("mastodon").lines },
    rawBytes: fileOf("jetstream").sizeBytes + fileOf("mastodon").sizeBytes,
    startMs: summary.startMs,
    hours: summary.hours,
    ambiguousIds: summary.ambiguousIds,
  };
}
