import { Readable } from "node:stream";
import { Type } from "typebox";
import { canonicalLinksOf, namesPage } from "../../core/canonical-link.ts";
import { EarshotError } from "../../core/errors.ts";
import { isPostId } from "../../core/ids.ts";
import { viewerOf, watchViewer } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { postCsvHeader, postCsvLine } from "../post-csv.ts";
import { cursorParameter, limitParameter, postSchema, problems, queryParameter, viewPost, viewWhole } from "../schemas.ts";

const facetNames = ["platform", "language", "sentiment", "term", "hashtag", "link", "entity", "judged", "day"] as const;
type FacetName = (typeof facetNames)[number];

const workParameter = Type.Integer({
  minimum: 1_000,
  maximum: 100_000,
  description: "Posts that are looked at at most; where more match, a sample of so many is scaled up. Words alone are counted by the index, 16 of their posts for the work of one.",
});
const exactFlag = Type.Boolean({ description: "false: the work limit was reached, numbers are scaled estimates." });
const interval = {
  low: Type.Optional(Type.Integer({ description: "With `high` the 95% interval of `posts`, from a sample by windows of time; absent: that number is exact." })),
  high: Type.Optional(Type.Integer()),
};

export function addPostRoutes({ app, plain, engine }: ApiContext): void {
  app.get(
    "/api/v1/posts",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Search posts, newest first or in another order",
        querystring: Type.Object(
          {
            q: Type.Optional(queryParameter),
            limit: Type.Optional(limitParameter(1_000, 20)),
            cursor: cursorParameter,
            order: Type.Optional(
              Type.Union([Type.Literal("newest"), Type.Literal("oldest"), Type.Literal("engaged"), Type.Literal("relevance")], {
                default: "newest",
                description: "engaged: likes, shares and replies. relevance: BM25 of the words. Both compare the newest 20,000 matches at most; `ranked` tells.",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            items: Type.Array(
              Type.Evaluate(
                Type.Intersect([
                  postSchema,
                  Type.Object({
                    copies: Type.Optional(Type.Integer({ description: "Number of its group of near-duplicates: posts with the same number say the same. Absent: none is known." })),
                    pages: Type.Optional(Type.Array(Type.String(), { description: "Canonical addresses of the pages that it links, as `link:` takes them." })),
                  }),
                ]),
              ),
            ),
            next: Type.Union([Type.String(), Type.Null()], { description: "null: this was the last page." }),
            ranked: Type.Optional(
              Type.Object(
                { compared: Type.Integer(), all: Type.Boolean({ description: "false: there are older matches, which were not compared." }) },
                { description: "Of the most engaged and the most relevant: how many matches, the newest, were compared." },
              ),
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { q, limit, cursor, order } = request.query;
      const page = await engine.search({
        q: q ?? "",
        limit: limit ?? 20,
        filter: viewerOf(request).filter,
        ...(cursor !== undefined && { cursor }),
        ...(order !== undefined && { order }),
      });
      return {
        items: page.items.map((post, index) => {
          const view = viewPost(post);
          const pages = canonicalLinksOf(view.links).filter(namesPage);
          return { ...view, ...(page.copies[index] !== undefined && { copies: page.copies[index] }), ...(pages.length > 0 && { pages }) };
        }),
        next: page.next ?? null,
        ...(page.ranked !== undefined && { ranked: { ...page.ranked } }),
      };
    },
  );

  app.get(
    "/api/v1/posts/count",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Count the posts that match",
        querystring: Type.Object(
          {
            q: Type.Optional(queryParameter),
            work: Type.Optional(workParameter),
            exact: Type.Optional(Type.Boolean({ description: "Count all one by one, whatever `work` says: some seconds where millions match." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ posts: Type.Integer(), exact: exactFlag, ...interval }), ...problems },
      },
    },
    (request) => engine.count(request.query.q ?? "", viewerOf(request).filter, request.query.exact === true ? Infinity : request.query.work),
  );

  app.get(
    "/api/v1/posts/facets",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Count the posts that match by platform, language, sentiment, term, hashtag, linked name, day",
        querystring: Type.Object(
          {
            q: Type.Optional(queryParameter),
            by: Type.Optional(Type.String({ description: `Comma-separated: ${facetNames.join(", ")}`, maxLength: 100 })),
            top: Type.Optional(limitParameter(200, 20)),
            work: Type.Optional(workParameter),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            posts: Type.Integer(),
            exact: exactFlag,
            ...interval,
            facets: Type.Record(Type.String(), Type.Array(Type.Object({ value: Type.String(), posts: Type.Integer() }))),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const names = (request.query.by ?? "platform,language,sentiment,term").split(",").map((name) => name.trim());
      const by = names.map(facetNamed);
      const answer = await engine.facets({
        q: request.query.q ?? "",
        by,
        top: request.query.top ?? 20,
        filter: viewerOf(request).filter,
        ...(request.query.work !== undefined && { maxRows: request.query.work }),
      });
      const { posts, exact, low, high } = answer;
      return {
        posts,
        exact,
        ...(low !== undefined && { low }),
        ...(high !== undefined && { high }),
        facets: Object.fromEntries(Object.entries(answer.facets).map(([name, rows]) => [name, rows.map((row) => ({ ...row }))])),
      };
    },
  );

  plain.get<{ Querystring: { q?: string; format?: "ndjson" | "csv" } }>(
    "/api/v1/posts/export",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["posts"],
        summary: "All posts that match, as NDJSON or CSV, newest first",
        querystring: Type.Object(
          { q: Type.Optional(queryParameter), format: Type.Optional(Type.Union([Type.Literal("ndjson"), Type.Literal("csv")], { default: "ndjson" })) },
          { additionalProperties: false },
        ),
        response: { 200: { description: "One post a line.", content: { "application/x-ndjson": { schema: Type.String() }, "text/csv": { schema: Type.String() } } }, ...problems },
      },
    },
    (request, reply) => {
      const abort = new AbortController();
      const unwatch = watchViewer(request, () => reply.raw.destroy());
      reply.raw.once("close", () => {
        unwatch();
        abort.abort();
      });
      const { filter } = viewerOf(request);
      const pages = engine.export(request.query.q ?? "", filter, abort.signal);
      const isCsv = request.query.format === "csv";
      const lines = async function* () {
        if (isCsv) yield postCsvHeader;
        for await (const posts of pages) yield posts.map((post) => (isCsv ? postCsvLine(viewPost(post)) : `${JSON.stringify(viewPost(post))}\n`)).join("");
      };
      void reply.type(isCsv ? "text/csv; charset=utf-8" : "application/x-ndjson").header("content-disposition", `attachment; filename="posts.${isCsv ? "csv" : "ndjson"}"`);
      return reply.send(Readable.from(lines()));
    },
  );

  app.get(
    "/api/v1/posts/:id",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "One post; personal data in its text is masked",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        querystring: Type.Object(
          {
            reveal: Type.Optional(
              Type.String({ minLength: 5, maxLength: 300, description: "Why the personal data in the text must be seen. Analysts and admins; it is written into the audit log." }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: postSchema, ...problems },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { reveal } = request.query;
      const viewer = viewerOf(request);
      if (reveal !== undefined && viewer.role === "viewer") throw new EarshotError("FORBIDDEN", "personal data is shown to analysts and admins only; yours is the role viewer");
      const post = isPostId(id) ? await engine.post(id, viewer.filter) : undefined;
      if (post === undefined) throw new EarshotError("NOT_FOUND", "there is no post under this id, or not for you");
      if (reveal === undefined) return viewPost(post);
      await engine.noteAccess({ actor: viewer.name, action: "post.reveal", subject: post.id, purpose: reveal });
      return viewWhole(post);
    },
  );
}

function facetNamed(name: string): FacetName {
  const found = facetNames.find((known) => known === name);
  if (found === undefined) throw new EarshotError("USAGE", `by: expected ${facetNames.join(", ")}, came ${name.slice(0, 50)}`);
  return found;
}
