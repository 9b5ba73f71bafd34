import { Type } from "typebox";
import { faultsOf, refuseFaults, sourceConfigSchema } from "../../core/config.ts";
import type { ReadFilter } from "../../core/filter.ts";
import type { SourceView } from "../../runtime/engine.ts";
import { isKept } from "../../runtime/viewer.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { iso, optionalInstant, problems } from "../schemas.ts";

const mostSources = 1_000;
const idParameter = Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) });

const unlessKept = "Absent for who is kept to a part of the data.";
const sourceSchema = Type.Object({
  id: Type.String(),
  connector: Type.String(),
  platform: Type.String(),
  keep: Type.String(),
  egress: Type.Optional(Type.String({ description: `The egress profile that its calls take; absent: straight, or the proxy of the environment. ${unlessKept}` })),
  simulated: Type.Boolean(),
  origin: Type.String({ description: "configuration: read-only here." }),
  paused: Type.Boolean(),
  state: Type.String(),
  detail: Type.Optional(Type.String()),
  retryAt: optionalInstant("Next try."),
  cursor: Type.Optional(Type.String()),
  collected: Type.Optional(Type.Integer({ description: unlessKept })),
  errors: Type.Optional(Type.Integer({ description: unlessKept })),
  gaps: Type.Optional(Type.Integer({ description: unlessKept })),
  gbPerDay: Type.Optional(Type.Number({ description: "Raw, at the pace since it was started." })),
  lastError: Type.Optional(Type.Object({ code: Type.String(), message: Type.String(), at: Type.String({ format: "date-time" }) })),
  warnings: Type.Optional(Type.Array(Type.String(), { description: `What a person should do about its credentials: those that end soon, or cannot be renewed. ${unlessKept}` })),
  options: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: `Secrets stand as references. ${unlessKept}` })),
});

function view(source: SourceView) {
  const { status, lastError, options, warnings, ...rest } = source;
  const detail = status.detail ?? warnings?.[0];
  return {
    ...rest,
    state: status.state,
    ...(detail !== undefined && { detail }),
    ...(status.retryAt !== undefined && { retryAt: iso(status.retryAt) }),
    ...(lastError !== undefined && { lastError: { ...lastError, at: iso(lastError.at) } }),
    ...(warnings !== undefined && { warnings: [...warnings] }),
    options: { ...options },
  };
}

export function addSourceRoutes({ app, engine }: ApiContext): void {
  /** What a source collected counts the posts of all brands, its options and errors name them; so the names alone, of those with posts for this reader. */
  async function partOf(all: readonly SourceView[], filter: ReadFilter) {
    const { facets } = await engine.facets({ q: "", by: ["source"], top: mostSources, filter });
    const brought = new Set(facets["source"]?.map((row) => row.value));
    return all
      .filter((source) => brought.has(source.id))
      .map(({ id, connector, platform, keep, simulated, origin, paused, status }) => ({ id, connector, platform, keep, simulated, origin, paused, state: status.state }));
  }

  app.get(
    "/api/v1/sources",
    {
      config: { forKept: true },
      schema: {
        tags: ["sources"],
        summary: "All sources and their state; for who is kept to a part of the data, the names of those that brought it",
        response: { 200: Type.Object({ items: Type.Array(sourceSchema) }), ...problems },
      },
    },
    async (request) => {
      const viewer = viewerOf(request);
      const all = await engine.sources();
      return { items: isKept(viewer) ? await partOf(all, viewer.filter) : all.map(view) };
    },
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
          { additionalProperties: true, description: "`use` names the connector; `keep`, `paused`, `egress`, `region`; the rest are the connector's options." },
        ),
        response: { 200: sourceSchema, ...problems },
      },
    },
    async (request) => {
      const parsed = sourceConfigSchema.safeParse(request.body);
      if (!parsed.success) refuseFaults(`source ${request.params.id}`, faultsOf(parsed.error));
      return view(await engine.putSource(request.params.id, sourceConfigSchema.parse(request.body), viewerOf(request).name));
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
