import assert from "node:assert/strict";
import { test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { makeFakeClock, systemClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { openHttp } from "./client.ts";
import { drive, listen, listenAsProxy, quiet } from "./loopback.fixtures.ts";

async function serve(onSocket: (socket: WebSocket) => void) {
  const loopback = await listen((_request, response) => response.writeHead(404).end());
  const sockets = new WebSocketServer({ server: loopback.server });
  sockets.on("connection", onSocket);
  return loopback;
}

const all = { maxItems: 100, maxBytes: 1 << 20, waitMs: 0 };

test("messages come in order, and a closed socket throws UPSTREAM_CUT after the last one", async () => {
  await using server = await serve((socket) => {
    for (let i = 0; i < 250; i++) socket.send(`m${i}`);
    socket.close(1011, "done");
  });
  await using http = openHttp({ clock: systemClock, report: quiet, env: {} });
  const got: string[] = [];
  await assert.rejects(
    async () => {
      for await (const bytes of await http.webSocket(server.ws)) got.push(Buffer.from(bytes).toString());
    },
    (error) => error instanceof EarshotError && error.code === "UPSTREAM_CUT" && error.message.includes("1011"),
  );
  assert.deepEqual(
    got,
    Array.from({ length: 250 }, (_, i) => `m${i}`),
  );
});

test("a message above the limit cuts the connection instead of filling memory", async () => {
  await using server = await serve((socket) => socket.send(Buffer.alloc(50_000)));
  await using http = openHttp({ clock: systemClock, report: quiet, env: {} });
  const stream = await http.webSocket(server.ws, { maxMessageBytes: 10_000 });
  await assert.rejects(async () => {
    for await (const _ of stream.batches(all)) assert.fail("no message expected");
  }, /Max payload size/);
});

test("a peer that answers no ping within the silence is cut", async () => {
  const clock = makeFakeClock(0);
  await using server = await serve((socket) => socket.pause());
  await using http = openHttp({ clock, report: quiet, env: {} });
  const stream = await drive(clock, http.webSocket(server.ws, { silenceMs: 30_000 }));
  const reading = (async () => {
    for await (const _ of stream.batches(all)) assert.fail("no message expected");
  })();
  await assert.rejects(drive(clock, reading, 1_000), (error) => error instanceof EarshotError && error.code === "UPSTREAM_CUT" && /nothing heard/.test(error.message));
});

test("a peer that only answers pings stays connected", async () => {
  const clock = makeFakeClock(0);
  await using server = await serve(() => {});
  await using http = openHttp({ clock, report: quiet, env: {} });
  const abort = new AbortController();
  const stream = await drive(clock, http.webSocket(server.ws, { silenceMs: 30_000, signal: abort.signal }));
  let idle = 0;
  const reading = (async () => {
    for await (const batch of stream.batches({ ...all, idleMs: 10_000 })) {
      assert.equal(batch.length, 0);
      if (++idle === 12) abort.abort();
    }
  })();
  await drive(clock, reading, 500);
  assert.equal(idle, 12);
});

test("a slow consumer holds the socket back: what waits in memory stays bounded and nothing is lost", async () => {
  const total = 400;
  const size = 100_000;
  let sent = 0;
  await using server = await serve((socket) => {
    const next = () => {
      if (sent < total) socket.send(Buffer.alloc(size, sent % 256), next);
      sent++;
    };
    next();
  });
  await using http = openHttp({ clock: systemClock, report: quiet, env: {} });
  const stream = await http.webSocket(server.ws);
  // Nothing is read until the server stands still.
  for (let last = -1; last !== sent;) {
    last = sent;
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(sent * size < 30_000_000, `the server could send ${sent * size} bytes to a consumer that reads none`);
  let count = 0;
  for await (const batch of stream.batches({ maxItems: 7, maxBytes: 1 << 20, waitMs: 0 })) {
    for (const bytes of batch) assert.equal(bytes[0], count++ % 256);
    if (count === total) break;
  }
  assert.equal(count, total);
});

test("a refused handshake has the code of its status", async () => {
  await using server = await listen((_request, response) => response.writeHead(404).end());
  server.server.on("upgrade", (request, socket) => socket.end(`HTTP/1.1 ${request.url?.slice(1)} No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n`));
  await using http = openHttp({ clock: systemClock, report: quiet, env: {} });
  for (const [status, code] of [
    [401, "UPSTREAM_AUTH"],
    [429, "UPSTREAM_RATE_LIMITED"],
    [503, "UPSTREAM_UNAVAILABLE"],
    [404, "UPSTREAM_NOT_FOUND"],
  ] as const) {
    await assert.rejects(http.webSocket(`${server.ws}/${status}`), (error) => error instanceof EarshotError && error.code === code);
  }
});

test("with HTTP_PROXY a socket goes through CONNECT, but not to what NO_PROXY names", async () => {
  const asked: string[] = [];
  await using server = await serve((socket) => socket.send("hello"));
  await using proxy = await listenAsProxy(asked, (request) => request.headers["proxy-authorization"] === `Basic ${Buffer.from("me:secret").toString("base64")}`);
  await using http = openHttp({ clock: systemClock, report: quiet, env: { HTTP_PROXY: proxy.url.replace("//", "//me:secret@") } });
  for await (const bytes of await http.webSocket(server.ws)) {
    assert.equal(Buffer.from(bytes).toString(), "hello");
    break;
  }
  assert.deepEqual(asked, [`127.0.0.1:${server.port}`]);
  await using direct = openHttp({ clock: systemClock, report: quiet, env: { HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1" } });
  (await direct.webSocket(server.ws)).close();
  assert.equal(asked.length, 1);
});

test("a proxy that refuses is told as such, without its password", async () => {
  await using proxy = await listenAsProxy([], () => false);
  await using http = openHttp({ clock: systemClock, report: quiet, env: { http_proxy: proxy.url.replace("//", "//me:hunter22@") } });
  await assert.rejects(http.webSocket("ws://example.invalid:80/"), (error) => error instanceof EarshotError && /407/.test(error.message) && !error.message.includes("hunter22"));
});
