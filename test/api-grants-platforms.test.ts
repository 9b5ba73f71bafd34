import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openAudit } from "../src/registers/audit.ts";
import { type RunningApi, rowsOf, startApi, until } from "./api.fixtures.ts";
import { appSecret, type GrantWorld, secretName, startGrantedGraph, startGrantedMastodon, startGrantedX, startGrantedYouTube } from "./grant-worlds.fixtures.ts";
import { makeSurfer, type Surfer } from "./oidc.fixtures.ts";

const dayMs = 86_400_000;
const starts = {
  "X, a confidential client": () => startGrantedX(),
  "X, a public client": () => startGrantedX(true),
  YouTube: startGrantedYouTube,
  Mastodon: startGrantedMastodon,
  Facebook: () => startGrantedGraph("facebook"),
  Instagram: () => startGrantedGraph("instagram"),
};

let api: RunningApi;
/** Browsers of admins: one that grants, and another. */
let surfer: Surfer;
let other: Surfer;
async function signIn(): Promise<Surfer> {
  const made = makeSurfer(api.address);
  const code = await api.system.makeLink();
  await made.go(`${api.address}/api/v1/session`, { method: "POST", headers: { "content-type": "application/json", origin: api.address }, body: JSON.stringify({ code }) });
  return made;
}
before(async () => {
  api = await startApi({ env: { [secretName]: appSecret } });
  surfer = await signIn();
  other = await signIn();
});
after(() => api[Symbol.asyncDispose]());

