import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { ShadowView } from "../../runtime/shadow.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, problems } from "../schemas.ts";

const params = Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) });
const side = Type.Object({
  state: Type.Union([Type.Literal("reading"), Type.Literal("ended"), Type.Literal("failed")]),
  messages: Type.Integer(),
  posts: Type.Integer(),
  rejected: Type.Record(Type.String(), Type.Integer(), { description: "Messages that the parser set aside, by code." }),
  error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() }, { description: "The newest." })),
});
const only = Type.Object({ posts: Type.Integer(), examples: Type.Array(Type.String(), { description: "Native ids." }) });
const shadowSchema = Type.Object({
  state: Type.Union([Type.Literal("running"), Type.Literal("done"), Type.Literal("cancelled")]),
  startedAt: instant("When both began to read."),
  endsAt: instant("When they end at the latest."),
  old: side,
  fresh: side,
  both: Type.Integer({ description: "Posts that both have." }),
  same: Type.Integer({ description: "Of those, how many are alike in every field." }),
  onlyOld: only,
  onlyFresh: only,
  fields: Type.Array(
    Type.Object({
      name: Type.String(),
      posts: Type.Integer({ description: "Of those that both have, how many differ in it." }),
      examples: Type.Array(Type.Object({ id: Type.String(), was: Type.String(), is: Type.String() }), { description: "Values that could name a person are not shown." }),
    }),
    { description: "The most frequent first." },
  ),
});

function view({ startedAt, endsAt, old, fresh, onlyOld, onlyFresh, fields, ...rest }: ShadowView) {
  return {
    ...rest,
    startedAt: iso(startedAt),
    endsAt: iso(endsAt),
    old: { ...old, rejected: { ...old.rejected } },
    fresh: { ...fresh, rejected: { ...fresh.rejected } },
    onlyOld: { ...onlyOld, examples: [...onlyOld.examples] },
    onlyFresh: { ...onlyFresh, examples: [...onlyFresh.examples] },
    fields: fields.map(({ examples, ...field }) => ({ ...field, examples: examples.map((example) => ({ ...example })) })),
  };
}

export function addShadowRoutes({ app, engine }: ApiContext): void {
  app.post(
    "/api/v1/sources/:id/shadow",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Run a second configuration beside a source and compare what both bring; nothing of it is stored",
        description: "Both are read from their beginning, by the same credentials and allowances as the source itself.",
        params,
        body: Type.Object(
          {
            options: Type.Record(Type.String(), Type.Unknown(), { description: "The connector's own options, as the second configuration has them; secrets as references." }),
            minutes: Type.Optional(Type.Number({ minimum: 0.1, maximum: 240, default: 10 })),
            posts: Type.Optional(Type.Integer({ minimum: 1, maximum: 5_000, default: 1_000, description: "Each side ends after so many." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: shadowSchema, ...problems },
      },
    },
    async (request) => {
      const { options, minutes, posts } = request.body;
      return view(await engine.startShadow(request.params.id, { options, forMs: (minutes ?? 10) * 60_000, mostPosts: posts ?? 1_000 }));
    },
  );

  app.get(
    "/api/v1/sources/:id/shadow",
    {
      config: { access: "analyst" },
      schema: { tags: ["sources"], summary: "How the second configuration that runs or ran last beside a source differs", params, response: { 200: shadowSchema, ...problems } },
    },
    async (request) => {
      const found = engine.shadow(request.params.id);
      if (found === undefined) throw new EarshotError("NOT_FOUND", `source ${request.params.id}: no second configuration ran beside it since the start`);
      return view(found);
    },
  );

  app.get(
    "/api/v1/shadow-runs",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["sources"],
        summary: "Sources beside which a second configuration runs or ran since the start",
        response: {
          200: Type.Object({ items: Type.Array(Type.Object({ source: Type.String(), state: shadowSchema.properties.state, startedAt: instant("When both began to read.") })) }),
          ...problems,
        },
      },
    },
    () => ({ items: engine.shadows().map(({ startedAt, ...run }) => ({ ...run, startedAt: iso(startedAt) })) }),
  );

  app.delete(
    "/api/v1/sources/:id/shadow",
    {
      config: { access: "admin" },
      schema: { tags: ["sources"], summary: "End the second configuration that runs beside a source", params, response: { 204: Type.Null(), ...problems } },
    },
    async (request, reply) => {
      await engine.cancelShadow(request.params.id);
      return reply.code(204).send(null);
    },
  );
}
