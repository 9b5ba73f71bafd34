import { type Static, Type } from "typebox";
import type { LabelValue } from "../registers/label-items.ts";
import type { LabelVersionRow } from "../registers/label-sets.ts";
import type { LabelItemView, LabelSetView } from "../runtime/label-sets.ts";
import type { LabelSetVersion } from "../core/label-set.ts";
import { instant, iso, optionalInstant } from "./schemas.ts";

const kind = Type.Union([Type.Literal("classes"), Type.Literal("spans")]);
export const partSchema = Type.Union([Type.Literal("train"), Type.Literal("validation"), Type.Literal("gold")]);
export const stateSchema = Type.Union([Type.Literal("open"), Type.Literal("settled"), Type.Literal("conflict")]);
export const formatSchema = Type.Union([Type.Literal("csv"), Type.Literal("jsonl"), Type.Literal("conll")]);

const className = Type.String({ minLength: 1, maxLength: 60, pattern: "^[^\\u0000-\\u001f]+$" });
const name = Type.String({ minLength: 1, maxLength: 100, pattern: "^[^\\u0000-\\u001f]+$" });
const changeable = {
  name,
  classes: Type.Array(className, { minItems: 1, maxItems: 40, uniqueItems: true, description: "Names of the classes, or of the kinds of spans, in the order of their keys." }),
  guidelines: Type.String({ maxLength: 20_000, pattern: "^[^\\u0000]*$", description: "What annotators go by." }),
  perText: Type.Integer({ minimum: 1, maximum: 10, description: "How many people label each text." }),
  splitBy: Type.Union([Type.Literal("author"), Type.Literal("time")], {
    description: "author: all texts of an author are in one part. time: what is tested is later than what is learnt from.",
  }),
};
export const newSetSchema = Type.Object(
  { ...changeable, kind, perText: Type.Optional(changeable.perText), splitBy: Type.Optional(changeable.splitBy) },
  { additionalProperties: false },
);
export const changeSetSchema = Type.Partial(Type.Object(changeable), { additionalProperties: false });

const spanSchema = Type.Object({ start: Type.Integer({ minimum: 0 }), end: Type.Integer({ minimum: 1 }), kind: className }, { additionalProperties: false });
const spans = Type.Array(spanSchema, { maxItems: 200, description: "Half open, in UTF-16 units." });
export const valueSchema = Type.Object({ label: Type.Optional(className), spans: Type.Optional(spans) }, { additionalProperties: false });

const progressSchema = Type.Object({
  items: Type.Integer(),
  byState: Type.Object({ open: Type.Integer(), settled: Type.Integer(), conflict: Type.Integer() }),
  left: Type.Integer({ description: "Texts that you can still label." }),
  annotators: Type.Array(
    Type.Object({ name: Type.String(), labelled: Type.Integer(), skipped: Type.Integer(), medianMs: Type.Integer({ description: "Of a label; 0: none was timed." }) }),
  ),
  byClass: Type.Record(Type.String(), Type.Integer(), { description: "Settled texts." }),
});
export const setSchema = Type.Object({
  id: Type.String(),
  ...changeable,
  kind,
  owner: Type.String(),
  createdAt: instant("When it was made."),
  changedAt: instant("When name, classes or guidelines changed last."),
  mayManage: Type.Boolean({ description: "You may change it, settle conflicts and remove it." }),
  progress: progressSchema,
});
export type SetView = Static<typeof setSchema>;

const said = { label: Type.Optional(Type.String()), spans: Type.Optional(spans) };
export const itemSchema = Type.Object({
  id: Type.String(),
  text: Type.String({ description: "Accounts and personal data stand in it masked." }),
  ...said,
  post: Type.Optional(Type.String()),
  author: Type.Optional(Type.String({ description: "Pseudonym." })),
  createdAt: optionalInstant("Of the post."),
  platform: Type.Optional(Type.String()),
  language: Type.Optional(Type.String()),
  part: Type.Optional(partSchema),
  state: stateSchema,
  settledBy: Type.Optional(Type.String({ description: "Who chose the label; absent: its annotators agree." })),
  addedAt: instant("When it came into the set."),
  origin: Type.Object({
    by: Type.Union([Type.Literal("import"), Type.Literal("correction"), Type.Literal("random"), Type.Literal("uncertain"), Type.Literal("diverse")]),
    model: Type.Optional(Type.String()),
    doubt: Type.Optional(Type.Number({ description: "0: the model is sure; 1: all classes are alike." })),
    guess: Type.Optional(Type.String({ description: "What the model would say; absent until you have said something." })),
    of: Type.Optional(Type.Integer({ description: "Texts that it was chosen from." })),
  }),
  mine: Type.Optional(Type.Object({ ...said, skipped: Type.Boolean(), at: instant("When you said it.") })),
  others: Type.Optional(Type.Array(Type.Object({ annotator: Type.String(), ...said }), { description: "Absent until you have said something of the text." })),
});
export type ItemView = Static<typeof itemSchema>;

