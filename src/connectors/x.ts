import { z } from "zod";
import { grantMark, secretReference } from "../core/config.ts";
import type { Connector, SourceContext } from "../core/component.ts";
import type { CredentialSpec } from "../core/credential.ts";
import { EarshotError } from "../core/errors.ts";
import { type Api, openApi } from "./x/api.ts";
import { expected } from "./x/expected.ts";
import { forecastX } from "./x/forecast.ts";
import { rawsOfMessage, splitRecorded, xParser } from "./x/parse.ts";
import { failures } from "./x/problem.ts";
import { readX } from "./x/read.ts";

const accountId = z.string().regex(/^\d{1,20}$/, "expected an account's number, not its name");

const options = z.strictObject({
  server: z
    .url({ protocol: /^https?$/ })
    .default("https://api.x.com")
    .describe("The API's address."),
  mode: z
    .enum(["search", "archive", "stream"])
    .default("search")
    .describe("search: the last seven days, polled; archive: all posts since 2006, where the plan has it; stream: as they are posted, cuts filled by search."),
  queries: z
    .array(z.string().min(1).max(4_096))
    .max(25)
    .default([])
    .describe('Queries with X\'s operators, e.g. (ham OR "cured ham") lang:en -is:retweet. Streams hold one rule for each, marked as ours; other rules of the app are left alone.'),
  users: z.array(accountId).max(100).default([]).describe("Accounts whose posts are read, by number: the newest 3,200."),
  mentions: z.array(accountId).max(100).default([]).describe("Accounts whose mentions are read, by number: the newest 800."),
  token: secretReference.optional().describe("Reference to an app's bearer token (env:NAME or file:/path)."),
  clientId: z.string().min(1).max(500).optional().describe("The app's key (for an app) or the OAuth 2 client id (for an account), itself or by reference."),
  clientSecret: secretReference.optional().describe("Reference to the secret that belongs to it."),
  account: z.string().min(1).max(200).meta(grantMark()).optional().describe("Reads as the account that granted access in the browser under this name; absent: as the app."),
  startAt: z.enum(["now", "oldest"]).default("now").describe("Where a first start begins: with the newest page, or backfillHours ago."),
  backfillHours: z.number().min(0).max(200_000).default(24).describe("How far back a first start goes with startAt: oldest; without the archive seven days at most."),
  backfillMinutes: z.int().min(0).max(5).default(0).describe("Minutes that X fills itself when a stream is opened again, where the plan has it."),
  pollSeconds: z.number().min(1).max(86_400).default(60).describe("Pause between polls; up to eight times as long while nothing comes."),
  complianceHours: z
    .number()
    .min(0)
    .max(720)
    .default(24)
    .describe("So often X is asked, by a compliance job, which of the last 100,000 posts are to be forgotten; it costs no posts. 0: never."),
  postsPerMonth: z
    .int()
    .min(200)
    .max(1_000_000_000)
    .default(3_000_000)
    .describe("Posts that may be read in a month; a paying app has 3,000,000 in a billing cycle. Nothing is asked for beyond."),
  monthStartsOn: z.int().min(1).max(31).default(1).describe("Day of the month on which X counts anew, by UTC: the day of the subscription, as the developer console shows it."),
  complianceStreams: z
    .boolean()
    .default(false)
    .describe(
      "Follows the streams in which X tells of posts and accounts that are to be forgotten, where the plan has them (Enterprise): eight connections, all of X's deletions.",
    ),
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
});
type Chosen = z.output<typeof options>;

/** An app proves itself with its key and secret at one address, an account's client at another (docs.x.com/fundamentals/authentication, 2026-11). */
function credentialOf(chosen: Chosen): CredentialSpec {
  if (chosen.token !== undefined) return { kind: "token", token: chosen.token };
  const { clientId, clientSecret, account, server } = chosen;
  if (clientId === undefined) throw new EarshotError("CONFIG_INVALID", "x: expected token, or clientId with clientSecret or account");
  if (account !== undefined) {
    return {
      kind: "oauth2",
      grant: "authorization_code",
      tokenUrl: new URL("/2/oauth2/token", server).href,
      clientId,
      account,
      ...(clientSecret !== undefined && { clientSecret }),
    };
  }
  if (clientSecret === undefined) throw new EarshotError("CONFIG_INVALID", "x.clientSecret: expected a reference to the secret of the app's key");
  return { kind: "oauth2", grant: "client_credentials", tokenUrl: new URL("/oauth2/token", server).href, clientId, clientSecret, clientAuth: "basic" };
}

async function apiOf(chosen: Chosen, context: SourceContext): Promise<Api> {
  const isApp = chosen.account === undefined;
  return openApi({ server: chosen.server, isApp, postsPerMonth: chosen.postsPerMonth, monthDay: chosen.monthStartsOn }, await context.credential(credentialOf(chosen)), context);
}

/** X, by API v2; recordings of v1.1 are read too. */
const x: Connector<typeof options> = {
  name: "x",
  doc: "X (Twitter) by API v2: recent and archive search, the filtered stream, posts and mentions of accounts.",
  options,
  platform: () => "x",
  keepDefault: "everything",
  egress: "one-address",
  simulated: ({ simulated }) => simulated,
  async open(chosen, context) {
    if (chosen.queries.length + chosen.users.length + chosen.mentions.length === 0) throw new EarshotError("CONFIG_INVALID", "x: expected queries, users or mentions");
    if (chosen.mode === "stream" && chosen.account !== undefined) throw new EarshotError("CONFIG_INVALID", "x.mode: streams are read as an app, not as an account");
    if (chosen.complianceStreams && chosen.account !== undefined) throw new EarshotError("CONFIG_INVALID", "x.complianceStreams: they are read as an app, not as an account");
    const api = await apiOf(chosen, context);
    return {
      read: (cursor, signal) => readX(chosen, api, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => xParser,
  raws: (_, message, receivedAt) => rawsOfMessage(message, receivedAt),
  split: splitRecorded,
  failures,
  expected: () => expected,
  apiVersion: { name: "2", source: "https://docs.x.com/changelog" },
  changelogs: ["https://docs.x.com/changelog/rss.xml"],
  /** Neither call reads a post. */
  async canary(chosen, context) {
    const api = await apiOf(chosen, context);
    await api.get(api.isApp ? "usage" : "me", {});
  },
  async forecast(chosen, context) {
    return forecastX(chosen, await apiOf(chosen, context));
  },
  authorization({ account, clientId, clientSecret, server }) {
    if (account === undefined || clientId === undefined) return undefined;
    return {
      authorizeUrl: server === "https://api.x.com" ? "https://x.com/i/oauth2/authorize" : new URL("/i/oauth2/authorize", server).href,
      tokenUrl: new URL("/2/oauth2/token", server).href,
      revokeUrl: new URL("/2/oauth2/revoke", server).href,
      clientId,
      ...(clientSecret !== undefined && { clientSecret }),
      scope: "tweet.read users.read offline.access",
      pkce: true,
    };
  },
};

export default x;
