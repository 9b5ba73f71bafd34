import type * as Runtime from "onnxruntime-node";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { EarshotError } from "../../core/errors.ts";

/** A loaded ONNX graph that reads rows of token numbers. */
export interface Session extends AsyncDisposable {
  /** Shape of the answer: `[rows, classes]`, or `[rows, tokens, classes]` padded to the longest row. */
  run(rows: readonly (readonly number[])[], padId: number): Promise<{ readonly data: Float32Array; readonly shape: readonly number[] }>;
}

let runtime: typeof Runtime | undefined;

/** @throws MODEL_RUNTIME_MISSING */
export async function loadRuntime(): Promise<typeof Runtime> {
  try {
    return (runtime ??= await import("onnxruntime-node"));
  } catch (thrown) {
    throw new EarshotError(
      "MODEL_RUNTIME_MISSING",
      "onnxruntime-node: not installed, or not for this machine; `ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save onnxruntime-node@1.30.0` adds it (the CPU's library comes in the package, nothing else is downloaded)",
      { cause: thrown },
    );
  }
}

/** One thread, which is the caller's: what a run costs is what the thread used. @throws MODEL_RUNTIME_MISSING, FORMAT_UNKNOWN */
export async function openSession(model: Uint8Array | string): Promise<Session> {
  const ort = await loadRuntime();
  const options: InferenceSession.SessionOptions = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential", executionProviders: ["cpu"], logSeverityLevel: 3 };
  let session: InferenceSession;
  try {
    session = typeof model === "string" ? await ort.InferenceSession.create(model, options) : await ort.InferenceSession.create(model, options);
  } catch (thrown) {
    throw new EarshotError("FORMAT_UNKNOWN", `model: onnxruntime refuses it: ${thrown instanceof Error ? thrown.message.slice(0, 300) : ""}`, { cause: thrown });
  }
  const output = session.outputNames[0] ?? "logits";
  return {
    async run(rows, padId) {
      const longest = Math.max(1, ...rows.map((row) => row.length));
      const ids = new BigInt64Array(rows.length * longest).fill(BigInt(padId));
      const mask = new BigInt64Array(rows.length * longest);
      for (const [r, row] of rows.entries())
        for (const [t, id] of row.entries()) {
          ids[r * longest + t] = BigInt(id);
          mask[r * longest + t] = 1n;
        }
      const shape = [rows.length, longest];
      const given: Readonly<Record<string, () => Tensor>> = {
        input_ids: () => new ort.Tensor("int64", ids, shape),
        attention_mask: () => new ort.Tensor("int64", mask, shape),
        token_type_ids: () => new ort.Tensor("int64", new BigInt64Array(ids.length), shape),
      };
      const feeds = Object.fromEntries(session.inputNames.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]()]])));
      const answer = (await session.run(feeds, [output]))[output];
      if (answer === undefined || !(answer.data instanceof Float32Array))
        throw new EarshotError("FORMAT_UNKNOWN", `model: expected numbers as ${output}, came ${answer?.type ?? "nothing"}`);
      return { data: answer.data, shape: answer.dims };
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
