import { EarshotError } from "../core/errors.ts";
import { makeClassifierJudge, readClassifier, type Stack } from "../models/classifier.ts";
import type { Library } from "../models/library.ts";
import type { Judge, Judged } from "../models/linear-model.ts";
import { spamTask } from "../models/tasks.ts";

/** An account as it stands in texts is one name to the models, of as many units, so that places stay. */
const pseudonym = /@m_[A-Za-z0-9_-]{22}/g;
const account = `@${"u".repeat(24)}`;
/** A text as models read it, as long as it was. */
export const bareText = (text: string): string => (text.includes("@m_") ? text.replace(pseudonym, account) : text);

/** Tasks of the social model that posts are judged for: emoji and stance are there to be compared with other models alone. */
export const socialTasks = ["sentiment", "emotion", "irony", "offensive", "hate"] as const;
/** Tasks that an embedded model judges: their first version. */
export const embeddedTasks: readonly string[] = [...socialTasks, spamTask.name];

export const embeddedModelOf = (task: string): "social" | "spam" => (task === spamTask.name ? "spam" : "social");

/** The embedded models' word on a text, each asked once for a text. @returns judgements of all tasks of the social model */
export function makeEmbedded(library: Library): { social(text: string): ReadonlyMap<string, Judged>; spam(text: string): Judged; readonly stack: Stack } {
  let ofSocial: { readonly text: string; readonly said: ReadonlyMap<string, Judged> } | undefined;
  let ofSpam: { readonly text: string; readonly said: Judged } | undefined;
  const social = (text: string) => {
    if (ofSocial?.text !== text) ofSocial = { text, said: library.judge("social").judge(text) };
    return ofSocial.said;
  };
  const spam = (text: string) => {
    if (ofSpam?.text !== text) ofSpam = { text, said: library.judge("spam").one(spamTask.name, text) };
    return ofSpam.said;
  };
  return {
    social,
    spam,
    stack: {
      get versions() {
        return [library.version("social"), library.version("spam")];
      },
      probabilities(text) {
        const said = social(text);
        return [...socialTasks.flatMap((task) => said.get(task)?.probabilities ?? []), ...spam(text).probabilities];
      },
    },
  };
}

/** The task's name as judgements bear it. */
export const taskNameOf = (name: string): string =>
  name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40) || "task";

/** Why a model of the registry cannot judge beside these embedded models; undefined: it can, or its weights cannot be read. */
export function staleBase(bytes: Uint8Array, versions: readonly string[]): string | undefined {
  const { stacked } = readClassifier(bytes);
  return stacked.length === 0 || stacked.join() === versions.join() ? undefined : `it was trained on what ${stacked.join(" and ")} say; here they are ${versions.join(" and ")}`;
}

/** A model of the registry, ready to be asked. */
export interface RegistryJudge {
  readonly id: string;
  readonly task: string;
  readonly judge: Judge;
  /** Judges posts in this language. */
  reads(language: string): boolean;
}

/** @throws CONFLICT where it was trained on what other embedded models say; STORE_CORRUPT for a damaged file */
export function openRegistryJudge({ id, task, bytes }: { readonly id: string; readonly task: string; readonly bytes: Uint8Array }, library: Library, stack: Stack): RegistryJudge {
  let model: ReturnType<typeof readClassifier>;
  try {
    model = readClassifier(bytes);
  } catch (cause) {
    throw new EarshotError("STORE_CORRUPT", `model ${id}: its weights cannot be read`, { cause });
  }
  if (model.stacked.length > 0 && model.stacked.join() !== stack.versions.join())
    throw new EarshotError("CONFLICT", `model ${id}: it was trained on what ${model.stacked.join(" and ")} say; here they are ${stack.versions.join(" and ")}. Train it anew`);
  const { languages } = model;
  return {
    id,
    task,
    judge: makeClassifierJudge(model, library.features().extractor, stack),
    reads: (language) => languages.length === 0 || languages.includes(language),
  };
}
