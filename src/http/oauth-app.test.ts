import assert from "node:assert/strict";
import { test } from "node:test";
import { oauthStyles } from "../../world/servers/oauth-styles.ts";
import { startOAuth } from "../../world/servers/oauth.ts";
import { systemClock } from "../core/clock.ts";
import { openHttp } from "./client.ts";
import { listen } from "./loopback.fixtures.ts";
import { clientOf, registerApp } from "./oauth-app.ts";
import { readValue, requestToken } from "./oauth-request.ts";

const redirectUri = "http://127.0.0.1:1/back";
const open = () => openHttp({ clock: systemClock, report: () => undefined, env: {} });

test("a registered app is the client of its grant, and its secret is sent to the server that made it alone", async () => {
  await using platform = await startOAuth({ nowMs: Date.now, style: oauthStyles.mastodon, clients: [] });
  await using http = open();
  const app = await registerApp(http, `${platform.url}/api/v1/apps`, { client_name: "Earshot", redirect_uris: redirectUri, scopes: "read" });
  assert.deepEqual([app.clientId, app.clientSecret], [platform.registered[0]?.id, platform.registered[0]?.secret]);
  const asked = new URLSearchParams({ response_type: "code", client_id: app.clientId, redirect_uri: redirectUri, scope: "read", state: "s" });
  const back = await fetch(`${platform.url}/oauth/authorize?${asked.toString()}`, { redirect: "manual" });
  const code = new URL(back.headers.get("location") ?? "").searchParams.get("code") ?? "";
  const as = clientOf({}, app, async () => assert.fail("no reference is read"));
  assert.ok(as);
  const fields = { grant_type: "authorization_code", code, redirect_uri: redirectUri };
  const token = await requestToken({ http, ...as, url: `${platform.url}/oauth/token`, fields, now: Date.now });
  assert.ok(platform.isLive(token.accessToken));
  assert.deepEqual([token.expiresAt, token.refreshToken], [undefined, undefined]);
  await assert.rejects(requestToken({ http, ...as, url: `${platform.url}/oauth/token`, fields, now: Date.now }), { code: "UPSTREAM_AUTH" });
});

test("a server cannot choose what we read: an id that looks like a reference is refused", async () => {
  await using http = open();
  for (const clientId of ["env:DATABASE_PASSWORD", "file:/etc/passwd", "", "a\nb"]) {
    await using server = await listen((_request, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ client_id: clientId, client_secret: "s" })),
    );
    await assert.rejects(registerApp(http, `${server.url}/api/v1/apps`, {}), { code: "UPSTREAM_UNAVAILABLE" });
  }
});

test("a secret that looks like a reference is sent as it is, and not read", async () => {
  const as = clientOf({}, { clientId: "app", clientSecret: "env:DATABASE_PASSWORD" }, async () => assert.fail("it was read"));
  assert.ok(as);
  assert.equal(await as.readSecret(as.client.clientSecret ?? ""), "env:DATABASE_PASSWORD");
  assert.equal(await readValue(as.readSecret, as.client.clientId), "app");
});

test("without a client and without an app nobody can ask, and a configured client goes before an app", () => {
  const readSecret = async () => "";
  assert.equal(clientOf({}, undefined, readSecret), undefined);
  assert.equal(clientOf({ clientId: "own" }, { clientId: "app", clientSecret: "s" }, readSecret)?.client.clientId, "own");
});
