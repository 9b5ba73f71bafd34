import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { feed, keyHashes } from "../../bench/feed.ts";
import { ensureInput, type Input } from "../../bench/input.ts";
import { compareRollups } from "../../bench/rollups.ts";
import { makeFolder } from "../../bench/system.ts";
import { compare, type Comparison, readTruths } from "../../bench/truth.ts";
import { systemClock } from "../../src/core/clock.ts";
import { makeDiskFiles } from "../../src/core/disk-files.ts";
import { parseQuery } from "../../src/core/query-parser.ts";
import { makeVolatileFiles, type VolatileFiles } from "../../src/core/volatile-files.ts";
import { openIdentities } from "../../src/ledger/identities.ts";
import { type Keys, openKeys } from "../../src/ledger/keys.ts";
import { openLedger } from "../../src/ledger/ledger.ts";
import { makePseudonyms, type Pseudonyms } from "../../src/ledger/pseudonyms.ts";
import { openEmbeddedLog } from "../../src/logs/embedded.ts";
import { deliver } from "../../src/runtime/deliver.ts";
import { makeRefiner, type RefineSource } from "../../src/runtime/refine.ts";
import { openPartition, type Partition, runPartition } from "../../src/runtime/refine-partition.ts";
import { openStages, type Stages } from "../../src/stages/pipeline.ts";
import { validateEvent } from "../../src/stages/validate.ts";
import { brands } from "../../world/brands.ts";
import { askRecording } from "./recording-rollups.ts";
import { emptyImage, makeRecordingStore, type RecordingStore, type Violations } from "./recording-store.ts";
import { acknowledgingEarly, type PlantedFault, withoutSyncs } from "./planted.ts";
import { makeRandom, type Random } from "./random.ts";
import { fedRefineSources } from "./sources.ts";

export interface PowerCuts {
  /** The power went so often while something was under way. */
  readonly cuts: number;
  readonly comparisons: readonly Comparison[];
  readonly violations: Violations;
  readonly rollupsWrong: number;
  readonly problems: readonly string[];
}

export interface CutOptions {
  readonly cuts: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  /** Absent: the program as it is. */
  readonly planted?: PlantedFault;
}

const partitions = 2;
const startMs = Date.UTC(2026, 2, 2);
const postsAWorld = 300;
const cutsAWorld = 8;
/** Inputs that worlds take turns with. */
const inputs = 8;
/** A life that takes longer hangs. */
const lifeWithinMs = 60_000;

interface Shared {
  readonly keys: Keys;
  readonly pseudonyms: Pseudonyms;
  readonly stages: Stages;
  readonly sources: ReadonlyMap<string, RefineSource>;
  readonly planted: PlantedFault | undefined;
}

/** One machine: what it has on its disks, from life to life. */
interface Machine {
  readonly input: Input;
  readonly random: Random;
  readonly folder: string;
  readonly cursors: Map<string, string>;
  readonly violations: Violations;
  files: VolatileFiles;
  store: RecordingStore;
  lives: number;
}

