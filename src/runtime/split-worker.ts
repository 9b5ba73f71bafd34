import { parentPort, workerData } from "node:worker_threads";
import { type Cuts, type Split, splitByAuthor, splitByTime, type SplitText } from "./label-split.ts";

export interface SplitWorkerData {
  readonly texts: readonly SplitText[];
  /** By author with this seed; absent: by time. */
  readonly seed?: string;
  /** By time: where the parts began before. */
  readonly before: Partial<Cuts>;
}
export type SplitAnswer = Split & { readonly cuts?: Cuts };

/** A thread for one split: comparing tens of thousands of texts takes seconds. */
const { texts, seed, before }: SplitWorkerData = workerData;
parentPort?.postMessage((seed === undefined ? splitByTime(texts, before) : splitByAuthor(texts, seed)) satisfies SplitAnswer);
