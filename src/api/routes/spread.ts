import { type Static, Type } from "typebox";
import type { SpreadTie } from "../../stores/search-spread.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, limitParameter, postSchema, problems, viewPost } from "../schemas.ts";
import { idOf, noPost } from "./provenance.ts";

const kindSchema = Type.Union([
  Type.Literal("repost"),
  Type.Literal("boost"),
  Type.Literal("retweet"),
  Type.Literal("crosspost"),
  Type.Literal("quote"),
  Type.Literal("copy"),
  Type.Literal("link"),
]);
type Kind = Static<typeof kindSchema>;
/** What platforms call sharing again; elsewhere it is a repost. */
const reshares: Readonly<Record<string, Kind>> = { mastodon: "boost", x: "retweet", reddit: "crosspost" };

function kindOf(tie: SpreadTie, platform: string): Kind {
  return tie === "reshare" ? (reshares[platform] ?? "repost") : tie;
}

const counted = <Name extends string>(values: ReadonlyMap<Name, number>) => [...values].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));

export function addSpreadRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/posts/:id/spread",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "How a post spreads: what shares it again, quotes it, says the same or links the same page, on all platforms and over time",
        description:
          "Looked up in the index: the original of what the post shares or quotes, and all posts that are tied to it, each counted once by its closest tie: a reshare (repost, boost, retweet, crosspost), a quote, a near-duplicate (copy), the same canonical link. What shares or quotes those in turn is followed six steps deep.",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        querystring: Type.Object({ limit: Type.Optional(limitParameter(500, 200)) }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            original: Type.Optional(postSchema),
            originalMissing: Type.Optional(Type.String({ description: "Id of the original where it is not stored, or not for you." })),
            links: Type.Array(Type.String(), { description: "Canonical links that others were sought by: tracking, mobile hosts, AMP and redirecting pages taken away." }),
            posts: Type.Integer({ description: "Tied to the original, which is not counted." }),
            exact: Type.Boolean({ description: "false: there are more; 50,000 are counted at most." }),
            kinds: Type.Array(Type.Object({ kind: kindSchema, posts: Type.Integer() }), { description: "The most frequent first; together they are `posts`." }),
            platforms: Type.Array(Type.Object({ platform: Type.String(), posts: Type.Integer() })),
            everySeconds: Type.Integer({ description: "Length of a bucket: an hour; a day or 30 where that would be more than 3,000 buckets." }),
            buckets: Type.Array(Type.Object({ at: instant("Its start."), platform: Type.String(), kind: kindSchema, posts: Type.Integer() }), {
              description: "Those with posts, the oldest first.",
            }),
            items: Type.Array(Type.Object({ kind: kindSchema, post: postSchema }), {
              description: "At most `limit`, the oldest first; where there are more, an even choice of reshares, quotes, copies and links, of each the first and the last with it.",
            }),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const found = await engine.provenance.spread(idOf(request.params.id), viewerOf(request).filter, request.query.limit ?? 200);
      if (found === undefined) throw noPost();
      const byKind = new Map<Kind, number>();
      const byPlatform = new Map<string, number>();
      for (const { platform, tie, posts } of found.cells) {
        const kind = kindOf(tie, platform);
        byKind.set(kind, (byKind.get(kind) ?? 0) + posts);
        byPlatform.set(platform, (byPlatform.get(platform) ?? 0) + posts);
      }
      return {
        ...(found.original && { original: viewPost(found.original) }),
        ...(found.originalMissing !== undefined && { originalMissing: found.originalMissing }),
        links: [...found.links],
        posts: found.posts,
        exact: found.exact,
        kinds: counted(byKind).map(([kind, posts]) => ({ kind, posts })),
        platforms: counted(byPlatform).map(([platform, posts]) => ({ platform, posts })),
        everySeconds: found.everyMs / 1_000,
        buckets: found.cells.map(({ at, platform, tie, posts }) => ({ at: iso(at), platform, kind: kindOf(tie, platform), posts })),
        items: found.shown.map(({ tie, post }) => ({ kind: kindOf(tie, post.platform), post: viewPost(post) })),
      };
    },
  );
}
