import { type Static, Type } from "typebox";
import type { Comparison, JudgingPeriod, PromotionCheck, ShadowView, TaskView, TrainingRun } from "../runtime/models.ts";
import type { ModelMove, ModelRecord } from "../registers/models.ts";
import { instant, iso, optionalInstant, postSchema, viewPost } from "./schemas.ts";

const text = (description: string) => Type.String({ description });
const plain = (description: string) => Type.Unsafe<Record<string, unknown> | null>({ type: ["object", "null"], additionalProperties: true, description });

export const intervalSchema = Type.Object(
  { value: Type.Number(), low: Type.Number(), high: Type.Number() },
  { description: "A figure and its 95% interval, by the bootstrap over authors." },
);

export const modelSchema = Type.Object({
  id: text("Task and fingerprint of the weights, `spam@1f2e3d4c`; each judgement bears it."),
  task: Type.String(),
  classes: Type.Array(Type.String()),
  state: Type.Union([Type.Literal("candidate"), Type.Literal("shadow"), Type.Literal("promoted"), Type.Literal("retired")]),
  weightsSha256: Type.String(),
  weightsBytes: Type.Integer(),
  labelSet: Type.Object({ id: Type.String(), name: Type.String(), version: Type.Integer(), hash: Type.String() }),
  codeVersion: Type.String(),
  parameters: plain("How it was trained."),
  figures: plain("On the gold part of the label set, each with its interval, by slice; null: it had no gold part."),
  functional: plain("The functional tests, by capability."),
  actor: Type.String(),
  at: instant("When it was trained."),
});

export function viewModel({ at, parameters, figures, functional, classes, labelSet, ...rest }: ModelRecord): Static<typeof modelSchema> {
  return { ...rest, classes: [...classes], labelSet: { ...labelSet }, parameters: objectOf(parameters), figures: objectOf(figures), functional: objectOf(functional), at: iso(at) };
}

function objectOf(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? { ...value } : null;
}

export const moveSchema = Type.Object({
  number: Type.Integer(),
  task: Type.String(),
  kind: Type.Union([Type.Literal("promote"), Type.Literal("rollback")]),
  model: Type.Union([Type.String(), Type.Null()], { description: "null: the embedded model, or nobody." }),
  was: Type.Union([Type.String(), Type.Null()]),
  actor: Type.String(),
  at: instant("When."),
  evidence: plain("The comparison that spoke for it."),
  rescoredFrom: optionalInstant("Posts that came from then on were judged anew."),
  rescoredAt: optionalInstant("When that was done."),
});

export function viewMove({ number, task, kind, model, was, actor, at, evidence, rescoredFrom, rescoredAt }: ModelMove): Static<typeof moveSchema> {
  return {
    number,
    task,
    kind,
    model: model ?? null,
    was: was ?? null,
    actor,
    at: iso(at),
    evidence: objectOf(evidence),
    ...(rescoredFrom !== undefined && { rescoredFrom: iso(rescoredFrom) }),
    ...(rescoredAt !== undefined && { rescoredAt: iso(rescoredAt) }),
  };
}

export const taskSchema = Type.Object({
  task: Type.String(),
  judge: Type.Optional(
    Type.Object(
      {
        model: Type.String(),
        isEmbedded: Type.Boolean(),
        isOff: Type.Boolean({ description: "The configuration asks it of no post." }),
        stopped: Type.Optional(Type.String({ description: "Why it judges nothing, though it was promoted: the embedded models that it builds on are others now." })),
        since: optionalInstant("Absent: always."),
      },
      { description: "Absent: nobody judges it." },
    ),
  ),
  embedded: Type.Optional(text("The version that ships with the program.")),
  versions: Type.Array(modelSchema, { description: "Newest first." }),
  moves: Type.Array(moveSchema, { description: "Newest first." }),
});

export function viewTask({ task, judge, embedded, versions, moves }: TaskView): Static<typeof taskSchema> {
  return {
    task,
    ...(judge && {
      judge: {
        model: judge.model,
        isEmbedded: judge.isEmbedded,
        isOff: judge.isOff,
        ...(judge.since !== undefined && { since: iso(judge.since) }),
        ...(judge.stopped !== undefined && { stopped: judge.stopped }),
      },
    }),
    ...(embedded !== undefined && { embedded }),
    versions: versions.map(viewModel),
    moves: moves.map(viewMove),
  };
}

export const runSchema = Type.Object({
  id: Type.String(),
  set: Type.String(),
  task: Type.String(),
  version: Type.Integer(),
  state: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("failed"), Type.Literal("cancelled")]),
  startedAt: instant("When."),
  endedAt: optionalInstant("When."),
  step: Type.Optional(
    Type.Object({
      fit: Type.Integer({ description: "Of `fits` trainings: with few labels, five folds of all choose how it is trained." }),
      fits: Type.Integer(),
      epoch: Type.Integer(),
      epochs: Type.Integer({ description: "At most." }),
      loss: Type.Number({ description: "Mean log loss, nats." }),
      heldBackLoss: Type.Optional(Type.Number({ description: "On texts that are not trained on." })),
    }),
  ),
  model: Type.Optional(Type.String()),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
});

