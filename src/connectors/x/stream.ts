import type { Clock } from "../../core/clock.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { type Json, isJson, maxItemBytes } from "../json/decode.ts";
import { objectsIn } from "./ids.ts";
import { failureOf, isProblem } from "./problem.ts";

/** X sends an empty line every 20 s (docs.x.com/x-api/fundamentals/handling-disconnections, 2026-11); so long without one and the stream is dead. */
const silenceMs = 30_000;

/**
 * The messages of a stream's body, those of a chunk at once; an empty list for a heartbeat. A line that is no JSON is given as a string.
 * @throws UPSTREAM_CUT when it ends, falls silent, or X says that it closes it
 */
export async function* readLines(body: AsyncIterable<Uint8Array>, clock: Clock): AsyncGenerator<readonly (Json | string)[]> {
  const decoder = new TextDecoder();
  const chunks = body[Symbol.asyncIterator]();
  let rest = "";
  try {
    for (;;) {
      const timer = new AbortController();
      const silence = clock.sleep(silenceMs, timer.signal).then(
        () => "silent" as const,
        () => "stopped" as const,
      );
      const next = await Promise.race([chunks.next(), silence]).finally(() => timer.abort());
      if (next === "silent" || next === "stopped") throw new EarshotError("UPSTREAM_CUT", `x: nothing heard on the stream for ${silenceMs / 1_000} s`);
      if (next.done === true) return;
      rest += decoder.decode(next.value, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxItemBytes * 4) throw new EarshotError("UPSTREAM_CUT", `x: a line of more than ${maxItemBytes * 4} characters on the stream`);
      const messages: (Json | string)[] = [];
      for (const line of lines) if (line.trim() !== "") messages.push(messageOf(line));
      const closing = messages.find(
        (message): message is Json => typeof message !== "string" && message["data"] === undefined && (isProblem(message) || Array.isArray(message["errors"])),
      );
      if (closing === undefined) yield messages;
      else {
        yield messages.filter((message) => message !== closing);
        const failure = failureOf(objectsIn(closing["errors"])[0] ?? closing, undefined);
        const code = failure.code === "UPSTREAM_QUOTA" || failure.code === "UPSTREAM_RATE_LIMITED" ? failure.code : "UPSTREAM_CUT";
        throw new EarshotError(code, `x: the stream was closed: ${failure.doc}`, code === "UPSTREAM_QUOTA" ? { retryAt: clock.now() + 3_600_000 } : {});
      }
    }
  } finally {
    await Promise.race([chunks.return?.(), Promise.resolve()]);
  }
}

function messageOf(line: string): Json | string {
  try {
    const value: unknown = JSON.parse(line);
    return isJson(value) ? value : line;
  } catch {
    return line;
  }
}

/** How long to wait before a stream is opened again (docs.x.com/x-api/fundamentals/handling-disconnections, 2026-11). */
export interface Backoff {
  readonly failed: (thrown: unknown, nowMs: number) => number;
  readonly succeeded: () => void;
}

export function makeBackoff(): Backoff {
  let tries = 0;
  return {
    succeeded() {
      tries = 0;
    },
    failed(thrown, nowMs) {
      const error = toEarshotError(thrown, "UPSTREAM_CUT", "x");
      const step = tries++;
      const askedMs = error.retryAt === undefined ? 0 : error.retryAt - nowMs;
      if (error.code === "UPSTREAM_RATE_LIMITED") return Math.max(askedMs, error.retryAt === undefined ? Math.min(60_000 * 2 ** step, 900_000) : 0);
      const isAnswer = error.failure?.status !== undefined;
      // A cut stream is opened again at once; a connection that fails is tried a quarter of a second later each time, an answer that fails twice as late.
      const waitMs = isAnswer ? Math.min(5_000 * 2 ** step, 320_000) : Math.min(250 * step, 16_000);
      return Math.max(waitMs, askedMs);
    },
  };
}
