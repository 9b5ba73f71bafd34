import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openCursors } from "../src/registers/cursors.ts";
import { makePseudonyms } from "../src/ledger/pseudonyms.ts";
import type { Report } from "../src/core/component.ts";
import { compareDuplicates } from "./duplicates.ts";
import { feed, keyHashes } from "./feed.ts";
import { measureFreshness } from "./freshness.ts";
import { ensureInput } from "./input.ts";
import { cpuSince, folderBytes, readCpu, watchMemory } from "./measure.ts";
import { printProfiles } from "./profile.ts";
import { compareRollups } from "./rollups.ts";
import { makeFolder, startFedSystem, untilStored, withStores } from "./system.ts";
import { compare, readTruths } from "./truth.ts";

const usage = "npm run bench -- [--json] [--posts 500000] [--quick] [--profile] [--no-freshness] [--no-near-duplicates] [--models] [--seed bench] [--keep]";
/** Long past, so that no generated date lies ahead on any machine. */
const startMs = Date.UTC(2026, 2, 2);

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    posts: { type: "string", default: "500000" },
    quick: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    "no-freshness": { type: "boolean", default: false },
    "no-near-duplicates": { type: "boolean", default: false },
    models: { type: "boolean", default: false },
    seed: { type: "string", default: "bench" },
    "profile-folder": { type: "string" },
    keep: { type: "boolean", default: false },
  },
});
const posts = values.quick ? 50_000 : Number(values.posts);
if (!Number.isInteger(posts) || posts < 1_000) throw new TypeError(`--posts: expected a whole number from 1000, came ${values.posts}\n${usage}`);

const say = (line: string) => process.stdout.write(`${line}\n`);

if (values.profile && values["profile-folder"] === undefined) {
  const folder = mkdtempSync(join(tmpdir(), "earshot-profile-"));
  const hook = new URL("./profile-hook.mjs", import.meta.url).href;
  const { status } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "--import", hook, fileURLToPath(import.meta.url), ...process.argv.slice(2), "--profile-folder", folder],
    {
      stdio: "inherit",
      env: { ...process.env, EARSHOT_PROFILE_FOLDER: folder },
    },
  );
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = status ?? 1;
} else await run();

async function run(): Promise<void> {
  const input = await ensureInput({ seed: values.seed, posts, startMs });
  const freshInput = values["no-freshness"] ? undefined : await ensureInput({ seed: `${values.seed}-fresh`, posts: 30_000, startMs: startMs + 100 * 3_600_000, hours: 8 });
  say(`input: ${posts} posts in ${input.lines.jetstream + input.lines.mastodon} messages, ${(input.rawBytes / 1e6).toFixed(1)} MB`);
  const folder = makeFolder("bench");
  try {
    await measure(folder.path, input, freshInput);
  } finally {
    if (values.keep) say(`data: ${folder.path}`);
    else folder[Symbol.dispose]();
  }
}

type Input = Awaited<ReturnType<typeof ensureInput>>;

