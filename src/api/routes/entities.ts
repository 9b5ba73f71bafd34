import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { entityKinds } from "../../core/linking.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { entityCsv, parseEntityCsv, parseEntityItem } from "../entity-csv.ts";
import { entityIdSchema, entityInputSchema, entityItemSchema, entitySchema, entityVersionSchema, viewEntity, viewEntityVersion } from "../entity-schemas.ts";
import { problems } from "../schemas.ts";

const tags = ["entities"];
const idParameter = Type.Object({ id: entityIdSchema });
const mostImported = 5_000;

export function addEntityRoutes({ app, engine }: ApiContext): void {
  const { entities } = engine;
  app.get(
    "/api/v1/entities",
    {
      schema: {
        tags,
        summary: "The register of names: brands, organisations, people, products and places that names in texts are linked to",
        querystring: Type.Object({ kind: Type.Optional(Type.Union(entityKinds.map((kind) => Type.Literal(kind)))) }, { additionalProperties: false }),
        response: { 200: Type.Object({ items: Type.Array(entitySchema) }), ...problems },
      },
    },
    async (request) => {
      const { kind } = request.query;
      return { items: (await entities.all()).filter((entity) => kind === undefined || entity.kind === kind).map(viewEntity) };
    },
  );

  app.get(
    "/api/v1/entities/export",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "The register as CSV (RFC 4180), as an import takes it",
        response: { 200: { description: "Lists are parted by semicolons.", content: { "text/csv": { schema: Type.String() } } }, ...problems },
      },
    },
    async (_request, reply) => {
      const text = entityCsv(await entities.all());
      return reply.type("text/csv; charset=utf-8").header("content-disposition", 'attachment; filename="names.csv"').send(text);
    },
  );

  app.post(
    "/api/v1/entities/import",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Add or change many entries, all or none of them; others stay",
        body: Type.Object(
          {
            items: Type.Optional(Type.Array(entityItemSchema, { maxItems: mostImported })),
            csv: Type.Optional(Type.String({ maxLength: 1_000_000, description: "As exported; columns in any order, id and name at least." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ added: Type.Integer(), changed: Type.Integer(), same: Type.Integer() }), ...problems },
      },
    },
    async (request) => {
      const { items, csv } = request.body;
      if ((items === undefined) === (csv === undefined)) throw new EarshotError("USAGE", "expected items or csv, one of both");
      const parsed = csv === undefined ? (items ?? []).map((item, i) => parseEntityItem(item, `items.${i}`)) : await parseEntityCsv(csv);
      if (parsed.length > mostImported) throw new EarshotError("USAGE", `expected at most ${mostImported} entries at once, came ${parsed.length}`);
      return { ...(await entities.import(parsed, viewerOf(request).name)) };
    },
  );

  app.put(
    "/api/v1/entities/:id",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Add or change an entry; new posts are linked by it at once, stored ones in the background (`relinked`)",
        params: idParameter,
        body: entityInputSchema,
        response: { 200: entitySchema, ...problems },
      },
    },
    async (request) => {
      const { id } = request.params;
      return viewEntity(await entities.put(id, parseEntityItem({ id, ...request.body }, `entity ${id}`).entity, viewerOf(request).name));
    },
  );

  app.delete(
    "/api/v1/entities/:id",
    {
      config: { access: "analyst" },
      schema: { tags, summary: "Remove an entry; its links go from stored posts too", params: idParameter, response: { 204: Type.Null(), ...problems } },
    },
    async (request, reply) => {
      await entities.remove(request.params.id, viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/entities/:id/versions",
    {
      schema: {
        tags,
        summary: "What an entry said over time, newest first: who changed it and when",
        params: idParameter,
        response: { 200: Type.Object({ items: Type.Array(entityVersionSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await entities.history(request.params.id)).map(viewEntityVersion) }),
  );

  app.post(
    "/api/v1/entities/:id/versions/:version/restore",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Say again what an older version of an entry said; brings a removed one back",
        params: Type.Object({ id: entityIdSchema, version: Type.Integer({ minimum: 1 }) }),
        response: { 200: entitySchema, ...problems },
      },
    },
    async (request) => viewEntity(await entities.restore(request.params.id, request.params.version, viewerOf(request).name)),
  );
}
