import { z } from "zod";
import { type FailureClass, failureClasses } from "../core/failure-class.ts";
import { numberIn, optionalNumberIn, textIn, type Migration, type Sql, type SqlRow, type SqlValue } from "../core/sql.ts";

export const failuresMigrations: readonly Migration[] = [
  {
    name: "failures-1",
    sql: `create table failures (
      source text not null, failure text not null, hour_ms bigint not null, class text not null, code text not null, status int,
      count bigint not null, first_ms bigint not null, last_ms bigint not null, samples text not null,
      primary key (source, failure, hour_ms));
    create index failures_at on failures (hour_ms)`,
  },
];

export const mostSamples = 3;

const sampleSchema = z.object({
  at: z.number(),
  message: z.string(),
  status: z.number().optional(),
  requestId: z.string().optional(),
  request: z.string().optional(),
  excerpt: z.string().optional(),
});
/** One failed call. Neither secrets nor personal data stand in it. */
export type FailureSample = Readonly<z.output<typeof sampleSchema>>;
const samplesSchema = z.array(sampleSchema);

/** The failed calls of a source that are of one kind, in one hour. */
export interface FailureRecord {
  readonly source: string;
  readonly failure: string;
  /** Start of the hour, milliseconds UTC. */
  readonly hourMs: number;
  readonly class: FailureClass;
  readonly code: string;
  /** Of the newest; absent: there was no answer. */
  readonly status?: number;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The newest of the hour, at most 3. */
  readonly samples: readonly FailureSample[];
}

export interface FailureFilter {
  readonly source?: string;
  readonly class?: FailureClass;
  readonly failure?: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Failures {
  /** Adds to the counts of the hour; the given samples come before those that stand there. */
  add(records: readonly FailureRecord[]): Promise<void>;
  /** Newest hour first. */
  list(filter: FailureFilter, limit: number): Promise<readonly FailureRecord[]>;
  /** By hour, source and class, oldest first. */
  counts(filter: FailureFilter): Promise<readonly { readonly hourMs: number; readonly source: string; readonly class: FailureClass; readonly count: number }[]>;
  expire(beforeMs: number): Promise<number>;
  removeSource(source: string): Promise<number>;
}

const mostCounts = 20_000;
const isClass = (text: string): text is FailureClass => Object.hasOwn(failureClasses, text);
const classIn = (row: SqlRow): FailureClass => {
  const text = textIn(row, "class");
  return isClass(text) ? text : "content";
};

function recordIn(row: SqlRow): FailureRecord {
  const status = optionalNumberIn(row, "status");
  return {
    source: textIn(row, "source"),
    failure: textIn(row, "failure"),
    hourMs: numberIn(row, "hour_ms"),
    class: classIn(row),
    code: textIn(row, "code"),
    ...(status !== undefined && { status }),
    count: numberIn(row, "count"),
    firstAt: numberIn(row, "first_ms"),
    lastAt: numberIn(row, "last_ms"),
    samples: samplesIn(row),
  };
}

/** Postgres puts the lists of two writers one after the other. */
function samplesIn(row: SqlRow): readonly FailureSample[] {
  const parsed = samplesSchema.safeParse(JSON.parse(textIn(row, "samples")));
  return parsed.success ? parsed.data.slice(0, mostSamples) : [];
}

function conditionsOf(filter: FailureFilter): { readonly text: string; readonly values: SqlValue[] } {
  // An hour counts where it touches the time asked for.
  const values: SqlValue[] = [Math.floor(filter.fromMs) - 3_599_999, Math.floor(filter.toMs)];
  const conditions = ["hour_ms >= $1 and hour_ms < $2"];
  for (const column of ["source", "class", "failure"] as const) {
    const value = filter[column];
    if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
  }
  return { text: conditions.join(" and "), values };
}

export function openFailures(sql: Sql): Failures {
  return {
    async add(records) {
      for (const { source, failure, hourMs, class: kind, code, status, count, firstAt, lastAt, samples } of records) {
        await sql.query(
          `insert into failures as f values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (source, failure, hour_ms) do update set class = excluded.class, code = excluded.code, status = coalesce(excluded.status, f.status),
             count = f.count + excluded.count, first_ms = least(f.first_ms, excluded.first_ms), last_ms = greatest(f.last_ms, excluded.last_ms),
             samples = (select jsonb_agg(s order by n)::text from
               (select s, n from jsonb_array_elements(excluded.samples::jsonb || f.samples::jsonb) with ordinality as e (s, n) order by n limit ${mostSamples}) as kept)`,
          [source, failure, hourMs, kind, code, status ?? null, count, Math.round(firstAt), Math.round(lastAt), JSON.stringify(samples.slice(0, mostSamples).map(clean))],
        );
      }
    },
    async list(filter, limit) {
      const { text, values } = conditionsOf(filter);
      const { rows } = await sql.query(`select * from failures where ${text} order by hour_ms desc, last_ms desc, source, failure limit $${values.push(limit)}`, values);
      return rows.map(recordIn);
    },
    async counts(filter) {
      const { text, values } = conditionsOf(filter);
      const { rows } = await sql.query(
        `select hour_ms, source, class, sum(count)::bigint as count from failures where ${text} group by hour_ms, source, class
         order by hour_ms, source, class limit ${mostCounts}`,
        values,
      );
      return rows.map((row) => ({ hourMs: numberIn(row, "hour_ms"), source: textIn(row, "source"), class: classIn(row), count: numberIn(row, "count") }));
    },
    async expire(beforeMs) {
      return (await sql.query("delete from failures where hour_ms < $1", [Math.floor(beforeMs)])).count;
    },
    async removeSource(source) {
      return (await sql.query("delete from failures where source = $1", [source])).count;
    },
  };
}

/** Postgres' JSON holds neither NUL nor half a pair. Taken out of the texts, since in the JSON of them an excerpt's own `\u0000` looks the same. */
function clean(sample: FailureSample): FailureSample {
  return sampleSchema.parse(
    Object.fromEntries(Object.entries(sample).map(([name, value]) => [name, typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : value])),
  );
}
