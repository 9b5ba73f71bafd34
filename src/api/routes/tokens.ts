import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import type { TokenRecord } from "../../registers/tokens.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";
import { scopeOf } from "../scopes.ts";
import { roleSchema } from "./people.ts";

const mostTokens = 200;

const tokenSchema = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: roleSchema,
  scopes: Type.Array(Type.String(), { description: "Empty: all that the role may." }),
  createdBy: Type.String({ description: "Whose it is: it sees no more than they do." }),
  createdAt: instant("When it was made."),
  expiresAt: optionalInstant("Absent: it does not expire."),
  lastUsedAt: optionalInstant("To the hour."),
});
const areaSchema = Type.Object({
  tag: Type.String(),
  read: Type.Array(Type.String(), { description: "What `tag:read` opens." }),
  write: Type.Array(Type.String(), { description: "What `tag:write` opens beside." }),
});

function view({ createdAt, expiresAt, lastUsedAt, scopes, ...rest }: TokenRecord) {
  return {
    ...rest,
    scopes: [...scopes],
    createdAt: iso(createdAt),
    ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
    ...(lastUsedAt !== undefined && { lastUsedAt: iso(lastUsedAt) }),
  };
}

export function addTokenRoutes({ app, access: { people }, scopes: areas }: ApiContext): void {
  app.get(
    "/api/v1/tokens",
    {
      config: { forKept: true },
      schema: { tags: ["access"], summary: "My tokens; an admin's list holds everybody's", response: { 200: Type.Object({ items: Type.Array(tokenSchema) }), ...problems } },
    },
    async (request) => ({ items: (await people.tokens(viewerOf(request))).map(view) }),
  );

  app.get(
    "/api/v1/tokens/scopes",
    {
      config: { forKept: true },
      schema: { tags: ["access"], summary: "What a token can be kept to", response: { 200: Type.Object({ items: Type.Array(areaSchema) }), ...problems } },
    },
    () => ({ items: areas().map(({ tag, read, write }) => ({ tag, read: [...read], write: [...write] })) }),
  );

  app.post(
    "/api/v1/tokens",
    {
      config: { forKept: true, rateLimit: { max: 60, timeWindow: "1 minute" } },
      schema: {
        tags: ["access"],
        summary: "Make a token; its secret is told this once",
        body: Type.Object(
          {
            name: Type.String({ pattern: "^[^/\\p{C}]{1,100}$", description: "What it is for; the audit log names it." }),
            role: roleSchema,
            scopes: Type.Optional(
              Type.Array(Type.String({ maxLength: 100 }), { maxItems: 100, uniqueItems: true, description: "`tag:read`, `tag:write`; absent or empty: all that the role may." }),
            ),
            expiresAt: optionalInstant("Absent: it does not expire."),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ secret: Type.String(), token: tokenSchema }), ...problems },
      },
    },
    async (request) => {
      const viewer = viewerOf(request);
      const { name, role, scopes = [], expiresAt } = request.body;
      const known = new Set(areas().flatMap(({ tag }) => [scopeOf(tag, "read"), scopeOf(tag, "write")]));
      const unknown = scopes.filter((scope) => !known.has(scope));
      if (unknown.length > 0) throw new EarshotError("USAGE", `scopes: expected some of ${[...known].join(", ")}, came ${unknown.join(", ").slice(0, 300)}`);
      const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt);
      if (expiresAtMs !== undefined && !(expiresAtMs > Date.now())) throw new EarshotError("USAGE", "expiresAt: expected a time to come");
      const own = (await people.tokens(viewer)).filter((token) => token.createdBy === viewer.owner);
      if (own.length >= mostTokens) throw new EarshotError("CONFLICT", `you have ${mostTokens} tokens already; revoke some first`);
      const made = await people.makeToken({ name, role, scopes, ...(expiresAtMs !== undefined && { expiresAt: expiresAtMs }) }, viewer);
      return { secret: made.secret, token: view(made.token) };
    },
  );

  app.delete(
    "/api/v1/tokens/:id",
    {
      config: { forKept: true },
      schema: {
        tags: ["access"],
        summary: "Revoke one of my tokens; an admin revokes anybody's",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      await people.revokeToken(request.params.id, viewerOf(request));
      return reply.code(204).send(null);
    },
  );
}
