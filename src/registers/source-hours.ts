import { numberIn, textIn, type Migration, type Sql } from "../core/sql.ts";

export const sourceHoursMigrations: readonly Migration[] = [
  {
    name: "source-hours-1",
    sql: `create table source_hours (
      source text not null, hour_ms bigint not null, name text not null, value bigint not null, primary key (source, hour_ms, name));
    create index source_hours_at on source_hours (hour_ms)`,
  },
];

/** messages, bytes, requests, saved (answers "not modified"), gaps, or error:CODE. */
export type HourName = "messages" | "bytes" | "requests" | "saved" | "gaps" | `error:${string}`;

export interface HourCount {
  readonly source: string;
  /** Start of the hour, milliseconds UTC. */
  readonly hourMs: number;
  readonly name: HourName;
  readonly value: number;
}

/** What each source did in each hour; bounded by age, and by the few names. */
export interface SourceHours {
  add(counts: readonly HourCount[]): Promise<void>;
  /** Oldest first. */
  of(source: string, fromMs: number): Promise<readonly HourCount[]>;
  /** Sums of all sources since then. */
  sums(fromMs: number): Promise<readonly Omit<HourCount, "hourMs">[]>;
  expire(beforeMs: number): Promise<number>;
}

const nameIn = (text: string): HourName =>
  text === "messages" || text === "bytes" || text === "requests" || text === "saved" || text === "gaps" ? text : `error:${text.replace(/^error:/, "")}`;

export function openSourceHours(sql: Sql): SourceHours {
  return {
    async add(counts) {
      if (counts.length === 0) return;
      await sql.query(
        `insert into source_hours as h select * from unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[])
         on conflict (source, hour_ms, name) do update set value = h.value + excluded.value`,
        [counts.map(({ source }) => source), counts.map(({ hourMs }) => hourMs), counts.map(({ name }) => name), counts.map(({ value }) => Math.round(value))],
      );
    },
    async of(source, fromMs) {
      const { rows } = await sql.query("select * from source_hours where source = $1 and hour_ms >= $2 order by hour_ms, name", [source, fromMs]);
      return rows.map((row) => ({ source, hourMs: numberIn(row, "hour_ms"), name: nameIn(textIn(row, "name")), value: numberIn(row, "value") }));
    },
    async sums(fromMs) {
      const { rows } = await sql.query("select source, name, sum(value)::bigint as value from source_hours where hour_ms >= $1 group by source, name order by source, name", [
        fromMs,
      ]);
      return rows.map((row) => ({ source: textIn(row, "source"), name: nameIn(textIn(row, "name")), value: numberIn(row, "value") }));
    },
    async expire(beforeMs) {
      return (await sql.query("delete from source_hours where hour_ms < $1", [beforeMs])).count;
    },
  };
}
