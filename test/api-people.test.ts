import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { environmentToken, recordAt, rowsOf, type RunningApi, startApi } from "./api.fixtures.ts";
import { askAs, signInAs, signInWith } from "./people.fixtures.ts";

describe("people through the API", () => {
  let api: RunningApi;
  before(async () => {
    api = await startApi({ config: { terms: { acme: { name: "Acme", query: "acme" } } } });
  });
  after(() => api[Symbol.asyncDispose]());
  const statusOf = async (cookie: string, method: string, path: string, body?: unknown) => (await askAs(api, cookie, method, path, body)).status;
  const tokenStatus = async (token: unknown, path: string) => (await api.ask("GET", path, { token: String(token) })).status;
  const ownSessions = async (cookie: string) => rowsOf((await askAs(api, cookie, "GET", "/api/v1/sessions")).body);

  it("invites a user by a link that signs in once, with the role and the limits that were said", async () => {
    const answer = await api.ask("POST", "/api/v1/users", { body: { name: "ann@example.org", role: "analyst", platforms: ["forum"], terms: ["acme"] } });
    assert.equal(answer.status, 200, answer.text);
    const { code, expiresAt } = recordAt(answer.body, "invitation");
    assert.ok(Date.parse(String(expiresAt)) > Date.now() + 24 * 3_600_000);
    const cookie = await signInWith(api, code);
    assert.deepEqual((await askAs(api, cookie, "GET", "/api/v1/me")).body, { name: "ann@example.org", role: "analyst", by: "session", platforms: ["forum"], terms: ["acme"] });
    assert.equal((await api.ask("POST", "/api/v1/session", { token: null, body: { code } })).status, 401);
    const listed = rowsOf((await api.ask("GET", "/api/v1/users")).body).find((user) => user["name"] === "ann@example.org");
    assert.deepEqual([listed?.["role"], listed?.["platforms"], listed?.["terms"], listed?.["sessions"]], ["analyst", ["forum"], ["acme"], 1]);
    const again = await api.ask("POST", "/api/v1/users", { body: { name: "ann@example.org", role: "viewer" } });
    assert.deepEqual([again.status, again.body["code"]], [409, "CONFLICT"]);
  });

  it("refuses users that could not work: odd names, unknown terms, an admin who is kept to a part", async () => {
    const refused = async (body: unknown) => (await api.ask("POST", "/api/v1/users", { body })).status;
    assert.equal(await refused({ name: "Ann", role: "viewer" }), 400);
    assert.equal(await refused({ name: "a/b", role: "viewer" }), 400);
    assert.equal(await refused({ name: "bo", role: "owner" }), 400);
    assert.equal(await refused({ name: "bo", role: "viewer", terms: ["acmee"] }), 400);
    assert.equal(await refused({ name: "bo", role: "admin", terms: ["acme"] }), 409);
  });

  it("lets open sessions follow a change of role and limits at once", async () => {
    const cookie = await signInAs(api, { name: "carl", role: "analyst" });
    assert.equal(await statusOf(cookie, "GET", "/api/v1/posts/export"), 200);
    const changed = await api.ask("PATCH", "/api/v1/users/carl", { body: { role: "viewer", terms: ["acme"] } });
    assert.deepEqual([changed.status, changed.body["role"], changed.body["terms"], changed.body["platforms"]], [200, "viewer", ["acme"], null]);
    assert.equal(await statusOf(cookie, "GET", "/api/v1/posts/export"), 403);
    assert.deepEqual((await askAs(api, cookie, "GET", "/api/v1/me")).body["terms"], ["acme"]);
    const freed = await api.ask("PATCH", "/api/v1/users/carl", { body: { terms: null } });
    assert.deepEqual([freed.body["role"], freed.body["terms"]], ["viewer", null]);
    assert.equal((await api.ask("PATCH", "/api/v1/users/nobody", { body: { role: "viewer" } })).status, 404);
  });

  it("ends sessions and tokens of a user who is removed, and keeps the last admin", async () => {
    const cookie = await signInAs(api, { name: "dora", role: "analyst" });
    const made = await askAs(api, cookie, "POST", "/api/v1/tokens", { name: "nightly", role: "viewer" });
    assert.equal(await tokenStatus(made.body["secret"], "/api/v1/me"), 200);
    assert.equal((await api.ask("DELETE", "/api/v1/users/dora")).status, 204);
    assert.equal(await statusOf(cookie, "GET", "/api/v1/me"), 401);
    assert.equal(await tokenStatus(made.body["secret"], "/api/v1/me"), 401);
    assert.equal((await api.ask("DELETE", "/api/v1/users/dora")).status, 404);
    assert.equal((await api.ask("POST", "/api/v1/users/dora/link")).status, 404);
    assert.equal((await api.ask("DELETE", "/api/v1/users/admin")).status, 409);
    assert.equal((await api.ask("PATCH", "/api/v1/users/admin", { body: { role: "viewer" } })).status, 409);
  });

  it("shows each their own sessions, and lets them end the others", async () => {
    const first = await signInAs(api, { name: "emil", role: "viewer" });
    const link = await api.ask("POST", "/api/v1/users/emil/link");
    const second = await signInWith(api, link.body["code"]);
    const sessions = await ownSessions(first);
    assert.deepEqual([sessions.length, sessions.filter((session) => session["current"]).length, new Set(sessions.map((session) => session["user"])).size], [2, 1, 1]);
    const adminSees = new Set(rowsOf((await api.ask("GET", "/api/v1/sessions")).body).map((session) => session["user"]));
    assert.ok(adminSees.has("emil") && adminSees.size > 1);

    const stranger = await signInAs(api, { name: "fred", role: "analyst" });
    const [one] = sessions;
    assert.equal(await statusOf(stranger, "DELETE", `/api/v1/sessions/${String(one?.["id"])}`), 404);
    assert.deepEqual((await askAs(api, first, "DELETE", "/api/v1/sessions")).body, { ended: 1 });
    assert.deepEqual([await statusOf(first, "GET", "/api/v1/me"), await statusOf(second, "GET", "/api/v1/me")], [200, 401]);
    const [left] = await ownSessions(first);
    assert.equal((await api.ask("DELETE", `/api/v1/sessions/${String(left?.["id"])}`)).status, 204);
    assert.equal(await statusOf(first, "GET", "/api/v1/me"), 401);
  });

  it("makes tokens that may no more than their maker, shows the secret once, and revokes them", async () => {
    const cookie = await signInAs(api, { name: "gina", role: "analyst", terms: ["acme"] });
    const make = (body: object) => askAs(api, cookie, "POST", "/api/v1/tokens", body);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const made = await make({ name: "dashboard", role: "viewer", scopes: ["posts:read"], expiresAt });
    assert.equal(made.status, 200, made.text);
    const { secret } = made.body;
    assert.match(String(secret), /^earshot_[\w-]{40,}$/);
    assert.equal(await tokenStatus(secret, "/api/v1/posts"), 200);
    assert.equal(await tokenStatus(secret, "/api/v1/terms"), 403);
    assert.equal(await tokenStatus(secret, "/api/v1/me"), 403);
    const listed = await askAs(api, cookie, "GET", "/api/v1/tokens");
    assert.deepEqual(
      rowsOf(listed.body).map((token) => [token["name"], token["scopes"], token["createdBy"], token["expiresAt"]]),
      [["dashboard", ["posts:read"], "gina", expiresAt]],
    );
    assert.ok(!listed.text.includes(String(secret)));

    assert.equal((await make({ name: "more", role: "admin" })).status, 403);
    assert.equal((await make({ name: "odd", role: "viewer", scopes: ["posts:all"] })).status, 400);
    assert.equal((await make({ name: "late", role: "viewer", expiresAt: "2020-01-01T00:00:00Z" })).status, 400);

    const other = await signInAs(api, { name: "hans", role: "analyst" });
    const { id } = recordAt(made.body, "token");
    assert.deepEqual(rowsOf((await askAs(api, other, "GET", "/api/v1/tokens")).body), []);
    assert.equal(await statusOf(other, "DELETE", `/api/v1/tokens/${String(id)}`), 404);
    assert.equal(await statusOf(cookie, "DELETE", `/api/v1/tokens/${String(id)}`), 204);
    assert.equal(await tokenStatus(secret, "/api/v1/posts"), 401);
  });

  it("keeps a token from making another that is free of its scopes, its role or its end", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const made = await api.ask("POST", "/api/v1/tokens", { token: environmentToken, body: { name: "maker", role: "analyst", scopes: ["access:write"], expiresAt } });
    const token = String(made.body["secret"]);
    const make = async (body: object) => (await api.ask("POST", "/api/v1/tokens", { token, body: { name: "child", ...body } })).status;
    assert.equal(await make({ role: "analyst", scopes: ["access:write"], expiresAt }), 200);
    assert.equal(await make({ role: "analyst", scopes: [], expiresAt }), 403);
    assert.equal(await make({ role: "analyst", scopes: ["access:write", "posts:read"], expiresAt }), 403);
    assert.equal(await make({ role: "admin", scopes: ["access:write"], expiresAt }), 403);
    assert.equal(await make({ role: "analyst", scopes: ["access:write"] }), 403);
  });

  it("tells what a token can be kept to: every tag of its routes, with what reading and writing open", async () => {
    const areas = rowsOf((await api.ask("GET", "/api/v1/tokens/scopes")).body);
    const tags = new Set(
      Object.values(recordAt(api.described, "paths")).flatMap((path) =>
        Object.values(recordAt({ path }, "path")).flatMap((operation) => {
          const { tags: named, security } = recordAt({ operation }, "operation");
          return Array.isArray(named) && !Array.isArray(security) ? named.map(String) : [];
        }),
      ),
    );
    assert.deepEqual(
      areas.map((area) => area["tag"]),
      [...tags].toSorted(),
    );
    const posts = areas.find((area) => area["tag"] === "posts");
    assert.deepEqual(posts?.["write"], []);
    assert.ok(Array.isArray(posts?.["read"]) && posts["read"].includes("Search posts, newest first or in another order"));
  });

  it("writes down who did what, finds it again, and proves that nothing was changed since", async () => {
    await api.ask("PUT", "/api/v1/terms/noted", { body: { name: "Noted", query: "noted" } });
    const all = (await api.ask("GET", "/api/v1/audit?limit=2")).body;
    const [newest, next] = rowsOf(all).map((entry) => Number(entry["number"]));
    assert.ok(newest !== undefined && next === newest - 1);
    const older = rowsOf((await api.ask("GET", `/api/v1/audit?limit=1&before=${String(all["next"])}`)).body);
    assert.equal(older[0]?.["number"], next - 1);
    const invited = rowsOf((await api.ask("GET", "/api/v1/audit?action=user.invite&subject=gina")).body);
    assert.deepEqual(
      invited.map((entry) => [entry["actor"], entry["details"]]),
      [["command line", { role: "analyst", platforms: "all", terms: "acme" }]],
    );
    assert.deepEqual(
      rowsOf((await api.ask("GET", "/api/v1/audit?actor=gina&action=token")).body).map((entry) => entry["action"]),
      ["token.revoke", "token.make"],
    );
    const verified = await api.ask("GET", "/api/v1/audit/verify");
    const [last] = rowsOf((await api.ask("GET", "/api/v1/audit?limit=1")).body);
    assert.deepEqual([verified.body["entries"], verified.body["hash"], verified.body["broken"]], [last?.["number"], last?.["hash"], undefined]);
  });

  it("takes no change of people from another site", async () => {
    const cookie = await signInWith(api, (await api.ask("POST", "/api/v1/links")).body["code"]);
    const changes: readonly (readonly [string, string, unknown?])[] = [
      ["POST", "/api/v1/users", { name: "mallory", role: "admin" }],
      ["PATCH", "/api/v1/users/gina", { role: "admin" }],
      ["DELETE", "/api/v1/users/gina"],
      ["POST", "/api/v1/users/gina/link"],
      ["DELETE", "/api/v1/sessions"],
      ["POST", "/api/v1/tokens", { name: "stolen", role: "admin" }],
    ];
    for (const [method, path, body] of changes)
      for (const from of [{ "sec-fetch-site": "cross-site" }, { origin: "https://elsewhere.example" }]) {
        const answer = await api.ask(method, path, { token: null, headers: { cookie, ...from }, ...(body !== undefined && { body }) });
        assert.deepEqual([answer.status, answer.body["code"]], [403, "FORBIDDEN"], `${method} ${path}`);
      }
    assert.equal(await statusOf(cookie, "GET", "/api/v1/me"), 200);
    assert.ok(!rowsOf((await api.ask("GET", "/api/v1/users")).body).some((user) => user["name"] === "mallory"));
  });

  it("slows who guesses sign-in codes: a problem with the time to wait", async () => {
    const guess = () => api.ask("POST", "/api/v1/session", { token: null, body: { code: "a-code-that-is-guessed" } });
    const answers = [];
    for (let i = 0; i < 21 && answers.at(-1)?.status !== 429; i++) answers.push(await guess());
    const slowed = answers.at(-1);
    assert.deepEqual([slowed?.status, slowed?.type, slowed?.body["code"]], [429, "application/problem+json", "LIMIT_REACHED"]);
    const seconds = Number(slowed?.headers.get("retry-after"));
    assert.ok(seconds >= 1 && seconds <= 60, `retry-after: ${seconds}`);
    assert.ok(answers.slice(0, -1).every(({ status }) => status === 401));
  });
});
