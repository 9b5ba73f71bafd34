import { z } from "zod";
import type { Connector } from "../core/component.ts";
import { expected } from "./bluesky/expected.ts";
import { table } from "./bluesky/failures.ts";
import { readFirehose } from "./bluesky/firehose.ts";
import { publicJetstreams, readJetstream } from "./bluesky/jetstream.ts";
import { blueskyKey, blueskyParser, type collections } from "./bluesky/parse.ts";
import { splitRecorded } from "./bluesky/recorded.ts";

const names = ["posts", "likes", "reposts", "profiles"] as const satisfies readonly (keyof typeof collections)[];

const options = z.strictObject({
  via: z.enum(["jetstream", "firehose"]).default("jetstream").describe("jetstream: JSON, filtered by the server. firehose: com.atproto.sync.subscribeRepos of any PDS or relay."),
  endpoints: z
    .array(z.url({ protocol: /^wss?$/ }))
    .min(1)
    .max(20)
    .optional()
    .describe(
      "WebSocket addresses; the next one is taken when one fails. Absent: the public Jetstream servers, or the public relay. A firehose uses the first only, as cursors belong to one server.",
    ),
  collections: z.array(z.enum(names)).min(1).default(["posts", "likes", "reposts"]).describe("Which records are collected."),
  dids: z
    .array(z.string().regex(/^did:[a-z]+:\S+$/))
    .max(10_000)
    .default([])
    .describe("Only these accounts; empty: all."),
  startAt: z.enum(["now", "oldest"]).default("now").describe("Where a first start begins: with what comes, or with the oldest that the server still holds."),
  inactiveAccounts: z
    .enum(["erase", "keep"])
    .default("erase")
    .describe("Posts of deactivated, suspended and taken-down accounts: erased (as the AT Protocol asks for), or kept until the account is deleted."),
  simulated: z.boolean().default(false).describe("The endpoints are a simulator: its posts are labelled as simulated."),
});

/**
 * Bluesky and every AT Protocol network of its lexicons. A post's native id is its at:// uri, an author's the DID.
 * A like or repost is a reaction whose mark is its own uri. Replies are not counted here: a reply's message goes to its own
 * partition, so its parent's count comes from conversation rollups.
 */
const bluesky: Connector<typeof options> = {
  name: "bluesky",
  expected: () => expected,
  failures: table.kinds,
  doc: "Bluesky: the whole network's posts, likes and reposts, by Jetstream or by a firehose.",
  options,
  platform: () => "bluesky",
  keepDefault: "matching",
  changelogs: ["https://docs.bsky.app/blog/rss.xml", "https://atproto.com/rss.xml"],
  simulated: ({ simulated }) => simulated,
  async open({ via, endpoints, ...rest }, context) {
    return {
      read: (cursor, signal) =>
        via === "jetstream"
          ? readJetstream({ ...rest, endpoints: endpoints ?? publicJetstreams }, context, cursor, signal)
          : readFirehose({ ...rest, endpoints: endpoints ?? ["wss://bsky.network"] }, context, cursor, signal),
      async [Symbol.asyncDispose]() {},
    };
  },
  raws: (_chosen, message, receivedAt) => [{ ...blueskyKey(message), bytes: message, receivedAt }],
  split: splitRecorded,
  parser: ({ simulated, inactiveAccounts }) => blueskyParser({ simulated, inactiveAccounts }),
};

export default bluesky;
