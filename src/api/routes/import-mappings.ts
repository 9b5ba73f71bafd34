import { Type } from "typebox";
import { proposeMapping, vendorFields, type VendorMapping, vendorMappingSchema } from "../../connectors/files/vendor/mapping.ts";
import { faultsOf, refuseFaults } from "../../core/config.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const nameParameter = Type.Object({ name: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) });
const columns = Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 20 });
const mappingSchema = Type.Object(
  {
    vendor: Type.Union([Type.Literal("brandwatch"), Type.Literal("meltwater"), Type.Literal("other")]),
    fields: Type.Object(Object.fromEntries(vendorFields.map((field) => [field, Type.Optional(columns)])), {
      additionalProperties: false,
      description: "Columns that each field is read from, the first with a value; of texts the longest.",
    }),
    timeZone: Type.Optional(Type.String({ maxLength: 100, description: "Of dates that bear none; absent: UTC." })),
    dayFirst: Type.Optional(Type.Boolean({ description: "Of 07/08/2026; absent: such dates are refused where day and month cannot be told apart." })),
  },
  { additionalProperties: false },
);
const tags = ["import"];
const config = { access: "admin" } as const;

function checked(name: string, body: unknown): VendorMapping {
  const parsed = vendorMappingSchema.safeParse(body);
  if (!parsed.success) refuseFaults(`mapping ${name}`, faultsOf(parsed.error));
  return vendorMappingSchema.parse(body);
}

function view({ vendor, fields, timeZone, dayFirst }: VendorMapping) {
  return { vendor, fields: { ...fields }, timeZone, ...(dayFirst !== undefined && { dayFirst }) };
}

export function addImportMappingRoutes({ app, engine }: ApiContext): void {
  const { mappings } = engine;
  app.get(
    "/api/v1/import/mappings",
    {
      config,
      schema: {
        tags,
        summary: "Mappings of exports that are kept under a name",
        response: { 200: Type.Object({ items: Type.Array(Type.Object({ name: Type.String(), mapping: mappingSchema })) }), ...problems },
      },
    },
    async () => ({ items: (await mappings.all()).map(({ name, mapping }) => ({ name, mapping: view(mapping) })) }),
  );

  app.put(
    "/api/v1/import/mappings/:name",
    { config, schema: { tags, summary: "Keep a mapping under a name", params: nameParameter, body: mappingSchema, response: { 200: mappingSchema, ...problems } } },
    async (request) => {
      const mapping = checked(request.params.name, request.body);
      await mappings.put(request.params.name, mapping);
      return view(mapping);
    },
  );

  app.delete(
    "/api/v1/import/mappings/:name",
    { config, schema: { tags, summary: "Forget a mapping", params: nameParameter, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await mappings.remove(request.params.name);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/import/mappings/proposal",
    {
      config: { ...config, reads: true },
      schema: {
        tags,
        summary: "The mapping that the header of a Brandwatch or Meltwater export suggests",
        body: Type.Object(
          {
            header: Type.Array(Type.String({ maxLength: 1_000 }), { minItems: 1, maxItems: 1_000 }),
            rows: Type.Optional(Type.Array(Type.Array(Type.String({ maxLength: 10_000 }), { maxItems: 1_000 }), { maxItems: 200, description: "Some of the first." })),
            preamble: Type.Optional(Type.String({ maxLength: 10_000, description: "What stands before the header." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: mappingSchema, ...problems },
      },
    },
    async (request) => view(proposeMapping(request.body.header, request.body.rows, request.body.preamble)),
  );
}
