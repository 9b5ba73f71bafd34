import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ensureInput } from "../../bench/input.ts";
import { compareRollups } from "../../bench/rollups.ts";
import { makeFolder, withStores } from "../../bench/system.ts";
import { compare, type Comparison, readTruths } from "../../bench/truth.ts";
import { makePseudonyms } from "../../src/ledger/pseudonyms.ts";
import { chooseErased } from "./erase-list.ts";
import { type PlantedPoint, plantedPoints } from "./points.ts";
import { makeRandom } from "./random.ts";

export interface KillRounds {
  readonly rounds: number;
  readonly stores: readonly Comparison[];
  readonly rollupsWrong: number;
  /** Erased authors of whom bytes were met. */
  readonly survivors: number;
  /** From the start of the process until what the crash left is refined and stored, milliseconds. */
  readonly recoveriesMs: readonly number[];
  readonly problems: readonly string[];
}

export interface KillOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly postsARound: number;
  readonly say: (line: string) => void;
}

interface Life {
  readonly ended: "killed" | "done" | "failed";
  readonly recoveredMs: number | undefined;
  readonly lastStep: string;
  /** Authors of whom no byte was left before the end. */
  readonly erased: number;
  readonly problems: readonly string[];
}

const runner = fileURLToPath(new URL("./runner.ts", import.meta.url));
const hook = new URL("./kill-hook.mjs", import.meta.url).href;
const startMs = Date.UTC(2026, 2, 2);
/** Input flows for so long in a round before it is killed at the latest. */
const feedingMs = 3_000;
const endWithinMs = 240_000;

/** One life of the system. @param killAfterMs from `serving` on; absent: it lives until all is done */
function live(
  args: readonly string[],
  end: { readonly point?: PlantedPoint & { readonly nth: number }; readonly killAfterMs?: number; readonly fromStart?: boolean },
): Promise<Life> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--import", hook, runner, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...(end.point !== undefined && { EARSHOT_DRILL_POINT: JSON.stringify(end.point) }) },
  });
  let recoveredMs: number | undefined;
  let lastStep = "starting";
  let killed = false;
  let erased = 0;
  const problems: string[] = [];
  const kill = () => {
    killed = true;
    child.kill("SIGKILL");
  };
  let timer = setTimeout(kill, end.fromStart === true ? (end.killAfterMs ?? endWithinMs) : endWithinMs);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const told: unknown = JSON.parse(line);
    if (typeof told !== "object" || told === null || !("step" in told) || typeof told.step !== "string") return;
    const { step } = told;
    if (step === "warn" || step === "error" || step === "failed" || step === "survivor") {
      problems.push(`${step}: ${"detail" in told ? String(told.detail) : ""}`);
      return;
    }
    if (step === "erased") erased++;
    lastStep = step;
    if (step === "recovered") recoveredMs = performance.now() - startedAt;
    if (step === "serving" && end.killAfterMs !== undefined && end.fromStart !== true) {
      clearTimeout(timer);
      timer = setTimeout(kill, end.killAfterMs);
    }
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const { promise, resolve } = Promise.withResolvers<Life>();
  child.once("close", (code, signal) => {
    clearTimeout(timer);
    const ended = code === 0 ? "done" : signal === "SIGKILL" && (killed || end.point !== undefined) ? "killed" : "failed";
    if (ended === "failed") problems.push(`ended with ${code ?? signal} after "${lastStep}": ${errors.slice(-1_500)}`);
    resolve({ ended, recoveredMs, lastStep, erased, problems });
  });
  return promise;
}

/** Kills the system again and again while it takes a world in, lets it end, and compares every store with the oracle. */
export async function killRounds(options: KillOptions): Promise<KillRounds> {
  const { rounds, seed, say } = options;
  const random = makeRandom(seed);
  const input = await ensureInput({ seed: `drill-${seed}`, posts: Math.max(1_000, rounds * options.postsARound), startMs, hours: 72 });
  using folder = makeFolder("drill");
  const erased = await chooseErased(input, 2 + Math.ceil(rounds / 3));
  const args = ["--erase", erased.join(","), "--folder", folder.path, "--input", input.folder, "--over-ms", String(rounds * feedingMs * 0.6)];
  const points = random.shuffled(plantedPoints);
  const recoveriesMs: number[] = [];
  const problems: string[] = [];
  let survivors = 0;
  const take = (what: string, life: Life) => {
    if (life.recoveredMs !== undefined) recoveriesMs.push(life.recoveredMs);
    say(
      `${what}: ${life.ended} after "${life.lastStep}"${life.recoveredMs === undefined ? "" : `, recovered in ${life.recoveredMs.toFixed(0)} ms`}${life.erased === 0 ? "" : `, ${life.erased} erased`}`,
    );
    for (const problem of life.problems) {
      say(`    ${problem}`);
      if (problem.startsWith("survivor")) survivors++;
      // A warning is what a recovery says; an error is not.
      else if (!problem.startsWith("warn")) problems.push(`${what}: ${problem}`);
    }
  };
  for (let round = 1; round <= rounds; round++) {
    if (round % 3 === 0) {
      const fromStart = random.below(2) === 0;
      const killAfterMs = random.below(fromStart ? 5_000 : feedingMs);
      take(`round ${round}, ${killAfterMs} ms after ${fromStart ? "its start" : "it serves"}`, await live(args, { killAfterMs, fromStart }));
    } else {
      const point = points[(round - Math.ceil(round / 3)) % points.length];
      if (point === undefined) continue;
      const nth = 1 + random.below(point.nthAtMost);
      take(`round ${round}, ${point.name} (${nth})`, await live(args, { point: { ...point, nth }, killAfterMs: feedingMs }));
    }
  }
  for (let tries = 0; tries < 2; tries++) {
    const life = await live(args, {});
    take("to the end", life);
    if (life.ended === "done") break;
    problems.push(`to the end: ${life.ended} after "${life.lastStep}"`);
  }
  return await withStores(
    folder.path,
    () => undefined,
    async (stores) => {
      const truths = await readTruths(input, makePseudonyms(stores.base.keys.ring), { erased: new Set(erased) });
      const compared = [await compare("search", stores.search, truths), await compare("lake", stores.lake, truths)];
      const rollups = await compareRollups(input, stores.rollups, new Set(erased));
      for (const { store, posts, examples, ...figures } of compared) {
        say(`${store}: ${posts} posts, ${JSON.stringify(figures)}`);
        for (const example of examples) say(`    ${example}`);
      }
      say(`rollups: ${rollups.compared} sums, ${rollups.wrong} wrong`);
      for (const example of rollups.examples) say(`    ${example}`);
      return { rounds, stores: compared, rollupsWrong: rollups.wrong, survivors, recoveriesMs, problems };
    },
  );
}
