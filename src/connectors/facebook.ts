import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { facebookExpected } from "./facebook/expected.ts";
import { parseFacebook } from "./facebook/parse.ts";
import { facebookPlan } from "./facebook/read.ts";
import { facebookShapes } from "./facebook/shapes.ts";
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

const options = z.strictObject({
  pages: z
    .array(z.string().regex(/^(?:\d{1,25}|[A-Za-z0-9.]{5,50})$/, "expected a page's id or user name"))
    .min(1)
    .max(200)
    .describe("Ids of the pages."),
  collect: z
    .array(z.enum(["posts", "tagged", "comments", "ratings", "insights"]))
    .min(1)
    .default(["posts", "comments"])
    .describe(
      "posts: what stands on the page; tagged: posts elsewhere that name it; comments: with their replies; ratings: recommendations; insights: views and reactions of posts, followers of the page (needs the permission read_insights).",
    ),
  ...graphOptions,
});

const facebook: Connector<typeof options> = {
  name: "facebook",
  doc: "Pages of Facebook by the Graph API.",
  options,
  platform: () => "facebook",
  simulated: ({ simulated }) => simulated,
  keepDefault: "everything",
  egress: "one-address",
  async open(chosen, context) {
    const client = await openGraph("facebook", chosen, context);
    const plan = facebookPlan(chosen);
    return {
      read: (cursor, signal) => readGraph(plan, client, chosen, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => parseFacebook,
  raws: (_, message, receivedAt) => rawsOf(message, facebookShapes, parseFacebook, receivedAt),
  receive: (chosen, request, readSecret) => receiveGraph(chosen, request, readSecret, facebookShapes, parseFacebook),
  split: (file) => splitGraph(file, facebookShapes),
  failures: graphFailures("facebook"),
  expected: () => facebookExpected,
  apiVersion: graphVersion,
  changelogs: ["https://developers.facebook.com/blog/feed/"],
  canary: (chosen, context) => checkToken("facebook", chosen, context),
  forecast: (chosen, context) => {
    const [page = ""] = chosen.pages;
    return forecastGraph("facebook", chosen, chosen.pages.length, { path: `${page}/feed`, page, time: "created_time" }, context);
  },
  authorization: (chosen) =>
    graphAuthorization(chosen, `pages_show_list,pages_read_engagement,pages_read_user_content${chosen.collect.includes("insights") ? ",read_insights" : ""}`),
  offers: {
    of: ["pages"],
    list: (chosen, context) =>
      graphOffers("facebook", chosen, context, "id,name,category", ({ category }, value, name) => [
        { option: "pages", value, name, ...(typeof category === "string" && { detail: category }) },
      ]),
  },
};

export default facebook;
