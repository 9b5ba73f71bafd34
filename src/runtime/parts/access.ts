import type { Environment } from "../../core/config.ts";
import type { Sql } from "../../core/sql.ts";
import { openSessions } from "../../registers/sessions.ts";
import { openTokens } from "../../registers/tokens.ts";
import { openUsers } from "../../registers/users.ts";
import { type Access, sameText } from "../access.ts";

const adminName = "admin";
const linkForMs = 15 * 60_000;
const sessionForMs = 14 * 24 * 3_600_000;

/** Sign-in by one-time links and by tokens; the catalog keeps hashes only. */
export async function makeAccess(options: {
  readonly sql: Sql;
  readonly now: () => number;
  readonly environment: Environment;
}): Promise<{ readonly access: Access; readonly makeLink: () => Promise<string> }> {
  const { sql, now, environment } = options;
  const users = openUsers(sql, now);
  const sessions = openSessions(sql, now);
  const tokens = openTokens(sql, now);
  if ((await users.get(adminName)) === undefined) await users.put(adminName, "admin");
  await sessions.sweep();
  return {
    makeLink: () => sessions.makeLink(adminName, linkForMs),
    access: {
      async session(cookie) {
        const user = await sessions.find(cookie);
        return user && { name: user.name, role: user.role, by: "session", filter: {} };
      },
      async token(bearer) {
        if (environment.EARSHOT_TOKEN !== undefined && sameText(environment.EARSHOT_TOKEN, bearer)) return { name: "EARSHOT_TOKEN", role: "admin", by: "token", filter: {} };
        const token = await tokens.find(bearer);
        return token && { name: token.name, role: token.role, by: "token", filter: {} };
      },
      async redeem(code) {
        const session = await sessions.redeem(code, sessionForMs);
        return session && { cookie: session.cookie, maxAgeSeconds: Math.floor((session.expiresAt - now()) / 1_000) };
      },
      signOut: (cookie) => sessions.end(cookie),
    },
  };
}
