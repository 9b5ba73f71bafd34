import { EarshotError } from "../core/errors.ts";
import { firstRow, numberIn, oneOfIn, textIn, textsIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const usersMigrations: readonly Migration[] = [
  {
    name: "users-1",
    sql: `create table users (name text primary key, role text not null check (role in ('viewer', 'analyst', 'admin')), state text not null check (state in ('active', 'removed')), created_at_ms bigint not null);
    create table sessions (hash bytea primary key, "user" text not null references users (name), created_at_ms bigint not null, expires_at_ms bigint not null);
    create table sign_in_links (hash bytea primary key, "user" text not null references users (name), expires_at_ms bigint not null);
    create table tokens (
      id text primary key, hash bytea not null unique, name text not null, role text not null check (role in ('viewer', 'analyst', 'admin')), scopes text[] not null,
      created_by text not null, created_at_ms bigint not null, expires_at_ms bigint, last_used_at_ms bigint)`,
  },
];
export const peopleMigrations: readonly Migration[] = [
  {
    name: "people-1",
    sql: `alter table users add platforms text[], add terms text[];
    alter table sessions add agent text not null default '', add last_used_at_ms bigint`,
  },
];
export const providerMigrations: readonly Migration[] = [
  {
    name: "provider-1",
    sql: `alter table users drop constraint users_state_check, add constraint users_state_check check (state in ('active', 'removed', 'withdrawn'));
    create table provider_users (
      issuer text not null, subject text not null, "user" text not null unique references users (name), created_at_ms bigint not null, signed_in_at_ms bigint not null,
      primary key (issuer, subject));
    create table provider_sessions (hash bytea primary key references sessions (hash) on delete cascade, sealed bytea not null)`,
  },
];

export const userRoles = ["viewer", "analyst", "admin"] as const;
export type UserRole = (typeof userRoles)[number];

export interface UserRecord {
  readonly name: string;
  readonly role: UserRole;
  readonly createdAt: number;
  /** What of the data they may see. Absent: all; empty: none. */
  readonly platforms?: readonly string[];
  readonly terms?: readonly string[];
}

/** null: all. */
export interface UserKept {
  readonly platforms: readonly string[] | null;
  readonly terms: readonly string[] | null;
}

export interface Users {
  all(): Promise<readonly UserRecord[]>;
  get(name: string): Promise<UserRecord | undefined>;
  /** Without `kept` a known user keeps what was said before, a new one sees all. @throws CONFLICT for the last admin */
  put(name: string, role: UserRole, kept?: UserKept): Promise<UserRecord>;
  /** Their sessions end. `withdrawn`: by the provider, who may give the role back. @throws NOT_FOUND; CONFLICT for the last admin */
  remove(name: string, to?: "removed" | "withdrawn"): Promise<void>;
}

export function userIn(row: SqlRow): UserRecord {
  return {
    name: textIn(row, "name"),
    role: oneOfIn(row, "role", userRoles),
    createdAt: numberIn(row, "created_at_ms"),
    ...(row["platforms"] !== null && { platforms: textsIn(row, "platforms") }),
    ...(row["terms"] !== null && { terms: textsIn(row, "terms") }),
  };
}

export function openUsers(sql: Sql, now: () => number): Users {
  return {
    async all() {
      const { rows } = await sql.query("select * from users where state = 'active' order by name");
      return rows.map(userIn);
    },
    async get(name) {
      const { rows } = await sql.query("select * from users where name = $1 and state = 'active'", [name]);
      return rows[0] && userIn(rows[0]);
    },
    put: (name, role, kept) =>
      sql.transaction(async (inside) => {
        await inside.query("lock table users in share row exclusive mode");
        if (role !== "admin") await refuseLastAdmin(inside, name);
        const result = await inside.query(
          `insert into users as u (name, role, state, created_at_ms, platforms, terms) values ($1, $2, 'active', $3, $4, $5)
           on conflict (name) do update set role = excluded.role, state = 'active',
             platforms = case when $6 or u.state = 'removed' then excluded.platforms else u.platforms end,
             terms = case when $6 or u.state = 'removed' then excluded.terms else u.terms end returning *`,
          [name, role, Math.round(now()), kept?.platforms ?? null, kept?.terms ?? null, kept !== undefined],
        );
        return userIn(firstRow(result, `user ${name}`));
      }),
    remove: (name, to = "removed") =>
      sql.transaction(async (inside) => {
        await inside.query("lock table users in share row exclusive mode");
        await refuseLastAdmin(inside, name);
        firstRow(await inside.query("update users set state = $2 where name = $1 and state = 'active' returning name", [name, to]), `user ${name}`);
        await inside.query('delete from sessions where "user" = $1', [name]);
        await inside.query('delete from sign_in_links where "user" = $1', [name]);
      }),
  };
}

async function refuseLastAdmin(sql: Sql, name: string): Promise<void> {
  const { rows } = await sql.query("select name from users where role = 'admin' and state = 'active'");
  if (rows.length === 1 && rows[0]?.["name"] === name) throw new EarshotError("CONFLICT", `user ${name}: the last admin stays one`);
}
