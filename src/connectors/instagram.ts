import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { splitGraph } from "./graph/answers.ts";
import { graphFailures } from "./graph/failures.ts";
import { graphAuthorization } from "./graph/access.ts";
import { checkToken, openGraph } from "./graph/client.ts";
import { forecastGraph } from "./graph/forecast.ts";
import { graphOffers } from "./graph/offers.ts";
import { graphOptions, graphVersion } from "./graph/options.ts";
import { rawsOf } from "./graph/parse.ts";
import { readGraph } from "./graph/read.ts";
import { receiveGraph } from "./graph/webhook.ts";
import { instagramExpected } from "./instagram/expected.ts";
import { parseInstagram } from "./instagram/parse.ts";
import { instagramPlan } from "./instagram/read.ts";
import { instagramShapes } from "./instagram/shapes.ts";
import { isJson } from "./json/decode.ts";

const options = z.strictObject({
  account: z
    .string()
    .regex(/^\d{1,25}$/, "expected the id of an Instagram account")
    .describe("Id of the business or creator account that asks; its own posts are read."),
  hashtags: z
    .array(z.string().regex(/^[\p{L}\p{N}_]{1,100}$/u, "expected a hashtag without #"))
    .max(30)
    .default([])
    .describe("Hashtags whose newest posts are read; an account may ask for 30 different ones in seven days."),
  discover: z
    .array(z.string().regex(/^[A-Za-z0-9._]{1,30}$/))
    .max(200)
    .default([])
    .describe("User names of other business accounts whose posts are read."),
  collect: z
    .array(z.enum(["media", "tags", "comments", "stories", "insights"]))
    .min(1)
    .default(["media", "tags", "comments"])
    .describe(
      "media: the account's posts; tags: posts of others that tag it; comments: on its posts, with replies; stories: of the last day; insights: views, likes, comments and shares of the account's posts (needs the permission instagram_manage_insights).",
    ),
  ...graphOptions,
});

const instagram: Connector<typeof options> = {
  name: "instagram",
  doc: "Business and creator accounts of Instagram by the Graph API.",
  options,
  platform: () => "instagram",
  simulated: ({ simulated }) => simulated,
  keepDefault: "everything",
  egress: "one-address",
  async open(chosen, context) {
    const client = await openGraph("instagram", chosen, context);
    const plan = instagramPlan(chosen, client, context);
    return {
      read: (cursor, signal) => readGraph(plan, client, chosen, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => parseInstagram,
  raws: (_, message, receivedAt) => rawsOf(message, instagramShapes, parseInstagram, receivedAt),
  receive: (chosen, request, readSecret) => receiveGraph(chosen, request, readSecret, instagramShapes, parseInstagram),
  split: (file) => splitGraph(file, instagramShapes),
  failures: graphFailures("instagram"),
  expected: () => instagramExpected,
  apiVersion: graphVersion,
  changelogs: ["https://developers.facebook.com/blog/feed/"],
  canary: (chosen, context) => checkToken("instagram", chosen, context),
  forecast: (chosen, context) =>
    forecastGraph("instagram", chosen, 1 + chosen.hashtags.length + chosen.discover.length, { path: `${chosen.account}/media`, time: "timestamp" }, context),
  authorization: (chosen) =>
    graphAuthorization(
      chosen,
      `instagram_basic,instagram_manage_comments,pages_show_list,pages_read_engagement${chosen.collect.includes("insights") ? ",instagram_manage_insights" : ""}`,
    ),
  offers: {
    of: ["account"],
    /** A business account stands behind a page (Instagram API with Facebook Login, Get Started, 2026-11). */
    list: (chosen, context) =>
      graphOffers("instagram", chosen, context, "id,name,instagram_business_account{id,username}", ({ instagram_business_account: account }, _id, page) => {
        if (!isJson(account) || typeof account["id"] !== "string") return [];
        const { id: value, username } = account;
        return [{ option: "account", value, name: typeof username === "string" ? `@${username}` : value, detail: page }];
      }),
  },
};

export default instagram;
