import { Type, type Static } from "typebox";
import { termKinds } from "../core/config.ts";
import { instant } from "./schemas.ts";

const saidFields = {
  name: Type.String(),
  kind: Type.String({ description: termKinds.join(", ") }),
  query: Type.String(),
  handles: Type.Array(Type.String(), { description: "Accounts of the organisation itself; not masked in texts." }),
  colour: Type.Optional(Type.String()),
};
const term = {
  id: Type.String(),
  ...saidFields,
  version: Type.Integer({ description: "Rises with each change." }),
  origin: Type.String({ description: "configuration: read-only here." }),
  retagged: Type.Number({ minimum: 0, maximum: 1, description: "Share of the stored history that bears the tags of today's query." }),
};
export const termSchema = Type.Object(term);
export const removedSchema = Type.Object({ ...term, removedAt: instant("When it was removed; `retagged` below 1: its tags are still being taken away.") });
export const versionSchema = Type.Object({
  ...saidFields,
  version: Type.Integer(),
  removed: Type.Boolean({ description: "This version removed the term; it says what it said last." }),
  restoredFrom: Type.Optional(Type.Integer({ description: "It says again what this version said." })),
  actor: Type.String({ description: "Who changed it." }),
  at: instant("When."),
});
export type TermAnswer = Static<typeof termSchema>;
export type RemovedTermAnswer = Static<typeof removedSchema>;
export type TermVersionAnswer = Static<typeof versionSchema>;

const entries = (description: string) => Type.Array(Type.String({ maxLength: 500 }), { maxItems: 300, description });
export const formRows = {
  all: entries("Each of these words."),
  phrases: entries("Each of these phrases, word for word."),
  any: entries("At least one of these words or phrases; a beginning ends in *."),
  none: entries("None of these words or phrases."),
  languages: entries("One of these languages."),
  platforms: entries("One of these platforms."),
  authors: entries("By one of these pseudonyms."),
  others: entries("What the rows cannot say, each as the text of a query."),
};
export const formSchema = Type.Object(formRows, { description: "The query as rows that need no syntax; all of them hold together." });
export const queryProblemSchema = Type.Object({ column: Type.Optional(Type.Integer({ description: "From 1, in UTF-16 units." })), message: Type.String() });
export const readSchema = Type.Object({
  q: Type.String({ description: "The query as text: as asked, or as the form says it." }),
  canonical: Type.Optional(Type.String({ description: "The same query, written in one way; absent where there are problems." })),
  tree: Type.Optional(Type.Unknown({ description: "As it was understood." })),
  form: Type.Optional(formSchema),
  problems: Type.Array(queryProblemSchema, { description: "Empty: the query can be asked." }),
});
export type QueryReading = Static<typeof readSchema>;

const estimate = Type.Object({ low: Type.Number(), value: Type.Number(), high: Type.Number() }, { description: "With its 95% interval." });
export const estimateSchema = Type.Object({
  state: Type.Union([Type.Literal("ok"), Type.Literal("few-posts"), Type.Literal("short-time"), Type.Literal("no-sample")], {
    description: "few-posts, short-time: too little is stored to say. no-sample: no source stores all that it reads.",
  }),
  sample: Type.Object({
    posts: Type.Integer(),
    matching: Type.Integer(),
    exact: Type.Boolean({ description: "false: the work limit was reached, `matching` is a scaled estimate." }),
    from: instant("The first post that was looked at."),
    to: instant("Now."),
    sources: Type.Array(Type.String()),
    simulated: Type.Boolean({ description: "true: a made-up world; says nothing of the real one." }),
  }),
  matchingPerDay: Type.Optional(estimate),
  storedPerDay: Type.Optional(estimate),
  storedGbPerDay: Type.Optional(estimate),
  bytesPerPost: Type.Optional(Type.Number({ description: "In search and lake together; absent while too few are stored to say." })),
});
export type EstimateView = Static<typeof estimateSchema>;
