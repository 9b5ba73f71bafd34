import { numberIn, optionalNumberIn, textIn, type Migration, type Sql } from "../core/sql.ts";

export const gapsMigrations: readonly Migration[] = [
  {
    name: "gaps-1",
    sql: `create table source_gaps (id bigint primary key generated always as identity, source text not null, from_ms bigint, to_ms bigint not null, reason text not null, at_ms bigint not null);
    create index source_gaps_to on source_gaps (to_ms)`,
  },
];

export interface GapFields {
  readonly source: string;
  /** Absent: since when is not known. */
  readonly fromMs?: number;
  readonly toMs: number;
  readonly reason: string;
}
export interface GapRecord extends GapFields {
  /** When it was met. */
  readonly at: number;
}

/** Times in which a platform held something that a source could not read any more. */
export interface Gaps {
  add(gap: GapFields): Promise<void>;
  /** Those that meet the time, newest first; at most 1,000. */
  within(fromMs: number, toMs: number): Promise<readonly GapRecord[]>;
}

const longestReason = 500;

export function openGaps(sql: Sql, now: () => number): Gaps {
  return {
    async add({ source, fromMs, toMs, reason }) {
      await sql.query("insert into source_gaps (source, from_ms, to_ms, reason, at_ms) values ($1, $2, $3, $4, $5)", [
        source,
        fromMs === undefined ? null : Math.floor(fromMs),
        Math.ceil(toMs),
        reason.slice(0, longestReason),
        now(),
      ]);
    },
    async within(fromMs, toMs) {
      const { rows } = await sql.query("select * from source_gaps where to_ms > $1 and coalesce(from_ms, to_ms) < $2 order by to_ms desc, id desc limit 1000", [
        Math.floor(fromMs),
        Math.ceil(toMs),
      ]);
      return rows.map((row) => {
        const from = optionalNumberIn(row, "from_ms");
        return {
          source: textIn(row, "source"),
          ...(from !== undefined && { fromMs: from }),
          toMs: numberIn(row, "to_ms"),
          reason: textIn(row, "reason"),
          at: numberIn(row, "at_ms"),
        };
      });
    },
  };
}
