/** Options that a connector needs to parse, where a recorded file does not tell them. */
export const neutralOptions: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  files: { paths: ["recorded"] },
  mastodon: { server: "https://mastodon.example" },
  facebook: { pages: ["1"], token: "env:TOKEN" },
  instagram: { account: "1", token: "env:TOKEN" },
  webhook: { secrets: ["env:NONE"] },
  nostr: { relays: ["wss://relay.example"] },
  rss: { feeds: ["https://recorded.example/feed"] },
  reddit: { clientId: "recorded", contact: "recorded", subreddits: ["recorded"] },
};
