import { type MessagePort, Worker } from "node:worker_threads";
import type { Report } from "../core/component.ts";
import { EarshotError, isErrorCode, toEarshotError } from "../core/errors.ts";
import { type Caller, connect, type Handlers } from "./rpc.ts";

export interface Thread<H extends Handlers> {
  readonly worker: Worker;
  readonly caller: Caller<H>;
  /** Asks it to stop and waits; ends it by force after the grace. */
  stop(): Promise<void>;
}

export interface ThreadOptions {
  readonly name: string;
  readonly file: URL;
  readonly data: unknown;
  readonly report: Report;
  readonly onFault: (error: EarshotError) => void;
  readonly onMessage?: (message: object) => void;
  /** Heap bound of the thread, MB. */
  readonly maxHeapMb?: number;
  /** Ports within `data`, which go over to the thread. */
  readonly transfer?: readonly MessagePort[];
}

const readyWithinMs = 120_000;
const stopWithinMs = 60_000;

/** Starts a worker thread; resolves when it says that it is ready, throws what kept it from that. */
export async function startThread<H extends Handlers>(options: ThreadOptions): Promise<Thread<H>> {
  const { name, report } = options;
  const worker = new Worker(options.file, {
    name,
    workerData: options.data,
    ...(options.transfer !== undefined && { transferList: [...options.transfer] }),
    resourceLimits: { maxOldGenerationSizeMb: options.maxHeapMb ?? 512, maxYoungGenerationSizeMb: 32 },
  });
  const caller = connect<H>(worker);
  let stopping = false;
  const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
  const ended = new Promise<void>((done) => worker.once("exit", () => done()));
  const fail = (error: EarshotError) => {
    reject(error);
    caller.fail(error);
    if (!stopping) options.onFault(error);
  };
  worker.on("message", (message: unknown) => {
    if (typeof message !== "object" || message === null) return;
    if ("ready" in message) resolve();
    else if ("report" in message) tell(report, message.report);
    else if ("fault" in message) fail(faultFrom(message.fault, name));
    else options.onMessage?.(message);
  });
  worker.once("error", (thrown) => fail(toEarshotError(thrown, "INVARIANT", name)));
  worker.once("exit", (code) => {
    if (!stopping) fail(new EarshotError("INVARIANT", `${name}: the thread ended by itself (${code})`));
  });
  const late = setTimeout(() => reject(new EarshotError("INVARIANT", `${name}: not ready after ${readyWithinMs / 1000} s`)), readyWithinMs);
  try {
    await ready;
  } catch (error) {
    stopping = true;
    await worker.terminate();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return {
    worker,
    caller,
    async stop() {
      stopping = true;
      const force = setTimeout(() => {
        report("error", `${name}: did not stop within ${stopWithinMs / 1000} s and is ended`);
        void worker.terminate();
      }, stopWithinMs);
      try {
        await Promise.race([caller.call("stop", undefined as never), ended]);
      } catch (thrown) {
        report("error", toEarshotError(thrown, "INVARIANT", name).message);
      }
      clearTimeout(force);
      await worker.terminate();
    },
  };
}

function tell(report: Report, told: unknown): void {
  if (typeof told !== "object" || told === null || !("level" in told) || !("message" in told) || typeof told.message !== "string") return;
  const level = told.level === "debug" || told.level === "info" || told.level === "warn" || told.level === "error" ? told.level : "info";
  report(level, told.message);
}

function faultFrom(told: unknown, name: string): EarshotError {
  if (typeof told === "object" && told !== null && "code" in told && "message" in told && isErrorCode(told.code) && typeof told.message === "string")
    return new EarshotError(told.code, told.message);
  return new EarshotError("INVARIANT", `${name}: failed`);
}
