import { parentPort, workerData } from "node:worker_threads";
import { type Choice, choose, learn, vectorOf } from "../models/choose.ts";
import { openLibrary } from "../models/library.ts";

export interface ChooseWorkerData {
  readonly classes: readonly string[];
  readonly kind: "classes" | "spans";
  readonly labelled: readonly { readonly text: string; readonly label?: string }[];
  readonly candidates: readonly string[];
  readonly how: Choice["by"];
  readonly count: number;
  readonly seed: number;
}

export interface ChooseAnswer {
  readonly choices: readonly (Choice & { readonly guess?: string })[];
  /** Whose doubt was asked: learnt from the set's own labels just now, or an embedded model. Absent: none could say. */
  readonly model?: string;
}

/** A thread for one choice of what to label next: it reads the embedded models' weights and learns from what is labelled. */
const data: ChooseWorkerData = workerData;
parentPort?.postMessage(answer(data));

function answer({ classes, kind, labelled, candidates, how, count, seed }: ChooseWorkerData): ChooseAnswer {
  const library = openLibrary();
  const { extractor, dimensions } = library.features();
  const known = kind === "classes" ? labelled.filter(({ label }) => label !== undefined && classes.includes(label)) : [];
  const own = learn(
    extractor,
    known.map(({ text }) => text),
    known.map(({ label }) => classes.indexOf(label ?? "")),
    classes.length,
  );
  const embedded = own === undefined && kind === "classes" ? embeddedFor(classes) : undefined;
  const probabilitiesOf = own ?? embedded?.of;
  const judged = candidates.map((text) => ({ vector: vectorOf(extractor, dimensions, text), ...(probabilitiesOf !== undefined && { probabilities: probabilitiesOf(text) }) }));
  const choices = choose(
    judged,
    labelled.map(({ text }) => vectorOf(extractor, dimensions, text)),
    { count, how, seed },
  );
  const model = own === undefined ? embedded?.model : `${known.length} labels`;
  return {
    ...(model !== undefined && { model }),
    choices: choices.map((choice) => {
      const { probabilities } = judged[choice.index] ?? {};
      const guess = probabilities && classes[probabilities.indexOf(Math.max(...probabilities))];
      return { ...choice, ...(guess !== undefined && { guess }) };
    }),
  };

  /** The one embedded model whose classes are those of the set. */
  function embeddedFor(wanted: readonly string[]): { readonly model: string; readonly of: (text: string) => readonly number[] } | undefined {
    const fitting = (["social", "spam"] as const).flatMap((name) =>
      [...library.judge(name).heads.values()]
        .filter(({ names }) => names.length === wanted.length && names.every((one) => wanted.includes(one)))
        .map(({ task, names }) => ({ name, task, names })),
    );
    const [only] = fitting;
    if (only === undefined || fitting.length > 1) return undefined;
    const judge = library.judge(only.name);
    return {
      model: `${only.task}, ${library.version(only.name)}`,
      of: (text) => {
        const { probabilities } = judge.one(only.task, text);
        return wanted.map((one) => probabilities[only.names.indexOf(one)] ?? 0);
      },
    };
  }
}
