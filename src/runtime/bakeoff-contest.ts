import { fork } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import { bakeoffDifference, bakeoffFigures, type BakeoffFigures, type BakeoffRun, type BakeoffText, frontierOf } from "../models/bakeoff.ts";
import type { Interval } from "../models/bootstrap.ts";
import { manifestFile } from "../models/deep/folder.ts";
import { spamTask, taskNamed } from "../models/tasks.ts";
import type { Contestant, MeasureAnswer, MeasureQuestion } from "./bakeoff-measure.ts";

export interface BakeoffRow {
  readonly kind: Contestant["kind"];
  readonly name: string;
  readonly licence: string;
  /** Absent: it could not be measured. */
  readonly figures?: BakeoffFigures;
  /** No other is both better and cheaper. */
  readonly best: boolean;
  /** It judges the task now. */
  readonly judges: boolean;
  /** In macro-F1 on the same texts, to who judges now: above 0 where it is better. Absent: it judges itself, or nobody does. */
  readonly difference?: Interval;
  /** Why there are no figures. */
  readonly reason?: string;
}

export interface Bakeoff {
  readonly task: string;
  readonly classes: readonly string[];
  readonly n: number;
  /** Best first. */
  readonly rows: readonly BakeoffRow[];
}

const withinMs = 300_000;

/** Every model that may know the task: the lexicon, the embedded ones, imported ones, those behind HTTP. */
export function contestantsFor(task: string, folder: string, config: Pick<Config, "models" | "egress">): readonly Contestant[] {
  const models = join(folder, "models");
  const imported = existsSync(models) ? readdirSync(models).filter((name) => !name.startsWith(".") && existsSync(join(models, name, manifestFile))) : [];
  return [
    ...(task === "sentiment" ? [{ kind: "lexicon", task } as const] : []),
    ...(taskNamed(task) !== undefined || task === spamTask.name ? [{ kind: "embedded", task } as const] : []),
    ...imported.toSorted().map((name) => ({ kind: "onnx", task, folder: join(models, name) }) as const),
    ...config.models.deep.filter((deep) => deep.http !== undefined && deep.task === task).map((deep) => ({ kind: "http", task, config: deep, egress: config.egress }) as const),
  ];
}

/** Measures each in a process of its own, one after the other. `onRow` is told each as it is done. */
export async function holdBakeoff(
  task: string,
  classes: readonly string[],
  texts: readonly BakeoffText[],
  contestants: readonly Contestant[],
  onRow: (done: number, of: number) => void,
  signal?: AbortSignal,
): Promise<Bakeoff> {
  const rows: Row[] = [];
  for (const [i, contestant] of contestants.entries()) {
    signal?.throwIfAborted();
    const row = await measure(contestant, classes, texts, signal);
    if (row !== undefined) rows.push(row);
    onRow(i + 1, contestants.length);
  }
  const best = frontierOf(rows.map(({ figures }) => figures));
  const judge = rows.find(({ judges }) => judges) ?? rows.find(({ kind }) => kind === "embedded");
  const ranked = rows.map(({ labels, ...row }, i): BakeoffRow => {
    const isJudge = row.kind === judge?.kind && row.name === judge.name;
    return {
      ...row,
      best: best[i] ?? false,
      judges: isJudge,
      ...(!isJudge && labels !== undefined && judge?.labels !== undefined && { difference: bakeoffDifference(texts, classes, judge.labels, labels) }),
    };
  });
  return { task, classes, n: texts.length, rows: ranked.toSorted((a, b) => (b.figures?.macroF1.value ?? -1) - (a.figures?.macroF1.value ?? -1)) };
}

type Row = Omit<BakeoffRow, "best" | "difference"> & { readonly labels?: BakeoffRun["labels"] };

async function measure(contestant: Contestant, classes: readonly string[], texts: readonly BakeoffText[], signal: AbortSignal | undefined): Promise<Row | undefined> {
  const { kind } = contestant;
  const judges = kind === "trained" && contestant.judges;
  try {
    const answer = await inProcess({ contestant, classes, texts }, signal);
    if ("elsewhere" in answer) return undefined;
    return { kind, name: answer.version, licence: answer.licence, judges, labels: answer.labels, figures: bakeoffFigures(texts, classes, answer, kind === "http") };
  } catch (thrown) {
    signal?.throwIfAborted();
    return { kind, name: nameOf(contestant), licence: "", judges, reason: toEarshotError(thrown, "STAGE_FAILED", nameOf(contestant)).message.slice(0, 300) };
  }
}

function nameOf(contestant: Contestant): string {
  switch (contestant.kind) {
    case "trained":
      return contestant.id;
    case "onnx":
      return contestant.folder.split(/[/\\]/).at(-1) ?? "";
    case "http":
      return contestant.config.http?.model ?? "http";
    case "embedded":
    case "lexicon":
      return contestant.kind;
  }
}

function inProcess(question: MeasureQuestion, signal: AbortSignal | undefined): Promise<MeasureAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<MeasureAnswer>();
  const child = fork(new URL("./bakeoff-worker.ts", import.meta.url), { serialization: "advanced", stdio: ["ignore", "ignore", "ignore", "ipc"] });
  const late = setTimeout(() => reject(new EarshotError("STAGE_FAILED", `not done with ${question.texts.length} texts after ${withinMs / 1_000} s`)), withinMs);
  const stop = () => reject(new EarshotError("STAGE_FAILED", "was ended"));
  signal?.addEventListener("abort", stop);
  child.once("message", (message: { readonly answer: MeasureAnswer } | { readonly fault: string }) =>
    "answer" in message ? resolve(message.answer) : reject(new EarshotError("STAGE_FAILED", message.fault)),
  );
  child.once("error", reject);
  child.once("exit", (code) => reject(new EarshotError("STAGE_FAILED", `its process ended by itself (${code})`)));
  child.send(question);
  return promise.finally(() => {
    clearTimeout(late);
    signal?.removeEventListener("abort", stop);
    child.kill("SIGKILL");
  });
}
