import type { Report } from "../core/component.ts";
import type { Config } from "../core/config.ts";
import type { EarshotError } from "../core/errors.ts";
import { type DeepLine, makeDeepLine } from "./deep-line.ts";
import type { DeepHandlers, DeepWorkerData } from "./deep-worker.ts";
import { startThread, type Thread } from "./threads.ts";

export interface DeepStartOptions {
  /** The data folder. */
  readonly folder: string;
  readonly config: Pick<Config, "models" | "egress">;
  /** Of refining threads. */
  readonly count: number;
  readonly report: Report;
  readonly onFault: (error: EarshotError) => void;
}

/** A tokenizer's vocabulary of 250,000 words, twice. */
const heapMb = 2_048;

/** The thread of the larger models, where some are configured, and a line to it for each refining thread. @throws what keeps a model from being opened */
export async function startDeep({
  folder,
  config,
  count,
  report,
  onFault,
}: DeepStartOptions): Promise<{ readonly deep?: Thread<DeepHandlers>; readonly lines: readonly DeepLine[] }> {
  const models = config.models.deep;
  if (models.length === 0) return { lines: [] };
  const made = Array.from({ length: count }, () => makeDeepLine());
  const lines = made.map(({ answering }) => answering);
  const deep = await startThread<DeepHandlers>({
    name: "deep",
    file: new URL("./deep-worker.ts", import.meta.url),
    data: { folder, models, egress: config.egress, lines } satisfies DeepWorkerData,
    transfer: lines.map(({ port }) => port),
    report,
    onFault,
    maxHeapMb: heapMb,
  });
  return { deep, lines: made.map(({ asking }) => asking) };
}