async function measure(folder: string, input: Input, freshInput: Input | undefined): Promise<void> {
  // What the process used to make or read its input does not count.
  globalThis.gc?.();
  const memory = watchMemory(250);
  const startedAt = performance.now();
  const onReport: Report = (level, message) => {
    if (level === "warn" || level === "error") say(`${level}: ${message}`);
  };
  const system = await startFedSystem(folder, onReport, undefined, {
    nearDuplicates: !values["no-near-duplicates"],
    ...(values.models && { models: { social: true, spam: true, entities: true } }),
  });
  say(`started in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  const { base } = system;
  const hashes = keyHashes(base.keys.ring);
  const cursors = openCursors(base.catalog.sql, () => Date.now());
  const feeding = { log: base.log, hashes, cursors, report: system.report };

  await profile("start");
  const cpuBefore = readCpu();
  const beganAt = performance.now();
  const fed = await feed(input, feeding);
  const fedSeconds = (performance.now() - beganAt) / 1000;
  await untilStored(system, false);
  const storedSeconds = (performance.now() - beganAt) / 1000;
  await untilStored(system, true);
  const seconds = (performance.now() - beganAt) / 1000;
  const cpu = cpuSince(cpuBefore);
  await profile("stop");
  const data = join(folder, "data");
  const sizes = Object.fromEntries(["lake", "search", "duplicates", "ledger", "identities", "log", "postgres"].map((name) => [name, folderBytes(join(data, name))]));
  const rollups = await compareRollups(input, (request) => system.engine.rollups(request));

  const fresh = freshInput === undefined ? undefined : await measureFreshness(freshInput, system, { ...feeding, cursors: memoryCursors() });
  await untilStored(system, false);
  const peakRssMb = await memory.stop();
  await system.stop();

  const truths = await readTruths(input, makePseudonyms(base.keys.ring));
  if (freshInput !== undefined) await readTruths(freshInput, makePseudonyms(base.keys.ring), { into: truths });
  const stores = await withStores(
    folder,
    () => undefined,
    async ({ search, lake }) => [await compare("search", search, truths), await compare("lake", lake, truths)],
  );
  const copies = values["no-near-duplicates"] ? undefined : await compareDuplicates(input, makePseudonyms(base.keys.ring), join(data, "duplicates"));
  const most = (figure: "lost" | "duplicated" | "reordered" | "revived" | "invented") => Math.max(...stores.map((store) => store[figure]));

  const micros = (part: number) => ((part * 1e6) / posts).toFixed(1).padStart(7);
  say(
    `fed ${fed.items} raw messages in ${fed.pages} pages: ${fedSeconds.toFixed(1)} s; stored ${storedSeconds.toFixed(1)} s; compacted ${seconds.toFixed(1)} s; CPU ${cpu.totalSeconds.toFixed(1)} s`,
  );
  say("\nµs of CPU a post");
  for (const [part, used] of [...cpu.byPart].sort((a, b) => b[1] - a[1])) if (used >= 0.01) say(`  ${micros(used)}  ${part}`);
  say(`  ${micros(cpu.totalSeconds)}  all`);
  say("\nbytes a post");
  for (const [name, bytes] of Object.entries(sizes)) say(`  ${(bytes / posts).toFixed(0).padStart(7)}  ${name} (${(bytes / input.rawBytes).toFixed(3)} of the raw)`);
  say("");
  for (const store of stores) {
    const { store: name, posts: count, lost, duplicated, reordered, revived, invented, examples } = store;
    say(`${name}: ${count} posts; lost ${lost}, duplicated ${duplicated}, not the last form ${reordered}, revived ${revived}, invented ${invented}`);
    for (const example of examples) say(`    ${example}`);
  }
  say(`rollups: ${rollups.compared} sums, ${rollups.wrong} wrong`);
  for (const example of rollups.examples) say(`    ${example}`);
  if (copies !== undefined) say(`near-duplicates: precision ${copies.precision.toFixed(4)}, recall ${copies.recall.toFixed(4)} of ${copies.pairs} pairs`);
  if (fresh !== undefined)
    say(
      `from log to searchable at 1,000 posts/s: p50 ${fresh.p50Ms.toFixed(0)} ms, p99 ${fresh.p99Ms.toFixed(0)} ms, most ${fresh.mostMs.toFixed(0)} ms (${fresh.samples} samples, ${fresh.missing} not found)`,
    );
  if (values["profile-folder"] !== undefined) await printProfiles(values["profile-folder"], posts, say);

  const round = (value: number, digits: number) => Number(value.toFixed(digits));
  const figures = {
    postsPerSecond: round(posts / seconds, 0),
    postsPerCpuSecond: round(posts / cpu.totalSeconds, 0),
    peakRssMb: round(peakRssMb, 0),
    freshnessP99Ms: fresh === undefined ? null : round(fresh.p99Ms, 0),
    lakeRatio: round((sizes["lake"] ?? 0) / input.rawBytes, 4),
    storedRatio: round(((sizes["lake"] ?? 0) + (sizes["search"] ?? 0)) / input.rawBytes, 4),
    lost: most("lost"),
    duplicated: most("duplicated") + most("invented"),
    reordered: most("reordered"),
    revived: most("revived"),
    ...(copies && { copiesPrecision: round(copies.precision, 4), copiesRecall: round(copies.recall, 4) }),
    rollupsWrong: rollups.wrong,
    posts,
  };
  if (!values.json) for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(18)} ${value}`);
  say(JSON.stringify(figures));
  if (figures.lost + figures.duplicated + figures.reordered + figures.revived + figures.rollupsWrong > 0) process.exitCode = 1;
}

/** The second phase starts from the beginning of its own files. */
function memoryCursors() {
  const known = new Map<string, string>();
  return { load: (source: string) => Promise.resolve(known.get(source)), save: (source: string, cursor: string) => Promise.resolve(void known.set(source, cursor)) };
}

/** Tells the profilers of all threads (profile-hook.mjs), where there are any. */
async function profile(what: "start" | "stop"): Promise<void> {
  if (values["profile-folder"] === undefined) return;
  const channel = new BroadcastChannel("earshot-profile");
  channel.postMessage(what);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  channel.close();
}
