import { createHash, randomBytes } from "node:crypto";
import { firstRow, type Sql } from "../core/sql.ts";
import { userIn, type UserRecord } from "./users.ts";

/** Only a SHA-256 of each secret is kept: they are random, 256 bits, so a slow hash would gain nothing. */
export function secretHash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

export function makeSecret(): string {
  return randomBytes(32).toString("base64url");
}

export interface Session {
  readonly cookie: string;
  readonly expiresAt: number;
  readonly user: UserRecord;
}

export interface Sessions {
  /** A code that signs the user in once, until it expires. @throws CONFLICT for a user that is not there */
  makeLink(user: string, forMs: number): Promise<string>;
  /** Absent: unknown, used or expired. */
  redeem(code: string, sessionForMs: number): Promise<Session | undefined>;
  find(cookie: string): Promise<UserRecord | undefined>;
  end(cookie: string): Promise<void>;
  /** Removes what has expired; returns how many. */
  sweep(): Promise<number>;
}

export function openSessions(sql: Sql, now: () => number): Sessions {
  return {
    async makeLink(user, forMs) {
      const code = makeSecret();
      await sql.query("insert into sign_in_links values ($1, $2, $3)", [secretHash(code), user, Math.round(now() + forMs)]);
      return code;
    },
    redeem: (code, sessionForMs) =>
      sql.transaction(async (inside) => {
        // Deleting is what makes it work once: of two that come together one finds nothing.
        const { rows } = await inside.query(
          `with link as (delete from sign_in_links where hash = $1 returning "user", expires_at_ms)
           select u.* from link join users u on u.name = link."user" where link.expires_at_ms > $2 and u.state = 'active'`,
          [secretHash(code), Math.round(now())],
        );
        if (rows[0] === undefined) return undefined;
        const user = userIn(rows[0]);
        const cookie = makeSecret();
        const expiresAt = Math.round(now() + sessionForMs);
        firstRow(await inside.query("insert into sessions values ($1, $2, $3, $4) returning hash", [secretHash(cookie), user.name, Math.round(now()), expiresAt]), "session");
        return { cookie, expiresAt, user };
      }),
    async find(cookie) {
      const { rows } = await sql.query(`select u.* from sessions s join users u on u.name = s."user" where s.hash = $1 and s.expires_at_ms > $2 and u.state = 'active'`, [
        secretHash(cookie),
        Math.round(now()),
      ]);
      return rows[0] && userIn(rows[0]);
    },
    async end(cookie) {
      await sql.query("delete from sessions where hash = $1", [secretHash(cookie)]);
    },
    async sweep() {
      const sessions = await sql.query("delete from sessions where expires_at_ms <= $1", [Math.round(now())]);
      const links = await sql.query("delete from sign_in_links where expires_at_ms <= $1", [Math.round(now())]);
      return sessions.count + links.count;
    },
  };
}
