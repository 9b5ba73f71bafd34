import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { type OAuthWorld, startOAuth } from "../world/servers/oauth.ts";
import { oauthStyles } from "../world/servers/oauth-styles.ts";
import { openAudit } from "../src/registers/audit.ts";
import { openOAuthGrants } from "../src/registers/oauth-grants.ts";
import { type RunningApi, rowsOf, startApi, until } from "./api.fixtures.ts";
import { makeSurfer, type Surfer } from "./oidc.fixtures.ts";

const secret = "secret-of-the-app-that-nothing-may-show";
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const endingToken = `${part({ alg: "none" })}.${part({ exp: Math.floor(Date.now() / 1_000) + 5.5 * 86_400 })}.signature`;

describe("access that a person grants in the browser", () => {
  let api: RunningApi;
  let platform: OAuthWorld;
  let surfer: Surfer;
  const redirectUris: string[] = [];
  before(async () => {
    platform = await startOAuth({
      nowMs: () => Date.now(),
      style: { ...oauthStyles.rotating, secretIn: "body" },
      clients: [{ id: "app", secret, redirectUris }],
      resource: (path) => (path.includes("/timelines/") ? [] : {}),
    });
    api = await startApi({ env: { APP_SECRET: secret, ENDING: endingToken } });
    redirectUris.push(`${api.address}/api/v1/grants/callback`);
  });
  after(async () => {
    await api[Symbol.asyncDispose]();
    await platform[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    surfer = makeSurfer(api.address);
    platform.consent = "allow";
  });

  const optionsFor = (account: string) => ({ server: platform.url, transport: "polling", pollSeconds: 1, oauth: { clientId: "app", clientSecret: "env:APP_SECRET", account } });
  const begin = async (account: string, more: Record<string, unknown> = {}, who = surfer) => {
    const link = await api.system.makeLink();
    await who.go(`${api.address}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json", origin: api.address }, body: JSON.stringify({ code: link }) });
    const response = await who.go(`${api.address}/api/v1/grants`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: api.address },
      body: JSON.stringify({ use: "mastodon", options: optionsFor(account), account, returnTo: "/sources?new=1", ...more }),
    });
    const body: unknown = await response.json();
    const address = typeof body === "object" && body !== null && "address" in body ? String(body.address) : "";
    return { response, body, address };
  };
  /** The platform's page, and the way back. */
  const consent = async (address: string, who = surfer) => {
    const back = (await fetch(address, { redirect: "manual" })).headers.get("location") ?? "";
    const end = await who.go(back);
    return { back, location: end.headers.get("location") ?? "", status: end.status };
  };
  const grants = async () => rowsOf((await api.ask("GET", "/api/v1/grants")).body);

  it("goes to the platform with state and PKCE and stores the grant, which a source then uses and renews", async () => {
    const { address, response } = await begin("brand");
    const asked = new URL(address).searchParams;
    assert.deepEqual([asked.get("response_type"), asked.get("code_challenge_method"), asked.get("client_id"), asked.get("scope")], ["code", "S256", "app", "read"]);
    assert.match(asked.get("code_challenge") ?? "", /^[\w-]{43}$/);
    const cookie = response.headers.getSetCookie().find((line) => line.startsWith("earshot_grant_")) ?? "";
    for (const part of ["HttpOnly", "SameSite=Lax", "Path=/api/v1/grants/callback", "Max-Age=600"]) assert.ok(cookie.includes(part), `${part}: ${cookie}`);
    assert.ok(!cookie.includes(asked.get("state") ?? "-"));
    const end = await consent(address);
    assert.deepEqual([end.status, end.location], [303, "/sources?new=1&grant=brand"]);
    assert.deepEqual(
      (await grants()).map(({ account, connector, clientId, grantedBy, sources }) => ({ account, connector, clientId, grantedBy, sources })),
      [{ account: "brand", connector: "mastodon", clientId: "app", grantedBy: "admin", sources: [] }],
    );
    const source = await api.ask("PUT", "/api/v1/sources/brand-home", { body: { use: "mastodon", ...optionsFor("brand") } });
    assert.equal(source.status, 200, source.text);
    await until("the source asks with the grant", () => (platform.asked.get(200) ?? 0) > 0);
    assert.deepEqual(
      (await grants()).map(({ sources }) => sources),
      [["brand-home"]],
    );
    platform.expireAccess();
    await until("the grant is renewed", () => platform.granted.get("refresh_token") === 1);
    assert.equal(platform.reuses, 0);
    const book = (await openAudit(api.system.engine.sql, Date.now).list({ limit: 20 })).map(({ actor, action, subject }) => `${actor} ${action} ${subject}`);
    assert.ok(book.includes("admin grant.make brand"), book.join("\n"));
  });

  it("a source that waits for its grant goes on as soon as it is there", async () => {
    await api.ask("PUT", "/api/v1/sources/later", { body: { use: "mastodon", ...optionsFor("later") } });
    const later = async () => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find(({ id }) => id === "later");
    await until("the source waits", async () => JSON.stringify(await later()).includes("nobody has granted access"));
    await consent((await begin("later")).address);
    await until("it polls", async () => (await later())?.["state"] === "polling");
  });

  it("refuses another browser, a second time, and an answer without a state", async () => {
    const { address, response } = await begin("twice");
    const kept = response.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; ");
    const other = makeSurfer(api.address);
    const { back, location } = await consent(address, other);
    assert.equal(location, "/?grantError=SIGN_IN_EXPIRED");
    assert.equal((await surfer.go(back)).headers.get("location"), "/sources?new=1&grant=twice");
    assert.equal((await surfer.go(back)).headers.get("location"), "/?grantError=SIGN_IN_EXPIRED");
    const again = await fetch(back, { redirect: "manual", headers: { cookie: kept } });
    assert.equal(again.headers.get("location"), "/?grantError=SIGN_IN_EXPIRED", "a cookie that was kept does not help");
    assert.equal((await surfer.go(`${api.address}/api/v1/grants/callback?code=x`)).headers.get("location"), "/?grantError=SIGN_IN_EXPIRED");
  });

  it("tells a person's no, and a code that does not hold, by their codes; and stores nothing", async () => {
    platform.consent = "deny";
    assert.equal((await consent((await begin("denied")).address)).location, "/sources?new=1&grantError=UPSTREAM_REFUSED&grantReason=access_denied");
    platform.consent = "allow";
    const { address } = await begin("forged");
    const back = new URL(`${api.address}/api/v1/grants/callback`);
    back.searchParams.set("state", new URL(address).searchParams.get("state") ?? "");
    back.searchParams.set("code", "forged");
    assert.equal((await surfer.go(back.href)).headers.get("location"), "/sources?new=1&grantError=UPSTREAM_AUTH&grantReason=invalid_grant");
    const odd = new URL(`${api.address}/api/v1/grants/callback`);
    odd.searchParams.set("state", new URL((await begin("odd")).address).searchParams.get("state") ?? "");
    odd.searchParams.set("error", `<img src=x onerror="x">${"y".repeat(500)}`);
    const told = new URL((await surfer.go(odd.href)).headers.get("location") ?? "", api.address).searchParams.get("grantReason") ?? "";
    assert.match(told, /^[\w .:/-]{1,60}$/, "what a browser brings is cut to letters that do no harm");
    assert.ok(!(await grants()).some(({ account }) => account === "denied" || account === "forged" || account === "odd"));
  });

  it("refuses options that grant nothing, names of other connectors' accounts, and other sites to return to", async () => {
    const wrong = await begin("none", { options: { server: platform.url } });
    assert.match(JSON.stringify(wrong.body), /CONFIG_INVALID/);
    const register = openOAuthGrants(api.system.engine.sql, Date.now);
    await register.put({ account: "other", connector: "elsewhere", client: { tokenUrl: `${platform.url}/token`, clientId: "app" }, scope: "", grantedBy: "admin" });
    assert.equal((await begin("other")).response.status, 409);
    const elsewhere = await begin("elsewhere", { returnTo: "https://evil.example/" });
    assert.equal((await consent(elsewhere.address)).location, "/?grant=elsewhere");
  });

  it("gives access back: tokens go, the platform is told, the source is refused", async () => {
    await consent((await begin("over")).address);
    assert.deepEqual((await api.ask("DELETE", "/api/v1/grants/over")).body, { there: true });
    assert.equal((await api.ask("DELETE", "/api/v1/grants/over")).status, 404);
    assert.ok(!(await grants()).some(({ account }) => account === "over"));
    const { rows } = await api.system.engine.sql.query("select name from oauth_tokens where name = 'account/over'");
    assert.equal(rows.length, 0);
  });

  it("a source whose access was given back asks no more with the token that it held", async () => {
    await consent((await begin("stops")).address);
    await api.ask("PUT", "/api/v1/sources/stops", { body: { use: "mastodon", ...optionsFor("stops") } });
    const stops = async () => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find(({ id }) => id === "stops");
    await until("it polls", async () => (await stops())?.["state"] === "polling");
    const refused = platform.asked.get(401);
    await api.ask("DELETE", "/api/v1/grants/stops");
    await until("it waits", async () => JSON.stringify(await stops()).includes("nobody has granted access"));
    assert.equal(platform.asked.get(401), refused);
    await api.ask("DELETE", "/api/v1/sources/stops");
  });

  it("warns of a credential that is about to end, where the source's state is shown", async () => {
    await api.ask("PUT", "/api/v1/sources/ending", { body: { use: "mastodon", server: platform.url, transport: "polling", token: "env:ENDING" } });
    const ending = async () => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find(({ id }) => id === "ending");
    await until("the source warns", async () => /env:ENDING: it ends in 5 days/.test(JSON.stringify((await ending())?.["warnings"] ?? "")));
    assert.doesNotMatch(JSON.stringify(await ending()), new RegExp(endingToken));
  });

  it("shows no token and no secret, in no answer and in no row of the catalog", async () => {
    const { rows } = await api.system.engine.sql.query(
      "select g.*, encode(t.sealed, 'escape') as sealed from oauth_grants g join oauth_tokens t on t.name = 'account/' || g.account",
    );
    assert.ok(rows.length > 0);
    const shown = JSON.stringify([rows, await grants(), (await api.ask("GET", "/api/v1/sources")).body]);
    assert.doesNotMatch(shown, new RegExp(`${secret}|[ar]t-[\\w-]{20}`));
  });
});
