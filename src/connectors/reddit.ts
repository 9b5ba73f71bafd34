import { z } from "zod";
import type { Connector, SourceContext } from "../core/component.ts";
import { grantMark, secretReference } from "../core/config.ts";
import { authorizationSpec, credentialSpec } from "./reddit/access.ts";
import { openApi } from "./reddit/api.ts";
import { failures } from "./reddit/failures.ts";
import { expected } from "./reddit/fields.ts";
import { forecastReddit } from "./reddit/forecast.ts";
import { rawsOfMessage, redditParser, splitRecorded } from "./reddit/parse.ts";
import { readReddit } from "./reddit/read.ts";

const name = z.string().regex(/^[\w-]{2,50}$/, "expected a name without r/ or u/");

const options = z.strictObject({
  app: z
    .enum(["script", "web", "installed", "userless"])
    .default("script")
    .describe(
      "Type of the app registered under reddit.com/prefs/apps. script: with the owner's account and password; web: a person grants access in the browser; installed: no secret, no account; userless: secret, no account.",
    ),
  clientId: z.string().min(1).max(200).describe("The app's id, itself or by reference."),
  clientSecret: secretReference.optional().describe("Reference to the app's secret (env:NAME or file:/path); installed apps have none."),
  username: secretReference.optional().describe("script: reference to the account's name."),
  password: secretReference.optional().describe("script: reference to the account's password."),
  account: z
    .string()
    .min(1)
    .max(200)
    .meta(grantMark({ app: "web" }))
    .optional()
    .describe("web: the grant that a person gave in the browser, by its name."),
  refreshToken: secretReference.optional().describe("web, instead of account: reference to a refresh token."),
  deviceId: z
    .string()
    .min(20)
    .max(30)
    .default("DO_NOT_TRACK_THIS_DEVICE")
    .describe("installed: 20 to 30 characters that tell this installation from others; the default tells nothing."),
  contact: name.describe("Account that answers for this program; Reddit wants it in the user agent."),
  subreddits: z.array(name).max(100).default([]).describe("Subreddits whose posts are read, without r/."),
  comments: z.boolean().default(true).describe("The comments of the subreddits too."),
  searches: z.array(z.string().min(1).max(512)).max(50).default([]).describe("Searches over all of Reddit, in its own syntax; posts alone are found."),
  users: z.array(name).max(100).default([]).describe("Accounts whose posts and comments are read, without u/."),
  threads: z.boolean().default(true).describe("The comments of posts that searches and accounts bring: read when found and whenever the post is looked at again."),
  threadCalls: z.int().min(0).max(1_000).default(20).describe("Calls that one thread may take for comments that its tree leaves out, 100 comments each."),
  fillCalls: z
    .int()
    .min(0)
    .max(10_000)
    .default(60)
    .describe("Calls that may be spent, 100 ids each, when more came between two polls than the 1,000 that a listing shows; beyond that a gap is told."),
  pollSeconds: z.number().min(2).max(3_600).default(30).describe("Pause between polls of a listing; up to eight times as long while nothing comes, shorter while much does."),
  refreshMinutes: z
    .number()
    .min(0)
    .max(1_440)
    .default(60)
    .describe(
      "Posts and comments are looked at again after this, then 4, 16 and 27 times as long: counts, edits and deletions. By default the last look is after 48 hours, as Reddit's terms ask; 0: never.",
    ),
  startAt: z.enum(["now", "oldest"]).default("now").describe("Where a first start begins: with the newest page, or with all that the listings show (1,000 at most)."),
  requestsPerMinute: z.int().min(1).max(10_000).default(98).describe("Calls a minute. Reddit allows 100 for each client, over ten minutes; contracts allow more."),
  server: z
    .url({ protocol: /^https?$/ })
    .default("https://oauth.reddit.com")
    .describe("Address of the API."),
  tokenServer: z
    .url({ protocol: /^https?$/ })
    .default("https://www.reddit.com")
    .describe("Address that gives out tokens."),
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
});

async function openedApi(chosen: z.output<typeof options>, context: SourceContext) {
  return openApi(chosen, await context.credential(credentialSpec(chosen)), context);
}

/** Reddit's Data API. Posts and comments share the identity of an account by its name, see `accountId`. */
const reddit: Connector<typeof options> = {
  name: "reddit",
  doc: "Reddit: posts and comments of subreddits, searches and accounts, by the Data API with OAuth.",
  options,
  platform: () => "reddit",
  keepDefault: "everything",
  egress: "one-address",
  simulated: ({ simulated }) => simulated,
  async open(chosen, context) {
    const api = await openedApi(chosen, context);
    return {
      read: (cursor, signal) => readReddit(chosen, api, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => redditParser,
  raws: (_, message, receivedAt) => rawsOfMessage(message, receivedAt),
  split: splitRecorded,
  failures,
  expected: () => expected,
  apiVersion: { name: "Data API v1", source: "https://www.reddit.com/dev/api" },
  authorization: authorizationSpec,
  async canary(chosen, context) {
    // The announcements' own subreddit: always there, and read with any token.
    await (await openedApi(chosen, context)).info(["t5_2qgzt"], AbortSignal.timeout(30_000));
  },
  async forecast(chosen, context) {
    return forecastReddit(chosen, await openedApi(chosen, context), context.clock.now(), AbortSignal.timeout(120_000));
  },
};

export default reddit;
