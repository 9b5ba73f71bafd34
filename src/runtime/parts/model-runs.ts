import { randomBytes } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { TrainingRun } from "../models.ts";
import type { ModelHandlers } from "../model-worker.ts";
import type { Caller } from "../rpc.ts";
import { startThread, type Thread } from "../threads.ts";

const mostRuns = 20;
/** Each may take as much memory as all the rest. */
const mostThreads = 3;
const mostWaiting = 30;

/** The thread that trains and measures: started for a piece of work, ended after it. */
export function makeModelRuns({ clock, report }: { readonly clock: Clock; readonly report: Report }) {
  const runs: TrainingRun[] = [];
  let working: { readonly id: string; readonly thread: Thread<ModelHandlers> } | undefined;
  const threads = new Set<Thread<ModelHandlers>>();
  const endings = new Map<string, Promise<TrainingRun>>();
  let isClosed = false;
  const refuseClosed = (): void => {
    if (isClosed) throw new EarshotError("STORE_UNAVAILABLE", "models: stopping");
  };

  let taken = 0;
  const waiting: (() => void)[] = [];
  /** @throws LIMIT_REACHED, STORE_UNAVAILABLE */
  async function takePlace(): Promise<void> {
    refuseClosed();
    if (taken < mostThreads) taken++;
    else if (waiting.length >= mostWaiting) throw new EarshotError("LIMIT_REACHED", `models: ${mostWaiting} questions wait already; ask again later`);
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }
  /** To who waits longest. */
  function leavePlace(): void {
    const next = waiting.shift();
    if (next === undefined) taken--;
    else next();
  }

  async function withThread<T>(work: (caller: Caller<ModelHandlers>, thread: Thread<ModelHandlers>) => Promise<T>, onMessage?: (message: object) => void): Promise<T> {
    await takePlace();
    try {
      refuseClosed();
      return await inThread(work, onMessage);
    } finally {
      leavePlace();
    }
  }

  async function inThread<T>(
    work: (caller: Caller<ModelHandlers>, thread: Thread<ModelHandlers>) => Promise<T>,
    onMessage: (message: object) => void = () => undefined,
  ): Promise<T> {
    const thread = await startThread<ModelHandlers>({
      name: "models",
      file: new URL("../model-worker.ts", import.meta.url),
      data: {},
      report,
      // What fails is the work's alone.
      onFault: () => undefined,
      onMessage,
      maxHeapMb: 2_048,
    });
    threads.add(thread);
    try {
      // It may have been closed while the thread was starting.
      refuseClosed();
      return await work(thread.caller, thread);
    } finally {
      threads.delete(thread);
      await thread.worker.terminate();
    }
  }

  const change = (id: string, fields: Partial<TrainingRun>): TrainingRun => {
    const at = runs.findIndex((run) => run.id === id);
    const known = runs[at];
    if (known === undefined) throw new EarshotError("NOT_FOUND", `run ${id}: there is none`);
    const next = { ...known, ...fields };
    runs[at] = next;
    return next;
  };

  return {
    runs: (): readonly TrainingRun[] => runs.toReversed(),
    withThread,
    /** Runs on after it was begun. @param work gives the model that came of it @throws CONFLICT, STORE_UNAVAILABLE */
    begin(fields: Pick<TrainingRun, "set" | "task" | "version">, work: (caller: Caller<ModelHandlers>) => Promise<string>): TrainingRun {
      refuseClosed();
      if (runs.some(({ state }) => state === "running")) throw new EarshotError("CONFLICT", "a training is running; wait for it, or cancel it");
      const run: TrainingRun = { ...fields, id: randomBytes(6).toString("base64url"), state: "running", startedAt: clock.now() };
      runs.push(run);
      if (runs.length > mostRuns) endings.delete(runs.shift()?.id ?? "");
      const ending = withThread(
        (caller, thread) => {
          if (runs.some(({ id, state }) => id === run.id && state === "cancelled")) throw new EarshotError("CONFLICT", "it was cancelled before it began");
          working = { id: run.id, thread };
          return work(caller);
        },
        (message) => {
          if ("step" in message && runs.some(({ id }) => id === run.id)) change(run.id, { step: message.step as NonNullable<TrainingRun["step"]> });
        },
      )
        .then(
          (model) => change(run.id, { state: "done", endedAt: clock.now(), model }),
          (thrown: unknown) => {
            const { code, message } = toEarshotError(thrown, "INVARIANT", "training");
            const isCancelled = runs.find(({ id }) => id === run.id)?.state === "cancelled";
            return isCancelled ? change(run.id, { endedAt: clock.now() }) : change(run.id, { state: "failed", endedAt: clock.now(), error: { code, message } });
          },
        )
        .finally(() => {
          if (working?.id === run.id) working = undefined;
        });
      endings.set(run.id, ending);
      return run;
    },
    isClosed: (): boolean => isClosed,
    isRunning: (): boolean => runs.some(({ state }) => state === "running"),
    /** Resolves once it is over, however it ended. @throws NOT_FOUND */
    ended(id: string): Promise<TrainingRun> {
      const ending = endings.get(id);
      if (ending === undefined) throw new EarshotError("NOT_FOUND", `run ${id}: there is none`);
      return ending;
    },
    cancel(id: string): void {
      const run = runs.find((one) => one.id === id);
      if (run === undefined) throw new EarshotError("NOT_FOUND", `run ${id}: there is none`);
      if (run.state !== "running") return;
      change(id, { state: "cancelled" });
      if (working?.id === id) void working.thread.worker.terminate();
    },
    /** Ends what runs; nothing begins any more. */
    async close(): Promise<void> {
      isClosed = true;
      for (const wake of waiting.splice(0)) wake();
      for (const run of runs) if (run.state === "running") change(run.id, { state: "cancelled" });
      await Promise.all([...threads].map((thread) => thread.worker.terminate()));
    },
  };
}
export type ModelRuns = ReturnType<typeof makeModelRuns>;
