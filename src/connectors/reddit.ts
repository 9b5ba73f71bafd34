import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import { failures } from "./reddit/failures.ts";
import { expected } from "./reddit/fields.ts";
import { rawsOfMessage, redditParser, splitRecorded } from "./reddit/parse.ts";

const options = z.strictObject({
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
});

const reddit: Connector<typeof options> = {
  name: "reddit",
  doc: "Reddit: posts and comments of subreddits, searches and accounts, by the Data API with OAuth.",
  options,
  platform: () => "reddit",
  keepDefault: "everything",
  simulated: ({ simulated }) => simulated,
  async open() {
    throw new EarshotError("CONFIG_INVALID", "reddit: recordings are read only");
  },
  parser: () => redditParser,
  raws: (_, message, receivedAt) => rawsOfMessage(message, receivedAt),
  split: splitRecorded,
  failures,
  expected,
};

export default reddit;
