import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock } from "../../core/clock.ts";
import { EarshotError } from "../../core/errors.ts";
import type { RetrainingRun, RetrainingSchedule } from "../../registers/retraining.ts";
import { makeRetraining, type RetrainingOptions } from "./retraining.ts";

const dayMs = 86_400_000;
const start = Date.parse("2026-11-26T10:00:00Z");

/** The registers and the trainer as plain lists; what decides when and what to do with it is the real thing. */
function workshop(schedule: Partial<RetrainingSchedule>, low = 0.05) {
  const clock = makeFakeClock(start);
  const runs: RetrainingRun[] = [];
  const log: string[] = [];
  const states = new Map<string, string>();
  const state = { settled: 100, frozen: 100, versions: 1, allowed: true, driftAt: undefined as number | undefined, busy: false, refuses: false, closed: false, isBroken: false };
  const set: RetrainingSchedule = { set: "ls1", every: "never", onDrift: false, promotes: false, actor: "ann", at: start, ...schedule };
  const unused = () => Promise.reject(new Error("unused"));
  const part = makeRetraining({
    clock,
    audit: { append: async () => undefined } as unknown as RetrainingOptions["audit"],
    isTraining: () => state.busy,
    isClosed: () => state.closed,
    report: (level, message) => void log.push(`${level} ${message}`),
    register: {
      schedules: async () => [set],
      set: unused,
      remove: unused,
      begin: async (fields) => {
        if (state.isBroken) throw new Error("the catalog is away");
        const run: RetrainingRun = { ...fields, number: runs.length, at: clock.now(), outcome: "running", promoted: false };
        runs.unshift(run);
        return run;
      },
      end: async (number, fields) => {
        const at = runs.findIndex((run) => run.number === number);
        const known = runs[at];
        assert.ok(known);
        runs[at] = { ...known, ...fields, endedAt: clock.now() };
      },
      runs: async (_set, limit) => runs.slice(0, limit),
      failRunning: async (reason) => {
        for (const [i, run] of runs.entries()) if (run.outcome === "running") runs[i] = { ...run, outcome: "failed", reason };
      },
    },
    labelSets: () =>
      ({
        get: async () => ({ id: "ls1", kind: "classes", progress: { byState: { settled: state.settled } } }),
        list: async () => [{ id: "ls1", name: "Drift: sentiment", kind: "classes", progress: { byState: { settled: state.settled } } }],
        versions: async () => [{ version: state.versions, count: state.frozen }],
        freeze: async () => {
          state.frozen = state.settled;
          return { version: ++state.versions };
        },
      }) as unknown as ReturnType<RetrainingOptions["labelSets"]>,
    drift: {
      list: async (asked: { readonly task?: string }) => (state.driftAt === undefined || asked.task !== "sentiment" ? [] : [{ kind: "text", at: state.driftAt }]),
    } as unknown as RetrainingOptions["drift"],
    models: {
      get: async (id: string) => ({ id, task: "sentiment", state: states.get(id) ?? "candidate" }),
      check: async () => {
        if (state.refuses) throw new EarshotError("CONFLICT", "its gold part holds 3 texts");
        return {
          comparison: { headline: "macroF1", n: 120, difference: { value: 0.1, low, high: 0.15 }, slices: [], a: "embedded" },
          allowed: state.allowed && low > 0,
          reasons: state.allowed ? [] : ["functional tests: worse"],
          overridable: false,
        };
      },
      promote: async (id: string) => {
        log.push(`promote ${id}`);
        states.set(id, "promoted");
      },
      setShadow: async (id: string, share: number | undefined) => {
        log.push(share === undefined ? `end ${id}` : `shadow ${id} ${share}`);
        states.set(id, share === undefined ? "candidate" : "shadow");
      },
    } as unknown as RetrainingOptions["models"],
    train: async (_set, version) => {
      log.push(`train ${version}`);
      return { id: "r", set: "ls1", task: "sentiment", version, state: "done", startedAt: clock.now(), model: `sentiment@0000000${version}` };
    },
  });
  return { part, clock, runs, log, state };
}

test("on its day a candidate is trained on all labels, compared by slice, and judges beside until somebody decides", async () => {
  const { part, clock, runs, log, state } = workshop({ every: "weekly" });
  await part.tick();
  assert.deepEqual(log, []);
  state.settled = 180;
  await clock.advance(4 * dayMs);
  await part.tick();
  assert.deepEqual(log, ["train 2", "shadow sentiment@00000002 0.25"]);
  assert.deepEqual([runs[0]?.cause, runs[0]?.outcome, runs[0]?.version, runs[0]?.evidence?.against, runs[0]?.promoted], ["schedule", "trained", 2, "embedded", false]);
  assert.deepEqual(
    (await part.alarms()).map((alarm) => (alarm.kind === "model-better" ? [alarm.source, alarm.task, alarm.value, alarm.low, alarm.high] : [])),
    [["sentiment@00000002", "sentiment", 0.1, 0.05, 0.15]],
  );
  await part.tick();
  assert.equal(runs.length, 1, "once");
});

