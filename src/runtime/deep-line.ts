import { type MessagePort, MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import type { DeepAnswer, DeepModels } from "../core/deep.ts";

/** Between a refining thread, which waits, and the thread of the larger models, which answers. */
export interface DeepLine {
  readonly port: MessagePort;
  /** Rises with each answer. */
  readonly answers: SharedArrayBuffer;
}

interface Question {
  readonly model: number;
  readonly texts: readonly string[];
  readonly withinMs: number;
}
type Answer = readonly DeepAnswer[];

/** The answering thread has so long for a batch; the other waits a little longer for it to say so. */
const answerWithinMs = 5_000;
const graceMs = 1_000;

export function makeDeepLine(): { readonly asking: DeepLine; readonly answering: DeepLine } {
  const { port1, port2 } = new MessageChannel();
  const answers = new SharedArrayBuffer(4);
  return { asking: { port: port1, answers }, answering: { port: port2, answers } };
}

/** Blocks this thread until the answer is there. One question is open at most: while an older one is unanswered, the answer is "late" at once. */
export function askOver(line: DeepLine, withinMs = answerWithinMs): DeepModels {
  const count = new Int32Array(line.answers);
  let isOpen = false;
  const take = (): Answer | undefined => {
    const got = receiveMessageOnPort(line.port);
    if (got === undefined) return undefined;
    isOpen = false;
    const answer: Answer = got.message;
    return answer;
  };
  return {
    ask(model, texts) {
      // An answer that came too late is nobody's any more.
      take();
      if (isOpen) return texts.map(() => "late");
      isOpen = true;
      line.port.postMessage({ model, texts, withinMs } satisfies Question);
      const until = performance.now() + withinMs + graceMs;
      for (;;) {
        const seen = Atomics.load(count, 0);
        const answer = take();
        if (answer !== undefined) return answer;
        const left = until - performance.now();
        if (left <= 0) return texts.map(() => "late");
        Atomics.wait(count, 0, seen, left);
      }
    },
  };
}

/** Answers the questions of one refining thread; returns the way to stop. */
export function answerOver(line: DeepLine, answer: (model: number, texts: readonly string[], withinMs: number) => Promise<Answer>): () => void {
  const count = new Int32Array(line.answers);
  line.port.on("message", ({ model, texts, withinMs }: Question) => {
    void answer(model, texts, withinMs)
      .catch((): Answer => texts.map(() => "failed"))
      .then((answers) => {
        line.port.postMessage(answers satisfies Answer);
        Atomics.add(count, 0, 1);
        Atomics.notify(count, 0);
      });
  });
  return () => line.port.close();
}
