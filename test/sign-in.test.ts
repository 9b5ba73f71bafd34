import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import type { ConfigInput } from "../src/core/config.ts";
import { openAudit } from "../src/registers/audit.ts";
import { openTokens } from "../src/registers/tokens.ts";
import { openUsers } from "../src/registers/users.ts";
import { type RunningApi, startApi } from "./api.fixtures.ts";
import { clientSecret, jsonOf, makeSurfer, type RunningProvider, startProvider, type Surfer } from "./oidc.fixtures.ts";

function configFor(issuer: string, more: Partial<NonNullable<NonNullable<ConfigInput["signIn"]>["oidc"]>> = {}): ConfigInput {
  return {
    signIn: {
      oidc: {
        issuer,
        clientId: "earshot",
        clientSecret: "env:OIDC_TEST_SECRET",
        name: "Example Works",
        scopes: ["openid", "profile", "groups"],
        rolesClaim: "groups",
        roles: { admin: ["earshot-admins"], analyst: ["desk"], viewer: ["everybody"] },
        ...more,
      },
    },
  };
}

describe("sign-in by a provider", () => {
  let api: RunningApi;
  let provider: RunningProvider;
  let surfer: Surfer;
  before(async () => {
    provider = await startProvider();
    api = await startApi({ config: configFor(provider.issuer), env: { OIDC_TEST_SECRET: clientSecret } });
    provider.enrol(api.address);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    surfer = makeSurfer(api.address);
  });

  const me = async (who: Surfer) => {
    const response = await who.go(`${api.address}/api/v1/me`);
    const body = await jsonOf(response);
    return response.status === 200 ? { name: body["name"], role: body["role"] } : body["code"];
  };
  const audit = async () => (await openAudit(api.system.engine.sql, Date.now).list({ limit: 50 })).map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);
  const userNames = async () => (await openUsers(api.system.engine.sql, Date.now).all()).map(({ name }) => name);

  it("tells its button to everybody", async () => {
    const { status, body } = await api.ask("GET", "/api/v1/sign-in", { token: null });
    assert.deepEqual({ status, body }, { status: 200, body: { provider: { name: "Example Works" } } });
  });

  it("signs in with PKCE, state and nonce, makes the user by the claims, and comes back to where it began", async () => {
    provider.people.set("s-ann", { preferred_username: "Ann.Bell@works.example", groups: ["everybody", "desk"] });
    const authorization = await surfer.begin("/search?q=zebra#top");
    const asked = authorization.searchParams;
    assert.equal(asked.get("code_challenge_method"), "S256");
    assert.equal(asked.get("response_type"), "code");
    assert.equal(asked.get("redirect_uri"), `${api.address}/api/v1/sign-in/callback`);
    for (const name of ["state", "nonce", "code_challenge"]) assert.match(asked.get(name) ?? "", /^[\w-]{43}$/);
    const back = await surfer.signInThere(authorization, "s-ann");
    const end = await surfer.go(back.href);
    assert.equal(end.status, 303);
    assert.equal(end.headers.get("location"), "/search?q=zebra#top");
    assert.equal(end.headers.get("cache-control"), "no-store");
    const session = end.headers.getSetCookie().find((line) => line.startsWith("earshot_session=")) ?? "";
    assert.match(session, /; HttpOnly/);
    assert.match(session, /; SameSite=Strict/);
    assert.match(session, /Max-Age=86(400|399);/);
    assert.deepEqual(surfer.jar.names(api.address), ["earshot_session"], "the cookie of the sign-in is gone");
    assert.deepEqual(await me(surfer), { name: "ann-bell", role: "analyst" });
    const book = await audit();
    assert.ok(book.includes("identity provider user.make ann-bell"), book.join("\n"));
    assert.ok(book.includes("ann-bell session.open ann-bell"));
  });

  it("binds the sign-in to the browser by a short cookie that no script sees", async () => {
    const response = await surfer.go(`${api.address}/api/v1/sign-in`, { method: "POST", headers: { "content-type": "application/json", origin: api.address }, body: "{}" });
    const [cookie = ""] = response.headers.getSetCookie();
    assert.match(cookie, /^earshot_sign_in_[\w-]+=/);
    for (const part of ["HttpOnly", "SameSite=Lax", "Path=/api/v1/sign-in/callback", "Max-Age=600"]) assert.ok(cookie.includes(part), `${part}: ${cookie}`);
    const address = String((await jsonOf(response))["address"]);
    const value = cookie.split(";")[0] ?? "";
    for (const name of ["state", "nonce"]) assert.ok(!value.includes(new URL(address).searchParams.get(name) ?? "-"), `the cookie does not show its ${name}`);
  });

  it("keeps the same user for the same subject, whatever the name, and gives another subject of that name another user", async () => {
    provider.people.set("s-bob", { preferred_username: "bob", groups: ["everybody"] });
    provider.people.set("s-other-bob", { preferred_username: "BOB@elsewhere.example", groups: ["earshot-admins"] });
    provider.people.set("s-admin", { preferred_username: "admin", groups: ["everybody"] });
    await surfer.signIn("s-bob");
    assert.deepEqual(await me(surfer), { name: "bob", role: "viewer" });
    provider.people.set("s-bob", { preferred_username: "robert", groups: ["everybody"] });
    const again = makeSurfer(api.address);
    await again.signIn("s-bob");
    assert.deepEqual(await me(again), { name: "bob", role: "viewer" });
    const other = makeSurfer(api.address);
    await other.signIn("s-other-bob");
    assert.deepEqual(await me(other), { name: "bob-2", role: "admin" });
    const local = makeSurfer(api.address);
    await local.signIn("s-admin");
    assert.deepEqual(await me(local), { name: "admin-user", role: "viewer" });
    await openUsers(api.system.engine.sql, Date.now).put("carol", "admin");
    provider.people.set("s-carol", { preferred_username: "carol", groups: ["everybody"] });
    const carol = makeSurfer(api.address);
    await carol.signIn("s-carol");
    assert.deepEqual(await me(carol), { name: "carol-2", role: "viewer" });
    assert.equal((await openUsers(api.system.engine.sql, Date.now).get("carol"))?.role, "admin");
  });

  it("takes the role anew at each sign-in, for every session of the user", async () => {
    provider.people.set("s-dora", { preferred_username: "dora", groups: ["desk"] });
    await surfer.signIn("s-dora");
    assert.deepEqual(await me(surfer), { name: "dora", role: "analyst" });
    provider.people.set("s-dora", { preferred_username: "dora", groups: "everybody nobody" });
    const later = makeSurfer(api.address);
    await later.signIn("s-dora");
    assert.deepEqual(
      [await me(later), await me(surfer)],
      [
        { name: "dora", role: "viewer" },
        { name: "dora", role: "viewer" },
      ],
    );
    assert.ok((await audit()).includes("identity provider user.change dora"));
  });

  it("refuses who has no role, and makes no user", async () => {
    provider.people.set("s-eve", { preferred_username: "eve", groups: ["Everybody", "*"] });
    assert.equal(await surfer.signIn("s-eve", "/explore"), "/explore?signIn=SIGN_IN_NO_ROLE");
    assert.equal(await me(surfer), "UNAUTHENTICATED");
    assert.ok(!(await userNames()).includes("eve"));
    const refused = (await audit())[0] ?? "";
    assert.match(refused, /^identity provider session\.refuse subject [0-9a-f]{8}$/);
  });

  it("ends sessions and tokens of who loses every role, and gives back the same user and limits with the next role", async () => {
    const users = openUsers(api.system.engine.sql, Date.now);
    provider.people.set("s-finn", { preferred_username: "finn", groups: ["everybody"] });
    await surfer.signIn("s-finn");
    await users.put("finn", "viewer", { platforms: ["forum"], terms: null });
    const { secret } = await openTokens(api.system.engine.sql, Date.now).make({ name: "a script", role: "viewer", scopes: [], createdBy: "finn" });
    assert.equal((await api.ask("GET", "/api/v1/me", { token: secret })).status, 200);
    provider.people.set("s-finn", { preferred_username: "finn", groups: [] });
    assert.equal(await makeSurfer(api.address).signIn("s-finn"), "/?signIn=SIGN_IN_NO_ROLE");
    assert.equal(await me(surfer), "UNAUTHENTICATED");
    assert.equal(await users.get("finn"), undefined);
    assert.equal((await api.ask("GET", "/api/v1/me", { token: secret })).status, 401);
    provider.people.set("s-finn", { preferred_username: "finn", groups: ["everybody"] });
    await surfer.signIn("s-finn");
    assert.deepEqual(await me(surfer), { name: "finn", role: "viewer" });
    assert.deepEqual((await users.get("finn"))?.platforms, ["forum"]);
    assert.equal((await api.ask("GET", "/api/v1/me", { token: secret })).status, 401, "a token that ended stays so");
  });

  it("does not let back in whom an admin removed", async () => {
    provider.people.set("s-gus", { preferred_username: "gus", groups: ["everybody"] });
    await surfer.signIn("s-gus");
    await openUsers(api.system.engine.sql, Date.now).remove("gus");
    assert.equal(await me(surfer), "UNAUTHENTICATED");
    assert.equal(await surfer.signIn("s-gus"), "/?signIn=SIGN_IN_REMOVED");
    assert.ok(!(await userNames()).includes("gus"));
  });

  it("refuses a state that is wrong, missing, doubled, from another browser, or used", async () => {
    provider.people.set("s-hal", { preferred_username: "hal", groups: ["everybody"] });
    const back = await surfer.signInThere(await surfer.begin(), "s-hal");
    const before = provider.asked.length;
    const expired = async (who: Surfer, url: URL) => {
      const response = await who.go(url.href);
      assert.equal(response.headers.get("location"), "/?signIn=SIGN_IN_EXPIRED");
      assert.equal(who.jar.get(api.address, "earshot_session"), undefined);
    };
    const changed = (change: (query: URLSearchParams) => void) => {
      const url = new URL(back);
      change(url.searchParams);
      return url;
    };
    const state = back.searchParams.get("state") ?? "";
    await expired(
      surfer,
      changed((query) => query.set("state", `${state.slice(0, -1)}${state.endsWith("A") ? "B" : "A"}`)),
    );
    await expired(
      surfer,
      changed((query) => query.set("state", "x".repeat(43))),
    );
    await expired(
      surfer,
      changed((query) => query.delete("state")),
    );
    await expired(
      surfer,
      changed((query) => query.append("state", state)),
    );
    await expired(makeSurfer(api.address), back);
    const cookie = surfer.jar.headerFor(api.address);
    assert.equal((await surfer.go(back.href)).headers.get("location"), "/");
    const asked = provider.asked.length;
    await expired(makeSurfer(api.address), back);
    const replayed = await fetch(back, { redirect: "manual", headers: { cookie } });
    assert.equal(replayed.headers.get("location"), "/?signIn=SIGN_IN_EXPIRED");
    assert.equal(provider.asked.length, asked, "the provider is not asked again");
    assert.ok(asked > before);
  });

  it("refuses a code of another sign-in, a used code, and an answer for another nonce", async () => {
    provider.people.set("s-ida", { preferred_username: "ida", groups: ["everybody"] });
    const stolen = await makeSurfer(api.address).signInThere(await makeSurfer(api.address).begin(), "s-ida");
    const injected = await surfer.signInThere(await surfer.begin(), "s-ida");
    injected.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    assert.equal((await surfer.go(injected.href)).headers.get("location"), "/?signIn=SIGN_IN_INVALID");

    const first = await surfer.signInThere(await surfer.begin(), "s-ida");
    assert.equal((await surfer.go(first.href)).headers.get("location"), "/");
    const second = makeSurfer(api.address);
    const replay = await second.signInThere(await second.begin(), "s-ida");
    replay.searchParams.set("code", first.searchParams.get("code") ?? "");
    assert.equal((await second.go(replay.href)).headers.get("location"), "/?signIn=SIGN_IN_INVALID");

    const third = makeSurfer(api.address);
    const authorization = await third.begin();
    authorization.searchParams.set("nonce", "of-somebody-elses-sign-in");
    assert.equal((await third.go((await third.signInThere(authorization, "s-ida")).href)).headers.get("location"), "/?signIn=SIGN_IN_INVALID");
    assert.deepEqual([await me(second), await me(third)], ["UNAUTHENTICATED", "UNAUTHENTICATED"]);
  });

  it("refuses an answer in another issuer's name, and tells a refusal of the provider by its code alone", async () => {
    provider.people.set("s-jan", { preferred_username: "jan", groups: ["everybody"] });
    const back = await surfer.signInThere(await surfer.begin(), "s-jan");
    back.searchParams.set("iss", "https://evil.example");
    assert.equal((await surfer.go(back.href)).headers.get("location"), "/?signIn=SIGN_IN_INVALID");
    const state = (await surfer.begin("/live")).searchParams.get("state") ?? "";
    const denied = new URL(`${api.address}/api/v1/sign-in/callback`);
    denied.search = new URLSearchParams({ error: "access_denied", error_description: "<b>call 555 0100</b>", state, iss: provider.issuer }).toString();
    const response = await surfer.go(denied.href);
    assert.equal(response.headers.get("location"), "/live?signIn=SIGN_IN_REFUSED");
    assert.equal(await response.text(), "");
  });

  it("leads to its own pages only", async () => {
    provider.people.set("s-kim", { preferred_username: "kim", groups: ["everybody"] });
    const foreign = [
      "https://evil.example/",
      "//evil.example",
      "/\\evil.example",
      "/\t/evil.example",
      "/..//evil.example",
      "/./\\evil.example",
      "javascript:alert(1)",
      "/api/v1/session",
      "",
    ];
    for (const asked of foreign) {
      const back = await surfer.signInThere(await surfer.begin(asked), "s-kim");
      assert.equal((await surfer.go(back.href)).headers.get("location"), "/", JSON.stringify(asked));
    }
    const own = await surfer.signInThere(await surfer.begin("/post/p_1?x=%2F%2Fevil.example"), "s-kim");
    assert.equal((await surfer.go(own.href)).headers.get("location"), "/post/p_1?x=%2F%2Fevil.example");
  });

  it("begins from its own pages only, and on this machine's names only", async () => {
    const begin = (headers: Record<string, string>) => api.ask("POST", "/api/v1/sign-in", { token: null, body: {}, headers });
    assert.equal((await begin({ origin: "https://evil.example" })).status, 403);
    assert.equal((await begin({ origin: api.address, "sec-fetch-site": "cross-site" })).status, 403);
    const { status, body } = await begin({ origin: "https://earshot.example", "sec-fetch-site": "same-origin" });
    assert.deepEqual([status, body["code"]], [400, "USAGE"]);
    assert.equal((await api.ask("POST", "/api/v1/sign-in", { token: null, body: { returnTo: "x".repeat(2_001) } })).status, 400);
  });

  it("ends the provider's session too when it is asked to sign out", async () => {
    provider.people.set("s-lea", { preferred_username: "lea", groups: ["everybody"] });
    await surfer.signIn("s-lea");
    const out = await surfer.go(`${api.address}/api/v1/session`, { method: "DELETE", headers: { origin: api.address } });
    assert.equal(out.status, 200);
    const address = String((await jsonOf(out))["address"]);
    const end = new URL(address);
    assert.equal(end.origin, provider.issuer);
    assert.equal(end.searchParams.get("post_logout_redirect_uri"), `${api.address}/`);
    assert.equal((end.searchParams.get("id_token_hint") ?? "").split(".").length, 3);
    assert.equal(await me(surfer), "UNAUTHENTICATED");
    const page = await surfer.go(address);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? "";
    const confirmed = await surfer.go(`${provider.issuer}/session/end/confirm`, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ xsrf, logout: "yes" }).toString(),
    });
    assert.equal(confirmed.headers.get("location"), `${api.address}/`);
    const asked = await surfer.go((await surfer.begin()).href);
    assert.match(asked.headers.get("location") ?? "", /^\/interaction\/|\/interaction\//, "the provider asks who it is");
  });

  it("keeps the ID token where only the session's own cookie opens it", async () => {
    provider.people.set("s-max", { preferred_username: "max", groups: ["everybody"] });
    await surfer.signIn("s-max");
    const { rows } = await api.system.engine.sql.query("select encode(sealed, 'escape') as text from provider_sessions");
    assert.ok(rows.length > 0);
    for (const row of rows) assert.ok(!String(row["text"]).includes("eyJ"));
  });

  it("says so when the provider is down, at either end of the way, and signs out all the same", async () => {
    await using away = await startProvider();
    await using lonely = await startApi({ config: configFor(away.issuer), env: { OIDC_TEST_SECRET: clientSecret } });
    const early = await lonely.ask("POST", "/api/v1/sign-in", { token: null, body: {}, headers: { origin: lonely.address } });
    assert.deepEqual([early.status, early.body["code"]], [503, "UPSTREAM_UNAVAILABLE"]);
    assert.ok(!early.text.includes(new URL(away.issuer).port), "what lies inside is not told to strangers");
    away.enrol(lonely.address);
    away.people.set("s", { groups: ["everybody"] });
    const one = makeSurfer(lonely.address);
    const other = makeSurfer(lonely.address);
    assert.equal(await one.signIn("s"), "/");
    const back = await other.signInThere(await other.begin(), "s");
    await away.stop();
    assert.equal((await other.go(back.href)).headers.get("location"), "/?signIn=UPSTREAM_UNAVAILABLE");
    const out = await one.go(`${lonely.address}/api/v1/session`, { method: "DELETE", headers: { origin: lonely.address } });
    assert.equal(out.status, 200);
    assert.equal((await one.go(`${lonely.address}/api/v1/me`)).status, 401);
  });

  it("takes what other providers do: claims at the userinfo alone, a secret in the body, a public client, no sign-out of theirs", async () => {
    for (const [auth, secret] of [
      ["client_secret_post", "env:OIDC_TEST_SECRET"],
      ["none", undefined],
    ] as const) {
      await using other = await startProvider();
      const { clientSecret: _none, ...rest } = configFor(other.issuer).signIn?.oidc ?? { clientSecret: undefined, issuer: "", clientId: "", roles: {} };
      await using own = await startApi({
        config: { signIn: { oidc: { ...rest, ...(secret !== undefined && { clientSecret: secret }) } } },
        env: { OIDC_TEST_SECRET: clientSecret },
      });
      other.enrol(own.address, { auth, tellsInUserInfo: true, endsSessions: false });
      other.people.set("s", { preferred_username: "nia", groups: ["desk"] });
      const one = makeSurfer(own.address);
      assert.equal(await one.signIn("s"), "/");
      const { name, role } = await jsonOf(await one.go(`${own.address}/api/v1/me`));
      assert.deepEqual([name, role], ["nia", "analyst"]);
      assert.ok(other.asked.includes("GET /me"));
      assert.equal((await one.go(`${own.address}/api/v1/session`, { method: "DELETE", headers: { origin: own.address } })).status, 204);
    }
  });

  it("names a wrong secret as what it is", async () => {
    await using own = await startApi({ config: configFor(provider.issuer, { clientSecret: "env:OIDC_WRONG" }), env: { OIDC_WRONG: "not the secret" } });
    provider.people.set("s-oda", { groups: ["everybody"] });
    provider.enrol(own.address);
    try {
      assert.equal(await makeSurfer(own.address).signIn("s-oda"), "/?signIn=UPSTREAM_AUTH");
    } finally {
      provider.enrol(api.address);
    }
  });
});

