import { EarshotError } from "../core/errors.ts";
import { booleanIn, firstRow, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const sourcesMigrations: readonly Migration[] = [
  {
    name: "sources-1",
    sql: `create table sources (
      id text primary key, connector text not null, platform text not null, options text not null,
      keep text not null check (keep in ('everything', 'matching')),
      state text not null check (state in ('active', 'paused', 'removed')),
      origin text not null check (origin in ('configuration', 'dashboard', 'built-in')),
      simulated boolean not null, region text,
      collected bigint not null default 0, errors bigint not null default 0, gaps bigint not null default 0,
      last_error_code text, last_error_message text, last_error_at_ms bigint,
      created_at_ms bigint not null, changed_at_ms bigint not null)`,
  },
];
export const sourceEgressMigrations: readonly Migration[] = [{ name: "sources-2", sql: "alter table sources add column egress text" }];

const keeps = ["everything", "matching"] as const;
const states = ["active", "paused", "removed"] as const;
const origins = ["configuration", "dashboard", "built-in"] as const;

export interface SourceFields {
  readonly id: string;
  readonly connector: string;
  readonly platform: string;
  /** The connector's own; secrets are references. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly keep: (typeof keeps)[number];
  readonly origin: (typeof origins)[number];
  readonly simulated: boolean;
  readonly region?: string;
  readonly egress?: string;
}

export interface SourceRecord extends SourceFields {
  readonly state: (typeof states)[number];
  readonly collected: number;
  readonly errors: number;
  readonly gaps: number;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: number };
  readonly createdAt: number;
}

export interface Sources {
  /** Without those that were removed. */
  all(): Promise<readonly SourceRecord[]>;
  get(id: string): Promise<SourceRecord | undefined>;
  /** New, changed, or come back after its removal (active, counters at zero). @throws CONFLICT where the configuration file defines it and this does not come from there */
  put(fields: SourceFields): Promise<SourceRecord>;
  /** @throws NOT_FOUND */
  setState(id: string, state: SourceRecord["state"]): Promise<SourceRecord>;
  /** Adds to the counters; many at once, seldom. */
  count(id: string, by: { readonly collected?: number; readonly errors?: number; readonly gaps?: number }): Promise<void>;
  setError(id: string, error: EarshotError, at: number): Promise<void>;
}

function sourceIn(row: SqlRow): SourceRecord {
  const region = optionalTextIn(row, "region");
  const egress = optionalTextIn(row, "egress");
  const code = optionalTextIn(row, "last_error_code");
  const options: unknown = JSON.parse(textIn(row, "options"));
  return {
    id: textIn(row, "id"),
    connector: textIn(row, "connector"),
    platform: textIn(row, "platform"),
    options: typeof options === "object" && options !== null ? { ...options } : {},
    keep: oneOfIn(row, "keep", keeps),
    state: oneOfIn(row, "state", states),
    origin: oneOfIn(row, "origin", origins),
    simulated: booleanIn(row, "simulated"),
    ...(region !== undefined && { region }),
    ...(egress !== undefined && { egress }),
    collected: numberIn(row, "collected"),
    errors: numberIn(row, "errors"),
    gaps: numberIn(row, "gaps"),
    ...(code !== undefined && { lastError: { code, message: optionalTextIn(row, "last_error_message") ?? "", at: optionalNumberIn(row, "last_error_at_ms") ?? 0 } }),
    createdAt: numberIn(row, "created_at_ms"),
  };
}

export function openSources(sql: Sql, now: () => number): Sources {
  return {
    async all() {
      const { rows } = await sql.query("select * from sources where state <> 'removed' order by id");
      return rows.map(sourceIn);
    },
    async get(id) {
      const { rows } = await sql.query("select * from sources where id = $1", [id]);
      return rows[0] && sourceIn(rows[0]);
    },
    async put(fields) {
      const { rows } = await sql.query(
        `insert into sources as s (id, connector, platform, options, keep, state, origin, simulated, region, created_at_ms, changed_at_ms, egress)
         values ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $9, $10)
         on conflict (id) do update set connector = excluded.connector, platform = excluded.platform, options = excluded.options, keep = excluded.keep, origin = excluded.origin,
           simulated = excluded.simulated, region = excluded.region, egress = excluded.egress, changed_at_ms = excluded.changed_at_ms,
           state = case s.state when 'removed' then 'active' else s.state end,
           collected = case s.state when 'removed' then 0 else s.collected end,
           errors = case s.state when 'removed' then 0 else s.errors end,
           gaps = case s.state when 'removed' then 0 else s.gaps end
         where s.state = 'removed' or s.origin <> 'configuration' or excluded.origin = 'configuration'
         returning *`,
        [
          fields.id,
          fields.connector,
          fields.platform,
          JSON.stringify(fields.options),
          fields.keep,
          fields.origin,
          fields.simulated,
          fields.region ?? null,
          now(),
          fields.egress ?? null,
        ],
      );
      if (rows[0] === undefined) throw new EarshotError("CONFLICT", `source ${fields.id}: the configuration file defines it; change it there`);
      return sourceIn(rows[0]);
    },
    async setState(id, state) {
      const result = await sql.query("update sources set state = $2, changed_at_ms = $3 where id = $1 returning *", [id, state, now()]);
      return sourceIn(firstRow(result, `source ${id}`));
    },
    async count(id, by) {
      await sql.query("update sources set collected = collected + $2, errors = errors + $3, gaps = gaps + $4 where id = $1", [id, by.collected ?? 0, by.errors ?? 0, by.gaps ?? 0]);
    },
    async setError(id, error, at) {
      await sql.query("update sources set last_error_code = $2, last_error_message = $3, last_error_at_ms = $4 where id = $1", [id, error.code, error.message.slice(0, 500), at]);
    },
  };
}
