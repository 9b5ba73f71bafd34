import type { Report } from "../../core/component.ts";
import { EarshotError, toEarshotError } from "../../core/errors.ts";
import type { OidcConfig } from "../../core/sign-in.ts";
import type { Audit } from "../../registers/audit.ts";
import type { ProviderUsers } from "../../registers/provider-users.ts";
import type { Sessions } from "../../registers/sessions.ts";
import type { Tokens } from "../../registers/tokens.ts";
import { claimAt, nameOf, roleOf, shortHash, valuesOf } from "../claims.ts";
import type { SignIn, SignInEnd } from "../sign-in.ts";
import { browserOrigin, makeRoundTrips, ownPath } from "./round-trip.ts";
import type { Challenge, Provider, ProviderAnswer } from "./sign-in-provider.ts";

/** Where the provider sends the browser back to. */
export const callbackPath = "/api/v1/sign-in/callback";

/** Longer ones fit no address of a sign-out. */
const longestIdToken = 6_000;
const actor = "identity provider";

interface Begun extends Challenge {
  readonly returnTo: string;
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
  const trips = makeRoundTrips<Begun>("earshot_sign_in_", now);
  const baseFor = (origin: string | undefined) => browserOrigin(publicUrl, origin, "sign in");

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
      const address = await provider.addressOf(challenge).catch((thrown: unknown) => {
        const error = toEarshotError(thrown, "SIGN_IN_INVALID", "sign-in");
        report("warn", `sign-in not begun: ${error.message}`, { code: error.code });
        // Whoever asks is not known yet; addresses and names of the inside are for the log.
        throw new EarshotError(error.code, "sign-in: the provider cannot be asked; Earshot's log says why", { cause: error });
      });
      const cookie = trips.begin(challenge.state, { ...challenge, returnTo: ownPath(returnTo) }, base.startsWith("https:"));
      return { address, cookie };
    },

    async finish({ query, cookies, agent }): Promise<SignInEnd> {
      const ended = trips.end(query, cookies);
      if (ended === undefined) return { failed: "SIGN_IN_EXPIRED", returnTo: "/" };
      const { began: begun, cookie: name } = ended;
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
