import { z } from "zod";
import { numberIn, oneOfIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const modelDriftMigrations: readonly Migration[] = [
  {
    name: "model-drift-1",
    sql: `create table model_drift (
      day_ms bigint not null, task text not null, slice text not null, model text not null, kind text not null, figures text not null, at_ms bigint not null,
      primary key (day_ms, task, slice))`,
  },
];

export const modelDriftKinds = ["none", "balance", "text"] as const;

const wordSchema = z.object({ word: z.string(), before: z.number(), after: z.number(), z: z.number() });
const figuresSchema = z.object({
  classes: z.array(z.string()),
  reference: z.object({ fromMs: z.number(), texts: z.number(), shares: z.array(z.number()) }),
  current: z.object({ texts: z.number(), shares: z.array(z.number()) }),
  psi: z.number(),
  chance: z.number(),
  jensenShannon: z.number(),
  auc: z.number(),
  chanceUpTo: z.number(),
  aucWithinClasses: z.number(),
  correctedShares: z.array(z.number()).optional(),
  words: z.array(wordSchema),
});

/** Figures alone, and words that several authors say: nothing of a single post. */
export type ModelDriftFigures = Readonly<z.output<typeof figuresSchema>>;

export interface ModelDriftRow {
  /** Start of the day that was looked at, milliseconds UTC. */
  readonly dayMs: number;
  readonly task: string;
  /** all, or a condition of the query language: platform:x, language:en, term:acme. */
  readonly slice: string;
  /** What judged both sides, `social@1f2e3d4c`. */
  readonly model: string;
  readonly kind: (typeof modelDriftKinds)[number];
  readonly figures: ModelDriftFigures;
  readonly at: number;
}

/** What the days' looks at the judged posts said; bounded by age. */
export interface ModelDrift {
  /** A second look at the same day takes the place of the first. */
  put(rows: readonly ModelDriftRow[]): Promise<void>;
  /** Newest day first, then by task and slice; at most 5,000. */
  list(filter: { readonly fromMs: number; readonly task?: string }): Promise<readonly ModelDriftRow[]>;
  latestDay(): Promise<number | undefined>;
  expire(beforeMs: number): Promise<number>;
}

function rowFrom(row: SqlRow): ModelDriftRow {
  return {
    dayMs: numberIn(row, "day_ms"),
    task: textIn(row, "task"),
    slice: textIn(row, "slice"),
    model: textIn(row, "model"),
    kind: oneOfIn(row, "kind", modelDriftKinds),
    figures: figuresSchema.parse(JSON.parse(textIn(row, "figures"))),
    at: numberIn(row, "at_ms"),
  };
}

export function openModelDrift(sql: Sql): ModelDrift {
  return {
    async put(rows) {
      if (rows.length === 0) return;
      await sql.query(
        `insert into model_drift select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
         on conflict (day_ms, task, slice) do update set model = excluded.model, kind = excluded.kind, figures = excluded.figures, at_ms = excluded.at_ms`,
        [
          rows.map(({ dayMs }) => dayMs),
          rows.map(({ task }) => task),
          rows.map(({ slice }) => slice),
          rows.map(({ model }) => model),
          rows.map(({ kind }) => kind),
          rows.map(({ figures }) => JSON.stringify(figures)),
          rows.map(({ at }) => at),
        ],
      );
    },
    async list({ fromMs, task }) {
      const { rows } = await sql.query("select * from model_drift where day_ms >= $1 and ($2::text is null or task = $2) order by day_ms desc, task, slice limit 5000", [
        fromMs,
        task ?? null,
      ]);
      return rows.map(rowFrom);
    },
    async latestDay() {
      const { rows } = await sql.query("select max(day_ms) as day_ms from model_drift");
      const [row] = rows;
      return row === undefined || row["day_ms"] === null ? undefined : numberIn(row, "day_ms");
    },
    async expire(beforeMs) {
      return (await sql.query("delete from model_drift where day_ms < $1", [beforeMs])).count;
    },
  };
}
