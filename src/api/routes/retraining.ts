import { Type } from "typebox";
import { viewerOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { retrainingSchema, scheduleFields, scheduleSchema, viewRetraining, viewSchedule } from "../retraining-schemas.ts";
import { problems } from "../schemas.ts";

const tags = ["models"];
const params = Type.Object({ set: Type.String({ minLength: 1, maxLength: 100 }) });

/** Candidates that are trained by themselves. */
export function addRetrainingRoutes({ app, engine: { models } }: ApiContext): void {
  app.get(
    "/api/v1/models/retraining",
    { schema: { tags, summary: "What trains by itself: when, why, and what came of it", response: { 200: Type.Object({ items: Type.Array(retrainingSchema) }), ...problems } } },
    async () => ({ items: (await models.retraining()).map(viewRetraining) }),
  );

  app.put(
    "/api/v1/models/retraining/:set",
    {
      config: { access: "admin" },
      schema: {
        tags,
        summary: "Let candidates be trained on a label set by themselves",
        description: "One at a time, at the lowest priority. A candidate judges beside until somebody decides, unless it may promote itself.",
        params,
        body: Type.Object(scheduleFields, { additionalProperties: false }),
        response: { 200: scheduleSchema, ...problems },
      },
    },
    async (request) => viewSchedule(await models.setRetraining({ set: request.params.set, ...request.body }, viewerOf(request))),
  );

  app.delete(
    "/api/v1/models/retraining/:set",
    { config: { access: "admin" }, schema: { tags, summary: "Train on a label set no more by itself", params, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await models.removeRetraining(request.params.set, viewerOf(request));
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/api/v1/models/retraining/:set/run",
    { config: { access: "analyst" }, schema: { tags, summary: "Train on it now, as the schedule would", params, response: { 204: Type.Null(), ...problems } } },
    async (request, reply) => {
      await models.retrainNow(request.params.set, viewerOf(request));
      return reply.code(204).send(null);
    },
  );
}
