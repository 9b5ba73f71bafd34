import { EarshotError } from "../core/errors.ts";
import { type EntitySpan, type Judgement, multilingualLanguages, type TextModels } from "../core/judgement.ts";
import type { Gazetteer, WordSpace } from "../core/linking.ts";
import { explain, type Explanation } from "../models/explain.ts";
import { type Library, openLibrary } from "../models/library.ts";
import type { Judge, Judged } from "../models/linear-model.ts";
import { openGazetteer } from "../models/gazetteer.ts";
import { multilingualTask, nameOfLanguage } from "../models/tasks.ts";
import { makeWordSpace } from "../models/word-space.ts";
import { wordsOf } from "../models/words.ts";
import { embeddedModelOf, makeEmbedded, openRegistryJudge, bareText, type RegistryJudge, socialTasks } from "./registry-models.ts";
import type { WorkerModels } from "./worker-data.ts";

const kinds = { PER: "person", ORG: "organisation", LOC: "place" } as const satisfies Readonly<Record<string, EntitySpan["kind"]>>;
const mostWords = 400;

/** What a candidate says beside what was noted. */
export type Watch = (candidate: string, post: Parameters<TextModels["watch"]>[0], said: Judgement | undefined, judgement: Judgement) => void;

/** The models of this thread. Weights are read with the first question. */
export function openTextModels(
  library: Library = openLibrary(),
  onWatched: Watch = () => undefined,
): TextModels & {
  /** Takes the place of those before. @returns what could not be taken up, and why */
  load(models: WorkerModels): readonly { readonly model: string; readonly reason: string }[];
  /** Why a text is judged as it is, by today's weights. */
  explain(task: string, text: string, language: string): Explanation & { readonly model: string };
  /** Vectors and places, each read when it is first asked for. */
  readonly space: () => WordSpace;
  readonly gazetteer: () => Gazetteer;
} {
  const embedded = makeEmbedded(library);
  let promoted: readonly RegistryJudge[] = [];
  let candidates: readonly (RegistryJudge & { readonly every: number })[] = [];
  let seen = 0;
  const saidBy = ({ id, task, judge }: RegistryJudge, text: string): Judgement => judgementOf(judge, task, id, judge.one(task, text));
  let space: WordSpace | undefined;
  let gazetteer: Gazetteer | undefined;
  const judgementOf = (judge: Judge, task: string, model: string, { probabilities, chosen }: Judged): Judgement => {
    const names = judge.heads.get(task)?.names ?? [];
    return { task, model, label: names[chosen] ?? "", probabilities: Object.fromEntries(names.map((name, c) => [name, Math.round((probabilities[c] ?? 0) * 1e3) / 1e3])) };
  };
  return {
    space: () => (space ??= makeWordSpace(library.vectors())),
    gazetteer: () => (gazetteer ??= openGazetteer()),
    social(text) {
      const judge = library.judge("social");
      const model = library.version("social");
      const said = embedded.social(bareText(text));
      return socialTasks.flatMap((task) => {
        const one = said.get(task);
        return one === undefined ? [] : [judgementOf(judge, task, model, one)];
      });
    },
    multilingual(text, language) {
      const judge = library.judge("multilingual");
      const { probabilities, chosen } = judge.one(multilingualTask.name, bareText(text), nameOfLanguage(language));
      return { ...judgementOf(judge, multilingualTask.name, library.version("multilingual"), { probabilities, chosen }), task: "sentiment" };
    },
    spam(text) {
      const judge = library.judge("spam");
      return judgementOf(judge, "spam", library.version("spam"), embedded.spam(bareText(text)));
    },
    entities(text) {
      const bare = bareText(text);
      const { starts, ends } = wordsOf(bare);
      const count = Math.min(mostWords, starts.length);
      const words = Array.from({ length: count }, (_, i) => bare.slice(starts[i], ends[i]));
      const spans: EntitySpan[] = [];
      for (const [i, tag] of library.entities().coarse(words).entries()) {
        const kind = kindOf(tag);
        const end = ends[i] ?? 0;
        const last = spans.at(-1);
        if (tag.startsWith("B-") && kind !== undefined) spans.push({ start: starts[i] ?? 0, end, kind });
        else if (tag.startsWith("I-") && last !== undefined) spans[spans.length - 1] = { ...last, end };
      }
      return { model: library.version("entities"), spans };
    },
    promoted(text, language) {
      if (promoted.length === 0) return [];
      const plain = bareText(text);
      return promoted.filter((one) => one.reads(language)).map((one) => saidBy(one, plain));
    },
    hasOwn: () => promoted.length > 0 || candidates.length > 0,
    hasPromoted: (task, language) => promoted.some((one) => one.task === task && one.reads(language)),
    watch(post, said) {
      if (candidates.length === 0) return;
      seen++;
      for (const candidate of candidates) {
        if (seen % candidate.every !== 0 || !candidate.reads(post.language)) continue;
        const noted = said.find(({ task }) => task === candidate.task);
        onWatched(candidate.id, post, noted, saidBy(candidate, bareText(post.text)));
      }
    },
    load(models) {
      const failed: { model: string; reason: string }[] = [];
      const open = (list: WorkerModels["promoted"]): RegistryJudge[] =>
        list.flatMap((one) => {
          try {
            return [openRegistryJudge(one, library, embedded.stack)];
          } catch (thrown) {
            failed.push({ model: one.id, reason: thrown instanceof Error ? thrown.message : String(thrown) });
            return [];
          }
        });
      promoted = open(models.promoted);
      candidates = models.candidates.flatMap((one) => open([one]).map((opened) => ({ ...opened, every: Math.max(1, Math.round(1 / one.share)) })));
      return failed;
    },
    explain(task, text, language) {
      const own = promoted.find((one) => one.task === task && one.reads(language));
      if (own === undefined && task === "sentiment" && multilingualLanguages.includes(language)) {
        const judge = library.judge("multilingual");
        const one = (_task: string, edited: string) => judge.one(multilingualTask.name, bareText(edited), nameOfLanguage(language));
        return { ...explain({ ...judge, one }, multilingualTask.name, text), task, model: library.version("multilingual") };
      }
      const judge = own?.judge ?? library.judge(embeddedModelOf(task));
      const model = own?.id ?? library.version(embeddedModelOf(task));
      if (!judge.heads.has(task))
        throw new EarshotError("NOT_FOUND", `${task}: a larger model judged it; reasons by word are those of the embedded models and of models trained here`);
      return { ...explain({ ...judge, one: (asked, edited) => judge.one(asked, bareText(edited)) }, task, text), model };
    },
  };
}

function kindOf(tag: string): EntitySpan["kind"] | undefined {
  const type = tag.slice(2);
  return type === "PER" || type === "ORG" || type === "LOC" ? kinds[type] : undefined;
}
