import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { SourceConfig } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";

const historySchema = z.looseObject({ posts: z.number(), lastUs: z.number().optional(), lastStatusId: z.string().optional() });
const addressesSchema = z.looseObject({ jetstream: z.string(), mastodon: z.string(), token: z.string(), history: historySchema.optional() });

/** What lies before the world's begin: how many posts of it are there in the end, and the last of each platform. */
export type WorldHistory = z.output<typeof historySchema>;

export interface WorldProcess extends AsyncDisposable {
  /** ws:// address of its Jetstream, http:// address of its Mastodon server. */
  readonly jetstream: string;
  readonly mastodon: string;
  /** What its streaming asks for, as the real one does. */
  readonly token: string;
  readonly history: WorldHistory | undefined;
}

/** Of the world's own server: more than its history takes. */
const requests = 60_000;
/** The history stays whole, however long a start in the middle of loading waits for the next. */
const backfillHours = 8_760;

export const worldTokenReference = "world:token";

/** The world's two platforms as sources: the connectors of the real ones, pointed at loopback. */
export function worldSources(world: Pick<WorldProcess, "jetstream" | "mastodon">): Readonly<Record<string, SourceConfig>> {
  return {
    "world-bluesky": { use: "bluesky", keep: "everything", paused: false, endpoints: [world.jetstream], startAt: "oldest", simulated: true },
    "world-mastodon": {
      use: "mastodon",
      keep: "everything",
      paused: false,
      server: world.mastodon,
      token: worldTokenReference,
      startAt: "oldest",
      backfillHours,
      refreshMinutes: 0,
      requestsPer5Minutes: requests,
      simulated: true,
    },
  };
}

const startWithinMs = 120_000;

/** Starts the simulated world as a program of its own: what it tells, it tells over the platforms' protocols. */
export async function startWorldProcess(options: {
  readonly root: string;
  readonly seed: number;
  readonly ratePerSecond: number;
  readonly historyPosts: number;
  readonly historyDays: number;
  /** Milliseconds UTC. */
  readonly historyEndMs: number;
  /** Ends a start that is under way. */
  readonly signal: AbortSignal;
}): Promise<WorldProcess> {
  const past = ["--history", options.historyPosts, "--days", options.historyDays, "--history-end", options.historyEndMs];
  const words = ["serve", "--seed", options.seed, "--rate", options.ratePerSecond, ...past, "--requests-per-window", requests];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(options.root, "world", "main.ts"), ...words.map(String)], {
    stdio: ["pipe", "pipe", "pipe"],
    // A terminal's Ctrl-C must not end it before the drain; it ends when its stdin closes.
    detached: process.platform !== "win32",
  });
  const onAbort = () => void child.kill("SIGKILL");
  options.signal.addEventListener("abort", onAbort);
  const errors: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors.push(text);
    if (errors.length > 20) errors.shift();
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error(`not ready after ${startWithinMs / 1000} s`)), startWithinMs);
  child.once("error", reject);
  void exited.then(() => reject(new Error(`ended at once: ${errors.join("").slice(-500)}`)));
  const lines = createInterface({ input: child.stdout });
  lines.once("line", resolve);
  try {
    const parsed = addressesSchema.parse(JSON.parse(await promise));
    child.stdout.resume();
    return {
      jetstream: parsed.jetstream,
      mastodon: parsed.mastodon,
      token: parsed.token,
      history: parsed.history,
      async [Symbol.asyncDispose]() {
        child.stdin.end();
        const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
        await exited;
        clearTimeout(late);
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw new EarshotError("UPSTREAM_UNAVAILABLE", `the simulated world did not start: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener("abort", onAbort);
  }
}
