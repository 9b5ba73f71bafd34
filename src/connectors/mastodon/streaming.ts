import { createParser } from "eventsource-parser";
import type { SourceContext } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { BatchOptions } from "../../core/http.ts";
import { decodeJson, isJson, maxItemBytes } from "../json/decode.ts";
import type { Server, Timeline } from "./server.ts";

export interface StreamMessage {
  readonly event: string;
  readonly payload: string;
  /** The timeline that it came on; undefined: not told. */
  readonly timeline: Timeline | undefined;
}

/** Batches of messages; an empty one after `idleMs` of silence. A message that is no envelope is given as bytes. */
export type Stream = AsyncIterable<readonly (StreamMessage | Uint8Array)[]>;

const silenceMs = 90_000;

/** One socket for all timelines: the first in the address, as relatives of Mastodon need it, the others by subscription. */
export async function openWebSocketStream(
  server: Server,
  origin: string,
  timelines: readonly Timeline[],
  context: SourceContext,
  limits: BatchOptions,
  signal: AbortSignal,
): Promise<Stream> {
  const url = new URL("/api/v1/streaming", origin);
  const [first = "public", ...others] = timelines;
  for (const [name, value] of Object.entries(subscriptionOf(first))) url.searchParams.set(name, value);
  const socket = await context.http.webSocket(url.href, { headers: (await server.credential?.headers(signal)) ?? {}, signal, maxMessageBytes: maxItemBytes * 4, silenceMs });
  for (const timeline of others) socket.send(JSON.stringify({ type: "subscribe", ...subscriptionOf(timeline) }));
  return (async function* () {
    for await (const batch of socket.batches(limits)) yield batch.map((bytes) => readEnvelope(bytes, timelines));
  })();
}

function subscriptionOf(timeline: Timeline): Record<string, string> {
  if (timeline.startsWith("#")) return { stream: "hashtag", tag: timeline.slice(1) };
  return { stream: timeline === "public" ? "public" : `public:${timeline}` };
}

function readEnvelope(bytes: Uint8Array, timelines: readonly Timeline[]): StreamMessage | Uint8Array {
  try {
    const value = decodeJson(bytes, "envelope");
    if (!isJson(value) || typeof value["event"] !== "string") return bytes;
    const payload = value["payload"];
    const text = typeof payload === "string" ? payload : payload === undefined ? "" : JSON.stringify(payload);
    return { event: value["event"], payload: text, timeline: timelineOf(value["stream"], timelines) };
  } catch {
    return bytes;
  }
}

function timelineOf(stream: unknown, timelines: readonly Timeline[]): Timeline | undefined {
  if (timelines.length === 1) return timelines[0];
  if (!Array.isArray(stream)) return undefined;
  const [name, tag]: unknown[] = stream;
  if (name === "hashtag" && typeof tag === "string") return timelines.find((timeline) => timeline.toLowerCase() === `#${tag.toLowerCase()}`);
  const wanted = name === "public" ? "public" : name === "public:local" ? "local" : name === "public:remote" ? "remote" : undefined;
  return timelines.find((timeline) => timeline === wanted);
}

const longestQueue = 2_000;

/** Server-sent events, for servers or proxies that refuse WebSockets: one request a timeline, joined in one bounded queue. */
export async function openEventStream(
  server: Server,
  origin: string,
  timelines: readonly Timeline[],
  context: SourceContext,
  limits: BatchOptions,
  signal: AbortSignal,
): Promise<Stream> {
  const { clock } = context;
  const own = new AbortController();
  const both = AbortSignal.any([signal, own.signal]);
  const web = origin.replace(/^ws/, "http");
  const bodies = await Promise.all(
    timelines.map(async (timeline) => ({
      timeline,
      ...(await context.http.stream(new URL(eventPath(timeline), web).href, {
        headers: { accept: "text/event-stream" },
        signal: both,
        ...(server.credential !== undefined && { credential: server.credential }),
      })),
    })),
  ).catch((thrown: unknown) => {
    own.abort();
    throw thrown;
  });
  let queue: (StreamMessage | Uint8Array)[] = [];
  let failure: unknown;
  let changed: (() => void) | undefined;
  let drained = Promise.withResolvers<void>();
  let heardAt = clock.monotonicMs();

  async function readBody(timeline: Timeline, body: AsyncIterable<Uint8Array>): Promise<void> {
    const parser = createParser({
      maxBufferSize: maxItemBytes * 4,
      onEvent: ({ event = "message", data }) => {
        queue.push({ event, payload: data, timeline });
      },
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") failure ??= new EarshotError("UPSTREAM_CUT", `${server.host}: an event larger than ${maxItemBytes * 4} bytes`);
      },
    });
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      // Mastodon sends a comment (":thump") every 15 s.
      heardAt = clock.monotonicMs();
      parser.feed(decoder.decode(chunk, { stream: true }));
      changed?.();
      if (queue.length > longestQueue) await drained.promise;
    }
    throw new EarshotError("UPSTREAM_CUT", `${server.host}: the event stream ended`);
  }
  for (const { timeline, body } of bodies) {
    readBody(timeline, body).catch((thrown: unknown) => {
      failure ??= thrown;
      changed?.();
    });
  }

  return (async function* () {
    try {
      for (;;) {
        if (queue.length === 0 && failure === undefined && !signal.aborted) {
          const waiting = Promise.withResolvers<void>();
          const timer = new AbortController();
          changed = waiting.resolve;
          const onAbort = () => waiting.resolve();
          signal.addEventListener("abort", onAbort, { once: true });
          await Promise.race([waiting.promise, clock.sleep(limits.idleMs ?? 15_000, timer.signal).catch(() => undefined)]);
          timer.abort();
          signal.removeEventListener("abort", onAbort);
          changed = undefined;
          if (queue.length > 0) await clock.sleep(limits.waitMs, signal).catch(() => undefined);
        }
        if (signal.aborted) return;
        const taken = queue.splice(0, limits.maxItems);
        if (taken.length === 0 && failure !== undefined) throw toEarshotError(failure, "UPSTREAM_CUT", server.host);
        if (taken.length === 0 && clock.monotonicMs() - heardAt > silenceMs) throw new EarshotError("UPSTREAM_CUT", `${server.host}: nothing heard for ${silenceMs} ms`);
        if (queue.length <= longestQueue) {
          drained.resolve();
          drained = Promise.withResolvers();
        }
        yield taken;
      }
    } finally {
      queue = [];
      own.abort();
      drained.resolve();
    }
  })();
}

function eventPath(timeline: Timeline): string {
  if (timeline.startsWith("#")) return `/api/v1/streaming/hashtag?tag=${encodeURIComponent(timeline.slice(1))}`;
  return timeline === "public" ? "/api/v1/streaming/public" : `/api/v1/streaming/public/${timeline}`;
}
