import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import type { Credential } from "../core/credential.ts";
import type { HttpOptions, HttpResponse } from "../core/http.ts";
import { makeCache } from "./cache.ts";
import { openHttp } from "./client.ts";
import { drive, listen, quiet } from "./loopback.fixtures.ts";

const start = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;
const cache = { maxAgeMs: 24 * hourMs };

const holder = (name: string): Credential => ({ name, headers: async () => ({ authorization: `Bearer ${name}` }), token: async () => name, refused: async () => false });
const textOf = (answer: HttpResponse) => Buffer.from(answer.bytes).toString();

async function serve(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  let count = 0;
  const server = await listen((request, response) => {
    // The clock of the tests is not the server's.
    response.sendDate = false;
    answer(request, response, ++count);
  });
  const clock = makeFakeClock(start);
  const http = openHttp({ clock, report: quiet, env: {}, random: () => 0 });
  return {
    clock,
    http,
    count: () => count,
    get: (options: HttpOptions = { cache }, path = "/a") => drive(clock, http.request(server.url + path, options), 1),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("an answer is given again while it is fresh, and asked for when it is not", async () => {
  await using of = await serve((_request, response, count) => response.writeHead(200, { "cache-control": "max-age=60", age: "20" }).end(`answer ${count}`));
  assert.equal((await of.get()).reused, undefined);
  await of.clock.advance(30_000);
  const again = await of.get();
  assert.deepEqual([textOf(again), again.reused, again.status], ["answer 1", "fresh", 200]);
  // It was 20 s old when it came.
  await of.clock.advance(11_000);
  assert.equal(textOf(await of.get()), "answer 2");
  assert.equal(of.count(), 2);
  const [host] = of.http.hosts();
  assert.deepEqual([host?.calls, host?.savedCalls, host?.savedBytes], [2, 1, 8]);
});

test("an answer with a validator is asked for conditionally, and a 304 gives the kept one as its 200", async () => {
  const asked: (string | undefined)[] = [];
  await using of = await serve((request, response) => {
    const { "if-none-match": etag, "if-modified-since": since } = request.headers;
    asked.push(etag ?? since);
    const headers = request.url === "/a" ? { etag: '"v1"' } : { "last-modified": "Wed, 31 Dec 2025 00:00:00 GMT" };
    if (etag === '"v1"' || since !== undefined) response.writeHead(304, { ...headers, "x-note": "new" }).end();
    else response.writeHead(200, { ...headers, "content-type": "text/plain", "x-note": "old" }).end("kept");
  });
  for (const path of ["/a", "/b"]) {
    await of.get({ cache }, path);
    await of.clock.advance(hourMs);
    const again = await of.get({ cache }, path);
    assert.deepEqual([textOf(again), again.reused, again.status, again.headers.get("content-type"), again.headers.get("x-note")], ["kept", "confirmed", 200, "text/plain", "new"]);
  }
  assert.deepEqual(asked, [undefined, '"v1"', undefined, "Wed, 31 Dec 2025 00:00:00 GMT"]);
});

test("a platform's terms end what its headers would allow", async () => {
  await using of = await serve((request, response, count) =>
    response.writeHead(200, { "cache-control": "max-age=86400", etag: '"e"' }).end(`${count} ${request.headers["if-none-match"]}`),
  );
  const options = { cache: { maxAgeMs: hourMs } };
  await of.get(options);
  await of.clock.advance(hourMs - 1_000);
  assert.equal((await of.get(options)).reused, "fresh");
  await of.clock.advance(1_000);
  // Nothing is left of it, not even its validator.
  assert.equal(textOf(await of.get(options)), "2 undefined");
});

test("no-store, Vary: * and answers without freshness are not reused, and without terms nothing is kept", async () => {
  await using of = await serve((request, response, count) => {
    const headers: Record<string, string> =
      { "/store": { "cache-control": "no-store, max-age=60" }, "/vary": { "cache-control": "max-age=60", vary: "*" }, "/none": {}, "/terms": { "cache-control": "max-age=60" } }[
        request.url ?? ""
      ] ?? {};
    response.writeHead(200, headers).end(String(count));
  });
  for (const path of ["/store", "/vary", "/none"]) {
    await of.get({ cache }, path);
    assert.equal((await of.get({ cache }, path)).reused, undefined, path);
  }
  await of.get({}, "/terms");
  assert.equal((await of.get({}, "/terms")).reused, undefined);
  assert.equal(of.count(), 8);
});

test("what one credential or wish got is given to no other", async () => {
  await using of = await serve((request, response) =>
    response.writeHead(200, { "cache-control": "private, max-age=60", vary: "accept-language" }).end(`${request.headers.authorization} ${request.headers["accept-language"]}`),
  );
  for (const who of ["ann", "bob"]) {
    for (const language of ["de", "en"]) {
      for (let i = 0; i < 2; i++) assert.equal(textOf(await of.get({ cache, credential: holder(who), headers: { "Accept-Language": language } })), `Bearer ${who} ${language}`);
    }
  }
  assert.equal(of.count(), 4);
});

test("calls for the same at the same time are one, and who gives up does not end it for the others", async () => {
  const held: ServerResponse[] = [];
  const arrived = Promise.withResolvers<void>();
  await using of = await serve((_request, response) => {
    held.push(response);
    arrived.resolve();
  });
  const abort = new AbortController();
  const leader = of.get({ signal: abort.signal });
  const followers = [of.get({}), of.get({})];
  const other = of.get({}, "/b");
  await arrived.promise;
  abort.abort(new Error("enough"));
  await assert.rejects(leader, /enough/);
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  for (const response of held) response.end("one");
  assert.deepEqual(
    (await Promise.all(followers)).map((answer) => [textOf(answer), answer.reused]),
    [
      ["one", "shared"],
      ["one", "shared"],
    ],
  );
  await other;
  assert.equal(of.count(), 2);
});

test("a call that nobody waits for any more is ended, and the next one begins anew", async () => {
  let closed = 0;
  await using of = await serve((request, response, count) => {
    request.socket.on("close", () => closed++);
    if (count > 1) response.end("well");
  });
  const abort = new AbortController();
  const given = of.get({ signal: abort.signal });
  while (of.count() === 0) await new Promise((resolve) => setImmediate(resolve));
  abort.abort(new Error("enough"));
  await assert.rejects(given, /enough/);
  assert.equal(textOf(await of.get({})), "well");
  while (closed === 0) await new Promise((resolve) => setImmediate(resolve));
});

test("memory is bounded in bytes, and the least recently used goes first", () => {
  const kept = makeCache(makeFakeClock(start), 100_000);
  const answer = (size: number): HttpResponse => ({ status: 200, headers: new Headers({ "cache-control": "max-age=60" }), bytes: new Uint8Array(size), url: "" });
  const url = "https://a.test/x";
  for (const key of ["a", "b", "c"]) kept.put(key, url, { cache }, answer(28_000));
  assert.ok(kept.find("a", url, { cache }));
  kept.put("d", url, { cache }, answer(28_000));
  assert.deepEqual(
    ["a", "b", "c", "d"].filter((key) => kept.find(key, url, { cache }) !== undefined),
    ["a", "c", "d"],
  );
  kept.put("large", url, { cache }, answer(99_000));
  assert.equal(kept.find("large", url, { cache }), undefined);
});
