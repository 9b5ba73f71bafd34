import { Type } from "typebox";
import type { DeprecationView } from "../../runtime/deprecations.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const state = Type.Union([Type.Literal("open"), Type.Literal("planned"), Type.Literal("done"), Type.Literal("dismissed")]);
const noticeSchema = Type.Object({
  id: Type.Integer(),
  connector: Type.String(),
  endpoint: Type.String({ description: "Method, host and path without ids; else the version or the changelog's host." }),
  origin: Type.Union([Type.Literal("answer"), Type.Literal("version"), Type.Literal("changelog")], {
    description: "answer: headers of an answer; version: the version that the connector asks for; changelog: an entry of the platform's feed.",
  }),
  text: Type.String({ description: "In the platform's words where it has some." }),
  link: Type.Optional(Type.String()),
  effectiveAt: optionalInstant("When it ends; absent: not told."),
  firstAt: instant("When it was first seen."),
  lastAt: instant("When it was last seen."),
  state,
  owner: Type.Optional(Type.String()),
  dueAt: optionalInstant("Until when it is to be done."),
  changedBy: Type.Optional(Type.String()),
  sources: Type.Array(Type.String()),
  terms: Type.Array(Type.String(), { description: "Terms with posts from its sources in the last 30 days." }),
  views: Type.Array(Type.String(), { description: "Names of shared views that are kept to its sources or their platforms." }),
});

function view({ effectiveAt, firstAt, lastAt, dueAt, sources, terms, views, ...rest }: DeprecationView) {
  return {
    ...rest,
    ...(effectiveAt !== undefined && { effectiveAt: iso(effectiveAt) }),
    firstAt: iso(firstAt),
    lastAt: iso(lastAt),
    ...(dueAt !== undefined && { dueAt: iso(dueAt) }),
    sources: [...sources],
    terms: [...terms],
    views: [...views],
  };
}

export function addDeprecationRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/deprecations",
    {
      schema: {
        tags: ["sources"],
        summary: "What platforms are about to end: each notice a task, with who depends on it",
        response: { 200: Type.Object({ items: Type.Array(noticeSchema, { description: "What ends first comes first; what is done comes last." }) }), ...problems },
      },
    },
    async () => ({ items: (await engine.deprecations()).map(view) }),
  );

  app.patch(
    "/api/v1/deprecations/:id",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Set the owner, the due date or the state of a notice",
        params: Type.Object({ id: Type.Integer({ minimum: 1 }) }),
        body: Type.Object(
          {
            state: Type.Optional(state),
            owner: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 200 }), Type.Null()], { description: "null: nobody." })),
            due: Type.Optional(Type.Union([Type.String({ format: "date-time" }), Type.Null()], { description: "null: none." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: noticeSchema, ...problems },
      },
    },
    async (request) => {
      const { state: wanted, owner, due } = request.body;
      const change = {
        ...(wanted !== undefined && { state: wanted }),
        ...(owner !== undefined && { owner }),
        ...(due !== undefined && { dueAt: due === null ? null : Date.parse(due) }),
      };
      return view(await engine.setDeprecation(request.params.id, change, viewerOf(request).name));
    },
  );
}
