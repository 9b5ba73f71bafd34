import assert from "node:assert/strict";
import { test } from "node:test";
import { type OAuthClientRecord, startOAuth } from "../../world/servers/oauth.ts";
import { oauthStyles, type OAuthStyle } from "../../world/servers/oauth-styles.ts";
import { makeFakeClock } from "../core/clock.ts";
import type { OAuthSpec, TokenSpec } from "../core/credential.ts";
import { EarshotError } from "../core/errors.ts";
import { openHttp } from "./client.ts";
import { makeCredentials } from "./credentials.ts";
import { listen } from "./loopback.fixtures.ts";
import { makeMemoryTokens } from "./oauth-memory.ts";
import { clientSeed } from "./oauth-credential.ts";

const now = Date.UTC(2026, 10, 1);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A platform with a client of ours, and what our side needs. */
async function open(style: Partial<OAuthStyle> = {}, secrets: Record<string, string> = {}) {
  const clock = makeFakeClock(now);
  const clients: OAuthClientRecord[] = [{ id: "app:1", secret: "s&c ret" }, { id: "public" }];
  const server = await startOAuth({
    nowMs: () => clock.now(),
    style: { ...oauthStyles.rotating, secretIn: "any", ...style },
    clients,
    users: { ann: "pass word" },
  });
  const http = openHttp({ clock, report: () => undefined, env: {} });
  const tokens = makeMemoryTokens();
  const kept: Record<string, string> = { "env:SECRET": "s&c ret", "env:USER": "ann", "env:PASSWORD": "pass word", ...secrets };
  const readSecret = async (reference: string) => {
    const value = kept[reference];
    if (value === undefined) throw new EarshotError("CONFIG_SECRET_MISSING", `secret ${reference}`);
    return value;
  };
  const credentials = makeCredentials({ readSecret, http, clock, tokens });
  return {
    clock,
    server,
    clients,
    secrets: kept,
    tokens,
    credentials,
    spec: (more: Partial<OAuthSpec>): OAuthSpec => ({
      kind: "oauth2",
      grant: "client_credentials",
      tokenUrl: `${server.url}/token`,
      clientId: "app:1",
      clientSecret: "env:SECRET",
      ...more,
    }),
    /** The status that the platform answers to these headers. */
    async status(headers: Readonly<Record<string, string>>): Promise<number> {
      return (await fetch(`${server.url}/me`, { headers })).status;
    },
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const grants: readonly (readonly [string, Partial<OAuthSpec>, Partial<OAuthStyle>])[] = [
  ["client_credentials", { grant: "client_credentials", scope: "read" }, { secretIn: "basic" }],
  ["client_credentials", { grant: "client_credentials", clientAuth: "body" }, { secretIn: "body" }],
  ["password", { grant: "password", username: "env:USER", password: "env:PASSWORD" }, { secretIn: "basic", fault: oauthStyles.reddit.fault }],
  [
    "https://oauth.reddit.com/grants/installed_client",
    { grant: "installed_client", clientId: "public", clientAuth: "basic", fields: { device_id: "DO_NOT_TRACK_THIS_DEVICE" } },
    { secretIn: "basic", fault: oauthStyles.reddit.fault },
  ],
];
for (const [type, more, style] of grants) {
  test(`${type} (${more.clientAuth ?? "basic"}): one token for all who ask at once, and another before it ends`, async () => {
    await using at = await open({ accessSeconds: 3_600, ...style });
    const spec = at.spec(more);
    if (more.clientId === "public") Reflect.deleteProperty(spec, "clientSecret");
    const credential = await at.credentials.credential(spec);
    assert.equal(await at.credentials.credential({ ...spec }), credential);
    const headers = await Promise.all(Array.from({ length: 10 }, () => credential.headers()));
    assert.deepEqual([new Set(headers.map((one) => one["authorization"])).size, at.server.granted.get(type)], [1, 1]);
    assert.equal(await at.status(headers[0] ?? {}), 200);
    await at.clock.advance(54 * minuteMs);
    await credential.headers();
    assert.equal(at.server.granted.get(type), 1, "early: kept");
    await at.clock.advance(2 * minuteMs);
    const later = await credential.headers();
    assert.notDeepEqual(later, headers[0]);
    assert.deepEqual([at.server.granted.get(type), await at.status(later)], [2, 200]);
  });
}

test("refresh_token: rotation goes on from the stored token, and a new one in the configuration begins anew", async () => {
  await using at = await open();
  at.secrets["env:REFRESH"] = at.server.makeRefreshToken("app:1");
  const spec = at.spec({ grant: "refresh_token", refreshToken: "env:REFRESH" });
  const credential = await at.credentials.credential(spec);
  for (let count = 1; count <= 5; count++) {
    assert.equal(await at.status(await credential.headers()), 200);
    assert.equal(at.server.granted.get("refresh_token"), count);
    await at.clock.advance(3 * hourMs);
  }
  at.server.revokeAll();
  await assert.rejects(credential.headers(), (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && error.message.includes("invalid_grant"));
  assert.equal(at.credentials.stateOf(credential.name)?.failure?.code, "UPSTREAM_AUTH");
  at.secrets["env:REFRESH"] = at.server.makeRefreshToken("app:1");
  assert.equal(await at.status(await credential.headers()), 200);
  assert.equal(at.credentials.stateOf(credential.name)?.failure, undefined);
  assert.equal(at.server.reuses, 0);
});

test("what was refused for good is not asked again at once", async () => {
  await using at = await open({}, { "env:SECRET": "wrong" });
  let requests = 0;
  await using counting = await listen((_request, response) => {
    requests += 1;
    response.writeHead(401, { "content-type": "application/json" }).end('{"error":"invalid_client"}');
  });
  const credential = await at.credentials.credential(at.spec({ tokenUrl: `${counting.url}/token` }));
  for (let count = 0; count < 5; count++) await assert.rejects(credential.headers(), { code: "UPSTREAM_AUTH" });
  assert.equal(requests, 1);
  await at.clock.advance(61_000);
  await assert.rejects(credential.headers(), { code: "UPSTREAM_AUTH" });
  assert.equal(requests, 2);
  at.secrets["env:SECRET"] = "another";
  await assert.rejects(credential.headers(), { code: "UPSTREAM_AUTH" });
  assert.equal(requests, 3, "another secret is tried at once");
});

test("a client secret that the platform does not take yet gives way to the one before", async () => {
  await using at = await open();
  const credential = await at.credentials.credential(at.spec({}));
  await credential.headers();
  at.secrets["env:SECRET"] = "not taken yet";
  await at.clock.advance(3 * hourMs);
  assert.equal(await at.status(await credential.headers()), 200);
  assert.equal(at.server.granted.get("client_credentials"), 2);
});

test("a platform that fails at a renewal costs nothing while the old token lives", async () => {
  await using at = await open({ accessSeconds: 3_600 });
  const credential = await at.credentials.credential(at.spec({}));
  const first = await credential.headers();
  await at.clock.advance(57 * minuteMs);
  at.server.failAnswers(1);
  assert.deepEqual(await credential.headers(), first);
  await at.clock.advance(61_000);
  assert.notDeepEqual(await credential.headers(), first);
});

test("refused: a token that was replaced meanwhile is not renewed again; a living one is, once for all who ask", async () => {
  await using at = await open();
  const credential = await at.credentials.credential(at.spec({}));
  const first = await credential.headers();
  at.server.expireAccess();
  assert.deepEqual(
    await Promise.all(Array.from({ length: 8 }, () => credential.refused(undefined, first))),
    Array.from({ length: 8 }, () => true),
  );
  assert.equal(at.server.granted.get("client_credentials"), 2);
  assert.equal(await credential.refused(undefined, first), true);
  assert.equal(at.server.granted.get("client_credentials"), 2);
  assert.equal(await credential.refused(undefined, await credential.headers()), false, "one that was renewed just now is refused for another reason");
});

test("a caller that leaves takes no renewal along: the answer is kept", async () => {
  await using at = await open();
  at.secrets["env:REFRESH"] = at.server.makeRefreshToken("app:1");
  const credential = await at.credentials.credential(at.spec({ grant: "refresh_token", refreshToken: "env:REFRESH" }));
  const abort = new AbortController();
  const asked = credential.headers(abort.signal);
  abort.abort(new Error("gone"));
  await assert.rejects(asked, /gone/);
  assert.equal(await at.status(await credential.headers()), 200);
  assert.deepEqual([at.server.granted.get("refresh_token"), at.server.reuses], [1, 0]);
});

test("exchange: the configured token becomes a long one, which is exchanged again while it lives", async () => {
  await using at = await open({ accessSeconds: 60 * 86_400, secretIn: "body" });
  at.secrets["env:SHORT"] = at.server.makeAccessToken("app:1");
  const credential = await at.credentials.credential(at.spec({ grant: "exchange", fields: { fb_exchange_token: "env:SHORT" } }));
  const first = await credential.token();
  assert.notEqual(first, at.secrets["env:SHORT"]);
  await at.clock.advance(47 * 86_400_000);
  assert.equal(await credential.token(), first);
  await at.clock.advance(2 * 86_400_000);
  assert.notEqual(await credential.token(), first);
  assert.equal(at.server.granted.get("fb_exchange_token"), 2);
  // Another person's token of the same app: neither budgets nor kept answers are shared with it.
  const other = await at.credentials.credential(at.spec({ grant: "exchange", fields: { fb_exchange_token: "env:OTHER" } }));
  const told = await at.credentials.credential(at.spec({ grant: "exchange", fields: { fb_exchange_token: "a token itself" } }));
  assert.equal(new Set([credential.name, other.name, told.name]).size, 3);
  assert.doesNotMatch(told.name, /a token itself/);
});

test("authorization_code: the stored grant of the account is renewed; another client or address does not get it", async () => {
  await using at = await open();
  const tokenUrl = `${at.server.url}/token`;
  const spec = at.spec({ grant: "authorization_code", account: "brand" });
  const credential = await at.credentials.credential(spec);
  await assert.rejects(credential.headers(), { code: "UPSTREAM_AUTH" });
  await at.tokens.renew("account/brand", async () => ({
    accessToken: "old",
    issuedAt: now - hourMs,
    expiresAt: now,
    refreshToken: at.server.makeRefreshToken("app:1"),
    seed: clientSeed("app:1", tokenUrl),
  }));
  assert.equal(await at.status(await credential.headers()), 200);
  const elsewhere = await at.credentials.credential({ ...spec, tokenUrl: `${at.server.url}/other/token` });
  await assert.rejects(elsewhere.headers(), { code: "UPSTREAM_AUTH" });
  assert.equal(at.server.reuses, 0);
});

test("a grant of an app that was registered for it is renewed as that app, again and again, and by no reference", async () => {
  const registered = { id: "made-on-the-way", secret: "env:OWN" };
  await using at = await open({ secretIn: "body", rotates: true, accessSeconds: 3_600 }, { "env:OWN": "a secret of ours" });
  at.clients.push(registered);
  const { clientId: _id, clientSecret: _secret, ...spec } = at.spec({ grant: "authorization_code", account: "brand" });
  await at.tokens.renew("account/brand", async () => ({
    accessToken: "old",
    issuedAt: now - hourMs,
    expiresAt: now,
    refreshToken: at.server.makeRefreshToken(registered.id),
    seed: clientSeed("", spec.tokenUrl),
    app: { clientId: registered.id, clientSecret: registered.secret },
  }));
  const credential = await at.credentials.credential(spec);
  for (const times of [1, 2, 3]) {
    assert.equal(await at.status(await credential.headers()), 200);
    assert.deepEqual([at.server.granted.get("refresh_token"), at.server.reuses], [times, 0]);
    await at.clock.advance(hourMs);
  }
});

test("a grant that was replaced is read anew by who asks for its credential again", async () => {
  await using at = await open();
  const spec = at.spec({ grant: "authorization_code", account: "brand" });
  const give = async () =>
    at.tokens.renew("account/brand", async () => ({ accessToken: at.server.makeAccessToken("app:1"), issuedAt: now, seed: clientSeed("app:1", spec.tokenUrl) }));
  await give();
  assert.equal(await at.status(await (await at.credentials.credential(spec)).headers()), 200);
  at.server.revokeAll();
  await give();
  at.credentials.forgetAccount("another");
  assert.equal(await at.status(await (await at.credentials.credential(spec)).headers()), 401, "it is held as long as nobody says that it was replaced");
  at.credentials.forgetAccount("brand");
  assert.equal(await at.status(await (await at.credentials.credential(spec)).headers()), 200);
});

test("a grant whose end the platform told says when a person has to act; one without an end says nothing", async () => {
  await using at = await open({ ...oauthStyles.google, refreshSeconds: 604_800 });
  const seed = clientSeed("app:1", `${at.server.url}/token`);
  const grant = async (account: string, more: { readonly refreshExpiresAt?: number }) => {
    await at.tokens.renew(`account/${account}`, async () => ({
      accessToken: "old",
      issuedAt: now - hourMs,
      expiresAt: now,
      refreshToken: at.server.makeRefreshToken("app:1"),
      seed,
      ...more,
    }));
    const credential = await at.credentials.credential(at.spec({ grant: "authorization_code", account }));
    assert.equal(await at.status(await credential.headers()), 200);
    return at.credentials.stateOf(credential.name)?.endsAt;
  };
  assert.equal(await grant("ends", { refreshExpiresAt: now + 99 * hourMs }), now + 99 * hourMs);
  assert.equal(await grant("stays", {}), undefined);
});

test("nothing secret stands in names and errors", async () => {
  await using at = await open({}, { "env:SECRET": "wrong-secret", "env:REFRESH": "refresh-secret" });
  await using echo = await listen((request, response) => {
    let body = "";
    request.on("data", (part) => (body += String(part))).on("end", () => response.writeHead(400).end(JSON.stringify({ error: `bad ${body}` })));
  });
  const credential = await at.credentials.credential(at.spec({ tokenUrl: `${echo.url}/token`, grant: "refresh_token", refreshToken: "env:REFRESH", clientAuth: "body" }));
  const error = await credential.headers().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EarshotError && error.code === "UPSTREAM_AUTH");
  assert.doesNotMatch(`${error.message} ${credential.name} ${JSON.stringify(at.credentials.stateOf(credential.name))}`, /wrong-secret|refresh-secret/);
});

/** A platform that takes the keys of the list. */
async function openKeyed(spec: Partial<TokenSpec> = {}) {
  const clock = makeFakeClock(now);
  const taken = new Set(["key-1"]);
  let value = "key-1";
  const http = openHttp({ clock, report: () => undefined, env: {} });
  const platform = await listen((request, response) => {
    response.writeHead(taken.has((request.headers.authorization ?? "").replace("Bearer ", "")) ? 200 : 401).end();
  });
  const credentials = makeCredentials({ readSecret: async () => `${value}\n`, http, clock });
  const credential = await credentials.credential({ kind: "token", token: "file:/key", ...spec });
  return {
    clock,
    taken,
    credential,
    credentials,
    write: (next: string) => (value = next),
    call: () =>
      http.request(platform.url, { credential }).then(
        () => true,
        () => false,
      ),
    async [Symbol.asyncDispose]() {
      await http[Symbol.asyncDispose]();
      await platform[Symbol.asyncDispose]();
    },
  };
}

for (const order of ["the platform takes the new key first", "the file is written first", "the old key ends unseen"] as const) {
  test(`a key is rotated without a failed call: ${order}`, async () => {
    await using at = await openKeyed();
    let failed = 0;
    let calls = 0;
    const calling = async (minutes: number) => {
      for (let left = minutes * 4; left > 0; left--) {
        const all = await Promise.all([at.call(), at.call(), at.call()]);
        calls += all.length;
        failed += all.filter((isWell) => !isWell).length;
        await at.clock.advance(15_000);
      }
    };
    await calling(3);
    if (order === "the file is written first") {
      at.write("key-2");
      await calling(5);
      at.taken.add("key-2");
    } else {
      at.taken.add("key-2");
      await calling(order === "the old key ends unseen" ? 0 : 5);
      at.write("key-2");
    }
    if (order !== "the old key ends unseen") await calling(5);
    at.taken.delete("key-1");
    await calling(5);
    assert.deepEqual([failed, calls > 90], [0, true]);
    assert.equal(await at.credential.token(), "key-2");
  });
}

test("a key that is refused and did not change is refused", async () => {
  await using at = await openKeyed();
  assert.equal(await at.call(), true);
  at.taken.clear();
  assert.equal(await at.call(), false);
});

test("the end of a token is told: by the operator's day, or by a JWT itself", async () => {
  await using day = await openKeyed({ endsOn: "2026-11-12" });
  assert.equal(day.credentials.stateOf("file:/key")?.endsAt, Date.UTC(2026, 10, 12));
  await using jwt = await openKeyed();
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  jwt.write(`${part({ alg: "none" })}.${part({ exp: now / 1_000 + 60 })}.x`);
  await jwt.credential.headers();
  assert.equal(jwt.credentials.stateOf("file:/key")?.endsAt, now + 60_000);
});