/** Feeds small worlds through log, refining and delivery, takes the power at seeded moments, and compares what is left with the oracle. */
export async function powerCuts(options: CutOptions): Promise<PowerCuts> {
  const { say } = options;
  using folder = makeFolder("cuts", existsSync("/dev/shm") ? "/dev/shm" : undefined);
  await using keys = await openKeys({ files: makeDiskFiles(), folder: join(folder.path, "keys"), create: true });
  const pseudonyms = makePseudonyms(keys.ring);
  using stages = openStages({
    mentionId: (platform, name) => pseudonyms.mentionId(platform, name),
    isOrganisationHandle: () => false,
    terms: brands.map(({ id, name }) => ({ id, query: parseQuery(name) })),
    keep: () => "everything",
  });
  const shared: Shared = { keys, pseudonyms, stages, sources: fedRefineSources(), planted: options.planted };
  const comparisons: Comparison[] = [];
  const violations: Violations = { lost: 0, duplicated: 0, reordered: 0, examples: [] };
  const problems: string[] = [];
  let cuts = 0;
  let rollupsWrong = 0;
  for (let world = 0; cuts < options.cuts; world++) {
    const seed = options.seed * 1_000 + world;
    const input = await ensureInput({ seed: `cut-${world % inputs}`, posts: postsAWorld, startMs, hours: 24 });
    const machine: Machine = {
      input,
      random: makeRandom(seed),
      folder: join(folder.path, `world-${world}`),
      cursors: new Map(),
      violations,
      files: makeVolatileFiles(seed),
      store: makeRecordingStore(emptyImage, violations, () => false),
      lives: 0,
    };
    try {
      let ended: "cut" | "done" = "cut";
      while (ended === "cut") {
        const mayCut = machine.lives < cutsAWorld && cuts < options.cuts;
        ended = await live(machine, shared, mayCut);
        if (ended === "cut") cuts++;
      }
      // Once more from what the disks hold now: what is done stays done.
      await live(machine, shared, false);
    } catch (error) {
      problems.push(`world ${world} (seed ${seed}), life ${machine.lives}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      say(`    ${problems.at(-1)}`);
    }
    const truths = await readTruths(input, pseudonyms);
    const posts = [...machine.store.posts.values()];
    const compared = await compare(`world ${world}`, [posts.map((post) => ({ id: post.id, counts: post.counts, body: post }))], truths);
    const rollups = await compareRollups(input, askRecording(posts));
    comparisons.push(compared);
    rollupsWrong += rollups.wrong;
    for (const example of [...compared.examples, ...rollups.examples]) say(`    world ${world} (seed ${seed}): ${example}`);
    rmSync(machine.folder, { recursive: true, force: true });
  }
  for (const example of violations.examples) say(`    ${example}`);
  say(`power cuts: ${cuts} in ${comparisons.length} worlds of ${postsAWorld} posts`);
  return { cuts, comparisons, violations, rollupsWrong, problems };
}

/** From a start to the end of the input, or until the power goes. */
async function live(machine: Machine, shared: Shared, mayCut: boolean): Promise<"cut" | "done"> {
  const { random } = machine;
  const disk = makeDiskFiles();
  const place = join(machine.folder, `life-${machine.lives}`);
  const older = join(machine.folder, "older");
  mkdirSync(place, { recursive: true });
  if (mayCut) machine.files.failAfter(1 + random.below(random.below(3) === 0 ? 40 : 150));
  const { files } = machine;
  const abort = new AbortController();
  const open: Disposable[] = [];
  const running: Promise<unknown>[] = [];
  const image = machine.lives === 0 ? emptyImage : machine.store.durable();
  machine.lives++;
  // A copy of a moment in which no transaction is open is what a disk may hold that was synced last then.
  const copy = () => {
    rmSync(older, { recursive: true, force: true });
    cpSync(place, older, { recursive: true });
  };
  const store = makeRecordingStore(image, machine.violations, () => {
    if (random.below(5) === 0) copy();
    return random.below(4) === 0;
  });
  machine.store = store;
  const late = setTimeout(() => abort.abort(new Error("the life hangs")), lifeWithinMs);
  let ended: "cut" | "done" = "done";
  try {
    const log = await openEmbeddedLog({
      folder: "/data/log",
      files: shared.planted === "missing-sync" ? withoutSyncs(files) : files,
      partitions,
      segmentBytes: 8_192 + random.below(200_000),
    });
    const owned: Partition[] = [];
    for (let partition = 0; partition < partitions; partition++) {
      const ledger = await openLedger({
        files: disk,
        folder: join(place, "ledger"),
        partition,
        keyCheck: shared.keys.ring.check,
        maxHeldRows: 1 + random.below(random.below(2) === 0 ? 8 : 60),
      });
      open.push(ledger);
      const identities = await openIdentities({ files: disk, folder: join(place, "identities"), partition, ring: shared.keys.ring, maxHeld: 1 + random.below(40) });
      open.push(identities);
      const refiner = makeRefiner({
        partition,
        ledger,
        identities,
        pseudonyms: shared.pseudonyms,
        source: (id) => shared.sources.get(id),
        validate: validateEvent,
        stages: (drafts) => shared.stages.run(drafts),
        clock: systemClock,
      });
      owned.push(await openPartition({ partition, log, ledger, identities, refiner }));
    }
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const guard = (work: Promise<unknown>) => {
      work.catch(failed.reject);
      running.push(work);
    };
    for (const partition of owned) guard(runPartition(partition, log, abort.signal));
    const delivering = await deliver({ log, stores: [store], clock: systemClock, report: () => undefined }, abort.signal);
    guard(delivering.finished);
    const pageItems = 2 + random.below(16);
    const feeding = feed(machine.input, {
      log: shared.planted === "early-commit" ? acknowledgingEarly(log) : log,
      hashes: keyHashes(shared.keys.ring),
      cursors: {
        load: (source) => Promise.resolve(machine.cursors.get(source)),
        save: (source, cursor) => Promise.resolve(void machine.cursors.set(source, cursor)),
      },
      report: () => undefined,
      saveEveryMs: 0,
      pageItems,
      signal: abort.signal,
    });
    guard(feeding);
    await Promise.race([feeding, failed.promise]);
    for (;;) {
      abort.signal.throwIfAborted();
      const lane = delivering.lanes[0];
      const events = await log.state("events");
      const posts = await log.state("posts");
      if (
        events.every(({ partition, next }) => (owned[partition]?.position().offset ?? -1) + 1 >= next) &&
        posts.every(({ partition, next }) => (lane?.next.get(partition)?.offset ?? 0) >= next)
      )
        break;
      if (lane?.state === "failed") throw new Error(lane.lastError);
      // Maintenance of the log goes on beside everything else.
      if (random.below(20) === 0) await log.maintain();
      await Promise.race([setImmediate(), failed.promise]);
    }
    await store.flush();
  } catch (thrown) {
    if (!mayCut || !(thrown instanceof Error) || !/power is off/.test(thrown.message)) throw thrown;
    ended = "cut";
  } finally {
    clearTimeout(late);
    abort.abort();
    await Promise.allSettled(running);
    leave(machine, place, older, ended);
    for (const each of open) each[Symbol.dispose]();
  }
  return ended;
}

/** What the machine finds on its disks when it starts again. The ledger's file may be older than the log, or gone; never newer. */
function leave(machine: Machine, place: string, older: string, ended: "cut" | "done"): void {
  const { random } = machine;
  const next = join(machine.folder, `life-${machine.lives}`);
  machine.files = ended === "cut" ? machine.files.powerCut() : machine.files.kill();
  const copyOf = (from: string, to: string) => {
    if (existsSync(from)) cpSync(from, to, { recursive: true });
  };
  const luck = random.below(10);
  if (luck < 6) copyOf(place, next);
  else if (luck < 9) copyOf(older, next);
  // Identities outlive a lost ledger: they are files of their own.
  else copyOf(join(place, "identities"), join(next, "identities"));
}