describe("sign-in behind a proxy", () => {
  it("uses the public address for the way back, takes its name, and marks cookies as secure", async () => {
    await using provider = await startProvider();
    const config = configFor(provider.issuer);
    await using api = await startApi({ config: { signIn: { ...config.signIn, publicUrl: "https://earshot.example/" } }, env: { OIDC_TEST_SECRET: clientSecret } });
    provider.enrol("https://earshot.example");
    const asked = { token: null, body: {}, headers: { origin: "https://earshot.example", "sec-fetch-site": "same-origin" } } as const;
    const { status, body, headers } = await api.ask("POST", "/api/v1/sign-in", asked);
    assert.equal(status, 200);
    assert.equal(new URL(String(body["address"])).searchParams.get("redirect_uri"), "https://earshot.example/api/v1/sign-in/callback");
    assert.match(headers.get("set-cookie") ?? "", /; Secure/);
    const elsewhere = await api.ask("POST", "/api/v1/sign-in", { token: null, body: {}, headers: { origin: api.address } });
    assert.deepEqual([elsewhere.status, elsewhere.body["code"]], [400, "USAGE"]);
    assert.match(String(elsewhere.body["detail"]), /https:\/\/earshot\.example/);
  });

  it("has no provider unless one is configured", async () => {
    await using api = await startApi();
    assert.deepEqual((await api.ask("GET", "/api/v1/sign-in", { token: null })).body, {});
    assert.equal((await api.ask("POST", "/api/v1/sign-in", { token: null, body: {} })).status, 404);
    assert.equal((await api.ask("GET", "/api/v1/sign-in/callback?code=x&state=y", { token: null })).status, 404);
  });
});
