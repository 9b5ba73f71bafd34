import { Type } from "typebox";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import {
  checkSchema,
  comparisonSchema,
  modelSchema,
  modelShadowSchema,
  moveSchema,
  periodSchema,
  runSchema,
  taskSchema,
  viewCheck,
  viewComparison,
  viewModel,
  viewModelShadow,
  viewMove,
  viewPeriod,
  viewRun,
  viewTask,
} from "../model-schemas.ts";
import { postSchema, problems, viewPost } from "../schemas.ts";

const modelId = Type.String({ minLength: 3, maxLength: 80, pattern: "^[a-z0-9-]+@[0-9a-f]{8}$", description: "As in `spam@1f2e3d4c`." });
const askedModel = Type.String({ minLength: 3, maxLength: 80, pattern: "^(?:[a-z0-9-]+@[0-9a-f]{8}|embedded)$", description: "A model that was trained here, or `embedded`." });
const taskName = Type.String({ minLength: 1, maxLength: 40, pattern: "^[a-z0-9-]+$" });
const params = Type.Object({ id: modelId });
const taskParams = Type.Object({ task: taskName });
const tags = ["models"];

/** The registry of models: train, measure, compare, promote, roll back. */
export function addModelRoutes({ app, engine }: ApiContext): void {
  const { models } = engine;

  app.get(
    "/api/v1/models",
    { schema: { tags, summary: "Tasks, who judges them, and the versions of each", response: { 200: Type.Object({ items: Type.Array(taskSchema) }), ...problems } } },
    async () => ({ items: (await models.tasks()).map(viewTask) }),
  );

  app.get(
    "/api/v1/models/:id",
    { schema: { tags, summary: "A model: what it learnt from, how it was measured and tested", params, response: { 200: modelSchema, ...problems } } },
    async (request) => viewModel(await models.get(request.params.id)),
  );

  app.get(
    "/api/v1/models/runs",
    { schema: { tags, summary: "Trainings since the start, newest first", response: { 200: Type.Object({ items: Type.Array(runSchema) }), ...problems } } },
    () => Promise.resolve({ items: models.runs().map(viewRun) }),
  );

  app.post(
    "/api/v1/models/runs",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Train a model on a version of a label set; it goes on by itself",
        body: Type.Object(
          {
            set: Type.String({ minLength: 1, maxLength: 100 }),
            version: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: "Absent: the newest." })),
            stacked: Type.Optional(Type.Boolean({ description: "Look at what the embedded models say of a text too; absent: yes." })),
            seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 })),
            thresholds: Type.Optional(
              Type.Record(Type.String({ maxLength: 60 }), Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 }), {
                maxProperties: 100,
                description: "Least probability of each class; absent: chosen on texts that are not trained on, where there are enough.",
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: runSchema, ...problems },
      },
    },
    async (request) => {
      const { set, version, stacked, seed, thresholds } = request.body;
      const asked = { set, stacked: stacked ?? true, seed: seed ?? 1, ...(version !== undefined && { version }), ...(thresholds !== undefined && { thresholds }) };
      return viewRun(await models.train(asked, viewerOf(request).name));
    },
  );

  app.delete(
    "/api/v1/models/runs/:run",
    {
      config: { access: "analyst" },
      schema: { tags, summary: "Cancel a training", params: Type.Object({ run: Type.String({ maxLength: 20 }) }), response: { 204: Type.Null(), ...problems } },
    },
    async (request, reply) => {
      models.cancel(request.params.run, viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/models/compare",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Two models on the same gold texts: figures, the interval of their difference, slices, functional tests",
        querystring: Type.Object({ a: askedModel, b: askedModel }, { additionalProperties: false }),
        response: { 200: comparisonSchema, ...problems },
      },
    },
    async (request) => viewComparison(await models.compare(request.query.a, request.query.b)),
  );

  app.post(
    "/api/v1/models/:id/test",
    { config: { access: "analyst" }, schema: { tags, summary: "Run the functional tests of a model anew", params, response: { 200: modelSchema, ...problems } } },
    async (request) => viewModel(await models.test(request.params.id, viewerOf(request).name)),
  );

  app.get(
    "/api/v1/models/:id/check",
    {
      config: { access: "analyst" },
      schema: { tags, summary: "Whether a model may be promoted, and what speaks against it", params, response: { 200: checkSchema, ...problems } },
    },
    async (request) => viewCheck(await models.check(request.params.id)),
  );

  app.post(
    "/api/v1/models/:id/promote",
    {
      config: { access: "admin" },
      schema: {
        tags,
        summary: "Let a model judge its task from now on",
        description:
          "Refused (CONFLICT) where the interval of the difference to who judges now is not above zero, or the functional tests got worse. Nobody can force that. With fewer gold texts than `models.promotion` asks for it needs a reason.",
        params,
        body: Type.Union([
          Type.Object(
            { reason: Type.Optional(Type.String({ minLength: 10, maxLength: 500, description: "Why it is promoted on fewer gold texts; it stands in the audit." })) },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 200: moveSchema, ...problems },
      },
    },
    async (request) => viewMove(await models.promote(request.params.id, viewerOf(request).name, request.body?.reason)),
  );

  app.post(
    "/api/v1/models/:id/retrain",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Train a model anew, on the version of the label set that it was trained on and today's embedded models",
        params,
        response: { 200: runSchema, ...problems },
      },
    },
    async (request) => viewRun(await models.retrain(request.params.id, viewerOf(request).name)),
  );

  app.post(
    "/api/v1/models/tasks/:task/rollback",
    {
      config: { access: "admin" },
      schema: { tags, summary: "Let who judged a task before judge it again, at once", params: taskParams, response: { 200: moveSchema, ...problems } },
    },
    async (request) => viewMove(await models.rollback(request.params.task, viewerOf(request).name)),
  );

  app.post(
    "/api/v1/models/tasks/:task/rescore",
    {
      config: { access: "admin" },
      schema: {
        tags,
        summary: "Judge all that is kept anew, by who judges now",
        description: "Reads kept raw messages again; `GET /api/v1/quarantine/replay` tells how far it is.",
        params: taskParams,
        response: { 200: moveSchema, ...problems },
      },
    },
    async (request) => viewMove(await models.rescore(request.params.task, viewerOf(request).name)),
  );

  app.put(
    "/api/v1/models/:id/shadow",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Let a candidate judge a share of what comes beside, without effect",
        params,
        body: Type.Object({ share: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) }, { additionalProperties: false }),
        response: { 204: Type.Null(), ...problems },
      },
    },
    async (request, reply) => {
      await models.setShadow(request.params.id, request.body.share, viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );

  app.delete(
    "/api/v1/models/:id/shadow",
    { config: { access: "analyst" }, schema: { tags, summary: "End a candidate's judging beside", params, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await models.setShadow(request.params.id, undefined, viewerOf(request).name);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/api/v1/models/:id/shadow",
    { config: { access: "analyst" }, schema: { tags, summary: "How a candidate judges beside who judges now", params, response: { 200: modelShadowSchema, ...problems } } },
    async (request) => viewModelShadow(await models.shadow(request.params.id, viewerOf(request).filter)),
  );

  app.get(
    "/api/v1/models/periods",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "From when to when which model judged what came",
        querystring: Type.Object({ task: Type.Optional(taskName) }, { additionalProperties: false }),
        response: { 200: Type.Object({ items: Type.Array(periodSchema) }), ...problems },
      },
    },
    async (request) => ({ items: (await models.periods(request.query.task)).map(viewPeriod) }),
  );

  app.get(
    "/api/v1/models/tasks/:task/posts",
    {
      config: { forKept: true },
      schema: {
        tags,
        summary: "Posts that a query finds and a model judged so, newest first",
        params: taskParams,
        querystring: Type.Object(
          {
            label: Type.Optional(Type.String({ minLength: 1, maxLength: 60 })),
            model: Type.Optional(Type.String({ minLength: 3, maxLength: 80, pattern: "^[a-z0-9-]+@[0-9a-f]{8}$" })),
            q: Type.Optional(Type.String({ maxLength: 2_000, description: "As in search; absent: all." })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            items: Type.Array(postSchema),
            looked: Type.Integer({
              description:
                "Posts that were looked at, newest first; at most 2,000. With a label that the index names (not `no`, not `ham`) these are posts that bear it already, however far back.",
            }),
            all: Type.Boolean({ description: "The query finds no others." }),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { label, model, q, limit } = request.query;
      const asked = { task: request.params.task, q: q ?? "", limit: limit ?? 50, ...(label !== undefined && { label }), ...(model !== undefined && { model }) };
      const { items, looked, all } = await models.judged(asked, viewerOf(request).filter);
      return { items: items.map(viewPost), looked, all };
    },
  );
}
