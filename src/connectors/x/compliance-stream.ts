import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { parseInstant } from "../json/fields.ts";
import { type Json, isJson } from "../json/decode.ts";
import { makeQueue } from "../json/queue.ts";
import type { Api } from "./api.ts";
import { complianceIn } from "./compliance.ts";
import { messagesIn } from "./messages.ts";
import { rawsOf } from "./parse.ts";
import { makeBackoff, readLines } from "./stream.ts";

/** Time of the newest event of each stream that is safe, milliseconds UTC by X's clock: `posts-1` to `users-4`. */
export type CompliancePlaces = Record<string, number>;

export interface CompliancePage extends Omit<SourcePage, "cursor"> {
  /** Where the streams stand once the page is safe. */
  readonly held: CompliancePlaces;
}

interface Batch {
  readonly place: string;
  readonly items: readonly Raw[];
  readonly newestMs: number;
  readonly gap: SourcePage["gap"];
}

/** Both streams come in four parts (docs.x.com/x-api/compliance, 2026-11). */
const places = (["posts", "users"] as const).flatMap((kind) => [1, 2, 3, 4].map((partition) => ({ kind, partition, name: `${kind}-${partition}` })));
export const complianceNames: readonly string[] = places.map(({ name }) => name);
/** So much of a cut X fills by itself when a stream is opened again; what is longer is asked for by its time. */
const longestBackfillMs = 5 * 60_000;
/** How far back a start time is taken is not documented: the newest ten days are asked for, as the older compliance firehose kept them. */
const longestReplayMs = 10 * 86_400_000;
/** Events come some seconds late. */
const overlapMs = 60_000;
const mostHeld = 64;
/** A plan without the streams is asked again so late. */
const refusedMs = 3_600_000;

/** Reads the eight streams at once; each is opened again by X's rules, and goes on where it stood. `held` moves with the pages. Never throws what one of them met. */
export async function* readCompliance(held: CompliancePlaces, api: Api, context: SourceContext, signal: AbortSignal): AsyncGenerator<CompliancePage> {
  const { clock } = context;
  const queue = makeQueue<Batch | undefined>(mostHeld);
  const onAbort = () => void queue.put(undefined);
  signal.addEventListener("abort", onAbort, { once: true });
  const reading = places.map((place) => follow(place));
  try {
    while (!signal.aborted) {
      const batch = await queue.take();
      if (batch === undefined) break;
      held[batch.place] = Math.max(held[batch.place] ?? 0, batch.newestMs);
      if (batch.items.length > 0 || batch.gap !== undefined) yield { items: batch.items, held: { ...held }, ...(batch.gap && { gap: batch.gap }) };
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    void Promise.allSettled(reading);
  }

  async function follow({ kind, partition, name }: (typeof places)[number]): Promise<void> {
    const backoff = makeBackoff();
    while (!signal.aborted) {
      const own = new AbortController();
      const both = AbortSignal.any([signal, own.signal]);
      let waitMs: number;
      try {
        const { query, gap } = since(held[name] ?? api.now());
        const body = await api.stream(`${kind}-compliance`, { partition: String(partition), ...query }, both);
        if (gap !== undefined) await queue.put({ place: name, items: [], newestMs: 0, gap });
        for await (const messages of readLines(body, clock)) {
          backoff.succeeded();
          // A heartbeat says that nothing was missed up to now.
          const newestMs = Math.max(api.now() - overlapMs, ...messages.map((message) => (typeof message === "string" ? 0 : instantOf(message))));
          await queue.put({ place: name, items: rawsIn(messages), newestMs, gap: undefined });
        }
        throw new EarshotError("UPSTREAM_CUT", "x: the stream ended");
      } catch (thrown) {
        if (signal.aborted) return;
        const error = toEarshotError(thrown, "UPSTREAM_CUT", "x");
        context.failed(error);
        const passes = error.code === "UPSTREAM_CUT" || error.code === "UPSTREAM_UNAVAILABLE" || error.code === "UPSTREAM_RATE_LIMITED";
        if (!passes) context.report("warn", "a stream of what X wants forgotten is not given", { source: context.id, stream: name, code: error.code });
        waitMs = passes ? backoff.failed(error, clock.now()) : Math.max(refusedMs, (error.retryAt ?? 0) - clock.now());
      } finally {
        own.abort();
      }
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  function since(newestMs: number): { readonly query: Readonly<Record<string, string>>; readonly gap?: NonNullable<SourcePage["gap"]> } {
    const now = api.now();
    const cutMs = now - newestMs + overlapMs;
    if (cutMs <= longestBackfillMs) return { query: { backfill_minutes: String(Math.max(1, Math.ceil(cutMs / 60_000))) } };
    const fromMs = Math.max(newestMs - overlapMs, now - longestReplayMs);
    const query = { start_time: new Date(fromMs).toISOString() };
    return fromMs <= newestMs ? { query } : { query, gap: { fromMs: newestMs, toMs: fromMs, reason: "what X wants forgotten was not read for longer than it can be asked for" } };
  }

  function rawsIn(messages: readonly (Json | string)[]): readonly Raw[] {
    const receivedAt = clock.now();
    return messages.flatMap((message) => (typeof message === "string" ? [{ key: undefined, bytes: Buffer.from(message), receivedAt }] : rawsOf(messagesIn(message), receivedAt)));
  }
}

function instantOf(message: Json): number {
  const event = complianceIn(message)?.[1];
  return (isJson(event) ? parseInstant(event["event_at"]) : undefined) ?? 0;
}
