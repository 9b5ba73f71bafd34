import { Type } from "typebox";
import { type FailureClass, failureClasses } from "../../core/failure-class.ts";
import type { FailureFilter } from "../../registers/failures.ts";
import type { Alarm } from "../../runtime/failures.ts";
import type { ApiContext } from "../context.ts";
import { instant, iso, limitParameter, optionalInstant, problems } from "../schemas.ts";

const dayMs = 86_400_000;
const failureClass = Type.Union(
  [
    Type.Literal("auth"),
    Type.Literal("permission"),
    Type.Literal("rate-limit"),
    Type.Literal("quota"),
    Type.Literal("request"),
    Type.Literal("not-found"),
    Type.Literal("version"),
    Type.Literal("blocked"),
    Type.Literal("server"),
    Type.Literal("network"),
    Type.Literal("content"),
  ],
  { description: "What failed calls are counted by." },
);
const filterFields = {
  source: Type.Optional(Type.String({ maxLength: 63 })),
  class: Type.Optional(failureClass),
  failure: Type.Optional(Type.String({ maxLength: 100, description: "Id of a kind." })),
  from: optionalInstant("Absent: a week ago."),
  to: optionalInstant("Absent: now."),
};
interface Asked {
  readonly source?: string;
  readonly class?: FailureClass;
  readonly failure?: string;
  readonly from?: string;
  readonly to?: string;
}
function filterOf({ from, to, ...rest }: Asked): FailureFilter {
  const toMs = to === undefined ? Date.now() + 1 : Date.parse(to);
  return { ...rest, toMs, fromMs: from === undefined ? toMs - 7 * dayMs : Date.parse(from) };
}

function viewAlarm(alarm: Alarm) {
  const since = iso(alarm.since);
  return alarm.kind === "deprecation" ? { ...alarm, since, effectiveAt: iso(alarm.effectiveAt) } : { ...alarm, since };
}

export function addFailureRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/failure-kinds",
    {
      schema: {
        tags: ["sources"],
        summary: "The kinds of failure that are told apart, and what to do about each",
        response: {
          200: Type.Object({
            classes: Type.Record(Type.String(), Type.String()),
            items: Type.Array(
              Type.Object({
                id: Type.String({ description: "Stable." }),
                connector: Type.String({ description: "Which connector knows it; client: every one." }),
                class: failureClass,
                code: Type.String({ description: "The error that it becomes." }),
                retryable: Type.Boolean({ description: "The same call may succeed later without anybody doing anything." }),
                doc: Type.String(),
                todo: Type.String(),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async () => ({ classes: { ...failureClasses }, items: (await engine.failureKinds()).map((kind) => ({ ...kind })) }),
  );

  app.get(
    "/api/v1/failures",
    {
      schema: {
        tags: ["sources"],
        summary: "Failed calls, by source, kind and hour, with samples",
        querystring: Type.Object({ ...filterFields, limit: Type.Optional(limitParameter(1_000, 100)) }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            items: Type.Array(
              Type.Object({
                source: Type.String(),
                failure: Type.String(),
                hour: instant("Its start."),
                class: failureClass,
                code: Type.String(),
                status: Type.Optional(Type.Integer({ description: "HTTP, of the newest; absent: there was no answer." })),
                count: Type.Integer(),
                firstAt: instant("Of the hour."),
                lastAt: instant("Of the hour."),
                samples: Type.Array(
                  Type.Object({
                    at: instant("Of the call."),
                    message: Type.String(),
                    status: Type.Optional(Type.Integer()),
                    requestId: Type.Optional(Type.String({ description: "The platform's id of the call: its support asks for it." })),
                    request: Type.Optional(Type.String({ description: "Without secrets." })),
                    excerpt: Type.Optional(Type.String({ description: "Of the answer, without personal data; at most 500 characters." })),
                  }),
                  { description: "The newest first, at most 3." },
                ),
              }),
              { description: "Newest hour first." },
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { limit, ...filter } = request.query;
      return {
        items: (await engine.failures(filterOf(filter), limit ?? 100)).map(({ hourMs, firstAt, lastAt, samples, ...record }) => ({
          ...record,
          hour: iso(hourMs),
          firstAt: iso(firstAt),
          lastAt: iso(lastAt),
          samples: samples.map(({ at, message, status, requestId, request: call, excerpt }) => ({
            at: iso(at),
            message,
            ...(status !== undefined && { status }),
            ...(requestId !== undefined && { requestId }),
            ...(call !== undefined && { request: call }),
            ...(excerpt !== undefined && { excerpt }),
          })),
        })),
      };
    },
  );

  app.get(
    "/api/v1/failures/counts",
    {
      schema: {
        tags: ["sources"],
        summary: "Failed calls by hour, source and class",
        querystring: Type.Object(filterFields, { additionalProperties: false }),
        response: {
          200: Type.Object({
            items: Type.Array(Type.Object({ hour: instant("Its start."), source: Type.String(), class: failureClass, count: Type.Integer() }), { description: "Oldest first." }),
          }),
          ...problems,
        },
      },
    },
    async (request) => ({ items: (await engine.failureCounts(filterOf(request.query))).map(({ hourMs, ...row }) => ({ ...row, hour: iso(hourMs) })) }),
  );

  app.get(
    "/api/v1/alarms",
    {
      schema: {
        tags: ["sources"],
        summary: "What an operator should look at now",
        response: {
          200: Type.Object({
            items: Type.Array(
              Type.Object({
                kind: Type.Union([
                  Type.Literal("failures"),
                  Type.Literal("drift"),
                  Type.Literal("deprecation"),
                  Type.Literal("model-drift"),
                  Type.Literal("model-stopped"),
                  Type.Literal("model-better"),
                ]),
                source: Type.String({ description: "model-drift: the slice, all or a condition of the query language; model-stopped, model-better: the model." }),
                class: Type.Optional(failureClass),
                count: Type.Optional(Type.Integer({ description: "Failed calls of the last hour." })),
                entity: Type.Optional(Type.String()),
                field: Type.Optional(Type.String()),
                change: Type.Optional(Type.String({ description: "unknown, type or missing." })),
                task: Type.Optional(Type.String({ description: "model-drift: what was judged; model-stopped: what nobody of the registry judges any more." })),
                moved: Type.Optional(Type.String({ description: "model-drift: balance or text." })),
                share: Type.Optional(Type.Number({ description: "0 to 1, of the messages; model-drift: how well the day's texts are told apart from those before." })),
                value: Type.Optional(Type.Number({ description: "model-better: by how much, with the 95% interval low to high." })),
                low: Type.Optional(Type.Number()),
                high: Type.Optional(Type.Number()),
                text: Type.Optional(Type.String({ description: "What the platform says; model-stopped: why." })),
                effectiveAt: optionalInstant("When what is used ends."),
                limit: Type.Number({ description: "From which on it is told (`alarms` of the configuration)." }),
                since: instant("When it was first met."),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async () => ({ items: (await engine.alarms()).map(viewAlarm) }),
  );
}
