import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { factsIn, graphAuthorization } from "./access.ts";
import { graphOptions } from "./options.ts";

const graphDefaults = z.object(graphOptions).parse({});
const options = { appId: "4242", appSecret: "env:SECRET", server: "https://graph.facebook.com", version: "v25.0" } as const;

test("a token ends with the earlier of its own end and its access to data, and 0 stands for neither", () => {
  const day = (days: number) => 1_790_000_000 + days * 86_400;
  assert.deepEqual(factsIn({ data: { is_valid: true, expires_at: day(60), data_access_expires_at: day(90), scopes: ["pages_show_list"] } }), {
    isValid: true,
    endsAt: day(60) * 1_000,
    scopes: ["pages_show_list"],
  });
  assert.equal(factsIn({ data: { is_valid: true, expires_at: 0, data_access_expires_at: day(90) } }).endsAt, day(90) * 1_000);
  assert.equal(factsIn({ data: { is_valid: true, expires_at: 0, data_access_expires_at: 0 } }).endsAt, undefined);
  assert.equal(factsIn({ data: { is_valid: false } }).isValid, false);
});

test("people are asked at facebook.com, tokens are given out by the Graph API, and no code goes there without the app's secret", () => {
  const spec = graphAuthorization({ ...graphDefaults, ...options }, "pages_show_list");
  assert.deepEqual([spec?.authorizeUrl, spec?.tokenUrl, spec?.pkce], ["https://www.facebook.com/v25.0/dialog/oauth", "https://graph.facebook.com/v25.0/oauth/access_token", false]);
  const { appSecret: _secret, ...without } = options;
  assert.throws(() => graphAuthorization({ ...graphDefaults, ...without }, "pages_show_list"), { code: "CONFIG_INVALID" });
  assert.equal(graphAuthorization({ ...graphDefaults }, "pages_show_list"), undefined);
});
