import type { Sentiment } from "../core/event.ts";
import type { Judgement } from "../core/judgement.ts";
import type { Draft } from "../core/stage.ts";

/** UTF-16 units of a text that are judged: more than any post that the models were trained on. */
const mostUnits = 4_000;

export const textToJudge = ({ text }: Draft): string => (text.length > mostUnits ? text.slice(0, mostUnits) : text);

/** Without its label where the model is less sure than this. */
export function sureOf(judgement: Judgement, leastProbability: number): Judgement {
  if (judgement.label !== undefined && (judgement.probabilities[judgement.label] ?? 0) >= leastProbability) return judgement;
  const { label: _label, ...unsure } = judgement;
  return unsure;
}

/** How much likelier positive is than negative, -1 to 1, to two digits. */
export const scoreOf = (probabilities: Judgement["probabilities"]): number => Math.round(((probabilities["positive"] ?? 0) - (probabilities["negative"] ?? 0)) * 100) / 100 || 0;

/** The score is how much likelier positive is than negative. */
export function sentimentOf(judgement: Judgement | undefined): Sentiment | undefined {
  const { label, probabilities } = judgement ?? {};
  if (probabilities === undefined || (label !== "negative" && label !== "neutral" && label !== "positive")) return undefined;
  return { label, score: scoreOf(probabilities) };
}
