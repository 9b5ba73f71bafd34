import { parseArgs } from "node:util";
import { openCursors } from "../../src/registers/cursors.ts";
import { makePseudonyms } from "../../src/ledger/pseudonyms.ts";
import { systemClock } from "../../src/core/clock.ts";
import { feed, keyHashes } from "../../bench/feed.ts";
import { readInput } from "../../bench/input.ts";
import { startFedSystem, untilStored } from "../../bench/system.ts";

/**
 * The process that a drill kills: the whole system, fed from a world's files by the sources' own way, each from its saved
 * cursor. Says each step as a line of JSON; ends by itself when everything is stored and nothing is owed.
 */
const { values } = parseArgs({
  options: {
    folder: { type: "string" },
    input: { type: "string" },
    /** Native ids of authors to erase, with commas between: one in each life, the last when all is fed. */
    erase: { type: "string", default: "" },
    /** The whole input would take so long. */
    "over-ms": { type: "string", default: "0" },
  },
});
const { folder, input: inputFolder } = values;
if (folder === undefined || inputFolder === undefined) throw new TypeError("runner: expected --folder and --input");
const overMs = Number(values["over-ms"]);

process.stdin.on("end", () => process.exit(3)).resume();
const say = (step: string, detail?: string) => process.stdout.write(`${JSON.stringify({ step, ...(detail !== undefined && { detail }) })}\n`);

const input = readInput(inputFolder);
const system = await startFedSystem(folder, (level, message) => {
  if (level === "error" || level === "warn") say(level, message);
});
system.failed.catch((error: unknown) => {
  say("failed", String(error));
  process.exit(4);
});
say("serving");
const { base, threads } = system;

/** What the crash left behind is refined, and in the stores. */
async function untilRecovered(): Promise<void> {
  const events = await base.log.state("events");
  for (;;) {
    const parts = (await Promise.all(threads.refine.map((thread) => thread.caller.call("state", undefined)))).flat();
    const refined = new Map(parts.map((part) => [part.partition, part.next]));
    if (events.every(({ partition, next }) => (refined.get(partition) ?? 0) >= next)) break;
    await systemClock.sleep(20);
  }
  const posts = await base.log.state("posts");
  for (;;) {
    const committed = await base.log.committed("posts", "stores");
    if (posts.every(({ partition, next }) => (committed.get(partition) ?? 0) >= next)) break;
    await systemClock.sleep(20);
  }
  say("recovered");
}

const pseudonyms = makePseudonyms(base.keys.ring);
const wanted = values.erase === "" ? [] : values.erase.split(",");
const platform = "bluesky";

/** Asks for the next erasures, those that a crash cut off included, and waits until no byte is left. */
async function erase(natives: readonly string[], atMost: number): Promise<void> {
  const gone = new Set((await system.engine.erasures()).filter(({ state }) => state === "gone").flatMap(({ authors }) => authors));
  const owed = natives.filter((native) => !gone.has(pseudonyms.authorId(platform, native)));
  for (const native of owed.slice(0, atMost)) {
    const author = pseudonyms.authorId(platform, native);
    await system.engine.erase(author, { reason: "subject-request", objection: false, now: true, actor: "drill" });
    say("erased", native);
  }
}

const recovered = untilRecovered();
const erasing = systemClock
  .sleep(200)
  .then(() => erase(wanted.slice(0, -1), 1))
  .catch((error: unknown) => say("warn", String(error)));
await feed(input, {
  log: base.log,
  hashes: keyHashes(base.keys.ring),
  cursors: openCursors(base.catalog.sql, () => Date.now()),
  report: system.report,
  saveEveryMs: 100,
  pageItems: 60,
  ...(overMs > 0 && { overMs }),
});
await recovered;
await erasing;
say("fed");
await untilStored(system, true);
await erase(wanted, Infinity);
const last = wanted.at(-1);
if (last !== undefined) {
  // Nothing of the last one came after the erasure: the scan of the raw bytes must find nothing at all.
  const { total, stores } = await system.engine.find(last);
  if (total > 0) say("survivor", JSON.stringify(stores.filter(({ hits }) => hits > 0)));
}
await untilStored(system, true);
say("stored");
await system.stop();
say("done");
process.exit(0);
