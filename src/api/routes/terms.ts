import { Type } from "typebox";
import { faultsOf, refuseFaults, termConfigSchema } from "../../core/config.ts";
import type { TermView } from "../../runtime/engine.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const idParameter = Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) });
const termSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  kind: Type.String(),
  query: Type.String(),
  handles: Type.Array(Type.String()),
  version: Type.Integer(),
  origin: Type.String(),
  retagged: Type.Number({ minimum: 0, maximum: 1, description: "Share of the stored history that bears this version's tags." }),
});
const view = (term: TermView) => ({ ...term, handles: [...term.handles] });

export function addTermRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/terms",
    { schema: { tags: ["terms"], summary: "Brands, competitors and topics", response: { 200: Type.Object({ items: Type.Array(termSchema) }), ...problems } } },
    async () => ({
      items: (await engine.terms()).map(view),
    }),
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
            kind: Type.Optional(Type.Union([Type.Literal("brand"), Type.Literal("competitor"), Type.Literal("topic")], { default: "brand" })),
            query: Type.String({ minLength: 1, maxLength: 10_000 }),
            handles: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 300 }), { maxItems: 1_000 })),
          },
          { additionalProperties: false },
        ),
        response: { 200: termSchema, ...problems },
      },
    },
    async (request) => {
      const parsed = termConfigSchema.safeParse(request.body);
      if (!parsed.success) refuseFaults(`term ${request.params.id}`, faultsOf(parsed.error));
      return view(await engine.putTerm(request.params.id, termConfigSchema.parse(request.body)));
    },
  );

  app.delete(
    "/api/v1/terms/:id",
    { config: { access: "analyst" }, schema: { tags: ["terms"], summary: "Remove a term; its tags go", params: idParameter, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await engine.removeTerm(request.params.id);
      return reply.code(204).send(null);
    },
  );
}
