import type { SourceContext } from "../../core/component.ts";
import { toEarshotError } from "../../core/errors.ts";
import type { Raw } from "../../core/source.ts";
import { deletionRaw, statusKey } from "./parse.ts";
import { type Server, idsACall } from "./server.ts";

/** Reads the counts of recent statuses again after 1, 4 and 16 times the given minutes, and notices those that are gone. */
export interface Refresh {
  seen(localId: string): void;
  gone(localId: string): void;
  /** The statuses that are due as they are now, and deletions of those that are gone, a few calls at most; failures are reported and tried again later. */
  due(signal: AbortSignal): Promise<readonly Raw[]>;
}

const factors = [1, 4, 16];
/** Oldest first out: what is over the limit is not refreshed. */
const mostWaiting = 20_000;
const callsATurn = 3;

export function makeRefresh(everyMinutes: number, server: Server, context: SourceContext): Refresh {
  const { clock } = context;
  const queues = factors.map(() => new Map<string, number>());
  let pausedUntil = 0;
  if (everyMinutes <= 0) return { seen() {}, gone() {}, due: async () => [] };

  function put(round: number, id: string): void {
    const queue = queues[round];
    const factor = factors[round];
    if (!queue || factor === undefined) return;
    queue.delete(id);
    queue.set(id, clock.monotonicMs() + everyMinutes * 60_000 * factor);
    if (queue.size > mostWaiting) queue.delete(queue.keys().next().value ?? "");
  }

  function takeDue(): { id: string; round: number }[] {
    const taken: { id: string; round: number }[] = [];
    const now = clock.monotonicMs();
    for (const [round, queue] of queues.entries()) {
      for (const [id, dueAt] of queue) {
        if (dueAt > now || taken.length >= idsACall) break;
        taken.push({ id, round });
        queue.delete(id);
      }
    }
    return taken;
  }

  return {
    seen(localId) {
      if (!queues.some((queue) => queue.has(localId))) put(0, localId);
    },
    gone(localId) {
      for (const queue of queues) queue.delete(localId);
    },
    async due(signal) {
      const raws: Raw[] = [];
      for (let call = 0; call < callsATurn && clock.monotonicMs() >= pausedUntil; call++) {
        const taken = takeDue();
        if (taken.length === 0) break;
        try {
          const found = await server.statuses(
            taken.map(({ id }) => id),
            signal,
          );
          const at = clock.now();
          for (const { id, round } of taken) {
            const bytes = found.get(id);
            if (bytes === undefined) continue;
            if (bytes === null) raws.push(deletionRaw(server.domain, id, at));
            else raws.push({ ...statusKey(bytes, server.domain), bytes, receivedAt: at });
            if (bytes !== null) put(round + 1, id);
          }
        } catch (thrown) {
          if (signal.aborted) break;
          const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "refresh");
          for (const { id, round } of taken) put(round, id);
          pausedUntil = clock.monotonicMs() + Math.max(60_000, (error.retryAt ?? 0) - clock.now());
          context.report("warn", "counts are refreshed later", { code: error.code });
        }
      }
      return raws;
    },
  };
}
