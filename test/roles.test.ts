import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTokens } from "../src/registers/tokens.ts";
import { roles, type Role } from "../src/runtime/viewer.ts";
import { isRecord, recordAt, type RunningApi, startApi } from "./api.fixtures.ts";
import { signInAs } from "./people.fixtures.ts";
import { matrix, type RouteRow } from "./roles.matrix.ts";

/** Who asks, and what the guard makes of them. */
interface Actor {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: nobody, or nobody any more. */
  readonly role?: Role;
  readonly isKept?: boolean;
  readonly scopes?: readonly string[];
}

const brand = ["acme"];
const narrow = ["posts:read"];

function expectedOf(row: RouteRow, actor: Actor): number {
  const allowed = row.allowed ?? 200;
  if (row.least === "public") return allowed;
  if (actor.role === undefined) return 401;
  const inScope = actor.scopes === undefined || actor.scopes.includes(row.scope) || actor.scopes.includes(row.scope.replace(/:read$/, ":write"));
  const isRefused = !inScope || roles.indexOf(actor.role) < roles.indexOf(row.least) || (actor.isKept === true && row.kept === "refused");
  return isRefused ? 403 : allowed;
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

/** What came otherwise than the rows say. */
async function wrongOf(api: RunningApi, actors: readonly Actor[]): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [key, row] of Object.entries(matrix)) {
    const [method = "GET"] = key.split(" ");
    for (const actor of actors) {
      // Signing out ends the session that the others are asked with.
      const headers = key === "DELETE /api/v1/session" ? {} : actor.headers;
      const abort = new AbortController();
      const response = await fetch(api.address + row.path, {
        redirect: "manual",
        method,
        headers: { ...headers, ...(row.body !== undefined && { "content-type": "application/json" }) },
        body: row.body === undefined ? null : typeof row.body === "string" ? row.body : JSON.stringify(row.body),
        signal: abort.signal,
      });
      const text = row.streams === true && response.status === 200 ? "" : await response.text();
      abort.abort();
      const expected = expectedOf(row, actor);
      if (response.status !== expected) wrong.push(`${key} to ${actor.name}: expected ${expected}, came ${response.status} ${text.slice(0, 200)}`);
    }
  }
  return wrong;
}

