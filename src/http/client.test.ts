import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { makeFakeClock } from "../core/clock.ts";
import { EarshotError } from "../core/errors.ts";
import { openHttp } from "./client.ts";
import { drive, listen, quiet } from "./loopback.fixtures.ts";
import { statusOf } from "./upstream-status.ts";

const start = Date.UTC(2026, 0, 1);

function fails(code: string, check: (error: EarshotError) => void = () => {}) {
  return (error: unknown) => {
    assert.ok(error instanceof EarshotError, String(error));
    assert.equal(error.code, code, error.message);
    check(error);
    return true;
  };
}

function open(env: Record<string, string> = {}) {
  const clock = makeFakeClock(start);
  return { clock, http: openHttp({ clock, report: quiet, env, random: () => 0 }) };
}

test("a GET is tried again after 5xx answers and a cut connection, and then succeeds", async () => {
  let calls = 0;
  await using server = await listen((request, response) => {
    calls++;
    if (calls === 1) response.writeHead(503).end();
    else if (calls === 2) request.socket.destroy();
    else response.end("well");
  });
  const { clock, http } = open();
  await using _ = http;
  const answer = await drive(clock, http.request(`${server.url}/a`));
  assert.equal(Buffer.from(answer.bytes).toString(), "well");
  assert.equal(calls, 3);
});

test("a POST is never tried again", async () => {
  let calls = 0;
  await using server = await listen((_request, response) => {
    calls++;
    response.writeHead(502).end();
  });
  const { clock, http } = open();
  await using _ = http;
  await assert.rejects(drive(clock, http.request(server.url, { method: "POST", body: "x" })), fails("UPSTREAM_UNAVAILABLE"));
  assert.equal(calls, 1);
});

test("statuses become the codes that say how to react", async () => {
  await using server = await listen((request, response) => response.writeHead(Number(request.url?.slice(1))).end("no"));
  const { clock, http } = open();
  await using _ = http;
  for (const [status, code] of [
    [401, "UPSTREAM_AUTH"],
    [403, "UPSTREAM_AUTH"],
    [402, "UPSTREAM_QUOTA"],
    [404, "UPSTREAM_NOT_FOUND"],
    [410, "UPSTREAM_NOT_FOUND"],
    [422, "UPSTREAM_REFUSED"],
    [500, "UPSTREAM_UNAVAILABLE"],
  ] as const) {
    await assert.rejects(
      drive(clock, http.request(`${server.url}/${status}`, { deadlineMs: 200 })),
      fails(code, (error) => assert.equal(statusOf(error), status)),
    );
  }
  const unchanged = await drive(clock, http.request(`${server.url}/304`));
  assert.equal(unchanged.status, 304);
});

test("Retry-After is waited for inside the deadline, and told beyond it", async () => {
  let calls = 0;
  await using server = await listen((request, response) => {
    calls++;
    if (request.url === "/short" && calls > 1) response.end("ok");
    else response.writeHead(429, { "retry-after": request.url === "/short" ? "2" : "3600" }).end();
  });
  const { clock, http } = open();
  await using _ = http;
  await drive(clock, http.request(`${server.url}/short`));
  assert.ok(clock.now() - start >= 2_000);
  const before = clock.now();
  await assert.rejects(
    drive(clock, http.request(`${server.url}/long`)),
    fails("UPSTREAM_RATE_LIMITED", (error) => assert.ok(error.retryAt !== undefined && error.retryAt >= before + 3_600_000 - 1_000)),
  );
});

test("an answer that is too large is refused, also when only its decoded form is", async () => {
  await using server = await listen((request, response) => {
    if (request.url === "/plain") response.end(Buffer.alloc(200_000, "a"));
    else
      response
        .writeHead(200, { "content-encoding": request.url === "/gzip" ? "gzip" : "br" })
        .end((request.url === "/gzip" ? gzipSync : brotliCompressSync)(Buffer.alloc(200_000, "a")));
  });
  const { clock, http } = open();
  await using _ = http;
  for (const path of ["/plain", "/gzip", "/br"]) {
    await assert.rejects(drive(clock, http.request(server.url + path, { maxBytes: 100_000 })), fails("UPSTREAM_REFUSED"));
    assert.equal((await drive(clock, http.request(server.url + path))).bytes.length, 200_000);
  }
});

