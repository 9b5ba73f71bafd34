import { type Static, Type } from "typebox";
import type { Judgement } from "../core/judgement.ts";

const text = (description: string) => Type.String({ description });

export const judgementSchema = Type.Object(
  {
    task: text("sentiment, emotion, irony, offensive, hate, spam, or another that a larger model of yours judges."),
    label: Type.Union([Type.String(), Type.Null()], { description: "null: the model is not sure enough." }),
    probabilities: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 })),
    model: text("Name and fingerprint of the weights that judged: only judgements of one version compare."),
    stood: Type.Optional(
      Type.Union([Type.Literal("budget"), Type.Literal("late"), Type.Literal("failed")], {
        description: "A larger model was to answer in its place and did not: its budget was spent, it was too slow, it failed.",
      }),
    ),
  },
  { description: "What a language model says of the text: a tendency over many posts, never a fact about one person." },
);

export function viewJudgement({ task, label, probabilities, model, stood }: Judgement): Static<typeof judgementSchema> {
  return { task, label: label ?? null, probabilities: { ...probabilities }, model, ...(stood !== undefined && { stood }) };
}

export const explanationSchema = Type.Object({
  noted: judgementSchema,
  model: Type.String({ description: "Today's version, which explains. Where it is another than the noted one, the post was judged by an older model." }),
  chosen: Type.String({ description: "The class that today's model chooses for the text as it is shown here, however unsure." }),
  probabilities: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 })),
  words: Type.Array(
    Type.Object({
      word: Type.String(),
      start: Type.Integer(),
      end: Type.Integer(),
      adds: Type.Number({ description: "How much less likely the chosen class becomes without the word: difference of log odds." }),
    }),
    { description: "Of the text as it is shown, in its order; at most 200." },
  ),
  counterfactual: Type.Optional(
    Type.Object(
      { without: Type.Array(Type.String()), places: Type.Array(Type.Integer(), { description: "Of `words`." }), text: Type.String(), chosen: Type.String() },
      { description: "The smallest edit that flips: the fewest words, left out together, with which another class is chosen; absent: none of up to five do." },
    ),
  ),
  faithfulness: Type.Object(
    { ranked: Type.Number(), random: Type.Number(), words: Type.Integer({ description: "How many words are left out at most." }) },
    {
      description: "Mean drop of the probability when the one, two, … words that add most are left out (AOPC), and when as many are in any order: the first should be much larger.",
    },
  ),
});
export type ExplanationView = Static<typeof explanationSchema>;
