import { parentPort } from "node:worker_threads";
import { compareTexts, type DriftReport, type JudgedTexts } from "../models/drift.ts";
import { type ModelName, modelNames, openLibrary } from "../models/library.ts";
import { wordsOf } from "../models/words.ts";
import { serve } from "./rpc.ts";
import { bareText } from "./registry-models.ts";

/** The thread that holds today's posts against earlier ones; it lives as long as one look. */
const port = parentPort;
if (port === null) throw new TypeError("model-drift-worker: a worker thread only");
const library = openLibrary();
/** A word that fewer authors say is not shown: it could tell of one of them. */
const leastAuthors = 5;

export interface DriftTexts {
  readonly texts: readonly string[];
  /** Of each text; any name that is the same for the same author. */
  readonly authors: readonly string[];
}

export interface DriftAsk {
  readonly task: string;
  readonly reference: DriftTexts;
  readonly current: DriftTexts;
}

export interface DriftAnswer {
  readonly report: DriftReport;
  readonly model: string;
  readonly classes: readonly string[];
}

function modelOf(task: string): ModelName {
  const found = modelNames.find((name) => library.judge(name).heads.has(task));
  if (found === undefined) throw new TypeError(`task ${task}: no model judges it`);
  return found;
}

/** Words of the list that enough authors say. */
function shownWords(words: DriftReport["words"], sides: readonly DriftTexts[]): DriftReport["words"] {
  const authorsOf = new Map(words.map(({ word }) => [word, new Set<string>()]));
  for (const { texts, authors } of sides) for (const [i, text] of texts.entries()) for (const word of wordsOf(text).words) authorsOf.get(word)?.add(authors[i] ?? "");
  return words.filter(({ word }) => (authorsOf.get(word)?.size ?? 0) >= leastAuthors);
}

const handlers = {
  compare({ task, reference, current }: DriftAsk): DriftAnswer {
    const model = modelOf(task);
    const judge = library.judge(model);
    const head = judge.heads.get(task);
    const judged = ({ texts, authors }: DriftTexts): JudgedTexts & DriftTexts => {
      const bare = texts.map(bareText);
      const said = bare.map((text) => judge.one(task, text));
      return { texts: bare, authors, probabilities: said.map(({ probabilities }) => probabilities), chosen: said.map(({ chosen }) => chosen) };
    };
    const sides = { reference: judged(reference), current: judged(current) };
    const report = compareTexts(sides, head?.classes ?? 0);
    return { report: { ...report, words: shownWords(report.words, [sides.reference, sides.current]) }, model: library.version(model), classes: head?.names ?? [] };
  },
  stop: () => undefined,
};
export type ModelDriftHandlers = typeof handlers;
serve(port, handlers);
port.postMessage({ ready: true });