test("an error never shows what the request kept secret", async () => {
  await using server = await listen((_request, response) => response.writeHead(404).end());
  const { clock, http } = open();
  await using _ = http;
  const url = `${server.url.replace("//", "//user:hunter22@")}/path?access_token=hunter22&q=ham`;
  await assert.rejects(
    drive(clock, http.request(url, { headers: { authorization: "Bearer hunter22" } })),
    fails("UPSTREAM_NOT_FOUND", (error) => {
      assert.doesNotMatch(`${error.message} ${error.stack}`, /hunter22/);
      assert.match(error.message, /q=ham/);
    }),
  );
});

test("a redirect of a GET is followed, without the credential on another host", async () => {
  let seen: string | undefined = "nothing";
  await using target = await listen((request, response) => {
    seen = request.headers.authorization;
    response.end("there");
  });
  await using server = await listen((_request, response) => response.writeHead(302, { location: `${target.url}/x` }).end());
  const { clock, http } = open();
  await using _ = http;
  const answer = await drive(clock, http.request(server.url, { headers: { authorization: "Bearer t" } }));
  assert.equal(Buffer.from(answer.bytes).toString(), "there");
  assert.equal(seen, undefined);
});

test("a budget holds calls back to its declared rate, and to what the server tells", async () => {
  let told = 5;
  await using server = await listen((_request, response) =>
    response.writeHead(200, { "x-ratelimit-remaining": String(told), "x-ratelimit-reset": new Date(start + 600_000).toISOString() }).end(),
  );
  const { clock, http } = open();
  await using _ = http;
  const call = (deadlineMs = 30_000) => drive(clock, http.request(server.url, { budgets: [{ name: "b", limit: { requests: 2, perMs: 10_000 } }], deadlineMs }));
  await call();
  await call();
  const before = clock.now();
  await call();
  assert.ok(clock.now() - before >= 4_000, "the third call waits for a token");
  told = 0;
  await call();
  await assert.rejects(
    call(),
    fails("UPSTREAM_RATE_LIMITED", (error) => assert.ok((error.retryAt ?? 0) >= start + 590_000)),
  );
});

test("after repeated failures the host is left alone for a while, then probed", async () => {
  let calls = 0;
  let well = false;
  await using server = await listen((_request, response) => {
    calls++;
    response.writeHead(well ? 200 : 500).end();
  });
  const { clock, http } = open();
  await using _ = http;
  for (let i = 0; i < 5; i++) await assert.rejects(drive(clock, http.request(server.url, { method: "POST" })), fails("UPSTREAM_UNAVAILABLE"));
  await assert.rejects(
    drive(clock, http.request(server.url, { method: "POST" })),
    fails("UPSTREAM_UNAVAILABLE", (error) => assert.ok(error.retryAt !== undefined)),
  );
  assert.equal(calls, 5);
  well = true;
  await clock.advance(6_000);
  assert.equal((await drive(clock, http.request(server.url, { method: "POST" }))).status, 200);
  assert.equal((await drive(clock, http.request(server.url, { method: "POST" }))).status, 200);
});

test("an abort ends a request at once with the signal's reason", async () => {
  await using server = await listen(() => {});
  const { http } = open();
  await using _ = http;
  const abort = new AbortController();
  const pending = http.request(server.url, { signal: abort.signal });
  setImmediate(() => abort.abort(new Error("enough")));
  await assert.rejects(pending, /enough/);
});

test("a server that never answers is given up at the deadline", async () => {
  await using server = await listen(() => {});
  const { clock, http } = open();
  await using _ = http;
  await assert.rejects(drive(clock, http.request(server.url, { deadlineMs: 5_000 }), 500), fails("UPSTREAM_UNAVAILABLE"));
  assert.ok(clock.now() - start >= 4_500);
});

test("an open body tells its chunks in order and throws UPSTREAM_CUT when the server ends it", async () => {
  await using server = await listen((_request, response) => {
    response.write("a");
    setImmediate(() => response.end("b"));
  });
  const { clock, http } = open();
  await using _ = http;
  const { body } = await drive(clock, http.stream(server.url));
  let text = "";
  await assert.rejects(async () => {
    for await (const chunk of body) text += Buffer.from(chunk).toString();
  }, fails("UPSTREAM_CUT"));
  assert.equal(text, "ab");
});
