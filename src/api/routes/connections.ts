import { Type } from "typebox";
import type { ApiContext } from "../context.ts";
import { instant, iso, optionalInstant, problems } from "../schemas.ts";

const hostSchema = Type.Object({
  host: Type.String({ description: "With its port, where it is not the usual one." }),
  calls: Type.Integer({ description: "That went out, tries again included." }),
  failed: Type.Integer({ description: "That ended in no answer, or in one that stands for a failure." }),
  savedCalls: Type.Integer({ description: "Answered from the cache, by another call under way, or by “not modified”." }),
  savedBytes: Type.Integer(),
  state: Type.Union([Type.Literal("closed"), Type.Literal("open"), Type.Literal("half-open")], {
    description: "Of the breaker. open: nothing is asked until then; half-open: the next call decides.",
  }),
  openUntil: optionalInstant("Only while open."),
  opened: Type.Integer({ description: "How often the breaker opened." }),
});
const egressSchema = Type.Object({
  profile: Type.String(),
  rotation: Type.String(),
  fixed: Type.Boolean({ description: "One address, which partners have on their list." }),
  proxies: Type.Array(Type.Object({ calls: Type.Integer(), failed: Type.Integer(), outUntil: optionalInstant("Left out until then, since it failed.") }), {
    description: "In the order of the configuration, without their addresses.",
  }),
});
const refusedSchema = Type.Object({
  at: instant("When it was refused."),
  source: Type.String(),
  host: Type.Optional(Type.String({ description: "Absent: refused with the configuration." })),
  egress: Type.Optional(Type.String({ description: "The profile that was asked for; absent: straight." })),
});

export function addConnectionRoutes({ app, engine }: ApiContext): void {
  app.get(
    "/api/v1/connections",
    {
      config: { access: "analyst" },
      schema: {
        tags: ["sources"],
        summary: "Hosts and ways out: calls, failures, breakers, what the cache saved, and which ways were refused",
        response: {
          200: Type.Object({
            hosts: Type.Array(hostSchema, { description: "Since the start, by calls." }),
            egress: Type.Array(egressSchema),
            refused: Type.Array(refusedSchema, { description: "The newest first." }),
          }),
          ...problems,
        },
      },
    },
    async () => {
      const { hosts, egress, refused } = await engine.connections();
      return {
        hosts: hosts
          .toSorted((a, b) => b.calls + b.savedCalls - (a.calls + a.savedCalls) || a.host.localeCompare(b.host))
          .map(({ openUntil, ...host }) => ({ ...host, ...(openUntil !== undefined && { openUntil: iso(openUntil) }) })),
        egress: egress.map(({ proxies, ...profile }) => ({
          ...profile,
          proxies: proxies.map(({ outUntil, ...proxy }) => ({ ...proxy, ...(outUntil !== undefined && { outUntil: iso(outUntil) }) })),
        })),
        refused: refused.map(({ at, ...one }) => ({ ...one, at: iso(at) })),
      };
    },
  );
}
