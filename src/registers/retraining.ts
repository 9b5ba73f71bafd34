import { z } from "zod";
import { EarshotError } from "../core/errors.ts";
import { firstRow, numberIn, oneOfIn, optionalNumberIn, optionalTextIn, textIn, type Migration, type Sql, type SqlRow } from "../core/sql.ts";

export const retrainingMigrations: readonly Migration[] = [
  {
    name: "retraining-1",
    sql: `create table retraining_schedules (
      label_set text primary key references label_sets (id) on delete cascade, every text not null, after_labels integer, on_drift boolean not null, promotes boolean not null,
      actor text not null, at_ms bigint not null);
    create table retraining_runs (
      number bigint primary key generated always as identity, label_set text not null references label_sets (id) on delete cascade, cause text not null, at_ms bigint not null,
      ended_at_ms bigint, outcome text not null, reason text, version integer, labels integer not null, model text, evidence text, promoted boolean not null default false);
    create index retraining_runs_set on retraining_runs (label_set, number)`,
  },
];

export const retrainingPeriods = ["never", "daily", "weekly", "monthly"] as const;
export const retrainingCauses = ["schedule", "labels", "drift", "asked"] as const;
export const retrainingOutcomes = ["running", "trained", "skipped", "failed"] as const;
export type RetrainingCause = (typeof retrainingCauses)[number];

/** When a candidate is trained by itself on a label set. */
export interface RetrainingSchedule {
  /** Id of the label set. */
  readonly set: string;
  readonly every: (typeof retrainingPeriods)[number];
  /** After so many new settled labels; absent: never for that. */
  readonly afterLabels?: number;
  /** When a look at the task's posts says that they moved. */
  readonly onDrift: boolean;
  /** Promotes a candidate that may be promoted, without asking. */
  readonly promotes: boolean;
  readonly actor: string;
  /** When it was set, milliseconds UTC. */
  readonly at: number;
}

const evidenceSchema = z.object({
  headline: z.string(),
  n: z.number(),
  difference: z.object({ value: z.number(), low: z.number(), high: z.number() }),
  slices: z.array(z.object({ by: z.string(), value: z.string(), n: z.number(), difference: z.object({ value: z.number(), low: z.number(), high: z.number() }) })),
  against: z.string(),
  allowed: z.boolean(),
  reasons: z.array(z.string()),
});
export type RetrainingEvidence = Readonly<z.output<typeof evidenceSchema>>;

/** One look at whether to train, and what came of it. */
export interface RetrainingRun {
  readonly number: number;
  readonly set: string;
  readonly cause: RetrainingCause;
  readonly at: number;
  readonly endedAt?: number;
  readonly outcome: (typeof retrainingOutcomes)[number];
  /** Why it did not train, failed, or could not be compared. */
  readonly reason?: string;
  /** Of the label set. */
  readonly version?: number;
  /** Settled labels of the set when it began. */
  readonly labels: number;
  readonly model?: string;
  /** The candidate beside who judges; absent: they could not be compared. */
  readonly evidence?: RetrainingEvidence;
  readonly promoted: boolean;
}

export interface Retraining {
  schedules(): Promise<readonly RetrainingSchedule[]>;
  set(schedule: Omit<RetrainingSchedule, "actor" | "at">, actor: string): Promise<RetrainingSchedule>;
  /** @throws NOT_FOUND */
  remove(set: string): Promise<void>;
  begin(fields: Pick<RetrainingRun, "set" | "cause" | "labels">): Promise<RetrainingRun>;
  end(number: number, fields: Pick<RetrainingRun, "outcome" | "reason" | "version" | "model" | "evidence" | "promoted">): Promise<void>;
  /** Newest first. */
  runs(set: string, limit: number): Promise<readonly RetrainingRun[]>;
  /** Of a program that ended while they ran. */
  failRunning(reason: string): Promise<void>;
}

