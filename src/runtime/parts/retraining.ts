import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Audit } from "../../registers/audit.ts";
import type { ModelDrift } from "../../registers/model-drift.ts";
import type { Retraining, RetrainingCause, RetrainingEvidence, RetrainingRun, RetrainingSchedule } from "../../registers/retraining.ts";
import type { Alarm } from "../failures.ts";
import type { LabelSetBook, LabelSetView } from "../label-sets.ts";
import type { ModelBook, PromotionCheck, TrainingRun } from "../models.ts";
import { dueOf, slotAfter } from "../retraining-due.ts";
import type { RetrainingBook } from "../retraining.ts";
import { taskNameOf } from "../registry-models.ts";
import type { Viewer } from "../viewer.ts";

export interface RetrainingOptions {
  readonly register: Retraining;
  readonly audit: Audit;
  readonly models: Pick<ModelBook, "check" | "promote" | "setShadow" | "get">;
  /** Trains in the background, and resolves when it is over. @throws as ModelBook.train */
  readonly train: (set: string, version: number, actor: string) => Promise<TrainingRun>;
  /** Asked when they are needed: they are made later. */
  readonly labelSets: () => Pick<LabelSetBook, "list" | "get" | "versions" | "freeze">;
  /** A training that somebody asked for goes first. */
  readonly isTraining: () => boolean;
  /** Nothing can be trained any more. */
  readonly isClosed: () => boolean;
  readonly report: Report;
  readonly drift: Pick<ModelDrift, "list">;
  readonly clock: Clock;
}

/** Of the posts that come, judged beside by a candidate that waits for a decision. */
const shadowShare = 0.25;
const shownRuns = 20;
const dayMs = 86_400_000;
const driftDays = 14;
const itself: Viewer = { name: "earshot", owner: "earshot", role: "admin", by: "token", filter: {} };
const driftPrefix = "Drift: ";

/** The task whose looks speak of a set: one that a look opened bears it in its name. */
const taskOf = (name: string): string => taskNameOf(name.startsWith(driftPrefix) ? name.slice(driftPrefix.length) : name);

