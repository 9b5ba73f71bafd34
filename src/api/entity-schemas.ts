import { type Static, Type } from "typebox";
import { type EntityConfig, entityKinds } from "../core/linking.ts";
import type { EntityRecord, EntityVersion } from "../registers/entities.ts";
import { instant, iso } from "./schemas.ts";

const names = (description: string) => Type.Array(Type.String(), { description });
const said = {
  name: Type.String(),
  kind: Type.String({ description: entityKinds.join(", ") }),
  aliases: names("Other ways to write it."),
  handles: names("Its accounts."),
  hashtags: names("Hashtags that mean it."),
  context: names("Words that stand near it."),
  against: names("Words that speak against it."),
  term: Type.Optional(Type.String({ description: "Id of the brand or query that it belongs to." })),
  country: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
  latitude: Type.Optional(Type.Number()),
  longitude: Type.Optional(Type.Number()),
};

export const entitySchema = Type.Object({
  id: Type.String(),
  ...said,
  version: Type.Integer(),
  changedAt: instant("When it was changed last."),
  relinked: Type.Number({ description: "Share of the stored posts that may bear its name which are linked by this version, 0 to 1." }),
});
export type EntityAnswer = Static<typeof entitySchema>;

export const entityVersionSchema = Type.Object({
  ...said,
  version: Type.Integer(),
  removed: Type.Boolean(),
  restoredFrom: Type.Optional(Type.Integer()),
  actor: Type.String(),
  at: instant("When it was said."),
});

const input = (most: number) => Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems: most }));
const inputFields = {
  name: Type.String({ minLength: 1, maxLength: 200 }),
  kind: Type.Optional(Type.Union(entityKinds.map((kind) => Type.Literal(kind)))),
  aliases: input(100),
  handles: input(100),
  hashtags: input(100),
  context: input(200),
  against: input(200),
  term: Type.Optional(Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" })),
  country: Type.Optional(Type.String({ pattern: "^[a-z]{2}$" })),
  region: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
  longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
};
export const entityIdSchema = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" });
export const entityInputSchema = Type.Object(inputFields, { additionalProperties: false });
export const entityItemSchema = Type.Object({ id: entityIdSchema, ...inputFields }, { additionalProperties: false });

function fieldsOf({ aliases, handles, hashtags, context, against, name, kind, term, country, region, latitude, longitude }: EntityConfig) {
  return {
    name,
    kind,
    aliases: [...aliases],
    handles: [...handles],
    hashtags: [...hashtags],
    context: [...context],
    against: [...against],
    ...(term !== undefined && { term }),
    ...(country !== undefined && { country }),
    ...(region !== undefined && { region }),
    ...(latitude !== undefined && { latitude }),
    ...(longitude !== undefined && { longitude }),
  };
}

export const viewEntity = (record: EntityRecord): EntityAnswer => ({
  id: record.id,
  ...fieldsOf(record),
  version: record.version,
  changedAt: iso(record.changedAt),
  relinked: record.relinked,
});

export function viewEntityVersion(found: EntityVersion): Static<typeof entityVersionSchema> {
  const { version, removed, restoredFrom, actor, at } = found;
  return { ...fieldsOf(found), version, removed, ...(restoredFrom !== undefined && { restoredFrom }), actor, at: iso(at) };
}
