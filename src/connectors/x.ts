import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { EarshotError } from "../core/errors.ts";
import { rawsOfMessage, splitRecorded, xParser } from "./x/parse.ts";
import { failures } from "./x/problem.ts";

const options = z.strictObject({
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
});

/** X, by API v2; recordings of v1.1 are read too. */
const x: Connector<typeof options> = {
  name: "x",
  doc: "X (Twitter), API v2.",
  options,
  platform: () => "x",
  keepDefault: "everything",
  simulated: ({ simulated }) => simulated,
  failures,
  async open() {
    throw new EarshotError("CONFIG_INVALID", "x: reading is not there yet, only recorded answers are parsed");
  },
  parser: () => xParser,
  raws: (_, message, receivedAt) => rawsOfMessage(message, receivedAt),
  split: splitRecorded,
};

export default x;
