import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "../core/clock.ts";
import type { EgressProfile } from "../core/config.ts";
import type { DeepModelConfig } from "../core/deep-config.ts";
import { EarshotError, toEarshotError } from "../core/errors.ts";
import type { TextJudge, TextTagger } from "../core/judgement.ts";
import { openHttp } from "../http/client.ts";
import { makeHttpJudge } from "../models/deep/http-judge.ts";
import { openOnnxJudge } from "../models/deep/onnx-judge.ts";
import { openOnnxTagger } from "../models/deep/onnx-tagger.ts";
import { type DeskModel, makeDeepDesk } from "./deep-desk.ts";
import { answerOver, type DeepLine } from "./deep-line.ts";
import { serve } from "./rpc.ts";
import { readSecret } from "./secrets.ts";

export interface DeepWorkerData {
  /** The data folder. */
  readonly folder: string;
  readonly models: readonly DeepModelConfig[];
  readonly egress: Readonly<Record<string, EgressProfile>>;
  /** One for each refining thread. */
  readonly lines: readonly DeepLine[];
}

/** The thread of the larger models: they run on its own CPU time, which their budgets count. */
const port = parentPort;
if (port === null) throw new TypeError("deep-worker: a worker thread only");
const data: DeepWorkerData = workerData;
const report = (level: string, message: string) => port.postMessage({ report: { level, message } });
const http = openHttp({
  clock: systemClock,
  report,
  env: process.env,
  egress: {
    profiles: data.egress,
    readSecret: (reference) => readSecret(reference, process.env),
    onRefused: ({ host }) => report("warn", `models: a call to ${host} was refused`),
  },
});

async function openJudge({ task, model, http: behind }: DeepModelConfig): Promise<TextJudge | TextTagger> {
  if (behind !== undefined) return makeHttpJudge({ ...behind, task, client: http, ...(behind.key !== undefined && { token: await readSecret(behind.key, process.env) }) });
  const folder = join(data.folder, "models", model ?? "");
  const judge = task === "entities" ? await openOnnxTagger(folder) : await openOnnxJudge(folder);
  if (judge.task !== task) throw new EarshotError("CONFIG_INVALID", `models.deep: ${model} was imported for ${judge.task}, expected ${task}`);
  return judge;
}

const models: DeskModel[] = [];
try {
  for (const config of data.models) models.push({ config, judge: await openJudge(config) });
} catch (thrown) {
  const { code, message } = toEarshotError(thrown, "INVARIANT", "models.deep");
  port.postMessage({ fault: { code, message } });
  throw thrown;
}

const desk = makeDeepDesk(models, {
  clock: systemClock,
  report,
  cpuSeconds() {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1e6;
  },
});
const closing = data.lines.map((line) => answerOver(line, (model, texts, withinMs) => desk.ask(model, texts, systemClock.monotonicMs() + withinMs)));

const handlers = {
  figures: () => desk.figures(),
  async stop() {
    for (const close of closing) close();
    await http[Symbol.asyncDispose]();
  },
};
export type DeepHandlers = typeof handlers;

serve(port, handlers);
port.postMessage({ ready: true });
