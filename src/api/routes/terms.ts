import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { faultsOf, refuseFaults, termConfigSchema, termKinds } from "../../core/config.ts";
import { EarshotError } from "../../core/errors.ts";
import type { TermView } from "../../runtime/engine.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { iso, problems } from "../schemas.ts";
import { removedSchema, termSchema, versionSchema } from "../term-schemas.ts";

const idPattern = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" });
const idParameter = Type.Object({ id: idPattern });
/** An absent colour stays absent. */
const said = <Found extends { readonly handles: readonly string[]; readonly colour?: string | undefined }>({ handles, colour, ...rest }: Found) => ({
  ...rest,
  handles: [...handles],
  ...(colour !== undefined && { colour }),
});
const view = ({ id, name, kind, query, version, origin, retagged, ...rest }: TermView) => ({ id, name, kind, query, version, origin, retagged, ...said(rest) });

/**
 * Who is kept to terms is told of no other; who is kept to platforms is told of all, since a term belongs to no platform.
 * Neither changes one: a wider query would show them what they are kept from, and terms steer what is collected for all.
 */
const isTold = (request: FastifyRequest) => {
  const { terms } = viewerOf(request).filter;
  return ({ id }: { readonly id: string }) => terms?.includes(id) ?? true;
};

export function addTermRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/terms",
    {
      config: { forKept: true },
      schema: {
        tags: ["terms"],
        summary: "Brands, competitors, campaigns and topics",
        response: { 200: Type.Object({ items: Type.Array(termSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await engine.terms()).filter(isTold(request)).map(view) }),
  );

  app.get(
    "/api/v1/terms/removed",
    {
      config: { forKept: true },
      schema: {
        tags: ["terms"],
        summary: "Terms that were removed, newest first; each can be restored",
        response: { 200: Type.Object({ items: Type.Array(removedSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await engine.removedTerms()).filter(isTold(request)).map((found) => ({ ...view(found), removedAt: iso(found.removedAt) })) }),
  );

  app.put(
    "/api/v1/terms/:id",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["terms"],
        summary: "Add or change a term; stored history is tagged again",
        params: idParameter,
        body: Type.Object(
          {
            name: Type.String({ minLength: 1, maxLength: 200 }),
            kind: Type.Optional(
              Type.Union(
                termKinds.map((kind) => Type.Literal(kind)),
                { default: "brand" },
              ),
            ),
            query: Type.String({ minLength: 1, maxLength: 10_000 }),
            handles: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 1_000 })),
            colour: Type.Optional(Type.String({ pattern: "^#[0-9a-f]{6}$" })),
          },
          { additionalProperties: false },
        ),
        response: { 200: termSchema, ...problems },
      },
    },
    async (request) => {
      const parsed = termConfigSchema.safeParse(request.body);
      if (!parsed.success) refuseFaults(`term ${request.params.id}`, faultsOf(parsed.error));
      return view(await engine.putTerm(request.params.id, termConfigSchema.parse(request.body), viewerOf(request).name));
    },
  );

  app.delete(
    "/api/v1/terms/:id",
    { config: { access: "analyst" }, schema: { tags: ["terms"], summary: "Remove a term; its tags go", params: idParameter, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await engine.removeTerm(request.params.id, viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/terms/:id/versions",
    {
      config: { forKept: true },
      schema: {
        tags: ["terms"],
        summary: "What a term said over time, newest first: who changed it and when",
        params: idParameter,
        response: { 200: Type.Object({ items: Type.Array(versionSchema) }), ...problems },
      },
    },
    async (request) => {
      const { id } = request.params;
      // In the words for one that is not there: that it is would be told else.
      if (!isTold(request)({ id })) throw new EarshotError("NOT_FOUND", `term ${id}: there is none, and never was`);
      return { items: (await engine.termVersions(id)).map(({ at, ...rest }) => ({ ...said(rest), at: iso(at) })).toReversed() };
    },
  );

  app.post(
    "/api/v1/terms/:id/versions/:version/restore",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["terms"],
        summary: "Say again what an older version said, as a new version; brings a removed term back",
        params: Type.Object({ id: idPattern, version: Type.Integer({ minimum: 1 }) }),
        response: { 200: termSchema, ...problems },
      },
    },
    async (request) => view(await engine.restoreTerm(request.params.id, request.params.version, viewerOf(request).name)),
  );
}
