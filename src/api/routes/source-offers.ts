import { Type } from "typebox";
import type { ApiContext } from "../context.ts";
import { problems } from "../schemas.ts";

export function addSourceOfferRoutes({ app, engine }: ApiContext): void {
  app.post(
    "/api/v1/sources/offers",
    {
      config: { access: "admin" },
      schema: {
        tags: ["sources"],
        summary: "What the account behind these options can read, before a source is saved",
        description:
          "The pages of an account of Facebook, the business accounts behind them; asked as a forecast is. Connectors say under `offers` which of their options are chosen from it.",
        body: Type.Object(
          {
            use: Type.String({ description: "The connector." }),
            options: Type.Optional(
              Type.Record(Type.String(), Type.Unknown(), { description: "The connector's own options; secrets as references. What is to be chosen may be missing." }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            items: Type.Array(
              Type.Object({
                option: Type.String({ description: "The option that takes it." }),
                value: Type.String(),
                name: Type.String(),
                detail: Type.Optional(Type.String({ description: "What tells it from others of the same name." })),
              }),
            ),
          }),
          ...problems,
        },
      },
    },
    async ({ body: { use, options = {} } }) => ({ items: (await engine.offersOf(use, options)).map((offer) => ({ ...offer })) }),
  );
}
