import type { ModelsConfig } from "../core/config.ts";
import { packJudgements, type TextModels } from "../core/judgement.ts";
import type { Draft, Stage } from "../core/stage.ts";
import { sentimentOf, sureOf, textToJudge } from "./judgements.ts";

export interface JudgeOptions {
  readonly models: TextModels;
  readonly use: ModelsConfig;
}

/** The language that the social tasks were trained on. */
const socialLanguage = "en";

/**
 * Asks the embedded models. Where the social tasks are asked, the sentiment of an English post is the model's, and none
 * where it is unsure: figures of two models, or of a model and a lexicon, never mix under one label.
 */
export function makeJudge({ models, use }: JudgeOptions): Stage & { readonly judgesSentiment: (draft: Draft) => boolean } {
  const judgesSentiment = (draft: Draft): boolean => draft.language === socialLanguage && isAsked(use.social, draft);
  const sure = (judgement: Parameters<typeof sureOf>[0]) => sureOf(judgement, use.leastProbability);
  const judge = (draft: Draft): void => {
    const text = textToJudge(draft);
    if (text === "") return;
    const isSocial = judgesSentiment(draft);
    const judgements = isSocial ? models.social(text).map(sure) : [];
    if (isSocial) draft.sentiment = sentimentOf(judgements.find(({ task }) => task === "sentiment"));
    if (isAsked(use.spam, draft)) judgements.push(sure(models.spam(text)));
    const entities = isAsked(use.entities, draft) ? models.entities(text) : undefined;
    const hasNames = entities !== undefined && entities.spans.length > 0;
    if (judgements.length > 0 || hasNames) draft.notes = { ...draft.notes, ...(judgements.length > 0 && packJudgements(judgements)), ...(hasNames && { entities }) };
  };
  return {
    name: "judge",
    judgesSentiment,
    run: (batch) =>
      batch.map((draft) => {
        judge(draft);
        return { keep: draft };
      }),
    [Symbol.dispose]() {},
  };
}

/** Off where nothing is asked of any post: then the stage need not be there. */
export function asksAnything({ social, spam, entities }: ModelsConfig): boolean {
  return [social, spam, entities].some((use) => use !== false);
}

function isAsked(use: ModelsConfig["spam"], { source, language }: Draft): boolean {
  if (typeof use === "boolean") return use;
  return (use.sources === undefined || use.sources.includes(source)) && (use.languages === undefined || use.languages.includes(language));
}
