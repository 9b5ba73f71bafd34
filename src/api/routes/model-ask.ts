import { Type } from "typebox";
import type { ApiContext } from "../context.ts";
import { explanationSchema } from "../judgement-schemas.ts";
import { intervalSchema } from "../model-schemas.ts";
import { problems } from "../schemas.ts";

const params = Type.Object({ id: Type.String({ minLength: 3, maxLength: 80, pattern: "^[a-z0-9-]+@[0-9a-f]{8}$", description: "As in `spam@1f2e3d4c`." }) });
const tags = ["models"];
const mostTexts = 5_000;
const mostUnits = 10_000;
const { noted: _noted, model: _model, ...explained } = explanationSchema.properties;

/** Models of the registry, asked of texts that are kept nowhere. */
export function addModelAskRoutes({ app, engine: { models } }: ApiContext): void {
  app.post(
    "/api/v1/models/:id/evaluate",
    {
      config: { access: "analyst" },
      bodyLimit: 8 << 20,
      schema: {
        tags,
        summary: "Measure a model on labelled texts of yours, which are kept nowhere",
        params,
        body: Type.Object(
          {
            texts: Type.Array(
              Type.Object(
                {
                  text: Type.String({ minLength: 1, maxLength: mostUnits }),
                  label: Type.String({ minLength: 1, maxLength: 60, description: "A class of the model." }),
                  author: Type.Optional(Type.String({ maxLength: 200, description: "The interval is drawn author by author." })),
                  language: Type.Optional(Type.String({ maxLength: 20 })),
                },
                { additionalProperties: false },
              ),
              { minItems: 1, maxItems: mostTexts },
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            model: Type.String(),
            n: Type.Integer(),
            headline: Type.String({ description: "The figure that the task is compared by." }),
            figure: intervalSchema,
            accuracy: Type.Number(),
            macroF1: Type.Number(),
            macroRecall: Type.Number(),
            f1PerClass: Type.Record(Type.String(), Type.Number()),
            calibrationError: Type.Number({ description: "Of the probability of the likeliest class, 15 bins of equal width." }),
            postsPerCpuSecond: Type.Number(),
          }),
          ...problems,
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const texts = request.body.texts.map(({ text, label, author, language }) => ({
        text,
        label,
        ...(author !== undefined && { author }),
        ...(language !== undefined && { language }),
      }));
      const { n, headline, figure, accuracy, macroF1, macroRecall, f1PerClass, calibrationError, postsPerCpuSecond } = await models.evaluate(id, texts);
      return { model: id, n, headline, figure: { ...figure }, accuracy, macroF1, macroRecall, f1PerClass: { ...f1PerClass }, calibrationError, postsPerCpuSecond };
    },
  );

  app.post(
    "/api/v1/models/:id/explain",
    {
      config: { access: "analyst" },
      schema: {
        tags,
        summary: "Why a model judges a text as it does: what each word adds, and the smallest edit that changes it",
        params,
        body: Type.Object({ text: Type.String({ minLength: 1, maxLength: mostUnits }) }, { additionalProperties: false }),
        response: { 200: Type.Object({ model: Type.String(), ...explained }), ...problems },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { chosen, probabilities, words, counterfactual, faithfulness } = await models.explain(id, request.body.text);
      return {
        model: id,
        chosen,
        probabilities: { ...probabilities },
        words: [...words],
        ...(counterfactual && { counterfactual: { ...counterfactual, without: [...counterfactual.without], places: [...counterfactual.places] } }),
        faithfulness: { ...faithfulness },
      };
    },
  );
}
