import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { isPostId, type PostId } from "../../core/ids.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { explanationSchema, viewJudgement } from "../judgement-schemas.ts";
import { traceSchema, viewTrace } from "../provenance-view.ts";
import { instant, iso, postSchema, problems, targetSchema, viewPost, viewTarget } from "../schemas.ts";

const params = Type.Object({ id: Type.String({ maxLength: 100 }) });
const utf8 = new TextDecoder("utf-8", { fatal: true });

export function idOf(id: string): PostId {
  if (!isPostId(id)) throw noPost();
  return id;
}

export const noPost = (): EarshotError => new EarshotError("NOT_FOUND", "there is no post under this id, or not for you");

/** Lossless where it is UTF-8, else base64. */
export function encodeWhole(bytes: Uint8Array): { readonly encoding: "utf8" | "base64"; readonly text: string } {
  try {
    return { encoding: "utf8", text: utf8.decode(bytes) };
  } catch {
    return { encoding: "base64", text: Buffer.from(bytes).toString("base64") };
  }
}

export function addProvenanceRoutes({ app, engine }: ApiContext): void {
  app.get(
    // Its positions in the log and in files, and the changes that were looked through, count the posts of all.
    "/api/v1/posts/:id/trace",
    {
      schema: {
        tags: ["posts"],
        summary: "How a post came about: its message, what each stage made of it, and where it is stored",
        description: "The kept message is run through today's parser and stages; nothing of this is stored.",
        params,
        response: { 200: traceSchema, ...problems },
      },
    },
    async (request) => {
      const trace = await engine.provenance.trace(idOf(request.params.id), viewerOf(request).filter);
      if (trace === undefined) throw noPost();
      return viewTrace(trace);
    },
  );

  app.get(
    "/api/v1/posts/:id/raw",
    {
      config: { access: "admin" },
      schema: {
        tags: ["posts"],
        summary: "The message that a post was made from, as it came",
        params,
        querystring: Type.Object(
          { reveal: Type.String({ minLength: 5, maxLength: 300, description: "Why it must be seen; it is written into the audit log." }) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ source: Type.String(), receivedAt: instant("When it came."), encoding: Type.String({ description: "utf8 or base64." }), text: Type.String() }),
          ...problems,
        },
      },
    },
    async (request) => {
      const id = idOf(request.params.id);
      const viewer = viewerOf(request);
      const raw = await engine.provenance.raw(id, viewer.filter);
      if (raw === undefined) throw new EarshotError("NOT_FOUND", "there is no post under this id, or the log no longer keeps its message");
      await engine.noteAccess({ actor: viewer.name, action: "post.raw", subject: id, purpose: request.query.reveal });
      return { source: raw.source, receivedAt: iso(raw.receivedAt), ...encodeWhole(raw.bytes) };
    },
  );

  app.get(
    "/api/v1/posts/:id/judgements",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "Why a language model judges a post as it does: what each word adds, and the smallest edit that changes it",
        params,
        querystring: Type.Object({ task: Type.String({ minLength: 1, maxLength: 40, description: "One of the post's `judgements`." }) }, { additionalProperties: false }),
        response: { 200: explanationSchema, ...problems },
      },
    },
    async (request) => {
      const found = await engine.provenance.explain(idOf(request.params.id), request.query.task, viewerOf(request).filter);
      if (found === undefined) throw new EarshotError("NOT_FOUND", "there is no post under this id that a model judged for this task, or it is not for you");
      const { noted, now } = found;
      return {
        noted: viewJudgement(noted),
        model: now.model,
        chosen: now.chosen,
        probabilities: { ...now.probabilities },
        words: now.words.map((word) => ({ ...word })),
        ...(now.counterfactual && { counterfactual: { ...now.counterfactual, without: [...now.counterfactual.without], places: [...now.counterfactual.places] } }),
        faithfulness: { ...now.faithfulness },
      };
    },
  );

  const targetNow = Type.Object({
    ...targetSchema.properties,
    words: Type.Array(
      Type.Object({ start: Type.Integer(), end: Type.Integer(), adds: Type.Number({ description: "How much the score falls where the word is left out, -2 to 2." }) }),
    ),
  });
  app.get(
    "/api/v1/posts/:id/towards",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "What a post says of each brand, person and thing that it names, and which words say it",
        params,
        response: {
          200: Type.Object({
            by: Type.Union([Type.String(), Type.Null()], { description: "What judged when the post came; null: nothing was noted." }),
            noted: Type.Array(targetSchema),
            now: Type.Array(targetNow, { description: "By today's stage and models, of the text as everybody is shown it." }),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const found = await engine.provenance.towards(idOf(request.params.id), viewerOf(request).filter);
      if (found === undefined) throw noPost();
      return {
        by: found.by ?? null,
        noted: found.noted.map(viewTarget),
        now: found.now.map(({ words, ...target }) => ({ ...viewTarget(target), words: words.map((word) => ({ ...word })) })),
      };
    },
  );

  app.get(
    "/api/v1/posts/:id/conversation",
    {
      config: { forKept: true },
      schema: {
        tags: ["posts"],
        summary: "What a post answers, what answers, quotes or shares it, and what says the same",
        params,
        response: {
          200: Type.Object({
            root: Type.Optional(postSchema),
            ancestors: Type.Array(postSchema, { description: "From the oldest to the post that this one answers." }),
            ancestorMissing: Type.Optional(Type.String({ description: "The post before the first of `ancestors`, which is not stored, or not for you." })),
            replies: Type.Array(Type.Object({ depth: Type.Integer(), post: postSchema }), { description: "In reading order: each after what it answers; at most 200, 8 deep." }),
            quotes: Type.Array(postSchema),
            reshares: Type.Array(postSchema),
            copies: Type.Array(postSchema, { description: "Posts of other ids whose texts are the same but for a few words before or after, the oldest first; at most 50." }),
            more: Type.Boolean({ description: "There are more than these." }),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const found = await engine.provenance.conversation(idOf(request.params.id), viewerOf(request).filter);
      if (found === undefined) throw noPost();
      const { root, ancestors, ancestorMissing, replies, quotes, reshares, copies, more } = found;
      return {
        ...(root && { root: viewPost(root) }),
        ancestors: ancestors.map(viewPost),
        ...(ancestorMissing !== undefined && { ancestorMissing }),
        replies: replies.map(({ post, depth }) => ({ depth, post: viewPost(post) })),
        quotes: quotes.map(viewPost),
        reshares: reshares.map(viewPost),
        copies: copies.map(viewPost),
        more,
      };
    },
  );
}
