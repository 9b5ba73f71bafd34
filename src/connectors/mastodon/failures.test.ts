import assert from "node:assert/strict";
import { test } from "node:test";
import { mastodonFailures, reactMastodon } from "./failures.ts";

const react = (status: number, body: unknown) => {
  const reaction = reactMastodon({ status, headers: new Headers(), bytes: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) });
  return reaction && `${reaction.failure?.replace("mastodon.", "")} ${reaction.code}`;
};

test("each failed answer is told apart, and every kind of them is in the table", () => {
  const cases: readonly (readonly [number, unknown, string])[] = [
    [401, { error: "The access token is invalid" }, "token UPSTREAM_AUTH"],
    [401, { error: "The access token was revoked" }, "token UPSTREAM_AUTH"],
    [422, { error: "This method requires an authenticated user" }, "account-needed UPSTREAM_AUTH"],
    [401, { error: "This API requires an authenticated user" }, "account-needed UPSTREAM_AUTH"],
    [403, { error: "This action is outside the authorized scopes" }, "scope UPSTREAM_AUTH"],
    [403, { error: "Your login is currently disabled" }, "suspended UPSTREAM_AUTH"],
    [403, "<html>Forbidden</html>", "refused UPSTREAM_REFUSED"],
    [404, { error: "Record not found" }, "not-found UPSTREAM_NOT_FOUND"],
    [410, "", "not-found UPSTREAM_NOT_FOUND"],
    [429, { error: "Too many requests" }, "rate-limited UPSTREAM_RATE_LIMITED"],
    [422, { error: "Validation failed" }, "request UPSTREAM_REFUSED"],
    [503, { error: "Remote data could not be fetched" }, "maintenance UPSTREAM_UNAVAILABLE"],
    [502, "bad gateway", "server UPSTREAM_UNAVAILABLE"],
  ];
  for (const [status, body, wanted] of cases) assert.equal(react(status, body), wanted);
  assert.equal(react(200, {}), undefined);
  const met = new Set(cases.map(([, , wanted]) => `mastodon.${wanted.split(" ")[0]}`));
  assert.deepEqual(
    mastodonFailures.map(({ id }) => id).filter((id) => !met.has(id)),
    [],
  );
});
