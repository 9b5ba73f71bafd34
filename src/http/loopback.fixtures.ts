import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import type { FakeClock } from "../core/clock.ts";
import type { Report } from "../core/component.ts";

/** A server on an ephemeral loopback port, for tests. */
export interface Loopback extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly ws: string;
  readonly server: Server;
}

export async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void, server: Server = createServer()): Promise<Loopback> {
  server.on("request", handler);
  return listening(server);
}

export async function listening(server: Server): Promise<Loopback> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // Upgraded and tunnelled connections are no longer the server's own: they are closed by hand.
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  const port = portOf(server.address());
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    server,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new TypeError("expected a TCP address");
  return address.port;
}

/** A proxy that knows CONNECT; tells what it was asked for. */
export async function listenAsProxy(asked: string[], allow: (request: IncomingMessage) => boolean = () => true): Promise<Loopback> {
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on("connect", (request, client, head) => {
    asked.push(request.url ?? "");
    if (!allow(request)) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
    client.on("close", () => upstream.destroy());
  });
  const proxy = await listening(server);
  return {
    ...proxy,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

export const quiet: Report = () => {};

/** Lets the network run, and the fake time in small steps beside it, until the promise settles. */
export async function drive<T>(clock: FakeClock, promise: Promise<T>, stepMs = 20): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  while (!settled) {
    for (let turn = 0; turn < 8 && !settled; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (!settled) await clock.advance(stepMs);
  }
  return watched;
}

/** HTTP requests that have no whole answer yet (undici, Diagnostics Channel). */
function watchRequests() {
  const open = new Set<unknown>();
  const requestOf = (message: unknown): unknown => (typeof message === "object" && message !== null && "request" in message ? message.request : undefined);
  const began = (message: unknown): void => void open.add(requestOf(message));
  const ended = (message: unknown): void => void open.delete(requestOf(message));
  const channels = [
    ["undici:request:create", began],
    ["undici:request:trailers", ended],
    ["undici:request:error", ended],
  ] as const;
  for (const [name, hear] of channels) subscribe(name, hear);
  return {
    open: () => open.size,
    [Symbol.dispose]() {
      for (const [name, hear] of channels) unsubscribe(name, hear);
    },
  };
}

/**
 * As `drive`, for hours and days: time goes from one sleeper to the next, and stands still while a call has no answer. Not for streams, whose answers
 * do not end.
 */
export async function driveCalls<T>(clock: FakeClock, promise: Promise<T>, longestStepMs = 3_600_000): Promise<T> {
  using requests = watchRequests();
  let settled = false;
  const watched = promise.finally(() => {
    settled = true;
  });
  watched.catch(() => undefined);
  while (!settled) {
    for (let turn = 0; (turn < 20 || requests.open() > 0) && !settled; turn++) await new Promise((resolve) => setImmediate(resolve));
    const untilMs = (clock.nextAt() ?? Infinity) - clock.now();
    if (!settled) await clock.advance(Math.max(0, Math.min(longestStepMs, untilMs)));
  }
  return watched;
}
