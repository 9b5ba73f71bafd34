import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import cookie from "@fastify/cookie";
import helmet from "@fastify/helmet";
import rateLimit from "@fastify/rate-limit";
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { type FastifyBaseLogger, LogController } from "fastify";
import { EarshotError } from "../core/errors.ts";
import type { Engine } from "../runtime/engine.ts";
import type { Access } from "../runtime/access.ts";
import { guard } from "./access.ts";
import type { ApiContext } from "./context.ts";
import { addPages } from "./pages.ts";
import { answerBrokenRequest, handleError, problemOf, sendProblem } from "./problem.ts";
import { addAuditRoutes } from "./routes/audit.ts";
import { addConnectorRoutes } from "./routes/connectors.ts";
import { addAnalysisRoutes } from "./routes/analysis.ts";
import { addBackupRoutes } from "./routes/backup.ts";
import { addEntityRoutes } from "./routes/entities.ts";
import { addErasureRoutes } from "./routes/erasures.ts";
import { addEstimateRoutes } from "./routes/estimate.ts";
import { addExploreRoutes } from "./routes/explore.ts";
import { addConnectionRoutes } from "./routes/connections.ts";
import { addDeprecationRoutes } from "./routes/deprecations.ts";
import { addDriftRoutes } from "./routes/drift.ts";
import { addBakeoffRoutes } from "./routes/bakeoff.ts";
import { addFailureRoutes } from "./routes/failures.ts";
import { addImportMappingRoutes } from "./routes/import-mappings.ts";
import { addImportRoutes } from "./routes/import.ts";
import { addLiveRoutes } from "./routes/live.ts";
import { addModelDriftRoutes } from "./routes/model-drift.ts";
import { addModelAskRoutes } from "./routes/model-ask.ts";
import { addModelUseRoutes } from "./routes/model-use.ts";
import { addRetrainingRoutes } from "./routes/retraining.ts";
import { addModelRoutes } from "./routes/models.ts";
import { addPeopleRoutes } from "./routes/people.ts";
import { addLabelSetRoutes } from "./routes/label-sets.ts";
import { addLabelRoutes } from "./routes/labels.ts";
import { addPostRoutes } from "./routes/posts.ts";
import { addProvenanceRoutes } from "./routes/provenance.ts";
import { addSpreadRoutes } from "./routes/spread.ts";
import { addLikenessRoutes } from "./routes/likeness.ts";
import { addReadingRoutes } from "./routes/reading.ts";
import { addQuarantineRoutes } from "./routes/quarantine.ts";
import { addReceiveRoutes } from "./routes/receive.ts";
import { addRollupRoutes } from "./routes/rollups.ts";
import { addShadowRoutes } from "./routes/shadow.ts";
import { addSourceActivityRoutes } from "./routes/source-activity.ts";
import { addSourceCheckRoutes } from "./routes/source-check.ts";
import { addSourceForecastRoutes } from "./routes/source-forecast.ts";
import { addSourceOfferRoutes } from "./routes/source-offers.ts";
import { addGrantRoutes } from "./routes/grants.ts";
import { addSourceRoutes } from "./routes/sources.ts";
import { addSignInRoutes } from "./routes/sign-in.ts";
import { addSystemRoutes } from "./routes/system.ts";
import { addTermRoutes } from "./routes/terms.ts";
import { addTopicRoutes } from "./routes/topics.ts";
import { addTokenRoutes } from "./routes/tokens.ts";
import { collectScopes } from "./scopes.ts";
import { validatorCompiler } from "./validate.ts";

export interface ApiOptions {
  readonly engine: Engine;
  readonly access: Access;
  readonly makeLink: () => Promise<string>;
  readonly logger: FastifyBaseLogger;
  /** Built pages; absent: the API alone. */
  readonly pagesFolder?: string;
  readonly patience?: Patience;
}

/** How long a slow client is waited for. */
export interface Patience {
  /** From a request's first byte to the end of its headers. */
  readonly headersMs: number;
  /** For the whole of a body; of a stream, between two pieces. */
  readonly bodyMs: number;
}
const usualPatience: Patience = { headersMs: 20_000, bodyMs: 60_000 };

const maxBodyBytes = 1024 * 1024;
const maxConnections = 2_000;
const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

