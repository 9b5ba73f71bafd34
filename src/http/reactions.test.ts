import assert from "node:assert/strict";
import { test } from "node:test";
import { makeFakeClock } from "../core/clock.ts";
import type { Credential } from "../core/credential.ts";
import { EarshotError } from "../core/errors.ts";
import type { FailedAnswer, Reaction } from "../core/http.ts";
import { openHttp } from "./client.ts";
import { drive, listen, quiet } from "./loopback.fixtures.ts";

const start = Date.UTC(2026, 0, 1);

function open() {
  const clock = makeFakeClock(start);
  return { clock, http: openHttp({ clock, report: quiet, env: {}, random: () => 0 }) };
}

async function failureOf(promise: Promise<unknown>): Promise<EarshotError> {
  try {
    await promise;
  } catch (thrown) {
    assert.ok(thrown instanceof EarshotError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: "expected a failure" });
}

/** A credential whose tokens count up; `renewals` says how often it can be renewed. */
function makeTokens(renewals: number): Credential & { readonly refusals: number } {
  let at = 1;
  let refusals = 0;
  return {
    name: "test",
    get refusals() {
      return refusals;
    },
    headers: async () => ({ "X-Key": `token-number-${at}` }),
    token: async () => `token-number-${at}`,
    async refused() {
      refusals++;
      if (at > renewals) return false;
      at++;
      return true;
    },
  };
}

const readError = ({ bytes }: FailedAnswer): Reaction | undefined => {
  const text = Buffer.from(bytes).toString();
  if (!text.includes("error")) return undefined;
  return { code: "UPSTREAM_QUOTA", failure: "test.capped", message: "the month is used up", retryAt: start + 3_600_000, requestId: "body-17" };
};

test("a platform's own word decides code, time and failure, also in an answer with status 200", async () => {
  await using server = await listen((request, response) => response.writeHead(request.url === "/400" ? 400 : 200).end(request.url === "/fine" ? "{}" : '{"error":"capped"}'));
  const { clock, http } = open();
  await using _ = http;
  assert.equal((await drive(clock, http.request(`${server.url}/fine`, { react: readError }))).status, 200);
  for (const status of [400, 200]) {
    const error = await failureOf(drive(clock, http.request(`${server.url}/${status}`, { react: readError })));
    assert.equal(error.code, "UPSTREAM_QUOTA");
    assert.equal(error.retryAt, start + 3_600_000);
    assert.deepEqual(error.failure, { id: "test.capped", class: "quota", status, requestId: "body-17", request: `GET ${server.url}/${status}`, excerpt: '{"error":"capped"}' });
  }
});

test("the first budget waits until the time that the platform's word names", async () => {
  let calls = 0;
  await using server = await listen((_request, response) => {
    calls++;
    response.writeHead(400).end("error");
  });
  const { clock, http } = open();
  await using _ = http;
  const call = () => failureOf(drive(clock, http.request(server.url, { react: readError, budgets: [{ name: "b" }] })));
  await call();
  const second = await call();
  assert.equal(second.code, "UPSTREAM_RATE_LIMITED");
  assert.equal(second.retryAt, start + 3_600_000);
  assert.equal(calls, 1);
});

test("a failure tells method, address, request id and the answer's beginning, and nothing that is secret", async () => {
  await using server = await listen((request, response) =>
    response
      .writeHead(403, { "x-fb-trace-id": "Ab+cd" })
      .end(`${String(request.headers["x-key"])} {"access_token": "s3cr3tvalue", "who": "ann@example.org"} ${"long ".repeat(500)}`),
  );
  const { clock, http } = open();
  await using _ = http;
  const error = await failureOf(drive(clock, http.request(`${server.url}/a?appsecret_proof=abc123&q=ham`, { method: "POST", body: "x", credential: makeTokens(0) })));
  assert.equal(error.code, "UPSTREAM_AUTH");
  assert.equal(error.failure?.class, "permission");
  assert.equal(error.failure.requestId, "Ab+cd");
  assert.equal(error.failure.request, `POST ${server.url}/a?appsecret_proof=REDACTED&q=ham`);
  assert.equal(error.failure.excerpt?.length, 500);
  assert.match(error.failure.excerpt, /REDACTED.*"who": "\[email\]"/);
  assert.doesNotMatch(JSON.stringify(error.failure) + error.message, /token-number|s3cr3t|ann@|abc123/);
});

test("no answer at all is a failure of the network", async () => {
  await using server = await listen((request) => request.socket.destroy());
  const { clock, http } = open();
  await using _ = http;
  const error = await failureOf(drive(clock, http.request(server.url, { deadlineMs: 100 })));
  assert.equal(error.code, "UPSTREAM_UNAVAILABLE");
  assert.deepEqual(error.failure, { class: "network", request: `GET ${server.url}/` });
});

test("after a 401 the credential is renewed once and the call goes out again, a POST too", async () => {
  const seen: string[] = [];
  await using server = await listen((request, response) => {
    seen.push(`${request.method} ${String(request.headers["x-key"])}`);
    response.writeHead(request.headers["x-key"] === "token-number-2" ? 200 : 401).end();
  });
  const { clock, http } = open();
  await using _ = http;
  const credential = makeTokens(1);
  assert.equal((await drive(clock, http.request(server.url, { method: "POST", body: "x", credential }))).status, 200);
  assert.deepEqual(seen, ["POST token-number-1", "POST token-number-2"]);
  assert.equal(clock.now() < start + 250, true, "no pause lies between");
});

test("a credential that cannot be renewed, or is refused again, is given up", async () => {
  let calls = 0;
  await using server = await listen((_request, response) => {
    calls++;
    response.writeHead(401).end();
  });
  const { clock, http } = open();
  await using _ = http;
  for (const [renewals, expected] of [
    [0, 1],
    [9, 2],
  ] as const) {
    calls = 0;
    const credential = makeTokens(renewals);
    assert.equal((await failureOf(drive(clock, http.request(server.url, { credential })))).code, "UPSTREAM_AUTH");
    assert.equal(calls, expected);
    assert.equal(credential.refusals, 1);
  }
});

test("a reaction asks for renewal whatever the status, and forbids it for a 401", async () => {
  let calls = 0;
  await using server = await listen((request, response) => {
    calls++;
    response.writeHead(request.url === "/401" ? 401 : 400).end();
  });
  const { clock, http } = open();
  await using _ = http;
  const react = ({ status }: FailedAnswer): Reaction => ({ code: "UPSTREAM_AUTH", renew: status === 400 });
  await failureOf(drive(clock, http.request(`${server.url}/401`, { credential: makeTokens(1), react })));
  assert.equal(calls, 1);
  await failureOf(drive(clock, http.stream(`${server.url}/400`, { credential: makeTokens(1), react })));
  assert.equal(calls, 3);
});

test("a redirect to another origin carries along neither the credential nor a header that is secret by its name", async () => {
  let seen: unknown = "nothing";
  await using target = await listen((request, response) => {
    seen = [request.headers["x-key"], request.headers["x-api-token"], request.headers["x-plain"]];
    response.end();
  });
  await using server = await listen((_request, response) => response.writeHead(302, { location: target.url }).end());
  const { clock, http } = open();
  await using _ = http;
  await drive(clock, http.request(server.url, { credential: makeTokens(0), headers: { "X-Api-Token": "secret", "x-plain": "kept" } }));
  assert.deepEqual(seen, [undefined, undefined, "kept"]);
});
