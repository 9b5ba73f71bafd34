import type { ModelsUse } from "../core/config.ts";
import { type Judgement, multilingualLanguages, packJudgements, type TextModels } from "../core/judgement.ts";
import type { Draft, Stage } from "../core/stage.ts";
import { sentimentOf, sureOf, textToJudge } from "./judgements.ts";

/** Judges the sentiment of a text; undefined where it has no word on it. */
export type SentimentModel = (text: string) => Judgement | undefined;

export interface JudgeOptions {
  readonly models: TextModels;
  readonly use: ModelsUse;
}

export interface JudgeStage extends Stage {
  readonly judgesSentiment: (draft: Draft) => boolean;
  /** What judges the sentiment of a draft's language, to be asked for parts of its text; undefined: no model does. */
  readonly sentimentBy: (draft: Draft) => SentimentModel | undefined;
  /** Where nothing is asked the stage need not run. */
  readonly isAsked: () => boolean;
  /** Takes effect with the next batch, whole. */
  setUse(use: ModelsUse): void;
  /** Judges what is stored already: candidates do not see it a second time. */
  again(draft: Draft): void;
}

/** The language that the social tasks were trained on. */
const socialLanguage = "en";

/**
 * Asks the embedded models, and those that were promoted. Where a model judges the sentiment, it is the model's, and none where it is
 * unsure: figures of two models, or of a model and a lexicon, never mix under one label. A promoted model has thresholds of its own.
 */
export function makeJudge({ models, ...options }: JudgeOptions): JudgeStage {
  let { use } = options;
  const isSocial = (draft: Draft): boolean => draft.language === socialLanguage && isAsked(use.social, draft);
  const isMultilingual = (draft: Draft): boolean => multilingualLanguages.includes(draft.language) && isAsked(use.multilingual, draft);
  const judgesSentiment = (draft: Draft): boolean => isSocial(draft) || isMultilingual(draft) || models.hasPromoted("sentiment", draft.language);
  const sure = (judgement: Parameters<typeof sureOf>[0]) => sureOf(judgement, use.leastProbability);
  const judge = (draft: Draft, isNew: boolean): void => {
    const text = textToJudge(draft);
    if (text === "") return;
    let judgements = isSocial(draft) ? models.social(text).map(sure) : [];
    if (isMultilingual(draft)) judgements.push(sure(models.multilingual(text, draft.language)));
    if (isAsked(use.spam, draft)) judgements.push(sure(models.spam(text)));
    const promoted = models.promoted(text, draft.language);
    if (promoted.length > 0) judgements = [...judgements.filter(({ task }) => !promoted.some((one) => one.task === task)), ...promoted];
    if (judgesSentiment(draft)) draft.sentiment = sentimentOf(judgements.find(({ task }) => task === "sentiment"));
    if (isNew) models.watch({ text, language: draft.language, platform: draft.platform, nativeId: draft.post.id }, judgements);
    const entities = isAsked(use.entities, draft) ? models.entities(text) : undefined;
    const hasNames = entities !== undefined && entities.spans.length > 0;
    if (judgements.length > 0 || hasNames) draft.notes = { ...draft.notes, ...(judgements.length > 0 && packJudgements(judgements)), ...(hasNames && { entities }) };
  };
  return {
    name: "judge",
    judgesSentiment,
    sentimentBy(draft) {
      const { language } = draft;
      const ofTask = (judgements: readonly Judgement[]) => judgements.find(({ task }) => task === "sentiment");
      if (models.hasPromoted("sentiment", language)) return (text) => ofTask(models.promoted(text, language));
      if (isSocial(draft)) return (text) => ofTask(models.social(text));
      return isMultilingual(draft) ? (text) => models.multilingual(text, language) : undefined;
    },
    isAsked: () => [use.social, use.multilingual, use.spam, use.entities].some((one) => one !== false) || models.hasOwn(),
    setUse(next) {
      use = next;
    },
    again: (draft) => judge(draft, false),
    run: (batch) =>
      batch.map((draft) => {
        judge(draft, true);
        return { keep: draft };
      }),
    [Symbol.dispose]() {},
  };
}

function isAsked(use: ModelsUse["spam"], { source, language }: Draft): boolean {
  if (typeof use === "boolean") return use;
  return (use.sources === undefined || use.sources.includes(source)) && (use.languages === undefined || use.languages.includes(language));
}
