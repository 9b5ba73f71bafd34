import { createHash } from "node:crypto";
import type { DeepModelConfig } from "../core/deep-config.ts";
import type { DeepModels } from "../core/deep.ts";
import { type Judgement, judgementsOf, packJudgements, type Tagged } from "../core/judgement.ts";
import type { Draft, Stage } from "../core/stage.ts";
import { sentimentOf, sureOf, textToJudge } from "./judgements.ts";

export interface DeepOptions {
  readonly models: DeepModels;
  /** `models.deep` of the configuration. */
  readonly use: readonly DeepModelConfig[];
}

/**
 * The cascade's second step: asks the larger models, each for the posts that it is meant for. Its word takes the place of the
 * embedded model's of the same task. Where it does not answer in its budget, what stands bears the reason.
 */
export function makeDeep({ models, use }: DeepOptions): Stage {
  const judge = (batch: readonly Draft[], config: DeepModelConfig, place: number): void => {
    const asked = batch.filter((draft) => textToJudge(draft) !== "" && isMeant(draft, config));
    if (asked.length === 0) return;
    const answers = models.ask(place, asked.map(textToJudge));
    for (const [i, draft] of asked.entries()) {
      const answer = answers[i] ?? "failed";
      if (typeof answer !== "string" && "spans" in answer) note(draft, answer);
      else if (typeof answer === "string") replace(draft, config.task, (before) => (before === undefined ? undefined : { ...before, stood: answer }));
      else {
        const judgement = sureOf(answer, config.leastProbability);
        replace(draft, config.task, () => judgement);
        if (config.task === "sentiment") draft.sentiment = sentimentOf(judgement);
      }
    }
  };
  return {
    name: "deep",
    run(batch) {
      for (const [place, config] of use.entries()) judge(batch, config, place);
      return batch.map((draft) => ({ keep: draft }));
    },
    [Symbol.dispose]() {},
  };
}

const of = (draft: Draft, task: string): Judgement | undefined => judgementsOf(draft.notes).find((judgement) => judgement.task === task);

function isMeant(draft: Draft, { use, sampleShare, sources, languages, task }: DeepModelConfig): boolean {
  if (sources !== undefined && !sources.includes(draft.source)) return false;
  if (languages !== undefined && !languages.includes(draft.language)) return false;
  if (use === "sample") return shareOf(`${draft.platform}\0${draft.post.id}`) < sampleShare;
  return use === "all" || (task === "entities" ? draft.notes?.entities === undefined : of(draft, task)?.label === undefined);
}

/** 0 to below 1, even over all ids. */
function shareOf(id: string): number {
  return createHash("sha1").update(id).digest().readUInt32BE(0) / 2 ** 32;
}

/** Names take the place of those that were found before. */
function note(draft: Draft, tagged: Tagged): void {
  const { entities: _entities, ...notes } = draft.notes ?? {};
  draft.notes = { ...notes, ...(tagged.spans.length > 0 && { entities: tagged }) };
}

function replace(draft: Draft, task: string, next: (before: Judgement | undefined) => Judgement | undefined): void {
  const made = next(of(draft, task));
  if (made === undefined) return;
  const all = [...judgementsOf(draft.notes).filter((judgement) => judgement.task !== task), made];
  const { judgements: _judgements, judged: _judged, ...notes } = draft.notes ?? {};
  draft.notes = { ...notes, ...packJudgements(all) };
}
