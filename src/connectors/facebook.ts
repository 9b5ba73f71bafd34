import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import { parseFacebook } from "./facebook/parse.ts";
import { facebookShapes } from "./facebook/shapes.ts";
import { splitGraph } from "./graph/answers.ts";
import { graphFailures } from "./graph/failures.ts";
import { graphOptions } from "./graph/options.ts";
import { rawsOf } from "./graph/parse.ts";
import { receiveGraph } from "./graph/webhook.ts";

const options = z.strictObject({
  pages: z
    .array(z.string().regex(/^(?:\d{1,25}|[A-Za-z0-9.]{5,50})$/, "expected a page's id or user name"))
    .min(1)
    .max(200)
    .describe("Ids of the pages."),
  collect: z
    .array(z.enum(["posts", "tagged", "comments", "ratings"]))
    .min(1)
    .default(["posts", "comments"])
    .describe("posts: what stands on the page; tagged: posts elsewhere that name it; comments: with their replies; ratings: recommendations."),
  ...graphOptions,
});

const facebook: Connector<typeof options> = {
  name: "facebook",
  doc: "Pages of Facebook by the Graph API.",
  options,
  platform: () => "facebook",
  simulated: ({ simulated }) => simulated,
  keepDefault: "everything",
  async open() {
    throw new EarshotError("CONFIG_INVALID", "facebook: reading is not there yet");
  },
  parser: () => parseFacebook,
  raws: (_, message, receivedAt) => rawsOf(message, facebookShapes, parseFacebook, receivedAt),
  receive: (chosen, request, readSecret) => receiveGraph(chosen, request, readSecret, facebookShapes, parseFacebook),
  split: (file) => splitGraph(file, facebookShapes),
  failures: graphFailures("facebook"),
};

export default facebook;
