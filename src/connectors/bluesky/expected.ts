import type { ExpectedFields } from "../../core/expected.ts";

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === "object" && value !== null && !Array.isArray(value);
const names: Readonly<Record<string, string>> = {
  "app.bsky.feed.post": "post",
  "app.bsky.feed.like": "reaction",
  "app.bsky.feed.repost": "reaction",
  "app.bsky.actor.profile": "profile",
};

/** Messages of Jetstream (github.com/bluesky-social/jetstream) and the records in them (lexicons app.bsky.feed.post, .like, .repost, actor.profile; read 2026-11). */
export const expected: ExpectedFields = {
  entities: {
    message: {
      required: { did: "text", time_us: "number", kind: "text" },
      optional: { commit: "object", account: "object", identity: "object", sync: "object" },
    },
    post: {
      required: { $type: "text", text: "text", createdAt: "instant" },
      optional: {
        langs: "list",
        facets: "list",
        tags: "list",
        entities: "list",
        embed: "object",
        labels: "object",
        reply: "object",
        via: "text",
        bridgyOriginalText: "text",
        bridgyOriginalUrl: "text",
      },
    },
    reaction: { required: { $type: "text", subject: "object", "subject.uri": "text", "subject.cid": "text", createdAt: "instant" }, optional: { via: "object" } },
    profile: {
      required: { $type: "text" },
      optional: {
        displayName: "text",
        description: "text",
        pronouns: "text",
        website: "text",
        avatar: "object",
        banner: "object",
        labels: "object",
        joinedViaStarterPack: "object",
        pinnedPost: "object",
        createdAt: "instant",
      },
    },
  },
  *find(message) {
    yield ["message", message];
    const commit = message["commit"];
    if (!isRecord(commit) || commit["operation"] === "delete" || !isRecord(commit["record"])) return;
    const name = names[String(commit["collection"])];
    if (name !== undefined) yield [name, commit["record"]];
  },
};