describe("what each role may", () => {
  let api: RunningApi;
  const actors: Actor[] = [];

  before(async () => {
    api = await startApi({ config: { terms: { acme: { name: "Acme", query: "acme" } } } });
    const cookieOf = async (name: string, role: Role, kept: { readonly terms?: readonly string[]; readonly platforms?: readonly string[] } = {}) => ({
      cookie: await signInAs(api, { name, role, ...kept }),
    });
    const tokens = openTokens(api.system.engine.sql, () => Date.now());
    const fields = { role: "admin", createdBy: "admin", scopes: [] } as const;
    const scoped = await tokens.make({ ...fields, name: "narrow", scopes: narrow });
    const lowered = await cookieOf("lowered", "admin");
    // Of another user: asked to end the other sessions, a token ends those of its owner.
    await cookieOf("maker", "admin");
    const loweredToken = await tokens.make({ ...fields, name: "lowered too", createdBy: "maker" });
    for (const name of ["lowered", "maker"]) assert.equal((await api.ask("PATCH", `/api/v1/users/${name}`, { body: { role: "viewer" } })).status, 200);
    actors.push(
      { name: "signed out", headers: {} },
      { name: "viewer", headers: await cookieOf("vera", "viewer"), role: "viewer" },
      { name: "analyst", headers: await cookieOf("ana", "analyst"), role: "analyst" },
      { name: "admin", headers: await cookieOf("ada", "admin"), role: "admin" },
      { name: "viewer kept to a brand", headers: await cookieOf("bea", "viewer", { terms: brand }), role: "viewer", isKept: true },
      { name: "viewer kept to a platform", headers: await cookieOf("pia", "viewer", { platforms: ["forum"] }), role: "viewer", isKept: true },
      { name: "analyst kept to nothing at all", headers: await cookieOf("nora", "analyst", { terms: [] }), role: "analyst", isKept: true },
      { name: "token with a narrow scope", headers: bearer(scoped.secret), role: "admin", scopes: narrow },
      { name: "admin whose role was lowered", headers: lowered, role: "viewer" },
      { name: "token of an admin whose role was lowered", headers: bearer(loweredToken.secret), role: "viewer" },
    );
  });
  after(() => api[Symbol.asyncDispose]());

  const operations = () =>
    Object.entries(recordAt(api.described, "paths")).flatMap(([path, methods]) =>
      isRecord(methods) ? Object.entries(methods).map(([method, operation]) => ({ key: `${method.toUpperCase()} ${path}`, operation: recordAt({ operation }, "operation") })) : [],
    );

  it("has a row for every route, and none for a route that is not served", () => {
    const served = operations().map(({ key }) => key);
    const missing = served.filter((key) => matrix[key] === undefined);
    assert.deepEqual(
      missing,
      [],
      `these routes have no row in test/roles.matrix.ts: ${missing.join(", ")}. Add one for each: the least role of its config, the scope of its tag, ` +
        `whether people who are kept to a part of the data are answered of their part ("part", with forKept: true in the route's config) or refused ("refused"), and a request that does no harm`,
    );
    assert.deepEqual(
      Object.keys(matrix).filter((key) => !served.includes(key)),
      [],
      "these rows of test/roles.matrix.ts are of routes that are not served",
    );
  });

  it("files every route under the scope that its row says", () => {
    for (const { key, operation } of operations()) {
      const row = matrix[key];
      const tag = Array.isArray(operation["tags"]) ? String(operation["tags"][0]) : "system";
      if (row !== undefined) assert.equal(row.scope.split(":")[0], tag, `${key}: the scope of its row in test/roles.matrix.ts is of another tag`);
    }
  });

  it("answers each route to each as its row says", async () => {
    assert.deepEqual(await wrongOf(api, actors), []);
  });

  // Each on a system of its own: who sends many wrong credentials from one address is made to wait.
  for (const [what, make] of [
    [
      "a token that expired",
      async (other: RunningApi) => {
        const { secret } = await openTokens(other.system.engine.sql, () => Date.now()).make({
          role: "admin",
          createdBy: "admin",
          scopes: [],
          name: "old",
          expiresAt: Date.now() - 1,
        });
        return bearer(secret);
      },
    ],
    [
      "a token that was revoked",
      async (other: RunningApi) => {
        const revoked = await openTokens(other.system.engine.sql, () => Date.now()).make({ role: "admin", createdBy: "admin", scopes: [], name: "gone" });
        assert.equal((await other.ask("DELETE", `/api/v1/tokens/${revoked.token.id}`)).status, 204);
        return bearer(revoked.secret);
      },
    ],
    [
      "the session of a removed user",
      async (other: RunningApi) => {
        const cookie = await signInAs(other, { name: "leaver", role: "admin" });
        assert.equal((await other.ask("DELETE", "/api/v1/users/leaver")).status, 204);
        return { cookie };
      },
    ],
    [
      "a token of a removed user",
      async (other: RunningApi) => {
        const cookie = await signInAs(other, { name: "leaver", role: "admin" });
        const made = await other.ask("POST", "/api/v1/tokens", { token: null, headers: { cookie }, body: { name: "left behind", role: "admin" } });
        assert.equal((await other.ask("DELETE", "/api/v1/users/leaver")).status, 204);
        return bearer(String(made.body["secret"]));
      },
    ],
  ] as const) {
    it(`refuses ${what}, on every route`, async () => {
      await using other = await startApi();
      assert.deepEqual(await wrongOf(other, [{ name: what, headers: await make(other) }]), []);
    });
  }

  it("opens with each scope the routes of its kind, and no other", async () => {
    const scopes = new Set(Object.values(matrix).flatMap(({ scope }) => [scope, scope.replace(/:read$/, ":write")]));
    const wrong: string[] = [];
    for (const scope of scopes) {
      const { secret } = await openTokens(api.system.engine.sql, () => Date.now()).make({ name: scope, role: "admin", scopes: [scope], createdBy: "admin" });
      const actor: Actor = { name: scope, headers: { authorization: `Bearer ${secret}` }, role: "admin", scopes: [scope] };
      for (const [key, row] of Object.entries(matrix)) {
        if (row.streams === true || row.least === "public") continue;
        const [method = "GET"] = key.split(" ");
        const answer = await fetch(api.address + row.path, {
          method,
          headers: { ...actor.headers, ...(row.body !== undefined && { "content-type": "application/json" }) },
          body: row.body === undefined ? null : typeof row.body === "string" ? row.body : JSON.stringify(row.body),
        });
        await answer.arrayBuffer();
        if (answer.status !== expectedOf(row, actor)) wrong.push(`${key} with ${scope}: expected ${expectedOf(row, actor)}, came ${answer.status}`);
      }
    }
    assert.deepEqual(wrong, []);
  });
});
