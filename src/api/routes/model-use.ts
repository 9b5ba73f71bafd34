import { type Static, Type } from "typebox";
import type { HistoryRun, ModelUses } from "../../runtime/model-use.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const share = (description: string) => Type.Number({ description: `${description}, 0 to 1.` });
const modelName = Type.Union([Type.Literal("social"), Type.Literal("multilingual"), Type.Literal("spam"), Type.Literal("entities"), Type.Literal("languages")]);
const switched = Type.Optional(Type.Boolean());

const usesSchema = Type.Object({
  models: Type.Array(
    Type.Object({
      model: modelName,
      tasks: Type.Array(Type.String(), { description: "What it judges." }),
      languages: Type.Optional(Type.Array(Type.String(), { description: "Absent: all." })),
      state: Type.Union([Type.Literal("on"), Type.Literal("part"), Type.Literal("off")], { description: "part: of some sources or languages alone." }),
      origin: Type.Union([Type.Literal("configuration"), Type.Literal("page"), Type.Literal("default")], {
        description: "configuration: the file says it, and it is changed there alone. default: nobody has said anything.",
      }),
      cost: Type.Optional(
        Type.Object(
          {
            microsecondsPerPost: Type.Number({ description: "CPU, of a post that it judges." }),
            posts: Type.Integer({ description: "Posts that this was measured on." }),
            share: share("Of the stored posts that were looked at, those in its languages"),
            machineShare: share("Of all cores, at the pace of the last 24 hours"),
          },
          { description: "Measured on this machine, on stored posts. Absent: not measured yet, or there is no post that it would judge." },
        ),
      ),
    }),
  ),
  sentiment: Type.Array(Type.Object({ language: Type.String(), by: Type.Union([Type.Literal("social"), Type.Literal("multilingual"), Type.Literal("lexicon")]) }), {
    description: "Who says whether a post is positive or negative. Other languages are not scored.",
  }),
  postsPerSecond: Type.Number({ description: "Made in the last 24 hours." }),
  cores: Type.Integer(),
  isMeasuring: Type.Boolean(),
  history: Type.Optional(
    Type.Object(
      {
        state: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("failed"), Type.Literal("cancelled")]),
        startedAt: instant("When."),
        endedAt: optionalInstant("When."),
        looked: Type.Integer(),
        of: Type.Integer({ description: "Posts that the search holds." }),
        changed: Type.Integer(),
        message: Type.Optional(Type.String()),
      },
      { description: "Stored posts judged anew; absent: not since the start." },
    ),
  ),
});

function viewUses({ models, sentiment, history, ...rest }: ModelUses): Static<typeof usesSchema> {
  return {
    ...rest,
    models: models.map(({ tasks, languages, cost, ...more }) => ({
      ...more,
      tasks: [...tasks],
      ...(languages && { languages: [...languages] }),
      ...(cost && { cost: { ...cost } }),
    })),
    sentiment: [...sentiment],
    ...(history && { history: viewHistory(history) }),
  };
}

function viewHistory({ startedAt, endedAt, ...rest }: HistoryRun): Required<Static<typeof usesSchema>>["history"] {
  return { ...rest, startedAt: iso(startedAt), ...(endedAt !== undefined && { endedAt: iso(endedAt) }) };
}

const tags = ["models"];
const response = { 200: usesSchema, ...problems };

/** The switch of the embedded models. */
export function addModelUseRoutes({ app, engine: { modelUse } }: ApiContext): void {
  app.get("/api/v1/models/use", { schema: { tags, summary: "Which embedded models are asked, and what each costs on this machine", response } }, async () =>
    viewUses(await modelUse.uses()),
  );

  app.put(
    "/api/v1/models/use",
    {
      config: { access: "admin" },
      schema: {
        tags,
        summary: "Turn embedded models on or off; new posts are judged so at once",
        description: "What the configuration file names is changed there alone (CONFLICT). A mark on charts tells the break.",
        body: Type.Object({ social: switched, multilingual: switched, spam: switched, entities: switched, languages: switched }, { additionalProperties: false, minProperties: 1 }),
        response,
      },
    },
    async (request) => viewUses(await modelUse.switch(request.body, viewerOf(request).name)),
  );

  app.post(
    "/api/v1/models/use/history",
    {
      config: { access: "admin" },
      schema: {
        tags,
        summary: "Judge stored posts anew by the models that are on; `GET /api/v1/models/use` tells how far it is",
        description: "As far back as the search reaches. What larger models said stays. Goes on after a restart.",
        response,
      },
    },
    async (request) => viewUses(await modelUse.judgeHistory(viewerOf(request).name)),
  );

  app.delete(
    "/api/v1/models/use/history",
    { config: { access: "admin" }, schema: { tags, summary: "End the judging of stored posts where it is; what is judged stays so", response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await modelUse.cancelHistory(viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );
}
