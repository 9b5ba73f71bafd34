import { EarshotError } from "../core/errors.ts";
import { numberIn, oneOfIn, textIn, type Migration, type Sql, type SqlRow, type SqlValue } from "../core/sql.ts";

export const quarantineMigrations: readonly Migration[] = [
  {
    name: "quarantine-1",
    sql: `create table quarantine (
      id text primary key, source text not null, code text not null, message text not null, at_ms bigint not null,
      partition int not null, log_offset bigint not null,
      state text not null check (state in ('open', 'dismissed', 'replayed')), generation int not null default 0);
    create index quarantine_at on quarantine (at_ms, id);
    create index quarantine_reasons on quarantine (code, source) where state = 'open'`,
  },
];

const states = ["open", "dismissed", "replayed"] as const;
export type QuarantineState = (typeof states)[number];

/** The summary of a rejected item; its raw lies in the log. */
export interface QuarantineRecord {
  /** `partition-offset-index-generation` of the message in `events` that it came from. */
  readonly id: string;
  readonly source: string;
  readonly code: string;
  readonly message: string;
  readonly at: number;
  readonly partition: number;
  readonly offset: number;
  readonly state: QuarantineState;
}

export interface QuarantineReason {
  readonly code: string;
  readonly source: string;
  readonly count: number;
  /** Milliseconds UTC. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The newest item: a sample. */
  readonly sample: string;
}

export interface QuarantineFilter {
  readonly code?: string;
  readonly source?: string;
  readonly state?: QuarantineState;
}

