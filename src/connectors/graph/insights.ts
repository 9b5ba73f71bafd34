import type { SourceContext } from "../../core/component.ts";
import { EarshotError } from "../../core/errors.ts";
import type { Json } from "../json/decode.ts";
import type { GraphClient } from "./client.ts";
import type { Cursor } from "./cursor.ts";

/** What is asked of the insights of each object. */
export interface InsightsPlan {
  /** Names of metrics, the fullest list first: one that the object does not have, or that is retired, makes the platform refuse them all. */
  readonly metrics: readonly (readonly string[])[];
  /** Query fields beside the metrics. */
  readonly query?: Readonly<Record<string, string>>;
}

export interface Insights {
  /** Posts whose figures are to be asked for now, those asked longest ago first. */
  due(cursor: Cursor, isRead: (list: string) => boolean): readonly string[];
  /** The answer of one object; undefined: it has none to tell. */
  read(id: string, plan: InsightsPlan, page: string | undefined, signal: AbortSignal): Promise<Json | undefined>;
}

export interface InsightsOptions {
  readonly refreshDays: number;
  readonly insightsHours: number;
}

/** Of one round: the rest waits for the next one, so that posts come first. */
const mostARound = 50;
/** So many objects in a row that refused a list of metrics: it is not asked for any more. */
const mostRefused = 3;
/** So many objects in a row that the platform could not tell of: it is not they, it is the platform. */
const mostFailed = 3;
const hourMs = 3_600_000;

export function makeInsights({ refreshDays, insightsHours }: InsightsOptions, client: GraphClient, context: SourceContext): Insights {
  const { clock, report } = context;
  const readAt = new Map<string, number>();
  const refused = new Map<readonly string[], number>();
  let isForbidden = false;
  let failed = 0;

  return {
    due(cursor, isRead) {
      if (isForbidden) return [];
      const now = clock.now();
      const youngest = Math.floor((now - refreshDays * 24 * hourMs) / 1_000);
      for (const id of readAt.keys()) if (!cursor.posts.has(id)) readAt.delete(id);
      return [...cursor.posts]
        .filter(([id, { list, createdAt }]) => createdAt >= youngest && isRead(list) && now - (readAt.get(id) ?? 0) >= insightsHours * hourMs)
        .map(([id]) => id)
        .toSorted((one, other) => (readAt.get(one) ?? 0) - (readAt.get(other) ?? 0))
        .slice(0, mostARound);
    },

    async read(id, { metrics, query }, page, signal) {
      const asked = metrics.filter((list) => (refused.get(list) ?? 0) < mostRefused);
      for (const list of asked) {
        try {
          const body = await client.get({ path: `${id}/insights`, query: { metric: list.join(","), ...query }, ...(page !== undefined && { page }) }, signal);
          refused.set(list, 0);
          failed = 0;
          readAt.set(id, clock.now());
          return body;
        } catch (thrown) {
          if (!(thrown instanceof EarshotError) || signal.aborted) throw thrown;
          if (thrown.failure?.class === "permission" && !/not enough viewers/i.test(thrown.message)) {
            isForbidden = true;
            report("warn", `insights are not read any more: ${thrown.message}`, { source: context.id, code: thrown.code });
            return undefined;
          }
          if (thrown.code === "UPSTREAM_UNAVAILABLE" && ++failed < mostFailed) {
            // One that always fails must not keep the figures of the others away: it is asked again when its turn comes.
            report("warn", `insights of ${id}: ${thrown.message}`, { source: context.id, code: thrown.code });
            break;
          }
          if (thrown.code !== "UPSTREAM_UNAVAILABLE") failed = 0;
          const isNothing = thrown.code === "UPSTREAM_NOT_FOUND" || thrown.failure?.class === "permission";
          if (!isNothing && thrown.code !== "UPSTREAM_REFUSED") throw thrown;
          if (isNothing) break;
          const times = (refused.get(list) ?? 0) + 1;
          refused.set(list, times);
          if (times === mostRefused) report("warn", `insights: ${list.join(", ")} are not asked for any more: ${thrown.message}`, { source: context.id, code: thrown.code });
        }
      }
      readAt.set(id, clock.now());
      return undefined;
    },
  };
}
