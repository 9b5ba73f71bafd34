import { createHash, randomBytes } from "node:crypto";
import { sealText, unsealText } from "../core/seal-text.ts";
import { bytesIn, firstRow, numberIn, optionalNumberIn, textIn, type Sql, type SqlRow } from "../core/sql.ts";
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

export interface SessionRecord {
  /** The start of the kept hash: names the session, opens nothing. */
  readonly id: string;
  readonly user: string;
  readonly agent: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** To the hour. */
  readonly lastUsedAt?: number;
}

const hourMs = 3_600_000;
/** Of the cookie, whose hash alone is kept: whoever holds the catalog cannot open what is sealed under it. */
const keyOf = (cookie: string) => createHash("sha256").update("earshot session note\n").update(cookie).digest();
const mostAgent = 300;

function sessionIn(row: SqlRow): SessionRecord {
  const lastUsedAt = optionalNumberIn(row, "last_used_at_ms");
  return {
    id: textIn(row, "id"),
    user: textIn(row, "user"),
    agent: textIn(row, "agent"),
    createdAt: numberIn(row, "created_at_ms"),
    expiresAt: numberIn(row, "expires_at_ms"),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  };
}

export interface Sessions {
  /** A code that signs the user in once, until it expires. @throws CONFLICT for a user that is not there */
  makeLink(user: string, forMs: number): Promise<string>;
  /** Absent: unknown, used or expired. `agent`: the browser, as it names itself. */
  redeem(code: string, sessionForMs: number, agent?: string): Promise<Session | undefined>;
  /** For a user whom somebody else has vouched for. `note` comes back when the session ends; only its cookie opens it. @throws CONFLICT for a user that is not there */
  open(user: UserRecord, sessionForMs: number, agent: string, note?: string): Promise<Session>;
  /** The note that it was opened with. */
  noteOf(cookie: string): Promise<string | undefined>;
  find(cookie: string): Promise<UserRecord | undefined>;
  end(cookie: string): Promise<void>;
  /** Those that have not expired, the latest first; of one user or of all. */
  list(user?: string): Promise<readonly SessionRecord[]>;
  /** Ends one by its id; only of this user where one is named. @throws NOT_FOUND */
  endById(id: string, user?: string): Promise<SessionRecord>;
  /** Removes what has expired; returns how many. */
  sweep(): Promise<number>;
}

/** What `id` of a record says of a session that bears this cookie. */
export const sessionIdOf = (cookie: string): string => secretHash(cookie).toString("hex").slice(0, 16);

const columns = `left(encode(hash, 'hex'), 16) as id, "user", agent, created_at_ms, expires_at_ms, last_used_at_ms`;

export function openSessions(sql: Sql, now: () => number): Sessions {
  async function open(inside: Sql, user: UserRecord, sessionForMs: number, agent: string): Promise<Session> {
    const cookie = makeSecret();
    const expiresAt = Math.round(now() + sessionForMs);
    await inside.query('insert into sessions (hash, "user", created_at_ms, expires_at_ms, agent) values ($1, $2, $3, $4, $5)', [
      secretHash(cookie),
      user.name,
      Math.round(now()),
      expiresAt,
      agent.slice(0, mostAgent),
    ]);
    return { cookie, expiresAt, user };
  }

  return {
    async makeLink(user, forMs) {
      const code = makeSecret();
      await sql.query("insert into sign_in_links values ($1, $2, $3)", [secretHash(code), user, Math.round(now() + forMs)]);
      return code;
    },
    redeem: (code, sessionForMs, agent = "") =>
      sql.transaction(async (inside) => {
        // Deleting is what makes it work once: of two that come together one finds nothing.
        const { rows } = await inside.query(
          `with link as (delete from sign_in_links where hash = $1 returning "user", expires_at_ms)
           select u.* from link join users u on u.name = link."user" where link.expires_at_ms > $2 and u.state = 'active'`,
          [secretHash(code), Math.round(now())],
        );
        if (rows[0] === undefined) return undefined;
        return open(inside, userIn(rows[0]), sessionForMs, agent);
      }),
    open: (user, sessionForMs, agent, note) =>
      sql.transaction(async (inside) => {
        const session = await open(inside, user, sessionForMs, agent);
        if (note !== undefined) await inside.query("insert into provider_sessions values ($1, $2)", [secretHash(session.cookie), sealText(keyOf(session.cookie), "note", note)]);
        return session;
      }),
    async noteOf(cookie) {
      const { rows } = await sql.query("select sealed from provider_sessions where hash = $1", [secretHash(cookie)]);
      return rows[0] && unsealText(keyOf(cookie), "note", bytesIn(rows[0], "sealed"));
    },
    async find(cookie) {
      const at = Math.round(now());
      const hash = secretHash(cookie);
      const { rows } = await sql.query(
        `select u.*, s.last_used_at_ms from sessions s join users u on u.name = s."user" where s.hash = $1 and s.expires_at_ms > $2 and u.state = 'active'`,
        [hash, at],
      );
      if (rows[0] === undefined) return undefined;
      if (at - (optionalNumberIn(rows[0], "last_used_at_ms") ?? 0) > hourMs) await sql.query("update sessions set last_used_at_ms = $2 where hash = $1", [hash, at]);
      return userIn(rows[0]);
    },
    async end(cookie) {
      await sql.query("delete from sessions where hash = $1", [secretHash(cookie)]);
    },
    async list(user) {
      const { rows } = await sql.query(`select ${columns} from sessions where expires_at_ms > $1 and ($2::text is null or "user" = $2) order by created_at_ms desc limit 1000`, [
        Math.round(now()),
        user ?? null,
      ]);
      return rows.map(sessionIn);
    },
    async endById(id, user) {
      const ended = await sql.query(`delete from sessions where left(encode(hash, 'hex'), 16) = $1 and ($2::text is null or "user" = $2) returning ${columns}`, [id, user ?? null]);
      return sessionIn(firstRow(ended, `session ${id}`));
    },
    async sweep() {
      const sessions = await sql.query("delete from sessions where expires_at_ms <= $1", [Math.round(now())]);
      const links = await sql.query("delete from sign_in_links where expires_at_ms <= $1", [Math.round(now())]);
      return sessions.count + links.count;
    },
  };
}
