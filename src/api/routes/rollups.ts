import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const dimensions = ["platform", "source", "language", "term"] as const;
const hourMs = 3_600_000;

const figure = Type.Integer();
const row = Type.Object({
  at: optionalInstant("Start of the bucket, UTC."),
  platform: Type.Optional(Type.String()),
  source: Type.Optional(Type.String()),
  language: Type.Optional(Type.String()),
  term: Type.Optional(Type.String()),
  posts: figure,
  negative: figure,
  neutral: figure,
  positive: figure,
  unscored: Type.Integer({ description: "Posts whose sentiment is not known." }),
  negativeTowards: Type.Integer({
    description:
      "Of the posts, those that speak badly of the term that is asked for, or of each by term; a post that was not looked at for that counts by its own sentiment, and so do all without a term.",
  }),
  neutralTowards: figure,
  positiveTowards: figure,
  likes: figure,
  shares: figure,
  replies: figure,
  views: figure,
  authors: Type.Optional(Type.Integer({ description: "Distinct authors." })),
  authorsExact: Type.Optional(Type.Boolean({ description: "false: a sketch, standard error 1 to 2%." })),
});

export function addRollupRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/rollups",
    {
      config: { forKept: true },
      schema: {
        tags: ["rollups"],
        summary: "Posts, sentiment and engagement over time, by platform, source, language and term",
        querystring: Type.Object(
          {
            from: Type.Optional(instant("Inclusive; absent: 24 hours before `to`.")),
            to: Type.Optional(instant("Exclusive; absent: now.")),
            grain: Type.Optional(Type.Union([Type.Literal("minute"), Type.Literal("hour"), Type.Literal("day"), Type.Literal("all")], { default: "hour" })),
            by: Type.Optional(Type.String({ maxLength: 100, description: `Comma-separated: ${dimensions.join(", ")}` })),
            term: Type.Optional(Type.String({ maxLength: 2_000, description: "Comma-separated ids of terms." })),
            language: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated tags." })),
            platform: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated names." })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            from: instant("As asked."),
            to: instant("As asked."),
            grain: Type.String(),
            freshAt: Type.Union([instant("When the newest change that is counted came in."), Type.Null()]),
            rows: Type.Array(row),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { query } = request;
      const viewer = viewerOf(request);
      const toMs = query.to === undefined ? Date.now() : Date.parse(query.to);
      const fromMs = query.from === undefined ? toMs - 24 * hourMs : Date.parse(query.from);
      if (!(fromMs < toMs)) throw new EarshotError("USAGE", "from: expected a time before `to`");
      const grain = query.grain ?? "hour";
      const answer = await engine.rollups({
        fromMs,
        toMs,
        grain,
        by: list(query.by).map(dimensionNamed),
        filter:
          query.platform === undefined ? viewer.filter : { ...viewer.filter, platforms: list(query.platform).filter((name) => viewer.filter.platforms?.includes(name) ?? true) },
        ...(query.term !== undefined && { terms: list(query.term) }),
        ...(query.language !== undefined && { languages: list(query.language) }),
      });
      return {
        from: iso(fromMs),
        to: iso(toMs),
        grain,
        freshAt: answer.freshAt === undefined ? null : iso(answer.freshAt),
        rows: answer.rows.map(({ at, ...rest }) => ({ ...(at !== undefined && { at: iso(at) }), ...rest })),
      };
    },
  );
}

function list(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function dimensionNamed(name: string): (typeof dimensions)[number] {
  const found = dimensions.find((known) => known === name);
  if (found === undefined) throw new EarshotError("USAGE", `by: expected ${dimensions.join(", ")}, came ${name.slice(0, 50)}`);
  return found;
}
