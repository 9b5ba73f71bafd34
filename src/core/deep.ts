import type { Judgement, Tagged, Unanswered } from "./judgement.ts";

/** Larger models, asked by the stages; the answer is waited for, within the models' budgets. */
export interface DeepModels {
  /** Of the model at this place of `models.deep`: one answer a text, in order. Never throws. */
  ask(model: number, texts: readonly string[]): readonly DeepAnswer[];
}

/** A tagger's names, a judgement, or why there is neither. */
export type DeepAnswer = Judgement | Tagged | Unanswered;
