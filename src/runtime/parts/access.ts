import type { Report } from "../../core/component.ts";
import type { Environment } from "../../core/config.ts";
import type { ReadFilter } from "../../core/filter.ts";
import type { SignInConfig } from "../../core/sign-in.ts";
import type { Sql } from "../../core/sql.ts";
import type { Fetch } from "../../http/fetch.ts";
import { openProviderUsers } from "../../registers/provider-users.ts";
import { openSessions, sessionIdOf } from "../../registers/sessions.ts";
import { openTokens } from "../../registers/tokens.ts";
import { openAudit } from "../../registers/audit.ts";
import { openUsers, type UserRecord } from "../../registers/users.ts";
import { type Access, sameText } from "../access.ts";
import { roles } from "../viewer.ts";
import { makePeople, tokenActor } from "./people.ts";
import { makeSignIn } from "./sign-in.ts";
import { makeProvider } from "./sign-in-provider.ts";

const adminName = "admin";
/** Who acts by the token of the environment; users' names have no capitals. */
const environmentName = "EARSHOT_TOKEN";
const linkForMs = 15 * 60_000;
const sessionForMs = 14 * 24 * 3_600_000;

const everything: Pick<UserRecord, "role" | "platforms" | "terms"> = { role: "admin" };
const filterOf = ({ platforms, terms }: Pick<UserRecord, "platforms" | "terms">): ReadFilter => ({
  ...(platforms !== undefined && { platforms }),
  ...(terms !== undefined && { terms }),
});

/** Sign-in by one-time links, by tokens, and by a provider where one is configured; the catalog keeps hashes only. */
export async function makeAccess(options: {
  readonly sql: Sql;
  readonly now: () => number;
  readonly environment: Environment;
  readonly signIn: SignInConfig;
  readonly fetch: Fetch;
  readonly readSecret: (reference: string) => Promise<string>;
  readonly report: Report;
}): Promise<{ readonly access: Access; readonly makeLink: () => Promise<string> }> {
  const { sql, now, environment, report, fetch, readSecret } = options;
  const { publicUrl, oidc } = options.signIn;
  const users = openUsers(sql, now);
  const sessions = openSessions(sql, now);
  const tokens = openTokens(sql, now);
  const audit = openAudit(sql, now);
  if ((await users.get(adminName)) === undefined) await users.put(adminName, "admin");
  await sessions.sweep();
  const signIn =
    oidc &&
    makeSignIn({
      config: oidc,
      publicUrl,
      provider: makeProvider({ config: oidc, fetch, readSecret, now }),
      users: openProviderUsers(sql, now),
      sessions,
      tokens,
      audit,
      report,
      now,
    });
  return {
    makeLink: () => sessions.makeLink(adminName, linkForMs),
    access: {
      async session(cookie) {
        const user = await sessions.find(cookie);
        return user && { name: user.name, owner: user.name, role: user.role, by: "session", session: sessionIdOf(cookie), filter: filterOf(user) };
      },
      async token(bearer) {
        if (environment.EARSHOT_TOKEN !== undefined && sameText(environment.EARSHOT_TOKEN, bearer))
          return { name: environmentName, owner: environmentName, role: "admin", by: "token", filter: {} };
        const token = await tokens.find(bearer);
        if (token === undefined) return undefined;
        const owner = token.createdBy === environmentName ? everything : await users.get(token.createdBy);
        if (owner === undefined) return undefined;
        // Whoever's role is lowered takes his tokens along.
        const role = roles[Math.min(roles.indexOf(token.role), roles.indexOf(owner.role))] ?? "viewer";
        return {
          name: tokenActor(token.createdBy, token.name),
          owner: token.createdBy,
          role,
          by: "token",
          filter: filterOf(owner),
          ...(token.expiresAt !== undefined && { expiresAt: token.expiresAt }),
          ...(token.scopes.length > 0 && { scopes: token.scopes }),
        };
      },
      async redeem(code, agent) {
        const session = await sessions.redeem(code, sessionForMs, agent);
        if (session !== undefined) await audit.append({ actor: session.user.name, action: "session.open", subject: session.user.name });
        return session && { cookie: session.cookie, maxAgeSeconds: Math.floor((session.expiresAt - now()) / 1_000) };
      },
      signOut: (cookie) => sessions.end(cookie),
      people: makePeople({ users, sessions, tokens, audit, now }),
      ...(signIn !== undefined && { signIn }),
      ...(publicUrl !== undefined && { publicUrl }),
    },
  };
}
