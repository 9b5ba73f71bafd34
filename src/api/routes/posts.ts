import { Readable } from "node:stream";
import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { isPostId } from "../../core/ids.ts";
import { viewerOf, watchViewer } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { cursorParameter, limitParameter, postSchema, problems, queryParameter, viewPost, viewWhole } from "../schemas.ts";

const facetNames = ["platform", "language", "sentiment", "term", "hashtag", "day"] as const;
type FacetName = (typeof facetNames)[number];

export function addPostRoutes({ app, plain, engine }: ApiContext): void {
  app.get(
    "/api/v1/posts",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Search posts, newest first",
        querystring: Type.Object({ q: Type.Optional(queryParameter), limit: Type.Optional(limitParameter(1_000, 20)), cursor: cursorParameter }, { additionalProperties: false }),
        response: {
          200: Type.Object({ items: Type.Array(postSchema), next: Type.Union([Type.String(), Type.Null()], { description: "null: this was the last page." }) }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { q, limit, cursor } = request.query;
      const page = await engine.search({ q: q ?? "", limit: limit ?? 20, filter: viewerOf(request).filter, ...(cursor !== undefined && { cursor }) });
      return { items: page.items.map((post) => viewPost(post)), next: page.next ?? null };
    },
  );

  app.get(
    "/api/v1/posts/count",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Count the posts that match",
        querystring: Type.Object({ q: Type.Optional(queryParameter) }, { additionalProperties: false }),
        response: { 200: Type.Object({ posts: Type.Integer(), exact: Type.Boolean() }), ...problems },
      },
    },
    (request) => engine.count(request.query.q ?? "", viewerOf(request).filter),
  );

  app.get(
    "/api/v1/posts/facets",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Count the posts that match by platform, language, sentiment, term, hashtag, day",
        querystring: Type.Object(
          {
            q: Type.Optional(queryParameter),
            by: Type.Optional(Type.String({ description: `Comma-separated: ${facetNames.join(", ")}`, maxLength: 100 })),
            top: Type.Optional(limitParameter(200, 20)),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            posts: Type.Integer(),
            exact: Type.Boolean({ description: "false: the work limit was reached, numbers are scaled estimates." }),
            facets: Type.Record(Type.String(), Type.Array(Type.Object({ value: Type.String(), posts: Type.Integer() }))),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const names = (request.query.by ?? "platform,language,sentiment,term").split(",").map((name) => name.trim());
      const by = names.map(facetNamed);
      const answer = await engine.facets({ q: request.query.q ?? "", by, top: request.query.top ?? 20, filter: viewerOf(request).filter });
      return { posts: answer.posts, exact: answer.exact, facets: Object.fromEntries(Object.entries(answer.facets).map(([name, rows]) => [name, rows.map((row) => ({ ...row }))])) };
    },
  );

  plain.get<{ Querystring: { q?: string } }>(
    "/api/v1/posts/export",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["posts"],
        summary: "All posts that match, as NDJSON, newest first",
        querystring: Type.Object({ q: Type.Optional(queryParameter) }, { additionalProperties: false }),
        response: { 200: { description: "One post a line.", content: { "application/x-ndjson": { schema: Type.String() } } }, ...problems },
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
      const lines = async function* () {
        for await (const posts of pages) yield posts.map((post) => `${JSON.stringify(viewPost(post))}\n`).join("");
      };
      void reply.type("application/x-ndjson").header("content-disposition", 'attachment; filename="posts.ndjson"');
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
