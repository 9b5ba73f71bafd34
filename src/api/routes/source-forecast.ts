import { Type } from "typebox";
import { faultsOf, refuseFaults, sourceConfigSchema } from "../../core/config.ts";
import type { ApiContext } from "../context.ts";
import { iso, optionalInstant, problems } from "../schemas.ts";

const figure = Type.Number();
const estimate = Type.Object({ low: figure, value: figure, high: figure }, { description: "With its 95% interval." });
const forecastSchema = Type.Object({
  state: Type.Union([Type.Literal("told"), Type.Literal("untold"), Type.Literal("failed")], { description: "untold: the platform does not tell in advance." }),
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  requests: Type.Integer({ description: "Calls that asking took, drawn on the same allowances." }),
  posts: Type.Optional(Type.Number({ description: "In the time looked at, as the platform counts them." })),
  from: optionalInstant("Start of the time looked at."),
  to: optionalInstant("Its end."),
  perDay: Type.Optional(Type.Number({ description: "Posts of a day, at this pace." })),
  costs: Type.Array(
    Type.Object({
      budget: Type.String(),
      perDay: Type.Number({ description: "What a day of collecting draws." }),
      allowedPerDay: Type.Optional(figure),
      share: Type.Optional(Type.Number({ description: "perDay of allowedPerDay; above 1 it does not fit." })),
    }),
  ),
  note: Type.Optional(Type.String()),
  size: Type.Optional(
    Type.Object(
      {
        bytesPerPost: figure,
        everythingGbPerDay: Type.Optional(figure),
        matchingGbPerDay: Type.Optional(estimate),
        sample: Type.Optional(
          Type.Object(
            { posts: Type.Integer(), matching: Type.Integer(), exact: Type.Boolean() },
            { description: "Posts of the last week of sources of this connector that keep everything." },
          ),
        ),
      },
      { description: "What would be stored in a day, by what is stored already; absent: too little is." },
    ),
  ),
});

export function addSourceForecastRoutes({ app, engine }: ApiContext): void {
  app.post(
    "/api/v1/sources/forecast",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "What a source would bring and spend, before it is saved",
        description: "Asks the platform through the same client, budgets and credentials as collecting does, for at most 60 s, two at once.",
        body: Type.Object(
          {
            use: Type.String({ description: "The connector." }),
            options: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "The connector's own options; secrets as references." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: forecastSchema, ...problems },
      },
    },
    async ({ body }) => {
      const config = { ...body.options, use: body.use };
      const parsed = sourceConfigSchema.safeParse(config);
      if (!parsed.success) refuseFaults("source", faultsOf(parsed.error));
      const { size, ...told } = await engine.forecastSource(sourceConfigSchema.parse(config));
      const common = { requests: told.requests, costs: [], ...(size !== undefined && { size: { ...size } }) };
      if (told.state === "untold") return { ...common, state: told.state };
      if (told.state === "failed") return { ...common, state: told.state, code: told.code, message: told.message };
      const { fromMs, toMs, costs, ...rest } = told.forecast;
      return {
        ...common,
        ...rest,
        state: told.state,
        ...(fromMs !== undefined && { from: iso(fromMs) }),
        ...(toMs !== undefined && { to: iso(toMs) }),
        costs: costs.map(({ allowedPerDay, ...cost }) => ({
          ...cost,
          ...(allowedPerDay !== undefined && { allowedPerDay, ...(allowedPerDay > 0 && { share: cost.perDay / allowedPerDay }) }),
        })),
      };
    },
  );

  app.post(
    "/api/v1/secrets/check",
    {
      config: { access: "admin", reads: true },
      schema: {
        tags: ["sources"],
        summary: "Whether secrets can be read under these references",
        description: "Tells nothing of a secret, not even how long it is.",
        body: Type.Object(
          { references: Type.Array(Type.String({ pattern: "^(env:[A-Za-z_][A-Za-z0-9_]{0,99}|file:/.{1,1000})$" }), { minItems: 1, maxItems: 20 }) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ items: Type.Array(Type.Object({ reference: Type.String(), there: Type.Boolean(), message: Type.Optional(Type.String()) })) }),
          ...problems,
        },
      },
    },
    async ({ body }) => ({ items: (await engine.checkSecrets(body.references)).map((item) => ({ ...item })) }),
  );
}
