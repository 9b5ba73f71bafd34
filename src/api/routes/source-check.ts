import { Type } from "typebox";
import { faultsOf, refuseFaults, sourceConfigSchema } from "../../core/config.ts";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

export function addSourceCheckRoutes({ app, engine }: ApiContext): void {
  app.post(
    "/api/v1/sources/check",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "Try a source before it is saved: does it answer, does it want a token",
        description: "Reads until something comes or the source listens, for at most 12 s; nothing is kept.",
        body: Type.Object(
          {
            use: Type.String({ description: "The connector." }),
            options: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "The connector's own options; secrets as references." })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            ok: Type.Boolean(),
            code: Type.Optional(Type.String({ description: "UPSTREAM_AUTH: it wants a token." })),
            message: Type.Optional(Type.String()),
          }),
          ...problems,
        },
      },
    },
    async ({ body }) => {
      const config = { ...body.options, use: body.use };
      const parsed = sourceConfigSchema.safeParse(config);
      if (!parsed.success) refuseFaults("source", faultsOf(parsed.error));
      return { ...(await engine.checkSource(sourceConfigSchema.parse(config))) };
    },
  );
}
