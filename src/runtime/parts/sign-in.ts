import { randomBytes } from "node:crypto";
import type { Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import { sealText, unsealText } from "../../core/seal-text.ts";
import { isLoopbackName, type OidcConfig } from "../../core/sign-in.ts";
import type { Audit } from "../../registers/audit.ts";
import type { ProviderUsers } from "../../registers/provider-users.ts";
import type { Sessions } from "../../registers/sessions.ts";
import type { Tokens } from "../../registers/tokens.ts";
import { claimAt, nameOf, roleOf, shortHash, valuesOf } from "../claims.ts";
import type { SignIn, SignInEnd } from "../sign-in.ts";
import type { Challenge, Provider, ProviderAnswer } from "./sign-in-provider.ts";

/** Where the provider sends the browser back to. */
export const callbackPath = "/api/v1/sign-in/callback";

const patienceMs = 10 * 60_000;
const mostUsed = 10_000;
const longestReturn = 2_000;
/** Longer ones fit no address of a sign-out. */
const longestIdToken = 6_000;
const actor = "identity provider";
const cookiePrefix = "earshot_sign_in_";
const cookieOf = (state: string) => `${cookiePrefix}${state.slice(0, 12).replaceAll(/[^\w-]/g, "")}`;

interface Begun extends Challenge {
  readonly returnTo: string;
  readonly until: number;
}

/** A path of our own pages, or the first page: never another site, never an address of the API. */
export function ownPath(asked: string): string {
  const base = "https://earshot.invalid";
  if (asked.length > longestReturn || !asked.startsWith("/") || !URL.canParse(asked, base)) return "/";
  const { origin, pathname, search, hash } = new URL(asked, base);
  // `//host` and `/\host` name other sites to a browser, however they came about.
  if (origin !== base || /^\/[/\\]/.test(pathname) || /^\/api(\/|$)/i.test(pathname)) return "/";
  return `${pathname}${search}${hash}`;
}

export function makeSignIn(options: {
  readonly config: OidcConfig;
  readonly publicUrl: string | undefined;
  readonly provider: Provider;
  readonly users: ProviderUsers;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly audit: Audit;
  readonly report: Report;
  readonly now: () => number;
}): SignIn {
  const { config, publicUrl, provider, users, sessions, tokens, audit, report, now } = options;
  // A sign-in that a restart falls into is begun anew.
  const key = randomBytes(32);
  const used = new Map<string, number>();

  function baseFor(origin: string | undefined): string {
    if (publicUrl !== undefined) {
      if (origin !== undefined && origin !== publicUrl) throw new EarshotError("USAGE", `sign in at ${publicUrl}, which the provider knows`);
      return publicUrl;
    }
    if (origin !== undefined && URL.canParse(origin) && isLoopbackName(new URL(origin).hostname)) return new URL(origin).origin;
    throw new EarshotError("USAGE", "sign in on this machine, or set signIn.publicUrl to the address that browsers use");
  }

  function read(value: string | undefined, state: string): Begun | undefined {
    const text = value === undefined ? undefined : unsealText(key, state, Buffer.from(value, "base64url"));
    // Only we can have sealed it.
    const begun: Begun | undefined = text === undefined ? undefined : JSON.parse(text);
    return begun !== undefined && begun.until > now() && !used.has(state) ? begun : undefined;
  }

  function use(state: string, until: number): void {
    for (const [old, over] of used) if (over <= now() || used.size >= mostUsed) used.delete(old);
    used.set(state, until);
  }

  async function admit({ issuer, subject, claims, idToken }: ProviderAnswer, agent: string) {
    const who = { issuer, subject };
    const role = roleOf(claims, config);
    if (role === undefined) {
      const name = await users.withdraw(who);
      if (name !== undefined) for (const token of await tokens.all(name)) await tokens.revoke(token.id);
      const held = valuesOf(claimAt(claims, config.rolesClaim)).slice(0, 20);
      await audit.append({ actor, action: "session.refuse", subject: name ?? `subject ${shortHash(issuer, subject)}`, details: { code: "SIGN_IN_NO_ROLE" } });
      throw new EarshotError("SIGN_IN_NO_ROLE", `sign-in: the claim ${[config.rolesClaim].flat().join(".")} gives no role; it holds ${JSON.stringify(held)}`);
    }
    const { user, roleBefore } = await users.signIn(who, nameOf(claims, config, issuer, subject), role);
    if (roleBefore === undefined) await audit.append({ actor, action: "user.make", subject: user.name, details: { role } });
    else if (roleBefore !== role) await audit.append({ actor, action: "user.change", subject: user.name, details: { role, before: roleBefore } });
    const note = config.signOutThere && idToken.length <= longestIdToken ? idToken : undefined;
    const session = await sessions.open(user, config.sessionHours * 3_600_000, agent, note);
    await audit.append({ actor: user.name, action: "session.open", subject: user.name, details: { by: actor } });
    return session;
  }

  return {
    name: config.name,

    async begin({ origin, returnTo }) {
      const base = baseFor(origin);
      const challenge = provider.makeChallenge(`${base}${callbackPath}`);
      const begun: Begun = { ...challenge, returnTo: ownPath(returnTo), until: now() + patienceMs };
      const address = await provider.addressOf(challenge).catch((thrown: unknown) => {
        const error = toEarshotError(thrown, "SIGN_IN_INVALID", "sign-in");
        report("warn", `sign-in not begun: ${error.message}`, { code: error.code });
        // Whoever asks is not known yet; addresses and names of the inside are for the log.
        throw new EarshotError(error.code, "sign-in: the provider cannot be asked; Earshot's log says why", { cause: error });
      });
      const value = sealText(key, challenge.state, JSON.stringify(begun)).toString("base64url");
      return { address, cookie: { name: cookieOf(challenge.state), value, maxAgeSeconds: patienceMs / 1_000, secure: base.startsWith("https:") } };
    },

    async finish({ query, cookies, agent }): Promise<SignInEnd> {
      const states = new URLSearchParams(query).getAll("state");
      const state = states.length === 1 ? (states[0] ?? "") : "";
      const name = cookieOf(state);
      const begun = state === "" ? undefined : read(cookies[name], state);
      if (begun === undefined) return { failed: "SIGN_IN_EXPIRED", returnTo: "/" };
      use(state, begun.until);
      try {
        const session = await admit(await provider.answerOf(begun, query), agent);
        return {
          session: { cookie: session.cookie, maxAgeSeconds: Math.floor((session.expiresAt - now()) / 1_000) },
          secure: begun.redirectUri.startsWith("https:"),
          returnTo: begun.returnTo,
          used: name,
        };
      } catch (thrown) {
        const error = toEarshotError(thrown, "SIGN_IN_INVALID", "sign-in");
        report("warn", `sign-in refused: ${error.message}`, { code: error.code });
        return { failed: error.code, returnTo: begun.returnTo, used: name };
      }
    },

    async endOf(cookie, origin) {
      const idToken = await sessions.noteOf(cookie);
      if (idToken === undefined) return undefined;
      try {
        return await provider.endOf(idToken, `${baseFor(origin)}/`);
      } catch (thrown) {
        // Signing out here must not wait for the provider.
        report("warn", `sign-out at the provider: ${toEarshotError(thrown, "UPSTREAM_UNAVAILABLE", "provider").message}`);
        return undefined;
      }
    },
  };
}
