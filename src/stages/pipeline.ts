import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { Outcome, Post } from "../core/event.ts";
import type { Draft, Stage } from "../core/stage.ts";
import type { TextModels } from "../core/judgement.ts";
import type { ModelsUse } from "../core/config.ts";
import type { DeepModels } from "../core/deep.ts";
import { type AgainWhat, makeAgain } from "./again.ts";
import { type CodeSwitchingOptions, makeCodeSwitching } from "./code-switching.ts";
import { makeDeep } from "./deep.ts";
import type { KnownEntity } from "../core/linking.ts";
import { makeJudge } from "./judge.ts";
import { makeLanguage } from "./language.ts";
import type { LanguageTable } from "./language-table.ts";
import { makeLink, type LinkOptions } from "./link.ts";
import { makeMentions, type MentionsOptions } from "./mentions.ts";
import { makeNormalise } from "./normalise.ts";
import { makePii } from "./pii.ts";
import { makeSentiment } from "./sentiment.ts";
import { type StagesTrace, traceStages } from "./trace.ts";
import { makeTerms, type Term, type TermsOptions } from "./terms.ts";
import { makeTowards, type TargetExplained } from "./towards.ts";

export interface StagesOptions extends MentionsOptions, TermsOptions {
  /** Made once a process by buildLanguageTable, given to each worker; absent: built here. */
  readonly languageTable?: LanguageTable;
  /** Language models, and what is asked of them; absent: nothing. Where nothing is asked and nothing promoted, no weights are read. */
  readonly judge?: { readonly models: TextModels; readonly use: ModelsUse };
  /** The larger models of `judge.use.deep`; absent: none is asked. */
  readonly deep?: DeepModels;
  /** What parts texts by language, and which; absent: nothing does. */
  readonly spans?: CodeSwitchingOptions;
  /** The register of names; absent: nothing is linked. */
  readonly link?: LinkOptions;
}

export interface Stages extends Disposable {
  readonly names: readonly string[];
  /** One outcome for each draft, in order; never throws. */
  run(batch: readonly Draft[]): readonly Outcome<Draft>[];
  setTerms(terms: readonly Term[]): void;
  /** Takes effect with the next batch, whole. */
  setEntities(entities: readonly KnownEntity[]): void;
  /** What is asked of the embedded models from the next batch on. */
  setUse(use: ModelsUse): void;
  /** Stored posts as today's stages make them, those alone that differ. */
  again(posts: readonly Post[], what: AgainWhat): readonly Post[];
  /** What each word adds to what is said of each target: see `TowardsStage`. */
  explainTowards(draft: Draft): readonly TargetExplained[];
  /** Runs one draft through the same stages and tells what each did; the draft is changed as by `run`. */
  trace(draft: Draft): StagesTrace;
}

/** All stages in their order, for one thread. */
export function openStages(options: StagesOptions): Stages {
  const terms = makeTerms(options);
  const language = makeLanguage(options.languageTable === undefined ? {} : { table: options.languageTable });
  // The sieve stands before what costs: a whole-network stream that keeps only matches drops most posts there.
  const judge = options.judge === undefined ? undefined : makeJudge(options.judge);
  const deep = options.judge === undefined || options.deep === undefined ? [] : [makeDeep({ models: options.deep, use: options.judge.use.deep })];
  const spans = options.spans === undefined ? undefined : makeCodeSwitching(options.spans);
  const sentiment = makeSentiment(judge?.judgesSentiment);
  const link = options.link === undefined ? undefined : makeLink(options.link);
  const towards = makeTowards({ terms: options.terms, entities: options.link?.entities ?? [], signs: sentiment, model: judge?.sentimentBy });
  const all: readonly Stage[] = [
    ...[makeNormalise(), makeMentions(options), terms.sieve, language, sentiment],
    ...[...(judge === undefined ? [] : [judge]), ...deep, ...(spans === undefined ? [] : [spans]), ...(link === undefined ? [] : [link])],
    ...[makePii(), terms, towards],
  ];
  let asksSpans = (options.spans?.use ?? false) !== false;
  /** Models come and go while it runs. */
  const stages = (): readonly Stage[] => all.filter((stage) => (stage !== judge || judge?.isAsked()) && (stage !== spans || asksSpans));
  const again = makeAgain({
    sentiment,
    terms,
    towards,
    ...(judge !== undefined && options.judge !== undefined && { judge: { stage: judge, models: options.judge.models } }),
    ...(link !== undefined && { link }),
    spans: () => (asksSpans ? spans : undefined),
    mentionId: options.mentionId,
  });
  again.setEntities(options.link?.entities ?? []);
  return {
    get names() {
      return stages().map((stage) => stage.name);
    },
    run: (batch) => runStages(stages(), batch),
    setTerms(next) {
      terms.setTerms(next);
      towards.setTerms(next);
    },
    setEntities(next) {
      link?.setEntities(next);
      towards.setEntities(next);
      again.setEntities(next);
    },
    setUse(use) {
      judge?.setUse(use);
      spans?.setUse(use.languages);
      asksSpans = use.languages !== false;
    },
    again: (posts, what) => posts.flatMap((post) => again.look(post, what) ?? []),
    explainTowards: (draft) => towards.explain(draft),
    trace: (draft) => traceStages(draft, { stages: stages(), run: (stage, one) => runStage(stage, [one])[0] ?? { drop: "none" }, keep: options.keep, language, sentiment, terms }),
    [Symbol.dispose]() {
      for (const stage of all) stage[Symbol.dispose]();
    },
  };
}

/** Runs stages one after the other over what each keeps. */
export function runStages(stages: readonly Stage[], batch: readonly Draft[]): readonly Outcome<Draft>[] {
  let outcomes: readonly Outcome<Draft>[] = batch.map((draft) => ({ keep: draft }));
  for (const stage of stages) outcomes = runOver(stage, outcomes);
  return outcomes;
}

/** One stage over what is kept; what is not stays as it is. */
function runOver(stage: Stage, outcomes: readonly Outcome<Draft>[]): readonly Outcome<Draft>[] {
  const drafts: Draft[] = [];
  for (const outcome of outcomes) if ("keep" in outcome) drafts.push(outcome.keep);
  const results = runStage(stage, drafts);
  if (drafts.length === outcomes.length) return results;
  let next = 0;
  return outcomes.map((outcome) => ("keep" in outcome ? (results[next++] ?? outcome) : outcome));
}

/** A stage that throws is asked again for each item alone, so that one item's fault stays its own. */
function runStage(stage: Stage, drafts: readonly Draft[]): readonly Outcome<Draft>[] {
  try {
    return checked(stage, stage.run(drafts), drafts.length);
  } catch (thrown) {
    if (drafts.length === 1) return [{ reject: toEarshotError(thrown, "STAGE_FAILED", `stage ${stage.name}`) }];
    return drafts.map((draft): Outcome<Draft> => {
      try {
        const [only] = checked(stage, stage.run([draft]), 1);
        return only ?? { reject: new EarshotError("STAGE_FAILED", `stage ${stage.name}: gave no outcome`) };
      } catch (again) {
        return { reject: toEarshotError(again, "STAGE_FAILED", `stage ${stage.name}`) };
      }
    });
  }
}

function checked(stage: Stage, outcomes: readonly Outcome<Draft>[], expected: number): readonly Outcome<Draft>[] {
  if (outcomes.length === expected) return outcomes;
  throw new EarshotError("STAGE_FAILED", `stage ${stage.name}: expected ${expected} outcomes, came ${outcomes.length}`);
}
