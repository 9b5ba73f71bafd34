import { z } from "zod";
import { grantMark, secretReference } from "../core/config.ts";
import type { Connector } from "../core/component.ts";
import { youtubeAuthorization } from "./youtube/access.ts";
import { openApi } from "./youtube/api.ts";
import { failures } from "./youtube/errors.ts";
import { expected } from "./youtube/expected.ts";
import { forecastYouTube } from "./youtube/forecast.ts";
import { splitRecorded } from "./youtube/items.ts";
import { parseYouTube } from "./youtube/parse.ts";
import { rawsOfMessage } from "./youtube/raws.ts";
import { readYouTube } from "./youtube/read.ts";

const options = z
  .strictObject({
    key: secretReference.optional().describe("Reference to an API key of a Google Cloud project with YouTube Data API v3 (env:NAME or file:/path)."),
    oauth: z
      .strictObject({
        clientId: z.string().min(1).max(300).describe("The client's id in the Google Cloud project, itself or by reference."),
        clientSecret: secretReference.optional().describe("Reference to the client's secret."),
        refreshToken: secretReference.optional().describe("Reference to a refresh token, instead of an account."),
        account: z.string().min(1).max(200).meta(grantMark()).optional().describe("The account whose owner granted access in the browser, by its name here."),
        tokenServer: z
          .url({ protocol: /^https?$/ })
          .optional()
          .describe("Address that asks people and gives out tokens; absent: Google's."),
      })
      .optional()
      .describe("Access that a person granted, instead of a key: by a refresh token, or by the grant's name."),
    queries: z.array(z.string().min(1).max(500)).max(50).default([]).describe("Searches; each page of 50 results costs 100 units."),
    channels: z
      .array(z.string().regex(/^UC[A-Za-z0-9_-]{22}$/, "expected the id of a channel, UC and 22 characters"))
      .max(1_000)
      .default([])
      .describe("Channels whose uploads are read, at one unit a look: prefer them to searches."),
    videos: z
      .array(z.string().regex(/^[A-Za-z0-9_-]{11}$/, "expected the id of a video, 11 characters"))
      .max(1_000)
      .default([])
      .describe("Videos whose comments are read for good."),
    comments: z.boolean().default(true).describe("Read the comments of the videos found, with all replies."),
    searchMinutes: z.number().min(1).max(10_080).default(60).describe("Pause between two runs of a search."),
    pollMinutes: z.number().min(1).max(10_080).default(15).describe("Pause between two looks at a channel."),
    commentDays: z.number().min(0).max(365).default(30).describe("How long a found video's comments are read, at growing distances."),
    rereadHours: z
      .number()
      .min(0)
      .max(720)
      .default(24)
      .describe(
        "Comments of a followed video are read again after so long although their number stayed: for edits, and for those that are gone; a fifth of the day's units at most. 0: only when their number changes.",
      ),
    backfillHours: z.number().min(0).max(87_600).default(24).describe("How far back a first start goes."),
    unitsPerDay: z.int().min(1).max(100_000_000).default(10_000).describe("The project's quota: units until midnight in Los Angeles."),
    storedItems: z
      .int()
      .min(0)
      .max(50_000)
      .default(10_000)
      .describe("How many videos and comments are refreshed before they are 30 days old, as the terms ask; what is more must be deleted by retention."),
    address: z
      .url({ protocol: /^https?$/ })
      .default("https://www.googleapis.com")
      .describe("Where the API answers."),
    simulated: z.boolean().default(false).describe("The API is a simulator's: its posts are labelled as simulated."),
  })
  .refine(({ key, oauth }) => key === undefined || oauth === undefined, "expected key or oauth, not both");

/** YouTube Data API v3: videos of channels and searches, comments and replies, statistics. */
const youtube: Connector<typeof options> = {
  name: "youtube",
  doc: "YouTube: uploads of channels, searches, comments with replies, statistics; an API key and a quota of units a day.",
  options,
  platform: () => "youtube",
  keepDefault: "everything",
  egress: "one-address",
  simulated: ({ simulated }) => simulated,
  async open(chosen, context) {
    const api = await openApi(chosen, context);
    return {
      read: (cursor, signal) => readYouTube(chosen, api, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => parseYouTube,
  raws: (_chosen, message, receivedAt) => rawsOfMessage(message, receivedAt),
  split: splitRecorded,
  failures,
  expected: () => expected,
  apiVersion: { name: "v3", source: "https://developers.google.com/youtube/v3/revision_history" },
  async canary(chosen, context) {
    const api = await openApi(chosen, context);
    await api.list("i18nLanguages", { part: "id" }, AbortSignal.timeout(30_000));
  },
  forecast: async (chosen, context) => forecastYouTube(chosen, await openApi(chosen, context), context),
  authorization: ({ oauth }) => oauth && youtubeAuthorization(oauth),
};

export default youtube;
