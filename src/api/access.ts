import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { EarshotError } from "../core/errors.ts";
import type { Access } from "../runtime/access.ts";
import { isKept, type Role, roles, type Viewer } from "../runtime/viewer.ts";
import { isSafe, placeOf, scopeOf } from "./scopes.ts";

declare module "fastify" {
  interface FastifyRequest {
    viewer: Viewer | undefined;
    /** Asks again whom the request's credential means. */
    identify: (() => Promise<Viewer | undefined>) | null;
  }
  interface FastifyContextConfig {
    /** The least role; absent: viewer. public: nobody need sign in. */
    readonly access?: Role | "public";
    /**
     * Answers those who are kept to a part of the data too: of their part alone, or with nothing of the data.
     * Absent: they are refused, so that a route that does not think of them tells them nothing.
     */
    readonly forKept?: boolean;
    /** Changes nothing, whatever its method. */
    readonly reads?: boolean;
    /** The body is a stream that the route times itself. */
    readonly streams?: boolean;
  }
}

export const sessionCookie = "earshot_session";

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
  app.decorateRequest("identify", null);
  const guesses = makeGuesses();
  app.addHook("onRequest", async (request: FastifyRequest, _reply: FastifyReply) => {
    if (!isOurHost(request.headers.host ?? ""))
      throw new EarshotError("FORBIDDEN", `host ${String(request.headers.host).slice(0, 100)}: not a name of this server; EARSHOT_HOST says which is`);
    const needed = request.routeOptions.config.access ?? "viewer";
    const bearer = bearerOf(request);
    if (bearer === undefined && !isSafe(request.method) && !isOurOwn(request)) throw new EarshotError("FORBIDDEN", "the request comes from another site");
    if (needed === "public") return;
    const cookie = request.cookies[sessionCookie];
    if (bearer !== undefined || cookie !== undefined) {
      const credential = bearer ?? cookie ?? "";
      guesses.refuseWhenTooMany(request.ip, credential);
      request.identify = async () => (bearer !== undefined ? access.token(bearer) : cookie !== undefined ? access.session(cookie) : undefined);
      request.viewer = await request.identify();
      guesses.note(request.ip, credential, request.viewer !== undefined);
    }
    if (request.viewer === undefined) throw new EarshotError("UNAUTHENTICATED", "sign in by the link that `earshot start` prints, or send `Authorization: Bearer TOKEN`");
    refuseOutsideScopes(request, request.viewer);
    if (roles.indexOf(request.viewer.role) < roles.indexOf(needed)) throw new EarshotError("FORBIDDEN", `this needs the role ${needed}; yours is ${request.viewer.role}`);
    if (isKept(request.viewer) && request.routeOptions.config.forKept !== true)
      throw new EarshotError("FORBIDDEN", "this speaks of all that is stored; you are kept to a part of it");
  });
}

function refuseOutsideScopes(request: FastifyRequest, { scopes }: Viewer): void {
  if (scopes === undefined) return;
  const { tag, kind } = placeOf(request.method, request.routeOptions);
  if (!scopes.includes(scopeOf(tag, kind)) && !scopes.includes(scopeOf(tag, "write")))
    throw new EarshotError("FORBIDDEN", `this needs the scope ${scopeOf(tag, kind)}; the token has ${scopes.join(", ")}`);
}

const mostGuesses = 300;
const guessWindowMs = 60_000;
const mostAddresses = 10_000;

/** Wrong tokens and cookies of an address: whoever tries many waits; those that were right of late go on. */
function makeGuesses() {
  const byAddress = new Map<string, { until: number; count: number }>();
  const right = new Map<string, number>();
  const digest = (credential: string) => createHash("sha256").update(credential).digest("base64url");
  const bound = (map: Map<string, unknown>) => {
    const oldest = map.keys().next();
    if (map.size > mostAddresses && oldest.done !== true) map.delete(oldest.value);
  };
  return {
    refuseWhenTooMany(address: string, credential: string): void {
      const known = byAddress.get(address);
      if (known !== undefined && known.count >= mostGuesses && known.until > Date.now() && (right.get(digest(credential)) ?? 0) < Date.now())
        throw new EarshotError("LIMIT_REACHED", "too many wrong tokens from this address; wait a minute", { retryAt: known.until });
    },
    note(address: string, credential: string, isRight: boolean): void {
      const now = Date.now();
      if (isRight) {
        const key = digest(credential);
        right.delete(key);
        right.set(key, now + 10 * guessWindowMs);
        bound(right);
        return;
      }
      const known = byAddress.get(address);
      if (known !== undefined && known.until > now) known.count++;
      else {
        byAddress.delete(address);
        byAddress.set(address, { until: now + guessWindowMs, count: 1 });
        bound(byAddress);
      }
    },
  };
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

const watchMs = 3_000;

/**
 * For answers that go on for long: `onChange` is called once when the session or token has ended, or may something else than
 * at the request's begin. Returns the way to stop watching.
 */
export function watchViewer(request: FastifyRequest, onChange: () => void): () => void {
  const rightsOf = (viewer: Viewer | undefined) => viewer && JSON.stringify([viewer.owner, viewer.role, viewer.filter, viewer.scopes ?? null]);
  const atFirst = rightsOf(request.viewer);
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const look = async () => {
    // Whether the catalog answers now says nothing of the rights; the next look does.
    const now = await Promise.resolve(request.identify?.()).then(rightsOf, () => atFirst);
    if (isStopped) return;
    if (now === atFirst) timer = setTimeout(() => void look(), watchMs);
    else onChange();
  };
  timer = setTimeout(() => void look(), watchMs);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