for (const [name, start] of Object.entries(starts)) {
  describe(`a grant at ${name}`, () => {
    let world: GrantWorld;
    before(async () => {
      world = await start();
      world.redirectUris.push(`${api.address}/api/v1/grants/callback`);
    });
    after(async () => {
      for (const id of [brand, `${prefix}-late`]) await api.ask("DELETE", `/api/v1/sources/${id}`);
      await world[Symbol.asyncDispose]();
    });
    const prefix = name.toLowerCase().replaceAll(/[^a-z]+/g, "-");
    const [brand, denied, abused, theirs, given] = [`${prefix}-brand`, `${prefix}-denied`, `${prefix}-abused`, `${prefix}-theirs`, `${prefix}-given`];

    const post = async (by: Surfer, path: string, body: unknown) => {
      const answer = await by.go(`${api.address}${path}`, { method: "POST", headers: { "content-type": "application/json", origin: api.address }, body: JSON.stringify(body) });
      const told: unknown = await answer.json();
      return typeof told === "object" && told !== null && "address" in told ? String(told.address) : assert.fail(JSON.stringify(told));
    };
    const begin = async (account: string, by: Surfer) => post(by, "/api/v1/grants", { use: world.use, options: world.optionsFor(account), account, returnTo: "/sources" });
    /** The platform's page, a press on one of its buttons, and the way back as the platform writes it. */
    const say = async (address: string, word: "allow" | "deny") => {
      world.platform.consent = "ask";
      const page = await (await fetch(address)).text();
      const asked = /name="asked" value="([^"]*)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? assert.fail(page);
      const answer = await fetch(address, { method: "POST", redirect: "manual", body: new URLSearchParams({ asked, say: word }) });
      return answer.headers.get("location") ?? assert.fail(await answer.text());
    };
    const grant = async (account: string) => {
      return (await surfer.go(await say(await begin(account, surfer), "allow"))).headers.get("location");
    };
    const grants = async () => rowsOf((await api.ask("GET", "/api/v1/grants")).body).filter((row) => String(row["account"]).startsWith(`${prefix}-`));
    const source = async (id: string) => rowsOf((await api.ask("GET", "/api/v1/sources")).body).find((row) => row["id"] === id);
    const count = async (id: string) => Number((await api.ask("GET", `/api/v1/posts/count?q=source:${id}`)).body["posts"]);

    it("leads from the platform's page to posts", async () => {
      assert.equal(await grant(brand), `/sources?grant=${brand}`);
      const [made] = await grants();
      assert.deepEqual([made?.["account"], made?.["connector"], made?.["lacks"], made?.["again"]], [brand, world.use, [], true]);
      const offers = await api.ask("POST", "/api/v1/sources/offers", { body: { use: world.use, options: world.optionsFor(brand) } });
      const values = offers.status === 200 ? rowsOf(offers.body).map((offer) => offer["value"]) : [];
      for (const chosen of Object.values(world.chosen).flat()) assert.ok(values.includes(chosen), `${JSON.stringify(chosen)} is one of ${offers.text}`);
      const saved = await api.ask("PUT", `/api/v1/sources/${brand}`, { body: { use: world.use, ...world.optionsFor(brand), ...world.chosen } });
      assert.equal(saved.status, 200, saved.text);
      await until("all posts arrive", async () => (await count(brand)) >= world.posts);
      assert.equal(await count(brand), world.posts);
      assert.deepEqual(
        (await grants()).map((row) => row["sources"]),
        [[brand]],
      );
    });

    it("tells of an end that a person has to see to, where there is one", async () => {
      const [made] = await grants();
      const endsInDays = made?.["endsAt"] === undefined ? undefined : Math.round((Date.parse(String(made["endsAt"])) - Date.now()) / dayMs);
      assert.equal(endsInDays, world.use === "facebook" || world.use === "instagram" ? 60 : undefined);
    });

    it("shows a no, and keeps nothing", async () => {
      assert.equal((await surfer.go(await say(await begin(denied, surfer), "deny"))).headers.get("location"), "/sources?grantError=UPSTREAM_REFUSED&grantReason=access_denied");
      assert.ok(!(await grants()).some(({ account }) => account === denied));
    });

    it("takes no other browser, no other state, no second time, and no code that was used elsewhere", async () => {
      const back = new URL(await say(await begin(abused, surfer), "allow"));
      const expired = "/?grantError=SIGN_IN_EXPIRED";
      assert.equal((await other.go(back.href)).headers.get("location"), expired, "another browser, signed in as an admin too");
      const forged = new URL(back);
      forged.searchParams.set("state", "A".repeat(43));
      assert.equal((await surfer.go(forged.href)).headers.get("location"), expired, "another state");
      // A code that somebody else has spent already, under a state of ours.
      const elsewhere = new URL(await say(await begin(theirs, other), "allow"));
      assert.equal((await other.go(elsewhere.href)).headers.get("location"), `/sources?grant=${theirs}`);
      const spent = new URL(back);
      spent.searchParams.set("code", elsewhere.searchParams.get("code") ?? "");
      assert.match((await surfer.go(spent.href)).headers.get("location") ?? "", /^\/sources\?grantError=UPSTREAM_AUTH&grantReason=/);
      assert.equal((await surfer.go(back.href)).headers.get("location"), expired, "the state a second time, with the right code");
      assert.ok(!(await grants()).some(({ account }) => account === abused));
    });

    it("gives access back to the platform too", async () => {
      await grant(given);
      const were = world.platform.givenBack;
      const { body } = await api.ask("DELETE", `/api/v1/grants/${given}`);
      assert.deepEqual(body, { there: true });
      assert.equal(world.platform.givenBack, were + 1);
      const book = (await openAudit(api.system.engine.sql, Date.now).list({ limit: 50 })).map(({ action, subject }) => `${action} ${subject}`);
      assert.ok(book.includes(`grant.revoke ${given}`));
    });

    it("notices a token that died, shows that access must be granted again, and goes on after it was", async () => {
      world.platform.revokeAll();
      const late = `${prefix}-late`;
      await api.ask("PUT", `/api/v1/sources/${late}`, { body: { use: world.use, ...world.optionsFor(brand), ...world.chosen } });
      const told = async () => {
        const now = await source(late);
        const error = now?.["lastError"];
        return now?.["state"] === "waiting" && typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
      };
      await until("the source waits, refused", async () => (await told()) === "UPSTREAM_AUTH");
      assert.equal(await count(late), 0);
      const address = await post(surfer, `/api/v1/grants/${brand}/again`, { returnTo: `/sources?open=${late}` });
      assert.equal((await surfer.go(await say(address, "allow"))).headers.get("location"), `/sources?open=${late}&grant=${brand}`);
      const refused = world.platform.asked.get(401);
      await until("the source goes on", async () => (await count(late)) > 0 || (await source(late))?.["state"] === "polling");
      assert.equal(world.platform.asked.get(401), refused, "nobody asks on with the token that is dead");
    });

    it("shows no token and no secret, in no answer and in no row of the catalog", async () => {
      const { rows } = await api.system.engine.sql.query(
        "select g.*, encode(t.sealed, 'escape') as sealed from oauth_grants g join oauth_tokens t on t.name = 'account/' || g.account",
      );
      assert.ok(rows.length > 0);
      const audit = await openAudit(api.system.engine.sql, Date.now).list({ limit: 100 });
      const secrets = [appSecret, ...world.platform.registered.map(({ secret = appSecret }) => secret)];
      const shown = JSON.stringify([rows, audit, await grants(), (await api.ask("GET", "/api/v1/sources")).body, (await api.ask("GET", "/api/v1/failures")).body]);
      for (const secret of secrets) assert.ok(!shown.includes(secret));
      assert.doesNotMatch(shown, /[ar]t-[\w-]{20}/);
    });
  });
}
