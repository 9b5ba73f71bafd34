import { randomUUID } from "node:crypto";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, textIn, textsIn, type Sql, type SqlRow } from "../core/sql.ts";
import { makeSecret, secretHash } from "./sessions.ts";
import { userRoles, type UserRole } from "./users.ts";

export interface TokenRecord {
  readonly id: string;
  readonly name: string;
  readonly role: UserRole;
  /** What of the API it may use; empty: all that its role may. */
  readonly scopes: readonly string[];
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  /** To the hour. */
  readonly lastUsedAt?: number;
}

export interface Tokens {
  /** The secret is told this once. */
  make(fields: {
    readonly name: string;
    readonly role: UserRole;
    readonly scopes: readonly string[];
    readonly createdBy: string;
    readonly expiresAt?: number;
  }): Promise<{ readonly secret: string; readonly token: TokenRecord }>;
  /** Absent: unknown or expired. */
  find(secret: string): Promise<TokenRecord | undefined>;
  /** Of one maker, or of all. */
  all(createdBy?: string): Promise<readonly TokenRecord[]>;
  /** Only of this maker where one is named. @throws NOT_FOUND */
  revoke(id: string, createdBy?: string): Promise<TokenRecord>;
}

const hourMs = 3_600_000;

function tokenIn(row: SqlRow): TokenRecord {
  const expiresAt = optionalNumberIn(row, "expires_at_ms");
  const lastUsedAt = optionalNumberIn(row, "last_used_at_ms");
  return {
    id: textIn(row, "id"),
    name: textIn(row, "name"),
    role: oneOfIn(row, "role", userRoles),
    scopes: textsIn(row, "scopes"),
    createdBy: textIn(row, "created_by"),
    createdAt: numberIn(row, "created_at_ms"),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
  };
}

export function openTokens(sql: Sql, now: () => number): Tokens {
  return {
    async make(fields) {
      const secret = `earshot_${makeSecret()}`;
      const result = await sql.query("insert into tokens values ($1, $2, $3, $4, $5, $6, $7, $8) returning *", [
        `t_${randomUUID()}`,
        secretHash(secret),
        fields.name,
        fields.role,
        fields.scopes,
        fields.createdBy,
        Math.round(now()),
        fields.expiresAt ?? null,
      ]);
      return { secret, token: tokenIn(firstRow(result, "token")) };
    },
    async find(secret) {
      const at = Math.round(now());
      const { rows } = await sql.query("select * from tokens where hash = $1 and (expires_at_ms is null or expires_at_ms > $2)", [secretHash(secret), at]);
      if (rows[0] === undefined) return undefined;
      const token = tokenIn(rows[0]);
      if (token.lastUsedAt === undefined || at - token.lastUsedAt > hourMs) await sql.query("update tokens set last_used_at_ms = $2 where id = $1", [token.id, at]);
      return token;
    },
    async all(createdBy) {
      const { rows } = await sql.query("select * from tokens where $1::text is null or created_by = $1 order by created_at_ms, id", [createdBy ?? null]);
      return rows.map(tokenIn);
    },
    async revoke(id, createdBy) {
      return tokenIn(firstRow(await sql.query("delete from tokens where id = $1 and ($2::text is null or created_by = $2) returning *", [id, createdBy ?? null]), `token ${id}`));
    },
  };
}
