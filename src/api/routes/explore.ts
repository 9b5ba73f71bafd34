import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { type Metric, metricNamed, metrics, needs } from "../../metrics/metrics.ts";
import { exploreDimensions, type ExploreGrain, exploreGrains, type ExploreRow } from "../../runtime/explore.ts";
import { isKept } from "../../runtime/viewer.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { exploreSchema, metricSchema } from "../explore-schemas.ts";
import { instant, iso, limitParameter, problems, queryParameter } from "../schemas.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

const listOf = (text: string | undefined): readonly string[] | undefined => {
  const words = (text ?? "")
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  return text === undefined ? undefined : words;
};

/** The grain that makes some dozens of buckets. */
function grainFor(spanMs: number, metric: Metric): ExploreGrain {
  if (spanMs <= 3 * hourMs && !needs(metric, "authors")) return "minute";
  return spanMs <= 4 * dayMs ? "hour" : "day";
}

function viewMetric({ part, less, over, ofAll, ...rest }: Metric) {
  return { ...rest, part: [...part], ...(less !== undefined && { less: [...less] }), ...(over !== undefined && { over: [...over] }), ofAll: ofAll === true };
}

function viewRow(row: ExploreRow, withEngagement: boolean, withTowards: boolean) {
  const { at, key, value, low, high, posts, negative, neutral, positive, unscored, likes, shares, replies, views, authors } = row;
  const { negativeTowards, neutralTowards, positiveTowards } = row;
  return {
    ...(at !== undefined && { at: iso(at) }),
    key,
    value: value ?? null,
    ...(low !== undefined && { low }),
    ...(high !== undefined && { high }),
    posts,
    negative,
    neutral,
    positive,
    unscored,
    ...(withTowards && { negativeTowards, neutralTowards, positiveTowards }),
    ...(withEngagement && { likes, shares, replies, views }),
    ...(authors !== undefined && { authors }),
  };
}

export function addExploreRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/explore/metrics",
    {
      config: { forKept: true },
      schema: {
        tags: ["rollups"],
        summary: "The figures that people speak of: id, version, unit, definition, owner, and what each is made of",
        response: { 200: Type.Object({ items: Type.Array(metricSchema) }), ...problems },
      },
    },
    async () => ({ items: metrics.map(viewMetric) }),
  );

  app.get(
    "/api/v1/explore",
    {
      config: { forKept: true },
      schema: {
        tags: ["rollups"],
        summary: "One metric over time and by one dimension, of all posts or of those that a query finds",
        description: "Sums that are kept answer where they can. A query, hashtags and the like are answered by the search index, above its limit of work by the lake.",
        querystring: Type.Object(
          {
            metric: Type.Optional(Type.String({ maxLength: 60, default: "posts", description: "An id of `GET /api/v1/explore/metrics`." })),
            by: Type.Optional(Type.Union(exploreDimensions.map((name) => Type.Literal(name)))),
            from: Type.Optional(instant("Inclusive, widened to whole buckets; absent: 24 hours before `to`.")),
            to: Type.Optional(instant("Exclusive, widened to whole buckets; absent: now.")),
            grain: Type.Optional(
              Type.Union(
                exploreGrains.map((name) => Type.Literal(name)),
                { description: "Absent: what makes some dozens of buckets." },
              ),
            ),
            q: Type.Optional(queryParameter),
            term: Type.Optional(Type.String({ maxLength: 2_000, description: "Comma-separated ids of terms; any of them." })),
            language: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated tags." })),
            platform: Type.Optional(Type.String({ maxLength: 500, description: "Comma-separated names." })),
            top: Type.Optional(limitParameter(500, 50)),
          },
          { additionalProperties: false },
        ),
        response: { 200: exploreSchema, ...problems },
      },
    },
    async (request) => {
      const { query } = request;
      const viewer = viewerOf(request);
      const metric = metricNamed(query.metric ?? "posts");
      if (metric === undefined) throw new EarshotError("USAGE", `metric: expected ${metrics.map(({ id }) => id).join(", ")}, came ${(query.metric ?? "").slice(0, 50)}`);
      const withTowards = needs(metric, "negativeTowards");
      const toMs = query.to === undefined ? Date.now() : Date.parse(query.to);
      const fromMs = query.from === undefined ? toMs - dayMs : Date.parse(query.from);
      if (!(fromMs < toMs)) throw new EarshotError("USAGE", "from: expected a time before `to`");
      const grain = query.grain ?? grainFor(toMs - fromMs, metric);
      const [platforms, languages, terms] = [listOf(query.platform), listOf(query.language), listOf(query.term)];
      const answer = await engine.explore({
        metric,
        fromMs,
        toMs,
        grain,
        top: query.top ?? 50,
        filter: viewer.filter,
        ...(query.by !== undefined && { by: query.by }),
        ...(query.q !== undefined && { q: query.q }),
        ...(platforms !== undefined && { platforms }),
        ...(languages !== undefined && { languages }),
        ...(terms !== undefined && { terms }),
      });
      return {
        metric: { id: metric.id, version: metric.version },
        from: iso(answer.fromMs),
        to: iso(answer.toMs),
        grain,
        by: query.by ?? null,
        answeredBy: answer.answeredBy,
        exact: answer.exact,
        authorsExact: answer.authorsExact,
        // How much is stored is told by it.
        bytesScanned: isKept(viewer) ? null : (answer.bytesScanned ?? null),
        freshAt: answer.freshAt === undefined ? null : iso(answer.freshAt),
        values: answer.values,
        ...(answer.placed !== undefined && { placed: answer.placed }),
        total: viewRow(answer.total, answer.engagementCounted, withTowards),
        whole: answer.whole.map((row) => viewRow(row, answer.engagementCounted, withTowards)),
        rows: answer.rows.map((row) => viewRow(row, answer.engagementCounted, withTowards)),
      };
    },
  );
}
