import { existsSync, readFileSync } from "node:fs";
import { EarshotError } from "../core/errors.ts";
import { fingerprint } from "../core/ids.ts";
import { makeAdditiveJudge, readAdditiveModel } from "./additive-model.ts";
import { type EntityTagger, readEntities } from "./entities.ts";
import { type Extractor, makeExtractor } from "./features.ts";
import { type LanguageParts, makeLanguageParts } from "./language-spans.ts";
import { readWordModel } from "./language-words.ts";
import type { Judge } from "./linear-model.ts";
import { makeReader, type Reader } from "./reader.ts";
import type { Vocabulary } from "./segment.ts";
import { benchmarkTasks, languageTask, multilingualTask, socialTasks, spamTask } from "./tasks.ts";
import { readWordVectors, type WordVectors } from "./word-vectors.ts";

/** Models of this room's `weights` folder, by file: what a text says, in which language, in which tone, unasked. */
export const modelNames = ["social", "benchmarks", "multilingual", "language", "spam"] as const;
export type ModelName = (typeof modelNames)[number];

const folder = new URL("./weights/", import.meta.url);
export const weightsFile = (name: ModelName | "words" | "entities" | "code-switching"): URL => new URL(`${name}.bin`, folder);

/** The model that judges for a task; undefined: none does. */
export function modelOf(task: string): ModelName | undefined {
  if (task === spamTask.name) return "spam";
  if (task === multilingualTask.name) return "multilingual";
  if (task === languageTask.name) return "language";
  if (socialTasks.some(({ name }) => name === task)) return "social";
  return benchmarkTasks.some(({ name }) => name === task) ? "benchmarks" : undefined;
}

export interface Library {
  judge(name: ModelName): Judge;
  entities(): EntityTagger;
  /** The words that have vectors, by how common they are. */
  vocabulary(): Vocabulary;
  /** Which stretches of a text are in which language. */
  languageParts(): LanguageParts;
  /** What trained classifiers and topics read of a text; the first `dimensions` dense numbers are the mean of its words' vectors. */
  features(): { readonly extractor: Extractor; readonly dimensions: number };
  vectors(): WordVectors;
  /** Name and fingerprint of the weights that it judges by, `social@1f2e3d4c`. */
  version(name: ModelName | "entities" | "code-switching"): string;
}

function read(name: Parameters<typeof weightsFile>[0]): Uint8Array {
  const file = weightsFile(name);
  if (!existsSync(file)) throw new EarshotError("NOT_FOUND", `model ${name}: its weights are not there; \`earshot models train\` makes them`);
  return readFileSync(file);
}

/** Each model is read when it is first asked for, and stays. */
export function openLibrary(): Library {
  let vectors: WordVectors | undefined;
  const judges = new Map<ModelName, Judge>();
  let tagger: EntityTagger | undefined;
  let parts: LanguageParts | undefined;
  const versions = new Map<string, string>();
  let extractor: Extractor | undefined;
  let reader: Reader | undefined;
  const words = () => (vectors ??= readWordVectors(read("words")));
  return {
    judge(name) {
      const known = judges.get(name) ?? makeAdditiveJudge(readAdditiveModel(read(name)), (reader ??= makeReader(words())));
      judges.set(name, known);
      return known;
    },
    vocabulary: () => ({ rankOf: words().rowOf }),
    languageParts: () => (parts ??= makeLanguageParts(readWordModel(read("code-switching")))),
    features: () => ({ extractor: (extractor ??= makeExtractor(words())), dimensions: words().dimensions }),
    vectors: words,
    entities: () => (tagger ??= readEntities(read("entities"), words())),
    version(name) {
      const known = versions.get(name) ?? `${name}@${fingerprint(`${fingerprint(read("words"))} ${fingerprint(read(name))}`).slice(0, 8)}`;
      versions.set(name, known);
      return known;
    },
  };
}
