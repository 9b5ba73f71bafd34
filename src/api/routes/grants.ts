import type { FastifyReply } from "fastify";
import { type TSchema, Type } from "typebox";
import { grantCallbackPath, type GrantView } from "../../runtime/grants.ts";
import type { SignInCookie } from "../../runtime/sign-in.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { iso, optionalInstant, problems } from "../schemas.ts";

const accountSchema = Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$", description: "Its name here; sources name the grant by it." });
const instant: TSchema = Type.String({ format: "date-time" });

const grantSchema = Type.Object({
  account: Type.String(),
  connector: Type.String(),
  clientId: Type.String({ description: "As the options have it: itself or a reference." }),
  registered: Type.Boolean({ description: "An app of its own was registered at the server for it." }),
  scope: Type.String(),
  lacks: Type.Array(Type.String(), { description: "What was asked for and is not among it: the owner left it out." }),
  again: Type.Boolean({ description: "It can be asked for again as it was." }),
  grantedBy: Type.String(),
  grantedAt: instant,
  renewedAt: optionalInstant("When the platform gave out a token last."),
  endsAt: optionalInstant("Until then it holds without a person; absent: no end is told."),
  sources: Type.Array(Type.String(), { description: "Sources that use it now." }),
});

const view = ({ grantedAt, renewedAt, endsAt, ...rest }: GrantView) => ({
  ...rest,
  sources: [...rest.sources],
  lacks: [...rest.lacks],
  grantedAt: iso(grantedAt),
  ...(renewedAt !== undefined && { renewedAt: iso(renewedAt) }),
  ...(endsAt !== undefined && { endsAt: iso(endsAt) }),
});

export function addGrantRoutes({ app, plain, engine }: ApiContext): void {
  app.get(
    "/api/v1/grants",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Access that people granted in the browser",
        response: {
          200: Type.Object({
            items: Type.Array(grantSchema),
            redirectUri: Type.Optional(Type.String({ description: "To be registered at the platforms; absent: pages are open under an address that cannot be sent back to." })),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const items = (await engine.grants.list()).map(view);
      try {
        return { items, redirectUri: engine.grants.redirectUri(request.headers.origin ?? `${request.protocol}://${request.host}`) };
      } catch {
        return { items };
      }
    },
  );

  const begunSchema = { 200: Type.Object({ address: Type.String({ description: "Where the browser goes on." }) }), ...problems };
  const returnToSchema = Type.Optional(Type.String({ maxLength: 2_000, description: "A path of our own pages; anything else leads to the first page." }));
  // Lax: the way back begins at the platform's site.
  const bind = (reply: FastifyReply, { name, value, maxAgeSeconds: maxAge, secure }: SignInCookie): FastifyReply =>
    reply.setCookie(name, value, { httpOnly: true, sameSite: "lax", path: grantCallbackPath, maxAge, secure }).header("cache-control", "no-store");

  // A POST of our own page, as with a sign-in: no other site can begin it.
  app.post(
    "/api/v1/grants",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Begin to grant access to an account in the browser",
        description: "Sets a cookie for ten minutes that binds it to this browser. The same account again replaces its grant when the platform has sent the browser back.",
        body: Type.Object(
          {
            use: Type.String({ description: "The connector." }),
            options: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "The connector's own options; secrets as references." })),
            account: accountSchema,
            returnTo: returnToSchema,
          },
          { additionalProperties: false },
        ),
        response: begunSchema,
      },
    },
    async (request, reply) => {
      const { use, options = {}, account, returnTo = "/" } = request.body;
      const { address, cookie } = await engine.grants.begin({ use, options, account, returnTo, origin: request.headers.origin, actor: viewerOf(request).name });
      bind(reply, cookie);
      return { address };
    },
  );

  app.post(
    "/api/v1/grants/:account/again",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Begin to grant access again, as it was asked for before",
        description: "For a grant that ended or is about to: the platform is asked with the same options, and the sources that use it go on.",
        params: Type.Object({ account: accountSchema }),
        body: Type.Object({ returnTo: returnToSchema }, { additionalProperties: false }),
        response: begunSchema,
      },
    },
    async (request, reply) => {
      const { returnTo = "/" } = request.body;
      const { address, cookie } = await engine.grants.beginAgain({ account: request.params.account, returnTo, origin: request.headers.origin, actor: viewerOf(request).name });
      bind(reply, cookie);
      return { address };
    },
  );

  plain.get(
    grantCallbackPath,
    {
      // The session's cookie does not come along from another site; the sealed one says who began.
      config: { access: "public", rateLimit: { max: 60, timeWindow: "1 minute", keyGenerator: (request) => request.ip } },
      schema: {
        tags: ["sources"],
        summary: "Where a platform sends the browser back to",
        description:
          "Answers with a redirect to a page, with the account as `grant` in its address, or with the error's code as `grantError` and the platform's own word on it as `grantReason`.",
        security: [],
        response: { 303: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      void reply.header("cache-control", "no-store");
      const end = await engine.grants.finish({ query: request.url.split("?").slice(1).join("?"), cookies: request.cookies });
      if (end.used !== undefined) void reply.clearCookie(end.used, { path: grantCallbackPath });
      const url = new URL(end.returnTo, "http://earshot.invalid");
      // What an earlier way left there is over.
      for (const name of ["grant", "grantError", "grantReason"]) url.searchParams.delete(name);
      if ("failed" in end) {
        url.searchParams.set("grantError", end.failed);
        if (end.reason !== undefined) url.searchParams.set("grantReason", end.reason);
      } else url.searchParams.set("grant", end.account);
      return reply.redirect(`${url.pathname}${url.search}${url.hash}`, 303);
    },
  );

  app.delete(
    "/api/v1/grants/:account",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Give access back: forget the tokens, and tell the platform where it listens",
        params: Type.Object({ account: accountSchema }),
        response: { 200: Type.Object({ there: Type.Boolean({ description: "The platform was told." }) }), ...problems },
      },
    },
    (request) => engine.grants.revoke(request.params.account, viewerOf(request).name),
  );
}
