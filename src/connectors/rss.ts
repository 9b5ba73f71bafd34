import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { expected } from "./rss/expected.ts";
import { table } from "./rss/failures.ts";
import { feedKey } from "./rss/identity.ts";
import { parseRss, rawsOfFeed } from "./rss/parse.ts";
import { readFeeds } from "./rss/poll.ts";
import { splitRecorded } from "./rss/recorded.ts";

const options = z.strictObject({
  feeds: z
    .array(
      z
        .url({ protocol: /^https?$/ })
        .refine(
          (address) => !URL.canParse(address) || (new URL(address).username === "" && new URL(address).password === ""),
          "expected an address without a user's name and password",
        ),
    )
    .min(1)
    .max(500)
    .describe("Addresses of RSS, Atom or JSON feeds, or of pages that name one."),
  pollSeconds: z
    .number()
    .min(1)
    .max(86_400)
    .default(900)
    .describe("Pause between two readings of a feed; longer where the feed asks for it (ttl, sy:updatePeriod, Cache-Control)."),
  simulated: z.boolean().default(false).describe("The feeds are a simulator's: their posts are labelled as simulated."),
});

/** A simulator's port changes from start to start; its ids must not. */
function keyOf(address: string, simulated: boolean): string {
  const key = feedKey(address);
  return simulated ? `simulated.example${key.slice(key.indexOf("/"))}` : key;
}

/** Blogs, news, podcasts and videos: RSS 0.9 to 2.0, Atom 0.3 and 1.0, JSON Feed. */
const rss: Connector<typeof options> = {
  name: "rss",
  doc: "Feeds of blogs, news, podcasts and videos: RSS, Atom, JSON Feed; many in one source, no key needed.",
  options,
  platform: () => "rss",
  keepDefault: "everything",
  failures: table.kinds,
  expected: () => expected,
  simulated: ({ simulated }) => simulated,
  async open({ feeds, pollSeconds, simulated }, context) {
    const addresses = new Map(feeds.map((address) => [keyOf(address, simulated), address]));
    const list = [...addresses].map(([key, address]) => ({ key, address }));
    return {
      read: (cursor, signal) => readFeeds(list, pollSeconds * 1_000, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  parser: () => parseRss,
  raws: ({ feeds: [first = ""], simulated }, message, receivedAt) => rawsOfFeed(message, keyOf(first, simulated), first, receivedAt),
  split: splitRecorded,
};

export default rss;
