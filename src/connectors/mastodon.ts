import { z } from "zod";
import { grantMark, secretReference } from "../core/config.ts";
import type { Connector, SourceContext } from "../core/component.ts";
import type { Credential } from "../core/credential.ts";
import { expected } from "./mastodon/expected.ts";
import { mastodonFailures } from "./mastodon/failures.ts";
import { mastodonParser, rawsOfMessage } from "./mastodon/parse.ts";
import { readMastodon } from "./mastodon/read.ts";
import { splitRecorded } from "./mastodon/recorded.ts";
import { openServer } from "./mastodon/server.ts";

const options = z.strictObject({
  server: z.url({ protocol: /^https?$/ }).describe("The server's address, e.g. https://mastodon.social."),
  domain: z
    .string()
    .regex(/^[a-z0-9.:-]{1,253}$/)
    .optional()
    .describe("The name under which the server's statuses are known; absent: the address's host. It is part of every id: never change it."),
  token: secretReference
    .optional()
    .describe("Reference to an access token with the scope read (env:NAME or file:/path). Public streaming needs one since Mastodon 4.2, some servers' timelines too."),
  oauth: z
    .strictObject({
      clientId: z
        .string()
        .min(1)
        .max(500)
        .optional()
        .describe("Of an application that was registered on the server (Preferences, Development), itself or by reference; absent: one is registered there with each grant."),
      clientSecret: secretReference.optional().describe("Reference to the secret of that application."),
      account: z
        .string()
        .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
        .meta(grantMark())
        .describe("The account whose owner granted access in the browser, by its name here."),
    })
    .optional()
    .describe("Access that a person grants in the browser, in place of a token."),
  timelines: z
    .array(z.string().regex(/^(?:public|local|remote|#[\p{L}\p{N}_·]+)$/u, "expected public, local, remote or #hashtag"))
    .min(1)
    .max(20)
    .default(["public"])
    .describe("public: what the server knows of; local: its own accounts; remote: the others; #tag: statuses with a hashtag."),
  transport: z
    .enum(["auto", "websocket", "sse", "polling"])
    .default("auto")
    .describe("auto: WebSocket with a token, server-sent events where that is refused, polling without a token."),
  pollSeconds: z.number().min(1).max(3_600).default(15).describe("Pause between polls; up to eight times as long while nothing comes."),
  refreshMinutes: z
    .number()
    .min(0)
    .max(10_080)
    .default(60)
    .describe("Counts of a status are read again after this, 4 and 16 times as long, and a deletion is noticed then; 0: never."),
  startAt: z.enum(["now", "oldest"]).default("now").describe("Where a first start begins: with the newest page, or backfillHours ago."),
  requestsPer5Minutes: z
    .int()
    .min(1)
    .max(100_000)
    .default(270)
    .describe("Calls to the server in five minutes. Mastodon allows 300 for an account and for an address; a server of your own may allow more."),
  backfillHours: z.number().min(0).max(8_760).default(24).describe("How far back a cut is filled; what is older is told as a gap."),
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
});

/** A simulator's port changes from start to start; its ids must not. */
function domainOf({ domain, server, simulated }: z.output<typeof options>): string {
  return domain ?? (simulated ? "simulated.example" : new URL(server).host.toLowerCase());
}

type Chosen = z.output<typeof options>;

const scope = "read";
const at = (server: string, what: string) => new URL(`/oauth/${what}`, server).href;

/** The client in the body: all versions take it there (docs.joinmastodon.org/methods/oauth, 2025). */
function clientOf(server: string, { clientId, clientSecret }: NonNullable<Chosen["oauth"]>) {
  return { tokenUrl: at(server, "token"), ...(clientId !== undefined && { clientId }), ...(clientSecret !== undefined && { clientSecret, clientAuth: "body" as const }) };
}

async function credentialOf({ server, token, oauth }: Chosen, context: SourceContext): Promise<Credential | undefined> {
  if (oauth !== undefined) return context.credential({ kind: "oauth2", grant: "authorization_code", ...clientOf(server, oauth), account: oauth.account });
  return token === undefined ? undefined : context.credential({ kind: "token", token });
}

/** Mastodon and the servers that speak its API (GoToSocial, Pleroma, Akkoma, Pixelfed …), one server a source. */
const mastodon: Connector<typeof options> = {
  name: "mastodon",
  expected: () => expected,
  anonymous: true,
  doc: "One Mastodon server: public, local or hashtag timelines, by streaming with a token, by polling without.",
  options,
  platform: () => "mastodon",
  keepDefault: "everything",
  simulated: ({ simulated }) => simulated,
  async open(chosen, context) {
    const credential = await credentialOf(chosen, context);
    const server = openServer(chosen.server, domainOf(chosen), credential, chosen.requestsPer5Minutes, context);
    return {
      read: (cursor, signal) => readMastodon(chosen, server, credential !== undefined, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: (chosen) => mastodonParser({ server: domainOf(chosen), simulated: chosen.simulated }),
  failures: mastodonFailures,
  apiVersion: { name: "v1", source: "https://docs.joinmastodon.org/api/guidelines/" },
  changelogs: ["https://github.com/mastodon/mastodon/releases.atom"],
  raws: (chosen, message, receivedAt) => rawsOfMessage(message, domainOf(chosen), receivedAt),
  split: splitRecorded,
  async canary(chosen, context) {
    const credential = await credentialOf(chosen, context);
    if (credential === undefined) return;
    // Any living token may ask this (docs.joinmastodon.org/methods/apps, 2025).
    await context.http.request(new URL("/api/v1/apps/verify_credentials", chosen.server).href, { headers: { accept: "application/json" }, credential });
  },
  authorization({ server, oauth }) {
    return (
      oauth && {
        ...clientOf(server, oauth),
        authorizeUrl: at(server, "authorize"),
        revokeUrl: at(server, "revoke"),
        scope,
        // Taken since 4.3, and passed over before (docs.joinmastodon.org/spec/oauth, 2026-11).
        pkce: true,
        // Servers before 4.3 forget apps that have no token: one for each grant has one (docs.joinmastodon.org/methods/apps, 2026-11).
        registration: {
          url: new URL("/api/v1/apps", server).href,
          fields: (redirectUri) => ({ client_name: "Earshot", redirect_uris: redirectUri, scopes: scope }),
        },
      }
    );
  },
};

export default mastodon;
