import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { expected } from "./hackernews/expected.ts";
import { table } from "./hackernews/failures.ts";
import { openHackerNews } from "./hackernews/api.ts";
import { parseItem, rawOf } from "./hackernews/parse.ts";
import { readHackerNews } from "./hackernews/read.ts";
import { splitRecorded } from "./hackernews/recorded.ts";

const options = z.strictObject({
  address: z
    .url({ protocol: /^https?$/ })
    .default("https://hacker-news.firebaseio.com/v0")
    .describe("The API's address."),
  pollSeconds: z.number().min(1).max(3_600).default(15).describe("Pause between two looks for new items."),
  backfillItems: z.int().min(0).max(1_000_000).default(500).describe("At the first start: how many of the newest items are read; 500 are about an hour."),
  frontPageItems: z.int().min(0).max(500).default(60).describe("At the first start: how many stories of the front page are read."),
  requestsPerMinute: z.int().min(10).max(60_000).default(3_000).describe("At most so many; the API names no limit of its own."),
  simulated: z.boolean().default(false).describe("The server is a simulator: its posts are labelled as simulated."),
});

/** Hacker News: stories, comments, jobs and polls. */
const hackernews: Connector<typeof options> = {
  name: "hackernews",
  expected: () => expected,
  failures: table.kinds,
  doc: "Hacker News: every story, comment, job and poll, by the official API; no key needed.",
  options,
  platform: () => "hackernews",
  keepDefault: "everything",
  changelogs: ["https://github.com/HackerNews/API/commits/master.atom"],
  simulated: ({ simulated }) => simulated,
  async open({ address, requestsPerMinute, ...chosen }, context) {
    const api = openHackerNews(address, requestsPerMinute, context);
    return {
      read: (cursor, signal) => readHackerNews(chosen, api, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => parseItem,
  split: splitRecorded,
  raws: (_chosen, message, receivedAt) => [rawOf(message, receivedAt)],
};

export default hackernews;
