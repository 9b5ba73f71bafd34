import { type Static, Type } from "typebox";
import { retrainingCauses, retrainingOutcomes, retrainingPeriods, type RetrainingRun, type RetrainingSchedule } from "../registers/retraining.ts";
import type { RetrainingView } from "../runtime/retraining.ts";
import { instant, iso, optionalInstant } from "./schemas.ts";

const oneOf = <const T extends string>(names: readonly T[], description: string) => Type.Unsafe<T>({ type: "string", enum: names, description });
const interval = Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() }, { description: "Of the difference, with its 95% interval." });

export const scheduleFields = {
  every: oneOf(retrainingPeriods, "At 03:00 UTC: daily, on Mondays, on the first of a month. A moment that passed while nothing ran counts once."),
  afterLabels: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000, description: "After so many labels that were settled since the last time; absent: never for that." })),
  onDrift: Type.Boolean({ description: "When a look at the task's posts says that they moved." }),
  promotes: Type.Boolean({ description: "Promotes a candidate where nothing speaks against it: interval above zero, functional tests no worse, gold texts enough." }),
};
export const scheduleSchema = Type.Object({ set: Type.String(), ...scheduleFields, actor: Type.String(), at: instant("When it was set.") });

const runSchema = Type.Object({
  number: Type.Integer(),
  cause: oneOf(retrainingCauses, "Why it looked."),
  at: instant("When."),
  endedAt: optionalInstant("When."),
  outcome: oneOf(retrainingOutcomes, "What came of it."),
  reason: Type.Optional(Type.String({ description: "Why it did not train, failed, or could not be compared." })),
  version: Type.Optional(Type.Integer({ description: "Of the label set." })),
  labels: Type.Integer({ description: "Settled labels when it began." }),
  model: Type.Optional(Type.String()),
  evidence: Type.Optional(
    Type.Object({
      headline: Type.String(),
      n: Type.Integer({ description: "Gold texts." }),
      difference: interval,
      slices: Type.Array(Type.Object({ by: Type.String(), value: Type.String(), n: Type.Integer(), difference: interval })),
      against: Type.String({ description: "Who judged then." }),
      allowed: Type.Boolean({ description: "It may be promoted." }),
      reasons: Type.Array(Type.String(), { description: "What speaks against it." }),
    }),
  ),
  promoted: Type.Boolean({ description: "By itself." }),
});

export const retrainingSchema = Type.Object({
  schedule: scheduleSchema,
  name: Type.String({ description: "Of the label set." }),
  newLabels: Type.Integer({ description: "Labels that were settled since it last looked." }),
  nextAt: optionalInstant("The next moment of the schedule."),
  runs: Type.Array(runSchema, { description: "Newest first." }),
});
export type RetrainingShown = Static<typeof retrainingSchema>;

export const viewSchedule = ({ at, ...rest }: RetrainingSchedule): Static<typeof scheduleSchema> => ({ ...rest, at: iso(at) });

function viewRun({ set: _set, at, endedAt, evidence, ...rest }: RetrainingRun): Static<typeof runSchema> {
  return {
    ...rest,
    at: iso(at),
    ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
    ...(evidence && {
      evidence: {
        ...evidence,
        difference: { ...evidence.difference },
        slices: evidence.slices.map((slice) => ({ ...slice, difference: { ...slice.difference } })),
        reasons: [...evidence.reasons],
      },
    }),
  };
}

export function viewRetraining({ schedule, name, newLabels, nextAt, runs }: RetrainingView): RetrainingShown {
  return { schedule: viewSchedule(schedule), name, newLabels, ...(nextAt !== undefined && { nextAt: iso(nextAt) }), runs: runs.map(viewRun) };
}
