import type { Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { WebSocket } from "ws";
import type { Clock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import type { BatchOptions, WebSocketOptions, WebSocketStream } from "../core/http.ts";
import { openTunnel } from "./proxy.ts";
import { redactText, redactUrl } from "./redact.ts";

export interface WebSocketSettings {
  readonly clock: Clock;
  readonly proxy: URL | undefined;
  readonly ca: readonly string[] | undefined;
  readonly secrets: readonly string[];
}

const pauseAboveBytes = 8 << 20;
const resumeBelowBytes = 2 << 20;
const defaultMaxMessageBytes = 8 << 20;
const defaultSilenceMs = 60_000;
const handshakeTimeoutMs = 20_000;

/** An answer to the handshake that is no upgrade; the client makes the fitting error of it. */
export class HandshakeRefused extends Error {
  readonly status: number;
  readonly headers: Headers;
  constructor(status: number, headers: Headers) {
    super(`the handshake was answered with ${status}`);
    this.status = status;
    this.headers = headers;
  }
}

export async function openWebSocket(url: string, options: WebSocketOptions, settings: WebSocketSettings): Promise<WebSocketStream> {
  const parsed = new URL(url);
  const secure = parsed.protocol === "wss:";
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  const port = Number(parsed.port || (secure ? 443 : 80));
  let tunnel: Socket | undefined;
  if (settings.proxy) {
    tunnel = await openTunnel(settings.proxy, host, port, settings.ca, options.signal);
    if (secure) tunnel = tlsConnect({ socket: tunnel, servername: /^[\d.:]+$/.test(host) ? "" : host, host, ...(settings.ca && { ca: [...settings.ca] }) });
  }
  const ready = tunnel;
  const socket = new WebSocket(url, {
    headers: { "user-agent": "Earshot (+self-hosted)", ...options.headers },
    maxPayload: options.maxMessageBytes ?? defaultMaxMessageBytes,
    handshakeTimeout: handshakeTimeoutMs,
    perMessageDeflate: { threshold: 1024 },
    followRedirects: false,
    ...(settings.ca && { ca: [...settings.ca] }),
    ...(ready && { createConnection: () => ready.resume() }),
  });
  // Messages may come in the same turn as the opening: who takes them must stand ready before.
  const stream = streamOf(socket, url, options, settings);
  await opened(socket, url, options.signal, settings.secrets);
  return stream;
}

function opened(socket: WebSocket, url: string, signal: AbortSignal | undefined, secrets: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => {
    socket.terminate();
    reject(signal?.reason);
  };
  socket.once("open", () => {
    signal?.removeEventListener("abort", onAbort);
    resolve();
  });
  socket.once("unexpected-response", (request, response) => {
    const headers = new Headers();
    for (const [name, value] of Object.entries(response.headers)) if (value !== undefined) headers.set(name, String(value));
    request.destroy();
    socket.terminate();
    reject(new HandshakeRefused(response.statusCode ?? 0, headers));
  });
  socket.on("error", (error) => {
    signal?.removeEventListener("abort", onAbort);
    reject(new EarshotError("UPSTREAM_UNAVAILABLE", `${redactUrl(url)}: ${redactText(error.message, secrets)}`, { cause: error }));
  });
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return promise;
}

function streamOf(socket: WebSocket, url: string, options: WebSocketOptions, settings: WebSocketSettings): WebSocketStream {
  const { clock } = settings;
  const silenceMs = options.silenceMs ?? defaultSilenceMs;
  const ended = new AbortController();
  let queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let paused = false;
  let heardAt = clock.monotonicMs();
  /** undefined: open; null: closed from here or cleanly by the signal. */
  let end: EarshotError | null | undefined;
  let wake: (() => void) | undefined;

  const finish = (how: EarshotError | null) => {
    if (end !== undefined) return;
    end = how;
    ended.abort();
    options.signal?.removeEventListener("abort", onAbort);
    wake?.();
  };
  const cut = (reason: string, cause?: unknown) => finish(new EarshotError("UPSTREAM_CUT", `${redactUrl(url)}: ${reason}`, { cause }));
  const onAbort = () => {
    finish(null);
    socket.terminate();
  };
  const heard = () => {
    heardAt = clock.monotonicMs();
  };
  socket.on("message", (data, isBinary) => {
    heard();
    void isBinary;
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? new Uint8Array(data) : data;
    queue.push(bytes);
    queuedBytes += bytes.length;
    if (queuedBytes > pauseAboveBytes && !paused) {
      paused = true;
      socket.pause();
    }
    wake?.();
  });
  socket.on("pong", heard);
  socket.on("ping", heard);
  socket.on("error", (error) => cut(redactText(error.message, settings.secrets), error));
  socket.on("close", (code, reason) => cut(`closed with ${code}${reason.length > 0 ? ` ${redactText(reason.toString("utf8").slice(0, 200), settings.secrets)}` : ""}`));
  if (options.signal?.aborted) onAbort();
  else options.signal?.addEventListener("abort", onAbort, { once: true });
  void watch();

  async function watch(): Promise<void> {
    try {
      for (;;) {
        await clock.sleep(Math.max(1, Math.floor(silenceMs / 3)), ended.signal);
        // While we hold the socket back nothing can be heard: that is no silence of the other side.
        if (paused) heard();
        else if (clock.monotonicMs() - heardAt >= silenceMs) {
          cut(`nothing heard for ${silenceMs} ms`);
          socket.terminate();
        } else if (socket.readyState === WebSocket.OPEN) socket.ping();
      }
    } catch {
      // ended
    }
  }

  function take(maxItems: number, maxBytes: number): Uint8Array[] {
    let count = 0;
    let bytes = 0;
    while (count < queue.length && count < maxItems) {
      const next = queue[count]?.length ?? 0;
      if (count > 0 && bytes + next > maxBytes) break;
      bytes += next;
      count++;
    }
    const taken = count === queue.length ? queue : queue.slice(0, count);
    queue = count === queue.length ? [] : queue.slice(count);
    queuedBytes -= bytes;
    if (paused && queuedBytes < resumeBelowBytes) {
      paused = false;
      heard();
      socket.resume();
    }
    return taken;
  }

  /** Resolves when something changed, or after `ms`. */
  async function change(ms: number | undefined): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = resolve;
    if (ms === undefined) await promise;
    else {
      const timer = new AbortController();
      await Promise.race([promise, clock.sleep(ms, timer.signal).catch(() => undefined)]);
      timer.abort();
    }
    wake = undefined;
  }

  async function* batches(limits: BatchOptions): AsyncGenerator<readonly Uint8Array[]> {
    try {
      for (;;) {
        const idleUntil = limits.idleMs === undefined ? undefined : clock.monotonicMs() + limits.idleMs;
        while (queue.length === 0 && end === undefined) {
          const leftMs = idleUntil === undefined ? undefined : idleUntil - clock.monotonicMs();
          if (leftMs !== undefined && leftMs <= 0) break;
          await change(leftMs);
        }
        if (queue.length > 0 && end === undefined) {
          const until = clock.monotonicMs() + limits.waitMs;
          while (queue.length < limits.maxItems && queuedBytes < limits.maxBytes && end === undefined) {
            const leftMs = until - clock.monotonicMs();
            if (leftMs <= 0) break;
            // One timer for the whole wait: waking for each message would cost more than the message.
            await waitFor(leftMs, limits.maxItems, limits.maxBytes);
          }
        }
        if (queue.length === 0 && end === null) return;
        if (queue.length === 0 && end) throw end;
        yield take(limits.maxItems, limits.maxBytes);
      }
    } finally {
      close();
    }
  }

  async function waitFor(ms: number, maxItems: number, maxBytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    wake = () => {
      if (queue.length >= maxItems || queuedBytes >= maxBytes || end !== undefined) resolve();
    };
    const timer = new AbortController();
    await Promise.race([promise, clock.sleep(ms, timer.signal).catch(() => undefined)]);
    timer.abort();
    wake = undefined;
  }

  function close(): void {
    finish(null);
    if (socket.readyState === WebSocket.OPEN) socket.close(1000);
    // A peer that does not answer the close must not hold the process.
    if (socket.readyState !== WebSocket.CLOSED) socket.terminate();
  }

  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close,
    batches,
    async *[Symbol.asyncIterator]() {
      for await (const batch of batches({ maxItems: 1_000, maxBytes: 1 << 20, waitMs: 0 })) yield* batch;
    },
  };
}
