import { Type } from "typebox";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const int = Type.Integer();
const counts = {
  messages: Type.Integer({ description: "Read from the platform, whatever became of them." }),
  bytes: Type.Integer({ description: "Raw." }),
  requests: int,
  saved: Type.Integer({ description: "Answers “not modified”: nothing had to be read again." }),
  gaps: int,
};
const budgetSchema = Type.Object({
  name: Type.String(),
  limit: Type.Optional(
    Type.Object(
      { requests: int, perMs: int, resets: Type.Optional(Type.String({ description: "sliding, utc-day, pacific-day, utc-month: when it is full again." })) },
      { description: "As declared." },
    ),
  ),
  left: Type.Optional(Type.Integer({ description: "Calls that may go out at once by it." })),
  toldLeft: Type.Optional(Type.Integer({ description: "What the server told." })),
  resetAt: optionalInstant("End of the server's window."),
  blockedUntil: optionalInstant("The server asked for no call before."),
});

export function addSourceActivityRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/sources/activity",
    {
      schema: {
        tags: ["sources"],
        summary: "What each source did in the last day, where it stands, and what is left of its budgets",
        response: {
          200: Type.Object({
            items: Type.Array(
              Type.Object({
                id: Type.String(),
                position: Type.Optional(Type.Object({ text: Type.String(), savedAt: instant("When it was saved.") }, { description: "The cursor, as people read it." })),
                lastItemAt: optionalInstant("When the last message came; absent: none since the start."),
                day: Type.Object(
                  { ...counts, errors: int, posts: Type.Integer({ description: "Stored, made in this time." }) },
                  { description: "The last 24 whole hours, and the one that runs." },
                ),
                budgets: Type.Array(budgetSchema),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async () => ({
      items: (await engine.sourceActivity()).map(({ id, position, lastItemAt, day, budgets }) => ({
        id,
        ...(position && { position: { text: position.text, savedAt: iso(position.savedAt) } }),
        ...(lastItemAt !== undefined && { lastItemAt: iso(lastItemAt) }),
        day: { ...day },
        budgets: budgets.map(({ limit, resetAt, blockedUntil, ...rest }) => ({
          ...rest,
          ...(limit && { limit: { ...limit } }),
          ...(resetAt !== undefined && { resetAt: iso(resetAt) }),
          ...(blockedUntil !== undefined && { blockedUntil: iso(blockedUntil) }),
        })),
      })),
    }),
  );

  app.get(
    "/api/v1/sources/:id/activity",
    {
      schema: {
        tags: ["sources"],
        summary: "What a source did, by the hour, and its gaps",
        params: Type.Object({ id: Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$" }) }),
        querystring: Type.Object({ days: Type.Optional(Type.Integer({ minimum: 1, maximum: 31, default: 7 })) }, { additionalProperties: false }),
        response: {
          200: Type.Object({
            hours: Type.Array(
              Type.Object({ at: instant("Start of the hour."), ...counts, errors: Type.Record(Type.String(), Type.Integer(), { description: "By stable code." }) }),
              { description: "Oldest first; an hour in which nothing happened is left out." },
            ),
            gaps: Type.Array(
              Type.Object({ from: optionalInstant("Absent: since when is not known."), to: instant("End."), reason: Type.String(), at: instant("When it was met.") }),
              { description: "Time that the platform no longer tells, newest first." },
            ),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { hours, gaps } = await engine.sourceHistory(request.params.id, request.query.days ?? 7);
      return {
        hours: hours.map(({ at, counts: { messages = 0, bytes = 0, requests = 0, saved = 0, gaps: met = 0, ...rest } }) => ({
          at: iso(at),
          messages,
          bytes,
          requests,
          saved,
          gaps: met,
          errors: Object.fromEntries(Object.entries(rest).flatMap(([name, count]) => (count === undefined ? [] : [[name.slice("error:".length), count]]))),
        })),
        gaps: gaps.map(({ fromMs, toMs, reason, at }) => ({ ...(fromMs !== undefined && { from: iso(fromMs) }), to: iso(toMs), reason, at: iso(at) })),
      };
    },
  );
}
