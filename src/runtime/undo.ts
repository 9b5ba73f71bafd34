import type { Report } from "../core/component.ts";
import { toEarshotError } from "../core/errors.ts";

/** What a start has opened, to be closed the other way round. What fails to close is told, and the rest is closed all the same. */
export function makeUndo(report: Report) {
  const closes: (() => PromiseLike<void>)[] = [];
  return {
    push(...more: readonly (() => PromiseLike<void>)[]): void {
      closes.push(...more);
    },
    async unwind(): Promise<void> {
      // Nothing else need keep the process alive until the last byte is stored.
      const alive = setInterval(() => undefined, 1_000);
      for (const close of closes.splice(0).toReversed()) {
        try {
          await close();
        } catch (thrown) {
          report("error", toEarshotError(thrown, "INVARIANT", "stop").message);
        }
      }
      clearInterval(alive);
    },
  };
}
