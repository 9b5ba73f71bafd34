import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestPostgres, type TestPostgres } from "../catalog/catalog.fixtures.ts";
import { EarshotError } from "../core/errors.ts";
import type { OAuthToken } from "../core/oauth-token.ts";
import type { Sql } from "../core/sql.ts";
import { registerMigrations } from "./migrations.ts";
import { openOAuthTokens } from "./oauth-tokens.ts";

let postgres: TestPostgres;
let sql: Sql;
before(async () => {
  postgres = await startTestPostgres();
  sql = await postgres.database("oauth-tokens", registerMigrations);
});
after(() => postgres[Symbol.asyncDispose]());

const now = () => 1_800_000_000_000;
const key = Buffer.alloc(32, 1);
const open = (over: Sql = sql, withKey = key) => openOAuthTokens(over, withKey, now, async () => undefined);
const token = (accessToken: string): OAuthToken => ({ accessToken, issuedAt: now(), refreshToken: `refresh-${accessToken}`, expiresAt: now() + 1 });

/** A catalog whose commits fail so often, as when the connection breaks: nothing of the transaction stays. */
function failing(commits: number): Sql {
  let left = commits;
  return {
    query: (text, values) => sql.query(text, values),
    transaction: (work) =>
      sql.transaction(async (inside) => {
        const value = await work(inside);
        if (left-- > 0) throw new EarshotError("STORE_UNAVAILABLE", "catalog: Connection terminated");
        return value;
      }),
  };
}

test("a token is kept sealed, as it was given, and under its name only", async () => {
  const tokens = open();
  const stored = await tokens.renew("a", async (before) => {
    assert.equal(before, undefined);
    return { ...token("one"), scope: "read", refreshExpiresAt: 5, seed: "s" };
  });
  assert.deepEqual(stored?.token, { ...token("one"), scope: "read", refreshExpiresAt: 5, seed: "s" });
  assert.deepEqual(await tokens.get("a"), stored);
  assert.equal(await open(sql, Buffer.alloc(32, 2)).get("a"), undefined, "another key");
  const { rows } = await sql.query("select encode(sealed, 'escape') as sealed from oauth_tokens where name = 'a'");
  assert.doesNotMatch(JSON.stringify(rows), /one|refresh/);
  await sql.query("insert into oauth_tokens select 'b', sealed, version, renewed_at_ms from oauth_tokens where name = 'a'");
  assert.equal(await tokens.get("b"), undefined, "moved to another name");
});

test("of many who renew at once one asks, and the others see what it got; different names do not wait for each other", async () => {
  const tokens = open();
  let asked = 0;
  const renew = () =>
    tokens.renew("once", async (before) => {
      if (before !== undefined) return undefined;
      asked += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return token(`number ${asked}`);
    });
  const all = await Promise.all([renew(), renew(), renew(), renew(), renew(), renew()]);
  assert.deepEqual([asked, new Set(all.map((one) => one?.token.accessToken)).size], [1, 1]);
  const held = Promise.withResolvers<OAuthToken>();
  const slow = tokens.renew("slow", () => held.promise);
  assert.equal((await tokens.renew("quick", async () => token("quick")))?.token.accessToken, "quick");
  held.resolve(token("slow"));
  assert.equal((await slow)?.token.accessToken, "slow");
});

test("what fails is thrown and leaves what was there; the next one may try", async () => {
  const tokens = open();
  await tokens.put("f", token("old"));
  await assert.rejects(
    tokens.renew("f", async () => {
      throw new EarshotError("UPSTREAM_AUTH", "no");
    }),
    { code: "UPSTREAM_AUTH" },
  );
  assert.equal((await tokens.get("f"))?.token.accessToken, "old");
  assert.equal((await tokens.renew("f", async () => token("new")))?.token.accessToken, "new");
});

for (const commits of [1, 3]) {
  test(`an answer that ${commits === 1 ? "one commit" : `${commits} commits`} cannot take is saved after, and not asked for again`, async () => {
    const name = `late-${commits}`;
    const tokens = open(failing(commits));
    let asked = 0;
    const stored = await tokens.renew(name, async () => {
      asked += 1;
      return token("only copy");
    });
    assert.deepEqual([asked, stored?.token.accessToken, (await open().get(name))?.token.accessToken], [1, "only copy", "only copy"]);
  });
}

test("while the catalog stays away the answer is kept, and saved before anything else is asked", async () => {
  const tokens = open(failing(6));
  const work = (accessToken: string) => async () => token(accessToken);
  await assert.rejects(tokens.renew("away", work("only copy")), { code: "STORE_UNAVAILABLE" });
  assert.equal(await open().get("away"), undefined);
  let seen: string | undefined;
  await tokens.renew("away", async (before) => {
    seen = before?.token.accessToken;
    return undefined;
  });
  assert.deepEqual([seen, (await open().get("away"))?.token.accessToken], ["only copy", "only copy"]);
});

for (const between of ["nothing", "a newer token"] as const) {
  test(`a transaction that is tried again asks once; between the tries came ${between}`, async () => {
    const name = `tried again after ${between}`;
    const retrying: Sql = {
      query: (text, values) => sql.query(text, values),
      async transaction(work) {
        await assert.rejects(
          sql.transaction(async (inside) => {
            await work(inside);
            throw new EarshotError("STORE_UNAVAILABLE", "catalog: deadlock detected");
          }),
        );
        if (between !== "nothing") await open().put(name, token("newer"));
        return sql.transaction(work);
      },
    };
    let asked = 0;
    const stored = await open(retrying).renew(name, async () => {
      asked += 1;
      return token("got");
    });
    const expected = between === "nothing" ? "got" : "newer";
    assert.deepEqual([asked, stored?.token.accessToken, (await open().get(name))?.token.accessToken], [1, expected, expected]);
  });
}

test("an answer that came too late does not replace what another process stored meanwhile", async () => {
  const tokens = open(failing(6));
  await assert.rejects(
    tokens.renew("both", async () => token("late")),
    { code: "STORE_UNAVAILABLE" },
  );
  await open().put("both", token("newer"));
  assert.equal((await tokens.renew("both", async () => undefined))?.token.accessToken, "newer");
});

test("a token that was removed and granted again has another version", async () => {
  let at = now();
  const tokens = openOAuthTokens(
    sql,
    key,
    () => ++at,
    async () => undefined,
  );
  const first = await tokens.put("again", token("x"));
  assert.equal(await tokens.remove("again"), true);
  assert.equal(await tokens.remove("again"), false);
  assert.equal(await tokens.get("again"), undefined);
  const second = await tokens.put("again", token("x"));
  assert.ok(second.version > first.version);
});
