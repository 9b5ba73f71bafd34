import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { sessionCookie } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

const perAddress = (max: number) => ({ max, timeWindow: "1 minute", keyGenerator: (request: FastifyRequest) => request.ip });
const callback = "/api/v1/sign-in/callback";

export function addSignInRoutes({ app, plain, access }: ApiContext): void {
  const { signIn } = access;

  app.get(
    "/api/v1/sign-in",
    {
      config: { access: "public" },
      schema: {
        tags: ["access"],
        summary: "How people sign in here",
        description: "A one-time link always does.",
        security: [],
        response: {
          200: Type.Object({ provider: Type.Optional(Type.Object({ name: Type.String({ description: "What the button says after “Sign in with”." }) })) }),
          ...problems,
        },
      },
    },
    () => (signIn === undefined ? {} : { provider: { name: signIn.name } }),
  );

  // A POST of our own page: nothing that follows links, and no other site, can begin a sign-in.
  app.post(
    "/api/v1/sign-in",
    {
      config: { access: "public", rateLimit: perAddress(60) },
      schema: {
        tags: ["access"],
        summary: "Begin a sign-in by the provider",
        description: "Sets a cookie for ten minutes that binds the sign-in to this browser.",
        security: [],
        body: Type.Object(
          { returnTo: Type.Optional(Type.String({ maxLength: 2_000, description: "A path of our own pages; anything else leads to the first page." })) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ address: Type.String({ description: "Where the browser goes on." }) }), ...problems },
      },
    },
    async (request, reply) => {
      if (signIn === undefined) throw new EarshotError("NOT_FOUND", "signIn.oidc: no provider is configured");
      const { address, cookie } = await signIn.begin({ origin: request.headers.origin, returnTo: request.body.returnTo ?? "/" });
      const { name, value, maxAgeSeconds: maxAge, secure } = cookie;
      // Lax: the way back begins at the provider's site.
      return reply.setCookie(name, value, { httpOnly: true, sameSite: "lax", path: callback, maxAge, secure }).header("cache-control", "no-store").send({ address });
    },
  );

  plain.get(
    callback,
    {
      config: { access: "public", rateLimit: perAddress(60) },
      schema: {
        tags: ["access"],
        summary: "Where the provider sends the browser back to",
        description: "Answers with a redirect to a page: signed in, or with the error's code as `signIn` in its address.",
        security: [],
        response: { 303: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      void reply.header("cache-control", "no-store");
      if (signIn === undefined) throw new EarshotError("NOT_FOUND", "signIn.oidc: no provider is configured");
      const end = await signIn.finish({
        query: request.url.split("?").slice(1).join("?"),
        cookies: request.cookies,
        agent: request.headers["user-agent"] ?? "",
      });
      if (end.used !== undefined) void reply.clearCookie(end.used, { path: callback });
      if ("failed" in end) return reply.redirect(withCode(end.returnTo, end.failed), 303);
      const { cookie, maxAgeSeconds: maxAge } = end.session;
      // Strict: this redirect leads to a file of the pages, which is anybody's; what it asks for then comes from our own site.
      return reply.setCookie(sessionCookie, cookie, { httpOnly: true, sameSite: "strict", path: "/", maxAge, secure: end.secure }).redirect(end.returnTo, 303);
    },
  );
}

function withCode(path: string, code: string): string {
  const url = new URL(path, "http://earshot.invalid");
  url.searchParams.set("signIn", code);
  return `${url.pathname}${url.search}${url.hash}`;
}
