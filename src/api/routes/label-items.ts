import { Type } from "typebox";
import { EarshotError } from "../../core/errors.ts";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { itemSchema, partSchema, saidIn, stateSchema, valueSchema, viewItem } from "../label-set-schemas.ts";
import { cursorParameter, limitParameter, problems } from "../schemas.ts";

const tags = ["labels"];
const config = { access: "analyst" as const };
const setParameter = Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" }) });
const itemParameters = Type.Object({ id: Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" }), item: Type.String({ pattern: "^[A-Za-z0-9_-]{1,40}$" }) });

/** The texts of a label set, and what people say of them. */
export function addLabelItemRoutes({ app, engine }: ApiContext): void {
  const { labelSets } = engine;

  app.get(
    "/api/v1/label-sets/:id/next",
    {
      config,
      schema: {
        tags,
        summary: "Texts for you to label, in order",
        params: setParameter,
        querystring: Type.Object({ limit: Type.Optional(limitParameter(50, 10)) }, { additionalProperties: false }),
        response: { 200: Type.Object({ items: Type.Array(itemSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await labelSets.next(request.params.id, request.query.limit ?? 10, viewerOf(request))).map(viewItem) }),
  );
  app.get(
    "/api/v1/label-sets/:id/items",
    {
      config,
      schema: {
        tags,
        summary: "The texts of a set; labels stand at those that you have labelled",
        params: setParameter,
        querystring: Type.Object({ state: Type.Optional(stateSchema), limit: Type.Optional(limitParameter(200, 50)), cursor: cursorParameter }, { additionalProperties: false }),
        response: { 200: Type.Object({ items: Type.Array(itemSchema), next: Type.Union([Type.String(), Type.Null()]) }), ...problems },
      },
    },
    async (request) => {
      const { limit = 50, state, cursor } = request.query;
      const page = await labelSets.items(request.params.id, { limit, ...(state !== undefined && { state }), ...(cursor !== undefined && { cursor }) }, viewerOf(request));
      return { items: page.items.map(viewItem), next: page.next ?? null };
    },
  );
  app.get(
    "/api/v1/label-sets/:id/items/:item",
    { config, schema: { tags, summary: "A text of a set", params: itemParameters, response: { 200: itemSchema, ...problems } } },
    async (request) => viewItem(await labelSets.item(request.params.id, request.params.item, viewerOf(request))),
  );
  app.put(
    "/api/v1/label-sets/:id/items/:item/annotation",
    {
      config,
      schema: {
        tags,
        summary: "Say what a text is, or skip it",
        description: "One word for each annotator and text: a second takes the place of the first.",
        params: itemParameters,
        body: Type.Object(
          { ...valueSchema.properties, skipped: Type.Optional(Type.Boolean()), tookMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })) },
          { additionalProperties: false },
        ),
        response: { 200: itemSchema, ...problems },
      },
    },
    async (request) => {
      const { skipped = false, tookMs = 0, ...value } = request.body;
      const said = skipped ? "skipped" : saidIn(value);
      if (said === undefined) throw new EarshotError("USAGE", "body: expected label, spans or skipped");
      return viewItem(await labelSets.annotate(request.params.id, request.params.item, said, tookMs, viewerOf(request)));
    },
  );
  app.post(
    "/api/v1/label-sets/:id/undo",
    {
      config,
      schema: {
        tags,
        summary: "Take back what you said last in a set",
        params: setParameter,
        response: { 200: Type.Object({ item: Type.Union([itemSchema, Type.Null()], { description: "null: there is nothing left to take back." }) }), ...problems },
      },
    },
    async (request) => {
      const item = await labelSets.undo(request.params.id, viewerOf(request));
      return { item: item === undefined ? null : viewItem(item) };
    },
  );
  app.put(
    "/api/v1/label-sets/:id/items/:item/label",
    {
      config,
      schema: {
        tags,
        summary: "Choose a text's label, whatever annotators say: the set's owner, or an admin",
        description: "An empty body lets what they say count again.",
        params: itemParameters,
        body: valueSchema,
        response: { 200: itemSchema, ...problems },
      },
    },
    async (request) => viewItem(await labelSets.settle(request.params.id, request.params.item, saidIn(request.body), viewerOf(request))),
  );
  app.put(
    "/api/v1/label-sets/:id/items/:item/part",
    {
      config,
      schema: {
        tags,
        summary: "Put a text into a part, or let the next version choose: the set's owner, or an admin",
        params: itemParameters,
        body: Type.Object({ part: Type.Union([partSchema, Type.Null()]) }, { additionalProperties: false }),
        response: { 200: itemSchema, ...problems },
      },
    },
    async (request) => viewItem(await labelSets.place(request.params.id, request.params.item, request.body.part ?? undefined, viewerOf(request))),
  );
  app.delete(
    "/api/v1/label-sets/:id/items/:item",
    {
      config,
      schema: { tags, summary: "Remove a text from a set and its versions: the set's owner, or an admin", params: itemParameters, response: { 204: Type.Null(), ...problems } },
    },
    async (request, reply) => {
      await labelSets.removeItem(request.params.id, request.params.item, viewerOf(request));
      return reply.code(204).send(null);
    },
  );
}