export function viewRun({ startedAt, endedAt, step, error, ...rest }: TrainingRun): Static<typeof runSchema> {
  return { ...rest, startedAt: iso(startedAt), ...(endedAt !== undefined && { endedAt: iso(endedAt) }), ...(step && { step: { ...step } }), ...(error && { error: { ...error } }) };
}

const functionalCounts = Type.Object({ cases: Type.Integer(), passed: Type.Integer() });
export const comparisonSchema = Type.Object({
  a: Type.String(),
  b: Type.String(),
  task: Type.String(),
  headline: text("The figure that is compared: macroF1, macroRecall, f1OfSecond."),
  labelSet: Type.Object({ id: Type.String(), version: Type.Integer() }, { description: "Whose gold part was judged." }),
  n: Type.Integer({ description: "Texts." }),
  leftOut: Type.Integer({ description: "Of the gold part, those that one of the two had learnt from." }),
  figures: Type.Object({ a: intervalSchema, b: intervalSchema }),
  difference: intervalSchema,
  perClass: Type.Record(Type.String(), Type.Integer(), { description: "Texts of each class." }),
  slices: Type.Array(Type.Object({ by: Type.String(), value: Type.String(), n: Type.Integer(), difference: intervalSchema })),
  functional: Type.Object({ a: functionalCounts, b: functionalCounts }),
  worse: Type.Array(Type.String(), { description: "What b does worse in the functional tests." }),
});

export function viewComparison({ labelSet, figures, difference, slices, functional, worse, perClass, ...rest }: Comparison): Static<typeof comparisonSchema> {
  return {
    ...rest,
    labelSet: { ...labelSet },
    figures: { a: { ...figures.a }, b: { ...figures.b } },
    difference: { ...difference },
    slices: slices.map((slice) => ({ ...slice, difference: { ...slice.difference } })),
    functional: { a: { ...functional.a }, b: { ...functional.b } },
    worse: [...worse],
    perClass: { ...perClass },
  };
}

export const checkSchema = Type.Object({
  comparison: comparisonSchema,
  allowed: Type.Boolean({ description: "The interval of the difference lies above zero, the functional tests did not get worse, and there are gold texts enough." }),
  overridable: Type.Boolean({ description: "Only that there are too few gold texts speaks against it: an admin may promote it with a reason, which is written down." }),
  reasons: Type.Array(Type.String(), { description: "What speaks against it." }),
});

export const viewCheck = ({ comparison, allowed, reasons, overridable }: PromotionCheck): Static<typeof checkSchema> => ({
  comparison: viewComparison(comparison),
  allowed,
  overridable,
  reasons: [...reasons],
});

export const periodSchema = Type.Object({
  task: Type.String(),
  model: Type.Union([Type.String(), Type.Null()], { description: "null: nobody judged." }),
  from: optionalInstant("By the time when posts came. Absent: since the start."),
  to: optionalInstant("Absent: until now."),
});

export const viewPeriod = ({ task, model, from, to }: JudgingPeriod): Static<typeof periodSchema> => ({
  task,
  model: model ?? null,
  ...(from !== undefined && { from: iso(from) }),
  ...(to !== undefined && { to: iso(to) }),
});

export const modelShadowSchema = Type.Object({
  model: Type.String(),
  share: Type.Number({ description: "Of the posts that come." }),
  begunAt: optionalInstant("When; absent: it never judged beside."),
  endedAt: optionalInstant("When; absent: it goes on."),
  judged: Type.Integer(),
  agreed: Type.Integer(),
  pairs: Type.Array(Type.Object({ said: text("What was noted; empty: not sure, or nobody judges."), candidate: Type.String(), posts: Type.Integer() })),
  differences: Type.Array(Type.Object({ at: instant("When."), said: Type.String(), candidate: Type.String(), probability: Type.Number(), about: postSchema }), {
    description: "The newest, since the start of the process.",
  }),
});

export function viewModelShadow({ model, share, begunAt, endedAt, judged, agreed, pairs, differences }: ShadowView): Static<typeof modelShadowSchema> {
  return {
    model,
    share,
    ...(begunAt !== undefined && { begunAt: iso(begunAt) }),
    ...(endedAt !== undefined && { endedAt: iso(endedAt) }),
    judged,
    agreed,
    pairs: Object.entries(pairs).map(([pair, posts]) => {
      const [said = "", candidate = ""] = pair.split("\t");
      return { said, candidate, posts };
    }),
    differences: differences.map(({ at, said, candidate, probability, about }) => ({ at: iso(at), said, candidate, probability, about: viewPost(about) })),
  };
}
