import { type Static, Type } from "typebox";
import type { BakeoffView } from "../../runtime/bakeoff.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, problems } from "../schemas.ts";

const share = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const figuresSchema = Type.Object({
  n: Type.Integer(),
  macroF1: Type.Object(
    { value: Type.Number(), low: Type.Number(), high: Type.Number() },
    { description: "With its 95% interval (bootstrap, by author). A text without an answer counts as wrong." },
  ),
  accuracy: share("Share of texts that are right."),
  answered: share("Share of texts with an answer."),
  cpuMicrosPerPost: Type.Number({ description: "CPU of this machine's process; behind HTTP the model's own is not in it." }),
  microsPerPost: Type.Number({ description: "Time that passed." }),
  costMicros: Type.Number({ description: "What it is compared by: CPU, behind HTTP the time that passed." }),
  memoryMb: Type.Number({ description: "MiB that the model added to a process of its own." }),
});
const rowSchema = Type.Object({
  kind: Type.Union([Type.Literal("lexicon"), Type.Literal("embedded"), Type.Literal("trained"), Type.Literal("onnx"), Type.Literal("http")]),
  name: Type.String({ description: "Name and fingerprint." }),
  licence: Type.String(),
  best: Type.Boolean({ description: "No other is both better and cheaper." }),
  judges: Type.Boolean({ description: "It judges the task now." }),
  difference: Type.Optional(
    Type.Object(
      { value: Type.Number(), low: Type.Number(), high: Type.Number() },
      { description: "In macro-F1 on the same texts, to who judges now, with its 95% interval (paired bootstrap): above 0 where it is better." },
    ),
  ),
  figures: Type.Optional(figuresSchema),
  reason: Type.Optional(Type.String({ description: "Why there are no figures." })),
});
const bakeoffSchema = Type.Object({
  task: Type.String(),
  state: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("failed")]),
  gold: Type.Union([
    Type.Object({ kind: Type.Literal("set"), set: Type.String(), name: Type.String(), version: Type.Integer(), hash: Type.String() }),
    Type.Object({ kind: Type.Literal("upload") }),
  ]),
  actor: Type.String(),
  startedAt: instant("When it began."),
  finishedAt: Type.Optional(instant("When it ended.")),
  done: Type.Integer({ description: "Models that were measured." }),
  of: Type.Integer({ description: "Models that may know the task." }),
  n: Type.Optional(Type.Integer({ description: "Gold texts." })),
  classes: Type.Optional(Type.Array(Type.String())),
  rows: Type.Optional(Type.Array(rowSchema, { description: "Best first." })),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
});

function view({ task, state, gold, actor, startedAt, finishedAt, done, of, result, error }: BakeoffView): Static<typeof bakeoffSchema> {
  return {
    task,
    state,
    gold: { ...gold },
    actor,
    startedAt: iso(startedAt),
    ...(finishedAt !== undefined && { finishedAt: iso(finishedAt) }),
    done,
    of,
    ...(result !== undefined && { n: result.n, classes: [...result.classes], rows: result.rows.map((row) => ({ ...row })) }),
    ...(error !== undefined && { error: { ...error } }),
  };
}

const task = Type.String({ pattern: "^[a-z][a-z0-9-]{0,40}$", description: "sentiment, emotion, irony, offensive, hate, spam, or one of yours." });

export function addBakeoffRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/models/bakeoff",
    {
      schema: {
        tags: ["models"],
        summary: "The bake-off that runs, or was held last",
        response: { 200: Type.Object({ bakeoff: Type.Union([bakeoffSchema, Type.Null()]) }), ...problems },
      },
    },
    async () => {
      const found = await engine.bakeoffs.last();
      return { bakeoff: found === undefined ? null : view(found) };
    },
  );

  app.post(
    "/api/v1/models/bakeoff",
    {
      bodyLimit: 8 << 20,
      config: { access: "analyst" },
      schema: {
        tags: ["models"],
        summary: "Compare the models that know a task on gold texts",
        description: "Each judges all texts in a process of its own, one after the other; models behind HTTP are sent the texts. 10 to 5,000 texts.",
        body: Type.Union([
          Type.Object({ task, set: Type.String({ maxLength: 100 }), version: Type.Integer({ minimum: 1 }) }, { additionalProperties: false }),
          Type.Object({ task, tsv: Type.String({ maxLength: 8 << 20, description: "Lines of a label, a tab, a text. Nothing of it is kept." }) }, { additionalProperties: false }),
        ]),
        response: { 202: bakeoffSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { body } = request;
      const gold = "tsv" in body ? { tsv: body.tsv } : { set: body.set, version: body.version };
      return reply.code(202).send(view(await engine.bakeoffs.start({ task: body.task, gold }, viewerOf(request).name)));
    },
  );

  app.delete(
    "/api/v1/models/bakeoff",
    { config: { access: "analyst" }, schema: { tags: ["models"], summary: "Cancel the bake-off that runs", response: { 204: Type.Null(), ...problems } } },
    async (_request, reply) => {
      engine.bakeoffs.cancel();
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/models/deep",
    {
      schema: {
        tags: ["models"],
        summary: "The larger models that are asked, and what they did since the start",
        response: {
          200: Type.Object({
            items: Type.Array(
              Type.Object({
                task: Type.String(),
                model: Type.String({ description: "Name and fingerprint." }),
                use: Type.Union([Type.Literal("all"), Type.Literal("sample"), Type.Literal("abstained")]),
                budgetShare: Type.Number({ description: "CPU-seconds a second that it may use; behind HTTP seconds of waiting." }),
                seconds: Type.Number({ description: "That it used." }),
                judged: Type.Integer({ description: "Posts." }),
                unanswered: Type.Object(
                  { budget: Type.Integer(), late: Type.Integer(), failed: Type.Integer() },
                  { description: "Posts of which the embedded model's answer stands, by reason." },
                ),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async () => ({ items: (await engine.bakeoffs.deepModels()).map((one) => ({ ...one, unanswered: { ...one.unanswered } })) }),
  );
}
