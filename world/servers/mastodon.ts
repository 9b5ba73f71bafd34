import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import { mastodonHost } from "../authors.ts";
import { hash32, type Random } from "../random.ts";
import { iso, sseMessage } from "../wire/mastodon.ts";
import type { Faults } from "./faults.ts";
import { refuse } from "./refuse.ts";
import { textOf } from "./frame.ts";
import type { MessageLog } from "./message-log.ts";
import type { StatusStore } from "./status-store.ts";
import { makeReader, type Reader } from "./stream.ts";
import { makeRestFaults } from "./rest-faults.ts";
import { type Waits, makeWaits } from "./waits.ts";

/** The part of Mastodon's API that a reader of public posts uses (docs.joinmastodon.org, version 4.5, read 2026-11). */
export interface MastodonServer {
  request(request: IncomingMessage, response: ServerResponse, url: URL): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  pump(): void;
  /** Keeps silent streams alive, as the real one does. */
  thump(): void;
  cutAll(): void;
  readonly connections: number;
  /** Calls beyond a window or before a 429 was over, and what both made the reader wait. */
  readonly waits: Pick<Waits, "beyond" | "forcedMs">;
  close(): void;
}

export interface MastodonOptions {
  readonly token: string;
  /** The public timelines ask for a token too. */
  readonly tokenForTimelines: boolean;
  /** Requests in five minutes for each token, or address without one. */
  readonly requestsPerWindow: number;
  /** Requests in five minutes for each address, with tokens or without. */
  readonly requestsPerAddress: number;
  readonly nowMs: () => number;
}

const windowMs = 300_000;