export interface Quarantine {
  /** What is known already stays as it is. */
  add(records: readonly Omit<QuarantineRecord, "state">[]): Promise<void>;
  /** Newest first. @throws USAGE for a cursor that is none */
  list(filter: QuarantineFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<{ readonly items: readonly QuarantineRecord[]; readonly next?: string }>;
  get(id: string): Promise<QuarantineRecord | undefined>;
  /** Those of a state by reason, the most frequent first; at most 1,000 reasons. */
  reasons(state: QuarantineState): Promise<readonly QuarantineReason[]>;
  count(filter: QuarantineFilter): Promise<number>;
  counts(): Promise<Readonly<Record<QuarantineState, number>>>;
  /** Returns how many changed. */
  setState(ids: readonly string[], state: QuarantineState): Promise<number>;
  /** The same for all of a reason that are in a state. */
  moveAll(filter: QuarantineFilter & { readonly state: QuarantineState }, to: QuarantineState): Promise<number>;
  /** Open ones that came in a time and lie in `rejected` below its ends: their raw was read again. */
  supersede(range: { readonly source?: string; readonly fromMs: number; readonly toMs: number; readonly ends: ReadonlyMap<number, number> }): Promise<number>;
  /** Those whose raw the log no longer holds, those before a time, and what is above the limit, the oldest first. */
  expire(limits: { readonly beforeMs: number; readonly maxRecords: number }): Promise<number>;
  /** After an erasure has rewritten frames, or a source is gone. */
  removeSource(source: string): Promise<number>;
}

function recordIn(row: SqlRow): QuarantineRecord {
  return {
    id: textIn(row, "id"),
    source: textIn(row, "source"),
    code: textIn(row, "code"),
    message: textIn(row, "message"),
    at: numberIn(row, "at_ms"),
    partition: numberIn(row, "partition"),
    offset: numberIn(row, "log_offset"),
    state: oneOfIn(row, "state", states),
  };
}

const maxMessageLength = 500;

function conditionsOf(filter: QuarantineFilter): { readonly text: string; readonly values: SqlValue[] } {
  const values: SqlValue[] = [];
  const conditions = ["true"];
  for (const column of ["code", "source", "state"] as const) {
    const value = filter[column];
    if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
  }
  return { text: conditions.join(" and "), values };
}

export function openQuarantine(sql: Sql): Quarantine {
  return {
    async add(records) {
      if (records.length === 0) return;
      await sql.query(
        `insert into quarantine (id, source, code, message, at_ms, partition, log_offset, state)
         select *, 'open' from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::bigint[]) on conflict do nothing`,
        [
          records.map(({ id }) => id),
          records.map(({ source }) => clean(source)),
          records.map(({ code }) => code),
          records.map(({ message }) => clean(message)),
          records.map(({ at }) => Math.round(at)),
          records.map(({ partition }) => partition),
          records.map(({ offset }) => offset),
        ],
      );
    },
    async list(filter, { limit, cursor }) {
      const { text, values } = conditionsOf(filter);
      const conditions = [text];
      const given = (value: SqlValue) => `$${values.push(value)}`;
      if (cursor !== undefined) {
        const [at, id] = parseCursor(cursor);
        conditions.push(`(at_ms, id) < (${given(at)}::bigint, ${given(id)}::text)`);
      }
      values.push(limit + 1);
      const { rows } = await sql.query(`select * from quarantine where ${conditions.join(" and ")} order by at_ms desc, id desc limit $${values.length}`, values);
      const items = rows.slice(0, limit).map(recordIn);
      const last = items.at(-1);
      return { items, ...(rows.length > limit && last !== undefined && { next: `${last.at}.${last.id}` }) };
    },
    async get(id) {
      const { rows } = await sql.query("select * from quarantine where id = $1", [id]);
      return rows[0] && recordIn(rows[0]);
    },
    async reasons(state) {
      const { rows } = await sql.query(
        `select code, source, count(*) as count, min(at_ms) as first_ms, max(at_ms) as last_ms, (array_agg(id order by at_ms desc, id desc))[1] as sample
         from quarantine where state = $1 group by code, source order by count desc, code, source limit 1000`,
        [state],
      );
      return rows.map((row) => ({
        code: textIn(row, "code"),
        source: textIn(row, "source"),
        count: numberIn(row, "count"),
        firstAt: numberIn(row, "first_ms"),
        lastAt: numberIn(row, "last_ms"),
        sample: textIn(row, "sample"),
      }));
    },
    async count(filter) {
      const { text, values } = conditionsOf(filter);
      const { rows } = await sql.query(`select count(*) as count from quarantine where ${text}`, values);
      return rows[0] ? numberIn(rows[0], "count") : 0;
    },
    async counts() {
      const { rows } = await sql.query("select state, count(*) as count from quarantine group by state");
      const counts = { open: 0, dismissed: 0, replayed: 0 };
      for (const row of rows) counts[oneOfIn(row, "state", states)] = numberIn(row, "count");
      return counts;
    },
    async moveAll(filter, to) {
      const { text, values } = conditionsOf(filter);
      return (await sql.query(`update quarantine set state = $${values.length + 1} where ${text}`, [...values, to])).count;
    },
    async setState(ids, state) {
      return (await sql.query("update quarantine set state = $2 where id = any($1::text[]) and state <> $2", [ids, state])).count;
    },
    async supersede({ source, fromMs, toMs, ends }) {
      const { count } = await sql.query(
        `update quarantine q set state = 'replayed' from unnest($1::int[], $2::bigint[]) as e (partition, next)
         where q.state = 'open' and q.partition = e.partition and q.log_offset < e.next and q.at_ms >= $3 and q.at_ms < $4 and ($5::text is null or q.source = $5)`,
        [[...ends.keys()], [...ends.values()], Math.floor(Math.max(fromMs, 0)), Math.ceil(Math.min(toMs, Number.MAX_SAFE_INTEGER)), source ?? null],
      );
      return count;
    },
    async expire({ beforeMs, maxRecords }) {
      const old = await sql.query("delete from quarantine where at_ms < $1", [Math.round(beforeMs)]);
      const above = await sql.query("delete from quarantine where id in (select id from quarantine order by at_ms desc, id desc offset $1)", [maxRecords]);
      return old.count + above.count;
    },
    async removeSource(source) {
      return (await sql.query("delete from quarantine where source = $1", [source])).count;
    },
  };
}

/** Postgres' text holds neither NUL nor half a pair. */
function clean(text: string): string {
  return text.replaceAll("\0", "").toWellFormed().slice(0, maxMessageLength).toWellFormed();
}

function parseCursor(cursor: string): readonly [number, string] {
  const match = /^(\d{1,16})\.(\d{1,6}(?:-\d{1,16}){1,3})$/.exec(cursor);
  if (match?.[1] === undefined || match[2] === undefined) throw new EarshotError("USAGE", "cursor: expected one that a page gave");
  return [Number(match[1]), match[2]];
}