function scheduleIn(row: SqlRow): RetrainingSchedule {
  const afterLabels = optionalNumberIn(row, "after_labels");
  return {
    set: textIn(row, "label_set"),
    every: oneOfIn(row, "every", retrainingPeriods),
    ...(afterLabels !== undefined && { afterLabels }),
    onDrift: row["on_drift"] === true,
    promotes: row["promotes"] === true,
    actor: textIn(row, "actor"),
    at: numberIn(row, "at_ms"),
  };
}

function runIn(row: SqlRow): RetrainingRun {
  const [endedAt, version] = [optionalNumberIn(row, "ended_at_ms"), optionalNumberIn(row, "version")];
  const [reason, model, evidence] = [optionalTextIn(row, "reason"), optionalTextIn(row, "model"), optionalTextIn(row, "evidence")];
  return {
    number: numberIn(row, "number"),
    set: textIn(row, "label_set"),
    cause: oneOfIn(row, "cause", retrainingCauses),
    at: numberIn(row, "at_ms"),
    ...(endedAt !== undefined && { endedAt }),
    outcome: oneOfIn(row, "outcome", retrainingOutcomes),
    ...(reason !== undefined && { reason }),
    ...(version !== undefined && { version }),
    labels: numberIn(row, "labels"),
    ...(model !== undefined && { model }),
    ...(evidence !== undefined && { evidence: evidenceSchema.parse(JSON.parse(evidence)) }),
    promoted: row["promoted"] === true,
  };
}

const keptRuns = 200;

export function openRetraining(sql: Sql, now: () => number): Retraining {
  return {
    async schedules() {
      return (await sql.query("select * from retraining_schedules order by at_ms, label_set")).rows.map(scheduleIn);
    },
    async set({ set, every, afterLabels, onDrift, promotes }, actor) {
      const made = await sql.query(
        `insert into retraining_schedules (label_set, every, after_labels, on_drift, promotes, actor, at_ms) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (label_set) do update set every = excluded.every, after_labels = excluded.after_labels, on_drift = excluded.on_drift, promotes = excluded.promotes,
           actor = excluded.actor, at_ms = excluded.at_ms returning *`,
        [set, every, afterLabels ?? null, onDrift, promotes, actor, now()],
      );
      return scheduleIn(firstRow(made, "retraining_schedules"));
    },
    async remove(set) {
      const { rows } = await sql.query("delete from retraining_schedules where label_set = $1 returning label_set", [set]);
      if (rows.length === 0) throw new EarshotError("NOT_FOUND", `label set ${set}: nothing trains on it by itself`);
    },
    async begin({ set, cause, labels }) {
      const made = await sql.query("insert into retraining_runs (label_set, cause, at_ms, outcome, labels) values ($1, $2, $3, 'running', $4) returning *", [
        set,
        cause,
        now(),
        labels,
      ]);
      await sql.query(
        "delete from retraining_runs where label_set = $1 and number <= (select number from retraining_runs where label_set = $1 order by number desc offset $2 limit 1)",
        [set, keptRuns],
      );
      return runIn(firstRow(made, "retraining_runs"));
    },
    async end(number, { outcome, reason, version, model, evidence, promoted }) {
      await sql.query("update retraining_runs set ended_at_ms = $2, outcome = $3, reason = $4, version = $5, model = $6, evidence = $7, promoted = $8 where number = $1", [
        number,
        now(),
        outcome,
        reason ?? null,
        version ?? null,
        model ?? null,
        evidence === undefined ? null : JSON.stringify(evidence),
        promoted,
      ]);
    },
    async runs(set, limit) {
      return (await sql.query("select * from retraining_runs where label_set = $1 order by number desc limit $2", [set, limit])).rows.map(runIn);
    },
    async failRunning(reason) {
      await sql.query("update retraining_runs set outcome = 'failed', reason = $1, ended_at_ms = $2 where outcome = 'running'", [reason, now()]);
    },
  };
}