export async function makeApi(options: ApiOptions) {
  const { engine, access, logger, patience = usualPatience } = options;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    // Node's own limit of a whole request would cut a long import; bodies are timed below.
    requestTimeout: 0,
    maxRequestsPerSocket: 10_000,
    http: { headersTimeout: patience.headersMs, connectionsCheckingInterval: Math.min(5_000, patience.headersMs) },
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (error, request, reply) => void handleError(error, request, reply),
    clientErrorHandler: answerBrokenRequest,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = maxConnections;
  app.setValidatorCompiler(validatorCompiler);

  const { EARSHOT_HOST: host } = engine.environment;
  const publicHost = access.publicUrl === undefined ? undefined : new URL(access.publicUrl).host;
  const isOurHost = (header: string) => {
    if (publicHost !== undefined && header.toLowerCase() === publicHost) return true;
    const name = header.replace(/:\d+$/, "").toLowerCase();
    // Listening wider than loopback is a choice; then the names are the network's.
    return loopbackNames.has(name) || name === host.toLowerCase() || !(host.startsWith("127.") || host === "::1" || host === "localhost");
  };

  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, problemOf(new EarshotError("NOT_FOUND", `${request.method} ${request.url.split("?")[0]}: there is no such route`))),
  );
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
    xFrameOptions: { action: "deny" },
    referrerPolicy: { policy: "no-referrer" },
  });
  await app.register(cookie);
  await app.register(rateLimit, {
    global: true,
    max: 6_000,
    timeWindow: "1 minute",
    // After the guard: who is known has an allowance of his own, whatever else comes from his address.
    hook: "preHandler",
    keyGenerator: (request) => (request.viewer === undefined ? request.ip : `${request.viewer.by} ${request.viewer.name}`),
  });
  await app.register(swagger, {
    transform: ({ schema, url, route }) => ({ schema: { ...schema, operationId: operationIdOf(String(route.method), url) }, url }),
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Earshot",
        version: engine.version,
        description: "Public conversation as governed data. Times are ISO 8601 UTC; errors are RFC 9457 problems with a stable `code`.",
      },
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
  app.addHook("onRequest", async (request) => {
    if (request.routeOptions.config.streams === true || request.raw.complete) return;
    const late = setTimeout(() => request.raw.destroy(), patience.bodyMs);
    late.unref();
    request.raw.once("end", () => clearTimeout(late)).once("close", () => clearTimeout(late));
  });

  const context: ApiContext = { app, plain: app.withTypeProvider(), engine, access, scopes: collectScopes(app), makeLink: options.makeLink, bodyPatienceMs: patience.bodyMs };
  addSystemRoutes(context);
  addSignInRoutes(context);
  addPostRoutes(context);
  addSpreadRoutes(context);
  addProvenanceRoutes(context);
  addReadingRoutes(context);
  addLikenessRoutes(context);
  addLabelRoutes(context);
  addLabelSetRoutes(context);
  addModelRoutes(context);
  addModelUseRoutes(context);
  addModelAskRoutes(context);
  addImportRoutes(context);
  addImportMappingRoutes(context);
  addReceiveRoutes(context);
  addRollupRoutes(context);
  addExploreRoutes(context);
  addAnalysisRoutes(context);
  addSourceRoutes(context);
  addConnectorRoutes(context);
  addSourceActivityRoutes(context);
  addSourceCheckRoutes(context);
  addSourceForecastRoutes(context);
  addSourceOfferRoutes(context);
  addBakeoffRoutes(context);
  addFailureRoutes(context);
  addGrantRoutes(context);
  addDriftRoutes(context);
  addModelDriftRoutes(context);
  addRetrainingRoutes(context);
  addDeprecationRoutes(context);
  addShadowRoutes(context);
  addConnectionRoutes(context);
  addTermRoutes(context);
  addEstimateRoutes(context);
  addQuarantineRoutes(context);
  addErasureRoutes(context);
  addEntityRoutes(context);
  addTopicRoutes(context);
  addBackupRoutes(context);
  addLiveRoutes(context);
  addPeopleRoutes(context);
  addTokenRoutes(context);
  addAuditRoutes(context);
  if (options.pagesFolder !== undefined && existsSync(options.pagesFolder)) {
    addPages(app, options.pagesFolder);
  }
  await app.ready();
  return app;
}
export type Api = Awaited<ReturnType<typeof makeApi>>;

/** As in `putSourcesId`: the method and the words of the path. */
function operationIdOf(method: string, url: string): string {
  const words = url
    .replace("/api/v1/", "/root/")
    .split(/[^a-z0-9]+/i)
    .filter((word) => word !== "" && word !== "root");
  const named = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
  return `${method.toLowerCase()}${named}${url.startsWith("/api/v1/") ? "" : "Root"}`;
}

/** Whether we may listen there, before anything else is started. @throws PORT_IN_USE, CONFIG_INVALID */
export async function probePort(host: string, port: number): Promise<void> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen({ host, port }, () => server.close(() => resolve()));
  await promise.catch((error: unknown) => {
    throw listenFault(error, host, port);
  });
}

function listenFault(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const options = { cause: error };
  if (code === "EADDRINUSE") return new EarshotError("PORT_IN_USE", `port ${port} on ${host}: another program listens there; set EARSHOT_PORT to a free one`, options);
  if (code === "EACCES") return new EarshotError("PORT_IN_USE", `port ${port} on ${host}: ports below 1024 need a privilege; set EARSHOT_PORT to a higher one`, options);
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") return new EarshotError("CONFIG_INVALID", `EARSHOT_HOST ${host}: is no address of this machine`, options);
  return error;
}

/** Listens; says PORT_IN_USE plainly. Returns the address for people. */
export async function listen(app: Api, host: string, port: number): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenFault(error, host, port);
  }
  const address: AddressInfo | string | null = app.server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}
