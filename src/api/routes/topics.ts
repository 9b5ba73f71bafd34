import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, limitParameter, problems, queryParameter } from "../schemas.ts";
import { answerSchema, linesSchema, mixOf, viewTopic } from "../topic-schemas.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const tags = ["topics"];
/** @throws USAGE */
function spanOf({ from, to }: { readonly from?: string; readonly to?: string }): { readonly fromMs: number; readonly toMs: number } {
  const toMs = to === undefined ? Date.now() : Date.parse(to);
  const fromMs = from === undefined ? toMs - dayMs : Date.parse(from);
  if (!(fromMs < toMs) || toMs - fromMs > 366 * dayMs) throw new EarshotError("USAGE", "from, to: expected a span of at most 366 days, its start before its end");
  return { fromMs, toMs };
}

const spanParameters = { from: Type.Optional(instant("Inclusive; absent: 24 hours before `to`.")), to: Type.Optional(instant("Exclusive; absent: now.")) };

export function addTopicRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/topics",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "What the posts that match speak of: topics with words, size, sentiment and posts that stand for them",
        querystring: Type.Object(
          {
            q: Type.Optional(queryParameter),
            ...spanParameters,
            sample: Type.Optional(Type.Integer({ minimum: 500, maximum: 10_000, default: 4_000, description: "Posts that are read at most." })),
            compare: Type.Optional(Type.Union([Type.Literal("before")], { description: "before: beside the period of the same length before." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: answerSchema, ...problems },
      },
    },
    async (request) => {
      const { q, sample, compare } = request.query;
      const span = spanOf(request.query);
      const found = await engine.topics.sample({ q: q ?? "", filter: viewerOf(request).filter, ...span, most: sample ?? 4_000, compare: compare === "before" });
      const { changes, ended, postsBefore } = found;
      return {
        from: iso(span.fromMs),
        to: iso(span.toMs),
        posts: found.posts,
        read: found.read,
        none: found.none,
        partSeconds: found.partMs / 1_000,
        topics: found.topics.map((topic, i) => {
          const change = changes?.[i];
          return { ...viewTopic(topic), ...(change && { change: change.is, before: change.before }) };
        }),
        ...(ended && { ended: ended.map(viewTopic) }),
        ...(postsBefore !== undefined && { postsBefore }),
      };
    },
  );

  app.get(
    "/api/v1/topics/lines",
    {
      schema: {
        tags,
        summary: "Topics as they go on from hour to hour: born, split, gone into another, ended",
        querystring: Type.Object({ ...spanParameters, limit: Type.Optional(limitParameter(200, 30)) }, { additionalProperties: false }),
        response: { 200: linesSchema, ...problems },
      },
    },
    async (request) => {
      const { lines, hours } = await engine.topics.lines({ ...spanOf(request.query), limit: request.query.limit ?? 30 });
      return {
        items: lines.map(({ id, language, words, bornAt, lastAt, parents, into, hours: lived, middle }) => ({
          id,
          language,
          words: [...words],
          bornAt: iso(bornAt),
          lastAt: iso(lastAt),
          parents: [...parents],
          ...(into !== undefined && { into }),
          hours: lived.map(({ at, posts, authors, ...mix }) => ({ at: iso(at), posts, authors, sentiment: mixOf(mix) })),
          middle: [...middle],
        })),
        hours: hours.map(({ at, ...rest }) => ({ at: iso(at), ...rest })),
      };
    },
  );
}
