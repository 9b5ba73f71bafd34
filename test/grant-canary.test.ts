import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConnector } from "../src/connectors/directory.ts";
import { makeContext } from "../src/connectors/source.fixtures.ts";
import { systemClock } from "../src/core/clock.ts";
import { EarshotError } from "../src/core/errors.ts";
import { makeCredentials } from "../src/http/credentials.ts";
import { grantSeed } from "../src/http/oauth-credential.ts";
import { makeMemoryTokens } from "../src/http/oauth-memory.ts";
import { appSecret, type GrantWorld, secretName, startGrantedGraph, startGrantedMastodon, startGrantedX, startGrantedYouTube } from "./grant-worlds.fixtures.ts";

/** A connector whose account has granted access already, as far as tokens are concerned. */
async function open(world: GrantWorld) {
  const connector = await loadConnector(world.use);
  const chosen = connector.options.parse({ ...world.optionsFor("brand"), ...world.chosen });
  const context = makeContext({ secrets: { [`env:${secretName}`]: appSecret } });
  const tokens = makeMemoryTokens();
  const { credential } = makeCredentials({ readSecret: context.readSecret, http: context.http, clock: systemClock, tokens });
  const spec = connector.authorization?.(chosen);
  assert.ok(spec);
  const clientId = spec.clientId ?? "registered";
  const seed = await grantSeed(spec, context.readSecret);
  const renews = world.use === "x" || world.use === "youtube";
  const give = async (accessToken: string, refreshToken?: string) =>
    tokens.renew("account/brand", async () => ({ accessToken, issuedAt: Date.now(), seed, ...(refreshToken !== undefined && { refreshToken }) }));
  await give(world.platform.makeAccessToken(clientId), renews ? world.platform.makeRefreshToken(clientId) : undefined);
  return {
    renews,
    canary: async () => connector.canary?.(chosen, { ...context, credential }),
    [Symbol.asyncDispose]: () => context[Symbol.asyncDispose](),
  };
}

for (const [name, start] of [
  ["X, a confidential client", () => startGrantedX()],
  ["X, a public client", () => startGrantedX(true)],
  ["YouTube", startGrantedYouTube],
  ["Mastodon", startGrantedMastodon],
  ["Facebook", () => startGrantedGraph("facebook")],
  ["Instagram", () => startGrantedGraph("instagram")],
] as const) {
  test(`the canary of a grant at ${name} goes well while it lives, renews what only ran out, and tells that it died`, async () => {
    await using world = await start();
    await using at = await open(world);
    await at.canary();
    if (at.renews) {
      world.platform.expireAccess();
      await at.canary();
      assert.deepEqual([world.platform.granted.get("refresh_token"), world.platform.reuses], [1, 0]);
    }
    world.platform.revokeAll();
    await assert.rejects(at.canary(), (error) => error instanceof EarshotError && error.code === "UPSTREAM_AUTH" && !error.message.includes(appSecret));
    assert.equal(world.platform.reuses, 0, "a refresh token that works once was sent once");
  });
}
