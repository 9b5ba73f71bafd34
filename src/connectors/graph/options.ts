import { z } from "zod";
import { grantMark, secretReference } from "../../core/config.ts";

/** What both connectors of the Graph API are set by. */
export const graphOptions = {
  token: secretReference.optional().describe("Reference to a user, system user or page access token (env:NAME or file:/path). Page tokens are found with it."),
  grant: z
    .string()
    .regex(/^[\w.@-]{1,100}$/)
    .meta(grantMark())
    .optional()
    .describe("Name of the access that somebody granted in the browser, in place of a token."),
  exchange: z
    .boolean()
    .default(false)
    .describe("The token is a user's short-lived one: it is exchanged for one of 60 days, and that one again before it ends. Needs appId and appSecret."),
  appId: z
    .string()
    .regex(/^\d{1,25}$/)
    .optional()
    .describe("The app's id, for a grant in the browser; with the secret, a token about to end is exchanged for a long-lived one."),
  appSecret: secretReference.optional().describe("Reference to the app's secret: every call then carries its proof (appsecret_proof), and webhooks are checked by it."),
  verifyToken: secretReference.optional().describe("Reference to the word that the platform must say when it subscribes to the webhook."),
  version: z
    .string()
    .regex(/^v\d{1,2}\.\d$/, "expected a version as v25.0")
    .default("v25.0")
    .describe("The version of the Graph API that is asked for."),
  pollSeconds: z.number().min(10).max(86_400).default(300).describe("Pause between polls."),
  backfillDays: z.number().min(0).max(3_650).default(7).describe("How far back a first start reads; what is older is told as a gap."),
  refreshDays: z.number().min(0).max(365).default(3).describe("Posts so young are read again for their counts, comments, edits and deletion."),
  rereadPosts: z
    .int()
    .min(0)
    .max(500)
    .default(10)
    .describe("Of the newest 2,000 posts those that are older are read again, so many after each poll, with their comments: edits, counts, and what is gone. 0: never."),
  insightsHours: z
    .number()
    .min(1)
    .max(168)
    .default(6)
    .describe("With insights in collect: the figures of posts as young as refreshDays are asked for again after so long, fifty after each poll at most."),
  requestsPerHour: z.int().min(1).max(1_000_000).default(200).describe("Calls in an hour with this token: 200 for each user of the app; a page's own allowance is larger."),
  server: z
    .url({ protocol: /^https?$/ })
    .default("https://graph.facebook.com")
    .describe("Address of the Graph API."),
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
};

export type GraphOptions = z.output<z.ZodObject<typeof graphOptions>>;

/** Last days of the versions, where told (Graph API changelog, Versions, read 2026-11). */
const versionEnds: Readonly<Record<string, string>> = {
  "v19.0": "2026-05-21",
  "v20.0": "2026-09-24",
  "v21.0": "2027-01-21",
  "v22.0": "2027-05-20",
  "v23.0": "2027-10-08",
  "v24.0": "2028-02-18",
  "v25.0": "2028-07-29",
};

export const graphVersion = { name: "v25.0", retiresAt: versionEnds["v25.0"] ?? "", source: "https://developers.facebook.com/docs/graph-api/changelog/versions/" };

/** Days until a version ends; undefined: not told. */
export function daysLeft(version: string, nowMs: number): number | undefined {
  const end = versionEnds[version];
  return end === undefined ? undefined : Math.floor((Date.parse(end) - nowMs) / 86_400_000);
}
