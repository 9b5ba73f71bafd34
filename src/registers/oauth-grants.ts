import { z } from "zod";
import { firstRow, type Migration, numberIn, type Sql, type SqlRow, textIn } from "../core/sql.ts";

export const oauthGrantsMigrations: readonly Migration[] = [
  {
    name: "oauth-grants-1",
    sql: `create table oauth_grants (
      account text primary key, connector text not null, client text not null, scope text not null,
      granted_by text not null, granted_at_ms bigint not null)`,
  },
];

/** Stands at the end of all migrations: catalogs have the first one already. */
export const oauthGrantOptionsMigrations: readonly Migration[] = [{ name: "oauth-grants-2", sql: "alter table oauth_grants add column options text" }];

const clientSchema = z.strictObject({
  tokenUrl: z.string(),
  /** Itself or by reference, as in the source's options; secrets by reference. Absent: the app that was registered for the grant, sealed beside its token. */
  clientId: z.string().optional(),
  clientSecret: z.string().optional(),
  clientAuth: z.enum(["basic", "body", "none"]).optional(),
  revokeUrl: z.string().optional(),
});

export interface GrantFields {
  /** Its name here; sources use the grant by it. */
  readonly account: string;
  readonly connector: string;
  readonly client: z.output<typeof clientSchema>;
  readonly scope: string;
  /** The connector's options that access was asked with, secrets by reference; absent: granted before they were kept. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Who was in the browser. */
  readonly grantedBy: string;
}

export interface GrantRecord extends GrantFields {
  readonly grantedAt: number;
}

/** What people granted in the browser, without the tokens. */
export interface OAuthGrants {
  /** Again for the same account: the later one holds. */
  put(fields: GrantFields): Promise<GrantRecord>;
  get(account: string): Promise<GrantRecord | undefined>;
  all(): Promise<readonly GrantRecord[]>;
  /** @throws NOT_FOUND */
  remove(account: string): Promise<GrantRecord>;
}

const optionsSchema = z.record(z.string(), z.unknown());

function grantIn(row: SqlRow): GrantRecord {
  return {
    ...(typeof row["options"] === "string" && { options: optionsSchema.parse(JSON.parse(row["options"])) }),
    account: textIn(row, "account"),
    connector: textIn(row, "connector"),
    client: clientSchema.parse(JSON.parse(textIn(row, "client"))),
    scope: textIn(row, "scope"),
    grantedBy: textIn(row, "granted_by"),
    grantedAt: numberIn(row, "granted_at_ms"),
  };
}

export function openOAuthGrants(sql: Sql, now: () => number): OAuthGrants {
  return {
    async put({ account, connector, client, scope, options, grantedBy }) {
      const result = await sql.query(
        `insert into oauth_grants (account, connector, client, scope, granted_by, granted_at_ms, options) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account) do update set connector = $2, client = $3, scope = $4, granted_by = $5, granted_at_ms = $6, options = $7 returning *`,
        [account, connector, JSON.stringify(client), scope, grantedBy, Math.round(now()), options === undefined ? null : JSON.stringify(options)],
      );
      return grantIn(firstRow(result, `account ${account}`));
    },
    async get(account) {
      const { rows } = await sql.query("select * from oauth_grants where account = $1", [account]);
      return rows[0] && grantIn(rows[0]);
    },
    async all() {
      return (await sql.query("select * from oauth_grants order by account")).rows.map(grantIn);
    },
    async remove(account) {
      return grantIn(firstRow(await sql.query("delete from oauth_grants where account = $1 returning *", [account]), `account ${account}`));
    },
  };
}
