import type { EntitySpan, Judgement, TextModels } from "../core/judgement.ts";
import { explain, type Explanation } from "../models/explain.ts";
import { type Library, type ModelName, openLibrary } from "../models/library.ts";
import type { Judge, Judged } from "../models/linear-model.ts";
import { wordsOf } from "../models/words.ts";

/** Tasks that are noted on posts: emoji and stance are there to be compared with other models alone. */
const socialTasks = ["sentiment", "emotion", "irony", "offensive", "hate"] as const;
const kinds = { PER: "person", ORG: "organisation", LOC: "place" } as const satisfies Readonly<Record<string, EntitySpan["kind"]>>;
const mostWords = 400;

/** An account as it stands in texts is one name to the models, of as many units, so that places stay. */
const pseudonym = /@m_[A-Za-z0-9_-]{22}/g;
const account = `@${"u".repeat(24)}`;
/** A text as the models read it: accounts are one name. */
export const bareText = (text: string): string => (text.includes("@m_") ? text.replace(pseudonym, account) : text);

const modelOf = (task: string): ModelName => (task === "spam" ? "spam" : "social");

/** The models of this thread. Weights are read with the first question. */
export function openTextModels(library: Library = openLibrary()): TextModels & {
  /** Why a text is judged as it is, by today's weights. */
  explain(task: string, text: string): Explanation & { readonly model: string };
} {
  const judgementOf = (judge: Judge, task: string, model: string, { probabilities, chosen }: Judged): Judgement => {
    const names = judge.heads.get(task)?.names ?? [];
    return { task, model, label: names[chosen] ?? "", probabilities: Object.fromEntries(names.map((name, c) => [name, Math.round((probabilities[c] ?? 0) * 1e3) / 1e3])) };
  };
  return {
    social(text) {
      const judge = library.judge("social");
      const model = library.version("social");
      const said = judge.judge(bareText(text));
      return socialTasks.flatMap((task) => {
        const one = said.get(task);
        return one === undefined ? [] : [judgementOf(judge, task, model, one)];
      });
    },
    spam(text) {
      const judge = library.judge("spam");
      return judgementOf(judge, "spam", library.version("spam"), judge.one("spam", bareText(text)));
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
    explain(task, text) {
      const judge = library.judge(modelOf(task));
      return { ...explain({ ...judge, one: (asked, edited) => judge.one(asked, bareText(edited)) }, task, text), model: library.version(modelOf(task)) };
    },
  };
}

function kindOf(tag: string): EntitySpan["kind"] | undefined {
  const type = tag.slice(2);
  return type === "PER" || type === "ORG" || type === "LOC" ? kinds[type] : undefined;
}
