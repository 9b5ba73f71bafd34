import { Type } from "typebox";
import type { ApiContext } from "../context.ts";
import { instant, iso, limitParameter, problems } from "../schemas.ts";

const filterParameter = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 300, description }));
const entrySchema = Type.Object({
  number: Type.Integer({ description: "From 1, without a gap." }),
  at: instant("When."),
  actor: Type.String({ description: "A user, or `user/token`." }),
  action: Type.String(),
  subject: Type.String({ description: "What it was done to." }),
  purpose: Type.Optional(Type.String({ description: "As the actor gave it." })),
  details: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]))),
  hash: Type.String({ description: "SHA-256 over this entry and the hash of the one before it." }),
});

export function addAuditRoutes({ app, access: { people } }: ApiContext): void {
  app.get(
    "/api/v1/audit",
    {
      config: { access: "admin" },
      schema: {
        tags: ["access"],
        summary: "Who did what, newest first",
        querystring: Type.Object(
          {
            actor: filterParameter("A user; what their tokens did is found too."),
            action: filterParameter("`term.put`, or `term` for all about terms."),
            subject: filterParameter("What it was done to, in full."),
            before: Type.Optional(Type.Integer({ minimum: 1, description: "Entries below this number: `next` of the page before." })),
            limit: Type.Optional(limitParameter(500, 50)),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ items: Type.Array(entrySchema), next: Type.Union([Type.Integer(), Type.Null()], { description: "null: this was the last page." }) }),
          ...problems,
        },
      },
    },
    async ({ query }) => {
      const limit = query.limit ?? 50;
      const entries = await people.audit({ ...query, limit });
      const last = entries.at(-1);
      return {
        items: entries.map(({ at, details, ...rest }) => ({ ...rest, at: iso(at), ...(details !== undefined && { details: { ...details } }) })),
        next: entries.length === limit && last !== undefined && last.number > 1 ? last.number : null,
      };
    },
  );

  app.get(
    "/api/v1/audit/verify",
    {
      config: { access: "admin", rateLimit: { max: 20, timeWindow: "1 minute" } },
      schema: {
        tags: ["access"],
        summary: "Compute the whole chain of the audit log again, and say whether each entry fits",
        response: {
          200: Type.Object({
            entries: Type.Integer({ description: "Those that fit, from the first on." }),
            hash: Type.String({ description: "Of the last that fits. Noted down elsewhere, it tells later whether the chain was written anew or cut at its end." }),
            broken: Type.Optional(Type.Integer({ description: "The first entry that does not fit what stands before it; absent when all do." })),
            at: instant("When this was computed."),
          }),
          ...problems,
        },
      },
    },
    async () => ({ ...(await people.verifyAudit()), at: iso(Date.now()) }),
  );
}
