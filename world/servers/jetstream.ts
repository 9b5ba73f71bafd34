import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { Delivery } from "../delivery.ts";
import type { Random } from "../random.ts";
import type { Faults } from "./faults.ts";
import { textOf } from "./frame.ts";
import type { MessageLog } from "./message-log.ts";
import { refuse } from "./refuse.ts";
import { makeReader, type Reader } from "./stream.ts";
import { type Waits, makeWaits } from "./waits.ts";

/** Jetstream's `/subscribe` (bluesky-social/jetstream, read 2026-11): JSON text frames, cursors in microseconds. */
export interface JetstreamServer {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** New messages are in the log. */
  pump(): void;
  cutAll(): void;
  readonly connections: number;
  /** Handshakes beyond the window or before a 429 was over, and what both made the reader wait. */
  readonly waits: Pick<Waits, "beyond" | "forcedMs">;
  close(): void;
}

export interface JetstreamOptions {
  readonly nowMs: () => number;
  /** Handshakes in five minutes from one address: what Bluesky's own hosts take of any call (docs.bsky.app/docs/advanced-guides/rate-limits, 2026-11). */
  readonly handshakesPerWindow: number;
}

const windowMs = 300_000;

interface Wanted {
  readonly collections: readonly string[];
  readonly dids: ReadonlySet<string>;
  readonly messageBytesAtMost: number;
}

export function makeJetstreamServer(log: MessageLog, options: JetstreamOptions, faults: () => Faults, random: Random): JetstreamServer {
  const { nowMs, handshakesPerWindow } = options;
  const waits = makeWaits(nowMs);
  let window = { startMs: 0, handshakes: 0 };
  let limitedUntilMs = 0;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 10_000_000 });
  const readers = new Map<WebSocket, Reader>();

  const serve = (socket: WebSocket, query: URLSearchParams, wanted: Wanted, cursor: number | undefined): void => {
    const begin = cursor === undefined || cursor > (log.at(log.end - 1)?.atUs ?? 0) ? log.end : log.positionFrom(cursor);
    const reader = makeReader(
      log,
      begin,
      makeFilter(wanted),
      {
        send: (delivery, sent) => socket.send(delivery.wire, () => sent()),
        waitingBytes: () => socket.bufferedAmount,
        cut(how) {
          if (how === "reset") socket.terminate();
          else socket.close(how === "close" ? 1012 : 1008, how === "close" ? "service restart" : "consumer too slow");
        },
      },
      faults,
      random,
    );
    const start = (): void => {
      readers.set(socket, reader);
      reader.pump();
    };
    socket.on("close", () => {
      reader.stop();
      readers.delete(socket);
    });
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      const update = parseOptionsUpdate(textOf(data));
      if (update === undefined) {
        socket.close(1008, "invalid options update");
        return;
      }
      reader.wants = makeFilter(update);
      if (!readers.has(socket)) start();
    });
    if (query.get("requireHello") !== "true") start();
  };

  /** Counts a handshake; true: it is one too many, or a fault says so. */
  const isLimited = (): boolean => {
    const inTime = waits.comes();
    const startMs = Math.floor(nowMs() / windowMs) * windowMs;
    if (window.startMs !== startMs) window = { startMs, handshakes: 0 };
    window.handshakes += 1;
    if (!inTime || nowMs() < limitedUntilMs) return true;
    const { tooManyRequests, limitedMs } = faults();
    if (window.handshakes > handshakesPerWindow) limitedUntilMs = startMs + windowMs;
    else if (tooManyRequests > 0 && random.chance(tooManyRequests)) limitedUntilMs = nowMs() + limitedMs;
    else return false;
    waits.hold(limitedUntilMs);
    return true;
  };

  return {
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? "/", "http://world.simulated.example");
      if (url.pathname !== "/subscribe") {
        refuse(socket, 404, "Not Found", "no such path");
        return;
      }
      if (isLimited()) {
        refuse(socket, 429, "Too Many Requests", "slow down", { "Retry-After": String(Math.ceil((limitedUntilMs - nowMs()) / 1_000)) });
        return;
      }
      if (random.chance(faults().refused)) {
        refuse(socket, 503, "Service Unavailable", "try again");
        return;
      }
      const collections = url.searchParams.getAll("wantedCollections");
      const dids = url.searchParams.getAll("wantedDids");
      const size = Number(url.searchParams.get("maxMessageSizeBytes") ?? 0);
      const cursorText = url.searchParams.get("cursor");
      const wrong =
        faultOfWanted(collections, dids) ??
        (Number.isInteger(size) ? undefined : "maxMessageSizeBytes is no whole number") ??
        (cursorText === null || /^-?\d+$/u.test(cursorText) ? undefined : "invalid cursor");
      if (wrong !== undefined) {
        refuse(socket, 400, "Bad Request", wrong);
        return;
      }
      const wanted = { collections, dids: new Set(dids), messageBytesAtMost: Math.max(0, size) };
      sockets.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, url.searchParams, wanted, cursorText === null ? undefined : Number(cursorText)));
    },
    pump() {
      for (const reader of readers.values()) reader.pump();
    },
    cutAll() {
      for (const socket of sockets.clients) socket.terminate();
    },
    get connections() {
      return sockets.clients.size;
    },
    waits,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
    },
  };
}

function makeFilter(wanted: Wanted): (delivery: Delivery) => boolean {
  const exact = new Set(wanted.collections.filter((name) => !name.endsWith(".*")));
  const prefixes = wanted.collections.filter((name) => name.endsWith(".*")).map((name) => name.slice(0, -1));
  return ({ did, collection, wire }) => {
    if (wanted.dids.size > 0 && (did === undefined || !wanted.dids.has(did))) return false;
    // Identity and account events pass every filter of collections.
    if (collection !== undefined && wanted.collections.length > 0 && !exact.has(collection) && !prefixes.some((prefix) => collection.startsWith(prefix))) return false;
    return wanted.messageBytesAtMost === 0 || Buffer.byteLength(wire) <= wanted.messageBytesAtMost;
  };
}

function faultOfWanted(collections: readonly string[], dids: readonly string[]): string | undefined {
  if (collections.length > 100) return "too many wanted collections";
  if (dids.length > 10_000) return "too many wanted DIDs";
  if (collections.some((name) => !/^[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+(\.\*)?$/u.test(name))) return "invalid collection";
  if (dids.some((did) => !/^did:[a-z]+:[a-zA-Z0-9._:%-]+$/u.test(did))) return "invalid DID";
  return undefined;
}

/** `{"type":"options_update","payload":{…}}`; undefined when it is anything else. */
function parseOptionsUpdate(text: string): Wanted | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(message) || message["type"] !== "options_update" || !isRecord(message["payload"])) return undefined;
  const { wantedCollections, wantedDids, maxMessageSizeBytes } = message["payload"];
  const collections = texts(wantedCollections);
  const dids = texts(wantedDids);
  if (collections === undefined || dids === undefined || faultOfWanted(collections, dids) !== undefined) return undefined;
  return { collections, dids: new Set(dids), messageBytesAtMost: typeof maxMessageSizeBytes === "number" ? Math.max(0, maxMessageSizeBytes) : 0 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value : undefined;
}
