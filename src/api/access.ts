import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { EarshotError } from "../core/errors.ts";
import { type Access, type Role, roles, type Viewer } from "../runtime/access.ts";

declare module "fastify" {
  interface FastifyRequest {
    viewer: Viewer | undefined;
  }
  interface FastifyContextConfig {
    /** The least role; absent: viewer. public: nobody need sign in. */
    readonly access?: Role | "public";
  }
}

export const sessionCookie = "earshot_session";
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function bearerOf(request: FastifyRequest): string | undefined {
  const header = request.headers.authorization;
  const match = header === undefined ? null : /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header);
  return match?.[1];
}

/**
 * Every route but the public ones needs a session or a token. A request that rides on a cookie and changes something
 * must come from our own pages; and only names of this machine are answered, so that a foreign page cannot rebind its own to us.
 */
export function guard(app: FastifyInstance, access: Access, isOurHost: (host: string) => boolean): void {
  app.decorateRequest("viewer", undefined);
  app.addHook("onRequest", async (request: FastifyRequest, _reply: FastifyReply) => {
    if (!isOurHost(request.headers.host ?? "")) throw new EarshotError("FORBIDDEN", `host ${String(request.headers.host).slice(0, 100)}: not a name of this server; EARSHOT_HOST says which is`);
    const needed = request.routeOptions.config.access ?? "viewer";
    if (needed === "public") return;
    const bearer = bearerOf(request);
    const cookie = request.cookies[sessionCookie];
    if (bearer !== undefined) request.viewer = await access.token(bearer);
    else if (cookie !== undefined) {
      if (!safeMethods.has(request.method) && !isOurOwn(request)) throw new EarshotError("FORBIDDEN", "the request comes from another site");
      request.viewer = await access.session(cookie);
    }
    if (request.viewer === undefined) throw new EarshotError("UNAUTHENTICATED", "sign in by the link that `earshot start` prints, or send `Authorization: Bearer TOKEN`");
    if (roles.indexOf(request.viewer.role) < roles.indexOf(needed)) throw new EarshotError("FORBIDDEN", `this needs the role ${needed}; yours is ${request.viewer.role}`);
  });
}

function isOurOwn(request: FastifyRequest): boolean {
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const { origin } = request.headers;
  return origin === undefined || (URL.canParse(origin) && new URL(origin).host === request.headers.host);
}

/** The viewer of a request behind the guard. */
export function viewerOf(request: FastifyRequest): Viewer {
  if (request.viewer === undefined) throw new EarshotError("UNAUTHENTICATED", "sign in first");
  return request.viewer;
}
