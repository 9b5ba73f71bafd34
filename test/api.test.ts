import assert from "node:assert/strict";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import pino from "pino";
import { listen, makeApi } from "../src/api/server.ts";
import { askRaw, environmentToken, isRecord, recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";

describe("the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi();
  });
  after(() => api[Symbol.asyncDispose]());
  const operations = () =>
    Object.entries(recordAt(api.described, "paths")).flatMap(([path, item]) =>
      Object.entries(recordAt({ item }, "item")).map(([method, operation]) => ({ path, method, operation: recordAt({ operation }, "operation") })),
    );

  it("describes itself as OpenAPI 3.1, each operation with an id of its own, a summary and typed answers", () => {
    assert.equal(api.described["openapi"], "3.1.0");
    assert.equal(typeof recordAt(api.described, "info")["version"], "string");
    const ids = operations().map(({ operation }) => String(operation["operationId"]));
    assert.equal(new Set(ids).size, ids.length, ids.toSorted().join(" "));
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`;
      assert.match(String(operation["operationId"]), /^[a-z][A-Za-z0-9]+$/, where);
      assert.equal(typeof operation["summary"], "string", where);
      const parameters = Array.isArray(operation["parameters"]) ? operation["parameters"].filter(isRecord) : [];
      const inPath = parameters.filter((parameter) => parameter["in"] === "path").map((parameter) => `{${String(parameter["name"])}}`);
      assert.deepEqual(inPath, path.match(/\{[^}]+\}/g) ?? [], where);
      for (const response of Object.values(recordAt(operation, "responses"))) assert.equal(typeof recordAt({ response }, "response")["description"], "string", where);
    }
  });

  it("describes every route that it serves, and no other", async () => {
    const app = await makeApi({ engine: api.system.engine, access: api.system.access, makeLink: () => Promise.resolve(""), logger: pino({ level: "silent" }) });
    const served = new Set<string>();
    for (const { path, method } of operations()) {
      const url = path.replaceAll(/\{[^}]+\}/g, ":id");
      assert.ok(app.hasRoute({ method: method.toUpperCase(), url }), `${method} ${path} is served`);
      served.add(`${method} ${url}`);
    }
    // printRoutes draws a tree; its leaves bear the methods.
    const drawn = [...app.printRoutes({ commonPrefix: false }).matchAll(/\(([A-Z, ]+)\)/g)].flatMap(([, methods = ""]) => methods.split(", "));
    assert.equal(drawn.filter((method) => method !== "HEAD" && method !== "OPTIONS").length, served.size);
    await app.close();
  });

  it("tells its health to everybody and nothing else", async () => {
    for (const path of ["/health", "/api/v1/health"]) {
      const { status, body } = await api.ask("GET", path, { token: null });
      assert.equal(status, 200);
      assert.deepEqual(body, { status: "ok" });
    }
    for (const { path, method, operation } of operations()) {
      if (Array.isArray(operation["security"]) && operation["security"].length === 0) continue;
      if (`${method} ${path}` === "delete /api/v1/session") continue;
      const url = path.replaceAll(/\{[^}]+\}/g, "x");
      const { status, type, body } = await api.ask(method.toUpperCase(), url, { token: null });
      assert.deepEqual({ url, status, type, code: body["code"] }, { url, status: 401, type: "application/problem+json", code: "UNAUTHENTICATED" });
    }
  });

  it("gives each role what is its own", async () => {
    const viewer = await api.makeToken("viewer");
    const analyst = await api.makeToken("analyst");
    const statusOf = async (token: string, method: string, path: string, body?: unknown) => (await api.ask(method, path, { token, ...(body !== undefined && { body }) })).status;
    assert.equal(await statusOf(viewer, "GET", "/api/v1/posts"), 200);
    assert.equal(await statusOf(viewer, "GET", "/api/v1/posts/export"), 403);
    assert.equal(await statusOf(analyst, "GET", "/api/v1/posts/export"), 200);
    assert.equal(await statusOf(viewer, "GET", "/api/v1/quarantine"), 403);
    assert.equal(await statusOf(analyst, "GET", "/api/v1/quarantine"), 200);
    assert.equal(await statusOf(analyst, "POST", "/api/v1/erasures", { author: "x" }), 403);
    assert.equal(await statusOf(analyst, "GET", "/api/v1/configuration"), 403);
    const me = await api.ask("GET", "/api/v1/me", { token: environmentToken });
    assert.deepEqual(me.body, { name: "EARSHOT_TOKEN", role: "admin", by: "token" });
  });

  it("refuses what it was not asked for: unknown parameters, wrong types, wrong bodies, each with its place", async () => {
    const refused = async (method: string, path: string, place: string, body?: unknown) => {
      const answer = await api.ask(method, path, body === undefined ? {} : { body });
      assert.deepEqual({ path, status: answer.status, code: answer.body["code"] }, { path, status: 400, code: "USAGE" }, answer.text);
      assert.ok(
        rowsOf(answer.body, "errors").some((fault) => fault["place"] === place),
        `${place} in ${answer.text}`,
      );
    };
    await refused("GET", "/api/v1/posts?limt=2", "querystring/limt");
    const unknown = rowsOf((await api.ask("GET", "/api/v1/posts?limt=2&offset=3")).body, "errors");
    assert.deepEqual(unknown.map(({ place }) => place).toSorted(), ["querystring/limt", "querystring/offset"]);
    await refused("GET", "/api/v1/posts?limit=0", "querystring/limit");
    await refused("GET", "/api/v1/posts?limit=1001", "querystring/limit");
    await refused("GET", "/api/v1/posts?limit=many", "querystring/limit");
    await refused("GET", "/api/v1/posts?limit=1.5", "querystring/limit");
    await refused("GET", "/api/v1/posts?limit=2&limit=3", "querystring/limit");
    await refused("GET", "/api/v1/posts?q=a&q=b", "querystring/q");
    await refused("GET", "/api/v1/rollups?from=yesterday", "querystring/from");
    await refused("GET", "/api/v1/rollups?grain=week", "querystring/grain");
    await refused("PATCH", "/api/v1/sources/some", "body/paused", { paused: "true" });
    await refused("PATCH", "/api/v1/sources/Some", "params/id", { paused: true });
    await refused("POST", "/api/v1/erasures", "body/author", {});
    await refused("POST", "/api/v1/erasures", "body/later", { author: "x", later: 1 });
    await refused("PUT", "/api/v1/terms/acme", "body/query", { name: "Acme" });
    await refused("POST", "/api/v1/quarantine/dismiss", "body/ids", { ids: [] });
    for (const path of ["/api/v1/rollups?by=author", "/api/v1/posts/facets?by=author", "/api/v1/rollups?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z"]) {
      assert.equal((await api.ask("GET", path)).status, 400, path);
    }
    assert.equal((await api.ask("PUT", "/api/v1/terms/acme", { body: { name: "Acme", query: "(acme" } })).body["code"], "QUERY_INVALID");
    assert.equal((await api.ask("PUT", "/api/v1/sources/some", { body: { use: "nothing-like-it" } })).body["code"], "CONFIG_INVALID");
  });

  it("answers bodies and addresses that cannot be read with problems too", async () => {
    const cut = await api.ask("POST", "/api/v1/find", { raw: "{", headers: { "content-type": "application/json" } });
    assert.deepEqual([cut.status, cut.body["code"]], [400, "USAGE"]);
    const foreign = await api.ask("POST", "/api/v1/find", { raw: "a=b", headers: { "content-type": "application/x-www-form-urlencoded" } });
    assert.deepEqual([foreign.status, foreign.type], [415, "application/problem+json"]);
    const large = await api.ask("POST", "/api/v1/find", { body: { author: "x".repeat(1_100_000) } });
    assert.deepEqual([large.status, large.body["code"]], [413, "ITEM_TOO_LARGE"]);
    const proto = await api.ask("POST", "/api/v1/find", { raw: '{"__proto__":{"a":1},"author":"x"}', headers: { "content-type": "application/json" } });
    assert.equal(proto.status, 400);
    for (const path of ["/api/v1/posts/%zz", "/api/v1/posts/%00", `/api/v1/posts/${"x".repeat(400)}`, "/api/v1/nothing", "/api/v1/posts/p_AAAAAAAAAAAAAAAAAAAAAA"]) {
      const answer = await askRaw(api.address, "GET", path, { authorization: `Bearer ${environmentToken}` });
      assert.match(String(answer.headers["content-type"]), /^application\/problem\+json/, path);
      assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
    }
  });

  it("signs in by a link once, with a cookie that scripts and other sites do not get", async () => {
    const made = await api.ask("POST", "/api/v1/links", {});
    const body = { code: made.body["code"] };
    const first = await api.ask("POST", "/api/v1/session", { token: null, body });
    assert.equal(first.status, 204);
    const cookie = first.headers.get("set-cookie") ?? "";
    assert.match(cookie, /^earshot_session=[\w-]{20,}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    assert.equal((await api.ask("POST", "/api/v1/session", { token: null, body })).status, 401);

    const session = cookie.split(";")[0] ?? "";
    assert.deepEqual((await api.ask("GET", "/api/v1/me", { token: null, headers: { cookie: session } })).body, { name: "admin", role: "admin", by: "session" });
    const change = (headers: Readonly<Record<string, string>>) =>
      askRaw(api.address, "POST", "/api/v1/find", { cookie: session, "content-type": "application/json", ...headers }, '{"author":"nobody"}');
    assert.equal((await change({ "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await change({ "sec-fetch-site": "same-site" })).status, 403);
    assert.equal((await change({ origin: "https://elsewhere.example" })).status, 403);
    assert.equal((await change({ origin: "null" })).status, 403);
    assert.equal((await change({ origin: api.address, "sec-fetch-site": "same-origin" })).status, 200);
    assert.equal((await api.ask("DELETE", "/api/v1/session", { token: null, headers: { cookie: session } })).status, 204);
    assert.equal((await api.ask("GET", "/api/v1/me", { token: null, headers: { cookie: session } })).status, 401);
  });

  it("answers only under its own name", async () => {
    assert.equal((await askRaw(api.address, "GET", "/health", { host: "evil.example" })).status, 403);
    assert.equal((await askRaw(api.address, "GET", "/health", { host: `localhost:${new URL(api.address).port}` })).status, 200);
  });

  it("sends the headers that keep a browser from being misused", async () => {
    const { headers } = await api.ask("GET", "/api/v1/me");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("referrer-policy"), "no-referrer");
    assert.equal(headers.get("access-control-allow-origin"), null);
  });

  it("lets nobody guess: sign-in and wrong tokens are limited, right ones go on", async () => {
    const codes = await Promise.all(Array.from({ length: 25 }, () => api.ask("POST", "/api/v1/session", { token: null, body: { code: "not-a-code-at-all" } })));
    const limited = codes.find(({ status }) => status === 429);
    assert.equal(limited?.body["code"], "LIMIT_REACHED");
    assert.ok(Number(limited?.headers.get("retry-after")) > 0);
    assert.equal((await api.ask("GET", "/api/v1/me")).status, 200);
    let last = 0;
    for (let i = 0; i < 310 && last !== 429; i++) last = (await api.ask("GET", "/api/v1/me", { token: `wrong-${i}` })).status;
    assert.equal(last, 429);
    assert.equal((await api.ask("GET", "/api/v1/me")).status, 200);
  });

  it("ends connections that send their headers or bodies too slowly, and keeps live streams", async () => {
    const app = await makeApi({
      engine: api.system.engine,
      access: api.system.access,
      makeLink: () => Promise.resolve(""),
      logger: pino({ level: "silent" }),
      patience: { headersMs: 200, bodyMs: 200 },
    });
    const { port } = new URL(await listen(app, "127.0.0.1", 0));
    const answerTo = (text: string) =>
      new Promise<string>((resolve) => {
        const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
        let answer = "";
        socket.setEncoding("utf8").on("data", (part: string) => (answer += part));
        socket.on("error", () => undefined).once("close", () => resolve(answer));
      });
    const head = (path: string) =>
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${environmentToken}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`;
    const live = await fetch(`http://127.0.0.1:${port}/api/v1/live`, { headers: { authorization: `Bearer ${environmentToken}` } });
    const reader = live.body?.getReader();
    const [slowHead, slowBody, slowImport, overlong] = await Promise.all([
      answerTo("GET /health HTTP/1.1\r\nHost: localhost\r\n"),
      answerTo(head("/api/v1/find")),
      answerTo(head("/api/v1/import")),
      answerTo(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(40_000)}\r\n\r\n`),
    ]);
    assert.match(slowHead, /^HTTP\/1\.1 408 [^]*application\/problem\+json/);
    assert.doesNotMatch(slowBody, / 200 /);
    assert.doesNotMatch(slowImport, / 200 /);
    assert.match(overlong, /^HTTP\/1\.1 431 [^]*application\/problem\+json/);
    const piece = await reader?.read();
    assert.match(Buffer.from(piece?.value ?? []).toString(), /event: tick/);
    await reader?.cancel();
    app.server.closeAllConnections();
    await app.close();
    assert.equal((await api.ask("GET", "/health", { token: null })).status, 200);
  });
});
