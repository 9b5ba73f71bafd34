import assert from "node:assert/strict";
import { test } from "node:test";
import { EarshotError } from "../../core/errors.ts";
import { signInSchema } from "../../core/sign-in.ts";
import type { Audit } from "../../registers/audit.ts";
import type { ProviderUsers } from "../../registers/provider-users.ts";
import type { Sessions } from "../../registers/sessions.ts";
import type { Tokens } from "../../registers/tokens.ts";
import { ownPath } from "./round-trip.ts";
import { makeSignIn } from "./sign-in.ts";
import type { Provider } from "./sign-in-provider.ts";

const config = signInSchema.parse({ oidc: { issuer: "https://id.example", clientId: "earshot", roles: { viewer: ["*"] } } }).oidc;
assert.ok(config !== undefined);
const origin = "http://127.0.0.1:4310";

function refuse<T extends object>(parts: Partial<T>): T {
  return new Proxy(Object.create(null), {
    get: (_target, name) => {
      const part: unknown = Reflect.get(parts, name);
      if (part === undefined) throw new TypeError(`${String(name)} is not asked for here`);
      return part;
    },
  });
}

function setUp(answer: Provider["answerOf"] = () => Promise.resolve({ issuer: "https://id.example", subject: "s", claims: { preferred_username: "ann" }, idToken: "i.d.t" })) {
  let now = Date.UTC(2026, 10, 1);
  let count = 0;
  const told: string[] = [];
  const provider = refuse<Provider>({
    makeChallenge: (redirectUri) => ({ state: `${String(++count).padStart(12, "0")}-state`, nonce: "n", verifier: "v", redirectUri }),
    addressOf: ({ state }) => Promise.resolve(`https://id.example/auth?state=${state}`),
    answerOf: answer,
    endOf: () => Promise.reject(new EarshotError("UPSTREAM_UNAVAILABLE", "it is away")),
  });
  const user = { name: "ann", role: "viewer", createdAt: 0 } as const;
  const make = () =>
    makeSignIn({
      config: config ?? assert.fail(),
      publicUrl: undefined,
      provider,
      users: refuse<ProviderUsers>({ signIn: () => Promise.resolve({ user }) }),
      sessions: refuse<Sessions>({ open: () => Promise.resolve({ cookie: "c", expiresAt: now + 60_000, user }), noteOf: () => Promise.resolve("i.d.t") }),
      tokens: refuse<Tokens>({}),
      audit: refuse<Audit>({ append: (fields) => Promise.resolve({ ...fields, number: 1, at: now, hash: "" }) }),
      report: (_level, message) => void told.push(message),
      now: () => now,
    });
  return { make, told, pass: (ms: number) => void (now += ms) };
}

const begun = async (signIn: ReturnType<typeof makeSignIn>) => {
  const { address, cookie } = await signIn.begin({ origin, returnTo: "/live" });
  return { query: `code=c&state=${new URL(address).searchParams.get("state")}`, cookies: { [cookie.name]: cookie.value }, agent: "" };
};

test("a sign-in waits ten minutes for its end, and no longer", async () => {
  const { make, pass } = setUp();
  const signIn = make();
  const inTime = await begun(signIn);
  pass(10 * 60_000 - 1);
  assert.ok("session" in (await signIn.finish(inTime)));
  const late = await begun(signIn);
  pass(10 * 60_000);
  assert.deepEqual(await signIn.finish(late), { failed: "SIGN_IN_EXPIRED", returnTo: "/" });
});

test("a sign-in ends once, whatever its end, and in the process that began it", async () => {
  let asked = 0;
  const { make } = setUp(() => {
    asked++;
    return Promise.reject(new EarshotError("SIGN_IN_REFUSED", "no"));
  });
  const signIn = make();
  const came = await begun(signIn);
  const ends = await Promise.all([signIn.finish(came), signIn.finish(came)]);
  assert.deepEqual(ends.map((end) => ("failed" in end ? end.failed : "signed in")).toSorted(), ["SIGN_IN_EXPIRED", "SIGN_IN_REFUSED"]);
  assert.equal(asked, 1);
  assert.deepEqual(await make().finish(await begun(signIn)), { failed: "SIGN_IN_EXPIRED", returnTo: "/" });
});

test("two tabs of a browser sign in side by side", async () => {
  const { make } = setUp();
  const signIn = make();
  const one = await begun(signIn);
  const two = await begun(signIn);
  const cookies = { ...one.cookies, ...two.cookies };
  assert.ok("session" in (await signIn.finish({ ...one, cookies })));
  assert.ok("session" in (await signIn.finish({ ...two, cookies })));
});

test("a cookie of one sign-in does not serve another's state", async () => {
  const { make } = setUp();
  const signIn = make();
  const one = await begun(signIn);
  const two = await begun(signIn);
  const [value = ""] = Object.values(one.cookies);
  const [name = ""] = Object.keys(two.cookies);
  assert.deepEqual(await signIn.finish({ ...two, cookies: { [name]: value } }), { failed: "SIGN_IN_EXPIRED", returnTo: "/" });
});

test("a provider that is away keeps nobody from signing out here", async () => {
  const { make, told } = setUp();
  assert.equal(await make().endOf("c", origin), undefined);
  assert.match(told.join(), /it is away/);
});

test("what breaks inside is told by its code and written into the log", async () => {
  const { make, told } = setUp(() => Promise.reject(new TypeError("unthought of")));
  const signIn = make();
  const end = await signIn.finish(await begun(signIn));
  assert.ok("failed" in end && end.failed === "SIGN_IN_INVALID" && end.returnTo === "/live");
  assert.match(told.join(), /unthought of/);
});

test("only paths of our own pages are led to", () => {
  for (const own of ["/", "/live", "/search?q=a%20b#x", "/post/p_1"]) assert.equal(ownPath(own), own);
  for (const foreign of ["//evil.example", "/\\evil.example", "https://evil.example", "/\n/evil.example", "/x/..//evil.example", "/api/v1/me", "/API/v1/me", "live", ""])
    assert.equal(ownPath(foreign), "/", foreign);
});

test("the configuration names every fault of a provider at once, and takes plain http on this machine alone", () => {
  const places = (signIn: unknown) =>
    signInSchema
      .safeParse(signIn)
      .error?.issues.map(({ path }) => path.join("."))
      .toSorted();
  const good = { clientId: "earshot", roles: { viewer: ["*"] } };
  assert.equal(places({ oidc: { ...good, issuer: "http://127.0.0.1:9000" } }), undefined);
  assert.equal(places({ oidc: { ...good, issuer: "http://localhost:9000/realms/x" } }), undefined);
  assert.equal(places({ publicUrl: "https://earshot.example:8443/" }), undefined);
  assert.deepEqual(
    places({ publicUrl: "http://earshot.example", oidc: { issuer: "http://id.example", clientSecret: "hunter2", scopes: ["profile"], roles: {}, clientId: "", extra: 1 } }),
    ["oidc", "oidc.clientId", "oidc.clientSecret", "oidc.issuer", "oidc.roles", "oidc.scopes", "publicUrl"],
  );
  for (const issuer of ["https://user:secret@id.example", "https://id.example/?x=1", "ftp://id.example", "id.example", "http://127.0.0.1.evil.example"])
    assert.deepEqual(places({ oidc: { ...good, issuer } }), ["oidc.issuer"], issuer);
  for (const publicUrl of ["https://earshot.example/sub", "https://earshot.example/?x"]) assert.deepEqual(places({ publicUrl }), ["publicUrl"], publicUrl);
});