/** Trains candidates by itself: on a schedule, after so many labels, when posts moved. One at a time, at the lowest priority. */
export function makeRetraining(options: RetrainingOptions): {
  readonly book: RetrainingBook;
  tick(): Promise<void>;
  alarms(): Promise<readonly Alarm[]>;
  /** What somebody asked for is over. */
  settled(): Promise<void>;
} {
  const { register, audit, models, clock } = options;
  const labelSets: ReturnType<RetrainingOptions["labelSets"]> = {
    list: (viewer) => options.labelSets().list(viewer),
    get: (set, viewer) => options.labelSets().get(set, viewer),
    versions: (set) => options.labelSets().versions(set),
    freeze: (set, viewer) => options.labelSets().freeze(set, viewer),
  };
  let hasBegun = false;
  let isRunning = false;
  let asked: Promise<void> = Promise.resolve();

  async function factsOf(set: LabelSetView, schedule: RetrainingSchedule) {
    const [last] = await register.runs(set.id, 1);
    const [looked] = schedule.onDrift ? (await options.drift.list({ fromMs: clock.now() - driftDays * dayMs, task: taskOf(set.name) })).filter(({ kind }) => kind !== "none") : [];
    return {
      ...(last !== undefined && { lastAt: last.at }),
      labelsThen: last?.labels ?? 0,
      labelsNow: set.progress.byState.settled,
      ...(looked !== undefined && { driftAt: looked.at }),
    };
  }

  async function run(set: LabelSetView, cause: RetrainingCause, promotes: boolean): Promise<void> {
    const begun = await register.begin({ set: set.id, cause, labels: set.progress.byState.settled });
    const end = (fields: Partial<Parameters<Retraining["end"]>[1]> & Pick<RetrainingRun, "outcome">) => register.end(begun.number, { promoted: false, ...fields });
    try {
      const version = await versionOf(set);
      if (typeof version === "string") return await end({ outcome: "skipped", reason: version });
      const trained = await options.train(set.id, version, itself.name);
      const { model, error } = trained;
      if (model === undefined) return await end({ outcome: "failed", reason: error?.message ?? "it was cancelled", version });
      await end({ outcome: "trained", version, model, ...(await settle(set.id, model, promotes)) });
    } catch (thrown) {
      await end({ outcome: "failed", reason: toEarshotError(thrown, "INVARIANT", "training").message });
    }
  }

  /** Of all that is labelled; a text: why there is nothing to learn. */
  async function versionOf(set: LabelSetView): Promise<number | string> {
    const [newest] = await labelSets.versions(set.id);
    if (newest !== undefined && newest.count >= set.progress.byState.settled) {
      const learnt = (await register.runs(set.id, shownRuns)).find(({ outcome, version }) => outcome === "trained" && version === newest.version);
      return learnt === undefined ? newest.version : `no label is new since version ${newest.version}, on which ${learnt.model ?? "a model"} was trained`;
    }
    return (await labelSets.freeze(set.id, itself)).version;
  }

  /** Compares it with who judges, lets it judge beside, and promotes it where that was asked for and nothing speaks against it. */
  async function settle(set: string, model: string, promotes: boolean): Promise<Pick<RetrainingRun, "evidence" | "reason" | "promoted">> {
    const { state } = await models.get(model);
    if (state === "promoted") return { promoted: false, reason: "the same labels give the model that judges already" };
    let check: PromotionCheck;
    try {
      check = await models.check(model);
    } catch (thrown) {
      if (!(thrown instanceof EarshotError && thrown.code === "CONFLICT")) throw thrown;
      return { promoted: false, reason: thrown.message };
    }
    const evidence = evidenceOf(check);
    await endShadows(set, model);
    if (promotes && check.allowed) {
      await models.promote(model, itself.name);
      return { evidence, promoted: true };
    }
    if (state !== "shadow") await models.setShadow(model, shadowShare, itself.name);
    return { evidence, promoted: false };
  }

  /** Candidates of this set that were trained by themselves before: else each run would leave one more that every post is shown to. */
  async function endShadows(set: string, next: string): Promise<void> {
    const before = new Set((await register.runs(set, shownRuns)).flatMap(({ model }) => (model === undefined || model === next ? [] : [model])));
    for (const model of before) if ((await models.get(model)).state === "shadow") await models.setShadow(model, undefined, itself.name);
  }

  async function attempt(set: LabelSetView, cause: RetrainingCause, promotes: boolean): Promise<void> {
    isRunning = true;
    try {
      await run(set, cause, promotes);
    } finally {
      isRunning = false;
    }
  }

  const setOf = (sets: readonly LabelSetView[], id: string) => sets.find((one) => one.id === id);

  return {
    async tick() {
      if (isRunning || options.isTraining()) return;
      if (!hasBegun) await register.failRunning("the program ended while it ran");
      hasBegun = true;
      const sets = await labelSets.list(itself);
      for (const schedule of await register.schedules()) {
        // A look would count as the last one of the schedule: it waits for the next start.
        if (options.isClosed()) return;
        const set = setOf(sets, schedule.set);
        if (set === undefined) continue;
        const cause = dueOf(schedule, await factsOf(set, schedule), clock.now());
        if (cause !== undefined) await attempt(set, cause, schedule.promotes);
      }
    },
    async alarms() {
      const found = await Promise.all(
        (await register.schedules()).map(async ({ set }): Promise<readonly Alarm[]> => {
          const newest = (await register.runs(set, shownRuns)).find(({ outcome }) => outcome === "trained");
          const { model, evidence, promoted, at } = newest ?? { promoted: false };
          if (model === undefined || evidence === undefined || at === undefined || promoted || !(evidence.difference.low > 0)) return [];
          const { state, task } = await models.get(model);
          const { value, low, high } = evidence.difference;
          return state === "promoted" || state === "retired" ? [] : [{ kind: "model-better", source: model, task, value, low, high, limit: 0, since: at }];
        }),
      );
      return found.flat();
    },
    settled: () => asked,
    book: {
      async retraining() {
        const sets = await labelSets.list(itself);
        return Promise.all(
          (await register.schedules()).map(async (schedule) => {
            const set = setOf(sets, schedule.set);
            const runs = await register.runs(schedule.set, shownRuns);
            const nextAt = slotAfter(schedule.every, clock.now());
            return {
              schedule,
              name: set?.name ?? schedule.set,
              newLabels: (set?.progress.byState.settled ?? 0) - (runs[0]?.labels ?? 0),
              ...(nextAt !== undefined && { nextAt }),
              runs,
            };
          }),
        );
      },
      async setRetraining(schedule, viewer) {
        const { kind, name } = await labelSets.get(schedule.set, viewer);
        if (kind !== "classes") throw new EarshotError("USAGE", `${name}: it labels spans; only sets of classes are trained on by themselves`);
        const made = await register.set(schedule, viewer.name);
        const { every, afterLabels, onDrift, promotes } = schedule;
        await audit.append({ actor: viewer.name, action: "model.retraining", subject: schedule.set, details: { every, afterLabels: afterLabels ?? 0, onDrift, promotes } });
        return made;
      },
      async removeRetraining(set, viewer) {
        await register.remove(set);
        await audit.append({ actor: viewer.name, action: "model.retraining-end", subject: set, details: {} });
      },
      async retrainNow(set, viewer) {
        const found = await labelSets.get(set, viewer);
        const schedule = (await register.schedules()).find((one) => one.set === set);
        if (schedule === undefined) throw new EarshotError("NOT_FOUND", `label set ${set}: nothing trains on it by itself`);
        if (isRunning || options.isTraining()) throw new EarshotError("CONFLICT", "a training is running; wait for it, or cancel it");
        // It runs on: its history tells what comes of it.
        asked = attempt(found, "asked", schedule.promotes).catch((thrown: unknown) =>
          options.report("error", `label set ${set}: ${toEarshotError(thrown, "STORE_UNAVAILABLE", "retraining").message}`),
        );
      },
    },
  };
}

function evidenceOf({ comparison, allowed, reasons }: PromotionCheck): RetrainingEvidence {
  const { headline, n, difference, slices, a } = comparison;
  return {
    headline,
    n,
    difference: { ...difference },
    slices: slices.map((slice) => ({ ...slice, difference: { ...slice.difference } })),
    against: a,
    allowed,
    reasons: [...reasons],
  };
}
