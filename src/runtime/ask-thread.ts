import { Worker } from "node:worker_threads";
import { EarshotError } from "../core/errors.ts";

/** A thread for one question: it answers with its one message, and ends. @param url its file @param data its `workerData`, copied */
export async function askThread<Answer>(name: string, url: URL, data: unknown): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const worker = new Worker(url, { workerData: data, name });
  worker.once("message", (answer: Answer) => resolve(answer));
  worker.once("error", reject);
  worker.once("exit", () => reject(new EarshotError("INVARIANT", `${name}: the thread ended without an answer`)));
  try {
    return await promise;
  } finally {
    await worker.terminate();
  }
}
