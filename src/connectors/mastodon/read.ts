import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { Raw, SourcePage } from "../../core/source.ts";
import { parseCursor, type Cursor } from "./cursor.ts";
import { rawsOfEvent } from "./parse.ts";
import { type Refresh, makeRefresh } from "./refresh.ts";
import { type Server, type Timeline, explain, isNewer } from "./server.ts";
import { idInstant } from "./status.ts";
import { type Stream, type StreamMessage, openEventStream, openWebSocketStream } from "./streaming.ts";

export interface MastodonOptions {
  readonly timelines: readonly Timeline[];
  readonly transport: "auto" | "websocket" | "sse" | "polling";
  readonly pollSeconds: number;
  readonly refreshMinutes: number;
  readonly backfillHours: number;
  readonly startAt: "now" | "oldest";
}

/**
 * A status of another server gets an id by its own date and so may stand below ids that we know already: each catch-up
 * goes back so far, and leaves out what it has seen.
 */
const overlapMs = 60_000;
const mostSeen = 20_000;
const fullPage = 40;
const slowestFactor = 8;
const limits = { maxItems: 500, maxBytes: 1 << 20, waitMs: 100, idleMs: 5_000 };

export async function* readMastodon(
  options: MastodonOptions,
  server: Server,
  withToken: boolean,
  context: SourceContext,
  saved: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  const { clock, status } = context;
  const cursor: Cursor = parseCursor(saved, options.timelines);
  const seen = new Set<string>();
  const refresh = makeRefresh(options.refreshMinutes, server, context);
  const streams = options.transport !== "polling" && (withToken || options.transport !== "auto");
  let transport = options.transport === "sse" ? "sse" : "websocket";
  let failures = 0;

  while (!signal.aborted) {
    try {
      if (!streams) yield* poll();
      else yield* stream();
      return;
    } catch (thrown) {
      if (signal.aborted) return;
      const error = toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", server.host);
      if (streams && transport === "websocket" && options.transport === "auto" && refuses(error)) {
        context.report("info", "the server refuses WebSockets, server-sent events are read instead", { source: context.id });
        transport = "sse";
        continue;
      }
      if (++failures > 3 || error.code === "UPSTREAM_AUTH" || refuses(error)) throw error;
      const waitMs = Math.max(error.retryAt === undefined ? 0 : error.retryAt - clock.now(), failures === 1 ? 0 : 1_000 * failures);
      if (waitMs > 120_000) throw error;
      status({ state: "waiting", detail: error.code, ...(error.retryAt !== undefined && { retryAt: error.retryAt }) });
      await clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  async function* poll(): AsyncGenerator<SourcePage> {
    let factor = 1;
    for (;;) {
      let count = 0;
      for (const timeline of options.timelines) {
        for await (const page of catchUp(timeline)) {
          count += page.items.length;
          yield page;
        }
      }
      failures = 0;
      const refreshed = await refresh.due(signal);
      if (refreshed.length > 0) yield { items: refreshed, cursor: JSON.stringify(cursor) };
      factor = count > 0 ? 1 : Math.min(factor * 2, slowestFactor);
      status({ state: "polling" });
      await clock.sleep(options.pollSeconds * factor * 1000, signal);
    }
  }

  async function* stream(): AsyncGenerator<SourcePage> {
    status({ state: "connecting", detail: server.host });
    const own = new AbortController();
    const both = AbortSignal.any([signal, own.signal]);
    try {
      const messages = await openStream(both);
      // The stream collects while we read what came before it.
      status({ state: "backfilling" });
      for (const timeline of options.timelines) yield* catchUp(timeline);
      status({ state: "live", detail: transport });
      for await (const batch of messages) {
        const items: Raw[] = [];
        for (const message of batch) items.push(...rawsOfMessage(message));
        if (batch.length > 0) failures = 0;
        items.push(...(await refresh.due(signal)));
        if (items.length > 0) yield { items, cursor: JSON.stringify(cursor) };
      }
    } finally {
      own.abort();
    }
  }

  async function openStream(both: AbortSignal): Promise<Stream> {
    try {
      const origin = await server.streamingOrigin(both);
      const open = transport === "sse" ? openEventStream : openWebSocketStream;
      return await open(server, origin, options.timelines, context, limits, both);
    } catch (thrown) {
      throw explain(thrown, server.host, withToken);
    }
  }

  function rawsOfMessage(message: StreamMessage | Uint8Array): Raw[] {
    const receivedAt = clock.now();
    if (message instanceof Uint8Array) return [{ key: undefined, bytes: message, receivedAt }];
    const { event, payload, timeline } = message;
    const known = event === "update" || event === "status.update" || event === "delete";
    // Filters, announcements and the like concern the token's owner.
    if (!known && event !== "") return [];
    const raws = rawsOfEvent(event, payload, server.domain, receivedAt);
    if (raws === undefined) return [asItCame(message, receivedAt)];
    const id = localIdOf(raws[0]);
    if (id !== undefined && event === "delete") refresh.gone(id);
    if (id !== undefined && event === "update") note(timeline, id, refresh);
    return raws;
  }

  function asItCame({ event, payload }: StreamMessage, receivedAt: number): Raw {
    return { key: undefined, bytes: Buffer.from(JSON.stringify({ event, payload })), receivedAt };
  }

  function localIdOf(raw: Raw | undefined): string | undefined {
    const prefix = `${server.domain}/`;
    return typeof raw?.key === "string" && raw.key.startsWith(prefix) ? raw.key.slice(prefix.length) : undefined;
  }

  function note(timeline: Timeline | undefined, id: string, refreshed: Refresh): void {
    seen.add(id);
    if (seen.size > mostSeen) seen.delete(seen.values().next().value ?? "");
    refreshed.seen(id);
    if (timeline === undefined) return;
    const last = cursor.last[timeline];
    if (last === undefined || isNewer(id, last)) cursor.last[timeline] = id;
  }

  /** Everything after the timeline's last id, oldest first; on a first start what `startAt` says. */
  async function* catchUp(timeline: Timeline): AsyncGenerator<SourcePage> {
    const last = cursor.last[timeline];
    const start = startOf(last);
    let after = start.after;
    for (;;) {
      const page = await server.page(timeline, after, signal);
      const fresh: Raw[] = [];
      for (const raw of page.items) {
        const id = localIdOf(raw);
        if (id !== undefined && seen.has(id)) continue;
        if (id !== undefined) note(timeline, id, refresh);
        fresh.push(raw);
      }
      const gap = start.gap;
      delete start.gap;
      if (fresh.length > 0 || gap) yield { items: fresh, cursor: JSON.stringify(cursor), ...(gap && { gap }) };
      if (after === undefined || page.newest === undefined || page.count < fullPage) return;
      if (!isNewer(page.newest, after)) throw new EarshotError("UPSTREAM_UNAVAILABLE", `${server.host}: expected statuses after the one asked for, came older ones`);
      after = page.newest;
    }
  }

  function startOf(last: string | undefined): { after: string | undefined; gap?: SourcePage["gap"] } {
    if (last === undefined) return { after: options.startAt === "oldest" ? idAt(clock.now() - options.backfillHours * 3_600_000) : undefined };
    const lastMs = idInstant(last);
    if (lastMs === undefined) return { after: last };
    const oldestMs = clock.now() - options.backfillHours * 3_600_000;
    if (lastMs < oldestMs) {
      return { after: idAt(oldestMs), gap: { fromMs: lastMs, toMs: oldestMs, reason: `the source was cut off for longer than backfillHours (${options.backfillHours})` } };
    }
    return { after: idAt(lastMs - overlapMs) };
  }
}

/** The lowest id of a moment; see idInstant. */
function idAt(ms: number): string {
  return String(BigInt(ms) << 16n);
}

function refuses(error: EarshotError): boolean {
  return error.code === "UPSTREAM_REFUSED" || error.code === "UPSTREAM_NOT_FOUND";
}
