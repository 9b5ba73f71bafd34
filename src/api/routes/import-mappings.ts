import { Type } from "typebox";
import { proposeMapping, vendorFields, type VendorMapping, vendorMappingSchema } from "../../connectors/files/vendor/mapping.ts";
import { previewExport, previewLimits } from "../../connectors/files/vendor/preview.ts";
import { faultsOf, refuseFaults } from "../../core/config.ts";
import type { MappingVersion } from "../../runtime/import-mappings.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, problems } from "../schemas.ts";

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

const versionSchema = Type.Object({
  version: Type.Integer({ description: "From 1; each change is a new one." }),
  mapping: mappingSchema,
  at: Type.Optional(instant("When it was kept.")),
  actor: Type.Optional(Type.String()),
});
const namedSchema = Type.Evaluate(Type.Intersect([Type.Object({ name: Type.String() }), versionSchema]));

function viewVersion({ version, mapping, at, actor }: MappingVersion) {
  return { version, mapping: view(mapping), ...(at !== undefined && { at: iso(at) }), ...(actor !== undefined && { actor }) };
}

const longestHead = Math.ceil(previewLimits.bytes / 3) * 4;

const previewSchema = Type.Object({
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      filled: Type.Integer({ description: "Rows looked at in which it has a value." }),
      samples: Type.Array(Type.String(), { description: `Up to ${previewLimits.samples} different values, cut at ${previewLimits.cellLetters} characters.` }),
    }),
  ),
  preamble: Type.String({ description: "What stands before the header." }),
  mapping: mappingSchema,
  missing: Type.Array(Type.String(), { description: "Columns of the mapping that the file does not have." }),
  rows: Type.Integer({ description: `Rows looked at, at most the first ${previewLimits.rows}.` }),
  accepted: Type.Integer(),
  posts: Type.Array(Type.Object({ row: Type.Integer(), line: Type.Record(Type.String(), Type.Unknown(), { description: "As an import would read it." }) }), {
    description: `The first ${previewLimits.posts}.`,
  }),
  rejected: Type.Object({
    rows: Type.Integer(),
    first: Type.Array(Type.Object({ row: Type.Integer({ description: "From 1, after the header." }), code: Type.String(), message: Type.String() })),
  }),
});

async function* chunksOf(base64: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(base64, "base64");
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
        response: { 200: Type.Object({ items: Type.Array(namedSchema) }), ...problems },
      },
    },
    async () => ({ items: (await mappings.all()).map((one) => ({ name: one.name, ...viewVersion(one) })) }),
  );

  app.get(
    "/api/v1/import/mappings/:name/versions",
    {
      config,
      schema: {
        tags,
        summary: "The versions of a mapping, the newest first",
        params: nameParameter,
        response: { 200: Type.Object({ items: Type.Array(versionSchema, { description: "The newest 20." }) }), ...problems },
      },
    },
    async (request) => ({ items: (await mappings.versions(request.params.name)).map(viewVersion) }),
  );

  app.put(
    "/api/v1/import/mappings/:name",
    {
      config,
      schema: {
        tags,
        summary: "Keep a mapping under a name, as its newest version",
        params: nameParameter,
        body: mappingSchema,
        response: { 200: mappingSchema, ...problems },
      },
    },
    async (request) => {
      const mapping = checked(request.params.name, request.body);
      await mappings.put(request.params.name, mapping, viewerOf(request).name);
      return view(mapping);
    },
  );

  app.delete(
    "/api/v1/import/mappings/:name",
    { config, schema: { tags, summary: "Forget a mapping with all of its versions", params: nameParameter, response: { 204: Type.Null(), ...problems } } },
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

  app.post(
    "/api/v1/import/mappings/preview",
    {
      bodyLimit: longestHead + 64 * 1024,
      config: { ...config, reads: true },
      schema: {
        tags,
        summary: "What an import would make of an export's first rows: columns with samples, posts, and refusals with their codes",
        description: "Nothing is stored, and no file is named: the beginning of the file is in the body.",
        body: Type.Object(
          {
            format: Type.Union([Type.Literal("csv"), Type.Literal("json")], { description: "csv: with any delimiter, UTF-8 or UTF-16." }),
            head: Type.String({ minLength: 1, maxLength: longestHead, pattern: "^[A-Za-z0-9+/]+={0,2}$", description: "The file's first bytes as base64, at most 2 MiB of them." }),
            whole: Type.Boolean({ description: "The bytes are all of the file; else a row that is cut off at their end does not count." }),
            mapping: Type.Optional(mappingSchema),
          },
          { additionalProperties: false },
        ),
        response: { 200: previewSchema, ...problems },
      },
    },
    async (request) => {
      const { format, head, whole, mapping } = request.body;
      const found = await previewExport(format, chunksOf(head), whole, mapping === undefined ? undefined : checked("preview", mapping));
      return {
        columns: found.columns.map((column) => ({ ...column, samples: [...column.samples] })),
        preamble: found.preamble,
        mapping: view(found.mapping),
        missing: [...found.missing],
        rows: found.rows,
        accepted: found.accepted,
        posts: found.posts.map(({ row, line }) => ({ row, line: { ...line } })),
        rejected: { rows: found.rejected.rows, first: found.rejected.first.map((one) => ({ ...one })) },
      };
    },
  );
}
