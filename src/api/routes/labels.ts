import { Readable } from "node:stream";
import { Type } from "typebox";
import type { Label, LabelReasons } from "../../registers/labels.ts";
import { viewerOf, watchViewer } from "../access.ts";
import type { ApiContext } from "../context.ts";
import type { LabelView } from "../../runtime/labels.ts";
import { cursorParameter, instant, iso, limitParameter, postSchema, problems, viewPost } from "../schemas.ts";
import { idOf, noPost } from "./provenance.ts";

const what = Type.Union([Type.Literal("sentiment"), Type.Literal("language")]);
const place = { start: Type.Integer(), end: Type.Integer() };
const fields = {
  id: Type.String(),
  post: Type.String(),
  what,
  from: Type.String({ description: "What the stage said; none: not scored." }),
  to: Type.String(),
  actor: Type.String(),
  at: instant("When it was said."),
  stageVersion: Type.String({ description: "Of the stage whose word is corrected." }),
  textHash: Type.String(),
  reasons: Type.Optional(
    Type.Object(
      {
        model: Type.String(),
        chosen: Type.String(),
        probability: Type.Number(),
        words: Type.Array(Type.Object({ ...place, adds: Type.Number() })),
        counterfactual: Type.Optional(Type.Object({ without: Type.Array(Type.Object(place)), chosen: Type.String() })),
        faithfulness: Type.Object({ ranked: Type.Number(), random: Type.Number(), words: Type.Integer() }),
      },
      { description: "Why a model judged so when it was corrected: places in the text as it was shown. Absent: none had judged it." },
    ),
  ),
};
const labelSchema = Type.Object(fields);
const labelAboutSchema = Type.Object({ ...fields, current: Type.Boolean({ description: "The text is still the one that was read." }), about: postSchema });

const viewReasons = ({ words, counterfactual, faithfulness, ...rest }: LabelReasons) => ({
  ...rest,
  words: words.map((word) => ({ ...word })),
  ...(counterfactual && { counterfactual: { chosen: counterfactual.chosen, without: counterfactual.without.map((one) => ({ ...one })) } }),
  faithfulness: { ...faithfulness },
});
const view = ({ id, post, what: kind, from, to, actor, at, stageVersion, textHash, reasons }: Label) => ({
  id,
  post,
  what: kind,
  from,
  to,
  actor,
  at: iso(at),
  stageVersion,
  textHash,
  ...(reasons && { reasons: viewReasons(reasons) }),
});

const viewAbout = (label: LabelView) => ({ ...view(label), current: label.current, about: viewPost(label.about) });

export function addLabelRoutes({ app, plain, engine }: ApiContext): void {
  const { labels } = engine;

  app.get(
    "/api/v1/posts/:id/labels",
    {
      config: { forKept: true },
      schema: {
        tags: ["labels"],
        summary: "Corrections of a post",
        params: Type.Object({ id: Type.String({ maxLength: 100 }) }),
        response: { 200: Type.Object({ items: Type.Array(labelSchema) }), ...problems },
      },
    },
    async (request) => {
      const found = await labels.of(idOf(request.params.id), viewerOf(request));
      if (found === undefined) throw noPost();
      return { items: found.map(view) };
    },
  );

  app.put(
    "/api/v1/posts/:id/labels/:what",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["labels"],
        summary: "Correct the sentiment or the language of a post",
        description: "Kept beside the post, for training: the value that is shown and every figure stay as the stage gave them. A second correction takes the place of the first.",
        params: Type.Object({ id: Type.String({ maxLength: 100 }), what }),
        body: Type.Object(
          { to: Type.String({ minLength: 2, maxLength: 20, description: "negative, neutral, positive; or a language of two or three letters (und: none is right)." }) },
          { additionalProperties: false },
        ),
        response: { 200: labelSchema, ...problems },
      },
    },
    async (request) => view(await labels.put(idOf(request.params.id), { what: request.params.what, to: request.body.to }, viewerOf(request))),
  );

  app.get(
    "/api/v1/labels",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["labels"],
        summary: "All corrections, newest first",
        description: "Those about posts that you may not see are left out.",
        querystring: Type.Object(
          { what: Type.Optional(what), mine: Type.Optional(Type.Boolean()), limit: Type.Optional(limitParameter(200, 50)), cursor: cursorParameter },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ items: Type.Array(labelAboutSchema), next: Type.Union([Type.String(), Type.Null()]) }), ...problems },
      },
    },
    async (request) => {
      const { limit, ...rest } = request.query;
      const page = await labels.list({ ...rest, limit: limit ?? 50 }, viewerOf(request));
      return { items: page.items.map(viewAbout), next: page.next ?? null };
    },
  );

  plain.get(
    "/api/v1/labels/export",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["labels"],
        summary: "All corrections with their posts, as NDJSON, for training",
        response: {
          200: { description: "One correction a line; personal data in the texts is masked.", content: { "application/x-ndjson": { schema: Type.String() } } },
          ...problems,
        },
      },
    },
    (request, reply) => {
      const abort = new AbortController();
      const unwatch = watchViewer(request, () => reply.raw.destroy());
      reply.raw.once("close", () => {
        unwatch();
        abort.abort();
      });
      const pages = labels.export(viewerOf(request), abort.signal);
      const lines = async function* () {
        for await (const page of pages) {
          const text = page
            .map(viewAbout)
            .map(({ about, ...label }) => `${JSON.stringify({ ...label, text: about.text, language: about.language, platform: about.platform })}\n`)
            .join("");
          if (text !== "") yield text;
        }
      };
      void reply.type("application/x-ndjson").header("content-disposition", 'attachment; filename="labels.ndjson"');
      return reply.send(Readable.from(lines()));
    },
  );

  app.delete(
    "/api/v1/labels/:id",
    {
      config: { access: "analyst", forKept: true },
      schema: {
        tags: ["labels"],
        summary: "Withdraw a correction: one's own, an admin any",
        params: Type.Object({ id: Type.String({ maxLength: 40 }) }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      await labels.withdraw(request.params.id, viewerOf(request));
      return reply.code(204).send(null);
    },
  );
}
