import { Type } from "typebox";
import { faultsOf, refuseFaults, sourceConfigSchema } from "../../core/config.ts";
import type { SourceView } from "../../runtime/engine.ts";
import type { ApiContext } from "../context.ts";
import { iso, optionalInstant, problems } from "../schemas.ts";

const idParameter = Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) });

const sourceSchema = Type.Object({
  id: Type.String(),
  connector: Type.String(),
  platform: Type.String(),
  keep: Type.String(),
  simulated: Type.Boolean(),
  origin: Type.String({ description: "configuration: read-only here." }),
  paused: Type.Boolean(),
  state: Type.String(),
  detail: Type.Optional(Type.String()),
  retryAt: optionalInstant("Next try."),
  cursor: Type.Optional(Type.String()),
  collected: Type.Integer(),
  errors: Type.Integer(),
  gaps: Type.Integer(),
  gbPerDay: Type.Optional(Type.Number({ description: "Raw, at the pace since it was started." })),
  lastError: Type.Optional(Type.Object({ code: Type.String(), message: Type.String(), at: Type.String({ format: "date-time" }) })),
  options: Type.Record(Type.String(), Type.Unknown(), { description: "Secrets stand as references." }),
});

function view(source: SourceView) {
  const { status, lastError, options, ...rest } = source;
  return {
    ...rest,
    state: status.state,
    ...(status.detail !== undefined && { detail: status.detail }),
    ...(status.retryAt !== undefined && { retryAt: iso(status.retryAt) }),
    ...(lastError !== undefined && { lastError: { ...lastError, at: iso(lastError.at) } }),
    options: { ...options },
  };
}

export function addSourceRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/sources",
    { schema: { tags: ["sources"], summary: "All sources and their state", response: { 200: Type.Object({ items: Type.Array(sourceSchema) }), ...problems } } },
    async () => ({
      items: (await engine.sources()).map(view),
    }),
  );

  app.put(
    "/api/v1/sources/:id",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Add or change a source",
        params: idParameter,
        body: Type.Object(
          { use: Type.String() },
          { additionalProperties: true, description: "`use` names the connector; `keep`, `paused`, `region`; the rest are the connector's options." },
        ),
        response: { 200: sourceSchema, ...problems },
      },
    },
    async (request) => {
      const parsed = sourceConfigSchema.safeParse(request.body);
      if (!parsed.success) refuseFaults(`source ${request.params.id}`, faultsOf(parsed.error));
      return view(await engine.putSource(request.params.id, sourceConfigSchema.parse(request.body)));
    },
  );

  app.patch(
    "/api/v1/sources/:id",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Pause or resume a source",
        params: idParameter,
        body: Type.Object({ paused: Type.Boolean() }, { additionalProperties: false }),
        response: { 200: sourceSchema, ...problems },
      },
    },
    async (request) => view(await engine.setSourcePaused(request.params.id, request.body.paused)),
  );

  app.delete(
    "/api/v1/sources/:id",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Remove a source, with or without what it brought",
        params: idParameter,
        querystring: Type.Object({ data: Type.Optional(Type.Boolean({ default: false, description: "true: its posts go from every store." })) }, { additionalProperties: false }),
        response: { 200: Type.Object({ removedPosts: Type.Integer() }), ...problems },
      },
    },
    (request) => engine.removeSource(request.params.id, { withData: request.query.data ?? false }),
  );

  app.delete(
    "/api/v1/world",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "End the simulated world and delete it from every store",
        response: { 200: Type.Object({ removedPosts: Type.Integer() }), ...problems },
      },
    },
    () => engine.removeWorld(),
  );
}
