import { z } from "zod";
import { openCatalog } from "../catalog/catalog.ts";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { openHttp } from "../http/client.ts";
import { makeCredentials } from "../http/credentials.ts";
import { registerMigrations } from "../registers/migrations.ts";
import { openOAuthTokens } from "../registers/oauth-tokens.ts";

/** What the test tells a process of its own that shares a catalog and one refresh token with another. */
export const beginSchema = z.object({ database: z.string(), server: z.string(), refreshToken: z.string(), nowMs: z.number(), answersAtOnce: z.int() });
export type Begin = z.output<typeof beginSchema>;
export const roundSchema = z.object({ advanceMs: z.number() });
export const doneSchema = z.object({ statuses: z.array(z.number()), tookMs: z.number(), failure: z.string().optional() });

async function run(begin: Begin): Promise<void> {
  const clock = makeFakeClock(begin.nowMs);
  const catalog = await openCatalog({ folder: "unused", url: begin.database, clock: systemClock, report: () => undefined, migrations: registerMigrations, maxConnections: 3 });
  const http = openHttp({ clock, report: () => undefined, env: {} });
  const tokens = openOAuthTokens(
    catalog.sql,
    Buffer.alloc(32, 7),
    () => clock.now(),
    (ms) => systemClock.sleep(ms),
  );
  const { credential } = makeCredentials({ readSecret: async () => begin.refreshToken, http, clock, tokens });
  const held = await credential({ kind: "oauth2", grant: "refresh_token", tokenUrl: `${begin.server}/token`, clientId: "app", refreshToken: "env:REFRESH" });

  const call = async () => (await http.request(`${begin.server}/me`, { credential: held })).status;

  process.on("message", (message) => {
    void (async () => {
      const { advanceMs } = roundSchema.parse(message);
      await clock.advance(advanceMs);
      const startedAt = performance.now();
      const ended = await Promise.allSettled(Array.from({ length: begin.answersAtOnce }, call));
      const failure = ended.find((one) => one.status === "rejected");
      process.send?.({
        statuses: ended.map((one) => (one.status === "fulfilled" ? one.value : 0)),
        tookMs: performance.now() - startedAt,
        ...(failure !== undefined && { failure: String(failure.reason) }),
      } satisfies z.output<typeof doneSchema>);
    })();
  });
  process.once("disconnect", () => process.exit());
  process.send?.("ready");
}

if (process.send !== undefined && process.argv[2] === "rotate") process.once("message", (message) => void run(beginSchema.parse(message)));
