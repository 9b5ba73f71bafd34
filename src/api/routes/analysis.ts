import { type Static, Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { AnnotationRecord } from "../../registers/annotations.ts";
import type { ViewRecord } from "../../registers/views.ts";
import { isKept, type Viewer } from "../../runtime/viewer.ts";
import { viewerOf } from "../access.ts";
import { annotationSchema, type AnnotationView, coverageSchema, type SavedView, viewPathSchema, viewSchema } from "../analysis-schemas.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, problems } from "../schemas.ts";

const dayMs = 86_400_000;
const tags = ["analysis"];
const idParameter = Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" }) });
const span = Type.Object(
  { from: Type.Optional(instant("Inclusive; absent: 24 hours before `to`.")), to: Type.Optional(instant("Exclusive; absent: now.")) },
  { additionalProperties: false },
);
const annotationBody = Type.Object(
  {
    at: instant("What it speaks of."),
    text: Type.String({ minLength: 1, maxLength: 300 }),
    term: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: "The brand or topic that it belongs to; absent: all." })),
  },
  { additionalProperties: false },
);
const viewName = Type.String({ minLength: 1, maxLength: 100 });
const viewQuery = Type.String({ maxLength: 12_000, description: "What stands behind the question mark." });

function spanOf(query: Static<typeof span>): { readonly fromMs: number; readonly toMs: number } {
  const toMs = query.to === undefined ? Date.now() : Date.parse(query.to);
  const fromMs = query.from === undefined ? toMs - dayMs : Date.parse(query.from);
  if (!(fromMs < toMs)) throw new EarshotError("USAGE", "from: expected a time before `to`");
  return { fromMs, toMs };
}

const fieldsOf = ({ at, text, term }: Static<typeof annotationBody>) => ({ at: Date.parse(at), text: text.trim(), ...(term !== undefined && { term }) });
const viewAnnotation = ({ at, createdAt, changedAt, ...rest }: AnnotationRecord): AnnotationView => ({
  ...rest,
  at: iso(at),
  createdAt: iso(createdAt),
  changedAt: iso(changedAt),
});
const viewView = ({ createdAt, changedAt, ...rest }: ViewRecord, by: Viewer): SavedView => ({
  ...rest,
  mine: rest.owner === by.owner || by.role === "admin",
  createdAt: iso(createdAt),
  changedAt: iso(changedAt),
});

export function addAnalysisRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/coverage",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "What is known of a time and what is missing: gaps, rejected, not scored, since when, how fresh",
        querystring: span,
        response: { 200: coverageSchema, ...problems },
      },
    },
    async (request) => {
      const { fromMs, toMs } = spanOf(request.query);
      const viewer = viewerOf(request);
      const { since, freshAt, gaps, rejected, sources, ...rest } = await engine.coverage({ fromMs, toMs, filter: viewer.filter });
      return {
        from: iso(fromMs),
        to: iso(toMs),
        ...rest,
        ...(since !== undefined && { since: iso(since) }),
        freshAt: freshAt === undefined ? null : iso(freshAt),
        // Sources bring, lose and reject the messages of all brands alike.
        ...(!isKept(viewer) && {
          rejected: { messages: rejected.messages, reasons: rejected.reasons.map((reason) => ({ ...reason })) },
          gaps: gaps.map((gap) => ({ source: gap.source, ...(gap.fromMs !== undefined && { from: iso(gap.fromMs) }), to: iso(gap.toMs), reason: gap.reason, at: iso(gap.at) })),
          sources: sources.map((source) => ({ ...source })),
        }),
      };
    },
  );

  app.get(
    "/api/v1/annotations",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "What people noted of a time; for who is kept to brands, of those, and what they noted themselves",
        querystring: span,
        response: { 200: Type.Object({ items: Type.Array(annotationSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await engine.annotations({ ...spanOf(request.query), by: viewerOf(request) })).map(viewAnnotation) }),
  );
  app.post(
    "/api/v1/annotations",
    { config: { access: "analyst", forKept: true }, schema: { tags, summary: "Note something of a time", body: annotationBody, response: { 200: annotationSchema, ...problems } } },
    async (request) => viewAnnotation(await engine.addAnnotation(fieldsOf(request.body), viewerOf(request))),
  );
  app.put(
    "/api/v1/annotations/:id",
    {
      config: { access: "analyst", forKept: true },
      schema: { tags, summary: "Change a note", params: idParameter, body: annotationBody, response: { 200: annotationSchema, ...problems } },
    },
    async (request) => viewAnnotation(await engine.changeAnnotation(request.params.id, fieldsOf(request.body), viewerOf(request))),
  );
  app.delete(
    "/api/v1/annotations/:id",
    { config: { access: "analyst", forKept: true }, schema: { tags, summary: "Remove a note", params: idParameter, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await engine.removeAnnotation(request.params.id, viewerOf(request));
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/views",
    {
      config: { forKept: true },
      schema: { tags, summary: "Saved views: one's own and the shared ones, pinned first", response: { 200: Type.Object({ items: Type.Array(viewSchema) }), ...problems } },
    },
    async (request) => ({ items: (await engine.views(viewerOf(request))).map((view) => viewView(view, viewerOf(request))) }),
  );
  app.post(
    "/api/v1/views",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "Save the state of a page under a name; to share it needs the role analyst",
        body: Type.Object({ name: viewName, path: viewPathSchema, query: viewQuery, shared: Type.Optional(Type.Boolean({ default: false })) }, { additionalProperties: false }),
        response: { 200: viewSchema, ...problems },
      },
    },
    async (request) => {
      const { name, path, query, shared } = request.body;
      return viewView(await engine.addView({ name: name.trim(), path, query, shared: shared ?? false }, viewerOf(request)), viewerOf(request));
    },
  );
  app.patch(
    "/api/v1/views/:id",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "Rename, update, share a view: its owner, or an admin",
        params: idParameter,
        body: Type.Partial(Type.Object({ name: viewName, query: viewQuery, shared: Type.Boolean() }), { additionalProperties: false }),
        response: { 200: viewSchema, ...problems },
      },
    },
    async (request) => {
      const { name, query, shared } = request.body;
      const fields = { ...(name !== undefined && { name: name.trim() }), ...(query !== undefined && { query }), ...(shared !== undefined && { shared }) };
      return viewView(await engine.changeView(request.params.id, fields, viewerOf(request)), viewerOf(request));
    },
  );
  app.delete(
    "/api/v1/views/:id",
    { config: { forKept: true }, schema: { tags, summary: "Remove a view: its owner, or an admin", params: idParameter, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await engine.removeView(request.params.id, viewerOf(request));
      return reply.code(204).send(null);
    },
  );
  app.put(
    "/api/v1/views/:id/pin",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "Pin a view for oneself, or no longer",
        params: idParameter,
        body: Type.Object({ pinned: Type.Boolean() }, { additionalProperties: false }),
        response: { 200: viewSchema, ...problems },
      },
    },
    async (request) => viewView(await engine.pinView(request.params.id, request.body.pinned, viewerOf(request)), viewerOf(request)),
  );
}
