import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { isAuthorId } from "../../core/ids.ts";
import type { ErasureView } from "../../runtime/engine.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const authorSchema = Type.Object({
  author: Type.String(),
  platform: Type.String(),
  handle: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  posts: Type.Integer(),
});
const reason = Type.Union(
  [Type.Literal("subject-request"), Type.Literal("objection"), Type.Literal("account-deleted"), Type.Literal("platform-takedown"), Type.Literal("retention")],
  {
    default: "subject-request",
  },
);
const who = Type.String({ minLength: 1, maxLength: 500, description: "AuthorId, native id, or handle (also `platform:handle`)." });

const erasureSchema = Type.Object({
  id: Type.String(),
  authors: Type.Array(Type.String()),
  at: instant("When it was asked."),
  reason: Type.String(),
  objection: Type.Boolean(),
  state: Type.String({ description: "requested; hidden: no read finds it; gone: no byte is left." }),
  posts: Type.Integer(),
  proofs: Type.Array(Type.Object({ store: Type.String(), removedPosts: Type.Integer(), physical: Type.Boolean() })),
  dueAt: instant("Gone by then at the latest."),
  goneAt: optionalInstant("When the last byte went."),
});

function view(erasure: ErasureView) {
  const { goneAt, ...rest } = erasure;
  return {
    ...rest,
    authors: [...rest.authors],
    proofs: rest.proofs.map((proof) => ({ ...proof })),
    at: iso(rest.at),
    dueAt: iso(rest.dueAt),
    ...(goneAt !== undefined && { goneAt: iso(goneAt) }),
  };
}

export function addErasureRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/erasures",
    {
      config: { access: "admin" },
      schema: { tags: ["erasure"], summary: "The register of erasures", response: { 200: Type.Object({ items: Type.Array(erasureSchema) }), ...problems } },
    },
    async () => ({
      items: (await engine.erasures()).map(view),
    }),
  );

  app.post(
    "/api/v1/erasures",
    {
      config: { access: "admin" },
      schema: {
        tags: ["erasure"],
        summary: "Erase an author from every store",
        body: Type.Object(
          {
            author: who,
            reason: Type.Optional(reason),
            objection: Type.Optional(Type.Boolean({ default: false, description: "Later posts are refused too." })),
            now: Type.Optional(Type.Boolean({ default: false, description: "Answer when no byte is left, instead of when hidden." })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ items: Type.Array(erasureSchema) }), ...problems },
      },
    },
    async (request) => {
      const { author: text, reason: why, objection, now } = request.body;
      const found = await engine.resolveAuthor(text);
      const authors = found.map((row) => row.author);
      if (authors.length === 0 && isAuthorId(text)) authors.push(text);
      if (authors.length === 0) throw new EarshotError("NOT_FOUND", "no author goes by this id or handle here");
      if (authors.length > 1 && new Set(found.map((row) => row.platform)).size > 1)
        throw new EarshotError("CONFLICT", `several platforms know this name: put one before it, as in ${found[0]?.platform ?? "platform"}:${text}`);
      const items: ErasureView[] = [];
      for (const author of authors)
        items.push(await engine.erase(author, { reason: why ?? "subject-request", objection: objection ?? false, now: now ?? false, actor: viewerOf(request).name }));
      return { items: items.map(view) };
    },
  );

  app.get(
    "/api/v1/authors",
    {
      config: { access: "admin" },
      schema: {
        tags: ["erasure"],
        summary: "Whom a handle or id means here",
        querystring: Type.Object({ q: who }, { additionalProperties: false }),
        response: { 200: Type.Object({ items: Type.Array(authorSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await engine.resolveAuthor(request.query.q)).map((row) => ({ ...row })) }),
  );

  app.post(
    "/api/v1/find",
    {
      config: { access: "admin", reads: true },
      schema: {
        tags: ["erasure"],
        summary: "Scan the raw bytes of every store for an author",
        body: Type.Object({ author: who }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            authors: Type.Array(authorSchema),
            total: Type.Integer(),
            stores: Type.Array(Type.Object({ store: Type.String(), files: Type.Integer(), bytesScanned: Type.Integer(), hits: Type.Integer(), places: Type.Array(Type.String()) })),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const answer = await engine.find(request.body.author);
      return { authors: answer.authors.map((row) => ({ ...row })), total: answer.total, stores: answer.stores.map((row) => ({ ...row, places: [...row.places] })) };
    },
  );
}