export const versionSchema = Type.Object({
  version: Type.Integer(),
  hash: Type.String({ description: "SHA-256 over kind and classes, and id, hash of the text, label and part of each text." }),
  createdAt: instant("When it was frozen."),
  count: Type.Integer({ description: "Texts that were frozen." }),
});
export const versionRowSchema = Type.Object({
  ...versionSchema.properties,
  createdBy: Type.String(),
  leftOut: Type.Integer({ description: "Labelled texts left out, because they would have stood on both sides of a test." }),
  gone: Type.Integer({ description: "Texts erased since." }),
  parts: Type.Object({ train: Type.Integer(), validation: Type.Integer(), gold: Type.Integer() }),
});
const alpha = Type.Optional(Type.Number({ description: "Krippendorff's α; absent: it cannot be told." }));
export const agreementSchema = Type.Object({
  alpha,
  units: Type.Integer({ description: "Texts (of spans: words) that two or more labelled." }),
  observed: Type.Number({ description: "Share of pairs of labels that are the same." }),
  perClass: Type.Record(Type.String(), Type.Object({ alpha, ratings: Type.Integer() })),
  perAnnotator: Type.Record(Type.String(), Type.Object({ units: Type.Integer(), same: Type.Number() })),
  confusion: Type.Array(Type.Object({ one: Type.String(), other: Type.String(), pairs: Type.Integer() })),
});
export const importAnswerSchema = Type.Object({
  added: Type.Integer(),
  known: Type.Integer({ description: "Texts that the set has already; what the file says of them counts." }),
  labels: Type.Integer(),
  rejected: Type.Integer(),
  faults: Type.Array(Type.Object({ line: Type.Integer(), code: Type.String(), message: Type.String() }), { description: "The first hundred." }),
});
export const drawSchema = Type.Object(
  {
    q: Type.String({ maxLength: 4_000, description: "As in search; empty: all posts." }),
    count: Type.Integer({ minimum: 1, maximum: 500, description: "Texts to add." }),
    how: Type.Optional(Type.Union([Type.Literal("uncertain"), Type.Literal("diverse"), Type.Literal("random")], { default: "uncertain" })),
    sample: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 2_000, description: "Newest posts that match, of which is chosen." })),
  },
  { additionalProperties: false },
);
export const drawAnswerSchema = Type.Object({
  added: Type.Integer(),
  of: Type.Integer({ description: "Texts that were looked at." }),
  model: Type.Optional(Type.String({ description: "Whose doubt chose." })),
});

const valueOf = ({ label, spans: places }: { readonly label?: string; readonly spans?: readonly { readonly start: number; readonly end: number; readonly kind: string }[] }) => ({
  ...(label !== undefined && { label }),
  ...(places !== undefined && { spans: places.map((span) => ({ ...span })) }),
});

/** What a request says of a text; undefined: neither or both. */
export function saidIn(body: Static<typeof valueSchema>): LabelValue | undefined {
  const { label, spans: places } = body;
  if (label !== undefined && places === undefined) return { label };
  return places !== undefined && label === undefined ? { spans: places } : undefined;
}

export function viewSet({ createdAt, changedAt, validationFrom: _validationFrom, goldFrom: _goldFrom, classes, progress, ...rest }: LabelSetView): SetView {
  return {
    ...rest,
    classes: [...classes],
    createdAt: iso(createdAt),
    changedAt: iso(changedAt),
    progress: { ...progress, byState: { ...progress.byState }, annotators: progress.annotators.map((one) => ({ ...one })), byClass: { ...progress.byClass } },
  };
}

export function viewItem({ set: _set, createdAt, addedAt, spans: places, mine, others, label, origin, ...rest }: LabelItemView): ItemView {
  return {
    ...rest,
    ...valueOf({ ...(label !== undefined && { label }), ...(places !== undefined && { spans: places }) }),
    ...(createdAt !== undefined && { createdAt: iso(createdAt) }),
    addedAt: iso(addedAt),
    origin: { ...origin },
    ...(mine !== undefined && { mine: { ...valueOf(mine), skipped: mine.skipped, at: iso(mine.at) } }),
    ...(others !== undefined && { others: others.map((one) => ({ annotator: one.annotator, ...valueOf(one) })) }),
  };
}

export const viewVersion = ({ version, hash, createdAt, count }: LabelSetVersion) => ({ version, hash, createdAt: iso(createdAt), count });
export const viewVersionRow = (row: LabelVersionRow) => ({ ...viewVersion(row), createdBy: row.createdBy, leftOut: row.leftOut, gone: row.gone, parts: { ...row.parts } });