export function makeMastodonServer(log: MessageLog, statuses: StatusStore, options: MastodonOptions, faults: () => Faults, random: Random): MastodonServer {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const readers = new Map<WebSocket | ServerResponse, Reader>();
  const used = new Map<string, { windowStartMs: number; requests: number }>();
  const waits = makeWaits(options.nowMs);
  const restFaults = makeRestFaults(faults, random, options.nowMs, waits, "reset");

  const tokenOf = (request: IncomingMessage, url: URL): string | undefined =>
    /^Bearer (.+)$/u.exec(request.headers.authorization ?? "")?.[1] ?? url.searchParams.get("access_token") ?? undefined;

  const answer = (request: IncomingMessage, response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const etag = `W/"${hash32(text).toString(16).padStart(8, "0")}${text.length.toString(16)}"`;
    if (status === 200 && request.headers["if-none-match"] === etag) {
      response.writeHead(304, { ...headers, etag }).end();
      return;
    }
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...(status === 200 && { etag }), ...headers }).end(text);
  };

  /** Headers of the rate limit; not allowed: it is used up. */
  const spend = (who: string, limit: number): { headers: Record<string, string>; allowed: boolean; left: number } => {
    const nowMs = options.nowMs();
    const windowStartMs = Math.floor(nowMs / windowMs) * windowMs;
    let entry = used.get(who);
    if (entry?.windowStartMs !== windowStartMs) {
      if (used.size > 10_000) used.clear();
      entry = { windowStartMs, requests: 0 };
      used.set(who, entry);
    }
    waits.comes(who);
    entry.requests += 1;
    const left = Math.max(0, limit - entry.requests);
    if (left === 0) waits.hold(windowStartMs + windowMs, who);
    return { allowed: entry.requests <= limit, left, headers: limitHeaders(limit, left, windowStartMs + windowMs) };
  };

  /** Of both limits the one that is nearer to its end is told (docs.joinmastodon.org/api/rate-limits, 2026-11). */
  const spendBoth = (token: string | undefined, address: string): { headers: Record<string, string>; allowed: boolean } => {
    const own = spend(token === undefined ? `anonymous ${address}` : `token ${token}`, options.requestsPerWindow);
    const all = spend(`address ${address}`, options.requestsPerAddress);
    return { allowed: own.allowed && all.allowed, headers: all.left < own.left ? all.headers : own.headers };
  };

  const timeline = (request: IncomingMessage, response: ServerResponse, url: URL, headers: Record<string, string>, tag: string | undefined): void => {
    const query = url.searchParams;
    const limit = Math.min(40, Math.max(1, Number.parseInt(query.get("limit") ?? "20", 10) || 20));
    const maxId = query.get("max_id");
    const sinceId = query.get("since_id");
    const minId = query.get("min_id");
    const marker = tag === undefined ? undefined : `{"name":${JSON.stringify(tag.toLowerCase())},`;
    const local = query.get("local") === "true";
    const media = query.get("only_media") === "true";
    const rows = statuses.page({
      limit,
      ...(maxId !== null && { maxId }),
      ...(sinceId !== null && { sinceId }),
      ...(minId !== null && { minId }),
      fits: ({ json }) =>
        (marker === undefined || json.includes(marker)) &&
        (!local || json.includes(`"uri":"https://${mastodonHost}/users/`)) &&
        (!media || !json.includes(`"media_attachments":[]`)),
    });
    const first = rows[0];
    const last = rows.at(-1);
    const link = (name: string, id: string): string => {
      const to = new URL(url);
      for (const old of ["max_id", "min_id", "since_id", "access_token"]) to.searchParams.delete(old);
      to.searchParams.set(name, id);
      return `<${to.href}>; rel="${name === "max_id" ? "next" : "prev"}"`;
    };
    answer(request, response, 200, `[${rows.map((row) => row.json).join(",")}]`, {
      ...headers,
      ...(first !== undefined && last !== undefined && { link: `${link("max_id", last.id)}, ${link("min_id", first.id)}` }),
    });
  };

  const stream = (response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "private, no-store", connection: "keep-alive" });
    response.write(":)\n");
    const reader = makeReader(
      log,
      log.end,
      () => true,
      {
        send: ({ event = "", payload = "" }, sent) => response.write(sseMessage(event, payload), () => sent()),
        waitingBytes: () => response.writableLength,
        cut: (how) => (how === "reset" ? response.destroy() : response.end()),
      },
      faults,
      random,
    );
    readers.set(response, reader);
    response.on("close", () => {
      reader.stop();
      readers.delete(response);
    });
  };

  const streams: ReadonlyMap<string, string> = new Map([["/api/v1/streaming/public", "public"]]);

  return {
    request(request, response, url) {
      const path = url.pathname;
      const token = tokenOf(request, url);
      const known = token === options.token;
      if (path === "/api/v1/streaming/health") {
        response.writeHead(200, { "content-type": "text/plain" }).end("OK");
        return;
      }
      if (streams.has(path)) {
        if (!known) answer(request, response, 401, { error: token === undefined ? "Missing access token" : "Invalid access token" });
        else if (random.chance(faults().refused)) answer(request, response, 503, { error: "Service Unavailable" });
        else stream(response);
        return;
      }
      if (request.method !== "GET") {
        answer(request, response, 405, { error: "Method Not Allowed" });
        return;
      }
      if (token !== undefined && !known) {
        answer(request, response, 401, { error: "The access token is invalid" });
        return;
      }
      const { headers, allowed } = spendBoth(token, request.socket.remoteAddress ?? "");
      if (!allowed) {
        answer(request, response, 429, { error: "Too many requests" }, headers);
        return;
      }
      const serve = (): void => {
        const status = /^\/api\/v1\/statuses\/(\d+)$/u.exec(path)?.[1];
        const tag = /^\/api\/v1\/timelines\/tag\/([^/]+)$/u.exec(path)?.[1];
        const isTimeline = path === "/api/v1/timelines/public" || tag !== undefined;
        if (isTimeline && options.tokenForTimelines && !known) answer(request, response, 401, { error: "This method requires an authenticated user" }, headers);
        else if (isTimeline) timeline(request, response, url, headers, tag === undefined ? undefined : decode(tag));
        else if (status !== undefined) {
          const json = statuses.get(status);
          if (json === undefined) answer(request, response, 404, { error: "Record not found" }, headers);
          else answer(request, response, 200, json, headers);
        } else if (path === "/api/v2/instance") answer(request, response, 200, instance(url, options.tokenForTimelines), headers);
        else answer(request, response, 404, { error: "Not Found" }, headers);
      };
      restFaults(request, response, headers, answer, serve);
    },
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? "/", "http://world.simulated.example");
      const token = tokenOf(request, url) ?? request.headers["sec-websocket-protocol"]?.split(",")[0]?.trim();
      if (url.pathname !== "/api/v1/streaming") refuse(socket, 404, "Not Found", "no such path");
      else if (token !== options.token) refuse(socket, 401, "Unauthorized", "Invalid access token");
      else if (random.chance(faults().refused)) refuse(socket, 503, "Service Unavailable", "try again");
      else {
        sockets.handleUpgrade(request, socket, head, (webSocket) => {
          const reader = makeReader(
            log,
            log.end,
            () => true,
            {
              send: (delivery, sent) => webSocket.send(delivery.wire, () => sent()),
              waitingBytes: () => webSocket.bufferedAmount,
              cut: (how) => (how === "reset" ? webSocket.terminate() : webSocket.close(1001)),
            },
            faults,
            random,
          );
          const listen = (): void => {
            readers.set(webSocket, reader);
            reader.pump();
          };
          webSocket.on("close", () => {
            reader.stop();
            readers.delete(webSocket);
          });
          webSocket.on("error", () => webSocket.terminate());
          webSocket.on("message", (data) => {
            const wish = subscription(textOf(data));
            if (wish === "subscribe") listen();
            else if (wish === "unsubscribe") readers.delete(webSocket);
          });
          if (url.searchParams.get("stream") === "public") listen();
        });
      }
    },
    pump() {
      for (const reader of readers.values()) reader.pump();
    },
    thump() {
      for (const client of readers.keys()) if ("writeHead" in client) client.write(":thump\n");
    },
    cutAll() {
      for (const socket of sockets.clients) socket.terminate();
      for (const client of readers.keys()) if ("writeHead" in client) client.destroy();
    },
    get connections() {
      return readers.size;
    },
    waits,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      for (const client of readers.keys()) if ("writeHead" in client) client.destroy();
      sockets.close();
    },
  };
}

function limitHeaders(limit: number, remaining: number, resetMs: number): Record<string, string> {
  return { "x-ratelimit-limit": String(limit), "x-ratelimit-remaining": String(remaining), "x-ratelimit-reset": iso(resetMs).replace("Z", "000Z") };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function subscription(text: string): string | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== "object" || message === null || !("type" in message) || !("stream" in message)) return undefined;
    return message.stream === "public" && typeof message.type === "string" ? message.type : undefined;
  } catch {
    return undefined;
  }
}

function instance(url: URL, tokenForTimelines: boolean): unknown {
  return {
    domain: mastodonHost,
    title: "Simulated Mastodon",
    version: "4.5.0+simulated",
    source_url: "https://github.com/mastodon/mastodon",
    description: "A server of a simulated world: every account and every post is invented.",
    usage: { users: { active_month: 1000 } },
    languages: ["en"],
    registrations: { enabled: false, approval_required: false, message: null },
    configuration: {
      urls: { streaming: url.origin.replace(/^http/u, "ws") },
      timelines_access: { live_feeds: { local: tokenForTimelines ? "authenticated" : "public", remote: tokenForTimelines ? "authenticated" : "public" } },
    },
    api_versions: { mastodon: 7 },
    rules: [],
  };
}
