import type { Judgement, Unanswered } from "./judgement.ts";

/** Larger models, asked by the stages; the answer is waited for, within the models' budgets. */
export interface DeepModels {
  /** Of the model at this place of `models.deep`: one answer a text, in order; a judgement, or why there is none. Never throws. */
  ask(model: number, texts: readonly string[]): readonly (Judgement | Unanswered)[];
}
