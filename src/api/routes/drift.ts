import { Type } from "typebox";
import type { FieldRename } from "../../registers/drift.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const sourceId = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" });
const fieldPath = Type.String({ minLength: 1, maxLength: 200, description: "A dot leads into an object." });
const entityName = Type.String({ minLength: 1, maxLength: 60 });
const share = (of: string) => Type.Number({ description: `0 to 1: ${of}` });
const change = Type.Union([Type.Literal("unknown"), Type.Literal("type"), Type.Literal("missing"), Type.Literal("present")]);
const ruleSchema = Type.Object({
  id: Type.Integer(),
  source: Type.String(),
  entity: Type.String(),
  from: Type.String(),
  to: Type.String(),
  actor: Type.String(),
  at: instant("Since when it holds."),
});
const viewRule = ({ at, ...rule }: FieldRename) => ({ ...rule, at: iso(at) });
const span = { from: optionalInstant("When it came; absent: the oldest kept."), to: optionalInstant("Absent: now.") };
const spanOf = ({ from, to }: { readonly from?: string; readonly to?: string }) => ({
  fromMs: from === undefined ? 0 : Date.parse(from),
  toMs: to === undefined ? Date.now() + 1 : Date.parse(to),
});

export function addDriftRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/drift",
    {
      schema: {
        tags: ["drift"],
        summary: "Fields that are not as the platform's entities are declared, by source",
        querystring: Type.Object(
          { source: Type.Optional(sourceId), hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 744, default: 24 })) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            limit: share("the share from which on it is an alarm."),
            seen: Type.Array(Type.Object({ source: Type.String(), entity: Type.String(), messages: Type.Integer({ description: "About so many, by the sample." }) })),
            items: Type.Array(
              Type.Object({
                source: Type.String(),
                entity: Type.String(),
                field: Type.String(),
                change: Type.Union([change], { description: "unknown: no declaration names it; type: of another kind; missing: required, and not there." }),
                expected: Type.Optional(Type.String({ description: "The declared kind." })),
                share: share("of the entity's messages."),
                recentShare: share("of those of this hour and the last one."),
                messages: Type.Integer({ description: "About so many." }),
                rejected: Type.Integer({ description: "Of those that were looked at, how many were set aside; 0: the parser takes it as it is." }),
                firstAt: instant("When it was first met."),
                lastAt: instant("When it was last met."),
                sample: Type.String({ description: "What the values look like, without any of them." }),
                alarm: Type.Boolean(),
                knownAt: optionalInstant("Since when somebody says that it is right so."),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { source, hours } = request.query;
      const { rows, seen, limit } = await engine.drift({ hours: hours ?? 24, ...(source !== undefined && { source }) });
      return {
        limit,
        seen: seen.map((row) => ({ ...row })),
        items: rows.map(({ firstAt, lastAt, knownAt, isAlarm, ...row }) => ({
          ...row,
          firstAt: iso(firstAt),
          lastAt: iso(lastAt),
          alarm: isAlarm,
          ...(knownAt !== undefined && { knownAt: iso(knownAt) }),
        })),
      };
    },
  );

  app.patch(
    "/api/v1/drift",
    {
      config: { access: "admin" },
      schema: {
        tags: ["drift"],
        summary: "Say that a field is right as it is, or no longer",
        body: Type.Object({ source: sourceId, entity: entityName, field: fieldPath, change, known: Type.Boolean() }, { additionalProperties: false }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      const { known, ...key } = request.body;
      await engine.setDriftKnown(key, known);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/drift/renames",
    {
      schema: {
        tags: ["drift"],
        summary: "Renamed fields: rules that hold, and proposals",
        querystring: Type.Object({ source: Type.Optional(sourceId) }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            items: Type.Array(ruleSchema),
            proposals: Type.Array(
              Type.Object({
                source: Type.String(),
                entity: Type.String(),
                from: Type.String(),
                to: Type.String(),
                score: share("name, values and share taken together."),
                name: share("how alike the names are."),
                values: share("how alike the values look."),
                share: share("of the messages in which `to` is missing."),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { source } = request.query;
      const rules = await engine.renames();
      return {
        items: rules.filter((rule) => source === undefined || rule.source === source).map(viewRule),
        proposals: (await engine.renameProposals(source)).map((proposal) => ({ ...proposal })),
      };
    },
  );

  app.post(
    "/api/v1/drift/renames",
    {
      config: { access: "admin" },
      schema: {
        tags: ["drift"],
        summary: "Read a renamed field as the declared one from now on",
        body: Type.Object({ source: sourceId, entity: entityName, from: fieldPath, to: fieldPath }, { additionalProperties: false }),
        response: { 200: ruleSchema, ...problems },
      },
    },
    async (request) => viewRule(await engine.addRename({ ...request.body, actor: viewerOf(request).name })),
  );

  app.delete(
    "/api/v1/drift/renames/:id",
    {
      config: { access: "admin" },
      schema: {
        tags: ["drift"],
        summary: "End a rule; what it made of posts stays",
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      await engine.removeRename(request.params.id, viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/drift/replay/preview",
    {
      config: { access: "analyst", reads: true },
      schema: {
        tags: ["drift"],
        summary: "What a replay of a source's kept raw would change; nothing changes",
        body: Type.Object({ source: sourceId, ...span }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            read: Type.Integer({ description: "Messages." }),
            complete: Type.Boolean({ description: "False: the source has more messages than are looked at." }),
            unchanged: Type.Integer(),
            changed: Type.Integer(),
            added: Type.Integer({ description: "Posts that are not stored." }),
            rejected: Type.Integer(),
            other: Type.Integer({ description: "What gives no post." }),
            codes: Type.Record(Type.String(), Type.Integer(), { description: "Why messages are set aside." }),
            compared: Type.Integer({ description: "Changed posts that were held against what is stored." }),
            fields: Type.Record(Type.String(), Type.Integer(), { description: "Of those, in how many a field differs." }),
            examples: Type.Array(Type.Object({ id: Type.String(), fields: Type.Array(Type.Object({ name: Type.String(), was: Type.String(), is: Type.String() })) })),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { source, ...asked } = request.body;
      const { examples, codes, fields, ...counts } = await engine.previewReplay({ source, ...spanOf(asked) });
      return { ...counts, codes: { ...codes }, fields: { ...fields }, examples: examples.map(({ id, fields: each }) => ({ id, fields: each.map((field) => ({ ...field })) })) };
    },
  );

  app.post(
    "/api/v1/drift/replay",
    {
      config: { access: "admin" },
      schema: {
        tags: ["drift"],
        summary: "Read a source again: what was set aside, and all of its kept raw",
        body: Type.Object({ source: sourceId, ...span }, { additionalProperties: false }),
        response: { 200: Type.Object({ read: Type.Integer(), kept: Type.Integer(), unchanged: Type.Integer(), rejected: Type.Integer() }), ...problems },
      },
    },
    (request) => {
      const { source, ...asked } = request.body;
      return engine.replaySource({ source, ...spanOf(asked) });
    },
  );
}
