import { z } from "zod";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const deprecationsMigrations: readonly Migration[] = [
  {
    name: "deprecations-1",
    sql: `create table deprecations (
      id bigint generated always as identity primary key, key text not null unique, connector text not null, endpoint text not null, origin text not null,
      text text not null, link text, effective_ms bigint, first_ms bigint not null, last_ms bigint not null, sources text not null,
      state text not null default 'open', owner text, due_ms bigint, changed_by text, changed_ms bigint)`,
  },
];

export const deprecationOrigins = ["answer", "version", "changelog"] as const;
export const deprecationStates = ["open", "planned", "done", "dismissed"] as const;
export type DeprecationState = (typeof deprecationStates)[number];

/** What a platform said of the end of something. */
export interface DeprecationNotice {
  /** The same for the same end. */
  readonly key: string;
  readonly connector: string;
  /** Method, host and path without ids; else the version or the changelog's host. */
  readonly endpoint: string;
  /** answer: headers of an answer. version: the version that the connector asks for. changelog: an entry of the platform's feed. */
  readonly origin: (typeof deprecationOrigins)[number];
  readonly text: string;
  readonly link?: string;
  /** Milliseconds UTC; absent: not told. */
  readonly effectiveAt?: number;
  readonly sources: readonly string[];
  readonly at: number;
}

/** A notice is a task: to move to what comes after. */
export interface DeprecationRecord extends Omit<DeprecationNotice, "key" | "at"> {
  readonly id: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly state: DeprecationState;
  readonly owner?: string;
  readonly dueAt?: number;
  readonly changedBy?: string;
}

/** null: no longer any. */
export interface DeprecationChange {
  readonly state?: DeprecationState;
  readonly owner?: string | null;
  readonly dueAt?: number | null;
}

export interface Deprecations {
  /** New, or seen again; a day that is told anew opens it again. */
  add(notices: readonly DeprecationNotice[]): Promise<void>;
  /** What ends first comes first; at most 1,000. */
  list(): Promise<readonly DeprecationRecord[]>;
  /** @throws NOT_FOUND */
  change(id: number, change: DeprecationChange, actor: string, at: number): Promise<DeprecationRecord>;
}

const most = 1_000;
const mostSources = 200;
const namesSchema = z.array(z.string());

function recordIn(row: SqlRow): DeprecationRecord {
  const [link, owner, changedBy] = [optionalTextIn(row, "link"), optionalTextIn(row, "owner"), optionalTextIn(row, "changed_by")];
  const [effectiveAt, dueAt] = [optionalNumberIn(row, "effective_ms"), optionalNumberIn(row, "due_ms")];
  const sources = namesSchema.safeParse(JSON.parse(textIn(row, "sources")));
  return {
    id: numberIn(row, "id"),
    connector: textIn(row, "connector"),
    endpoint: textIn(row, "endpoint"),
    origin: oneOfIn(row, "origin", deprecationOrigins),
    text: textIn(row, "text"),
    ...(link !== undefined && { link }),
    ...(effectiveAt !== undefined && { effectiveAt }),
    sources: sources.success ? sources.data : [],
    firstAt: numberIn(row, "first_ms"),
    lastAt: numberIn(row, "last_ms"),
    state: oneOfIn(row, "state", deprecationStates),
    ...(owner !== undefined && { owner }),
    ...(dueAt !== undefined && { dueAt }),
    ...(changedBy !== undefined && { changedBy }),
  };
}

export function openDeprecations(sql: Sql): Deprecations {
  return {
    async add(notices) {
      for (const { key, connector, endpoint, origin, text, link, effectiveAt, sources, at } of notices) {
        await sql.query(
          `insert into deprecations as d (key, connector, endpoint, origin, text, link, effective_ms, first_ms, last_ms, sources) values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
           on conflict (key) do update set text = excluded.text, link = coalesce(excluded.link, d.link), effective_ms = coalesce(excluded.effective_ms, d.effective_ms),
             last_ms = greatest(d.last_ms, excluded.last_ms),
             sources = (select coalesce(jsonb_agg(s), '[]')::text from
               (select distinct s from jsonb_array_elements_text(d.sources::jsonb || excluded.sources::jsonb) as e (s) order by s limit ${mostSources}) as kept),
             state = case when d.state in ('done', 'dismissed') and excluded.effective_ms <> coalesce(d.effective_ms, 0) then 'open' else d.state end`,
          [
            key,
            connector,
            endpoint,
            origin,
            text.replaceAll("\0", ""),
            link ?? null,
            effectiveAt === undefined ? null : Math.round(effectiveAt),
            Math.round(at),
            JSON.stringify(sources.toSorted()),
          ],
        );
      }
    },
    async list() {
      const { rows } = await sql.query(`select * from deprecations order by (state in ('done', 'dismissed')), effective_ms nulls last, id limit ${most}`);
      return rows.map(recordIn);
    },
    change: (id, change, actor, at) =>
      sql.transaction(async (inside) => {
        const known = recordIn(firstRow(await inside.query("select * from deprecations where id = $1 for update", [id]), `notice ${id}`));
        const state = change.state ?? known.state;
        const owner = change.owner === undefined ? (known.owner ?? null) : change.owner;
        const dueAt = change.dueAt === undefined ? (known.dueAt ?? null) : change.dueAt;
        const changed = await inside.query("update deprecations set state = $2, owner = $3, due_ms = $4, changed_by = $5, changed_ms = $6 where id = $1 returning *", [
          id,
          state,
          owner,
          dueAt,
          actor,
          Math.round(at),
        ]);
        return recordIn(firstRow(changed, `notice ${id}`));
      }),
  };
}
