import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger } from "fastify";
import { EarshotError } from "../core/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Access } from "../runtime/access.ts";
import { guard } from "./access.ts";
import type { ApiContext } from "./context.ts";
import { addPages } from "./pages.ts";
import { handleError, problemOf, sendProblem } from "./problem.ts";
import { addErasureRoutes } from "./routes/erasures.ts";
import { addImportRoutes } from "./routes/import.ts";
import { addLiveRoutes } from "./routes/live.ts";
import { addPostRoutes } from "./routes/posts.ts";
import { addQuarantineRoutes } from "./routes/quarantine.ts";
import { addRollupRoutes } from "./routes/rollups.ts";
import { addSourceRoutes } from "./routes/sources.ts";
import { addSystemRoutes } from "./routes/system.ts";
import { addTermRoutes } from "./routes/terms.ts";

export interface ApiOptions {
  readonly engine: Engine;
  readonly access: Access;
  readonly makeLink: () => Promise<string>;
  readonly logger: FastifyBaseLogger;
  /** Built pages; absent: the API alone. */
  readonly pagesFolder?: string;
}

const maxBodyBytes = 1024 * 1024;
const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

export async function makeApi(options: ApiOptions) {
  const { engine, access, logger } = options;
  const app = fastify({
    loggerInstance: logger,
    disableRequestLogging: true,
    bodyLimit: maxBodyBytes,
    requestTimeout: 0,
    routerOptions: { maxParamLength: 300 },
    ajv: { customOptions: { coerceTypes: "array", removeAdditional: false, allErrors: true } },
  }).withTypeProvider<TypeBoxTypeProvider>();

  const { EARSHOT_HOST: host } = engine.environment;
  const isOurHost = (header: string) => {
    const name = header.replace(/:\d+$/, "").toLowerCase();
    // Listening wider than loopback is a choice; then the names are the network's.
    return loopbackNames.has(name) || name === host.toLowerCase() || !["127.0.0.1", "::1", "localhost"].includes(host);
  };

  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request, reply) => sendProblem(reply, problemOf(new EarshotError("NOT_FOUND", `${request.method} ${request.url.split("?")[0]}: there is no such route`))));
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: "no-referrer" },
  });
  await app.register(cookie);
  await app.register(rateLimit, {
    global: true,
    max: 6_000,
    timeWindow: "1 minute",
    keyGenerator: (request) => createHash("sha256").update(request.headers.authorization ?? request.headers.cookie ?? request.ip).digest("base64url"),
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Earshot", version: engine.version, description: "Public conversation as governed data. Times are ISO 8601 UTC; errors are RFC 9457 problems with a stable `code`." },
      servers: [{ url: "/" }],
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "EARSHOT_TOKEN, or a token made in the settings." },
          session: { type: "apiKey", in: "cookie", name: "earshot_session" },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
  });
  guard(app, access, isOurHost);

  const context: ApiContext = { app, plain: app.withTypeProvider(), engine, access, makeLink: options.makeLink };
  addSystemRoutes(context);
  addPostRoutes(context);
  addImportRoutes(context);
  addRollupRoutes(context);
  addSourceRoutes(context);
  addTermRoutes(context);
  addQuarantineRoutes(context);
  addErasureRoutes(context);
  addLiveRoutes(context);
  if (options.pagesFolder !== undefined && existsSync(options.pagesFolder)) {
    addPages(app, options.pagesFolder);
  }
  await app.ready();
  return app;
}
export type Api = Awaited<ReturnType<typeof makeApi>>;

/** Listens; says PORT_IN_USE plainly. Returns the address for people. */
export async function listen(app: Api, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE")
      throw new EarshotError("PORT_IN_USE", `port ${port} on ${host}: another program listens there; set EARSHOT_PORT to a free one`, { cause: error });
    if (error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EADDRNOTAVAIL"))
      throw new EarshotError("PORT_IN_USE", `port ${port} on ${host}: cannot be listened on (${error.code})`, { cause: error });
    throw error;
  }
  const address: AddressInfo | string | null = app.server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}