test("one candidate of a set judges beside: the next takes its place", async () => {
  const { part, clock, log, state } = workshop({ every: "daily" });
  for (let day = 0; day < 3; day++) {
    state.settled += 10;
    await clock.advance(dayMs);
    await part.tick();
  }
  assert.deepEqual(
    log.filter((line) => !line.startsWith("train")),
    ["shadow sentiment@00000002 0.25", "end sentiment@00000002", "shadow sentiment@00000003 0.25", "end sentiment@00000003", "shadow sentiment@00000004 0.25"],
  );
});

test("moments that passed while the program stood are made up for once", async () => {
  const { part, clock, runs, log } = workshop({ every: "daily" });
  await clock.advance(10 * dayMs);
  await part.tick();
  await part.tick();
  assert.deepEqual([runs.length, log[0]], [1, "train 1"]);
  await clock.advance(dayMs);
  await part.tick();
  assert.deepEqual([runs.length, runs[0]?.outcome], [2, "skipped"]);
  assert.match(runs[0]?.reason ?? "", /no label is new since version 1, on which sentiment@00000001 was trained/);
  assert.equal(log.filter((line) => line.startsWith("train")).length, 1);
});

test("after so many new labels, and after a look that says that the task's posts moved", async () => {
  const labels = workshop({ afterLabels: 50 });
  await labels.part.tick();
  assert.deepEqual(
    labels.runs.map(({ cause }) => cause),
    ["labels"],
    "a hundred are more than fifty",
  );
  labels.state.settled = 149;
  await labels.part.tick();
  assert.equal(labels.runs.length, 1);
  labels.state.settled = 150;
  await labels.part.tick();
  assert.deepEqual(
    labels.runs.map(({ cause, labels: then }) => [cause, then]),
    [
      ["labels", 150],
      ["labels", 100],
    ],
  );

  const moved = workshop({ onDrift: true });
  await moved.part.tick();
  assert.equal(moved.runs.length, 0);
  await moved.clock.advance(dayMs);
  moved.state.driftAt = moved.clock.now();
  await moved.part.tick();
  await moved.part.tick();
  assert.deepEqual(
    moved.runs.map(({ cause }) => cause),
    ["drift"],
  );
});

test("it promotes by itself only where that was turned on, the interval is above zero and the tests got no worse", async () => {
  for (const [promotes, low, allowed, expected] of [
    [true, 0.05, true, "promote"],
    [false, 0.05, true, "shadow"],
    [true, -0.01, true, "shadow"],
    [true, 0.05, false, "shadow"],
  ] as const) {
    const { part, clock, log, state, runs } = workshop({ every: "daily", promotes }, low);
    state.allowed = allowed;
    await clock.advance(dayMs);
    await part.tick();
    assert.equal(log[1]?.split(" ")[0], expected, JSON.stringify({ promotes, low, allowed }));
    assert.equal(runs[0]?.promoted, expected === "promote");
    const alarms = await part.alarms();
    assert.equal(alarms.length, expected === "promote" || low <= 0 ? 0 : 1, "what is better and waits is told");
  }
});

test("a training that somebody asked for goes first, and what cannot be compared says why", async () => {
  const { part, clock, runs, state } = workshop({ every: "daily" });
  await clock.advance(dayMs);
  state.busy = true;
  await part.tick();
  assert.equal(runs.length, 0);
  state.busy = false;
  state.refuses = true;
  await part.tick();
  assert.deepEqual([runs[0]?.outcome, runs[0]?.reason, runs[0]?.evidence], ["trained", "its gold part holds 3 texts", undefined]);
  assert.deepEqual(await part.alarms(), []);
});

test("what ran when the program ended is told as failed, and waits for the next moment", async () => {
  const { part, clock, runs } = workshop({ every: "daily" });
  await clock.advance(dayMs);
  runs.push({ number: 0, set: "ls1", cause: "schedule", at: clock.now(), outcome: "running", labels: 100, promoted: false });
  await part.tick();
  assert.deepEqual(
    runs.map(({ outcome, reason }) => [outcome, reason]),
    [["failed", "the program ended while it ran"]],
  );
});

test("while the program stops nothing is looked at, so that the schedule's moment is not spent", async () => {
  const { part, clock, runs, state } = workshop({ every: "daily" });
  await clock.advance(dayMs);
  state.closed = true;
  await part.tick();
  assert.deepEqual(runs, []);
});

test("one that somebody asked for and that cannot even be noted is told, and hurts nobody else", async () => {
  const { part, log, state } = workshop({});
  state.isBroken = true;
  await part.book.retrainNow("ls1", { name: "ann", owner: "ann", role: "admin", by: "token", filter: {} });
  await part.settled();
  assert.match(log.join(), /error label set ls1: .*the catalog is away/);
});
