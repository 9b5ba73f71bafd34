import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { QuarantineItem } from "../../runtime/engine.ts";
import type { ApiContext } from "../context.ts";
import { cursorParameter, instant, iso, limitParameter, optionalInstant, problems } from "../schemas.ts";

const itemSchema = Type.Object({
  id: Type.String(),
  source: Type.String(),
  code: Type.String(),
  message: Type.String(),
  at: instant("When it was rejected."),
  state: Type.String(),
  raw: Type.Optional(Type.String({ description: "What came, as far as it is kept." })),
});
const view = (item: QuarantineItem) => ({ ...item, at: iso(item.at) });
const state = Type.Union([Type.Literal("open"), Type.Literal("dismissed"), Type.Literal("replayed")]);
const ids = Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 10_000 });
const counted = Type.Object({ read: Type.Integer(), kept: Type.Integer(), unchanged: Type.Integer(), rejected: Type.Integer() });

export function addQuarantineRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/quarantine",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["quarantine"],
        summary: "What could not be kept, and why",
        querystring: Type.Object(
          {
            code: Type.Optional(Type.String({ maxLength: 60 })),
            source: Type.Optional(Type.String({ maxLength: 63 })),
            state: Type.Optional(state),
            limit: Type.Optional(limitParameter(500, 50)),
            cursor: cursorParameter,
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            items: Type.Array(itemSchema),
            next: Type.Union([Type.String(), Type.Null()]),
            reasons: Type.Array(Type.Object({ code: Type.String(), source: Type.String(), count: Type.Integer() })),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { limit, ...rest } = request.query;
      const page = await engine.quarantine({ ...rest, limit: limit ?? 50 });
      return { items: page.items.map(view), next: page.next ?? null, reasons: page.reasons.map((reason) => ({ ...reason })) };
    },
  );

  app.get(
    "/api/v1/quarantine/:id",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "One rejected message with its raw",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: { 200: itemSchema, ...problems },
      },
    },
    async (request) => {
      const item = await engine.quarantineItem(request.params.id);
      if (item === undefined) throw new EarshotError("NOT_FOUND", "there is no rejected message under this id");
      return view(item);
    },
  );

  app.post(
    "/api/v1/quarantine/dismiss",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "Take items off the list",
        body: Type.Object({ ids }, { additionalProperties: false }),
        response: { 200: Type.Object({ dismissed: Type.Integer() }), ...problems },
      },
    },
    async (request) => ({ dismissed: await engine.dismiss(request.body.ids) }),
  );

  app.post(
    "/api/v1/quarantine/replay",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "Read rejected messages again with today's parsers",
        body: Type.Object(
          { ids: Type.Optional(ids), code: Type.Optional(Type.String({ maxLength: 60 })), source: Type.Optional(Type.String({ maxLength: 63 })) },
          { additionalProperties: false },
        ),
        response: { 200: counted, ...problems },
      },
    },
    (request) => engine.replay({ kind: "quarantine", ...request.body }),
  );

  app.post(
    "/api/v1/replay",
    {
      config: { access: "admin" },
      schema: {
        tags: ["quarantine"],
        summary: "Read kept raw again; what a better parser makes of it replaces what was",
        body: Type.Object(
          { source: Type.Optional(Type.String({ maxLength: 63 })), from: optionalInstant("Absent: the oldest kept."), to: optionalInstant("Absent: now.") },
          { additionalProperties: false },
        ),
        response: { 200: counted, ...problems },
      },
    },
    (request) => {
      const { source, from, to } = request.body;
      return engine.replay({
        kind: "raw",
        fromMs: from === undefined ? 0 : Date.parse(from),
        toMs: to === undefined ? Date.now() : Date.parse(to),
        ...(source !== undefined && { source }),
      });
    },
  );
}
