import { Type } from "typebox";
import type { ModelDriftRow } from "../../registers/model-drift.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, postSchema, problems, viewPost } from "../schemas.ts";

const taskName = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" });
const day = Type.String({ format: "date", description: "A day, UTC." });
const sliceName = Type.String({ minLength: 1, maxLength: 120, description: "all, or a condition of the query language such as platform:bluesky." });
const shares = Type.Array(Type.Number(), { description: "By class, 0 to 1." });

const rowSchema = Type.Object({
  day: instant("Start of the day that was looked at."),
  task: Type.String(),
  slice: Type.String(),
  model: Type.String({ description: "What judged both sides." }),
  kind: Type.Union([Type.Literal("none"), Type.Literal("balance"), Type.Literal("text")], {
    description: "none: nothing beyond chance. balance: classes come in other shares, their texts read as before. text: the texts are others.",
  }),
  classes: Type.Array(Type.String()),
  reference: Type.Object({ from: instant("The days up to the day begin here."), texts: Type.Integer(), shares }),
  current: Type.Object({ texts: Type.Integer(), shares }),
  psi: Type.Number({ description: "Population stability index of the classes: below 0.1 stable, above 0.25 moved." }),
  chance: Type.Number({ description: "How often random halves differ as much." }),
  jensenShannon: Type.Number({ description: "Divergence of the classes, bits." }),
  auc: Type.Number({ description: "How well the two sides' texts are told apart: 0.5 not at all, 1 always." }),
  chanceUpTo: Type.Number({ description: "How far chance alone reaches." }),
  aucWithinClasses: Type.Number({ description: "The same where both sides hold as many texts of each class." }),
  correctedShares: Type.Optional(Type.Array(Type.Number(), { description: "Where the balance alone moved: shares corrected for what the model learnt with." })),
  words: Type.Array(
    Type.Object({ word: Type.String(), before: Type.Integer(), after: Type.Integer(), z: Type.Number({ description: "Above 0: more often now, in deviations." }) }),
    { description: "Words whose share moved most; each is said by five authors or more." },
  ),
  at: instant("When it was looked at."),
});

const viewRow = ({ dayMs, at, figures: { reference, correctedShares, ...figures }, ...row }: ModelDriftRow) => {
  const { fromMs, ...side } = reference;
  return { ...row, ...figures, day: iso(dayMs), reference: { ...side, from: iso(fromMs) }, at: iso(at), ...(correctedShares !== undefined && { correctedShares }) };
};

export function addModelDriftRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/models/drift",
    {
      schema: {
        tags: ["models"],
        summary: "Whether what comes in, or what the models say of it, moved: by day, task and slice",
        querystring: Type.Object({ task: Type.Optional(taskName), days: Type.Optional(Type.Integer({ minimum: 1, maximum: 400, default: 30 })) }, { additionalProperties: false }),
        response: { 200: Type.Object({ tasks: Type.Array(Type.String(), { description: "Tasks that posts are judged for." }), items: Type.Array(rowSchema) }), ...problems },
      },
    },
    async ({ query: { task, days } }) => {
      const rows = await engine.modelDrift({ fromMs: Date.now() - (days ?? 30) * 86_400_000, ...(task !== undefined && { task }) });
      return { tasks: [...engine.modelDriftTasks()], items: rows.map(viewRow) };
    },
  );

  app.get(
    "/api/v1/models/drift/examples",
    {
      schema: {
        tags: ["models"],
        summary: "Posts of a day that look newest beside those before",
        querystring: Type.Object({ day, task: taskName, slice: sliceName }, { additionalProperties: false }),
        response: { 200: Type.Object({ items: Type.Array(postSchema) }), ...problems },
      },
    },
    async ({ query }) => ({
      items: (await engine.modelDriftExamples({ dayMs: Date.parse(`${query.day}T00:00:00Z`), task: query.task, slice: query.slice })).map((post) => viewPost(post)),
    }),
  );

  app.post(
    "/api/v1/models/drift/look",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["models"],
        summary: "Look at a day now, at every task and slice",
        body: Type.Object(
          { day, label: Type.Optional(Type.Boolean({ default: false, description: "Where the day's texts are others, put some of them into the task's label set." })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ items: Type.Array(rowSchema) }), ...problems },
      },
    },
    async ({ body }) => ({ items: (await engine.lookForModelDrift(Date.parse(`${body.day}T00:00:00Z`), { label: body.label === true })).map(viewRow) }),
  );
}
