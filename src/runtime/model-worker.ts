import { createHash } from "node:crypto";
import { constants, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { type SwitchedModel, switchedModels } from "../core/config.ts";
import { EarshotError } from "../core/errors.ts";
import type { LabelledText } from "../core/label-set.ts";
import { type QueryFacts, matchesQuery } from "../core/query-match.ts";
import { parseQuery } from "../core/query-parser.ts";
import { tokenise } from "../core/tokens.ts";
import { assess, type AssessedText, headlineFor } from "../models/assess.ts";
import { differenceOf, intervalOf } from "../models/bootstrap.ts";
import { writeClassifier } from "../models/classifier.ts";
import { explain } from "../models/explain.ts";
import { testFunctionally, worseThan } from "../models/functional.ts";
import { openLibrary } from "../models/library.ts";
import type { Judge } from "../models/linear-model.ts";
import { slicesOf } from "../models/slices.ts";
import { type ClassifierText, trainClassifier } from "../models/train-classifier.ts";
import { embeddedModelOf, makeEmbedded, openRegistryJudge, bareText } from "./registry-models.ts";
import { serve } from "./rpc.ts";
import { openTextModels } from "./text-models.ts";
import { openTextReader } from "./text-reading.ts";

/** A thread that trains and measures models, so that nobody else waits for it. */
const port = parentPort;
if (port === null) throw new TypeError("model-worker: a worker thread only");

/** A brand and how it is found. */
export interface Brand {
  readonly id: string;
  readonly query: string;
}

/** Who is asked: a model of the registry, the embedded one of a task, or whoever always says the same class. */
export type Asked =
  | { readonly kind: "registry"; readonly id: string; readonly bytes: Uint8Array }
  | { readonly kind: "embedded" }
  | { readonly kind: "constant"; readonly chosen: number };

interface MeasuredText {
  readonly text: string;
  readonly language: string;
}
export type ModelCosts = Readonly<Partial<Record<SwitchedModel, { readonly microsecondsPerPost: number; readonly posts: number; readonly share: number }>>>;

export interface TaskTexts {
  readonly task: string;
  readonly classes: readonly string[];
  readonly texts: readonly LabelledText[];
  readonly brands: readonly Brand[];
}

const library = openLibrary();
const embedded = makeEmbedded(library);
/** A difference of fewer texts is not looked at slice by slice. */
const leastInSlice = 8;
const calmShare = 0.95;

function assessed({ classes, texts, brands }: TaskTexts): readonly AssessedText[] {
  const parsed = brands.map(({ id, query }) => ({ id, query: parseQuery(query) }));
  return texts.map(({ text, label, author, language, platform }) => ({
    text: bareText(text),
    label: classes.indexOf(label ?? ""),
    ...(author !== undefined && { author }),
    ...(language !== undefined && { language }),
    ...(platform !== undefined && { platform }),
    brands: parsed.filter(({ query }) => matchesQuery(query, factsOfText(text, language ?? "und", platform ?? ""))).map(({ id }) => id),
  }));
}

function factsOfText(text: string, language: string, platform: string): QueryFacts {
  const none = {
    source: "",
    sentiment: undefined,
    terms: [],
    links: [],
    entities: [],
    author: undefined,
    createdAt: 0,
    reply: false,
    reshare: false,
    media: false,
    pii: false,
    languages: false,
  };
  return { ...none, words: tokenise(text), language, platform, hashtags: [...text.matchAll(/#([\p{L}\p{N}_]+)/gu)].map((match) => match[1] ?? "") };
}

/** In an order of their own, so that the same texts give the same model wherever they lie. */
const trained = ({ classes, texts }: TaskTexts): readonly ClassifierText[] =>
  texts
    .map(({ text, label, author, language }) => ({
      text: bareText(text),
      label: classes.indexOf(label ?? ""),
      ...(author !== undefined && { author }),
      ...(language !== undefined && { language }),
    }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.label - b.label));

/** Asked with the numbers that `classes` gives the classes. */
function judgeOf(asked: Asked, task: string, classes: readonly string[]): Judge {
  if (asked.kind === "constant") return constantJudge(task, classes, asked.chosen);
  const judge = asked.kind === "embedded" ? library.judge(embeddedModelOf(task)) : openRegistryJudge({ ...asked, task }, library, embedded.stack).judge;
  const head = judge.heads.get(task);
  const names = head?.names ?? [];
  if (names.length !== classes.length || classes.some((name) => !names.includes(name)))
    throw new EarshotError("CONFLICT", `${task}: one model has the classes ${names.join(", ")}, the other texts have ${classes.join(", ")}; they cannot be compared`);
  const numbers = classes.map((name) => names.indexOf(name));
  const one: Judge["one"] = (of, text) => {
    const { chosen, probabilities } = judge.one(of, text);
    return { chosen: numbers.indexOf(chosen), probabilities: numbers.map((number) => probabilities[number] ?? 0) };
  };
  return {
    heads: new Map(head === undefined ? [] : [[task, { ...head, names: classes, shifts: numbers.map((number) => head.shifts[number] ?? 0) }]]),
    one,
    judge: (text) => new Map([[task, one(task, text)]]),
  };
}

function constantJudge(task: string, names: readonly string[], chosen: number): Judge {
  const said = { chosen, probabilities: names.map((_, c) => (c === chosen ? 1 : 0)) };
  const head = { task, isBase: true, classes: names.length, temperature: 1, shifts: names.map(() => 0), names };
  return { heads: new Map([[task, head]]), one: () => said, judge: () => new Map([[task, said]]) };
}

const handlers = {
  train(argument: {
    readonly train: TaskTexts;
    readonly validation: TaskTexts;
    readonly gold: TaskTexts;
    readonly stacked: boolean;
    readonly seed: number;
    readonly thresholds: Readonly<Record<string, number>> | undefined;
    /** Nobody waits for it: it takes what time others leave. */
    readonly isBackground: boolean;
  }) {
    // On Linux the priority of 0 is that of the calling thread alone, which ends with this training (setpriority(2), read 2026-11).
    if (argument.isBackground && process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);
    const { train, validation, gold, stacked, seed, thresholds } = argument;
    const { task, classes } = train;
    const { model, parameters } = trainClassifier(
      { task, classes, train: trained(train), validation: trained(validation) },
      library.features().extractor,
      { seed, ...(stacked && { stack: embedded.stack }), ...(thresholds && { thresholds }) },
      (step) => port.postMessage({ step }),
    );
    const bytes = writeClassifier(model);
    const hash = createHash("sha256").update(bytes).digest("hex");
    const asked: Asked = { kind: "registry", id: `${task}@${hash.slice(0, 8)}`, bytes };
    const judge = judgeOf(asked, task, classes);
    const texts = assessed(gold);
    return {
      id: asked.id,
      bytes,
      hash,
      parameters,
      figures: texts.length === 0 ? null : assess(judge, task, classes, texts),
      functional: testFunctionally(
        judge,
        task,
        texts.map(({ text }) => text),
      ),
    };
  },
  /** On texts of whoever asks, which are kept nowhere. */
  evaluate({ asked, texts }: { readonly asked: Asked; readonly texts: TaskTexts }) {
    const { task, classes } = texts;
    return assess(judgeOf(asked, task, classes), task, classes, assessed(texts));
  },
  /** What each word adds: the text is judged without it. */
  explain({ asked, task, classes, text }: { readonly asked: Asked; readonly task: string; readonly classes: readonly string[]; readonly text: string }) {
    const judge = judgeOf(asked, task, classes);
    return explain({ ...judge, one: (of, edited) => judge.one(of, bareText(edited)) }, task, text);
  },
  test({ asked, texts }: { readonly asked: Asked; readonly texts: TaskTexts }) {
    return testFunctionally(
      judgeOf(asked, texts.task, texts.classes),
      texts.task,
      texts.texts.map(({ text }) => bareText(text)),
    );
  },
  /** Two models on the same texts. */
  compare({ a, b, texts }: { readonly a: Asked; readonly b: Asked; readonly texts: TaskTexts }) {
    const { task, classes } = texts;
    const headline = headlineFor(task, classes);
    const list = assessed(texts);
    const right = list.map(({ label }) => label);
    const saidBy = (judge: Judge) => list.map(({ text }) => judge.one(task, text).chosen);
    const [first, second] = [judgeOf(a, task, classes), judgeOf(b, task, classes)];
    const [said, other] = [saidBy(first), saidBy(second)];
    const judgements = (places: readonly number[]) => {
      const of = <T>(all: readonly T[]): readonly T[] => places.flatMap((i) => all.slice(i, i + 1));
      return { right: of(right), said: of(said), other: of(other), classes: classes.length, authors: of(list.map(({ author }) => author)) };
    };
    const all = judgements([...list.keys()]);
    const own = list.map(({ text }) => text);
    const [before, after] = [testFunctionally(first, task, own), testFunctionally(second, task, own)];
    return {
      task,
      headline,
      n: list.length,
      a: intervalOf(all, headline),
      b: intervalOf({ ...all, said: all.other }, headline),
      difference: differenceOf(all, headline),
      slices: slicesOf(list)
        .filter(({ places }) => places.length >= leastInSlice)
        .map(({ by, value, places }) => ({ by, value, n: places.length, difference: differenceOf(judgements(places), headline) })),
      functional: { a: { cases: before.cases, passed: before.passed }, b: { cases: after.cases, passed: after.passed } },
      worse: worseThan(before, after),
    };
  },
  /** On the second half of the texts: the first warms it up. A model that no text is for is left out. */
  measure({ texts, languages }: { readonly texts: readonly MeasuredText[]; readonly languages: Readonly<Partial<Record<SwitchedModel, readonly string[]>>> }): ModelCosts {
    const models = openTextModels(library);
    const reader = openTextReader(library);
    const asks: Readonly<Record<SwitchedModel, (text: MeasuredText) => unknown>> = {
      social: ({ text }) => models.social(text),
      multilingual: ({ text, language }) => models.multilingual(text, language),
      spam: ({ text }) => models.spam(text),
      entities: ({ text }) => models.entities(text),
      languages: ({ text, language }) => reader.languages(text, language),
    };
    const costs: { -readonly [K in keyof ModelCosts]: ModelCosts[K] } = {};
    for (const model of switchedModels) {
      const meant = texts.filter(({ language, text }) => text !== "" && languages[model]?.includes(language) !== false);
      const half = Math.floor(meant.length / 2);
      const measured = meant.slice(half);
      if (measured.length === 0) continue;
      for (const text of half === 0 ? measured : meant.slice(0, half)) asks[model](text);
      const took = measured.map((text) => {
        const begun = performance.now();
        asks[model](text);
        return (performance.now() - begun) * 1_000;
      });
      // Of few calls the processor's own clock says nothing; those during which others had the processor are left out instead.
      const calm = took.toSorted((one, other) => one - other).slice(0, Math.max(1, Math.floor(took.length * calmShare)));
      costs[model] = { microsecondsPerPost: calm.reduce((sum, one) => sum + one, 0) / calm.length, posts: measured.length, share: meant.length / texts.length };
    }
    return costs;
  },
  stop() {},
};
export type ModelHandlers = typeof handlers;

serve(port, handlers);
port.postMessage({ ready: true });
