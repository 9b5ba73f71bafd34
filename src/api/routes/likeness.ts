import { type Static, Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { isAuthorId } from "../../core/ids.ts";
import type { AuthorLikeness } from "../../runtime/likeness.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, limitParameter, problems } from "../schemas.ts";

const likenessSchema = Type.Object(
  {
    author: Type.String({ description: "Pseudonym." }),
    posts: Type.Integer({ description: "So many of its newest posts were looked at, of those that are stored and for you; at most 500." }),
    more: Type.Boolean({ description: "It has older ones, which were not looked at." }),
    from: instant("Its oldest post that was looked at."),
    to: instant("Its newest one."),
    score: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()], {
      description: "How much it posts like a program: the logistic function of -3 and of what all reasons add. null: too few posts to tell. Not a probability of being one.",
    }),
    features: Type.Array(
      Type.Object({
        name: Type.String({ description: "rhythm, minute, night, rate, burst, copies, echoes, reshares, links, hashtags, spam, lengths, replies." }),
        value: Type.Number({
          description:
            "rhythm: share of the spaces between posts that are one period. minute: share of posts in one minute of the hour. night: hours of the day, one after the other, without a post. rate: posts a day. burst: most posts within a minute. reshares, links, replies: share of posts. copies: share of own posts that repeat an earlier one of theirs; echoes: that repeat somebody else. hashtags: of a post. spam: mean probability. lengths: standard deviation over mean.",
        }),
        adds: Type.Number({ description: "To the log odds; below 0 it speaks for a person." }),
        everySeconds: Type.Optional(Type.Number({ description: "rhythm: the period." })),
        spreadSeconds: Type.Optional(Type.Number({ description: "rhythm: half of the spaces are nearer to it than that." })),
      }),
      { description: "The strongest first." },
    ),
  },
  { description: "How an author posts, never who it is: people plan posts, programs can write as people do, and what was not collected is not known." },
);

function view({ author, posts, more, fromMs, toMs, score, features }: AuthorLikeness): Static<typeof likenessSchema> {
  return { author, posts, more, from: iso(fromMs), to: iso(toMs), score: score ?? null, features: features.map((one) => ({ ...one })) };
}

export function addLikenessRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/authors/:id/likeness",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "How much an author posts like a program, with the reasons",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: { 200: likenessSchema, ...problems },
      },
    },
    async (request) => {
      const { id } = request.params;
      const found = isAuthorId(id) ? await engine.likeness.of(id, viewerOf(request).filter) : undefined;
      if (found === undefined) throw new EarshotError("NOT_FOUND", "there is no author under this pseudonym, or no post of theirs is for you");
      return view(found);
    },
  );

  app.get(
    "/api/v1/authors/likeness",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["posts"],
        summary: "The most active authors of the last hours, by how much they post like programs",
        querystring: Type.Object(
          {
            hours: Type.Optional(
              Type.Integer({ minimum: 1, maximum: 720, default: 24, description: "Of the last so many hours, the newest 5,000 posts are looked at to find who posts most." }),
            ),
            top: Type.Optional(limitParameter(100, 20)),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            posts: Type.Integer({ description: "Posts of the window that were looked at." }),
            more: Type.Boolean({ description: "The window holds more, older ones." }),
            items: Type.Array(likenessSchema, { description: "The likest first; those with too few posts to tell last." }),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { hours, top } = request.query;
      const { posts, more, authors } = await engine.likeness.active({ hours: hours ?? 24, top: top ?? 20, nowMs: Date.now() }, viewerOf(request).filter);
      return { posts, more, items: authors.map(view) };
    },
  );
}
