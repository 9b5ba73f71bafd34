import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { sessionCookie, viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { openMetricsOf } from "../open-metrics.ts";
import { isKept } from "../../runtime/viewer.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const unlessKept = "Absent for who is kept to a part of the data.";
const list = (description: string) => Type.Optional(Type.Array(Type.String(), { description }));
const meSchema = Type.Object({
  name: Type.String(),
  role: Type.String(),
  by: Type.String({ description: "session, or token." }),
  platforms: list("Kept to these; absent: all."),
  terms: list("Kept to posts of these brands and queries; absent: all."),
  scopes: list("Of a token; absent: all that the role may."),
});

/** A proxy that ends TLS speaks plainly to us; the page's origin tells what the browser sees. */
const isSecure = ({ protocol, headers }: FastifyRequest) => protocol === "https" || headers.origin?.startsWith("https:") === true;

const alarmsEveryMs = 15_000;

export function addSystemRoutes({ app, plain, engine, access, makeLink }: ApiContext): void {
  // The page asks for the state every other second; alarms are made of figures of an hour.
  let alarms: { readonly at: number; readonly count: Promise<number | undefined> } = { at: 0, count: Promise.resolve(undefined) };
  const alarmCount = (): Promise<number | undefined> => {
    const ask = () =>
      engine.alarms().then(
        (all) => all.length,
        // The state is told even where the catalog does not answer.
        () => undefined,
      );
    if (Date.now() - alarms.at >= alarmsEveryMs) alarms = { at: Date.now(), count: ask() };
    return alarms.count;
  };

  const healthSchema = {
    tags: ["system"],
    summary: "Whether the system serves",
    security: [],
    response: {
      200: Type.Object({ status: Type.String({ description: "ok; paused: serving, collection waits for room." }), detail: Type.Optional(Type.String()) }),
      503: Type.Object({ status: Type.String(), detail: Type.Optional(Type.String()) }),
    },
  };
  for (const path of ["/health", "/api/v1/health"] as const) {
    plain.get(path, { config: { access: "public", rateLimit: false }, schema: healthSchema }, (_request, reply) => {
      const health = engine.health();
      return reply.code(health.status === "ok" || health.status === "paused" ? 200 : 503).send(health);
    });
  }

  plain.get(
    "/api/v1/openapi.json",
    {
      config: { access: "public" },
      schema: { tags: ["system"], summary: "This description (OpenAPI 3.1)", security: [], response: { 200: Type.Object({}, { additionalProperties: true }), ...problems } },
    },
    () => app.swagger(),
  );

  for (const path of ["/metrics", "/api/v1/metrics"] as const) {
    plain.get(
      path,
      {
        schema: {
          tags: ["system"],
          summary: "OpenMetrics",
          response: { 200: { description: "OpenMetrics text.", content: { "application/openmetrics-text": { schema: Type.String() } } }, ...problems },
        },
      },
      async (_request, reply) => {
        const text = openMetricsOf(await engine.stats(), await engine.sources());
        return reply.type("application/openmetrics-text; version=1.0.0; charset=utf-8").send(text);
      },
    );
  }

  app.get(
    "/api/v1/status",
    {
      config: { forKept: true },
      schema: {
        tags: ["system"],
        summary: "Throughput, lag, sizes and limits",
        response: {
          200: Type.Object({
            version: Type.String(),
            status: Type.String(),
            detail: Type.Optional(Type.String()),
            startedAt: instant("Start of this process."),
            collectedPerSecond: Type.Optional(Type.Number({ description: unlessKept })),
            refinedPerSecond: Type.Optional(Type.Number({ description: unlessKept })),
            posts: Type.Integer({ description: "Stored, simulated ones too; for who is kept to a part, those that they may see." }),
            simulated: Type.Union([Type.Literal("none"), Type.Literal("shown"), Type.Literal("hidden")], {
              description: "hidden: simulated posts are stored; no read shows them, because real ones are there.",
            }),
            world: Type.Optional(
              Type.Object(
                {
                  state: Type.Union([
                    Type.Literal("preparing"),
                    Type.Literal("loading"),
                    Type.Literal("running"),
                    Type.Literal("removing"),
                    Type.Literal("failed"),
                    Type.Literal("stopped"),
                  ]),
                  stored: Type.Integer({ description: "Simulated posts that are searchable, some seconds old at most." }),
                  posts: Type.Integer({ description: "Searchable posts of its history; while removing: posts that are gone." }),
                  of: Type.Integer({ description: "Posts of its history; while removing: posts that were there." }),
                  secondsLeft: Type.Optional(Type.Integer({ description: "While loading, at the pace so far." })),
                },
                { description: `The simulated world; absent: there is none. ${unlessKept}` },
              ),
            ),
            rejected: Type.Optional(Type.Integer({ description: unlessKept })),
            alarms: Type.Optional(Type.Integer({ description: `What an operator should look at, as \`/api/v1/alarms\` tells it, some seconds old at most. ${unlessKept}` })),
            lag: Type.Optional(Type.Object({ refine: Type.Integer(), stores: Type.Record(Type.String(), Type.Integer()) }, { description: unlessKept })),
            stores: Type.Optional(
              Type.Array(
                Type.Object({
                  store: Type.String(),
                  sizeBytes: Type.Integer(),
                  posts: Type.Integer(),
                  oldestAt: optionalInstant("Oldest post."),
                  state: Type.String(),
                  error: Type.Optional(Type.String()),
                }),
                { description: unlessKept },
              ),
            ),
            log: Type.Optional(
              Type.Array(
                Type.Object({
                  topic: Type.String(),
                  partition: Type.Integer(),
                  oldest: Type.Integer(),
                  next: Type.Integer(),
                  sizeBytes: Type.Integer(),
                  oldestAt: optionalInstant("Oldest frame."),
                }),
                { description: unlessKept },
              ),
            ),
            outcomes: Type.Optional(Type.Record(Type.String(), Type.Integer(), { description: unlessKept })),
            limits: Type.Optional(Type.Array(Type.Object({ name: Type.String(), value: Type.Number(), limit: Type.Number(), unit: Type.String() }), { description: unlessKept })),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const viewer = viewerOf(request);
      const stats = await engine.stats();
      const common = { ...engine.health(), version: engine.version, simulated: await engine.simulated(), startedAt: iso(stats.startedAt) };
      // Sizes, rates and what was rejected are sums over all that is stored.
      if (isKept(viewer)) return { ...common, posts: (await engine.count("", viewer.filter)).posts };
      const world = await engine.world();
      const count = await alarmCount();
      return {
        ...stats,
        ...common,
        ...(count !== undefined && { alarms: count }),
        ...(world !== undefined && { world }),
        lag: { refine: stats.lag.refine, stores: { ...stats.lag.stores } },
        outcomes: { ...stats.outcomes },
        limits: stats.limits.map((limit) => ({ ...limit })),
        stores: stats.stores.map(({ oldestAt, ...store }) => ({ ...store, ...(oldestAt !== undefined && { oldestAt: iso(oldestAt) }) })),
        log: stats.log.map(({ oldestAt, ...partition }) => ({ ...partition, ...(oldestAt !== undefined && { oldestAt: iso(oldestAt) }) })),
      };
    },
  );

  plain.get(
    "/api/v1/configuration",
    {
      config: { access: "admin" },
      schema: {
        tags: ["system"],
        summary: "The whole running configuration, as code",
        response: { 200: { description: "TypeScript.", content: { "text/plain": { schema: Type.String() } } }, ...problems },
      },
    },
    async (_request, reply) => reply.type("text/plain; charset=utf-8").send(await engine.configuration()),
  );

  app.get("/api/v1/me", { config: { forKept: true }, schema: { tags: ["access"], summary: "Who I am here", response: { 200: meSchema, ...problems } } }, (request) => {
    const { name, role, by, filter, scopes } = viewerOf(request);
    return {
      name,
      role,
      by,
      ...(filter.platforms !== undefined && { platforms: [...filter.platforms] }),
      ...(filter.terms !== undefined && { terms: [...filter.terms] }),
      ...(scopes !== undefined && { scopes: [...scopes] }),
    };
  });

  // A GET must not sign anybody in: link previews and prefetches follow links. The page posts the code, which stands in the fragment.
  app.post(
    "/api/v1/session",
    {
      config: { access: "public", rateLimit: { max: 20, timeWindow: "1 minute", keyGenerator: (request: FastifyRequest) => request.ip } },
      schema: {
        tags: ["access"],
        summary: "Sign in with the code of a one-time link",
        security: [],
        body: Type.Object({ code: Type.String({ minLength: 8, maxLength: 200 }) }, { additionalProperties: false }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      const session = await access.redeem(request.body.code, request.headers["user-agent"] ?? "");
      if (session === undefined) throw new EarshotError("UNAUTHENTICATED", "the link was used already or is too old; `npm run earshot -- link` prints a new one");
      return reply
        .setCookie(sessionCookie, session.cookie, { httpOnly: true, sameSite: "strict", path: "/", maxAge: session.maxAgeSeconds, secure: isSecure(request) })
        .code(204)
        .send(null);
    },
  );

  app.post(
    "/api/v1/links",
    { config: { access: "admin" }, schema: { tags: ["access"], summary: "Make a one-time sign-in link", response: { 200: Type.Object({ code: Type.String() }), ...problems } } },
    async () => ({ code: await makeLink() }),
  );

  app.delete(
    "/api/v1/session",
    {
      config: { access: "public" },
      schema: {
        tags: ["access"],
        summary: "Sign out",
        response: {
          200: Type.Object({ address: Type.String({ description: "Where the browser goes on, to end the provider's session too." }) }),
          204: Type.Null({ description: "All is done." }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const cookie = request.cookies[sessionCookie];
      const address = cookie === undefined ? undefined : await access.signIn?.endOf(cookie, request.headers.origin);
      if (cookie !== undefined) await access.signOut(cookie);
      void reply.clearCookie(sessionCookie, { path: "/" });
      return address === undefined ? reply.code(204).send(null) : reply.code(200).header("cache-control", "no-store").send({ address });
    },
  );
}
